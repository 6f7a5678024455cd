//! ImportDocumentationParts: documentation out of a document that has nothing else to say.

use serde::Serialize;
use tollgate_domain::{Catalog, DocumentationPart};

use crate::Control;
use crate::answer::{Answer, Reply};
use crate::conflict::Conflict;
use crate::error::Failure;
use crate::openapi::document::Document;
use crate::openapi::import::Mode;
use crate::openapi::notes::Notes;
use crate::openapi::{difference, documentation};
use crate::request::Request;
use crate::resources::rest_api;
use crate::write::Change;

#[derive(Clone, Serialize)]
struct DocumentationPartIdsWire {
    ids: Vec<String>,
    warnings: Vec<String>,
}

pub(crate) async fn import(control: &Control, request: &Request) -> Reply {
    let mode = Mode::parse(request.query("mode"))?;
    let (file, fail_on_warnings) = (request.bytes().clone(), request.flag("failonwarnings"));
    let reading = tokio::task::spawn_blocking(move || read(&file, fail_on_warnings));
    let (parts, warnings) = reading.await.map_err(|_| Failure::Panicked)??;
    let id = request.rest_api_id();
    let decide = |catalog: &Catalog| {
        let before = rest_api::find(control, catalog, &id)?;
        let mut after = before.as_ref().clone();
        if mode == Mode::Overwrite {
            after.documentation_parts.clear();
        }
        let ids = documentation::merge(&mut after, &before, &parts, control.ids());
        let answer = DocumentationPartIdsWire { ids, warnings: warnings.clone() };
        Ok(difference::write(Change::answering(answer), &before, &after))
    };
    Answer::json(&control.writer().write(decide).await?)
}

/// Reads the parts of a whole OpenAPI document, or of a file that has only them.
fn read(body: &[u8], fail_on_warnings: bool) -> Result<(Vec<DocumentationPart>, Vec<String>), Conflict> {
    let unreadable = |_| Conflict::BadDocumentationFile;
    let document = Document::read(body).map_err(unreadable)?;
    let root = document.root();
    let mut notes = Notes::default();
    let parts = match (root.member(documentation::DOCUMENTATION), root.member(documentation::PARTS)) {
        (Some(_), _) => documentation::read(root, &mut notes).map_err(unreadable)?,
        (None, Some(_)) => documentation::read_parts(root, &mut notes).map_err(unreadable)?,
        (None, None) => return Err(Conflict::BadDocumentationFile),
    };
    Ok((parts, notes.finish(fail_on_warnings)?))
}
