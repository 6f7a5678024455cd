//! `tollgate stack`: what was deployed.

use clap::Subcommand;
use tollgate_deploy::delete;

use crate::cli::{Settings, say};
use crate::deploy_command::say_outputs;
use crate::deploy_files::TemplateFiles;
use crate::management_client::ManagementClient;
use crate::stack_node::{StackNode, names};

#[derive(Debug, Subcommand)]
pub(crate) enum StackCommand {
    /// List stacks by name.
    List {
        #[command(flatten)]
        settings: Settings,
    },
    /// Show a stack: its resources with their ids, and its outputs.
    Show {
        /// Its name.
        name: String,
        #[command(flatten)]
        settings: Settings,
    },
    /// Delete a stack with all that it made.
    Delete {
        /// Its name.
        name: String,
        #[command(flatten)]
        settings: Settings,
    },
}

impl StackCommand {
    /// Runs the command.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::List { settings } => {
                let client = ManagementClient::new(&settings.load(&[])?)?;
                names(&client).await?.iter().for_each(|name| say(name));
                Ok(())
            }
            Self::Show { name, settings } => show(&name, &settings).await,
            Self::Delete { name, settings } => {
                let client = ManagementClient::new(&settings.load(&[])?)?;
                let node = StackNode::open(client, &name, TemplateFiles::none()).await?;
                node.check_exists()?;
                delete(node.stack(), &node).await?;
                node.forget().await
            }
        }
    }
}

async fn show(name: &str, settings: &Settings) -> anyhow::Result<()> {
    let config = settings.load(&[])?;
    let node = StackNode::open(ManagementClient::new(&config)?, name, TemplateFiles::none()).await?;
    node.check_exists()?;
    let stack = node.stack();
    let status = serde_json::to_value(stack.status)?;
    say(&format!("{name}: {}", status.as_str().unwrap_or_default()));
    let mut entries: Vec<_> = stack.resources.values().collect();
    entries.sort_by_key(|entry| entry.order);
    for entry in entries {
        say(&format!("{:<40} {:<36} {}", entry.logical_id, entry.kind, entry.physical_id));
    }
    for entry in &stack.leftovers {
        say(&format!("{:<40} {:<36} {} (still to be removed)", entry.logical_id, entry.kind, entry.physical_id));
    }
    say_outputs(&stack, &config);
    Ok(())
}
