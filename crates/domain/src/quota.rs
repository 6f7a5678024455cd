//! How many calls a key may make in a day, a week or a month.

use serde::{Deserialize, Serialize};
use time::{Date, Month};

use crate::calendar::{Day, Period};

/// The length of a quota's period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum QuotaPeriod {
    /// From 00:00 UTC to the next.
    Day,
    /// Seven days.
    Week,
    /// From a day of one month to the same day of the next.
    Month,
}

impl QuotaPeriod {
    /// Reads AWS's word for a period.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "DAY" => Some(Self::Day),
            "WEEK" => Some(Self::Week),
            "MONTH" => Some(Self::Month),
            _ => None,
        }
    }

    /// AWS's word for this period.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "DAY",
            Self::Week => "WEEK",
            Self::Month => "MONTH",
        }
    }

    /// The largest offset that this period allows.
    pub fn max_offset(self) -> i32 {
        match self {
            Self::Day => 0,
            Self::Week => 6,
            Self::Month => 27,
        }
    }
}

/// A quota as a user sets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotaSettings {
    /// Calls admitted per key and period; at least 1.
    pub limit: u32,
    /// Days by which the period starts late: after Sunday for a week, after the 1st for a month. AWS validates
    /// 0 to 6 and 0 to 27, which fits only this reading of its two contradicting descriptions.
    pub offset: i32,
    /// How long a period is.
    pub period: QuotaPeriod,
}

impl QuotaSettings {
    /// The period that `day` falls in.
    pub fn period_at(&self, day: Day) -> Period {
        match self.period {
            QuotaPeriod::Day => Period { first: day, end: day.plus(1) },
            QuotaPeriod::Week => {
                let first = day.plus(-(day.days_since_sunday() - self.offset).rem_euclid(7));
                Period { first, end: first.plus(7) }
            }
            QuotaPeriod::Month => {
                let date = day.date();
                let this = month_start(date.year(), date.month(), self.offset);
                let neighbour = |month: Month, year: i32| month_start(year, month, self.offset);
                if day >= this {
                    let year = date.year() + i32::from(date.month() == Month::December);
                    Period { first: this, end: neighbour(date.month().next(), year) }
                } else {
                    let year = date.year() - i32::from(date.month() == Month::January);
                    Period { first: neighbour(date.month().previous(), year), end: this }
                }
            }
        }
    }
}

/// Day `1 + offset` of a month; every month has 28 days, so offsets to 27 always name one.
fn month_start(year: i32, month: Month, offset: i32) -> Day {
    let day = u8::try_from(1 + offset.clamp(0, 27)).unwrap_or(1);
    Day::from_date(Date::from_calendar_date(year, month, day).unwrap_or(Date::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn settings() -> impl Strategy<Value = QuotaSettings> {
        prop_oneof![
            Just((QuotaPeriod::Day, 0)),
            (0..7i32).prop_map(|offset| (QuotaPeriod::Week, offset)),
            (0..28i32).prop_map(|offset| (QuotaPeriod::Month, offset)),
        ]
        .prop_map(|(period, offset)| QuotaSettings { limit: 1, offset, period })
    }

    proptest! {
        #[test]
        fn periods_tile_time_without_gap_or_overlap(settings in settings(), n in -30_000i32..80_000) {
            let period = settings.period_at(Day(n));
            prop_assert!(period.contains(Day(n)));
            prop_assert_eq!(settings.period_at(period.first), period);
            prop_assert_eq!(settings.period_at(period.end.plus(-1)), period);
            prop_assert_eq!(settings.period_at(period.end).first, period.end);
            prop_assert_eq!(settings.period_at(period.first.plus(-1)).end, period.first);
        }

        #[test]
        fn a_period_starts_where_its_offset_says(settings in settings(), n in 0i32..80_000) {
            let first = settings.period_at(Day(n)).first;
            match settings.period {
                QuotaPeriod::Day => prop_assert_eq!(first, Day(n)),
                QuotaPeriod::Week => prop_assert_eq!(first.days_since_sunday(), settings.offset),
                QuotaPeriod::Month => prop_assert_eq!(i32::from(first.date().day()), 1 + settings.offset),
            }
        }
    }

    #[test]
    fn leap_days_and_year_ends_fall_where_the_calendar_puts_them() {
        let month = |offset| QuotaSettings { limit: 1, offset, period: QuotaPeriod::Month };
        let period = |settings: QuotaSettings, day: &str| {
            let period = settings.period_at(Day::parse(day).expect("a day"));
            (period.first.to_string(), period.end.to_string())
        };
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(period(month(0), "2028-02-29"), pair("2028-02-01", "2028-03-01"));
        assert_eq!(period(month(27), "2026-12-31"), pair("2026-12-28", "2027-01-28"));
        assert_eq!(period(month(27), "2027-01-01"), pair("2026-12-28", "2027-01-28"));
        assert_eq!(period(month(2), "2026-03-02"), pair("2026-02-03", "2026-03-03"));
        let week = QuotaSettings { limit: 1, offset: 1, period: QuotaPeriod::Week };
        assert_eq!(period(week, "2026-11-22"), pair("2026-11-16", "2026-11-23"));
    }
}
