//! The administrator's credentials: given, or made on first start and kept.

use anyhow::Context;
use serde::{Deserialize, Serialize};
use tollgate_domain::IdSource;
use tollgate_store::{DataDir, Store};

use crate::config::Config;

/// File in the data directory.
const FILE: &str = "root.json";

/// An access key pair.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct RootCredentials {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
}

impl RootCredentials {
    /// Takes what is configured, else what was made before, else makes a pair. True with a pair that was just made: it
    /// is to be shown.
    pub(crate) fn find(config: &Config, dir: &DataDir, ids: &IdSource) -> anyhow::Result<(Self, bool)> {
        if let Some(given) = Self::given(config) {
            return Ok((given, false));
        }
        let fresh = Self {
            // AWS's forms: clients and people recognise them.
            access_key_id: format!("AKIA{}", ids.lower_alnum(16).to_uppercase()),
            secret_access_key: ids.api_key_value(),
        };
        let text = serde_json::to_string(&fresh)?;
        let kept = dir.read_or_make(FILE, || text.clone())?;
        Ok((serde_json::from_str(&kept)?, kept == text))
    }

    /// Agrees with the nodes that share the store: all take the pair that the first of them had, unless one is
    /// configured. What is agreed on is kept, for the command line. True with a pair that this start made.
    pub(crate) async fn agree(
        self,
        is_new: bool,
        config: &Config,
        store: &Store,
        dir: &DataDir,
    ) -> anyhow::Result<(Self, bool)> {
        if Self::given(config).is_some() {
            return Ok((self, false));
        }
        let ours = serde_json::to_string(&self)?;
        match store.shared_secret("root", &ours).await? {
            Some(shared) if shared != ours => {
                dir.replace(FILE, &shared)?;
                Ok((serde_json::from_str(&shared)?, false))
            }
            _ => Ok((self, is_new)),
        }
    }

    /// What is configured, else what a node made. Takes no lock: the node may be running.
    pub(crate) fn kept(config: &Config) -> anyhow::Result<Self> {
        if let Some(given) = Self::given(config) {
            return Ok(given);
        }
        let path = config.data_dir.join(FILE);
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} holds no credentials", path.display()))
    }

    fn given(config: &Config) -> Option<Self> {
        let (access_key_id, secret_access_key) =
            (config.root_access_key_id.clone(), config.root_secret_access_key.clone());
        (!access_key_id.is_empty()).then_some(Self { access_key_id, secret_access_key })
    }
}
