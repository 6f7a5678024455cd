//! Times of signing, as signatures write them: `20150830T123600Z`.

use tollgate_domain::{Day, UnixMillis};

/// Reads `20150830T123600Z`.
pub(crate) fn read(text: &str) -> Option<UnixMillis> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if date.len() != 8 || time.len() != 6 || !digits(date) || !digits(time) {
        return None;
    }
    let day = Day::parse(&format!("{}-{}-{}", &date[..4], &date[4..6], &date[6..]))?;
    let part = |range: std::ops::Range<usize>| time[range].parse::<i64>().ok();
    let (hour, minute, second) = (part(0..2)?, part(2..4)?, part(4..6)?);
    let in_range = hour < 24 && minute < 60 && second < 60;
    in_range.then(|| UnixMillis(day.start_millis() + ((hour * 60 + minute) * 60 + second) * 1000))
}

/// Writes `20150830T123600Z`.
pub(crate) fn print(at: UnixMillis) -> String {
    let second = at.seconds().rem_euclid(86_400);
    let day = at.day().to_string().replace('-', "");
    format!("{day}T{:02}{:02}{:02}Z", second / 3600, second / 60 % 60, second % 60)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_printed_date_reads_back(second in 0i64..253_402_300_800) {
            prop_assert_eq!(read(&print(UnixMillis(second * 1000))), Some(UnixMillis(second * 1000)));
        }

        #[test]
        fn any_date_is_answered(text in ".{0,20}") {
            let _ = read(&text);
        }
    }
}
