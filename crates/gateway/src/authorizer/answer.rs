//! What a function says of a caller.

use serde_json::{Map, Value};

use crate::policy::Policy;
use crate::principal::Principal;
use crate::refusal::Refusal;

/// A caller whom a function knows, and what it may call.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(super) principal: Principal,
    pub(super) policy: Policy,
}

/// All that an authorizer says of a caller, for its owner to see.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    pub(crate) principal: Principal,
    /// What it lets the caller do, as the function put it.
    pub(crate) policy: Option<Value>,
}

impl Said {
    /// Reads what a function returned.
    pub(super) fn read(payload: &[u8]) -> Result<Self, Fault> {
        let principal = Grant::read(payload)?.principal;
        let said: Value = serde_json::from_slice(payload).unwrap_or_default();
        Ok(Self { principal, policy: said.get("policyDocument").cloned() })
    }

    /// The policy as text.
    pub(crate) fn document(&self) -> String {
        self.policy.as_ref().map(Value::to_string).unwrap_or_default()
    }
}

/// Why a function's word on a caller cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It does not know the caller.
    Unauthorized,
    /// It failed, or broke its contract; says how.
    Failed(String),
    /// It cannot be asked; says why.
    Unusable(String),
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Unauthorized => Self::Unauthorized,
            Fault::Failed(how) => Self::AuthorizerFailed(how),
            Fault::Unusable(why) => Self::AuthorizerUnusable(why),
        }
    }
}

impl Grant {
    /// Reads what a function returned: `{principalId, policyDocument, context, usageIdentifierKey}`.
    pub(super) fn read(payload: &[u8]) -> Result<Self, Fault> {
        let broken = |what: &str| Fault::Failed(format!("the function returned {what}"));
        let Ok(Value::Object(said)) = serde_json::from_slice(payload) else {
            return Err(broken("no object"));
        };
        let principal_id = said.get("principalId").and_then(Value::as_str).ok_or_else(|| broken("no principalId"))?;
        let document = said.get("policyDocument").ok_or_else(|| broken("no policyDocument"))?;
        let policy = Policy::of_caller(document).map_err(|why| broken(&format!("a bad policy: {why}")))?;
        let principal = Principal {
            id: Some(principal_id.to_owned()),
            context: context(said.get("context")).ok_or_else(|| broken("a context that is not flat"))?,
            usage_identifier_key: said.get("usageIdentifierKey").and_then(Value::as_str).map(str::to_owned),
            ..Principal::default()
        };
        Ok(Self { principal, policy })
    }

    /// Reads the error that a function threw. One text has a meaning: the caller is not known.
    pub(super) fn thrown(payload: &[u8]) -> Fault {
        let message = serde_json::from_slice::<Value>(payload)
            .ok()
            .and_then(|error| error.get("errorMessage").and_then(Value::as_str).map(str::to_owned));
        match message.as_deref() {
            Some("Unauthorized") => Fault::Unauthorized,
            Some(message) => Fault::Failed(format!("the function threw {message:?}")),
            None => Fault::Failed("the function failed".to_owned()),
        }
    }
}

/// The values as text. AWS passes on strings, numbers and booleans, and takes nothing nested.
fn context(given: Option<&Value>) -> Option<Map<String, Value>> {
    let members = match given {
        None | Some(Value::Null) => return Some(Map::new()),
        Some(Value::Object(members)) => members,
        Some(_) => return None,
    };
    let mut context = Map::new();
    for (name, value) in members {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            Value::Null => continue,
            Value::Array(_) | Value::Object(_) => return None,
        };
        context.insert(name.clone(), Value::String(text));
    }
    Some(context)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(said: Value) -> Result<Principal, Fault> {
        Grant::read(said.to_string().as_bytes()).map(|grant| grant.principal)
    }

    #[test]
    fn a_context_is_passed_on_as_text() {
        let said = json!({
            "principalId": "joe", "policyDocument": {"Statement": []}, "usageIdentifierKey": "k",
            "context": {"text": "t", "number": 1, "truth": true, "nothing": null},
        });
        let principal = read(said).expect("a grant");
        assert_eq!(Value::Object(principal.context), json!({"text": "t", "number": "1", "truth": "true"}));
        assert_eq!((principal.id.as_deref(), principal.usage_identifier_key.as_deref()), (Some("joe"), Some("k")));
    }

    #[test]
    fn what_breaks_the_contract_is_a_failure() {
        let policy = json!({"Statement": []});
        for said in [
            json!("yes"),
            json!({}),
            json!({"principalId": "joe"}),
            json!({"policyDocument": policy}),
            json!({"principalId": "joe", "policyDocument": {}}),
            json!({"principalId": "joe", "policyDocument": policy, "context": {"nested": {}}}),
            json!({"principalId": "joe", "policyDocument": policy, "context": [1]}),
        ] {
            assert!(matches!(read(said.clone()), Err(Fault::Failed(_))), "{said}");
        }
        assert!(matches!(Grant::read(b"{"), Err(Fault::Failed(_))));
    }

    #[test]
    fn one_error_says_that_the_caller_is_not_known() {
        assert_eq!(Grant::thrown(br#"{"errorMessage":"Unauthorized"}"#), Fault::Unauthorized);
        assert!(matches!(Grant::thrown(br#"{"errorMessage":"unauthorized"}"#), Fault::Failed(_)));
        assert!(matches!(Grant::thrown(b""), Fault::Failed(_)));
    }
}
