//! The console's own files, embedded and compressed when it was built, served at `/console`.

use axum::Router;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use rust_embed::RustEmbed;

/// What `npm run build` makes in `console/`; empty but for a placeholder before that.
#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../console/dist"]
struct Built;

const ROOT: &str = "/console/";
const INDEX: &str = "index.html";
/// Where files are whose names change with what is in them.
const HASHED: &str = "assets/";

/// What a page of the console may load and do: what is its own, and nothing else. Cloudscape's fonts are within its
/// style sheet.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self' data:; \
                      connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><title>Tollgate</title><h1>The console is not built</h1>\
                         <p>This binary was built without it. With Node.js 20 or newer, run <code>make run</code>, or \
                         <code>make console build</code>, in Tollgate's folder.</p></html>";

/// Encodings that files are kept in, the smallest first.
const ENCODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// The console's files and, for its own addresses, its page.
pub(crate) fn router() -> Router {
    Router::new()
        .route("/console", get(|| async { Redirect::permanent(ROOT) }))
        .route(ROOT, get(answer))
        .route("/console/{*path}", get(answer))
}

async fn answer(uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().strip_prefix(ROOT).unwrap_or_default();
    // The placeholder that keeps the folder is no file of the console.
    let mut response = Some(path)
        .filter(|path| !path.starts_with('.'))
        .and_then(|path| find(path, &headers))
        .unwrap_or_else(|| missing(path, &headers));
    let policy = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    response.headers_mut().extend(policy.map(|(name, value)| (name, HeaderValue::from_static(value))));
    response
}

/// The answer for an address that is no file's: the page itself, whose script knows its addresses.
fn missing(path: &str, headers: &HeaderMap) -> Response {
    if path.starts_with(HASHED) || path.starts_with('.') {
        return StatusCode::NOT_FOUND.into_response();
    }
    find(INDEX, headers).unwrap_or_else(|| {
        let html = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
        (StatusCode::NOT_FOUND, html, NOT_BUILT).into_response()
    })
}

fn find(path: &str, headers: &HeaderMap) -> Option<Response> {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let compressed = ENCODINGS.iter().filter(|(name, _)| accepts(accepted, name)).find_map(|(name, suffix)| {
        let file = Built::get(&format!("{path}{suffix}"))?;
        Some((file, Some(HeaderValue::from_static(name))))
    });
    let (file, encoding) = compressed.or_else(|| Some((Built::get(path)?, None)))?;
    let mut response = file.data.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(path)));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    let keeping = if path.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keeping));
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, encoding);
    }
    Some(response)
}

/// Whether `Accept-Encoding` has an encoding that is not refused with `q=0`.
fn accepts(accepted: &str, encoding: &str) -> bool {
    accepted.split(',').any(|offer| {
        let (name, weight) = offer.split_once(';').unwrap_or((offer, ""));
        let refused = weight.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()).is_some_and(|q| q <= 0.0);
        name.trim().eq_ignore_ascii_case(encoding) && !refused
    })
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        Some("woff") => "font/woff",
        Some("json" | "webmanifest") => "application/json",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_that_is_refused_is_not_accepted() {
        assert!(accepts("gzip, deflate, br", "br") && accepts("BR;q=0.5", "br"));
        assert!(!accepts("gzip, br;q=0", "br") && !accepts("", "gzip"));
    }

    #[test]
    fn pages_may_load_nothing_from_elsewhere() {
        assert!(POLICY.starts_with("default-src 'none'") && !POLICY.contains("unsafe") && !POLICY.contains("http"));
    }
}
