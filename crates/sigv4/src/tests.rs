//! The verifier against AWS's published vectors, its own signer, and what nobody would send.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials as Pair;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use proptest::prelude::*;
use tollgate_domain::UnixMillis;

use super::*;

/// The service of the management API.
const SERVICE: &str = "apigateway";

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const VECTORS: &str = include_str!("../tests/vectors/sigv4.txt");
/// 2015-08-30T12:36:00Z, when all vectors were signed.
const SIGNED_AT: UnixMillis = UnixMillis(1_440_938_160_000);

struct Vector {
    name: &'static str,
    parts: http::request::Parts,
    body: &'static str,
}

fn vectors() -> Vec<Vector> {
    VECTORS.split("\n=== ").skip(1).map(vector).collect()
}

fn vector(text: &'static str) -> Vector {
    let (name, request) = text.split_once('\n').expect("a name");
    let (head, body) = request.split_once("\n\n").unwrap_or((request.trim_end(), ""));
    let mut lines = head.lines();
    let mut first = lines.next().expect("a request line").split(' ');
    let mut builder = http::Request::builder().method(first.next().expect("a method"));
    builder = builder.uri(first.next().expect("a path"));
    for line in lines {
        let (key, value) = line.split_once(':').expect("a header");
        builder = builder.header(key, value);
    }
    let (parts, ()) = builder.body(()).expect("a request").into_parts();
    Vector { name, parts, body: body.trim_end_matches('\n') }
}

fn vanilla() -> Vector {
    vectors().into_iter().find(|vector| vector.name == "get-vanilla").expect("the vector")
}

fn checked(vector: &Vector, secret: &str) -> Result<(), SignatureRefusal> {
    let claim = Claim::of_headers(&vector.parts.headers)?;
    claim.check_scope("service", SIGNED_AT)?;
    claim.verify(secret, &Subject::of(&vector.parts), Payload::Bytes(vector.body.as_bytes()))
}

fn claim_at(now: i64) -> Result<(), SignatureRefusal> {
    Claim::of_headers(&vanilla().parts.headers).and_then(|claim| claim.check_scope("service", UnixMillis(now)))
}

#[test]
fn the_published_vectors_verify() {
    let vectors = vectors();
    assert!(vectors.len() >= 20);
    for vector in vectors {
        assert_eq!(checked(&vector, SECRET), Ok(()), "{}", vector.name);
        assert_eq!(checked(&vector, "another secret"), Err(SignatureRefusal::Mismatch), "{}", vector.name);
    }
}

#[test]
fn what_was_signed_cannot_be_changed() {
    let tampered = |change: fn(&mut Vector)| {
        let mut vector = vanilla();
        change(&mut vector);
        checked(&vector, SECRET)
    };
    assert_eq!(tampered(|_| {}), Ok(()));
    assert_eq!(tampered(|vector| vector.body = "x"), Err(SignatureRefusal::Mismatch));
    assert_eq!(tampered(|vector| vector.parts.method = http::Method::DELETE), Err(SignatureRefusal::Mismatch));
    assert_eq!(
        tampered(|vector| vector.parts.uri = "/other".parse().expect("a path")),
        Err(SignatureRefusal::Mismatch)
    );
    assert_eq!(tampered(|vector| vector.parts.uri = "/?a=b".parse().expect("a path")), Err(SignatureRefusal::Mismatch));
    let host = |vector: &mut Vector| {
        vector.parts.headers.insert("host", http::HeaderValue::from_static("evil.example"));
    };
    assert_eq!(tampered(host), Err(SignatureRefusal::Mismatch));
    let hash = |vector: &mut Vector| {
        vector.parts.headers.insert("x-amz-content-sha256", http::HeaderValue::from_static("UNSIGNED-PAYLOAD"));
    };
    assert_eq!(tampered(hash), Err(SignatureRefusal::Mismatch));
    let gone = |vector: &mut Vector| {
        vector.parts.headers.remove("host");
    };
    assert_eq!(tampered(gone), Err(SignatureRefusal::Mismatch));
}

#[test]
fn a_signature_holds_five_minutes_either_way() {
    let signed = SIGNED_AT.0;
    assert_eq!(claim_at(signed + 300_000), Ok(()));
    assert_eq!(claim_at(signed - 300_000), Ok(()));
    assert_eq!(
        claim_at(signed + 301_000).expect_err("an old signature").to_string(),
        "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T124101Z - 5 min.)"
    );
    assert_eq!(
        claim_at(signed - 301_000).expect_err("an early signature").to_string(),
        "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T123059Z + 5 min.)"
    );
}

#[test]
fn a_scope_is_for_this_service_and_the_day_of_signing() {
    let claim = Claim::of_headers(&vanilla().parts.headers).expect("a claim");
    assert_eq!(
        claim.check_scope(SERVICE, SIGNED_AT).expect_err("another service").to_string(),
        "Credential should be scoped to correct service: 'apigateway'."
    );
    let claim = Claim { scope_date: "20150829".to_owned(), ..claim };
    assert!(
        claim.check_scope("service", SIGNED_AT).expect_err("another day").to_string().starts_with("Date in Credential")
    );
}

fn read(authorization: &str) -> Result<Claim, SignatureRefusal> {
    let mut headers = vanilla().parts.headers;
    headers.insert(AUTHORIZATION, authorization.parse().expect("a header"));
    Claim::of_headers(&headers)
}

#[test]
fn a_header_that_cannot_be_read_is_told_what_it_lacks() {
    assert_eq!(Claim::of_headers(&HeaderMap::new()), Err(SignatureRefusal::Missing));
    let lacks = |authorization: &str| read(authorization).expect_err("a refusal");
    assert_eq!(
        lacks("AWS4-HMAC-SHA256 Credential=a/20150830/r/s/aws4_request"),
        SignatureRefusal::incomplete(
            "Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' \
             parameter."
        )
    );
    assert_eq!(lacks("Basic abc").code(), "IncompleteSignatureException");
    assert!(lacks("AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=x").to_string().contains("5 slash"));
    let terminator = lacks("AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=x");
    assert!(terminator.to_string().contains("valid terminator"));
}

#[test]
fn the_host_has_to_be_signed() {
    let claim = Claim {
        signed_headers: vec!["x-amz-date".to_owned()],
        ..Claim::of_headers(&vanilla().parts.headers).expect("a claim")
    };
    let refusal =
        claim.verify(SECRET, &Subject::of(&vanilla().parts), Payload::Bytes(b"")).expect_err("an unsigned host");
    assert_eq!(refusal.to_string(), "'host' must be a 'SignedHeader' in the AWS Authorization.");
}

proptest! {
    #[test]
    fn any_authorization_is_answered(text in "[ -~]{0,80}") {
        let text = text.trim().to_owned();
        for authorization in [text.clone(), format!("AWS4-HMAC-SHA256 {text}")] {
            if let Ok(claim) = read(&authorization) {
                prop_assert!(claim.verify(SECRET, &Subject::of(&vanilla().parts), Payload::Bytes(b"")).is_err());
            }
        }
    }
}

#[path = "../../control/tests/api/mutate.rs"]
#[expect(dead_code, reason = "the corpus of signatures is the file of vectors")]
mod mutate;

const PIECES: &[&str] = &[
    "\n",
    "\n ",
    ":",
    ";",
    ",",
    "=",
    "/",
    "//",
    "..",
    "%",
    "%2F",
    "%00",
    "%ff",
    "?",
    "&",
    "+",
    " ",
    "#",
    "é",
    "\u{0}",
    "Host:",
    "X-Amz-Date:",
    "X-Amz-Content-Sha256:",
    "Authorization:",
    "AWS4-HMAC-SHA256 ",
    "SignedHeaders=",
    "Z",
];

/// The request that a text is, if HTTP has such a one.
fn parse(case: &[u8]) -> Option<(http::request::Parts, Vec<u8>)> {
    let mut lines = case.split(|byte| *byte == b'\n');
    let mut first = lines.next()?.split(|byte| *byte == b' ');
    let mut builder = http::Request::builder().method(first.next()?).uri(first.next()?);
    for line in lines.by_ref().take_while(|line| !line.is_empty()) {
        let colon = line.iter().position(|byte| *byte == b':')?;
        builder = builder.header(&line[..colon], &line[colon + 1..]);
    }
    let body = lines.collect::<Vec<_>>().join(&b'\n');
    Some((builder.body(()).ok()?.into_parts().0, body))
}

#[test]
fn any_request_is_answered_and_none_verifies_that_was_not_signed() {
    let seeds = VECTORS.split("\n=== ").skip(1).filter_map(|text| text.split_once('\n'));
    let corpus = mutate::Corpus::of(seeds.map(|(_, text)| text.as_bytes().to_vec()).collect(), PIECES);
    let signed: Vec<_> = vectors().iter().map(|vector| (vector.parts.method.clone(), vector.body)).collect();
    let (mut claims, mut verified) = (0, 0);
    for (number, (parts, body)) in (0..20_000).filter_map(|number| Some((number, parse(&corpus.case(number))?))) {
        let Ok(claim) = Claim::of_headers(&parts.headers) else { continue };
        claims += 1;
        if claim
            .check_scope("service", SIGNED_AT)
            .and_then(|()| claim.verify(SECRET, &Subject::of(&parts), Payload::Bytes(&body)))
            .is_ok()
        {
            verified += 1;
            let same = |(method, text): &(http::Method, &str)| *method == parts.method && text.as_bytes() == body;
            assert!(signed.iter().any(same), "{number}: {parts:?}");
        }
    }
    assert!(claims > 2_000 && verified > 50, "most cases are far from a request: {claims} claims, {verified} verified");
}

/// A header that is signed: its name and one of its values.
fn header() -> impl Strategy<Value = (&'static str, String)> {
    (prop::sample::select(vec!["x-a", "x-b", "x-c"]), "[ -~]{0,12}")
}

/// The Authorization that AWS's signer gives a request, and the time of its signing.
fn signed(uri: &str, headers: &[(&'static str, String)], body: &[u8]) -> (String, String) {
    let identity = Pair::new("AKIDEXAMPLE", SECRET, None, None, "test").into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name("service")
        .time(SystemTime::UNIX_EPOCH + Duration::from_millis(SIGNED_AT.0.unsigned_abs()))
        .settings(SigningSettings::default());
    let params = params.build().expect("parameters").into();
    let host = [("host", "example.amazonaws.com")].into_iter();
    let headers = host.chain(headers.iter().map(|(name, value)| (*name, value.as_str())));
    let request =
        SignableRequest::new("PUT", format!("https://example.amazonaws.com{uri}"), headers, SignableBody::Bytes(body));
    let (instructions, _) = sign(request.expect("a request"), &params).expect("a signature").into_parts();
    let made = |wanted: &str| {
        let mut headers = instructions.headers().filter(|(name, _)| *name == wanted);
        headers.next().map(|(_, value)| value.to_owned()).expect("a header")
    };
    (made("authorization"), made("x-amz-date"))
}

proptest! {
    #[test]
    fn whatever_the_signer_of_aws_signs_verifies(
        path in "(/[a-zA-Z0-9._~-]{0,4}|/%[2-7][0-9A-F]|/[.]{1,2}|//){1,5}",
        query in "([?&](a|b|%20|%2B|[+]|é)?(=(1|%3D|/|:)?)?){0,5}",
        headers in prop::collection::vec(header(), 0..6),
        body in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        let query = query.replacen('&', "?", usize::from(!query.starts_with('?'))).replace('é', "%C3%A9");
        let uri = format!("{path}{query}");
        let (authorization, date) = signed(&uri, &headers, &body);
        let mut builder = http::Request::builder().method("PUT").uri(&uri).header(AUTHORIZATION, authorization);
        // On the wire, headers come in an order of their own; only the values of one name keep theirs.
        for name in ["x-c", "x-a", "x-b"] {
            for (_, value) in headers.iter().filter(|(other, _)| *other == name) {
                builder = builder.header(name, value);
            }
        }
        builder = builder.header("x-amz-date", date).header("host", "example.amazonaws.com").header("x-unsigned", "1");
        let (parts, ()) = builder.body(()).expect("a request").into_parts();
        let claim = Claim::of_headers(&parts.headers).expect("a claim");
        prop_assert_eq!(claim.verify(SECRET, &Subject::of(&parts), Payload::Bytes(&body)), Ok(()));
        prop_assert_eq!(claim.verify("another secret", &Subject::of(&parts), Payload::Bytes(&body)), Err(SignatureRefusal::Mismatch));
    }
}

/// A presigned address, made by AWS's signer, and the headers that were signed along.
fn presigned(uri: &str, life: u64, payload: SignableBody<'_>) -> http::request::Parts {
    let identity = Pair::new("AKIDEXAMPLE", SECRET, None, None, "test").into();
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(Duration::from_secs(life));
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name("service")
        .time(SystemTime::UNIX_EPOCH + Duration::from_millis(SIGNED_AT.0.unsigned_abs()))
        .settings(settings);
    let params = params.build().expect("parameters").into();
    let host = [("host", "example.amazonaws.com")].into_iter();
    let request = SignableRequest::new("GET", format!("https://example.amazonaws.com{uri}"), host, payload);
    let (instructions, _) = sign(request.expect("a request"), &params).expect("a signature").into_parts();
    let mut request =
        http::Request::builder().uri(format!("https://example.amazonaws.com{uri}")).body(()).expect("one");
    instructions.apply_to_request_http1x(&mut request);
    request.headers_mut().insert("host", http::HeaderValue::from_static("example.amazonaws.com"));
    request.into_parts().0
}

fn verified(parts: &http::request::Parts, now: i64, payload: Payload<'_>) -> Result<(), SignatureRefusal> {
    let claim = Claim::of_request(&parts.headers, parts.uri.query())?;
    claim.check_scope("service", UnixMillis(now))?;
    claim.verify(SECRET, &Subject::of(parts), payload)
}

#[test]
fn a_presigned_address_verifies_for_as_long_as_it_says() {
    let (signed, empty) = (SIGNED_AT.0, Payload::Bytes(b""));
    let parts = presigned("/pets%20all?b=2&a=1", 60, SignableBody::Bytes(b""));
    assert_eq!(verified(&parts, signed + 60_000, empty), Ok(()));
    assert_eq!(
        verified(&parts, signed + 61_000, empty).expect_err("an old address").to_string(),
        "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T123701Z - 60 sec.)"
    );
    assert!(verified(&parts, signed - 301_000, empty).is_err(), "it is not for later either");
    assert_eq!(verified(&presigned("/", 600, SignableBody::Bytes(b"")), signed + 600_000, empty), Ok(()));
    assert_eq!(verified(&presigned("/", 60, SignableBody::UnsignedPayload), signed, Payload::Unsigned), Ok(()));
}

#[test]
fn nothing_of_a_presigned_address_can_be_changed() {
    let changed = |from: &str, to: &str| {
        let mut parts = presigned("/pets?a=1", 60, SignableBody::Bytes(b""));
        let uri = parts.uri.to_string();
        assert!(uri.contains(from), "{uri} has no {from}");
        parts.uri = uri.replacen(from, to, 1).parse().expect("an address");
        verified(&parts, SIGNED_AT.0, Payload::Bytes(b""))
    };
    assert_eq!(changed("/pets", "/pets"), Ok(()));
    for (from, to) in [
        ("/pets", "/toys"),
        ("a=1", "a=2"),
        ("a=1", "a=1&b=2"),
        ("X-Amz-Expires=60", "X-Amz-Expires=3600"),
        ("X-Amz-Date=20150830T123600Z", "X-Amz-Date=20150830T123700Z"),
        ("us-east-1", "us-east-2"),
        ("AKIDEXAMPLE", "AKIDEXAMPLF"),
    ] {
        assert_eq!(changed(from, to), Err(SignatureRefusal::Mismatch), "{from} to {to}");
    }
    for (from, to) in [
        ("X-Amz-Date=", "X-Amz-Date=20150830T123700Z&X-Amz-Date="),
        ("X-Amz-Expires=60", "X-Amz-Expires=604801"),
        ("X-Amz-Expires=60", "X-Amz-Expires=060"),
        ("X-Amz-Expires=60", "X-Amz-Expires=-1"),
        ("X-Amz-Expires=60&", ""),
        ("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"),
    ] {
        assert!(matches!(changed(from, to), Err(SignatureRefusal::Incomplete(_))), "{from} to {to}");
    }
}

#[test]
fn a_body_is_taken_by_its_hash_before_it_arrives_and_unsigned_where_that_was_signed() {
    let signed_with = |stated: &str, payload: SignableBody<'_>| {
        let identity = Pair::new("AKIDEXAMPLE", SECRET, None, None, "test").into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region("us-east-1")
            .name("service")
            .time(SystemTime::UNIX_EPOCH + Duration::from_millis(SIGNED_AT.0.unsigned_abs()))
            .settings(SigningSettings::default());
        let params = params.build().expect("parameters").into();
        let headers = [("host", "example.amazonaws.com"), ("x-amz-content-sha256", stated)].into_iter();
        let request = SignableRequest::new("PUT", "https://example.amazonaws.com/", headers, payload);
        let (instructions, _) = sign(request.expect("a request"), &params).expect("a signature").into_parts();
        let mut request = http::Request::put("/").header("host", "example.amazonaws.com").body(()).expect("one");
        request.headers_mut().insert("x-amz-content-sha256", stated.parse().expect("a header"));
        instructions.apply_to_request_http1x(&mut request);
        request.into_parts().0
    };
    let stated = hash(b"body");
    let parts = signed_with(&stated, SignableBody::Precomputed(stated.clone()));
    let claim = Claim::of_request(&parts.headers, None).expect("a claim");
    assert_eq!(claim.stated_payload(), Some(&StatedPayload::Hash(stated.clone())));
    assert_eq!(verified(&parts, SIGNED_AT.0, Payload::Hash(&stated)), Ok(()));
    assert_eq!(verified(&parts, SIGNED_AT.0, Payload::Bytes(b"body")), Ok(()));
    assert_eq!(verified(&parts, SIGNED_AT.0, Payload::Bytes(b"other")), Err(SignatureRefusal::Mismatch));
    assert_eq!(verified(&parts, SIGNED_AT.0, Payload::Unsigned), Err(SignatureRefusal::Mismatch));
    let parts = signed_with("UNSIGNED-PAYLOAD", SignableBody::UnsignedPayload);
    let claim = Claim::of_request(&parts.headers, None).expect("a claim");
    assert_eq!(claim.stated_payload(), Some(&StatedPayload::Unsigned));
    assert_eq!(verified(&parts, SIGNED_AT.0, Payload::Unsigned), Ok(()));
    assert_eq!(verified(&parts, SIGNED_AT.0, Payload::Bytes(b"")), Err(SignatureRefusal::Mismatch));
}

#[test]
fn the_host_of_http2_stands_in_for_the_header() {
    let mut vector = vanilla();
    let host = vector.parts.headers.remove("host").expect("a host");
    let claim = Claim::of_headers(&vector.parts.headers).expect("a claim");
    let subject = Subject { authority: Some(&host), ..Subject::of(&vector.parts) };
    assert_eq!(claim.verify(SECRET, &subject, Payload::Bytes(b"")), Ok(()));
    assert_eq!(claim.verify(SECRET, &Subject::of(&vector.parts), Payload::Bytes(b"")), Err(SignatureRefusal::Mismatch));
}

proptest! {
    #[test]
    fn any_query_is_answered(query in "[ -~]{0,60}") {
        for query in [query.clone(), format!("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=1&{query}")] {
            let Ok(claim) = Claim::of_request(&HeaderMap::new(), Some(&query)) else { continue };
            prop_assert!(claim.verify(SECRET, &Subject::of(&vanilla().parts), Payload::Bytes(b"")).is_err());
        }
    }
}
