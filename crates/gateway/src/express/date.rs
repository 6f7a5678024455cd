//! The header `date`, which is the same for all answers of a second.

use std::cell::Cell;
use std::time::{Duration, UNIX_EPOCH};

use tollgate_domain::UnixMillis;

/// Letters of a date.
pub(super) const HTTP_DATE: usize = 29;

/// The date of the last answer of a thread.
#[derive(Debug, Default)]
pub(crate) struct HttpDate(Cell<(i64, [u8; HTTP_DATE])>);

impl HttpDate {
    /// The date at a time, in the form of RFC 9110, section 5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`.
    pub(crate) fn at(&self, now: UnixMillis) -> [u8; HTTP_DATE] {
        let (second, text) = self.0.get();
        if second == now.seconds() && text[0] != 0 {
            return text;
        }
        let time = UNIX_EPOCH + Duration::from_secs(u64::try_from(now.seconds()).unwrap_or(0));
        let mut text = [b' '; HTTP_DATE];
        text.copy_from_slice(httpdate::fmt_http_date(time).as_bytes());
        self.0.set((now.seconds(), text));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_that_of_its_second() {
        let date = HttpDate::default();
        for (millis, text) in [
            (784_111_777_000, b"Sun, 06 Nov 1994 08:49:37 GMT"),
            (784_111_777_999, b"Sun, 06 Nov 1994 08:49:37 GMT"),
            (784_111_778_000, b"Sun, 06 Nov 1994 08:49:38 GMT"),
            (0, b"Thu, 01 Jan 1970 00:00:00 GMT"),
        ] {
            assert_eq!(date.at(UnixMillis(millis)), *text);
        }
    }
}
