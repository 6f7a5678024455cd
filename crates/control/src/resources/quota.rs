//! The quota of a usage plan: on the wire, and the rules for it.

use serde::Serialize;
use tollgate_domain::{QuotaPeriod, QuotaSettings};

use crate::conflict::Conflict;
use crate::json::{BodyError, Members};

/// A quota on the wire.
#[derive(Serialize)]
pub(crate) struct QuotaWire {
    limit: u32,
    offset: i32,
    period: &'static str,
}

impl From<QuotaSettings> for QuotaWire {
    fn from(quota: QuotaSettings) -> Self {
        Self { limit: quota.limit, offset: quota.offset, period: quota.period.as_str() }
    }
}

/// A quota as it is asked for: members may be missing or wrong until all are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct QuotaDraft {
    pub(crate) limit: Option<i64>,
    pub(crate) offset: Option<i64>,
    pub(crate) period: Option<String>,
}

impl From<QuotaSettings> for QuotaDraft {
    fn from(quota: QuotaSettings) -> Self {
        Self {
            limit: Some(i64::from(quota.limit)),
            offset: Some(i64::from(quota.offset)),
            period: Some(quota.period.as_str().to_owned()),
        }
    }
}

impl QuotaDraft {
    pub(crate) fn read(body: &Members) -> Result<Self, BodyError> {
        Ok(Self { limit: body.integer("limit")?, offset: body.integer("offset")?, period: body.string("period")? })
    }

    /// The quota, once all is in place.
    pub(crate) fn finish(&self) -> Result<QuotaSettings, Conflict> {
        let limit = self.limit.filter(|limit| (1..=i64::from(i32::MAX)).contains(limit));
        let limit = limit.and_then(|limit| u32::try_from(limit).ok()).ok_or(Conflict::BadQuotaLimit)?;
        let period = self.period.as_deref().and_then(QuotaPeriod::parse).ok_or(Conflict::BadQuotaPeriod)?;
        let offset = self.offset.unwrap_or(0);
        let offset = i32::try_from(offset).ok().filter(|offset| (0..=period.max_offset()).contains(offset));
        let offset = offset.ok_or(match period {
            QuotaPeriod::Day => Conflict::BadDayOffset,
            QuotaPeriod::Week => Conflict::BadWeekOffset,
            QuotaPeriod::Month => Conflict::BadMonthOffset,
        })?;
        Ok(QuotaSettings { limit, offset, period })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finish(limit: i64, offset: i64, period: &str) -> Result<QuotaSettings, Conflict> {
        QuotaDraft { limit: Some(limit), offset: Some(offset), period: Some(period.to_owned()) }.finish()
    }

    #[test]
    fn offsets_fit_their_period() {
        for (period, last, refusal) in [
            ("DAY", 0, Conflict::BadDayOffset),
            ("WEEK", 6, Conflict::BadWeekOffset),
            ("MONTH", 27, Conflict::BadMonthOffset),
        ] {
            assert!(finish(1, last, period).is_ok(), "{period}");
            assert_eq!(finish(1, last + 1, period), Err(refusal.clone()), "{period}");
            assert_eq!(finish(1, -1, period), Err(refusal), "{period}");
        }
    }

    #[test]
    fn a_quota_admits_at_least_one_call() {
        for limit in [0, -1, i64::from(i32::MAX) + 1] {
            assert_eq!(finish(limit, 0, "DAY"), Err(Conflict::BadQuotaLimit), "{limit}");
        }
        assert!(finish(1, 0, "DAY").is_ok());
    }

    #[test]
    fn a_limit_without_a_period_is_no_quota() {
        let draft = QuotaDraft { limit: Some(5), ..QuotaDraft::default() };
        assert_eq!(draft.finish(), Err(Conflict::BadQuotaPeriod));
        assert_eq!(finish(5, 0, "day"), Err(Conflict::BadQuotaPeriod));
    }
}
