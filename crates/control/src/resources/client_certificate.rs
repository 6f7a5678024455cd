//! ClientCertificate: what an upstream knows the gateway by.

use std::sync::Arc;

use serde::Serialize;
use tollgate_domain::{Catalog, ClientCertificate, Record, RecordKey, Stage, Tags};

use crate::Control;
use crate::answer::{Answer, Reply, tags_if_any, text};
use crate::conflict::Conflict;
use crate::error::Failure;
use crate::page::PageQuery;
use crate::patch::{self, Op, PatchOperation, Paths};
use crate::request::Request;
use crate::resources::{key_pair, rest_api, tags};
use crate::write::Change;

const PATHS: Paths = Paths { add: &[], replace: &["/description"], remove: &[] };

/// A certificate on the wire; its private key never is.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ClientCertificateWire<'a> {
    client_certificate_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    pem_encoded_certificate: &'a str,
    created_date: i64,
    expiration_date: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<&'a Tags>,
}

#[derive(Serialize)]
struct ClientCertificatesWire<'a> {
    item: Vec<ClientCertificateWire<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<String>,
}

impl<'a> ClientCertificateWire<'a> {
    fn new(certificate: &'a ClientCertificate) -> Self {
        Self {
            client_certificate_id: &certificate.id,
            description: text(&certificate.description),
            pem_encoded_certificate: &certificate.pem,
            created_date: certificate.created.seconds(),
            expiration_date: certificate.expires.seconds(),
            tags: tags_if_any(&certificate.tags),
        }
    }
}

/// Generates a certificate with a key of its own.
pub(crate) async fn generate(control: &Control, request: &Request) -> Reply {
    let body = request.body()?;
    let (description, tags) = (body.string("description")?, tags::read(&body)?);
    rest_api::check_description(description.as_deref())?;
    let pair = key_pair::generate(request.now()).map_err(Failure::KeyPair)?;
    let certificate = ClientCertificate {
        id: control.ids().lower_alnum(6),
        description,
        pem: pair.certificate_pem,
        private_key_pem: pair.private_key_pem,
        created: request.now(),
        expires: pair.expires,
        tags,
    };
    let decide = |_: &Catalog| Ok(Change::answering(()).put(Record::ClientCertificate(certificate.clone())));
    control.writer().write(decide).await?;
    Answer::json(&ClientCertificateWire::new(&certificate))
}

pub(crate) async fn get(control: &Control, request: &Request) -> Reply {
    Answer::json(&ClientCertificateWire::new(&*find(&control.catalog(), request)?))
}

pub(crate) async fn list(control: &Control, request: &Request) -> Reply {
    let query = PageQuery::of(request, "clientcertificates")?;
    let catalog = control.catalog();
    let certificates = catalog.client_certificates.values();
    let page = query.page(certificates.map(|one| (one.id.clone(), ClientCertificateWire::new(one))));
    Answer::json(&ClientCertificatesWire { item: page.items, position: page.position })
}

pub(crate) async fn update(control: &Control, request: &Request) -> Reply {
    let operations = patch::operations(request, "updateClientCertificateInput")?;
    let decide = |catalog: &Catalog| {
        let before = ClientCertificate::clone(&*find(catalog, request)?);
        let certificate = patch::apply(&before, &operations, run)?;
        rest_api::check_description(certificate.description.as_deref())?;
        Ok(Change::answering(certificate.clone()).put(Record::ClientCertificate(certificate)))
    };
    let certificate = control.writer().write(decide).await?;
    Answer::json(&ClientCertificateWire::new(&certificate))
}

pub(crate) async fn delete(control: &Control, request: &Request) -> Reply {
    let decide = |catalog: &Catalog| decide_delete(catalog, &find(catalog, request)?.id);
    control.writer().write(decide).await?;
    Ok(Answer::Empty)
}

/// The certificate that a stage begins to show its upstreams is there.
pub(crate) fn check_stage(catalog: &Catalog, before: &Stage, after: &Stage) -> Result<(), Conflict> {
    let shown =
        text(&after.client_certificate_id).filter(|_| before.client_certificate_id != after.client_certificate_id);
    match shown {
        Some(id) if !catalog.client_certificates.contains_key(id) => Err(Conflict::StageCertificateUnknown),
        _ => Ok(()),
    }
}

fn find(catalog: &Catalog, request: &Request) -> Result<Arc<ClientCertificate>, Conflict> {
    let id = request.label("clientcertificate_id");
    catalog.client_certificates.get(id).cloned().ok_or(Conflict::NoSuchClientCertificate)
}

fn run(certificate: &mut ClientCertificate, operation: &PatchOperation) -> Result<(), Failure> {
    match (operation.op, operation.path()) {
        (Op::Replace, "/description") => certificate.description = operation.text(),
        _ => return Err(PATHS.refuse(operation).into()),
    }
    Ok(())
}

/// Deletes a certificate that no stage shows.
fn decide_delete(catalog: &Catalog, id: &str) -> Result<Change<()>, Failure> {
    let stages = catalog.rest_apis.values().flat_map(|tree| tree.stages.values().map(|stage| (&tree.api.id, stage)));
    match stages.into_iter().find(|(_, stage)| stage.client_certificate_id.as_deref() == Some(id)) {
        Some((api, stage)) => {
            let (id, api, stage) = (id.to_owned(), api.clone(), stage.name.clone());
            Err(Conflict::ClientCertificateInUse { id, api, stage }.into())
        }
        None => Ok(Change::answering(()).delete(RecordKey::ClientCertificate(id.to_owned()))),
    }
}
