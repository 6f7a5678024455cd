use proptest::prelude::*;
use tollgate_domain::{QuotaPeriod, QuotaSettings, ThrottleSettings};

use super::*;
use crate::patch::{Op, operation};
use crate::resources::rest_api::sample_catalog;

fn op(op: Op, path: &str, value: &str) -> PatchOperation {
    operation(op, path, value)
}

/// A catalog with the API `api1`, its stages `dev` and `prod`, and a plan that covers `dev`.
fn catalog() -> (Catalog, UsagePlanId) {
    let mut plan = sample("plan1");
    plan.api_stages.push(ApiStage {
        api_id: RestApiId::new("api1"),
        stage: StageName::new("dev"),
        throttle: [("/pets/GET".to_owned(), ThrottleSettings::new(1.0, 1))].into(),
    });
    let id = plan.id;
    let mut catalog = sample_catalog("api1", &["dev", "prod"]);
    catalog.put(Record::UsagePlan(plan));
    (catalog, id)
}

fn patched(operations: &[PatchOperation]) -> Result<UsagePlan, String> {
    let (catalog, id) = catalog();
    decide_update(&catalog, id, operations).map(|change| change.answer).map_err(|failure| failure.to_string())
}

#[test]
fn a_plan_with_stages_cannot_be_deleted() {
    let (catalog, id) = catalog();
    assert_eq!(
        decide_delete(&catalog, id).expect_err("a plan in use").to_string(),
        "Cannot delete Usage Plan plan1 because there are API Stages associated with it, including api1:dev"
    );
}

#[test]
fn the_one_patch_of_terraform_is_taken() {
    let plan = patched(&[
        op(Op::Replace, "/name", "silver"),
        op(Op::Replace, "/description", "for most"),
        op(Op::Remove, "/apiStages", "api1:dev"),
        op(Op::Add, "/apiStages", "api1:dev"),
        op(Op::Replace, "/apiStages/api1:dev/throttle//test/GET/rateLimit", "0.1"),
        op(Op::Replace, "/apiStages/api1:dev/throttle//test/GET/burstLimit", "3"),
        op(Op::Replace, "/apiStages/api1:dev/throttle///POST/burstLimit", "4"),
        op(Op::Replace, "/throttle/rateLimit", "10"),
        op(Op::Replace, "/throttle/burstLimit", "5"),
        op(Op::Replace, "/quota/limit", "100"),
        op(Op::Replace, "/quota/offset", "3"),
        op(Op::Replace, "/quota/period", "WEEK"),
    ])
    .expect("a patched plan");
    assert_eq!(plan.throttle, Some(ThrottleSettings::new(10.0, 5)));
    assert_eq!(plan.quota, Some(QuotaSettings { limit: 100, offset: 3, period: QuotaPeriod::Week }));
    let throttles: Vec<_> =
        plan.api_stages[0].throttle.iter().map(|(key, throttle)| (key.as_str(), *throttle)).collect();
    let burst = ThrottleSettings { rate_limit: None, burst_limit: Some(4) };
    assert_eq!(throttles, [("//POST", burst), ("/test/GET", ThrottleSettings::new(0.1, 3))]);
}

#[test]
fn method_throttles_are_replaced_and_removed_in_every_spelling() {
    let all =
        patched(&[op(Op::Replace, "/apiStages/api1:dev/throttle", r#"{"//GET":{"rateLimit":2,"burstLimit":1}}"#)]);
    assert_eq!(all.expect("a plan").api_stages[0].throttle.keys().collect::<Vec<_>>(), ["//GET"]);
    for path in ["//pets/GET", "/pets/GET", "/~1pets/GET"] {
        let plan = patched(&[op(Op::Remove, &format!("/apiStages/api1:dev/throttle{path}"), "")]);
        assert!(plan.expect("a plan").api_stages[0].throttle.is_empty(), "{path}");
    }
    let none = patched(&[op(Op::Remove, "/apiStages/api1:dev/throttle", "")]);
    assert!(none.expect("a plan").api_stages[0].throttle.is_empty());
}

#[test]
fn refusals_have_the_words_of_aws() {
    let refusal = |o, path: &str, value: &str| patched(&[op(o, path, value)]).expect_err("a refusal");
    assert_eq!(refusal(Op::Remove, "/apiStages", "nocolon"), "Invalid API Stage specified");
    assert_eq!(refusal(Op::Remove, "/apiStages", ""), "Invalid API Stage specified");
    let unknown = "Invalid API Stage {api: api2, stage: dev} specified for usageplan plan1";
    assert_eq!(refusal(Op::Remove, "/apiStages", "api2:dev"), unknown);
    assert_eq!(refusal(Op::Add, "/apiStages", "api2:dev"), unknown);
    assert_eq!(
        refusal(Op::Remove, "/name", ""),
        "Invalid patch path  '/name' specified for op 'remove'. Must be one of: [/apiStages, /quota, /throttle, \
         /productCode, /apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>, \
         /apiStages/<apidId:stageName>/throttle]"
    );
    assert_eq!(
        refusal(Op::Replace, "/quota/limit", "5"),
        "Invalid Usage Plan quota period specified. Must be one of [DAY, WEEK, MONTH]"
    );
}

#[test]
fn a_method_has_one_key_however_its_path_is_written() {
    let key_of = |method: &str| {
        let path = format!("/apiStages/api1:dev/throttle/{method}/rateLimit");
        let none = op(Op::Remove, "/apiStages/api1:dev/throttle", "");
        let plan = patched(&[none, op(Op::Replace, &path, "1")]).expect("a plan");
        let keys: Vec<_> = plan.api_stages[0].throttle.keys().cloned().collect();
        keys.join(" ")
    };
    for written in ["/pets/GET", "pets/GET", "~1pets/GET"] {
        assert_eq!(key_of(written), "/pets/GET", "{written}");
    }
    assert_eq!((key_of("//GET"), key_of("*/*"), key_of("*/GET")), ("//GET".into(), "*/*".into(), "*/GET".into()));
}

#[test]
fn one_member_of_a_throttle_makes_the_block_with_just_that_member() {
    let plan = patched(&[op(Op::Add, "/throttle/rateLimit", "2")]).expect("a plan");
    assert_eq!(plan.throttle, Some(ThrottleSettings { rate_limit: Some(2.0), burst_limit: None }));
}

#[test]
fn only_changed_limits_call_leases_back() {
    let (catalog, id) = catalog();
    let recalls = |operations: &[PatchOperation]| {
        let change = decide_update(&catalog, id, operations).expect("a change");
        format!("{change:?}").contains("recall: [\"plan1\"]")
    };
    assert!(recalls(&[op(Op::Replace, "/throttle/rateLimit", "1")]));
    assert!(!recalls(&[op(Op::Replace, "/name", "silver")]));
    assert!(decide_update(&catalog, id, &[]).expect("a change").edits().is_empty());
}

#[test]
fn a_plan_names_only_stages_that_are_there() {
    let (catalog, _) = catalog();
    let mut plan = sample("plan2");
    plan.api_stages.push(ApiStage {
        api_id: RestApiId::new("api1"),
        stage: StageName::new("nope"),
        throttle: Default::default(),
    });
    let error = decide_create(&catalog, plan).expect_err("an unknown stage");
    assert_eq!(error.to_string(), "API Stage not found: api1:nope");
}

proptest! {
    #[test]
    fn offset_and_period_may_come_in_any_order(order in Just(vec![0usize, 1, 2]).prop_shuffle(), offset in 0i32..28) {
        let all = [
            op(Op::Replace, "/quota/limit", "7"),
            op(Op::Replace, "/quota/offset", &offset.to_string()),
            op(Op::Replace, "/quota/period", "MONTH"),
        ];
        let operations: Vec<_> = order.into_iter().map(|at| all[at].clone()).collect();
        let plan = patched(&operations).expect("a valid end");
        prop_assert_eq!(plan.quota, Some(QuotaSettings { limit: 7, offset, period: QuotaPeriod::Month }));
    }

    #[test]
    fn any_path_and_value_is_answered(
        path in "(/apiStages|/throttle|/quota|/api1:dev|/rateLimit|/GET|~1|/){0,6}",
        value in ".{0,8}",
    ) {
        for o in [Op::Add, Op::Remove, Op::Replace, Op::Copy] {
            let _ = patched(&[op(o, &path, &value)]);
        }
    }
}
