//! CreateConsoleLink: a token that signs in to the console once.

use serde::Serialize;

use crate::Control;
use crate::answer::{Answer, Reply};
use crate::console::LINK_SECONDS;
use crate::request::Request;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ConsoleLinkWire {
    /// The path of the console, with the token as its fragment, which browsers do not send.
    path: String,
    expires_in_seconds: i64,
}

/// Makes a link for who asks.
pub(crate) async fn create(control: &Control, request: &Request) -> Reply {
    let caller = request.caller().map_or("", |caller| caller.access_key_id.as_str());
    let path = format!("/console/#link={}", control.console_link(caller).await?);
    Answer::json(&ConsoleLinkWire { path, expires_in_seconds: LINK_SECONDS })
}
