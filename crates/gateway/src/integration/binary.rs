//! Binary bodies: which are, and what becomes of them. The rules are AWS's tables of content handling.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{self, HeaderMap};

use crate::call::Call;
use crate::media_type;
use crate::refusal::Refusal;

/// What an integration says of the kind of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ContentHandling {
    ToBinary,
    ToText,
}

/// How a body's bytes are changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Conversion {
    None,
    /// From base64 to what it stands for.
    Decode,
    /// To base64.
    Encode,
}

impl ContentHandling {
    pub(super) fn parse(given: Option<&str>) -> Result<Option<Self>, String> {
        match given {
            None | Some("") => Ok(None),
            Some("CONVERT_TO_BINARY") => Ok(Some(Self::ToBinary)),
            Some("CONVERT_TO_TEXT") => Ok(Some(Self::ToText)),
            Some(other) => Err(format!("{other:?} is no content handling")),
        }
    }
}

/// What becomes of a request's body.
pub(super) fn of_request(handling: Option<ContentHandling>, binary: bool) -> Conversion {
    match (handling, binary) {
        (Some(ContentHandling::ToBinary), false) => Conversion::Decode,
        (Some(ContentHandling::ToText), true) => Conversion::Encode,
        _ => Conversion::None,
    }
}

/// What becomes of an answer's body. `binary` is what the upstream sent, `accepts_binary` what the caller wants.
pub(super) fn of_answer(handling: Option<ContentHandling>, binary: bool, accepts_binary: bool) -> Conversion {
    match (binary, handling, accepts_binary) {
        (false, Some(ContentHandling::ToBinary), _) | (false, None, true) => Conversion::Decode,
        (true, Some(ContentHandling::ToText), _) | (true, None, false) => Conversion::Encode,
        _ => Conversion::None,
    }
}

impl Conversion {
    /// Changes a body. Text that is no base64 is a mistake of the configuration, as on AWS.
    pub(super) fn apply(self, body: Bytes) -> Result<Bytes, Refusal> {
        match self {
            Self::None => Ok(body),
            Self::Encode => Ok(STANDARD.encode(&body).into()),
            Self::Decode => decode(&body)
                .ok_or_else(|| Refusal::Misconfigured("a body that is to be made binary is not in base64".to_owned())),
        }
    }
}

/// Reads base64.
pub(super) fn decode(text: &[u8]) -> Option<Bytes> {
    STANDARD.decode(text.trim_ascii()).ok().map(Bytes::from)
}

/// Writes base64.
pub(super) fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The media types that the API of a call treats as binary.
pub(super) fn types<'a>(call: &Call<'a>) -> &'a [String] {
    call.stage.map_or(&[], |stage| &stage.deployed.api.binary_media_types)
}

/// Whether one of the types covers the body that the headers describe.
pub(super) fn is_body(types: &[String], headers: &HeaderMap) -> bool {
    !types.is_empty() && covers(types, media_type::of_body(headers))
}

/// Whether a caller wants binary: only the first type that it accepts counts.
pub(super) fn is_accepted(types: &[String], sent: &HeaderMap) -> bool {
    let first = || sent.get(header::ACCEPT)?.to_str().ok()?.split([',', ';']).next().map(str::trim);
    !types.is_empty() && covers(types, first().unwrap_or("application/json"))
}

/// Whether one of `types` is the type, or has a `*` for a part of it.
fn covers(types: &[String], wanted: &str) -> bool {
    types.iter().map(|given| media_type::essence(given)).any(|given| match (given, given.split_once('/')) {
        ("*/*", _) => true,
        (_, Some((kind, "*"))) => wanted.split('/').next().is_some_and(|part| part.eq_ignore_ascii_case(kind)),
        _ => given.eq_ignore_ascii_case(wanted),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_follow_the_table() {
        use ContentHandling::{ToBinary, ToText};
        for (handling, binary, conversion) in [
            (None, false, Conversion::None),
            (None, true, Conversion::None),
            (Some(ToBinary), false, Conversion::Decode),
            (Some(ToBinary), true, Conversion::None),
            (Some(ToText), false, Conversion::None),
            (Some(ToText), true, Conversion::Encode),
        ] {
            assert_eq!(of_request(handling, binary), conversion, "{handling:?} {binary}");
        }
    }

    #[test]
    fn answers_follow_the_table() {
        use ContentHandling::{ToBinary, ToText};
        for (binary, accepts, none, to_binary, to_text) in [
            (false, false, Conversion::None, Conversion::Decode, Conversion::None),
            (false, true, Conversion::Decode, Conversion::Decode, Conversion::None),
            (true, false, Conversion::Encode, Conversion::None, Conversion::Encode),
            (true, true, Conversion::None, Conversion::None, Conversion::Encode),
        ] {
            assert_eq!(of_answer(None, binary, accepts), none, "{binary} {accepts}");
            assert_eq!(of_answer(Some(ToBinary), binary, accepts), to_binary, "{binary} {accepts}");
            assert_eq!(of_answer(Some(ToText), binary, accepts), to_text, "{binary} {accepts}");
        }
    }

    #[test]
    fn a_star_covers_a_part_of_a_type_or_all() {
        let covered = |given: &str, wanted: &str| covers(&[given.to_owned()], wanted);
        assert!(covered("*/*", "text/plain") && covered("image/*", "Image/png") && covered("a/b; q=1", "A/B"));
        assert!(!covered("image/*", "text/plain") && !covered("image/png", "image/gif"));
    }

    #[test]
    fn text_that_is_no_base64_is_not_guessed_at() {
        assert!(Conversion::Decode.apply(Bytes::from_static(b"no base64!")).is_err());
        assert_eq!(Conversion::Decode.apply(Bytes::from_static(b"aGk=\n")).ok(), Some(Bytes::from_static(b"hi")));
        assert_eq!(Conversion::Encode.apply(Bytes::from_static(b"hi")).ok(), Some(Bytes::from_static(b"aGk=")));
    }
}
