//! Days and the periods made of them, in UTC.

use std::fmt;

use time::Date;

/// Julian day number of 1970-01-01.
const EPOCH_JULIAN_DAY: i32 = 2_440_588;

/// A UTC day, counted from 1970-01-01.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Day(pub i32);

impl Day {
    /// Reads `YYYY-MM-DD`; anything else, or a day that does not exist, is `None`.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let digits = |range: std::ops::Range<usize>| {
            let part = text.get(range)?;
            part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse::<u16>().ok()).flatten()
        };
        if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
            return None;
        }
        let month = time::Month::try_from(u8::try_from(digits(5..7)?).ok()?).ok()?;
        let day = u8::try_from(digits(8..10)?).ok()?;
        Date::from_calendar_date(i32::from(digits(0..4)?), month, day).ok().map(Self::from_date)
    }

    /// The calendar date of this day; days past the year 9999 stop there.
    pub fn date(self) -> Date {
        Date::from_julian_day(self.0.saturating_add(EPOCH_JULIAN_DAY)).unwrap_or(Date::MAX)
    }

    /// The day of a calendar date.
    pub fn from_date(date: Date) -> Self {
        Self(date.to_julian_day() - EPOCH_JULIAN_DAY)
    }

    /// The day `days` later.
    pub fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// Days since the last Sunday, 0 to 6.
    pub fn days_since_sunday(self) -> i32 {
        // 1970-01-01 was a Thursday.
        (self.0 + 4).rem_euclid(7)
    }

    /// The first millisecond of this day since the epoch.
    pub fn start_millis(self) -> i64 {
        i64::from(self.0) * 86_400_000
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = self.date();
        write!(f, "{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
    }
}

/// A run of days that one quota covers: `first` is in it, `end` is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    /// The first day.
    pub first: Day,
    /// The day after the last.
    pub end: Day,
}

impl Period {
    /// Whether `day` falls in this period.
    pub fn contains(self, day: Day) -> bool {
        self.first <= day && day < self.end
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_printed_day_reads_back(n in -700_000i32..2_900_000) {
            prop_assume!(Day(n).date().year() >= 0);
            prop_assert_eq!(Day::parse(&Day(n).to_string()), Some(Day(n)));
        }
    }

    #[test]
    fn only_real_days_in_the_one_form_are_read() {
        for bad in
            ["2026-02-29", "2026-2-01", "2026-13-01", "+026-01-01", "2026-01-01T00", "", "2026/01/01", "２０２６-01"]
        {
            assert_eq!(Day::parse(bad), None, "{bad}");
        }
        assert_eq!(Day::parse("1970-01-04").map(Day::days_since_sunday), Some(0));
    }
}
