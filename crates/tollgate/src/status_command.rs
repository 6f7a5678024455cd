//! `tollgate status`: the nodes that share a store, and how far each has come.

use bytes::Bytes;
use clap::Args;
use http::Method;
use serde_json::Value;

use crate::cli::{Settings, say};
use crate::management_client::ManagementClient;

#[derive(Debug, Args)]
pub(crate) struct Status {
    /// Wait so many milliseconds until all nodes that are alive have come along, and fail if they have not.
    #[arg(long, value_name = "MS")]
    wait: Option<u64>,
    #[command(flatten)]
    settings: Settings,
}

impl Status {
    /// Prints a line for each node: name, version, state, last change that is in force, changes that are not, lag.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let client = ManagementClient::new(&self.settings.load(&[])?)?;
        let query = self.wait.map(|wait| format!("?wait={wait}")).unwrap_or_default();
        let path = format!("/tollgate/v1/nodes{query}");
        let answer = client.send("apigateway", Method::GET, &path, Bytes::new()).await?;
        let told: Value = serde_json::from_slice(answer.body())?;
        say("NAME\tVERSION\tSTATE\tREVISION\tBEHIND\tLAG\tGATEWAY");
        for node in told["item"].as_array().into_iter().flatten() {
            say(&line(node));
        }
        let behind: Vec<&str> = told["behind"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if self.wait.is_some() && !behind.is_empty() {
            anyhow::bail!("not all is in force on {}", behind.join(", "));
        }
        Ok(())
    }
}

fn line(node: &Value) -> String {
    let text = |name: &str| node[name].as_str().unwrap_or_default().to_owned();
    let number = |name: &str| node[name].as_i64().unwrap_or_default();
    let state = match node["alive"].as_bool() {
        Some(true) if node["buckets"] == "alone" => "alive, alone with its throttles".to_owned(),
        Some(true) => "alive".to_owned(),
        _ => format!("silent for {} s", number("silentFor") / 1000),
    };
    let (revision, behind, lag) = (number("revision"), number("behind"), number("lag"));
    format!("{}\t{}\t{state}\t{revision}\t{behind}\t{lag} ms\t{}", text("name"), text("version"), text("gateway"))
}
