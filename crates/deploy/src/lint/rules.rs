//! What is most likely wrong, given what is so.

use crate::lint::{Facts, Finding, PlanFacts, Subject};

/// Judges plans, keys and APIs.
pub fn judge(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    for plan in &facts.plans {
        let subjects = limits(plan).into_iter().chain(quota(plan)).chain(coverage(plan, facts));
        findings.extend(subjects.map(|subject| Finding::new(Some(plan.line), &plan.about, subject)));
    }
    for key in &facts.keys {
        let unplanned = (!key.in_plan).then_some(Subject::KeyInNoPlan);
        let disabled = (!key.enabled).then_some(Subject::KeyDisabled);
        let subjects = unplanned.into_iter().chain(disabled);
        findings.extend(subjects.map(|subject| Finding::new(Some(key.line), &key.about, subject)));
    }
    let covered = |id: &String| facts.plans.iter().any(|plan| plan.apis.contains(id));
    for api in facts.apis.iter().filter(|api| api.private_methods > 0 && !covered(&api.id)) {
        findings.push(Finding::new(Some(api.line), &api.about, Subject::PrivateInNoPlan(api.private_methods)));
    }
    findings
}

fn limits(plan: &PlanFacts) -> Vec<Subject> {
    if plan.rate_limit.is_none() && plan.burst_limit.is_none() && plan.quota.is_none() {
        return vec![Subject::Unlimited];
    }
    let burst = plan.burst_limit.filter(|burst| *burst == 0).map(|_| Subject::LetsNobodyThrough("the burst limit"));
    let rate = plan.rate_limit.filter(|rate| *rate == 0.0).map(|_| Subject::LetsNobodyThrough("the rate limit"));
    burst.into_iter().chain(rate).collect()
}

fn quota(plan: &PlanFacts) -> Vec<Subject> {
    let Some((limit, offset, period)) = &plan.quota else { return Vec::new() };
    let mut found = Vec::new();
    if limit.is_none_or(|limit| limit < 1) {
        found.push(Subject::BadLimit(limit.map_or("missing".to_owned(), |limit| limit.to_string())));
    }
    let most = match period.as_deref() {
        Some("DAY") => 0,
        Some("WEEK") => 6,
        Some("MONTH") => 27,
        other => {
            found.push(Subject::BadPeriod(other.unwrap_or("missing").to_owned()));
            return found;
        }
    };
    if !(0..=most).contains(offset) {
        found.push(Subject::BadOffset { offset: *offset, period: period.clone().unwrap_or_default(), most });
    }
    found
}

fn coverage(plan: &PlanFacts, facts: &Facts) -> Option<Subject> {
    if plan.apis.is_empty() {
        return Some(Subject::NoStage);
    }
    let open = |id: &String| facts.apis.iter().any(|api| api.id == *id && api.known && api.private_methods == 0);
    plan.apis.iter().all(open).then_some(Subject::NothingPrivate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::{ApiFacts, KeyFacts};

    fn plan() -> PlanFacts {
        let quota = Some((Some(10), 0, Some("DAY".to_owned())));
        PlanFacts { about: "Gold".to_owned(), line: 3, quota, apis: vec!["a".to_owned()], ..PlanFacts::default() }
    }

    fn api(private_methods: usize) -> ApiFacts {
        ApiFacts { about: "Api".to_owned(), id: "a".to_owned(), private_methods, known: true, ..ApiFacts::default() }
    }

    fn found(plan: PlanFacts) -> Vec<Subject> {
        let facts = Facts { plans: vec![plan], apis: vec![api(1)], keys: Vec::new() };
        judge(&facts).into_iter().map(|finding| finding.subject).collect()
    }

    #[test]
    fn a_plan_as_it_should_be_is_not_spoken_of() {
        assert_eq!(found(plan()), []);
        let throttled = PlanFacts { quota: None, rate_limit: Some(0.1), burst_limit: Some(1), ..plan() };
        assert_eq!(found(throttled), []);
    }

    #[test]
    fn limits_that_limit_nobody_or_everybody_are_told() {
        assert_eq!(found(PlanFacts { quota: None, ..plan() }), [Subject::Unlimited]);
        let burst = PlanFacts { burst_limit: Some(0), rate_limit: Some(5.0), ..plan() };
        assert_eq!(found(burst), [Subject::LetsNobodyThrough("the burst limit")]);
        let quota = |limit, offset, period: &str| {
            found(PlanFacts { quota: Some((limit, offset, Some(period.to_owned()))), ..plan() })
        };
        assert_eq!(quota(Some(1), 7, "WEEK"), [Subject::BadOffset { offset: 7, period: "WEEK".to_owned(), most: 6 }]);
        assert_eq!(quota(Some(1), 27, "MONTH"), []);
        assert_eq!(
            quota(None, 0, "YEAR"),
            [Subject::BadLimit("missing".to_owned()), Subject::BadPeriod("YEAR".to_owned())]
        );
    }

    #[test]
    fn what_does_not_meet_is_told() {
        let key = KeyFacts { about: "Ann".to_owned(), enabled: true, ..KeyFacts::default() };
        let facts =
            Facts { plans: vec![PlanFacts { apis: Vec::new(), ..plan() }], keys: vec![key], apis: vec![api(2)] };
        let told: Vec<String> = judge(&facts).iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told[0].starts_with("line 3: Gold: the plan covers no stage"));
        assert!(told[1].starts_with("Ann: the key is in no plan"));
        assert!(told[2].starts_with("Api: 2 of its methods ask for a key"));
        let open = Facts { plans: vec![plan()], apis: vec![api(0)], keys: Vec::new() };
        assert_eq!(judge(&open)[0].subject, Subject::NothingPrivate);
    }
}
