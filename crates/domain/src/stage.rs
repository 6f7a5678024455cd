//! Stages: a deployment under a name that callers use.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Tags;
use crate::clock::UnixMillis;
use crate::id::{DeploymentId, StageName};
use crate::throttle::ThrottleSettings;

/// A stage. Its settings hold at once, without a new deployment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// Its name, the first segment of a call's path.
    pub name: StageName,
    /// What it serves.
    pub deployment_id: DeploymentId,
    /// Free text.
    pub description: Option<String>,
    /// When it was made.
    pub created: UnixMillis,
    /// When it was last changed.
    pub updated: UnixMillis,
    /// Stage variables.
    pub variables: BTreeMap<String, String>,
    /// Settings by `*/*` or `{path without its first slash}/{METHOD}`, kept as given.
    pub method_settings: BTreeMap<String, MethodSetting>,
    /// Whether a response cache was asked for.
    pub cache_cluster_enabled: bool,
    /// Its size in GB.
    pub cache_cluster_size: Option<String>,
    /// Certificate shown to upstreams.
    pub client_certificate_id: Option<String>,
    /// Version of the documentation.
    pub documentation_version: Option<String>,
    /// Where and how calls are logged.
    pub access_log_settings: Option<AccessLogSettings>,
    /// A second deployment for a share of the calls.
    pub canary_settings: Option<CanarySettings>,
    /// Whether calls are traced.
    pub tracing_enabled: bool,
    /// Tags.
    pub tags: Tags,
}

/// Settings of one method of a stage, or of all of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MethodSetting {
    /// Whether metrics are kept.
    pub metrics_enabled: bool,
    /// `OFF`, `ERROR` or `INFO`.
    pub logging_level: Option<String>,
    /// Whether whole calls are logged.
    pub data_trace_enabled: bool,
    /// Tokens that the method's bucket holds; negative is off.
    pub throttling_burst_limit: i32,
    /// Tokens added per second; negative is off.
    pub throttling_rate_limit: f64,
    /// Whether answers are cached.
    pub caching_enabled: bool,
    /// For how long, in seconds.
    pub cache_ttl_in_seconds: i32,
    /// Whether the cache is encrypted.
    pub cache_data_encrypted: bool,
    /// Whether a caller who wants a fresh answer has to be authorized.
    pub require_authorization_for_cache_control: bool,
    /// What such a caller is told otherwise.
    pub unauthorized_cache_control_header_strategy: String,
}

impl Default for MethodSetting {
    /// AWS's defaults for an entry that a PATCH creates.
    fn default() -> Self {
        Self {
            metrics_enabled: false,
            logging_level: None,
            data_trace_enabled: false,
            throttling_burst_limit: 5000,
            throttling_rate_limit: 10_000.0,
            caching_enabled: false,
            cache_ttl_in_seconds: 300,
            cache_data_encrypted: false,
            require_authorization_for_cache_control: true,
            unauthorized_cache_control_header_strategy: "SUCCEED_WITH_RESPONSE_HEADER".to_owned(),
        }
    }
}

impl MethodSetting {
    /// Rate and burst of the method's bucket, shared by all callers.
    pub fn throttle(&self) -> ThrottleSettings {
        ThrottleSettings::new(self.throttling_rate_limit, self.throttling_burst_limit)
    }
}

/// Where and how calls are logged.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AccessLogSettings {
    /// The log's ARN.
    pub destination_arn: Option<String>,
    /// The line, with `$context` variables.
    pub format: Option<String>,
}

/// A second deployment that takes a share of a stage's calls.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CanarySettings {
    /// The share, 0 to 100.
    pub percent_traffic: f64,
    /// What it serves.
    pub deployment_id: Option<DeploymentId>,
    /// Stage variables that differ.
    pub stage_variable_overrides: BTreeMap<String, String>,
    /// Whether it shares the stage's cache.
    pub use_stage_cache: bool,
}

impl Stage {
    /// The settings of a method: its own entry, in either spelling of its key, else the stage's `*/*`.
    ///
    /// AWS keeps `test/GET` and `~1test/GET` as two entries, as they were written; a call matches both.
    pub fn method_setting(&self, resource_path: &str, method: &str) -> Option<&MethodSetting> {
        let trimmed = resource_path.trim_start_matches('/');
        let escaped = resource_path.replace('/', "~1");
        [format!("{trimmed}/{method}"), format!("{escaped}/{method}"), format!("{resource_path}/{method}")]
            .iter()
            .find_map(|key| self.method_settings.get(key))
            .or_else(|| self.method_settings.get("*/*"))
    }
}
