//! Where a request comes from, as browsers say.

use http::{HeaderMap, header};

/// Whether a request comes from a page of this listener. Browsers say so in headers that no script can set; what sends
/// neither header is no browser that could be tricked.
pub(super) fn is_ours(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin";
    }
    match headers.get(header::ORIGIN) {
        None => true,
        Some(_) => {
            let origin = text(header::ORIGIN).and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
            origin.is_some() && origin == text(header::HOST)
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn is_ours_with(headers: &[(&'static str, &'static str)]) -> bool {
        is_ours(
            &headers
                .iter()
                .map(|(name, value)| (name.parse().expect("a name"), HeaderValue::from_static(value)))
                .collect(),
        )
    }

    #[test]
    fn pages_of_other_origins_are_foreign() {
        assert!(is_ours_with(&[]));
        assert!(is_ours_with(&[("sec-fetch-site", "same-origin")]));
        for site in ["cross-site", "same-site", "none"] {
            assert!(!is_ours_with(&[("sec-fetch-site", site), ("origin", "http://a:1"), ("host", "a:1")]), "{site}");
        }
        assert!(is_ours_with(&[("origin", "http://a:1"), ("host", "a:1")]));
        assert!(!is_ours_with(&[("origin", "http://a:2"), ("host", "a:1")]));
        assert!(!is_ours_with(&[("origin", "null"), ("host", "a:1")]));
    }
}
