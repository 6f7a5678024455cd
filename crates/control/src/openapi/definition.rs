//! What a document says, whichever form it has: the small form that an import works on.

use std::collections::BTreeMap;

use bytes::Bytes;
use tollgate_domain::{Authorizer, DocumentationPart, GatewayResponse, Model, RequestValidator, RestApiId};

use crate::conflict::Conflict;
use crate::error::Failure;
use crate::openapi::dialect::Dialect;
use crate::openapi::document::{Document, Node};
use crate::openapi::notes::Notes;
use crate::openapi::operation::{self, Operation, OperationReader};
use crate::openapi::schema::Models;
use crate::openapi::security::Security;
use crate::openapi::settings::Settings;
use crate::openapi::{documentation, gateway_responses, validators};

const FORMAT_VERSION: &str = "x-amazon-apigateway-importexport-version";

/// A document, read. Nothing in it has an id yet; what refers to something does so by name.
#[derive(Debug)]
pub(crate) struct Definition {
    pub(crate) settings: Settings,
    pub(crate) base_path: String,
    pub(crate) models: BTreeMap<String, Model>,
    pub(crate) validators: BTreeMap<String, RequestValidator>,
    pub(crate) authorizers: Vec<Authorizer>,
    pub(crate) gateway_responses: Vec<GatewayResponse>,
    pub(crate) documentation: Vec<DocumentationPart>,
    /// Every path, with operations or not.
    pub(crate) paths: Vec<String>,
    pub(crate) operations: Vec<Operation>,
    pub(crate) notes: Notes,
}

impl Definition {
    /// Reads a whole file, on a thread where that may take its time.
    pub(crate) async fn of_file(file: Bytes, api: RestApiId) -> Result<Self, Failure> {
        let read = move || Self::read(&Document::read(&file)?, &api);
        Ok(tokio::task::spawn_blocking(read).await.map_err(|_| Failure::Panicked)??)
    }

    /// Reads a document for the API with this id, which references between models have in them.
    pub(crate) fn read(document: &Document, api: &RestApiId) -> Result<Self, Conflict> {
        let root = document.root();
        let dialect = Dialect::of(root)?;
        let mut notes = Notes::default();
        if root.text(FORMAT_VERSION)?.is_some_and(|version| version != "1.0") {
            notes.warn(format!("Unsupported {FORMAT_VERSION} ignored"));
        }
        let security = Security::read(&dialect.security_schemes(root)?, &mut notes)?;
        let mut models = Models::read(root, dialect, api)?;
        let (mut paths, mut operations) = (Vec::new(), Vec::new());
        if root.member("paths").is_none() {
            notes.warn("Parse issue: attribute paths is missing");
        }
        for (path, item) in root.entries("paths")? {
            if path.starts_with("x-") {
                continue;
            }
            paths.push(path.to_owned());
            let mut reader =
                OperationReader { root, dialect, security: &security, models: &mut models, notes: &mut notes };
            read_path(&mut reader, path, item.follow()?, &mut operations)?;
        }
        Ok(Self {
            settings: Settings::read(root)?,
            base_path: dialect.base_path(root)?,
            models: models.into_drafts(),
            validators: validators::read(root)?,
            authorizers: security.authorizers().cloned().collect(),
            gateway_responses: gateway_responses::read(root, &mut notes)?,
            documentation: documentation::read(root, &mut notes)?,
            paths,
            operations,
            notes,
        })
    }
}

fn read_path(
    reader: &mut OperationReader<'_, '_>,
    path: &str,
    item: Node<'_>,
    operations: &mut Vec<Operation>,
) -> Result<(), Conflict> {
    if !item.is_object() {
        return Err(Conflict::BadOpenApi);
    }
    for (member, operation) in item.members() {
        match operation::verb_of(member) {
            Some(_) if !operation.is_object() => return Err(Conflict::BadOpenApi),
            Some(verb) => operations.push(reader.read(path, verb, item, operation.follow()?)?),
            None if member == "trace" => {
                reader.notes.warn(format!("Method 'TRACE' for resource at path '{path}' ignored"))
            }
            None => {}
        }
    }
    Ok(())
}
