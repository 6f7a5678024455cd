//! `tollgate import`: brings what an account elsewhere has to a running node, under the ids that it has there.

use anyhow::bail;
use clap::{Args, Subcommand};
use tollgate_domain::Clock;
use tollgate_domain::clock::SystemClock;

use crate::account::aws::AwsAccount;
use crate::account::{Inventory, Scope};
use crate::cli::{Settings, say, tell};
use crate::config;
use crate::import::{Diff, Sending, send, steps};
use crate::management_client::ManagementClient;

#[derive(Debug, Subcommand)]
pub(crate) enum ImportCommand {
    /// Bring APIs, stages, usage plans, keys and what is left of their quotas from API Gateway on AWS.
    Aws(ImportAws),
}

#[derive(Debug, Args)]
pub(crate) struct ImportAws {
    /// The profile of AWS's own files whose credentials are used.
    #[arg(long)]
    profile: Option<String>,
    /// The region of the account.
    #[arg(long)]
    region: Option<String>,
    /// Where the account's API Gateway answers, if not on AWS.
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,
    /// Show what would be done, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Take APIs and plans over that are here under the same id with another name.
    #[arg(long)]
    overwrite: bool,
    /// Leave the tags of keys, each of which takes a request.
    #[arg(long)]
    skip_key_tags: bool,
    #[command(flatten)]
    settings: Settings,
}

impl ImportCommand {
    /// Runs the command.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Aws(import) => import.run().await,
        }
    }
}

impl ImportAws {
    async fn run(self) -> anyhow::Result<()> {
        let client = ManagementClient::new(&self.settings.load(&[])?)?;
        let environment = config::environment_of_aws();
        let account =
            AwsAccount::find(&environment, self.profile.as_deref(), self.region.clone(), self.endpoint_url.clone())?;
        tell(&format!("reading from {}", account.endpoint()));
        let today = SystemClock::new().now().wall.day();
        let scope = Scope { apis: true, key_tags: !self.skip_key_tags, key_values: true, usage: Some(today) };
        let inventory = Inventory::read(&account, scope, |line| tell(&line)).await?;
        let notes = inventory.notes.clone();
        let diff = Diff::of(&client, steps(inventory), self.overwrite, |line| tell(&line)).await?;
        diff.told().iter().for_each(|line| say(line));
        notes.iter().for_each(|note| tell(&format!("note: {note}")));
        if !diff.clashes.is_empty() {
            bail!(
                "{} here already as something else (see the lines with \"!\"); nothing was changed",
                counted(diff.clashes.len(), "is", "are")
            );
        }
        match (diff.steps.is_empty(), self.dry_run) {
            (true, _) => say("nothing to do"),
            (false, true) => say("nothing was changed: this was a dry run"),
            (false, false) => self.make(&client, &diff).await?,
        }
        if !diff.troubles.is_empty() {
            bail!(
                "{} not imported (see the lines with \"!\")",
                counted(diff.troubles.len(), "thing was", "things were")
            );
        }
        Ok(())
    }

    async fn make(&self, client: &ManagementClient, diff: &Diff) -> anyhow::Result<()> {
        let total = diff.steps.len();
        for (done, step) in diff.steps.iter().enumerate() {
            let stopped = |why: &dyn std::fmt::Display| {
                anyhow::anyhow!(
                    "stopped at {}: {why}\n{done} of {total} steps are done; the same command goes on from there",
                    step.about
                )
            };
            match send(client, step, Sending::Do { overwrite: self.overwrite }).await {
                Ok(Ok(_)) => tell(&format!("[{}/{total}] {}", done + 1, step.about)),
                Ok(Err(refused)) => return Err(stopped(&refused)),
                Err(unheard) => return Err(stopped(&format!("{unheard:#}"))),
            }
        }
        say(&format!("done: {}", counted(total, "step", "steps")));
        Ok(())
    }
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
