//! GetNode: which node this is, and where calls come in.

use serde::Serialize;

use crate::Control;
use crate::answer::{Answer, Reply};
use crate::request::Request;

/// What a node says of itself.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeDescription {
    /// The program's version.
    pub version: &'static str,
    /// Where calls come in, as an address and a port.
    pub gateway: String,
    /// Where they come in by TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway_tls: Option<String>,
    /// Where the management API is served.
    pub management: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NodeWire<'a> {
    #[serde(flatten)]
    node: Option<&'a NodeDescription>,
    region: &'a str,
    account_id: &'a str,
    now: i64,
}

pub(crate) async fn get(control: &Control, request: &Request) -> Reply {
    let (config, node) = (control.config(), control.node());
    Answer::json(&NodeWire { node, region: &config.region, account_id: &config.account_id, now: request.now().0 })
}
