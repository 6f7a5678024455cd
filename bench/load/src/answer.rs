//! Reads answers of HTTP/1.1, as far as counting them asks for.

use std::fmt;

/// Headers that an answer may have.
const MOST_HEADERS: usize = 64;

/// The head of an answer, once it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Bytes of head and body together.
    pub length: usize,
}

/// An answer that cannot be counted.
#[derive(Debug)]
pub struct Broken(pub &'static str);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Broken {}

impl Answer {
    /// Reads an answer from the bytes so far; `None` while its head has not come whole. Its body has to have a length.
    pub fn read(bytes: &[u8]) -> Result<Option<Self>, Broken> {
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        let parsed = response.parse(bytes).map_err(|_| Broken("an answer that is not HTTP"))?;
        let httparse::Status::Complete(head) = parsed else { return Ok(None) };
        let status = response.code.ok_or(Broken("an answer without a status"))?;
        let named = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
        let length = named.ok_or(Broken("an answer without a length"))?.value;
        let length = std::str::from_utf8(length).ok().and_then(|text| text.trim().parse::<usize>().ok());
        Ok(Some(Self { status, length: head + length.ok_or(Broken("a length that is no number"))? }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_as_long_as_its_head_says() {
        let bytes = b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 3\r\n\r\nabc";
        let answer = Answer::read(bytes).expect("an answer").expect("whole");
        assert_eq!(answer, Answer { status: 429, length: bytes.len() });
        assert!(Answer::read(&bytes[..20]).expect("a part").is_none());
    }

    #[test]
    fn an_answer_without_a_length_is_broken() {
        assert!(Answer::read(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
