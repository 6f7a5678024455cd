//! Where the body of an upstream's answer ends (RFC 9112, sections 6 and 7).

use bytes::{Buf as _, Bytes};
use http::{Method, StatusCode};

use super::ExchangeError;
use crate::head_lines::HeadLines;

/// Bytes that extensions of chunks, or trailers, may have: they are read and dropped.
const MAX_ASIDE: u32 = 16_384;

/// What is still to come of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// Nothing.
    Ended,
    /// So many bytes.
    Length(u64),
    Chunked(Chunks),
    /// All that comes until the connection ends.
    UntilClose,
}

/// Where in a chunked body its reader is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chunks {
    place: Place,
    /// The size of the chunk that is being read, or what is left of it.
    left: u64,
    /// Bytes of extensions and trailers so far.
    aside: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Before the first digit of a size.
    SizeStart,
    Size,
    Extension,
    SizeEnd,
    Data,
    DataReturn,
    DataEnd,
    /// At the beginning of a line of trailers, or of the empty one that ends the body.
    Trailers,
    Trailer,
    TrailerEnd,
    LastEnd,
}

impl Framing {
    /// How an answer to a request with this verb is framed.
    pub(super) fn of(
        verb: &Method,
        status: StatusCode,
        lines: &HeadLines,
        is_http11: bool,
    ) -> Result<Self, ExchangeError> {
        let bodyless = matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        if *verb == Method::HEAD || bodyless || status.is_informational() {
            return Ok(Self::Ended);
        }
        let mut codings = lines.values("transfer-encoding");
        if let Some(coding) = codings.next() {
            return transfer_coding(coding, codings.next().is_none() && is_http11);
        }
        match content_length(lines)? {
            None => Ok(Self::UntilClose),
            Some(0) => Ok(Self::Ended),
            Some(length) => Ok(Self::Length(length)),
        }
    }

    /// Whether the body ends by itself.
    pub(super) fn is_delimited(&self) -> bool {
        *self != Self::UntilClose
    }

    pub(super) fn has_ended(&self) -> bool {
        *self == Self::Ended
    }

    /// Bytes that are still to come, where that is known.
    pub(super) fn exact(&self) -> Option<u64> {
        match self {
            Self::Ended => Some(0),
            Self::Length(left) => Some(*left),
            Self::Chunked(_) | Self::UntilClose => None,
        }
    }

    /// Bytes that are still to come at least.
    pub(super) fn at_least(&self) -> u64 {
        match self {
            Self::Ended | Self::UntilClose => 0,
            Self::Length(left) => *left,
            Self::Chunked(chunks) => {
                if chunks.place == Place::Data {
                    chunks.left
                } else {
                    0
                }
            }
        }
    }

    /// Takes a piece of the body from the front of `bytes`. Without one, all bytes were taken or the body has ended.
    pub(super) fn decode(&mut self, bytes: &mut Bytes) -> Result<Option<Bytes>, ExchangeError> {
        let piece = match self {
            Self::Ended => None,
            Self::UntilClose => some_of(bytes, u64::MAX),
            Self::Length(left) => {
                let piece = some_of(bytes, *left);
                *left -= piece.as_ref().map_or(0, |piece| piece.len() as u64);
                if *left == 0 {
                    *self = Self::Ended;
                }
                piece
            }
            Self::Chunked(chunks) => {
                let (piece, ended) = chunks.decode(bytes)?;
                if ended {
                    *self = Self::Ended;
                }
                piece
            }
        };
        Ok(piece)
    }

    /// Notes that the connection ended. A body that does not end with it is broken off.
    pub(super) fn end(&mut self) -> Result<(), ExchangeError> {
        match std::mem::replace(self, Self::Ended) {
            Self::Ended | Self::UntilClose => Ok(()),
            Self::Length(_) | Self::Chunked(_) => Err(ExchangeError::BrokenOff),
        }
    }
}

/// Takes at most `max` bytes.
fn some_of(bytes: &mut Bytes, max: u64) -> Option<Bytes> {
    let length = usize::try_from(max).map_or(bytes.len(), |max| max.min(bytes.len()));
    (length > 0).then(|| bytes.split_to(length))
}

/// A length that stands beside a transfer coding does not count. A request says nothing of codings (`TE`), so an upstream
/// may use none but `chunked`: the caller, who is not told of another, would take for content what is not decoded.
fn transfer_coding(named: &[u8], may_be_chunked: bool) -> Result<Framing, ExchangeError> {
    match may_be_chunked && named.eq_ignore_ascii_case(b"chunked") {
        true => Ok(Framing::Chunked(Chunks { place: Place::SizeStart, left: 0, aside: 0 })),
        false => Err(ExchangeError::Framing),
    }
}

/// One length; several that agree count as one.
fn content_length(lines: &HeadLines) -> Result<Option<u64>, ExchangeError> {
    let mut agreed = None;
    for value in lines.values("content-length").flat_map(|value| value.split(|byte| *byte == b',')) {
        let digits = value.trim_ascii();
        let length = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let length: u64 = length.and_then(|text| text.parse().ok()).ok_or(ExchangeError::Framing)?;
        if agreed.is_some_and(|agreed| agreed != length) {
            return Err(ExchangeError::Framing);
        }
        agreed = Some(length);
    }
    Ok(agreed)
}

impl Chunks {
    /// A piece of data, if there is one, and whether the body has ended.
    fn decode(&mut self, bytes: &mut Bytes) -> Result<(Option<Bytes>, bool), ExchangeError> {
        while !bytes.is_empty() {
            if self.place == Place::Data {
                let piece = some_of(bytes, self.left);
                self.left -= piece.as_ref().map_or(0, |piece| piece.len() as u64);
                if self.left == 0 {
                    self.place = Place::DataReturn;
                }
                return Ok((piece, false));
            }
            if self.step(bytes.get_u8())? {
                return Ok((None, true));
            }
        }
        Ok((None, false))
    }

    /// Reads a byte of what is no data, and says whether it was the last one of the body.
    fn step(&mut self, byte: u8) -> Result<bool, ExchangeError> {
        self.place = match (self.place, byte) {
            (Place::SizeStart | Place::Size, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => self.digit(byte)?,
            (Place::Size, b';' | b' ' | b'\t') => Place::Extension,
            (Place::Size | Place::Extension, b'\r') => Place::SizeEnd,
            (Place::SizeEnd, b'\n') if self.left == 0 => Place::Trailers,
            (Place::SizeEnd, b'\n') => Place::Data,
            (Place::DataReturn, b'\r') => Place::DataEnd,
            (Place::DataEnd, b'\n') => Place::SizeStart,
            (Place::Trailers, b'\r') => Place::LastEnd,
            (Place::Trailer, b'\r') => Place::TrailerEnd,
            (Place::TrailerEnd, b'\n') => Place::Trailers,
            (Place::LastEnd, b'\n') => return Ok(true),
            (Place::Extension, _) if byte != b'\n' => self.put_aside(Place::Extension)?,
            (Place::Trailers | Place::Trailer, _) if byte != b'\n' => self.put_aside(Place::Trailer)?,
            _ => return Err(ExchangeError::Chunk),
        };
        Ok(false)
    }

    fn digit(&mut self, byte: u8) -> Result<Place, ExchangeError> {
        let digit = char::from(byte).to_digit(16).ok_or(ExchangeError::Chunk)?;
        let size = self.left.checked_mul(16).and_then(|size| size.checked_add(u64::from(digit)));
        self.left = size.ok_or(ExchangeError::Chunk)?;
        Ok(Place::Size)
    }

    fn put_aside(&mut self, place: Place) -> Result<Place, ExchangeError> {
        self.aside += 1;
        if self.aside > MAX_ASIDE { Err(ExchangeError::Chunk) } else { Ok(place) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(verb: &Method, status: u16, headers: &[(&'static str, &'static str)]) -> Result<Framing, ExchangeError> {
        let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let head = Bytes::from(format!("HTTP/1.1 200 OK\r\n{lines}\r\n"));
        let mut found = [httparse::EMPTY_HEADER; 4];
        let mut parsed = httparse::Response::new(&mut found);
        parsed.parse(&head).expect("a head");
        let lines = HeadLines::new(head.clone(), parsed.headers).expect("a short head");
        Framing::of(verb, StatusCode::from_u16(status).expect("a status"), &lines, true)
    }

    fn chunked() -> Framing {
        of(&Method::GET, 200, &[("transfer-encoding", "chunked")]).expect("a framing")
    }

    #[test]
    fn status_verb_and_headers_say_where_a_body_ends() {
        let get = |status, headers: &[_]| of(&Method::GET, status, headers);
        let length = ("content-length", "5");
        assert_eq!(get(200, &[length]).ok(), Some(Framing::Length(5)));
        assert_eq!(get(200, &[length, length]).ok(), Some(Framing::Length(5)));
        assert_eq!(get(200, &[("content-length", "5, 5")]).ok(), Some(Framing::Length(5)));
        assert_eq!(get(200, &[("content-length", "0")]).ok(), Some(Framing::Ended));
        assert_eq!(get(200, &[]).ok(), Some(Framing::UntilClose));
        for bodyless in [204, 304, 101] {
            assert_eq!(get(bodyless, &[length]).ok(), Some(Framing::Ended));
        }
        assert_eq!(of(&Method::HEAD, 200, &[length]).ok(), Some(Framing::Ended));
        let coding = |named| ("transfer-encoding", named);
        assert!(matches!(get(200, &[coding("Chunked"), length]), Ok(Framing::Chunked(_))));
        for codings in
            [&[coding("gzip, chunked")][..], &[coding("gzip")], &[coding("chunked"), coding("")], &[coding("")]]
        {
            assert!(matches!(get(200, codings), Err(ExchangeError::Framing)), "{codings:?}");
        }
        for bad in ["", "x", "-1", "+1", "1 2", "5, 6", "18446744073709551616"] {
            assert!(matches!(get(200, &[("content-length", bad)]), Err(ExchangeError::Framing)), "{bad}");
        }
        assert!(get(200, &[length, ("content-length", "6")]).is_err());
    }

    /// Decodes pieces that come one after the other; also says what was left when the body had ended.
    fn decode(mut framing: Framing, pieces: &[&[u8]]) -> Result<(Vec<u8>, bool, Vec<u8>), ExchangeError> {
        let (mut data, mut rest) = (Vec::new(), Vec::new());
        for piece in pieces {
            let mut bytes = Bytes::copy_from_slice(piece);
            while let Some(decoded) = framing.decode(&mut bytes)? {
                data.extend_from_slice(&decoded);
            }
            rest.extend_from_slice(&bytes);
        }
        Ok((data, framing.has_ended(), rest))
    }

    #[test]
    fn extensions_and_trailers_are_dropped_and_bounded() {
        let text = b"3;a=\"b\"\r\nabc\r\n0\r\nx: y\r\nz: w\r\n\r\nHTTP";
        let (data, ended, rest) = decode(chunked(), &[text]).expect("a body");
        assert_eq!((&data[..], ended, &rest[..]), (&b"abc"[..], true, &b"HTTP"[..]));
        let long = "a".repeat(MAX_ASIDE as usize + 1);
        for text in [format!("3;{long}\r\nabc\r\n"), format!("0\r\n{long}\r\n\r\n")] {
            assert!(matches!(decode(chunked(), &[text.as_bytes()]), Err(ExchangeError::Chunk)));
        }
    }

    #[test]
    fn a_chunk_that_cannot_be_read_is_told() {
        for text in
            ["\r\n", "g\r\n", "3\nabc\r\n", "3\r\nabcd\r\n", "-1\r\n", "10000000000000000\r\n", "0\r\n\n", "3 \nabc"]
        {
            assert!(matches!(decode(chunked(), &[text.as_bytes()]), Err(ExchangeError::Chunk)), "{text:?}");
        }
    }

    #[test]
    fn a_connection_that_ends_breaks_off_a_body_that_has_not() {
        for (mut framing, whole) in
            [(Framing::Length(1), false), (chunked(), false), (Framing::UntilClose, true), (Framing::Ended, true)]
        {
            assert_eq!(framing.end().is_ok(), whole);
        }
    }

    proptest! {
        #[test]
        fn chunks_come_out_as_they_went_in_wherever_they_are_cut(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..6),
            cuts in prop::collection::vec(1usize..9, 1..80),
        ) {
            let mut text = Vec::new();
            for chunk in &chunks {
                text.extend_from_slice(format!("{:X}\r\n", chunk.len()).as_bytes());
                text.extend_from_slice(chunk);
                text.extend_from_slice(b"\r\n");
            }
            text.extend_from_slice(b"0\r\n\r\nnext");
            let (mut pieces, mut at) = (Vec::new(), 0);
            for cut in cuts.iter().cycle() {
                if at == text.len() {
                    break;
                }
                let end = (at + cut).min(text.len());
                pieces.push(&text[at..end]);
                at = end;
            }
            let (data, ended, rest) = decode(chunked(), &pieces).expect("a body");
            prop_assert_eq!(data, chunks.concat());
            prop_assert!(ended);
            prop_assert_eq!(rest, b"next");
        }

        #[test]
        fn a_length_is_kept_wherever_it_is_cut(body in prop::collection::vec(any::<u8>(), 1..60), cut in 1usize..60) {
            let text = [&body[..], b"next"].concat();
            let (first, second) = text.split_at(cut.min(text.len()));
            let (data, ended, rest) = decode(Framing::Length(body.len() as u64), &[first, second]).expect("a body");
            prop_assert_eq!(data, body);
            prop_assert!(ended);
            prop_assert_eq!(rest, b"next");
        }

        #[test]
        fn no_bytes_make_a_reader_fall(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(chunked(), &[&bytes]);
        }
    }
}
