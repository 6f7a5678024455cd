//! VpcLink: a way to load balancers within a private network.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;
use tollgate_domain::{Catalog, Deployment, Integration, Record, RecordKey, RestApiTree, Stage, Tags, VpcLink};

use crate::Control;
use crate::answer::{Answer, Reply, tags_if_any, text};
use crate::conflict::Conflict;
use crate::error::Failure;
use crate::json::Members;
use crate::page::PageQuery;
use crate::patch::{self, Op, PatchOperation, Paths};
use crate::request::Request;
use crate::resources::validation::Validation;
use crate::resources::{rest_api, tags};
use crate::write::Change;

const PATHS: Paths = Paths { add: &[], replace: &["/name", "/description"], remove: &[] };

/// What AWS says of a link that is there to use.
const READY: &str = "Your vpc link is ready for use";

/// A VPC link on the wire. There is nothing to wait for: one that was just made is pending in the answer to its
/// creation, as on AWS, and there to use whenever it is read.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VpcLinkWire<'a> {
    id: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    target_arns: &'a [String],
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_message: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<&'a Tags>,
}

#[derive(Serialize)]
struct VpcLinksWire<'a> {
    item: Vec<VpcLinkWire<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<String>,
}

impl<'a> VpcLinkWire<'a> {
    fn new(link: &'a VpcLink, tags: Option<&'a Tags>) -> Self {
        Self {
            id: &link.id,
            name: &link.name,
            description: text(&link.description),
            target_arns: &link.target_arns,
            status: "AVAILABLE",
            status_message: Some(READY),
            tags,
        }
    }
}

pub(crate) async fn create(control: &Control, request: &Request) -> Reply {
    let link = read(control.ids().lower_alnum(6), &request.body()?)?;
    let decide = |_: &Catalog| Ok(Change::answering(()).put(Record::VpcLink(link.clone())));
    control.writer().write(decide).await?;
    let made = VpcLinkWire::new(&link, tags_if_any(&link.tags));
    Answer::json(&VpcLinkWire { status: "PENDING", status_message: None, ..made })
}

pub(crate) async fn get(control: &Control, request: &Request) -> Reply {
    let link = find(&control.catalog(), request)?;
    Answer::json(&VpcLinkWire::new(&link, Some(&link.tags)))
}

pub(crate) async fn list(control: &Control, request: &Request) -> Reply {
    let query = PageQuery::of(request, "vpclinks")?;
    let catalog = control.catalog();
    let links = catalog.vpc_links.values();
    let page = query.page(links.map(|link| (link.id.clone(), VpcLinkWire::new(link, tags_if_any(&link.tags)))));
    Answer::json(&VpcLinksWire { item: page.items, position: page.position })
}

pub(crate) async fn update(control: &Control, request: &Request) -> Reply {
    let operations = patch::operations(request, "updateVpcLinkInput")?;
    let decide = |catalog: &Catalog| {
        let link = patch::apply(&VpcLink::clone(&*find(catalog, request)?), &operations, run)?;
        check(&link)?;
        Ok(Change::answering(link.clone()).put(Record::VpcLink(link)))
    };
    let link = control.writer().write(decide).await?;
    Answer::json(&VpcLinkWire::new(&link, Some(&link.tags)))
}

pub(crate) async fn delete(control: &Control, request: &Request) -> Reply {
    let decide = |catalog: &Catalog| decide_delete(catalog, &find(catalog, request)?.id);
    control.writer().write(decide).await?;
    Ok(Answer::Empty)
}

fn find(catalog: &Catalog, request: &Request) -> Result<Arc<VpcLink>, Conflict> {
    catalog.vpc_links.get(request.label("vpclink_id")).cloned().ok_or(Conflict::NoSuchVpcLink)
}

fn read(id: String, body: &Members) -> Result<VpcLink, Failure> {
    let mut validation = Validation::default();
    let name = validation.required(body.string("name")?, "createVpcLinkInput.name");
    let target_arns = validation.required(body.strings("targetArns")?, "createVpcLinkInput.targetArns");
    validation.finish()?;
    let link = VpcLink { id, name, description: body.string("description")?, target_arns, tags: tags::read(body)? };
    check(&link)?;
    Ok(link)
}

/// The rules for a link as a whole.
fn check(link: &VpcLink) -> Result<(), Conflict> {
    if link.name.is_empty() {
        return Err(Conflict::EmptyVpcLinkName);
    }
    rest_api::check_description(link.description.as_deref())?;
    match link.target_arns.iter().find(|arn| !is_arn(arn)) {
        Some(arn) => Err(Conflict::BadTargetArn(arn.clone())),
        None => Ok(()),
    }
}

/// `arn:{partition}:{service}:{region}:{account}:{resource}`.
fn is_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    matches!(*parts, ["arn", partition, service, _, _, resource]
        if !partition.is_empty() && !service.is_empty() && !resource.is_empty())
}

fn run(link: &mut VpcLink, operation: &PatchOperation) -> Result<(), Failure> {
    match (operation.op, operation.path()) {
        (Op::Replace, "/name") => link.name = operation.value().to_owned(),
        (Op::Replace, "/description") => link.description = operation.text(),
        _ => return Err(PATHS.refuse(operation).into()),
    }
    Ok(())
}

/// Deletes a link that no stage needs.
fn decide_delete(catalog: &Catalog, id: &str) -> Result<Change<()>, Failure> {
    let uses: Vec<String> = catalog.rest_apis.values().flat_map(|tree| uses(tree, id)).collect();
    if uses.is_empty() {
        return Ok(Change::answering(()).delete(RecordKey::VpcLink(id.to_owned())));
    }
    Err(Conflict::VpcLinkInUse { id: id.to_owned(), uses: uses.join(", ") }.into())
}

/// The methods of an API that callers reach and that go through a link, as `{api}:{METHOD}:{resource}:{stage}`.
fn uses(tree: &RestApiTree, id: &str) -> BTreeSet<String> {
    let mut uses = BTreeSet::new();
    for (stage, deployment) in tree.stages.values().flat_map(|stage| served(tree, stage)) {
        for resource in deployment.snapshot.resources.values() {
            let through = resource.methods.iter().filter(|(_, method)| {
                method.integration.as_ref().is_some_and(|integration| goes_through(integration, stage, id))
            });
            let api = &tree.api.id;
            uses.extend(through.map(|(verb, _)| format!("{api}:{verb}:{}:{}", resource.id, stage.name)));
        }
    }
    uses
}

/// What a stage serves, be it to a share of its callers.
fn served<'a>(tree: &'a RestApiTree, stage: &'a Stage) -> impl Iterator<Item = (&'a Stage, &'a Deployment)> {
    let canary = stage.canary_settings.as_ref().and_then(|canary| canary.deployment_id.as_ref());
    let ids = std::iter::once(&stage.deployment_id).chain(canary);
    ids.filter_map(move |id| Some((stage, &**tree.deployments.get(id)?)))
}

/// Whether an integration goes through a link, named by its id or by a stage variable.
fn goes_through(integration: &Integration, stage: &Stage, id: &str) -> bool {
    let Some(connection) = text(&integration.connection_id) else { return false };
    let variable = connection.strip_prefix("${stageVariables.").and_then(|rest| rest.strip_suffix('}'));
    match variable {
        Some(name) => stage.variables.get(name).is_some_and(|value| value == id),
        None => connection == id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patch::operation;

    const ARN: &str = "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/nlb/1";

    fn made(body: &str) -> Result<VpcLink, String> {
        let body = Members::parse(body.as_bytes()).expect("an object");
        read("abc123".to_owned(), &body).map_err(|failure| failure.to_string())
    }

    #[test]
    fn links_are_refused_in_the_words_of_aws() {
        assert!(made(&format!(r#"{{"name":"nlb","targetArns":["{ARN}"]}}"#)).is_ok());
        assert_eq!(made(r#"{"name":"","targetArns":[]}"#), Err("Name cannot be empty".to_owned()));
        assert_eq!(
            made(r#"{"name":"nlb","targetArns":["nope"]}"#),
            Err("Invalid ARN. ARN is not well formed nope".to_owned())
        );
        assert_eq!(
            made("{}"),
            Err("2 validation errors detected: Value null at 'createVpcLinkInput.name' failed to satisfy \
                 constraint: Member must not be null; Value null at 'createVpcLinkInput.targetArns' failed to \
                 satisfy constraint: Member must not be null"
                .to_owned())
        );
    }

    #[test]
    fn a_name_and_a_description_are_all_that_changes() {
        let link = made(&format!(r#"{{"name":"nlb","targetArns":["{ARN}"]}}"#)).expect("a link");
        let named = patch::apply(&link, &[operation(Op::Replace, "/name", "new")], run).expect("a link");
        assert_eq!(named.name, "new");
        let refused = patch::apply(&link, &[operation(Op::Replace, "/targetArns", "x")], run).expect_err("a refusal");
        assert_eq!(
            refused.to_string(),
            "Invalid patch path  '/targetArns' specified for op 'replace'. Must be one of: [/name, /description]"
        );
    }
}
