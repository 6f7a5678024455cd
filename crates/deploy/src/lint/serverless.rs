//! What is wrong in a `serverless.yml`, as it is written: most of it is dropped by the tool without a word.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::document::{self, Node};
use crate::lint::{Facts, Finding, PlanFacts, Subject, judge};
use crate::mistake::Mistake;

/// The settings of a plan, and those of its parts.
const PARTS: [(&str, [&str; 3]); 2] =
    [("quota", ["limit", "offset", "period"]), ("throttle", ["burstLimit", "rateLimit", ""])];

/// Judges the settings of a Serverless project. Variables are taken as they stand.
pub fn lint_serverless(text: &str) -> Result<Vec<Finding>, Mistake> {
    let root = document::read(text)?;
    let mut findings = Vec::new();
    let provider = root.get("provider");
    let gateway = provider.and_then(|provider| provider.get("apiGateway"));
    for name in ["apiKeys", "usagePlan"] {
        for (place, node) in [("provider", provider), ("the top level", Some(&root))] {
            if let Some(node) = node.and_then(|node| node.get(name)) {
                findings.push(dropped(node, name, &format!("of {place}"), "it belongs in provider.apiGateway"));
            }
        }
    }
    let tiers = gateway.and_then(|gateway| gateway.get("usagePlan")).map(|plan| plans(plan, &mut findings));
    let keys = gateway.and_then(|gateway| gateway.get("apiKeys"));
    if let (Some(keys), Some(tiers)) = (keys, &tiers) {
        findings.extend(unknown_tiers(keys, tiers));
    }
    if keys.is_some() && tiers.is_none() {
        let line = keys.map(|keys| keys.line);
        findings.push(Finding::new(line, "provider.apiGateway.apiKeys", Subject::Unlimited));
    }
    functions(&root, keys.is_some(), &mut findings);
    Ok(findings)
}

/// Judges the plan or the plans, and returns the names of tiers.
fn plans(node: &Node, findings: &mut Vec<Finding>) -> BTreeSet<String> {
    let mut tiers = BTreeSet::new();
    match node.as_list() {
        None => plan(node, "provider.apiGateway.usagePlan", findings),
        Some(items) => {
            for (name, node) in items.iter().filter_map(Node::as_map).flatten() {
                tiers.insert(name.clone());
                plan(node, &format!("the plan {name}"), findings);
            }
            // `- free:` with the settings beside it, not in it, is a tier with others that are named after settings.
            let stray = ["quota", "throttle"].into_iter().filter(|name| tiers.contains(*name));
            findings.extend(
                stray.map(|name| dropped(node, name, "beside a tier", "it belongs in the tier, further right")),
            );
        }
    }
    tiers
}

fn plan(node: &Node, about: &str, findings: &mut Vec<Finding>) {
    if node.as_text().is_some_and(is_variable) {
        return;
    }
    let mut facts =
        PlanFacts { about: about.to_owned(), line: node.line, apis: vec!["any".to_owned()], ..PlanFacts::default() };
    for (name, value) in node.as_map().unwrap_or_default() {
        match PARTS.iter().find(|(part, _)| part == name) {
            Some((_, known)) => part(about, name, value, known, findings),
            None => {
                let home = PARTS.iter().find(|(_, members)| members.contains(&name.as_str()));
                let hint = home.map_or("a plan has quota and throttle".to_owned(), |(part, _)| {
                    format!("it belongs in {part}, further right")
                });
                findings.push(dropped(value, name, &format!("of {about}"), &hint));
            }
        }
    }
    let number = |part: &str, name: &str| scalar(node.get(part)?.get(name)?);
    if [
        ("throttle", "rateLimit"),
        ("throttle", "burstLimit"),
        ("quota", "limit"),
        ("quota", "period"),
        ("quota", "offset"),
    ]
    .iter()
    .any(|(part, name)| number(part, name).is_some_and(|text| is_variable(&text)))
        || PARTS.iter().any(|(part, _)| node.get(part).and_then(Node::as_text).is_some_and(is_variable))
    {
        return;
    }
    facts.rate_limit = number("throttle", "rateLimit").and_then(|text| text.parse().ok());
    facts.burst_limit = number("throttle", "burstLimit").and_then(|text| text.parse().ok());
    let quota = node.get("quota").filter(|quota| quota.as_map().is_some_and(|members| !members.is_empty()));
    facts.quota = quota.map(|_| {
        let integer = |name: &str| number("quota", name).and_then(|text| text.parse().ok());
        (integer("limit"), integer("offset").unwrap_or(0), number("quota", "period"))
    });
    findings.extend(judge(&Facts { plans: vec![facts], ..Facts::default() }));
}

fn part(about: &str, name: &str, value: &Node, known: &[&str], findings: &mut Vec<Finding>) {
    if value.is_null() {
        findings.push(Finding::new(Some(value.line), about, Subject::Empty(name.to_owned())));
    }
    for (member, node) in value.as_map().unwrap_or_default() {
        if !known.contains(&member.as_str()) {
            let home = PARTS.iter().find(|(_, members)| members.contains(&member.as_str()));
            let hint = home.map_or_else(
                || format!("{name} has {}", known.join(", ")),
                |(part, _)| format!("it belongs in {part}"),
            );
            findings.push(dropped(node, member, &format!("of {name} of {about}"), hint.trim_end_matches(", ")));
        }
    }
}

fn unknown_tiers(keys: &Node, tiers: &BTreeSet<String>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for item in keys.as_list().unwrap_or_default() {
        if let Some([(tier, value)]) = item.as_map()
            && value.as_list().is_some()
            && !tiers.contains(tier)
        {
            findings.push(Finding::new(
                Some(value.line),
                "provider.apiGateway.apiKeys",
                Subject::UnknownTier(tier.clone()),
            ));
        }
    }
    findings
}

/// Functions whose `private` stands where it is not read, or where there are no keys.
fn functions(root: &Node, has_keys: bool, findings: &mut Vec<Finding>) {
    for (name, function) in root.get("functions").and_then(Node::as_map).unwrap_or_default() {
        if let Some(private) = function.get("private") {
            findings.push(dropped(
                private,
                "private",
                &format!("of the function {name}"),
                "it belongs in its http event",
            ));
        }
        for event in function.get("events").and_then(Node::as_list).unwrap_or_default() {
            let Some(http) = event.get("http") else { continue };
            if let Some(private) = event.get("private") {
                findings.push(dropped(
                    private,
                    "private",
                    &format!("beside http of {name}"),
                    "it belongs in http, further right",
                ));
            }
            let private = http.get("private").filter(|private| scalar(private).as_deref() == Some("true"));
            if let Some(private) = private.filter(|_| !has_keys) {
                findings.push(Finding::new(Some(private.line), name, Subject::PrivateWithoutKeys));
            }
        }
    }
}

fn dropped(node: &Node, setting: &str, place: &str, hint: &str) -> Finding {
    let subject = Subject::Dropped { setting: format!("{setting} {place}"), hint: hint.to_owned() };
    Finding::new(Some(node.line), "serverless.yml", subject)
}

fn scalar(node: &Node) -> Option<String> {
    match node.value() {
        Value::Null => None,
        value => crate::scope::text(&value),
    }
}

fn is_variable(text: &str) -> bool {
    text.contains("${")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        lint_serverless(text).expect("it reads").iter().map(ToString::to_string).collect()
    }

    const GOOD: &str = "
provider:
  apiGateway:
    apiKeys: [one]
    usagePlan:
      quota: {limit: 1000, offset: 2, period: MONTH}
      throttle:
        burstLimit: 50
        rateLimit: 100
functions:
  put:
    events:
      - http: {path: x, method: put, private: true}
";

    #[test]
    fn a_project_as_it_should_be_is_not_spoken_of() {
        assert_eq!(found(GOOD), Vec::<String>::new());
        assert_eq!(found(&GOOD.replace("1000", "'${self:custom.limit}'")), Vec::<String>::new());
    }

    #[test]
    fn what_indentation_drops_is_told() {
        let shifted = GOOD
            .replace("        burstLimit: 50\n        rateLimit: 100", "      burstLimit: 50\n      rateLimit: 100");
        let said = found(&shifted);
        assert!(said[0].contains("throttle is empty"), "{said:?}");
        assert!(said[1].contains("line 8: serverless.yml: burstLimit of provider.apiGateway.usagePlan is not read here: it belongs in throttle"), "{said:?}");
        assert_eq!(said.len(), 3);
        let all = GOOD
            .replace("quota: {limit: 1000, offset: 2, period: MONTH}", "quota:")
            .replace("throttle:\n        burstLimit: 50\n        rateLimit: 100", "throttle:");
        assert!(found(&all).iter().any(|said| said.contains("its keys are not limited")));
    }

    #[test]
    fn settings_in_their_old_places_are_told() {
        let old = GOOD.replace("  apiGateway:\n    apiKeys: [one]\n", "  apiKeys: [one]\n  apiGateway:\n");
        let said = found(&old);
        assert!(said[0].contains("apiKeys of provider is not read here"), "{said:?}");
        assert!(said[1].contains("put: it is private, and there are no apiKeys"), "{said:?}");
        let beside =
            GOOD.replace("{path: x, method: put, private: true}", "{path: x, method: put}\n        private: true");
        assert!(found(&beside)[0].contains("private beside http of put is not read here"));
    }

    #[test]
    fn tiers_have_to_meet() {
        let tiers = "provider:\n  apiGateway:\n    apiKeys:\n      - free: [a]\n      - gold: [b]\n    usagePlan:\n      - free:\n          quota: {limit: 1, period: DAY}\n";
        assert_eq!(found(tiers), ["line 5: provider.apiGateway.apiKeys: the keys of gold have no plan of that name"]);
        let offset = tiers.replace("gold", "free").replace("period: DAY", "period: DAY, offset: 1");
        assert!(found(&offset)[0].contains("the quota's offset is 1; in a DAY it goes from 0 to 0"));
    }
}
