use proptest::prelude::*;

use super::*;

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
    let claim = Claim::read(&vector.parts.headers)?;
    claim.check_scope("service", SIGNED_AT)?;
    claim.verify(secret, &vector.parts, vector.body.as_bytes())
}

fn claim_at(now: i64) -> Result<(), SignatureRefusal> {
    Claim::read(&vanilla().parts.headers).and_then(|claim| claim.check_scope("service", UnixMillis(now)))
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
    let claim = Claim::read(&vanilla().parts.headers).expect("a claim");
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
    Claim::read(&headers)
}

#[test]
fn a_header_that_cannot_be_read_is_told_what_it_lacks() {
    assert_eq!(Claim::read(&HeaderMap::new()), Err(SignatureRefusal::Missing));
    let lacks = |authorization: &str| read(authorization).expect_err("a refusal");
    assert_eq!(
        lacks("AWS4-HMAC-SHA256 Credential=a/20150830/r/s/aws4_request"),
        incomplete(
            "Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' \
             parameter."
        )
    );
    assert_eq!(lacks("Basic abc").code(), (StatusCode::BAD_REQUEST, "IncompleteSignatureException"));
    assert!(lacks("AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=x").to_string().contains("5 slash"));
    let terminator = lacks("AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=x");
    assert!(terminator.to_string().contains("valid terminator"));
}

#[test]
fn the_host_has_to_be_signed() {
    let claim = Claim {
        signed_headers: vec!["x-amz-date".to_owned()],
        ..Claim::read(&vanilla().parts.headers).expect("a claim")
    };
    let refusal = claim.verify(SECRET, &vanilla().parts, b"").expect_err("an unsigned host");
    assert_eq!(refusal.to_string(), "'host' must be a 'SignedHeader' in the AWS Authorization.");
}

proptest! {
    #[test]
    fn any_authorization_is_answered(text in "[ -~]{0,80}") {
        let text = text.trim().to_owned();
        for authorization in [text.clone(), format!("AWS4-HMAC-SHA256 {text}")] {
            if let Ok(claim) = read(&authorization) {
                prop_assert!(claim.verify(SECRET, &vanilla().parts, b"").is_err());
            }
        }
    }

    #[test]
    fn a_printed_date_reads_back(second in 0i64..253_402_300_800) {
        prop_assert_eq!(read_date(&print_date(UnixMillis(second * 1000))), Some(UnixMillis(second * 1000)));
    }

    #[test]
    fn any_date_is_answered(text in ".{0,20}") {
        let _ = read_date(&text);
    }
}

#[path = "../tests/api/mutate.rs"]
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
        let Ok(claim) = Claim::read(&parts.headers) else { continue };
        claims += 1;
        if claim.check_scope("service", SIGNED_AT).and_then(|()| claim.verify(SECRET, &parts, &body)).is_ok() {
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
        let claim = Claim::read(&parts.headers).expect("a claim");
        prop_assert_eq!(claim.verify(SECRET, &parts, &body), Ok(()));
        prop_assert_eq!(claim.verify("another secret", &parts, &body), Err(SignatureRefusal::Mismatch));
    }
}
