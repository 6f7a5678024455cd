//! `tollgate export`: writes what a running node has, for AWS or another node to take in.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::account::{Inventory, Scope};
use crate::cli::{Settings, tell};
use crate::export::{File, aws_cli, csv, terraform, write_all, write_one};
use crate::management_client::ManagementClient;

#[derive(Debug, Subcommand)]
pub(crate) enum ExportCommand {
    /// A script of AWS CLI commands that makes APIs, stages, plans and keys.
    AwsCli(ExportFolder),
    /// Terraform's configuration, and blocks that import what there is into its state.
    Terraform(ExportFolder),
    /// Keys and their plans, as ImportApiKeys takes them.
    Csv(ExportCsv),
}

#[derive(Debug, Args)]
pub(crate) struct ExportFolder {
    /// The folder to write to; new or empty.
    #[arg(long, value_name = "DIR", default_value = "tollgate-export")]
    out: PathBuf,
    #[command(flatten)]
    what: What,
}

#[derive(Debug, Args)]
pub(crate) struct ExportCsv {
    /// The file to write, which must not be there yet; standard output unless given.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    what: What,
}

#[derive(Debug, Args)]
struct What {
    /// Write the values of keys, which are secrets. Something that holds their place is written otherwise.
    #[arg(long)]
    include_values: bool,
    #[command(flatten)]
    settings: Settings,
}

impl ExportCommand {
    /// Runs the command.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::AwsCli(folder) => folder.write("restore.sh", aws_cli::files).await,
            Self::Terraform(folder) => folder.write("main.tf", terraform::files).await,
            Self::Csv(file) => file.write().await,
        }
    }
}

impl ExportFolder {
    async fn write(self, main: &str, files: impl Fn(&Inventory) -> Vec<File>) -> anyhow::Result<()> {
        let inventory = self.what.read(true).await?;
        write_all(&self.out, &files(&inventory))?;
        let Inventory { apis, plans, .. } = &inventory;
        let counts = format!("{} APIs, {} plans, {} keys", apis.len(), plans.len(), inventory.key_count());
        tell(&format!("{}: {counts}", self.out.join(main).display()));
        Ok(())
    }
}

impl ExportCsv {
    async fn write(self) -> anyhow::Result<()> {
        let inventory = self.what.read(false).await?;
        let lines = csv::keys(&inventory);
        match &self.out {
            Some(path) => {
                write_one(path, &lines, false)?;
                tell(&format!("{}: {} keys", path.display(), inventory.key_count()));
            }
            None => crate::cli::say(lines.trim_end()),
        }
        Ok(())
    }
}

impl What {
    /// Reads the node; without APIs, only what lines of keys tell.
    async fn read(&self, all: bool) -> anyhow::Result<Inventory> {
        let client = ManagementClient::new(&self.settings.load(&[])?)?;
        let scope = Scope { apis: all, key_tags: all, key_values: self.include_values, usage: None };
        let inventory = Inventory::read(&client, scope, |_| ()).await?;
        inventory.notes.iter().for_each(|note| tell(&format!("note: {note}")));
        if !self.include_values {
            tell("values of keys are left out; --include-values writes them");
        }
        Ok(inventory)
    }
}
