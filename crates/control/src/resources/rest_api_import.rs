//! ImportRestApi and PutRestApi: an API out of an OpenAPI document.

use std::sync::Arc;

use serde_json::json;
use tollgate_domain::{Catalog, RestApi, RestApiTree};

use crate::Control;
use crate::answer::Reply;
use crate::conflict::Conflict;
use crate::error::Failure;
use crate::json::Members;
use crate::openapi::base_path::BasePath;
use crate::openapi::definition::Definition;
use crate::openapi::difference;
use crate::openapi::import::{self, Mode, Options};
use crate::request::Request;
use crate::resources::rest_api;
use crate::write::Change;

/// An API after an import, and the warnings.
type Imported = (Arc<RestApi>, Vec<String>);

/// Makes an API of a document. It has the document's models and no others, not even those that a new API begins with.
pub(crate) async fn import(control: &Control, request: &Request) -> Reply {
    let options = options(request, Mode::Merge)?;
    let id = control.ids().rest_api_id();
    let definition = Definition::of_file(request.bytes().clone(), id.clone()).await?;
    let endpoint = request.query("endpointConfigurationTypes").map(|types| json!({ "types": [types] }));
    let body = json!({ "name": definition.settings.title, "endpointConfiguration": endpoint }).to_string();
    if definition.settings.title.is_none() {
        return Err(Conflict::BadOpenApi.into());
    }
    let api = rest_api::read(id, control.ids().root_resource_id(), request.now(), &Members::parse(body.as_bytes())?)?;
    let mut fresh = RestApiTree::new(Arc::new(api));
    let root = rest_api::root_of(&fresh.api);
    fresh.resources.insert(root.id.clone(), Arc::new(root));
    let owned = control.clone();
    let decide = move |_: &Catalog| {
        let (after, warnings) = import::import(&fresh, &definition, options, owned.ids())?;
        let change = Change::answering((Arc::clone(&after.api), warnings));
        Ok(difference::write(change, &RestApiTree::new(Arc::clone(&fresh.api)), &after))
    };
    let (api, warnings) = control.writer().write_at_length(decide).await?;
    rest_api::answer(&api, &warnings)
}

/// Brings a document into an API that is there.
pub(crate) async fn put(control: &Control, request: &Request) -> Reply {
    let options = options(request, Mode::parse(request.query("mode"))?)?;
    let id = request.rest_api_id();
    let definition = Definition::of_file(request.bytes().clone(), id.clone()).await?;
    let owned = control.clone();
    let decide = move |catalog: &Catalog| -> Result<Change<Imported>, Failure> {
        let before = rest_api::find(&owned, catalog, &id)?;
        let (after, warnings) = import::import(&before, &definition, options, owned.ids())?;
        let change = Change::answering((Arc::clone(&after.api), warnings));
        Ok(difference::write(change, &before, &after))
    };
    let (api, warnings) = control.writer().write_at_length(decide).await?;
    rest_api::answer(&api, &warnings)
}

fn options(request: &Request, mode: Mode) -> Result<Options, Conflict> {
    Ok(Options {
        mode,
        base_path: BasePath::parse(request.query("basepath"))?,
        ignore_documentation: request.query("ignore").is_some_and(|what| what == "documentation"),
        fail_on_warnings: request.flag("failonwarnings"),
    })
}
