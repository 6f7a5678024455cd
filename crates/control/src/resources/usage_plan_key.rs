//! UsagePlanKey: a key in a plan.

use serde::Serialize;
use tollgate_domain::{ApiKeyId, Catalog, UsagePlanId};
use tollgate_store::{Attached, CallerRow, KeyQuery, KeyRow};

use crate::Control;
use crate::answer::{Answer, Reply, text};
use crate::conflict::Conflict;
use crate::error::Failure;
use crate::page::PageQuery;
use crate::request::Request;
use crate::resources::usage_plan;
use crate::resources::validation::Validation;

/// A key of a plan on the wire. The value is always shown, as on AWS.
#[derive(Serialize)]
struct UsagePlanKeyWire<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    value: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
}

#[derive(Serialize)]
struct UsagePlanKeysWire<'a> {
    item: Vec<UsagePlanKeyWire<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<String>,
}

impl<'a> From<&'a KeyRow> for UsagePlanKeyWire<'a> {
    fn from(row: &'a KeyRow) -> Self {
        Self { id: row.key.id.as_str(), kind: "API_KEY", value: &row.value, name: text(&row.key.name) }
    }
}

pub(crate) async fn create(control: &Control, request: &Request) -> Reply {
    let body = request.body()?;
    let mut validation = Validation::default();
    let key = validation.required(body.string("keyId")?, "createUsagePlanKeyInput.keyId");
    let kind = validation.required(body.string("keyType")?, "createUsagePlanKeyInput.keyType");
    validation.finish()?;
    if kind != "API_KEY" {
        return Err(Conflict::BadPlanKeyType.into());
    }
    let _turn = control.writer().turn().await?;
    let plan = usage_plan::find(&control.catalog(), request.usage_plan_id()?)?.id;
    let id = ApiKeyId::parse(&key).map_err(|_| Conflict::NoSuchApiKey)?;
    let row = control.store().key(id).await?.ok_or(Conflict::NoSuchApiKey)?;
    check(&control.catalog(), plan, id, &row.plans)?;
    let row = match control.store().attach_key(plan, id, request.now()).await? {
        Attached::Done(row) => *row,
        Attached::AlreadyThere => return Err(Conflict::KeyAlreadyInPlan { key: id, plan }.into()),
        Attached::NoSuchKey => return Err(Conflict::NoSuchApiKey.into()),
    };
    control.gate().put_key(&CallerRow::from(&row));
    Answer::json(&UsagePlanKeyWire::from(&row))
}

pub(crate) async fn get(control: &Control, request: &Request) -> Reply {
    let (plan, key) = names(control, request)?;
    let row = control.store().plan_key(plan, key).await?.ok_or(Conflict::NoSuchApiKey)?;
    Answer::json(&UsagePlanKeyWire::from(&row))
}

pub(crate) async fn list(control: &Control, request: &Request) -> Reply {
    let query = PageQuery::of(request, "usageplankeys")?;
    // AWS answers an empty list for a plan that is not there.
    let Ok(plan) = UsagePlanId::parse(request.label("usageplanId")) else {
        return Answer::json(&UsagePlanKeysWire { item: Vec::new(), position: None });
    };
    let keys = KeyQuery {
        after: query.after_as()?,
        limit: u32::try_from(query.limit).unwrap_or(u32::MAX),
        name_prefix: request.query("name").map(str::to_owned),
        customer_id: None,
        plan: Some(plan),
    };
    let keys = control.store().list_keys(keys).await?;
    let next = keys.rows.last().filter(|_| keys.more).map(|row| row.seq.to_string());
    let page = query.finish(keys.rows, next);
    let item = page.items.iter().map(UsagePlanKeyWire::from).collect();
    Answer::json(&UsagePlanKeysWire { item, position: page.position })
}

pub(crate) async fn delete(control: &Control, request: &Request) -> Reply {
    let _turn = control.writer().turn().await?;
    let (plan, key) = names(control, request)?;
    let row = control.store().detach_key(plan, key).await?.ok_or(Conflict::NoSuchApiKey)?;
    control.gate().put_key(&CallerRow::from(&row));
    Ok(Answer::Empty)
}

fn names(control: &Control, request: &Request) -> Result<(UsagePlanId, ApiKeyId), Failure> {
    let plan = usage_plan::find(&control.catalog(), request.usage_plan_id()?)?.id;
    Ok((plan, request.api_key_id("keyId")?))
}

/// A key is in one plan of a stage at most.
fn check(catalog: &Catalog, plan: UsagePlanId, key: ApiKeyId, others: &[UsagePlanId]) -> Result<(), Conflict> {
    if others.contains(&plan) {
        return Err(Conflict::KeyAlreadyInPlan { key, plan });
    }
    let plan = usage_plan::find(catalog, plan)?;
    match usage_plan::shared_stage(catalog, &plan, others) {
        Some(stage) => {
            let (api, stage) = (stage.api_id.clone(), stage.stage.clone());
            Err(Conflict::KeyInTwoPlansOfStage { key, api, stage })
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use tollgate_domain::{ApiStage, Record, RestApiId, StageName};

    use super::*;
    use crate::resources::usage_plan::sample;

    #[test]
    fn a_key_is_in_one_plan_of_a_stage_at_most() {
        let mut catalog = Catalog::default();
        for (id, stage) in [("plan1", "dev"), ("plan2", "dev"), ("plan3", "prod")] {
            let mut plan = sample(id);
            let (api_id, stage) = (RestApiId::new("api1"), StageName::new(stage));
            plan.api_stages.push(ApiStage { api_id, stage, throttle: Default::default() });
            catalog.put(Record::UsagePlan(plan));
        }
        let id = |text: &str| UsagePlanId::parse(text).expect("an id");
        let key = ApiKeyId::parse("key1").expect("an id");
        let check = |plan: &str, others: &[&str]| {
            let others: Vec<_> = others.iter().map(|other| id(other)).collect();
            check(&catalog, id(plan), key, &others).map_err(|conflict| conflict.to_string())
        };
        assert_eq!(check("plan1", &["plan3"]), Ok(()));
        assert_eq!(
            check("plan1", &["plan3", "plan2"]),
            Err("API Key key1 cannot reference multiple Usage Plans with the same API stage: api1:dev".to_owned())
        );
        assert_eq!(check("plan1", &["plan1"]), Err("API Key key1 is already in Usage Plan plan1".to_owned()));
    }
}
