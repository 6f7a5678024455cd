//! `tollgate credential`: makes, lists and removes access key pairs of a running node.

use bytes::Bytes;
use clap::{Args, Subcommand, ValueEnum};
use http::Method;
use serde_json::{Value, json};

use crate::cli::{Settings, say};
use crate::management_client::ManagementClient;

const ROOT: &str = "/tollgate/v1/credentials";

#[derive(Debug, Subcommand)]
pub(crate) enum CredentialCommand {
    /// Make a pair and print it. Its secret is shown this once.
    Create(Create),
    /// List pairs: access key id, role, plans, description.
    List {
        #[command(flatten)]
        settings: Settings,
    },
    /// Remove a pair: it is refused from then on, and who signed in with it is signed out.
    Remove {
        /// Its access key id.
        access_key_id: String,
        #[command(flatten)]
        settings: Settings,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Create {
    /// What its owner may do.
    #[arg(long)]
    role: RoleName,
    /// A usage plan, by its id, that a key-issuer may add keys to. May be given more than once.
    #[arg(long = "plan", value_name = "ID", required_if_eq("role", "key-issuer"))]
    plans: Vec<String>,
    /// Whose it is.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RoleName {
    /// Everything.
    Admin,
    /// Whatever changes nothing.
    ReadOnly,
    /// Make keys and add them to some plans.
    KeyIssuer,
}

impl CredentialCommand {
    /// Runs the command.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Create(create) => create.run().await,
            Self::List { settings } => list(&settings).await,
            Self::Remove { access_key_id, settings } => {
                let client = ManagementClient::new(&settings.load(&[])?)?;
                client.send("apigateway", Method::DELETE, &format!("{ROOT}/{access_key_id}"), Bytes::new()).await?;
                Ok(())
            }
        }
    }
}

impl Create {
    async fn run(self) -> anyhow::Result<()> {
        let role = self.role.to_possible_value().map(|role| role.get_name().to_owned());
        let wanted = json!({"role": role, "usagePlanIds": self.plans, "description": self.description});
        let client = ManagementClient::new(&self.settings.load(&[])?)?;
        let made = client.send("apigateway", Method::POST, ROOT, wanted.to_string().into()).await?;
        let made: Value = serde_json::from_slice(made.body())?;
        let member = |name: &str| made[name].as_str().unwrap_or_default().to_owned();
        say(&format!("AWS_ACCESS_KEY_ID={}", member("accessKeyId")));
        say(&format!("AWS_SECRET_ACCESS_KEY={}", member("secretAccessKey")));
        Ok(())
    }
}

async fn list(settings: &Settings) -> anyhow::Result<()> {
    let client = ManagementClient::new(&settings.load(&[])?)?;
    let listed = client.send("apigateway", Method::GET, ROOT, Bytes::new()).await?;
    let listed: Value = serde_json::from_slice(listed.body())?;
    for pair in listed["item"].as_array().into_iter().flatten() {
        let plans: Vec<_> = pair["usagePlanIds"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let text = |name: &str| pair[name].as_str().unwrap_or_default();
        say(&format!("{}\t{}\t{}\t{}", text("accessKeyId"), text("role"), plans.join(","), text("description")));
    }
    Ok(())
}
