//! The caches of a stage: what its authorizers said of callers. Answers are not cached, so that to empty their cache is
//! to find the stage.

use crate::Control;
use crate::answer::{Answer, Reply};
use crate::conflict::Conflict;
use crate::request::Request;

pub(crate) async fn flush(control: &Control, request: &Request) -> Reply {
    check_stage(control, request)?;
    Ok(Answer::Empty)
}

pub(crate) async fn flush_authorizers(control: &Control, request: &Request) -> Reply {
    check_stage(control, request)?;
    control.gate().flush_authorizers(&request.rest_api_id(), &request.stage_name());
    Ok(Answer::Empty)
}

fn check_stage(control: &Control, request: &Request) -> Result<(), Conflict> {
    let catalog = control.catalog();
    let tree = catalog.rest_apis.get(&request.rest_api_id()).ok_or(Conflict::NoSuchStage)?;
    tree.stages.get(&request.stage_name()).ok_or(Conflict::NoSuchStage)?;
    Ok(())
}
