//! `tollgate console-link`: prints a link that signs in to the console of a running node.

use anyhow::Context;
use bytes::Bytes;
use http::Method;
use serde_json::Value;

use crate::cli::{Settings, say};
use crate::management_client::ManagementClient;
use crate::plain_http;

/// Asks the node for a link, as its administrator.
pub(crate) async fn run(settings: &Settings) -> anyhow::Result<()> {
    let config = settings.load(&[])?;
    let client = ManagementClient::new(&config)?;
    let made = client.send("apigateway", Method::POST, "/tollgate/v1/console-links", Bytes::new()).await?;
    let made: Value = serde_json::from_slice(made.body())?;
    let path = made["path"].as_str().context("the answer has no path")?;
    say(&format!("http://{}{path}", plain_http::reachable(config.management)));
    Ok(())
}
