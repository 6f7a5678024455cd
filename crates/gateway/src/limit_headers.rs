//! The headers that tell a caller where it stands, in the structured form of the IETF draft
//! `draft-ietf-httpapi-ratelimit-headers`: `RateLimit-Policy` says what holds, `RateLimit` what is left.

use std::fmt::Write as _;

use http::{HeaderMap, HeaderName, HeaderValue};
use tollgate_domain::{QuotaPeriod, QuotaSettings, ThrottleSettings};

use crate::admission::Standing;

pub(crate) const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
pub(crate) const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Says what a plan limits; `None` when it limits nothing. The window of a throttle is the time in which its bucket
/// fills.
pub(crate) fn policy(throttle: Option<ThrottleSettings>, quota: Option<QuotaSettings>) -> Option<HeaderValue> {
    let mut text = String::new();
    if let Some(rate) = throttle.and_then(|settings| settings.token_rate()) {
        let _ = write!(text, "\"throttle\";q={};w={}", rate.burst(), rate.fill_time().as_secs_ceil().max(1));
    }
    if let Some(quota) = quota {
        let separator = if text.is_empty() { "" } else { ", " };
        let _ = write!(text, "{separator}\"quota\";q={};w={}", quota.limit, window_secs(quota.period));
    }
    if text.is_empty() { None } else { HeaderValue::try_from(text).ok() }
}

/// The length of a period. Months differ: a caller who needs the day reads `t` of `RateLimit`.
fn window_secs(period: QuotaPeriod) -> u32 {
    const DAY: u32 = 86_400;
    match period {
        QuotaPeriod::Day => DAY,
        QuotaPeriod::Week => 7 * DAY,
        QuotaPeriod::Month => 30 * DAY,
    }
}

/// Adds both headers to an answer.
pub(crate) fn add(headers: &mut HeaderMap, policy: Option<&HeaderValue>, standing: &Standing) {
    let Some(policy) = policy else { return };
    headers.insert(RATELIMIT_POLICY, policy.clone());
    let mut limits = Vec::new();
    put(&mut limits, standing);
    if let Some(value) = HeaderValue::from_bytes(&limits).ok().filter(|value| !value.is_empty()) {
        headers.insert(RATELIMIT, value);
    }
}

/// Whether anything is limited.
pub(crate) fn is_limited(standing: &Standing) -> bool {
    standing.throttle.is_some() || standing.quota.is_some()
}

/// Writes what is left, of each limit that there is: the value of `RateLimit`. Every answer has it, so it is put together
/// without `fmt`.
pub(crate) fn put(out: &mut Vec<u8>, standing: &Standing) {
    let throttle = standing.throttle.as_ref().map(|it| ("\"throttle\";r=", it.left, it.full_in.as_secs_ceil()));
    let quota = standing.quota.as_ref().map(|it| ("\"quota\";r=", it.remaining, it.resets_in_secs));
    let mut number = itoa::Buffer::new();
    let mut separator: &[u8] = b"";
    for (name, left, seconds) in [throttle, quota].into_iter().flatten() {
        out.extend_from_slice(std::mem::replace(&mut separator, b", "));
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(number.format(left).as_bytes());
        out.extend_from_slice(b";t=");
        out.extend_from_slice(number.format(seconds).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use tollgate_domain::Ticks;
    use tollgate_domain::clock::TICKS_PER_SECOND;

    use super::*;
    use crate::admission::{QuotaStanding, ThrottleStanding};

    fn quota(limit: u32, period: QuotaPeriod) -> QuotaSettings {
        QuotaSettings { limit, offset: 0, period }
    }

    #[test]
    fn a_policy_names_what_holds() {
        let text = |throttle, quota| policy(throttle, quota).map(|value| value.to_str().expect("ASCII").to_owned());
        let throttle = Some(ThrottleSettings::new(50.0, 100));
        assert_eq!(
            text(throttle, Some(quota(1000, QuotaPeriod::Day))).as_deref(),
            Some("\"throttle\";q=100;w=2, \"quota\";q=1000;w=86400")
        );
        assert_eq!(text(throttle, None).as_deref(), Some("\"throttle\";q=100;w=2"));
        assert_eq!(text(Some(ThrottleSettings::new(0.0, 5)), None).as_deref(), Some("\"throttle\";q=0;w=1"));
        assert_eq!(text(Some(ThrottleSettings::new(-1.0, -1)), None), None);
        assert_eq!(text(None, None), None);
    }

    #[test]
    fn what_is_left_stands_beside_it() {
        let standing = Standing {
            throttle: Some(ThrottleStanding { burst: 50, left: 49, full_in: Ticks(TICKS_PER_SECOND / 50) }),
            quota: Some(QuotaStanding { limit: 1000, remaining: 998, period_secs: 86_400, resets_in_secs: 3600 }),
        };
        let mut headers = HeaderMap::new();
        add(&mut headers, Some(&HeaderValue::from_static("p")), &standing);
        assert_eq!(headers[RATELIMIT], "\"throttle\";r=49;t=1, \"quota\";r=998;t=3600");
        assert_eq!(headers[RATELIMIT_POLICY], "p");
    }
}
