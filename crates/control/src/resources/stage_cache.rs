//! The caches of a stage. Nothing is cached, so that to empty one is to find its stage.

use crate::Control;
use crate::answer::{Answer, Reply};
use crate::conflict::Conflict;
use crate::request::Request;

pub(crate) async fn flush(control: &Control, request: &Request) -> Reply {
    let catalog = control.catalog();
    let tree = catalog.rest_apis.get(&request.rest_api_id()).ok_or(Conflict::NoSuchStage)?;
    tree.stages.get(&request.stage_name()).ok_or(Conflict::NoSuchStage)?;
    Ok(Answer::Empty)
}
