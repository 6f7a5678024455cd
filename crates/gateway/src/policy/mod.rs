//! Policies: who may call what. Those of APIs, and those that functions return about callers.
//!
//! A statement that denies outdoes all that allow; what no statement is about is not allowed.

mod condition;
mod pattern;
mod statement;

use std::fmt;

use http::HeaderMap;
use serde_json::Value;

use self::condition::Condition;
use self::statement::{Effect, Principals, Statement};
use crate::principal::Signer;

/// The one action that callers of an API perform, in small letters.
const INVOKE: &str = "execute-api:invoke";

/// A policy.
#[derive(Clone, Debug)]
pub(crate) struct Policy(Vec<Statement>);

/// What a policy is asked about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    /// The ARN of what is called.
    pub(crate) arn: &'a str,
    pub(crate) source_ip: &'a str,
    pub(crate) headers: &'a HeaderMap,
    /// Who signed the call; `None` is anonymous.
    pub(crate) signer: Option<&'a Signer>,
}

/// What a policy says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// A statement denies it.
    Denied,
    /// A statement allows it, and none denies it.
    Allowed,
    /// No statement is about it.
    Silent,
}

/// A call that a policy does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Denial {
    /// Who called what, where the policy is that of the API.
    pub(crate) whose: Option<(String, String)>,
    /// Whether a statement denies it, rather than none allowing it.
    pub(crate) explicit: bool,
}

impl Policy {
    /// Reads the policy of an API; `api_arn` is `arn:aws:execute-api:{region}:{account}:{api}`.
    pub(crate) fn of_api(text: &str, api_arn: &str) -> Result<Self, String> {
        let document: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        Self::read(&document, Principals::Named, api_arn)
    }

    /// Reads a policy that a function returned about a caller.
    pub(crate) fn of_caller(document: &Value) -> Result<Self, String> {
        Self::read(document, Principals::Implied, "")
    }

    /// A policy that lets nobody in.
    pub(crate) fn denying_all() -> Self {
        let all = serde_json::json!({"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"});
        Self(Statement::read(&all, Principals::Named, "").into_iter().collect())
    }

    fn read(document: &Value, principals: Principals, api_arn: &str) -> Result<Self, String> {
        let read = |given| Statement::read(given, principals, api_arn);
        let statements: Result<Vec<Statement>, String> = match document.get("Statement") {
            Some(Value::Array(statements)) => statements.iter().map(read).collect(),
            Some(one @ Value::Object(_)) => read(one).map(|statement| vec![statement]),
            _ => Err("the policy has no statements".to_owned()),
        };
        statements.map(Self)
    }

    /// What it says of a call.
    pub(crate) fn verdict(&self, asked: &Asked<'_>) -> Verdict {
        let mut verdict = Verdict::Silent;
        for statement in self.0.iter().filter(|statement| statement.is_about(asked)) {
            match statement.effect {
                Effect::Deny => return Verdict::Denied,
                Effect::Allow => verdict = Verdict::Allowed,
            }
        }
        verdict
    }

    /// What of it cannot be judged, for the operator.
    pub(crate) fn unknown_conditions(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flat_map(|statement| &statement.conditions).filter_map(|condition| match condition {
            Condition::Unknown(why) => Some(why.as_str()),
            Condition::Known(_) => None,
        })
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.whose {
            Some((user, arn)) => {
                let arn = masked(arn);
                write!(f, "User: {user} is not authorized to perform: execute-api:Invoke on resource: {arn}")?;
            }
            None => f.write_str("User is not authorized to access this resource")?,
        }
        if self.explicit { f.write_str(" with an explicit deny") } else { Ok(()) }
    }
}

/// The ARN with all but the last four digits of the account hidden, as AWS shows it to those whom it turns away.
fn masked(arn: &str) -> String {
    let mut parts: Vec<String> = arn.splitn(6, ':').map(str::to_owned).collect();
    if let Some(account) = parts.get_mut(4) {
        let shown = account.get(account.len().saturating_sub(4)..).unwrap_or_default();
        *account = format!("********{shown}");
    }
    parts.join(":")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const API: &str = "arn:aws:execute-api:us-east-1:111122223333:api1";
    const PETS: &str = "arn:aws:execute-api:us-east-1:111122223333:api1/prod/GET/pets";

    fn asked<'a>(headers: &'a HeaderMap, signer: Option<&'a Signer>) -> Asked<'a> {
        Asked { arn: PETS, source_ip: "203.0.113.7", headers, signer }
    }

    fn verdict(statements: Value, signer: Option<&Signer>) -> Verdict {
        let policy = Policy::of_api(&json!({"Statement": statements}).to_string(), API).expect("a policy");
        policy.verdict(&asked(&HeaderMap::new(), signer))
    }

    fn statement(effect: &str, principal: Value, resource: &str) -> Value {
        json!({"Effect": effect, "Principal": principal, "Action": "execute-api:Invoke", "Resource": resource})
    }

    fn signer() -> Signer {
        Signer {
            access_key_id: "AKID".to_owned(),
            user_arn: "arn:aws:iam::111122223333:user/joe".to_owned(),
            user_id: "joe".to_owned(),
            account_id: "111122223333".to_owned(),
        }
    }

    #[test]
    fn a_denial_outdoes_every_allowance() {
        let allow = statement("Allow", json!("*"), "*");
        let deny = statement("Deny", json!("*"), &format!("{API}/*/GET/pets"));
        assert_eq!(verdict(json!([allow, deny]), None), Verdict::Denied);
        assert_eq!(verdict(json!([deny, allow]), None), Verdict::Denied);
        assert_eq!(verdict(json!(allow), None), Verdict::Allowed);
        assert_eq!(verdict(json!([statement("Allow", json!("*"), "execute-api:/prod/POST/*")]), None), Verdict::Silent);
        assert_eq!(verdict(json!([statement("Allow", json!("*"), "execute-api:/prod/*")]), None), Verdict::Allowed);
    }

    #[test]
    fn a_principal_is_everybody_one_signer_or_an_account() {
        let joe = signer();
        let of = |principal: Value, signer| verdict(json!([statement("Allow", principal, "*")]), signer);
        assert_eq!(of(json!({"AWS": "*"}), None), Verdict::Allowed);
        for principal in [joe.user_arn.as_str(), "111122223333", "arn:aws:iam::111122223333:root"] {
            assert_eq!(of(json!({"AWS": [principal]}), Some(&joe)), Verdict::Allowed, "{principal}");
            assert_eq!(of(json!({"AWS": [principal]}), None), Verdict::Silent, "{principal}");
        }
        assert_eq!(of(json!({"AWS": "arn:aws:iam::111122223333:user/jim"}), Some(&joe)), Verdict::Silent);
        assert_eq!(of(json!({"Service": "apigateway.amazonaws.com"}), Some(&joe)), Verdict::Silent);
    }

    #[test]
    fn all_but_a_list_is_all_but_that_list() {
        let joe = signer();
        let deny_others = json!({
            "Effect": "Deny", "NotPrincipal": {"AWS": joe.user_arn}, "NotAction": "s3:*", "NotResource": "*/POST/*",
        });
        assert_eq!(verdict(json!([deny_others]), None), Verdict::Denied);
        assert_eq!(verdict(json!([deny_others]), Some(&joe)), Verdict::Silent);
    }

    #[test]
    fn a_condition_that_cannot_be_judged_is_never_in_the_callers_favour() {
        let with = |effect: &str| {
            let mut statement = statement(effect, json!("*"), "*");
            statement["Condition"] = json!({"StringEquals": {"aws:Weather": "fine"}});
            statement
        };
        assert_eq!(verdict(json!([with("Allow")]), None), Verdict::Silent);
        assert_eq!(verdict(json!([with("Deny")]), None), Verdict::Denied);
    }

    #[test]
    fn what_is_no_policy_is_told() {
        for text in ["", "[]", "{}", r#"{"Statement":[{"Effect":"Maybe"}]}"#, r#"{"Statement":[{"Effect":"Allow"}]}"#] {
            assert!(Policy::of_api(text, API).is_err(), "{text}");
        }
        let nobody = HeaderMap::new();
        assert_eq!(Policy::denying_all().verdict(&asked(&nobody, None)), Verdict::Denied);
    }

    #[test]
    fn a_denial_reads_as_that_of_aws() {
        let denial = Denial { whose: Some(("anonymous".to_owned(), PETS.to_owned())), explicit: true };
        assert_eq!(
            denial.to_string(),
            "User: anonymous is not authorized to perform: execute-api:Invoke on resource: \
             arn:aws:execute-api:us-east-1:********3333:api1/prod/GET/pets with an explicit deny"
        );
    }
}
