//! Custom domain names: which API and stage a host and the beginning of a path name.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use tollgate_domain::{BasePathMapping, Catalog, DomainName};

/// The base path of a mapping for all that no other one takes.
const ANY_PATH: &str = "(none)";

/// Paths of every custom domain name that AWS answers by itself, for probes of its own.
const HEALTH_PATHS: [&str; 2] = ["/ping", "/sping"];

/// The custom domain names of a catalog, by their name in lower case.
#[derive(Debug, Default)]
pub(crate) struct Domains(HashMap<String, Domain, RandomState>);

#[derive(Debug)]
struct Domain {
    source: Arc<DomainName>,
    /// The longest base path first.
    base_paths: Vec<String>,
}

/// What a custom domain name leads to.
#[derive(Debug, PartialEq)]
pub(crate) enum Target<'a, 'p> {
    /// The domain answers for itself that it is there.
    Health,
    /// An API below a base path; `rest` is the path below it, empty or with a slash at its front.
    Mapped { base_path: &'a str, mapping: &'a BasePathMapping, rest: &'p str },
    /// No mapping takes the path.
    Nothing,
}

impl Domains {
    /// Private domain names are left out: they are reached through VPC endpoints alone, and their policy would have to
    /// be asked.
    pub(crate) fn compile(catalog: &Catalog) -> Self {
        let public = catalog.domain_names.values().filter(|domain| domain.id.is_none());
        Self(public.map(|domain| (domain.name.to_ascii_lowercase(), Domain::compile(domain))).collect())
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Follows a host, which has no port, and a path. `None` if no custom domain name is the host's.
    pub(crate) fn find<'p>(&self, host: &str, path: &'p str) -> Option<Target<'_, 'p>> {
        let host = host.to_ascii_lowercase();
        // A name of its own goes before `*.`, which stands for one label.
        let domain = self.0.get(&host).or_else(|| {
            let (_, parent) = host.split_once('.')?;
            self.0.get(&format!("*.{parent}"))
        })?;
        Some(domain.follow(path))
    }
}

impl Domain {
    fn compile(source: &Arc<DomainName>) -> Self {
        let mut base_paths: Vec<String> = source.mappings.keys().cloned().collect();
        base_paths.sort_by_key(|path| std::cmp::Reverse(if path == ANY_PATH { 0 } else { path.len() }));
        Self { source: Arc::clone(source), base_paths }
    }

    fn follow<'p>(&self, path: &'p str) -> Target<'_, 'p> {
        if HEALTH_PATHS.contains(&path) {
            return Target::Health;
        }
        let mapped = self.base_paths.iter().find_map(|base_path| Some((base_path, below(base_path, path)?)));
        match mapped.and_then(|(base_path, rest)| Some((base_path, self.source.mappings.get(base_path)?, rest))) {
            Some((base_path, mapping, rest)) => Target::Mapped { base_path, mapping, rest },
            None => Target::Nothing,
        }
    }
}

/// The path below a base path, which ends where a segment ends.
fn below<'p>(base_path: &str, path: &'p str) -> Option<&'p str> {
    if base_path == ANY_PATH {
        return Some(path);
    }
    let rest = path.strip_prefix('/')?.strip_prefix(base_path.trim_matches('/'))?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tollgate_domain::{Edit, Record};

    use super::*;

    fn domains(names: &[(&str, &[&str])]) -> Domains {
        let edit = |(name, paths): &(&str, &[&str])| {
            let mapping = |path: &&str| ((*path).to_owned(), json!({"rest_api_id": *path, "stage": null}));
            let mappings: serde_json::Map<_, _> = paths.iter().map(mapping).collect();
            let record = json!({
                "name": name, "mappings": mappings, "tags": {},
                "endpoint_configuration": {"types": [], "ip_address_type": "ipv4", "vpc_endpoint_ids": []},
            });
            Edit::put(Record::DomainName(serde_json::from_value(record).expect("a record")))
        };
        Domains::compile(&Catalog::default().apply(&names.iter().map(edit).collect::<Vec<_>>()))
    }

    fn found<'p>(domains: &Domains, host: &str, path: &'p str) -> Option<(String, &'p str)> {
        match domains.find(host, path)? {
            Target::Mapped { base_path, rest, .. } => Some((base_path.to_owned(), rest)),
            Target::Health => Some(("health".to_owned(), "")),
            Target::Nothing => Some(("nothing".to_owned(), "")),
        }
    }

    #[test]
    fn the_longest_base_path_that_ends_with_a_segment_is_followed() {
        let domains = domains(&[("api.example.com", &["(none)", "v1", "v1/orders"])]);
        let at = |path: &'static str| found(&domains, "api.example.com", path);
        let to = |base: &str, rest: &'static str| Some((base.to_owned(), rest));
        assert_eq!(at("/v1/orders/7"), to("v1/orders", "/7"));
        assert_eq!(at("/v1/orders"), to("v1/orders", ""));
        assert_eq!(at("/v1/ordersx"), to("v1", "/ordersx"));
        assert_eq!(at("/v1"), to("v1", ""));
        assert_eq!(at("/v10/x"), to("(none)", "/v10/x"));
        assert_eq!(at("/"), to("(none)", "/"));
    }

    #[test]
    fn a_path_without_a_mapping_leads_nowhere_and_probes_are_answered() {
        let domains = domains(&[("api.example.com", &["v1"])]);
        let at = |path: &'static str| found(&domains, "api.example.com", path).map(|(to, _)| to);
        assert_eq!(at("/v2/x").as_deref(), Some("nothing"));
        assert_eq!((at("/ping").as_deref(), at("/sping").as_deref()), (Some("health"), Some("health")));
    }

    #[test]
    fn a_name_of_its_own_goes_before_a_star_which_is_one_label() {
        let domains = domains(&[("*.example.com", &["star"]), ("API.example.com", &["own"])]);
        let at = |host: &str| found(&domains, host, "/x").map(|(to, _)| to);
        assert_eq!(found(&domains, "api.Example.com", "/own/x").map(|(to, _)| to).as_deref(), Some("own"));
        assert_eq!(found(&domains, "b.example.com", "/star").map(|(to, _)| to).as_deref(), Some("star"));
        assert_eq!((at("a.b.example.com"), at("example.com"), at("elsewhere.org")), (None, None, None));
    }
}
