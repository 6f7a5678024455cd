//! `tollgate migrate-store`: moves all state from a data directory into a database that nodes share.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use tollgate_domain::IdSource;
use tollgate_store::{DataDir, Store};

use crate::cli::{Settings, say};
use crate::root::RootCredentials;

#[derive(Debug, Args)]
pub(crate) struct MigrateStore {
    /// What is moved, as sqlite:DIR. No node may be running on it. It is left as it is.
    #[arg(long, value_name = "sqlite:DIR", value_parser = data_dir)]
    from: PathBuf,
    /// Where to, as postgres://USER@HOST/DATABASE. The database is empty, and no node is running on it. Password and
    /// certificates are those of the settings.
    #[arg(long, value_name = "URL")]
    to: String,
    /// A file of settings, in TOML.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

fn data_dir(text: &str) -> Result<PathBuf, String> {
    text.strip_prefix("sqlite:").map(PathBuf::from).ok_or_else(|| "it begins with sqlite:".to_owned())
}

impl MigrateStore {
    /// Moves everything, holds both sides against each other, and prints what was in each table.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let from = self.from.to_str().context("the data directory's name is no text")?.to_owned();
        let config = Settings::of(self.config).load(&[("data_dir", from), ("store.url", self.to)])?;
        let ids = Arc::new(IdSource::system());
        let there = self.from.join("tollgate.db").exists();
        anyhow::ensure!(there, "there is no database in {}", self.from.display());
        let dir = DataDir::open(&self.from)?;
        let secrets = dir.secrets(config.master_key()?.as_deref(), &ids)?;
        let (root, _) = RootCredentials::find(&config, &dir, &ids)?;
        let settings = config.postgres()?.context("`--to` is empty")?;
        let here = Store::open(dir, secrets.clone(), Arc::clone(&ids))?;
        let shared = Store::connect(&settings, secrets, ids).await.context("cannot use the database of `--to`")?;
        for table in here.migrate_to(&shared).await? {
            say(&format!("{}\t{} rows\t{}", table.name, table.digest.rows, table.digest));
        }
        shared.shared_secret("root", &serde_json::to_string(&root)?).await?;
        say("all is moved, and the same on both sides. Start nodes with the master key of this data directory.");
        Ok(())
    }
}
