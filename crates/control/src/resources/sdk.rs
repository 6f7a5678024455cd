//! GetSdk: a client for a deployed API, as an archive.

use crate::Control;
use crate::answer::{Answer, Reply};
use crate::conflict::Conflict;
use crate::request::Request;
use crate::resources::export::Deployed;
use crate::sdk;

pub(crate) async fn get(control: &Control, request: &Request) -> Reply {
    let kind = request.label("sdk_type");
    if kind != "javascript" {
        return Err(Conflict::BadSdkType(kind.to_owned()).into());
    }
    let deployed = Deployed::find(control, request)?;
    let invoke_url = format!("https://{}/{}", deployed.host(control), deployed.stage.name);
    let bytes = sdk::archive(&deployed.deployment.snapshot, &invoke_url)?;
    Ok(Answer::File { media_type: "application/zip", name: deployed.file_name("zip"), bytes })
}
