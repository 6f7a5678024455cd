//! Conditions of policies.
//!
//! What cannot be judged is never taken in the caller's favour: an unknown operator or key makes a statement that
//! allows apply to nobody, and one that denies apply to everybody.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::Value;

use super::{Asked, pattern};

/// One operator on one key.
#[derive(Clone, Debug)]
pub(super) enum Condition {
    /// One that can be judged.
    Known(Test),
    /// One that cannot; says why.
    Unknown(String),
}

#[derive(Clone, Debug)]
pub(super) struct Test {
    key: Key,
    comparison: Comparison,
    /// Whether the comparison has to fail.
    negated: bool,
    /// Whether a key that is not there passes.
    if_exists: bool,
}

#[derive(Clone, Debug)]
enum Comparison {
    Equals(Vec<String>),
    EqualsIgnoreCase(Vec<String>),
    Like(Vec<String>),
    Within(Vec<IpNet>),
    /// Whether the key has to be missing.
    Null(bool),
}

/// What conditions may ask for.
#[derive(Clone, Copy, Debug)]
enum Key {
    SourceIp,
    /// Keys of calls that come through a VPC: none does.
    Vpc,
    UserAgent,
    Referer,
    PrincipalArn,
    PrincipalAccount,
    UserId,
}

impl Key {
    fn parse(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "aws:sourceip" => Self::SourceIp,
            "aws:sourcevpc" | "aws:sourcevpce" | "aws:vpcsourceip" => Self::Vpc,
            "aws:useragent" => Self::UserAgent,
            "aws:referer" => Self::Referer,
            "aws:principalarn" => Self::PrincipalArn,
            "aws:principalaccount" => Self::PrincipalAccount,
            "aws:userid" => Self::UserId,
            _ => return None,
        })
    }

    fn value<'a>(self, asked: &Asked<'a>) -> Option<&'a str> {
        let header = |name: http::HeaderName| asked.headers.get(name)?.to_str().ok();
        match self {
            Self::SourceIp => Some(asked.source_ip),
            Self::Vpc => None,
            Self::UserAgent => header(http::header::USER_AGENT),
            Self::Referer => header(http::header::REFERER),
            Self::PrincipalArn => asked.signer.map(|signer| signer.user_arn.as_str()),
            Self::PrincipalAccount => asked.signer.map(|signer| signer.account_id.as_str()),
            Self::UserId => asked.signer.map(|signer| signer.user_id.as_str()),
        }
    }
}

impl Condition {
    /// Reads `{operator: {key: value or values}}`.
    pub(super) fn read_all(given: &Value) -> Vec<Self> {
        let Value::Object(operators) = given else {
            return vec![Self::Unknown("the condition is no object".to_owned())];
        };
        let mut conditions = Vec::new();
        for (operator, keys) in operators {
            match keys {
                Value::Object(keys) => {
                    conditions.extend(keys.iter().map(|(key, values)| Self::read(operator, key, &texts(values))));
                }
                _ => conditions.push(Self::Unknown(format!("{operator} has no keys"))),
            }
        }
        conditions
    }

    fn read(operator: &str, key: &str, values: &[String]) -> Self {
        match test(operator, key, values) {
            Some(test) => Self::Known(test),
            None => Self::Unknown(format!("{operator} on {key}")),
        }
    }

    /// Whether it holds; `None` when that cannot be judged.
    pub(super) fn holds(&self, asked: &Asked<'_>) -> Option<bool> {
        match self {
            Self::Known(test) => Some(test.holds(asked)),
            Self::Unknown(_) => None,
        }
    }
}

fn test(operator: &str, key: &str, values: &[String]) -> Option<Test> {
    let key = Key::parse(key)?;
    let (name, if_exists) = operator.strip_suffix("IfExists").map_or((operator, false), |name| (name, true));
    let strings = || values.to_vec();
    let (comparison, negated) = match name {
        "StringEquals" => (Comparison::Equals(strings()), false),
        "StringNotEquals" => (Comparison::Equals(strings()), true),
        "StringEqualsIgnoreCase" => (Comparison::EqualsIgnoreCase(strings()), false),
        "StringNotEqualsIgnoreCase" => (Comparison::EqualsIgnoreCase(strings()), true),
        "StringLike" | "ArnLike" | "ArnEquals" => (Comparison::Like(strings()), false),
        "StringNotLike" | "ArnNotLike" | "ArnNotEquals" => (Comparison::Like(strings()), true),
        "IpAddress" => (Comparison::Within(networks(values)?), false),
        "NotIpAddress" => (Comparison::Within(networks(values)?), true),
        "Null" => (Comparison::Null(values.iter().any(|value| value == "true")), false),
        _ => return None,
    };
    Some(Test { key, comparison, negated, if_exists })
}

impl Test {
    fn holds(&self, asked: &Asked<'_>) -> bool {
        let value = self.key.value(asked);
        if let Comparison::Null(missing) = self.comparison {
            return value.is_none() == missing;
        }
        match value {
            // As on AWS: a negated comparison holds for a key that is not there.
            None => self.if_exists || self.negated,
            Some(value) => self.comparison.fits(value) != self.negated,
        }
    }
}

impl Comparison {
    fn fits(&self, value: &str) -> bool {
        match self {
            Self::Equals(wanted) => wanted.iter().any(|wanted| wanted == value),
            Self::EqualsIgnoreCase(wanted) => wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(value)),
            Self::Like(wanted) => wanted.iter().any(|wanted| pattern::fits(wanted, value)),
            Self::Within(networks) => {
                value.parse::<IpAddr>().is_ok_and(|address| networks.iter().any(|network| network.contains(&address)))
            }
            Self::Null(_) => false,
        }
    }
}

/// Addresses and ranges of addresses, of both versions.
fn networks(values: &[String]) -> Option<Vec<IpNet>> {
    let network = |text: &String| match text.parse::<IpNet>() {
        Ok(network) => Some(network),
        Err(_) => text.parse::<IpAddr>().ok().map(IpNet::from),
    };
    values.iter().map(network).collect()
}

/// One text or a list of them; numbers and booleans as they are written.
pub(super) fn texts(given: &Value) -> Vec<String> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match given {
        Value::Array(values) => values.iter().map(text).collect(),
        Value::Null => Vec::new(),
        one => vec![text(one)],
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use serde_json::json;

    use super::*;

    fn holds(condition: Value) -> Option<bool> {
        let headers = HeaderMap::from_iter([(http::header::USER_AGENT, http::HeaderValue::from_static("curl/8"))]);
        let asked = Asked { arn: "", source_ip: "203.0.113.7", headers: &headers, signer: None };
        let conditions = Condition::read_all(&condition);
        conditions.iter().try_fold(true, |all, condition| Some(all & condition.holds(&asked)?))
    }

    #[test]
    fn addresses_are_compared_by_network() {
        assert_eq!(holds(json!({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}})), Some(true));
        assert_eq!(holds(json!({"IpAddress": {"AWS:sourceIP": ["10.0.0.0/8", "203.0.113.7"]}})), Some(true));
        assert_eq!(holds(json!({"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "2001:db8::/32"]}})), Some(false));
        assert_eq!(holds(json!({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}})), Some(true));
    }

    #[test]
    fn no_call_comes_through_a_vpc() {
        assert_eq!(holds(json!({"StringEquals": {"aws:SourceVpc": "vpc-1"}})), Some(false));
        assert_eq!(holds(json!({"StringNotEquals": {"aws:SourceVpce": "vpce-1"}})), Some(true));
        assert_eq!(holds(json!({"StringEqualsIfExists": {"aws:SourceVpc": "vpc-1"}})), Some(true));
        assert_eq!(holds(json!({"Null": {"aws:SourceVpc": "true"}})), Some(true));
        assert_eq!(holds(json!({"Null": {"aws:SourceIp": "true"}})), Some(false));
    }

    #[test]
    fn texts_are_compared_whole_or_by_pattern() {
        assert_eq!(holds(json!({"StringLike": {"aws:UserAgent": "curl/*"}})), Some(true));
        assert_eq!(holds(json!({"StringEquals": {"aws:UserAgent": "curl/*"}})), Some(false));
        assert_eq!(holds(json!({"StringNotLike": {"aws:UserAgent": "curl/*"}})), Some(false));
        assert_eq!(holds(json!({"StringEqualsIgnoreCase": {"aws:UserAgent": "CURL/8"}})), Some(true));
    }

    #[test]
    fn what_is_not_understood_is_not_judged() {
        for condition in [
            json!({"StringEquals": {"aws:Weather": "fine"}}),
            json!({"ForAnyValue:StringEquals": {"aws:SourceIp": "203.0.113.7"}}),
            json!({"IpAddress": {"aws:SourceIp": "here"}}),
            json!({"IpAddress": "203.0.113.7"}),
            json!([]),
        ] {
            assert_eq!(holds(condition.clone()), None, "{condition}");
        }
    }
}
