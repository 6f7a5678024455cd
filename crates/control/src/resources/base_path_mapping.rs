//! BasePathMapping: the API and stage that answer below a path of a domain name.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;
use tollgate_domain::{BasePathMapping, Catalog, DomainName, Record, RestApiId, StageName};

use crate::Control;
use crate::answer::{Answer, Reply};
use crate::conflict::Conflict;
use crate::error::Failure;
use crate::page::PageQuery;
use crate::patch::{self, Op, PatchOperation, Paths};
use crate::request::Request;
use crate::resources::domain_name;
use crate::resources::validation::Validation;
use crate::write::Change;

/// The word for the empty path, and for a stage that the caller names in the path.
const NONE: &str = "(none)";
const PATHS: Paths = Paths { add: &[], replace: &["/basePath", "/restapiId", "/stage"], remove: &[] };

/// A mapping on the wire.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BasePathMappingWire<'a> {
    base_path: &'a str,
    rest_api_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<&'a str>,
}

#[derive(Serialize)]
struct BasePathMappingsWire<'a> {
    item: Vec<BasePathMappingWire<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<String>,
}

impl<'a> BasePathMappingWire<'a> {
    fn new(base_path: &'a str, mapping: &'a BasePathMapping) -> Self {
        let stage = mapping.stage.as_ref().map(StageName::as_str);
        Self { base_path, rest_api_id: mapping.rest_api_id.as_str(), stage }
    }
}

/// A mapping with the path it stands under, `(none)` for the empty one.
#[derive(Clone, Debug, PartialEq)]
struct Entry {
    base_path: String,
    mapping: BasePathMapping,
}

impl Entry {
    fn answer(&self) -> Reply {
        Answer::json(&BasePathMappingWire::new(&self.base_path, &self.mapping))
    }
}

pub(crate) async fn create(control: &Control, request: &Request) -> Reply {
    let entry = read(request)?;
    let decide = |catalog: &Catalog| {
        let domain = DomainName::clone(&*domain_name::find(catalog, request)?);
        decide_put(catalog, domain, entry.clone())
    };
    control.writer().write(decide).await?.answer()
}

pub(crate) async fn get(control: &Control, request: &Request) -> Reply {
    let domain = domain_name::find(&control.catalog(), request)?;
    find(&domain, request.label("base_path"))?.answer()
}

pub(crate) async fn list(control: &Control, request: &Request) -> Reply {
    let query = PageQuery::of(request, "basepathmappings")?;
    let domain = domain_name::find(&control.catalog(), request)?;
    let mappings = domain.mappings.iter();
    let page = query.page(mappings.map(|(path, mapping)| (path.clone(), BasePathMappingWire::new(path, mapping))));
    Answer::json(&BasePathMappingsWire { item: page.items, position: page.position })
}

pub(crate) async fn update(control: &Control, request: &Request) -> Reply {
    let operations = patch::operations(request, "updateBasePathMappingInput")?;
    let decide = |catalog: &Catalog| {
        let mut domain = DomainName::clone(&*domain_name::find(catalog, request)?);
        let before = find(&domain, request.label("base_path"))?;
        let after = patch::apply(&before, &operations, run)?;
        domain.mappings.remove(&before.base_path);
        decide_put(catalog, domain, after)
    };
    control.writer().write(decide).await?.answer()
}

pub(crate) async fn delete(control: &Control, request: &Request) -> Reply {
    let decide = |catalog: &Catalog| {
        let mut domain = DomainName::clone(&*domain_name::find(catalog, request)?);
        let gone = domain.mappings.remove(request.label("base_path"));
        gone.ok_or(Conflict::NoSuchBasePathMapping)?;
        Ok(Change::answering(()).put(Record::DomainName(domain)))
    };
    control.writer().write(decide).await?;
    Ok(Answer::Empty)
}

/// Refuses to take away what a mapping leads to, as AWS does: a domain name would answer nothing.
pub(crate) fn refuse_if_mapped(catalog: &Catalog, api: &RestApiId, stage: Option<&StageName>) -> Result<(), Conflict> {
    let leads_there =
        |mapping: &BasePathMapping| mapping.rest_api_id == *api && (stage.is_none() || mapping.stage.as_ref() == stage);
    let mapped = |domain: &&Arc<DomainName>| domain.mappings.values().any(leads_there);
    let domains: BTreeSet<&str> = catalog.domain_names.values().filter(mapped).map(|it| it.name.as_str()).collect();
    if domains.is_empty() {
        return Ok(());
    }
    let domains = domains.into_iter().collect::<Vec<_>>().join(", ");
    Err(match stage {
        Some(stage) => Conflict::StageMapped { stage: stage.clone(), domains },
        None => Conflict::RestApiMapped { id: api.clone(), domains },
    })
}

fn find(domain: &DomainName, base_path: &str) -> Result<Entry, Conflict> {
    let mapping = domain.mappings.get(base_path).ok_or(Conflict::NoSuchBasePathMapping)?;
    Ok(Entry { base_path: base_path.to_owned(), mapping: mapping.clone() })
}

fn read(request: &Request) -> Result<Entry, Failure> {
    let body = request.body()?;
    let mut validation = Validation::default();
    let api = validation.required(body.string("restApiId")?, "createBasePathMappingInput.restApiId");
    validation.finish()?;
    let base_path = path_or_none(&body.string("basePath")?.unwrap_or_default());
    let stage = body.string("stage")?.as_deref().and_then(stage_or_none);
    Ok(Entry { base_path, mapping: BasePathMapping { rest_api_id: RestApiId::new(api), stage } })
}

fn path_or_none(text: &str) -> String {
    if text.is_empty() { NONE.to_owned() } else { text.to_owned() }
}

fn stage_or_none(text: &str) -> Option<StageName> {
    Some(text).filter(|text| !text.is_empty() && *text != NONE).map(StageName::new)
}

/// Runs one operation. AWS's page of paths and Terraform spell two of them in ways of their own.
fn run(entry: &mut Entry, operation: &PatchOperation) -> Result<(), Failure> {
    match (operation.op, operation.path()) {
        (Op::Replace, "/basePath" | "/basepath") => entry.base_path = path_or_none(operation.value()),
        (Op::Replace, "/restapiId" | "/restApiId") => entry.mapping.rest_api_id = RestApiId::new(operation.value()),
        (Op::Replace, "/stage") => entry.mapping.stage = stage_or_none(operation.value()),
        _ => return Err(PATHS.refuse(operation).into()),
    }
    Ok(())
}

/// Puts a mapping under a path that is free.
fn decide_put(catalog: &Catalog, mut domain: DomainName, entry: Entry) -> Result<Change<Entry>, Failure> {
    check(catalog, &entry)?;
    if domain.mappings.contains_key(&entry.base_path) {
        return Err(Conflict::BasePathExists.into());
    }
    domain.mappings.insert(entry.base_path.clone(), entry.mapping.clone());
    Ok(Change::answering(entry).put(Record::DomainName(domain)))
}

/// The rules for a mapping: one segment, which leads to something that is there.
fn check(catalog: &Catalog, entry: &Entry) -> Result<(), Conflict> {
    if entry.base_path.contains('/') {
        return Err(Conflict::DeepBasePath);
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"$-_.+!*'()".contains(&byte);
    if !entry.base_path.bytes().all(plain) {
        return Err(Conflict::BadBasePath);
    }
    let tree = catalog.rest_apis.get(&entry.mapping.rest_api_id).ok_or(Conflict::MappedRestApiUnknown)?;
    match &entry.mapping.stage {
        Some(stage) if !tree.stages.contains_key(stage) => Err(Conflict::MappedStageUnknown),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patch::operation;
    use crate::resources::rest_api::sample_catalog;

    fn domain() -> DomainName {
        let body = r#"{"domainName":"api.example.com","certificateArn":"arn:aws:acm:us-east-1:1:certificate/a"}"#;
        domain_name::sample(body).expect("a domain name")
    }

    fn entry(path: &str, api: &str, stage: Option<&str>) -> Entry {
        let mapping = BasePathMapping { rest_api_id: RestApiId::new(api), stage: stage.map(StageName::new) };
        Entry { base_path: path.to_owned(), mapping }
    }

    fn refused(entry: &Entry) -> String {
        check(&sample_catalog("abc", &["dev"]), entry).expect_err("a refusal").to_string()
    }

    #[test]
    fn a_mapping_leads_to_what_is_there() {
        assert_eq!(refused(&entry("v1", "nope", None)), "Invalid REST API identifier specified");
        assert_eq!(refused(&entry("v1", "abc", Some("nope"))), "Invalid stage identifier specified");
        assert!(check(&sample_catalog("abc", &["dev"]), &entry(NONE, "abc", Some("dev"))).is_ok());
        assert!(check(&sample_catalog("abc", &["dev"]), &entry("v1", "abc", None)).is_ok());
        assert!(refused(&entry("v1/pets", "abc", None)).starts_with("API Gateway V1 doesn't support the slash"));
        assert!(refused(&entry("v 1", "abc", None)).starts_with("Invalid base path"));
    }

    #[test]
    fn both_spellings_of_a_path_are_taken() {
        let patched =
            |path, value| patch::apply(&entry("v1", "abc", None), &[operation(Op::Replace, path, value)], run);
        for path in ["/basePath", "/basepath"] {
            assert_eq!(patched(path, "v2").expect("an entry").base_path, "v2");
            assert_eq!(patched(path, "").expect("an entry").base_path, "(none)");
        }
        for path in ["/restapiId", "/restApiId"] {
            assert_eq!(patched(path, "def").expect("an entry").mapping.rest_api_id, RestApiId::new("def"));
        }
        assert_eq!(patched("/stage", "(none)").expect("an entry").mapping.stage, None);
        assert_eq!(
            patched("/x", "").expect_err("a refusal").to_string(),
            "Invalid patch path  '/x' specified for op 'replace'. Must be one of: [/basePath, /restapiId, /stage]"
        );
    }

    #[test]
    fn what_is_mapped_stays() {
        let mut catalog = sample_catalog("abc", &["dev", "prod"]);
        let change = decide_put(&catalog, domain(), entry("v1", "abc", Some("dev"))).expect("a change");
        catalog = catalog.apply(change.edits());
        let api = RestApiId::new("abc");
        let refused = |stage: Option<&str>| refuse_if_mapped(&catalog, &api, stage.map(StageName::new).as_ref());
        assert_eq!(
            refused(None).expect_err("a refusal").to_string(),
            "Deleting RestApi abc failed. Please remove all base path mappings related to the RestApi in your \
             domains: api.example.com"
        );
        assert_eq!(
            refused(Some("dev")).expect_err("a refusal").to_string(),
            "Deleting stage dev failed. Please remove all base path mappings related to the stage in your domains: \
             api.example.com"
        );
        assert_eq!(refused(Some("prod")), Ok(()));
    }
}
