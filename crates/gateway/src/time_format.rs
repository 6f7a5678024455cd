//! Times as API Gateway writes them.

use tollgate_domain::UnixMillis;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/// The form of the Common Log Format: `24/Nov/2026:13:37:06 +0000`.
pub(crate) fn common_log(time: UnixMillis) -> String {
    let date = time.day().date();
    let second_of_day = time.seconds().rem_euclid(86_400);
    let (hour, minute, second) = (second_of_day / 3600, second_of_day / 60 % 60, second_of_day % 60);
    let month = MONTHS[usize::from(u8::from(date.month())) - 1];
    format!("{:02}/{month}/{}:{hour:02}:{minute:02}:{second:02} +0000", date.day(), date.year())
}

/// The form of `date`, which begins the lines of test invocations: `Tue Nov 24 13:37:06 UTC 2026`.
pub(crate) fn unix_date(time: UnixMillis) -> String {
    let date = time.day().date();
    let second_of_day = time.seconds().rem_euclid(86_400);
    let (hour, minute, second) = (second_of_day / 3600, second_of_day / 60 % 60, second_of_day % 60);
    let weekday = WEEKDAYS[usize::from(date.weekday().number_days_from_sunday())];
    let month = MONTHS[usize::from(u8::from(date.month())) - 1];
    format!("{weekday} {month} {:02} {hour:02}:{minute:02}:{second:02} UTC {}", date.day(), date.year())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_in_access_logs() {
        assert_eq!(common_log(UnixMillis(1_795_305_600_000)), "22/Nov/2026:00:00:00 +0000");
        assert_eq!(common_log(UnixMillis(1_795_305_600_000 + 48_006_999)), "22/Nov/2026:13:20:06 +0000");
    }

    #[test]
    fn a_time_is_written_as_date_writes_it() {
        assert_eq!(unix_date(UnixMillis(1_795_305_600_000 + 48_006_999)), "Sun Nov 22 13:20:06 UTC 2026");
    }
}
