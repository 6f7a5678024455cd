//! Rate and burst of usage plans: on the wire, and the rules for them.

use std::collections::BTreeMap;

use serde::Serialize;
use tollgate_domain::{HttpMethod, ThrottleSettings};

use crate::conflict::Conflict;
use crate::error::Failure;
use crate::json::Members;

/// Rate and burst on the wire. Rates are always printed as floats.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ThrottleWire {
    #[serde(skip_serializing_if = "Option::is_none")]
    burst_limit: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate_limit: Option<f64>,
}

impl From<ThrottleSettings> for ThrottleWire {
    fn from(throttle: ThrottleSettings) -> Self {
        Self { burst_limit: throttle.burst_limit, rate_limit: throttle.rate_limit }
    }
}

/// Throttles of methods, by `{resource path}/{METHOD}`.
pub(crate) type MethodThrottles = BTreeMap<String, ThrottleSettings>;

/// Reads rate and burst; a member that is absent stays absent.
pub(crate) fn read(body: &Members) -> Result<ThrottleSettings, Failure> {
    let rate_limit = body.double("rateLimit")?.map(check_rate).transpose()?;
    let burst_limit = body.integer("burstLimit")?.map(check_burst).transpose()?;
    Ok(ThrottleSettings { rate_limit, burst_limit })
}

/// Reads throttles of methods. Keys are kept as they were given, since Terraform compares them.
pub(crate) fn read_methods(methods: BTreeMap<String, Members>) -> Result<MethodThrottles, Failure> {
    methods
        .into_iter()
        .map(|(key, members)| {
            check_method_key(&key)?;
            Ok((key, read(&members)?))
        })
        .collect()
}

/// A rate in a patch operation.
pub(crate) fn parse_rate(text: &str) -> Result<f64, Conflict> {
    check_rate(text.trim().parse().map_err(|_| Conflict::BadRateLimit)?)
}

/// A burst in a patch operation.
pub(crate) fn parse_burst(text: &str) -> Result<i32, Conflict> {
    check_burst(text.trim().parse().map_err(|_| Conflict::BadBurstLimit)?)
}

fn check_rate(rate: f64) -> Result<f64, Conflict> {
    if rate.is_finite() && rate >= 0.0 { Ok(rate) } else { Err(Conflict::BadRateLimit) }
}

fn check_burst(burst: i64) -> Result<i32, Conflict> {
    i32::try_from(burst).ok().filter(|burst| *burst >= 0).ok_or(Conflict::BadBurstLimit)
}

/// Whether text is `{resource path}/{METHOD}`: `/pets/GET`, `//GET` for the root, `/pets/*` for all its methods, `*/*`
/// for all methods of the stage.
pub(crate) fn check_method_key(key: &str) -> Result<(), Conflict> {
    let (path, method) = key.rsplit_once('/').unwrap_or((key, ""));
    let known = method == "*" || HttpMethod::parse(method).is_some();
    if known && (path.starts_with('/') || path == "*") {
        Ok(())
    } else {
        Err(Conflict::BadThrottledMethod { path: path.to_owned(), method: method.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_numbers_from_zero_up() {
        for (text, rate) in [("10", 10.0), ("0.1", 0.1), ("0", 0.0), ("1e3", 1000.0)] {
            assert_eq!(parse_rate(text), Ok(rate));
        }
        for bad in ["-1", "NaN", "inf", "1e999", "", "ten"] {
            assert_eq!(parse_rate(bad), Err(Conflict::BadRateLimit), "{bad}");
        }
        for bad in ["-1", "1.5", "2147483648", ""] {
            assert_eq!(parse_burst(bad), Err(Conflict::BadBurstLimit), "{bad}");
        }
    }

    #[test]
    fn methods_are_named_by_path_and_verb() {
        for good in ["/pets/GET", "//GET", "/pets/*", "/pets/{id}/ANY", "*/*"] {
            assert_eq!(check_method_key(good), Ok(()), "{good}");
        }
        assert_eq!(
            check_method_key("badkey").expect_err("no method").to_string(),
            "Invalid method {resourcePath: badkey,method: } specified"
        );
        assert!(check_method_key("/pets/get").is_err());
        assert!(check_method_key("pets/GET").is_err());
    }

    #[test]
    fn whole_rates_are_printed_as_floats() {
        let wire = serde_json::to_string(&ThrottleWire::from(ThrottleSettings::new(2.0, 1))).expect("json");
        assert_eq!(wire, r#"{"burstLimit":1,"rateLimit":2.0}"#);
    }
}
