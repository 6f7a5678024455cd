//! Statements of policies: whom and what they are about, and what they say of it.

use serde_json::Value;

use super::condition::{Condition, texts};
use super::{Asked, INVOKE, pattern};

/// What a statement says of the calls that it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Allow,
    Deny,
}

/// A statement.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    pub(super) effect: Effect,
    principal: Option<Is<Vec<String>>>,
    action: Is<Vec<String>>,
    resource: Is<Vec<String>>,
    pub(super) conditions: Vec<Condition>,
}

/// A list, or everything but a list.
#[derive(Clone, Debug)]
enum Is<T> {
    In(T),
    NotIn(T),
}

impl Is<Vec<String>> {
    /// Reads `{name}` or `Not{name}`.
    fn read(given: &Value, name: &str, texts: impl Fn(&Value) -> Vec<String>) -> Option<Self> {
        match (given.get(name), given.get(format!("Not{name}"))) {
            (Some(list), None) => Some(Self::In(texts(list))),
            (None, Some(list)) => Some(Self::NotIn(texts(list))),
            _ => None,
        }
    }

    fn has(&self, is_it: impl Fn(&str) -> bool) -> bool {
        match self {
            Self::In(list) => list.iter().any(|one| is_it(one)),
            Self::NotIn(list) => !list.iter().any(|one| is_it(one)),
        }
    }
}

/// How `Principal` has to be in a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Principals {
    /// It says whom the statement is about.
    Named,
    /// It is about the caller that the policy was made for.
    Implied,
}

impl Statement {
    /// Reads a statement; resources that begin with `execute-api:/` are those of `api_arn`.
    pub(super) fn read(given: &Value, principals: Principals, api_arn: &str) -> Result<Self, String> {
        let effect = match given.get("Effect").and_then(Value::as_str) {
            Some("Allow") => Effect::Allow,
            Some("Deny") => Effect::Deny,
            other => return Err(format!("the effect {other:?} is neither Allow nor Deny")),
        };
        let principal = Is::read(given, "Principal", principals_of);
        if principal.is_none() && principals == Principals::Named {
            return Err("a statement has no principal".to_owned());
        }
        let resources = |list: &Value| texts(list).into_iter().map(|text| whole(text, api_arn)).collect();
        Ok(Self {
            effect,
            principal,
            action: Is::read(given, "Action", texts).ok_or("a statement has no action")?,
            resource: Is::read(given, "Resource", resources).ok_or("a statement has no resource")?,
            conditions: given.get("Condition").map(Condition::read_all).unwrap_or_default(),
        })
    }

    /// Whether the statement is about a call. What cannot be judged counts against the caller.
    pub(super) fn is_about(&self, asked: &Asked<'_>) -> bool {
        let is_action = |wanted: &str| pattern::fits(&wanted.to_ascii_lowercase(), INVOKE);
        self.principal.as_ref().is_none_or(|principal| principal.has(|name| is_principal(name, asked)))
            && self.action.has(is_action)
            && self.resource.has(|wanted| pattern::fits(wanted, asked.arn))
            && self.conditions.iter().all(|condition| condition.holds(asked).unwrap_or(self.effect == Effect::Deny))
    }
}

/// `*`, `{"AWS": …}`, or one of the kinds of principal that never call an API.
fn principals_of(given: &Value) -> Vec<String> {
    match given {
        Value::Object(kinds) => kinds.get("AWS").map(texts).unwrap_or_default(),
        other => texts(other),
    }
}

/// Whether a principal is the signer: everybody, the signer itself, or the account that it belongs to.
fn is_principal(name: &str, asked: &Asked<'_>) -> bool {
    let Some(signer) = asked.signer else { return name == "*" };
    let account = &signer.account_id;
    name == "*"
        || name == signer.user_arn
        || name == account
        || name.strip_prefix("arn:aws:iam::").and_then(|rest| rest.strip_suffix(":root")) == Some(account)
}

/// AWS lets an API's own resources be named without the ARN of the API.
fn whole(resource: String, api_arn: &str) -> String {
    match resource.strip_prefix("execute-api:/") {
        Some(rest) => format!("{api_arn}/{rest}"),
        None => resource,
    }
}
