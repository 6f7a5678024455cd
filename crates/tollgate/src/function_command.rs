//! `tollgate function`: makes, lists, removes and calls functions of a running node.

use std::path::PathBuf;

use anyhow::{Context, bail};
use bytes::Bytes;
use clap::{Args, Subcommand};
use http::Method;
use serde_json::{Value, json};

use crate::cli::{Settings, say};
use crate::management_client::ManagementClient;

const ROOT: &str = "/2015-03-31/functions";

#[derive(Debug, Subcommand)]
pub(crate) enum FunctionCommand {
    /// Make a function of a folder of code, or of a Lambda endpoint.
    Add(Add),
    /// List functions: name, runtime and handler.
    List {
        #[command(flatten)]
        settings: Settings,
    },
    /// Remove a function.
    Remove {
        /// Its name.
        name: String,
        #[command(flatten)]
        settings: Settings,
    },
    /// Call a function and print what it returned. Fails if the function does.
    Invoke {
        /// Its name or ARN.
        name: String,
        /// The event, as JSON.
        #[arg(long, value_name = "JSON", default_value = "{}")]
        payload: String,
        #[command(flatten)]
        settings: Settings,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Add {
    /// Its name.
    name: String,
    /// What runs the code: nodejs20.x, python3.12, provided.al2023 …
    #[arg(long, requires = "code")]
    runtime: Option<String>,
    /// Where in the code the call is answered: file.export.
    #[arg(long, requires = "code")]
    handler: Option<String>,
    /// The folder of the code. What changes in it shows in new processes.
    #[arg(long, value_name = "DIR", required_unless_present = "endpoint")]
    code: Option<PathBuf>,
    /// A Lambda endpoint instead of code.
    #[arg(long, value_name = "URL", conflicts_with = "code")]
    endpoint: Option<String>,
    /// The name or ARN that the function has at the endpoint, if another.
    #[arg(long, value_name = "NAME", requires = "endpoint")]
    endpoint_function: Option<String>,
    /// An environment variable of the function's own.
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = variable)]
    variables: Vec<(String, String)>,
    /// How long a call may take, in seconds.
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u32>,
    #[command(flatten)]
    settings: Settings,
}

impl FunctionCommand {
    /// Runs the command.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Add(add) => add.run().await,
            Self::List { settings } => list(&client(&settings)?).await,
            Self::Remove { name, settings } => {
                let client = client(&settings)?;
                client.send("lambda", Method::DELETE, &path(&name, ""), Bytes::new()).await?;
                Ok(())
            }
            Self::Invoke { name, payload, settings } => invoke(&client(&settings)?, &name, payload).await,
        }
    }
}

impl Add {
    async fn run(self) -> anyhow::Result<()> {
        let client = client(&self.settings)?;
        let body = self.request()?.to_string().into();
        let made = client.send("lambda", Method::POST, ROOT, body).await?;
        let made: Value = serde_json::from_slice(made.body())?;
        say(made["FunctionArn"].as_str().unwrap_or_default());
        Ok(())
    }

    /// CreateFunction's request. `Folder` and `Endpoint` are Tollgate's own.
    fn request(&self) -> anyhow::Result<Value> {
        let code = match (&self.code, &self.endpoint) {
            (Some(code), _) => {
                let folder = code.canonicalize().with_context(|| format!("there is no folder {}", code.display()))?;
                json!({ "Folder": folder.to_str().context("the folder's name is no text")? })
            }
            (None, endpoint) => json!({ "Endpoint": endpoint, "FunctionName": self.endpoint_function }),
        };
        let variables: serde_json::Map<_, _> =
            self.variables.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        Ok(json!({
            "FunctionName": self.name,
            "Runtime": self.runtime,
            "Handler": self.handler,
            "Code": code,
            "Timeout": self.timeout,
            "Environment": { "Variables": variables },
        }))
    }
}

async fn list(client: &ManagementClient) -> anyhow::Result<()> {
    let mut marker = None::<String>;
    loop {
        let query = marker.map(|marker| format!("?Marker={marker}")).unwrap_or_default();
        let page = client.send("lambda", Method::GET, &format!("{ROOT}/{query}"), Bytes::new()).await?;
        let page: Value = serde_json::from_slice(page.body())?;
        for function in page["Functions"].as_array().into_iter().flatten() {
            let text = |member: &str| function[member].as_str().unwrap_or("-").to_owned();
            say(&format!("{:<32} {:<16} {}", text("FunctionName"), text("Runtime"), text("Handler")));
        }
        match page["NextMarker"].as_str() {
            Some(next) => marker = Some(next.to_owned()),
            None => return Ok(()),
        }
    }
}

async fn invoke(client: &ManagementClient, name: &str, payload: String) -> anyhow::Result<()> {
    let answer = client.send("lambda", Method::POST, &path(name, "/invocations"), payload.into()).await?;
    say(&String::from_utf8_lossy(answer.body()));
    if answer.headers().contains_key("x-amz-function-error") {
        bail!("the function failed");
    }
    Ok(())
}

fn client(settings: &Settings) -> anyhow::Result<ManagementClient> {
    ManagementClient::new(&settings.load(&[])?)
}

/// A path of a function. What its name may not hold is encoded, so that the node can say so.
fn path(name: &str, rest: &str) -> String {
    let name = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
    format!("{ROOT}/{name}{rest}").replace("%2D", "-").replace("%5F", "_")
}

pub(crate) fn variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("takes NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
