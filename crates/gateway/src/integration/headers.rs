//! Which headers pass between caller and upstream, and which are the gateway's own.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use smallvec::SmallVec;
use tollgate_velocity::OverriddenParameters;

use super::source::Source;
use crate::call::{Call, X_AMZN_TRACE_ID};
use crate::clients::Client;
use crate::refusal::Refusal;

pub(super) const API_ID: HeaderName = HeaderName::from_static("x-amzn-apigateway-api-id");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Headers of a request that never reach an integration: those that belong to one connection, and those that AWS
/// drops. `Content-Encoding` stays, though AWS drops it: the body passes as it is.
static DROPPED_FROM_REQUESTS: [HeaderName; 14] = [
    header::HOST,
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::TE,
    header::TRAILER,
    header::UPGRADE,
    header::EXPECT,
    header::MAX_FORWARDS,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::SERVER,
    header::WWW_AUTHENTICATE,
    HeaderName::from_static("content-md5"),
];

/// Headers of an upstream's answer that frame it, or say what its connection is for.
static DROPPED_FROM_RESPONSES: [HeaderName; 4] =
    [header::CONNECTION, header::TRANSFER_ENCODING, header::TRAILER, header::UPGRADE];

/// Headers that belong to a connection wherever there is a `Connection`, whether it names them or not.
static OF_CONNECTIONS: [HeaderName; 2] =
    [HeaderName::from_static("keep-alive"), HeaderName::from_static("proxy-connection")];

/// Headers of an upstream's answer that come back under another name, as on AWS.
static REMAPPED: [(HeaderName, HeaderName); 5] = [
    (header::CONTENT_LENGTH, HeaderName::from_static("x-amzn-remapped-content-length")),
    (header::DATE, HeaderName::from_static("x-amzn-remapped-date")),
    (header::SERVER, HeaderName::from_static("x-amzn-remapped-server")),
    (header::WWW_AUTHENTICATE, HeaderName::from_static("x-amzn-remapped-www-authenticate")),
    (HeaderName::from_static("x-amzn-requestid"), HeaderName::from_static("x-amzn-remapped-x-amzn-requestid")),
];

/// The same of `Connection`, which also says what of the other headers does not come back.
const REMAPPED_CONNECTION: HeaderName = HeaderName::from_static("x-amzn-remapped-connection");

/// Headers that a mapping may not set: they frame the message or belong to the gateway. AWS answers 500.
static UNMAPPABLE: [HeaderName; 3] =
    [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, HeaderName::from_static("x-amzn-trace-id")];

/// A header that an integration sets, and where its value comes from.
#[derive(Debug)]
pub(super) struct MappedHeader {
    name: HeaderName,
    source: Source,
}

impl MappedHeader {
    pub(super) fn compile(name: &str, source: Source) -> Result<Self, String> {
        let name: HeaderName = name.parse().map_err(|_| format!("{name:?} is no header name"))?;
        if UNMAPPABLE.contains(&name) {
            return Err(format!("the header {name} cannot be mapped"));
        }
        Ok(Self { name, source })
    }

    /// Sets the header in `out` from what the caller sent; a value that is not there sets nothing.
    pub(super) fn set(&self, call: &Call<'_>, sent: &HeaderMap, out: &mut HeaderMap) -> Result<(), Refusal> {
        if let Some(value) = self.source.header_value(call, sent)? {
            out.insert(self.name.clone(), value);
        }
        Ok(())
    }
}

/// Sets the headers that a template sets, each with all its values.
pub(super) fn override_headers(headers: &mut HeaderMap, overrides: &OverriddenParameters) -> Result<(), Refusal> {
    let wrong = |what: &str| Refusal::Misconfigured(format!("a template sets the header {what:?}"));
    for (name, values) in overrides {
        let parsed = name.parse::<HeaderName>().ok().filter(|name| !UNMAPPABLE.contains(name));
        let parsed = parsed.ok_or_else(|| wrong(name))?;
        headers.remove(&parsed);
        for value in values {
            headers.append(&parsed, HeaderValue::from_str(value).map_err(|_| wrong(name))?);
        }
    }
    Ok(())
}

/// Removes the headers that belong to one connection, those that `Connection` names among them.
fn remove_connection_headers(headers: &mut HeaderMap) {
    if !headers.contains_key(header::CONNECTION) {
        return;
    }
    let named: SmallVec<[HeaderName; 4]> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        // By far the most common name, which is removed below without being parsed.
        .filter(|name| !name.eq_ignore_ascii_case("keep-alive"))
        .filter_map(|name| HeaderName::from_bytes(name.as_bytes()).ok())
        .collect();
    for name in named {
        headers.remove(name);
    }
    remove_present(headers, &OF_CONNECTIONS);
}

/// Removes those of `names` that are there. A message has few headers: to look at each is cheaper than to look for each
/// name.
fn remove_present(headers: &mut HeaderMap, names: &[HeaderName]) {
    let present: SmallVec<[&HeaderName; 4]> =
        headers.keys().filter_map(|name| names.iter().find(|wanted| *wanted == name)).collect();
    for name in present {
        headers.remove(name);
    }
}

/// Makes a caller's headers those of a request to an upstream.
pub(super) fn forward_request(headers: &mut HeaderMap, call: &Call<'_>) {
    remove_own_headers(headers);
    add_forwarded(headers, call.client);
}

/// The headers that an authorizer sees: those of the caller, all of which a mapping may read, and the gateway's own.
pub(crate) fn seen_by_authorizers(call: &Call<'_>, sent: &HeaderMap) -> HeaderMap {
    let mut seen = sent.clone();
    add_forwarded(&mut seen, call.client);
    seen.insert(X_AMZN_TRACE_ID, call.trace_id(sent));
    seen
}

fn remove_own_headers(headers: &mut HeaderMap) {
    remove_connection_headers(headers);
    remove_present(headers, &DROPPED_FROM_REQUESTS);
}

/// Says who called. A caller's list of hops is appended to; what else it says about its way here is not believed.
pub(super) fn add_forwarded(headers: &mut HeaderMap, client: &Client) {
    let hops = match headers.contains_key(X_FORWARDED_FOR) {
        false => client.address.clone(),
        true => appended(headers, client),
    };
    headers.insert(X_FORWARDED_FOR, hops);
    headers.insert(X_FORWARDED_PROTO, client.scheme.clone());
    headers.insert(X_FORWARDED_PORT, client.local_port.clone());
}

fn appended(headers: &HeaderMap, client: &Client) -> HeaderValue {
    let mut hops: Vec<&[u8]> = headers.get_all(X_FORWARDED_FOR).iter().map(HeaderValue::as_bytes).collect();
    hops.push(client.address.as_bytes());
    HeaderValue::from_bytes(&hops.join(&b", "[..])).unwrap_or_else(|_| client.address.clone())
}

/// Makes an upstream's headers those of our answer. `keep_length` is for answers that have a length but no body.
pub(crate) fn forward_response(headers: &mut HeaderMap, keep_length: bool) {
    let length = headers.get(header::CONTENT_LENGTH).filter(|_| keep_length).cloned();
    // Read first: it may name itself among what it removes.
    let connection = headers.get(header::CONNECTION).cloned();
    remove_connection_headers(headers);
    let present: SmallVec<[&(HeaderName, HeaderName); 4]> =
        headers.keys().filter_map(|name| REMAPPED.iter().find(|(from, _)| from == name)).collect();
    for (name, remapped) in present {
        // Of these there may be several, each for another way to say who one is.
        let more: Vec<HeaderValue> = match *name == header::WWW_AUTHENTICATE {
            true => headers.get_all(name).iter().skip(1).cloned().collect(),
            false => Vec::new(),
        };
        if let Some(value) = headers.remove(name) {
            headers.insert(remapped, value);
        }
        for value in more {
            headers.append(remapped, value);
        }
    }
    if let Some(value) = connection {
        headers.insert(REMAPPED_CONNECTION, value);
    }
    remove_present(headers, &DROPPED_FROM_RESPONSES);
    if let Some(length) = length {
        headers.insert(header::CONTENT_LENGTH, length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).fold(
            HeaderMap::new(),
            |mut map, (name, value)| {
                map.append(name, value);
                map
            },
        )
    }

    #[test]
    fn headers_of_one_connection_stay_on_it() {
        let mut headers = map(&[
            ("connection", "close, X-Secret"),
            ("connection", "x-other"),
            ("x-secret", "1"),
            ("x-other", "1"),
            ("te", "trailers"),
            ("upgrade", "h2c"),
            ("transfer-encoding", "chunked"),
            ("content-length", "5"),
            ("host", "h"),
            ("keep-alive", "timeout=5"),
            ("x-api-key", "k"),
            ("accept", "*/*"),
        ]);
        remove_own_headers(&mut headers);
        let mut names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["accept", "x-api-key"]);
    }

    #[test]
    fn a_caller_is_appended_to_the_hops_before_it() {
        let mut headers = map(&[("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "2.2.2.2")]);
        headers.insert(X_FORWARDED_PROTO, HeaderValue::from_static("https"));
        add_forwarded(&mut headers, &Client::new(([10, 0, 0, 1], 4321).into(), 8080));
        assert_eq!(headers[X_FORWARDED_FOR], "1.1.1.1, 2.2.2.2, 10.0.0.1");
        assert_eq!(headers[X_FORWARDED_PROTO], "http");
        assert_eq!(headers[X_FORWARDED_PORT], "8080");
    }

    #[test]
    fn an_upstreams_own_headers_come_back_under_other_names() {
        let mut headers = map(&[
            ("connection", "keep-alive"),
            ("content-length", "5"),
            ("date", "d"),
            ("server", "s"),
            ("x-amzn-requestid", "r"),
            ("transfer-encoding", "chunked"),
            ("content-type", "text/plain"),
        ]);
        forward_response(&mut headers, false);
        let mut names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                "content-type",
                "x-amzn-remapped-connection",
                "x-amzn-remapped-content-length",
                "x-amzn-remapped-date",
                "x-amzn-remapped-server",
                "x-amzn-remapped-x-amzn-requestid"
            ]
        );
    }

    #[test]
    fn all_values_of_a_header_pass_but_only_one_under_another_name() {
        let mut headers = map(&[
            ("set-cookie", "a"),
            ("date", "d1"),
            ("set-cookie", "b"),
            ("date", "d2"),
            ("x-amzn-remapped-date", "made up"),
            ("x-amzn-remapped-server", "s"),
        ]);
        forward_response(&mut headers, false);
        let values = |name| headers.get_all(name).iter().map(|value| value.to_str().expect("text")).collect::<Vec<_>>();
        assert_eq!(values("set-cookie"), ["a", "b"]);
        assert_eq!(values("x-amzn-remapped-date"), ["d1"]);
        assert_eq!(values("x-amzn-remapped-server"), ["s"]);
        assert!(values("date").is_empty());
    }

    #[test]
    fn what_a_connection_names_does_not_come_back() {
        let mut headers = map(&[("connection", "Connection, Date"), ("date", "d"), ("keep-alive", "5"), ("etag", "e")]);
        forward_response(&mut headers, false);
        let mut names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["etag", "x-amzn-remapped-connection"]);
    }

    #[test]
    fn an_answer_without_a_body_keeps_its_length() {
        let mut headers = map(&[("content-length", "5")]);
        forward_response(&mut headers, true);
        assert_eq!(headers[header::CONTENT_LENGTH], "5");
        assert_eq!(headers["x-amzn-remapped-content-length"], "5");
    }

    #[test]
    fn framing_cannot_be_mapped() {
        let mapped = |name| MappedHeader::compile(name, Source::Fixed("1".to_owned()));
        assert!(mapped("Content-Length").is_err());
        assert!(mapped("transfer-encoding").is_err());
        assert!(mapped("bad name").is_err());
        assert!(mapped("X-Tenant").is_ok());
    }
}
