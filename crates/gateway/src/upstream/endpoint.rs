//! Endpoints: where connections lead.

use http::uri::Authority;

/// Host, port and scheme of an upstream: connections to equal endpoints are alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Endpoint {
    pub(crate) security: Security,
    /// A name or an IP address, without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// How a connection is secured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Security {
    /// It is not.
    Plain,
    /// By TLS.
    Tls,
    /// By TLS with whoever answers.
    UnverifiedTls,
}

impl Endpoint {
    /// Reads `host` or `host:port`.
    pub(crate) fn parse(secure: bool, verify: bool, authority: &str) -> Result<Self, String> {
        let wrong = || format!("{authority:?} is no host that calls can be sent to");
        if authority.contains(['@', '{', '}', '$']) {
            return Err(wrong());
        }
        let parsed: Authority = authority.parse().map_err(|_| wrong())?;
        let host = parsed.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        if host.is_empty() {
            return Err(wrong());
        }
        let security = match (secure, verify) {
            (false, _) => Security::Plain,
            (true, true) => Security::Tls,
            (true, false) => Security::UnverifiedTls,
        };
        let port = match authority[parsed.host().len()..].strip_prefix(':') {
            Some(port) => port.parse().map_err(|_| wrong())?,
            None if secure => 443,
            None => 80,
        };
        Ok(Self { security, host, port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports_are_read() {
        let read = |secure, authority| Endpoint::parse(secure, true, authority).map(|e| (e.host, e.port));
        assert_eq!(read(false, "Example.com"), Ok(("example.com".to_owned(), 80)));
        assert_eq!(read(true, "example.com"), Ok(("example.com".to_owned(), 443)));
        assert_eq!(read(false, "[::1]:8080"), Ok(("::1".to_owned(), 8080)));
        for bad in ["", "user@host", "{host}", "host:99999", "a b", "${stageVariables.x}"] {
            assert!(read(false, bad).is_err(), "{bad}");
        }
    }
}
