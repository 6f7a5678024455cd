//! Whatever tiers and keys a template had, deploying another one leads to what that one says, and keys that both have
//! stay the same keys.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::files::Files;
use crate::scope::Place;
use crate::template::Template;

/// The name of each key and the tier that it is in.
type Tiers = Vec<(String, bool)>;

/// A node that keeps keys and the plans that they are in, and lets no key into two of them.
#[derive(Default)]
struct Books {
    made: RefCell<usize>,
    keys: RefCell<BTreeMap<String, String>>,
    joined: RefCell<BTreeSet<(String, String)>>,
    refuses_key: RefCell<Option<String>>,
}

impl Node for Books {
    async fn send(&self, call: &Call) -> Result<Value, Refusal> {
        let no = |status: u16, message: String| Err(Refusal { status, message });
        let body = call.body.clone().unwrap_or_default();
        let parts: Vec<&str> = call.path.trim_start_matches('/').split('/').collect();
        match (call.verb, parts.as_slice()) {
            (Verb::Post, ["apikeys"]) => {
                let name = body["name"].as_str().unwrap_or_default().to_owned();
                if self.refuses_key.borrow().as_ref() == Some(&name) {
                    return no(400, "refused".to_owned());
                }
                *self.made.borrow_mut() += 1;
                let id = format!("key{}", self.made.borrow());
                self.keys.borrow_mut().insert(id.clone(), name);
                return Ok(json!({ "id": id }));
            }
            (Verb::Delete, ["apikeys", id]) => {
                self.keys.borrow_mut().remove(*id);
                self.joined.borrow_mut().retain(|(_, key)| key != id);
            }
            (Verb::Post, ["usageplans", plan, "keys"]) => {
                let key = body["keyId"].as_str().unwrap_or_default().to_owned();
                if self.joined.borrow().iter().any(|(_, other)| *other == key) {
                    return no(409, format!("{key} is in a plan already"));
                }
                self.joined.borrow_mut().insert(((*plan).to_owned(), key));
            }
            (Verb::Delete, ["usageplans", plan, "keys", key]) => {
                self.joined.borrow_mut().remove(&((*plan).to_owned(), (*key).to_owned()));
            }
            (Verb::Post, ["usageplans"]) => {
                return Ok(json!({ "id": format!("plan-{}", body["name"].as_str().unwrap_or_default()) }));
            }
            _ => {}
        }
        Ok(json!({}))
    }

    async fn save(&self, _: &Stack) -> Result<(), Refusal> {
        Ok(())
    }

    fn tell(&self, _: &Progress<'_>) {}
}

impl Books {
    /// Keys by name: their ids and plans.
    fn keys(&self) -> BTreeMap<String, (String, Vec<String>)> {
        let plans = |id: &String| {
            let joined = self.joined.borrow();
            joined.iter().filter(|(_, key)| key == id).map(|(plan, _)| plan.clone()).collect()
        };
        self.keys.borrow().iter().map(|(id, name)| (name.clone(), (id.clone(), plans(id)))).collect()
    }
}

struct NoFiles;

impl Files for NoFiles {
    fn archive(&self, _: &Value, _: &str, _: &str) -> Result<(String, u64), String> {
        Err("there are no files".to_owned())
    }

    fn document(&self, _: &Value) -> Result<Value, String> {
        Err("there are no files".to_owned())
    }
}

/// A template that numbers keys by their place in their tier, as tools do.
fn template(tiers: &Tiers) -> Template {
    let mut text = "Resources:\n  Role: {Type: AWS::IAM::Role}\n".to_owned();
    for plan in ["Free", "Paid"] {
        text += &format!("  {plan}: {{Type: AWS::ApiGateway::UsagePlan, Properties: {{UsagePlanName: {plan}}}}}\n");
        let of_plan = tiers.iter().filter(|(_, paid)| *paid == (plan == "Paid"));
        for (number, (name, _)) in of_plan.enumerate() {
            text += &format!(
                "  Key{plan}{number}: {{Type: AWS::ApiGateway::ApiKey, Properties: {{Name: {name}}}}}\n  \
                 In{plan}{number}: {{Type: AWS::ApiGateway::UsagePlanKey, Properties: {{KeyId: !Ref Key{plan}{number}, \
                 KeyType: API_KEY, UsagePlanId: !Ref {plan}}}}}\n"
            );
        }
    }
    Template::read(&text).expect("a template")
}

fn run(tiers: &Tiers, current: &Stack, node: &Books) -> Result<Stack, Failed> {
    let place = Place { region: "r".into(), account_id: "0".into(), stack: "s".into(), exports: BTreeMap::new() };
    let template = template(tiers);
    let plan = Plan::new(&template, &BTreeMap::new(), place, &NoFiles, current.clone()).expect("a plan");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(deploy(&plan, node))
}

fn tiers() -> impl Strategy<Value = Tiers> {
    let names = prop::sample::subsequence(vec!["ann", "bob", "cat", "dan", "eve", "fay"], 0..=6).prop_shuffle();
    names.prop_flat_map(|names| {
        prop::collection::vec(any::<bool>(), names.len())
            .prop_map(move |paid| names.iter().map(|name| (*name).to_owned()).zip(paid).collect())
    })
}

proptest! {
    #[test]
    fn any_tiers_lead_to_any_others_and_keys_stay(before in tiers(), after in tiers()) {
        let node = Books::default();
        let stack = run(&before, &Stack::default(), &node).expect("deployed");
        let first = node.keys();
        let stack = run(&after, &stack, &node).expect("deployed");
        let second = node.keys();
        prop_assert_eq!(second.keys().collect::<BTreeSet<_>>(), after.iter().map(|(name, _)| name).collect());
        for (name, paid) in &after {
            let (id, plans) = &second[name];
            let plan = if *paid { "plan-Paid" } else { "plan-Free" };
            prop_assert_eq!(plans, &vec![plan.to_owned()]);
            if let Some((old, _)) = first.get(name) {
                prop_assert_eq!(id, old, "{}", name);
            }
        }
        prop_assert!(stack.leftovers.is_empty());
    }

    #[test]
    fn a_deployment_that_fails_leaves_all_as_it_was(before in tiers(), after in tiers(), place in any::<prop::sample::Index>()) {
        let node = Books::default();
        let stack = run(&before, &Stack::default(), &node).expect("deployed");
        let first = node.keys();
        let mut with_bad_one = after;
        with_bad_one.insert(place.index(with_bad_one.len() + 1), ("zoe".to_owned(), true));
        *node.refuses_key.borrow_mut() = Some("zoe".to_owned());
        let failed = run(&with_bad_one, &stack, &node).expect_err("refused");
        let taken_back = matches!(failed, Failed::RolledBack { .. });
        prop_assert!(taken_back, "{}", failed);
        prop_assert_eq!(node.keys(), first);
    }
}
