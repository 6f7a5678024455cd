//! The address that a call is sent to: the integration's URI with its variables filled in.

use std::sync::Arc;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Uri};
use percent_encoding::utf8_percent_encode;
use tollgate_velocity::{OverriddenParameters, RequestOverride};

use super::Site;
use super::source::{ENCODED, Source};
use crate::call::Call;
use crate::path::is_treacherous;
use crate::refusal::Refusal;
use crate::upstream::Endpoint;

/// An integration's URI, compiled. Host and port are fixed: no caller chooses where a call goes.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) endpoint: Arc<Endpoint>,
    /// The header `Host`.
    pub(super) host: HeaderValue,
    pieces: Vec<Piece>,
    /// Bytes of the fixed pieces.
    fixed_len: usize,
    has_query: bool,
    /// Query parameters that are added, by their encoded names.
    query: Vec<(String, Source)>,
    /// The whole of it, when nothing is filled in.
    constant: Option<PathAndQuery>,
}

#[derive(Debug)]
enum Piece {
    Fixed(String),
    Path(Variable),
    Query(Variable),
}

/// A `{name}` of the URI, and where its value comes from.
#[derive(Debug)]
struct Variable {
    name: String,
    source: Source,
}

impl Target {
    /// Compiles a URI. `variable` finds where the value of `{name}` comes from.
    pub(super) fn compile(
        uri: &str,
        verify: bool,
        site: &Site<'_>,
        query: Vec<(String, Source)>,
        mut variable: impl FnMut(&str) -> Result<Source, String>,
    ) -> Result<Self, String> {
        let uri = site.fill_stage_variables(uri)?;
        let (secure, rest) = match (uri.strip_prefix("http://"), uri.strip_prefix("https://")) {
            (Some(rest), _) => (false, rest),
            (_, Some(rest)) => (true, rest),
            _ => return Err(format!("the URI {uri:?} is neither http nor https")),
        };
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let endpoint = Endpoint::parse(secure, verify, authority)?;
        let host = HeaderValue::from_str(authority).map_err(|_| format!("{authority:?} is no host"))?;
        let pieces = pieces(path, &mut variable)?;
        let fixed_len = pieces.iter().map(Piece::fixed_len).sum();
        let fixed = query.is_empty() && pieces.iter().all(|piece| matches!(piece, Piece::Fixed(_)));
        let mut target = Self {
            endpoint: Arc::new(endpoint),
            host,
            has_query: path.contains('?'),
            pieces,
            fixed_len,
            query,
            constant: None,
        };
        let text = || target.pieces.iter().map(Piece::fixed_text).collect::<String>();
        target.constant = match fixed {
            true => Some(PathAndQuery::try_from(text()).map_err(|_| format!("{uri:?} is no URI"))?),
            false => None,
        };
        Ok(target)
    }

    /// Whether something of it is filled in from the caller's headers.
    pub(super) fn reads_headers(&self) -> bool {
        let of_piece = |piece: &Piece| match piece {
            Piece::Fixed(_) => false,
            Piece::Path(variable) | Piece::Query(variable) => variable.source.reads_headers(),
        };
        self.pieces.iter().any(of_piece) || self.query.iter().any(|(_, source)| source.reads_headers())
    }

    /// The address for one call. `query` is passed on as it was sent.
    pub(super) fn uri(&self, call: &Call<'_>, headers: &HeaderMap, query: Option<&str>) -> Result<Uri, Refusal> {
        if let (Some(constant), None) = (&self.constant, query) {
            return Ok(Uri::from(constant.clone()));
        }
        let captured: usize = call.captures.iter().map(|range| range.len()).sum();
        let room = self.fixed_len + captured + query.map_or(0, |query| query.len() + 1);
        let mut out = String::with_capacity(room);
        for piece in &self.pieces {
            match piece {
                Piece::Fixed(text) => out.push_str(text),
                Piece::Path(variable) => variable.source.write_path(call, headers, &mut out),
                Piece::Query(variable) => {
                    variable.source.write_query(call, headers, &mut out);
                }
            }
        }
        if self.constant.is_none() && is_treacherous(out.split('?').next().unwrap_or_default()) {
            return Err(Refusal::Malformed("a path variable makes the upstream's path climb"));
        }
        self.add_query(call, headers, query, &mut out);
        address(out)
    }

    /// The address for one call whose template set parameters of it.
    pub(super) fn overridden_uri(
        &self,
        call: &Call<'_>,
        headers: &HeaderMap,
        overrides: &RequestOverride,
    ) -> Result<Uri, Refusal> {
        if overrides.path.is_empty() && overrides.querystring.is_empty() {
            return self.uri(call, headers, None);
        }
        let mut out = String::with_capacity(self.fixed_len);
        for piece in &self.pieces {
            match piece {
                Piece::Fixed(text) => out.push_str(text),
                Piece::Path(variable) | Piece::Query(variable) => match overrides.path.get(&variable.name) {
                    Some(values) => out.extend(utf8_percent_encode(&values.join(","), ENCODED)),
                    None if matches!(piece, Piece::Path(_)) => variable.source.write_path(call, headers, &mut out),
                    None => {
                        variable.source.write_query(call, headers, &mut out);
                    }
                },
            }
        }
        if is_treacherous(out.split('?').next().unwrap_or_default()) {
            return Err(Refusal::Malformed("a template makes the upstream's path climb"));
        }
        self.add_overridden_query(call, headers, &overrides.querystring, &mut out);
        address(out)
    }

    /// Adds the mapped parameters but those that are overridden, and the overriding ones.
    fn add_overridden_query(
        &self,
        call: &Call<'_>,
        headers: &HeaderMap,
        overrides: &OverriddenParameters,
        out: &mut String,
    ) {
        let overrides: Vec<(String, &Vec<String>)> =
            overrides.iter().map(|(name, values)| (utf8_percent_encode(name, ENCODED).to_string(), values)).collect();
        let mut separator = if self.has_query { '&' } else { '?' };
        for (name, source) in &self.query {
            if !overrides.iter().any(|(overridden, _)| overridden == name) {
                source.write_parameter(name, call, headers, &mut separator, out);
            }
        }
        for (name, value) in overrides.iter().flat_map(|(name, values)| values.iter().map(move |value| (name, value))) {
            out.push(separator);
            out.push_str(name);
            out.push('=');
            out.extend(utf8_percent_encode(value, ENCODED));
            separator = '&';
        }
    }

    fn add_query(&self, call: &Call<'_>, headers: &HeaderMap, query: Option<&str>, out: &mut String) {
        let mut separator = if self.has_query { '&' } else { '?' };
        if let Some(query) = query {
            out.push(separator);
            out.push_str(query);
            separator = '&';
        }
        for (name, source) in &self.query {
            source.write_parameter(name, call, headers, &mut separator, out);
        }
    }
}

fn address(text: String) -> Result<Uri, Refusal> {
    let uri = PathAndQuery::from_maybe_shared(Bytes::from(text)).map(Uri::from);
    uri.map_err(|_| Refusal::Malformed("the upstream's address cannot hold a mapped value"))
}

impl Piece {
    fn fixed_text(&self) -> &str {
        match self {
            Self::Fixed(text) => text,
            Self::Path(_) | Self::Query(_) => "",
        }
    }

    fn fixed_len(&self) -> usize {
        self.fixed_text().len()
    }
}

/// Splits path and query of a URI into what is fixed and what is filled in. A `{` without `}` is text.
fn pieces(path: &str, variable: &mut impl FnMut(&str) -> Result<Source, String>) -> Result<Vec<Piece>, String> {
    let (mut pieces, mut fixed, mut rest, mut in_query) = (Vec::new(), String::new(), path, false);
    if !path.starts_with('/') {
        fixed.push('/');
    }
    while let Some(start) = rest.find('{') {
        let Some(length) = rest[start..].find('}') else { break };
        fixed.push_str(&rest[..start]);
        in_query |= rest[..start].contains('?');
        if !fixed.is_empty() {
            pieces.push(Piece::Fixed(std::mem::take(&mut fixed)));
        }
        let name = &rest[start + 1..start + length];
        let name = name.strip_suffix('+').unwrap_or(name);
        let variable = Variable { name: name.to_owned(), source: variable(name)? };
        pieces.push(if in_query { Piece::Query(variable) } else { Piece::Path(variable) });
        rest = &rest[start + length + 1..];
    }
    fixed.push_str(rest);
    if !fixed.is_empty() {
        pieces.push(Piece::Fixed(fixed));
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use tollgate_domain::{RestApiId, StageName};

    use super::*;
    use crate::config::GatewayConfig;

    fn compile(uri: &str) -> Result<Target, String> {
        let (api, stage) = (RestApiId::new("a"), StageName::new("s"));
        let stage_variables = BTreeMap::from([("base".to_owned(), "up.example:8080/v1".to_owned())]);
        let config = GatewayConfig::default();
        let site = Site {
            config: &config,
            api: &api,
            stage: &stage,
            stage_variables: &stage_variables,
            resource_path: "/pets/{id}/{rest+}",
        };
        Target::compile(uri, true, &site, Vec::new(), |name| {
            Source::path_variable(name, &site).ok_or_else(|| format!("no {name}"))
        })
    }

    #[test]
    fn a_uri_without_variables_is_compiled_whole() {
        let text = |uri| compile(uri).ok().and_then(|target| target.constant).map(|constant| constant.to_string());
        assert_eq!(text("http://up.example/x?y=1").as_deref(), Some("/x?y=1"));
        assert_eq!(text("http://up.example").as_deref(), Some("/"));
        assert_eq!(text("http://up.example?y").as_deref(), Some("/?y"));
        assert_eq!(text("http://${stageVariables.base}/x").as_deref(), Some("/v1/x"));
        assert_eq!(text("http://up.example/{id}"), None);
    }

    #[test]
    fn a_variable_is_a_source_and_knows_where_it_stands() {
        let target = compile("http://up.example/a/{id}/{rest+}?q={id}").expect("a target");
        let kinds: Vec<&str> = target
            .pieces
            .iter()
            .map(|piece| match piece {
                Piece::Fixed(text) => text.as_str(),
                Piece::Path(_) => "<path>",
                Piece::Query(_) => "<query>",
            })
            .collect();
        assert_eq!(kinds, ["/a/", "<path>", "/", "<path>", "?q=", "<query>"]);
    }

    #[test]
    fn a_uri_that_leads_nowhere_is_told() {
        for uri in [
            "ftp://up.example/",
            "up.example",
            "http://{id}/",
            "http://up.example{id}/",
            "http://user@up.example/",
            "http://up.example/{unknown}",
            "http://${stageVariables.absent}/",
            "http://${stageVariables.base",
            "http:///x",
        ] {
            assert!(compile(uri).is_err(), "{uri}");
        }
    }
}
