//! What the operator sets for the process: defaults, then a file, then the environment, then flags.
//!
//! The only place that reads the environment. All mistakes are told at once.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use tollgate_domain::ThrottleSettings;
use tollgate_gateway::admission::Unaccounted;
use tollgate_gateway::certificates::CertificateFiles;
use tollgate_gateway::{GatewayConfig, PlanThrottleScope, ServiceCredentials};
use tollgate_store::{PostgresSettings, RedisSettings, is_bucket_address};
use toml::{Table, Value};

use crate::access_log::Destination;
use crate::function_config::{self, FunctionEndpoint, FunctionProcesses, FunctionTable};
use crate::traces::TraceSettings;
use crate::user_pool_config::{self, UserPoolTable};

/// The defaults, which are the manual.
const DEFAULTS: &str = include_str!("../../../tollgate.default.toml");

/// What every environment variable of Tollgate begins with.
const PREFIX: &str = "TOLLGATE_";

/// Names the file that a build for tests takes the time of day from. Other builds know no such setting.
#[cfg(feature = "test-clock")]
const TEST_CLOCK: &str = "TOLLGATE_TEST_CLOCK";

/// The tables whose names the operator chooses; all others have the names of the defaults.
const OPEN_TABLES: [&str; 1] = ["service_endpoints"];

/// Those that have a table under each name.
const TABLES_OF_TABLES: [&str; 2] = ["functions", "user_pools"];

/// What the operator set.
#[derive(Clone, Deserialize)]
pub(crate) struct Config {
    pub(crate) data_dir: PathBuf,
    pub(crate) gateway: SocketAddr,
    #[serde(deserialize_with = "address_or_none")]
    pub(crate) gateway_tls: Option<SocketAddr>,
    pub(crate) management: SocketAddr,
    #[serde(deserialize_with = "address_or_none")]
    pub(crate) management_tls: Option<SocketAddr>,
    pub(crate) print_addresses: bool,
    pub(crate) node_name: String,
    pub(crate) region: String,
    pub(crate) account_id: String,
    pub(crate) root_access_key_id: String,
    pub(crate) root_secret_access_key: String,
    master_key: String,
    master_key_file: PathBuf,
    pub(crate) store: StoreTable,
    buckets: BucketsTable,
    quota: QuotaTable,
    service_access_key_id: String,
    service_secret_access_key: String,
    pub(crate) log: String,
    pub(crate) log_format: LogFormat,
    http2: bool,
    tls: Tls,
    pub(crate) metrics: MetricsSettings,
    access_log: AccessLogSettings,
    traces: TraceTable,
    pub(crate) limits: Limits,
    pub(crate) function_processes: FunctionProcesses,
    pub(crate) function_endpoint: FunctionEndpoint,
    /// By name.
    pub(crate) functions: BTreeMap<String, FunctionTable>,
    timeouts: Timeouts,
    gateway_threads: GatewayThreads,
    service_endpoints: BTreeMap<String, String>,
    /// By id.
    user_pools: BTreeMap<String, UserPoolTable>,
    #[cfg(feature = "test-clock")]
    #[serde(skip)]
    pub(crate) test_clock: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    Text,
    Json,
}

#[derive(Clone, Deserialize)]
pub(crate) struct StoreTable {
    url: String,
    password: String,
    password_file: PathBuf,
    root_certificate: PathBuf,
    connections: usize,
    wait_for_nodes: u64,
    max_staleness: u64,
}

#[derive(Clone, Deserialize)]
struct BucketsTable {
    url: String,
    password: String,
    password_file: PathBuf,
    sentinel_password: String,
    sentinel_password_file: PathBuf,
    root_certificate: PathBuf,
    prefix: String,
    /// In milliseconds.
    patience: u64,
}

#[derive(Clone, Copy, Deserialize)]
struct QuotaTable {
    when_unaccounted: WhenUnaccounted,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum WhenUnaccounted {
    Refuse,
    Admit,
}

#[derive(Clone, Deserialize)]
struct Tls {
    certificates: Vec<CertificatePair>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct CertificatePair {
    chain: PathBuf,
    key: PathBuf,
}

#[derive(Clone, Deserialize)]
pub(crate) struct MetricsSettings {
    pub(crate) token: String,
    max_methods: usize,
}

#[derive(Clone, Deserialize)]
struct AccessLogSettings {
    to: AccessLogTarget,
    folder: PathBuf,
}

#[derive(Clone, Deserialize)]
struct TraceTable {
    endpoint: String,
    ratio: f64,
    timeout: u64,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum AccessLogTarget {
    Stdout,
    Files,
    Off,
}

#[derive(Clone, Deserialize)]
pub(crate) struct Limits {
    account_rate_limit: f64,
    account_burst_limit: i32,
    plan_throttle_scope: Scope,
    ratelimit_headers: bool,
    max_body_bytes: u64,
    max_header_bytes: usize,
    max_connections: usize,
    http2_max_streams: u32,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Scope {
    Plan,
    Method,
}

/// In milliseconds.
#[derive(Clone, Deserialize)]
struct Timeouts {
    tls_handshake: u64,
    http2_ping: u64,
    header_read: u64,
    client_idle: u64,
    body_read: u64,
    body_total: u64,
    upstream_body: u64,
    upstream_idle: u64,
    drain: u64,
    function_drain: u64,
}

#[derive(Clone, Deserialize)]
struct GatewayThreads {
    count: usize,
    upstream_max_idle: usize,
}

/// All that is wrong with the settings, each with where it was set.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mistakes(Vec<String>);

impl std::error::Error for Mistakes {}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration has {} mistake(s):", self.0.len())?;
        self.0.iter().try_for_each(|mistake| write!(f, "\n  - {mistake}"))
    }
}

/// The variables that AWS's tools read, and where the files of the user are.
#[expect(clippy::disallowed_methods, reason = "this is the seam")]
pub(crate) fn environment_of_aws() -> std::collections::BTreeMap<String, String> {
    std::env::vars().filter(|(name, _)| name.starts_with("AWS_") || name == "HOME").collect()
}

/// A setting given by a flag: its name, and its value as text.
pub(crate) type Flag = (&'static str, String);

impl Config {
    /// Reads the file, if one is named, and the environment of the process.
    #[expect(clippy::disallowed_methods, reason = "this is the seam")]
    pub(crate) fn load(file: Option<&Path>, flags: &[Flag]) -> Result<Self, Mistakes> {
        let text = match file {
            Some(path) => {
                std::fs::read_to_string(path).map_err(|error| Mistakes(vec![format!("{}: {error}", path.display())]))?
            }
            None => String::new(),
        };
        let name = file.map_or_else(String::new, |path| path.display().to_string());
        Self::from_layers((&name, &text), std::env::vars(), flags)
    }

    fn from_layers(
        (file, text): (&str, &str),
        environment: impl Iterator<Item = (String, String)>,
        flags: &[Flag],
    ) -> Result<Self, Mistakes> {
        let defaults: Table = toml::from_str(DEFAULTS).expect("the default settings are TOML");
        let mut settings = defaults.clone();
        let mut mistakes = Vec::new();
        match toml::from_str::<Table>(text) {
            Ok(table) => overlay(&mut settings, table, file, "", &mut mistakes),
            Err(error) => mistakes.push(format!("{file}: {}", error.to_string().trim_end())),
        }
        let mut path = String::new();
        #[cfg(feature = "test-clock")]
        let mut test_clock = PathBuf::new();
        for (name, value) in environment {
            #[cfg(feature = "test-clock")]
            if name == TEST_CLOCK {
                test_clock = value.into();
                continue;
            }
            if name == "PATH" {
                path.clone_from(&value);
            }
            if let Some(path) = name.strip_prefix(PREFIX) {
                let path = path.to_lowercase();
                set_text(&mut settings, &path.split("__").collect::<Vec<_>>(), &value, &name, &mut mistakes);
            }
        }
        for (name, value) in flags {
            let path: Vec<&str> = name.split('.').collect();
            let flag = format!("--{}", path[0].replace('_', "-"));
            set_text(&mut settings, &path, value, &flag, &mut mistakes);
        }
        check(&settings, &mut mistakes);
        function_config::check(&settings, &mut mistakes);
        user_pool_config::check(&settings, &mut mistakes);
        if !mistakes.is_empty() {
            return Err(Mistakes(mistakes));
        }
        let mut config: Self =
            settings.try_into().map_err(|error: toml::de::Error| Mistakes(vec![error.message().to_owned()]))?;
        if config.function_processes.search_path.is_empty() {
            config.function_processes.search_path = path;
        }
        #[cfg(feature = "test-clock")]
        {
            config.test_clock = test_clock;
        }
        Ok(config)
    }

    /// The part of the settings that the data plane needs.
    pub(crate) fn gateway_config(&self) -> GatewayConfig {
        let Limits { max_body_bytes, max_header_bytes, max_connections, ratelimit_headers, http2_max_streams, .. } =
            self.limits;
        GatewayConfig {
            region: self.region.clone(),
            account_id: self.account_id.clone(),
            threads: self.gateway_threads.count,
            ratelimit_headers,
            max_body_bytes,
            max_header_bytes,
            max_connections,
            max_named_methods: self.metrics.max_methods,
            http2: self.http2,
            http2_max_streams,
            http2_ping: Duration::from_millis(self.timeouts.http2_ping),
            tls_handshake_timeout: self.tls_handshake_timeout(),
            header_read_timeout: Duration::from_millis(self.timeouts.header_read),
            client_idle_timeout: Duration::from_millis(self.timeouts.client_idle),
            body_read_timeout: Duration::from_millis(self.timeouts.body_read),
            body_total_timeout: Duration::from_millis(self.timeouts.body_total),
            upstream_body_timeout: Duration::from_millis(self.timeouts.upstream_body),
            upstream_idle_timeout: Duration::from_millis(self.timeouts.upstream_idle),
            upstream_max_idle_per_host: self.gateway_threads.upstream_max_idle,
            drain_timeout: Duration::from_millis(self.timeouts.drain),
            account_throttle: self.account_throttle(),
            plan_throttle_scope: match self.limits.plan_throttle_scope {
                Scope::Plan => PlanThrottleScope::Plan,
                Scope::Method => PlanThrottleScope::Method,
            },
            service_endpoints: self.service_endpoints.clone(),
            service_credentials: self.service_credentials(),
            user_pools: self.user_pools.iter().map(|(id, table)| (id.clone(), table.settings())).collect(),
        }
    }

    /// The master key that is set, or that the file has which is set; `None` where the data directory's own is meant.
    pub(crate) fn master_key(&self) -> anyhow::Result<Option<String>> {
        if self.master_key.is_empty() && !self.master_key_file.as_os_str().is_empty() {
            return read_secret(&self.master_key_file).map(Some);
        }
        Ok((!self.master_key.is_empty()).then(|| self.master_key.clone()))
    }

    /// The database that nodes share, unless state is in the data directory.
    pub(crate) fn postgres(&self) -> anyhow::Result<Option<PostgresSettings>> {
        let StoreTable { url, password, password_file, root_certificate, connections, .. } = &self.store;
        if url.is_empty() {
            return Ok(None);
        }
        let password = given_password(password, password_file)?;
        let root_certificate = (!root_certificate.as_os_str().is_empty()).then(|| root_certificate.clone());
        Ok(Some(PostgresSettings { url: url.clone(), password, root_certificate, connections: *connections }))
    }

    /// Where token buckets are kept that nodes share, unless they are each node's own.
    pub(crate) fn redis(&self) -> anyhow::Result<Option<RedisSettings>> {
        let buckets = &self.buckets;
        if buckets.url.is_empty() {
            return Ok(None);
        }
        let certificate = &buckets.root_certificate;
        Ok(Some(RedisSettings {
            url: buckets.url.clone(),
            password: given_password(&buckets.password, &buckets.password_file)?,
            sentinel_password: given_password(&buckets.sentinel_password, &buckets.sentinel_password_file)?,
            root_certificate: (!certificate.as_os_str().is_empty()).then(|| certificate.clone()),
            prefix: buckets.prefix.clone(),
        }))
    }

    /// How long a call waits for shared buckets before the node gives out its share by itself.
    pub(crate) fn buckets_patience(&self) -> Duration {
        Duration::from_millis(self.buckets.patience)
    }

    /// How long a change of a key waits for the other nodes.
    pub(crate) fn wait_for_nodes(&self) -> Duration {
        Duration::from_millis(self.store.wait_for_nodes)
    }

    /// How long a node that cannot see changes goes on.
    pub(crate) fn max_staleness(&self) -> Option<Duration> {
        (self.store.max_staleness > 0).then(|| Duration::from_secs(self.store.max_staleness))
    }

    /// What becomes of calls that cannot be accounted for.
    pub(crate) fn unaccounted(&self) -> Unaccounted {
        match (self.quota.when_unaccounted, self.store.url.is_empty()) {
            (WhenUnaccounted::Admit, _) => Unaccounted::Admitted,
            (WhenUnaccounted::Refuse, true) => Unaccounted::Unavailable,
            (WhenUnaccounted::Refuse, false) => Unaccounted::Throttled,
        }
    }

    /// Where access logs go, if anywhere.
    pub(crate) fn access_logs(&self) -> Option<Destination> {
        let folder = &self.access_log.folder;
        match self.access_log.to {
            AccessLogTarget::Off => None,
            AccessLogTarget::Stdout => Some(Destination::StandardOutput),
            AccessLogTarget::Files if folder.as_os_str().is_empty() => {
                Some(Destination::Folder(self.data_dir.join("access-logs")))
            }
            AccessLogTarget::Files => Some(Destination::Folder(folder.clone())),
        }
    }

    /// Where traces go, if anywhere.
    pub(crate) fn traces(&self) -> Option<TraceSettings> {
        let TraceTable { endpoint, ratio, timeout } = &self.traces;
        let timeout = Duration::from_millis(*timeout);
        (!endpoint.is_empty()).then(|| TraceSettings { endpoint: endpoint.clone(), ratio: *ratio, timeout })
    }

    /// The certificates that callers are shown, unless TLS is served nowhere.
    pub(crate) fn certificates(&self) -> Option<Vec<CertificateFiles>> {
        self.gateway_tls.or(self.management_tls)?;
        let files = |pair: &CertificatePair| CertificateFiles { chain: pair.chain.clone(), key: pair.key.clone() };
        Some(self.tls.certificates.iter().map(files).collect())
    }

    /// How long agreeing on TLS may take.
    pub(crate) fn tls_handshake_timeout(&self) -> Duration {
        Duration::from_millis(self.timeouts.tls_handshake)
    }

    /// What requests to services of AWS are signed with, if anything.
    fn service_credentials(&self) -> Option<ServiceCredentials> {
        (!self.service_access_key_id.is_empty()).then(|| ServiceCredentials {
            access_key_id: self.service_access_key_id.clone(),
            secret_access_key: self.service_secret_access_key.clone(),
        })
    }

    /// Rate and burst of all calls together.
    pub(crate) fn account_throttle(&self) -> ThrottleSettings {
        ThrottleSettings::new(self.limits.account_rate_limit, self.limits.account_burst_limit)
    }

    /// How long the management listener waits for calls in flight when it stops.
    pub(crate) fn drain_timeout(&self) -> Duration {
        Duration::from_millis(self.timeouts.drain)
    }

    /// How long events of functions are waited for when it stops.
    pub(crate) fn function_drain_timeout(&self) -> Duration {
        Duration::from_millis(self.timeouts.function_drain)
    }

    /// How long the head of a request may take.
    pub(crate) fn header_read_timeout(&self) -> Duration {
        Duration::from_millis(self.timeouts.header_read)
    }
}

/// Reads a file that has nothing but a secret.
fn read_secret(path: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(text.trim().to_owned())
}

/// Puts the settings of a file over the defaults; what the defaults do not have is a mistake.
fn overlay(settings: &mut Table, given: Table, file: &str, path: &str, mistakes: &mut Vec<String>) {
    for (name, value) in given {
        let full = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match (settings.get_mut(&name), value) {
            // Their names are the operator's own.
            (Some(Value::Table(known)), Value::Table(given)) if TABLES_OF_TABLES.contains(&full.as_str()) => {
                known.extend(given);
            }
            (None, value @ Value::String(_)) if OPEN_TABLES.contains(&path) => {
                settings.insert(name, value);
            }
            (None, _) => mistakes.push(format!("{file}: there is no setting `{full}`")),
            (Some(Value::Table(table)), Value::Table(given)) => overlay(table, given, file, &full, mistakes),
            (Some(known @ Value::Float(_)), Value::Integer(number)) => *known = Value::Float(number as f64),
            (Some(known), value) if known.same_type(&value) => *known = value,
            (Some(known), value) => {
                let (wanted, found) = (known.type_str(), value.type_str());
                mistakes.push(format!("{file}: `{full}` takes a {wanted}, not a {found}"));
            }
        }
    }
}

/// Sets one setting from text, read as what its default is.
fn set_text(settings: &mut Table, path: &[&str], text: &str, source: &str, mistakes: &mut Vec<String>) {
    if let [table, name] = path
        && OPEN_TABLES.contains(table)
        && let Some(table) = settings.get_mut(*table).and_then(Value::as_table_mut)
    {
        table.insert((*name).to_owned(), Value::String(text.to_owned()));
        return;
    }
    // The ids of pools have capitals, which names of variables have not: all pools are in one.
    if path == ["user_pools"]
        && let Some(Value::Table(given)) = parse_value(text)
        && let Some(table) = settings.get_mut("user_pools").and_then(Value::as_table_mut)
    {
        table.extend(given);
        return;
    }
    let known = match path {
        [name] => settings.get_mut(*name),
        [table, name] => settings.get_mut(*table).and_then(Value::as_table_mut).and_then(|table| table.get_mut(*name)),
        _ => None,
    };
    let Some(known) = known.filter(|known| !known.is_table()) else {
        mistakes.push(format!("{source}: there is no such setting"));
        return;
    };
    let parsed = match known {
        Value::Integer(_) => text.parse().ok().map(Value::Integer),
        Value::Float(_) => text.parse().ok().map(Value::Float),
        Value::Boolean(_) => text.parse().ok().map(Value::Boolean),
        Value::Array(_) => parse_value(text).filter(Value::is_array),
        _ => Some(Value::String(text.to_owned())),
    };
    match parsed {
        Some(value) => *known = value,
        // The text is left out: it may be a secret that was put into the wrong variable.
        None => mistakes.push(format!("{source}: takes a {}", known.type_str())),
    }
}

/// Reads a value as TOML writes it.
fn parse_value(text: &str) -> Option<Value> {
    toml::from_str::<Table>(&format!("value = {text}")).ok()?.remove("value")
}

/// The password that is set, or that the file has which is set.
fn given_password(password: &str, file: &Path) -> anyhow::Result<Option<String>> {
    match file.as_os_str().is_empty() {
        true => Ok((!password.is_empty()).then(|| password.to_owned())),
        false => read_secret(file).map(Some),
    }
}

/// Reads an address, or an empty text that stands for none.
fn address_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(deserializer)?;
    (!text.is_empty()).then(|| text.parse().map_err(D::Error::custom)).transpose()
}

/// Checks what the types of the settings leave open.
fn check(settings: &Table, mistakes: &mut Vec<String>) {
    let text = |name: &str| settings.get(name).and_then(Value::as_str).unwrap_or_default();
    let mut require = |holds: bool, mistake: &str| {
        if !holds {
            mistakes.push(mistake.to_owned());
        }
    };
    for listener in ["gateway", "management"] {
        require(
            text(listener).parse::<SocketAddr>().is_ok(),
            &format!("`{listener}` takes an address and a port, such as 127.0.0.1:8080"),
        );
    }
    for listener in ["gateway_tls", "management_tls"].into_iter().filter(|name| !text(name).is_empty()) {
        require(
            text(listener).parse::<SocketAddr>().is_ok(),
            &format!("`{listener}` takes an address and a port, such as 127.0.0.1:8443, or nothing"),
        );
        let certificates = settings.get("tls").and_then(|tls| tls.get("certificates")).and_then(Value::as_array);
        require(
            certificates.is_some_and(|list| !list.is_empty()),
            &format!("`{listener}` needs a certificate in `tls.certificates`"),
        );
    }
    let account = text("account_id");
    require(account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()), "`account_id` takes 12 digits");
    require(!text("region").is_empty(), "`region` is empty");
    require(!text("data_dir").is_empty(), "`data_dir` is empty");
    require(["text", "json"].contains(&text("log_format")), "`log_format` takes \"text\" or \"json\"");
    let traces = |name: &str| settings.get("traces").and_then(|traces| traces.get(name));
    let endpoint = traces("endpoint").and_then(Value::as_str).unwrap_or_default();
    let is_address = endpoint.starts_with("http://") || endpoint.starts_with("https://");
    require(
        endpoint.is_empty() || is_address,
        "`traces.endpoint` takes an address with http:// or https://, or nothing",
    );
    let ratio = traces("ratio").and_then(Value::as_float).unwrap_or_default();
    require((0.0..=1.0).contains(&ratio), "`traces.ratio` takes a number from 0 to 1");
    let timeout = traces("timeout").and_then(Value::as_integer).unwrap_or_default();
    require((1..=86_400_000).contains(&timeout), "`traces.timeout` is out of range");
    let target = settings.get("access_log").and_then(|log| log.get("to")).and_then(Value::as_str).unwrap_or_default();
    require(["stdout", "files", "off"].contains(&target), "`access_log.to` takes \"stdout\", \"files\" or \"off\"");
    let pair = [text("root_access_key_id"), text("root_secret_access_key")].map(str::is_empty);
    require(pair[0] == pair[1], "`root_access_key_id` and `root_secret_access_key` go together");
    let pair = [text("service_access_key_id"), text("service_secret_access_key")].map(str::is_empty);
    require(pair[0] == pair[1], "`service_access_key_id` and `service_secret_access_key` go together");
    for (service, endpoint) in settings.get("service_endpoints").and_then(Value::as_table).into_iter().flatten() {
        let is_address = endpoint.as_str().is_some_and(|e| e.starts_with("http://") || e.starts_with("https://"));
        require(is_address, &format!("`service_endpoints.{service}` takes an address with http:// or https://"));
    }
    let master_key = text("master_key");
    let is_hex = master_key.len() == 64 && master_key.bytes().all(|b| b.is_ascii_hexdigit());
    require(master_key.is_empty() || is_hex, "`master_key` takes 64 hexadecimal digits");
    let store = |name: &str| settings.get("store").and_then(|store| store.get(name));
    let url = store("url").and_then(Value::as_str).unwrap_or_default();
    let is_postgres = ["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme));
    require(url.is_empty() || is_postgres, "`store.url` takes an address with postgres://, or nothing");
    for (name, range) in [("connections", 1..=1000), ("wait_for_nodes", 0..=60_000), ("max_staleness", 0..=86_400)] {
        let number = store(name).and_then(Value::as_integer).unwrap_or(-1);
        require(range.contains(&number), &format!("`store.{name}` is out of range"));
    }
    let buckets = |name: &str| settings.get("buckets").and_then(|buckets| buckets.get(name));
    let url = buckets("url").and_then(Value::as_str).unwrap_or_default();
    require(
        url.is_empty() || is_bucket_address(url),
        "`buckets.url` takes an address with redis://, redis+sentinel:// or redis-cluster://, or nothing",
    );
    let has = |name: &str| buckets(name).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    require(
        url.contains("+sentinel://") || !(has("sentinel_password") || has("sentinel_password_file")),
        "`buckets.sentinel_password` is for an address with redis+sentinel://",
    );
    let patience = buckets("patience").and_then(Value::as_integer).unwrap_or_default();
    require((1..=10_000).contains(&patience), "`buckets.patience` is out of range");
    let unaccounted = settings.get("quota").and_then(|quota| quota.get("when_unaccounted")).and_then(Value::as_str);
    let known = unaccounted.is_some_and(|what| ["refuse", "admit"].contains(&what));
    require(known, "`quota.when_unaccounted` takes \"refuse\" or \"admit\"");
    let limit = |name: &str| settings.get("limits").and_then(|limits| limits.get(name));
    let scope = limit("plan_throttle_scope").and_then(Value::as_str).unwrap_or_default();
    require(["plan", "method"].contains(&scope), "`limits.plan_throttle_scope` takes \"plan\" or \"method\"");
    let rate = limit("account_rate_limit").and_then(Value::as_float).unwrap_or_default();
    require(rate.is_finite(), "`limits.account_rate_limit` takes a finite number");
    let at_least = |name: &str, least: i64| limit(name).and_then(Value::as_integer).is_some_and(|n| n >= least);
    require(at_least("max_header_bytes", 8192), "`limits.max_header_bytes` takes at least 8192");
    for name in ["max_body_bytes", "max_connections", "http2_max_streams"] {
        require(at_least(name, 1), &format!("`limits.{name}` takes at least 1"));
    }
    let burst = limit("account_burst_limit").and_then(Value::as_integer).unwrap_or_default();
    require(i32::try_from(burst).is_ok(), "`limits.account_burst_limit` takes a number up to 2147483647");
    let names = settings.get("metrics").and_then(|metrics| metrics.get("max_methods")).and_then(Value::as_integer);
    require(names.is_some_and(|n| n >= 0), "`metrics.max_methods` takes at least 0");
    for table in ["timeouts", "gateway_threads"] {
        for (name, value) in settings.get(table).and_then(Value::as_table).into_iter().flatten() {
            let number = value.as_integer().unwrap_or_default();
            let least = i64::from(table == "timeouts");
            require((least..=86_400_000).contains(&number), &format!("`{table}.{name}` is out of range"));
        }
    }
}

#[cfg(test)]
mod tests {
    use tollgate_gateway::{JwksLocation, UserPoolSettings};

    use super::*;

    fn layers(text: &str, environment: &[(&str, &str)], flags: &[Flag]) -> Result<Config, Mistakes> {
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::from_layers(("my.toml", text), environment, flags)
    }

    #[test]
    fn the_manual_is_a_valid_configuration() {
        let config = layers("", &[], &[]).expect("valid");
        assert_eq!(config.gateway_config(), GatewayConfig::default());
    }

    #[test]
    fn a_flag_beats_the_environment_which_beats_the_file() {
        let file = "region = \"a\"\naccount_id = \"111111111111\"\n[limits]\naccount_rate_limit = 7\n";
        let environment = [("TOLLGATE_REGION", "b"), ("TOLLGATE_ACCOUNT_ID", "000000000001"), ("PATH", "x")];
        let config = layers(file, &environment, &[("region", "c".to_owned())]).expect("valid");
        assert_eq!((config.region.as_str(), config.account_id.as_str()), ("c", "000000000001"));
        assert_eq!(config.account_throttle().rate_limit, Some(7.0));
    }

    #[test]
    fn certificates_are_a_list_in_the_file_and_in_the_environment() {
        let file = "gateway_tls = \"127.0.0.1:8443\"\n[tls]\ncertificates = [{ chain = \"a.crt\", key = \"a.key\" }]\n";
        let files = |chain: &str, key: &str| CertificateFiles { chain: chain.into(), key: key.into() };
        let from_file = layers(file, &[], &[]).expect("valid");
        assert_eq!(from_file.certificates(), Some(vec![files("a.crt", "a.key")]));
        let list = [("TOLLGATE_TLS__CERTIFICATES", r#"[{ chain = "b.pem", key = "b.pem" }]"#)];
        let from_environment = layers(file, &list, &[]).expect("valid");
        assert_eq!(from_environment.certificates(), Some(vec![files("b.pem", "b.pem")]));
        assert_eq!(layers("", &list, &[]).expect("valid").certificates(), None, "TLS is served nowhere");
    }

    #[test]
    fn tls_without_a_certificate_is_a_mistake() {
        let missing = |mistakes: Mistakes| mistakes.to_string().contains("tls.certificates");
        assert!(layers("gateway_tls = \"127.0.0.1:8443\"", &[], &[]).err().is_some_and(missing));
        assert!(layers("management_tls = \"127.0.0.1:8443\"", &[], &[]).err().is_some_and(missing));
    }

    #[test]
    fn a_service_has_the_endpoint_that_the_operator_names() {
        let file = "service_access_key_id = \"AK\"\nservice_secret_access_key = \"s\"\n[service_endpoints]\ns3 = \"http://a\"\n";
        let config = layers(file, &[("TOLLGATE_SERVICE_ENDPOINTS__SQS", "https://b")], &[]).expect("valid");
        let gateway = config.gateway_config();
        let endpoints = [("s3", "http://a"), ("sqs", "https://b")].map(|(s, e)| (s.to_owned(), e.to_owned()));
        assert_eq!(gateway.service_endpoints, BTreeMap::from(endpoints));
        assert_eq!(gateway.service_credentials.map(|pair| pair.access_key_id).as_deref(), Some("AK"));
        let Err(mistakes) = layers("[service_endpoints]\ns3 = \"nowhere\"\n", &[], &[]) else { panic!("accepted") };
        assert!(mistakes.to_string().contains("`service_endpoints.s3`"), "{mistakes}");
    }

    #[test]
    fn shared_buckets_have_an_address_and_a_password_that_is_not_told() {
        let environment = [("TOLLGATE_BUCKETS__PASSWORD", "s3cret")];
        let flags = [("buckets.url", "redis-cluster://a:1,b:2".to_owned())];
        let redis = layers("", &environment, &flags).expect("valid").redis().expect("readable").expect("set");
        assert_eq!((redis.password.as_deref(), redis.prefix.as_str()), (Some("s3cret"), "tollgate:"));
        assert!(layers("", &environment, &[]).expect("valid").redis().expect("readable").is_none());
        let watched = [("buckets.url", "redis+sentinel://a:1/main".to_owned())];
        let file = "[buckets]\nsentinel_password = \"w4tched\"\n";
        let redis = layers(file, &environment, &watched).expect("valid").redis().expect("readable").expect("set");
        assert_eq!(redis.sentinel_password.as_deref(), Some("w4tched"));
        let Err(mistakes) = layers(file, &environment, &flags) else { panic!("accepted") };
        assert!(mistakes.to_string().contains("`buckets.sentinel_password`"), "{mistakes}");
        let file = "[buckets]\nurl = \"http://u:s3cret@h\"\npatience = 0\n";
        let Err(mistakes) = layers(file, &[], &[]) else { panic!("accepted") };
        let text = mistakes.to_string();
        assert!(
            text.contains("`buckets.url`") && text.contains("`buckets.patience`") && !text.contains("s3cret"),
            "{text}"
        );
    }

    #[test]
    fn a_user_pool_is_where_the_operator_says() {
        let file = "[user_pools]\neu-west-1_A = { jwks = \"/keys.json\" }\n[user_pools.B]\nissuer = \"https://id\"\n";
        let more = [("TOLLGATE_USER_POOLS", r#"{ C = { issuer = "http://c", jwks = "http://c/keys" } }"#)];
        let pools = layers(file, &more, &[]).expect("valid").gateway_config().user_pools;
        let pool = |issuer: Option<&str>, jwks: Option<&str>| UserPoolSettings {
            issuer: issuer.map(str::to_owned),
            jwks: jwks.map(JwksLocation::parse),
        };
        let expected = [
            ("B", pool(Some("https://id"), None)),
            ("C", pool(Some("http://c"), Some("http://c/keys"))),
            ("eu-west-1_A", pool(None, Some("/keys.json"))),
        ];
        assert_eq!(pools, expected.map(|(id, pool)| (id.to_owned(), pool)).into());
        for wrong in ["A = 7", "A = { jwk = \"x\" }", "A = { issuer = \"id\" }", "A = { jwks = \"\" }"] {
            let Err(mistakes) = layers(&format!("[user_pools]\n{wrong}\n"), &[], &[]) else {
                panic!("accepted {wrong}")
            };
            assert!(mistakes.to_string().contains("`user_pools.A"), "{wrong}: {mistakes}");
        }
        assert!(layers("", &[("TOLLGATE_USER_POOLS", "no")], &[]).is_err());
    }

    #[test]
    fn all_mistakes_are_told_at_once_and_none_shows_a_secret() {
        let file = "regoin = \"a\"\ngateway = 8080\n[limits]\nmax_body_bytes = \"big\"\n";
        let environment = [
            ("TOLLGATE_LIMITS__MAX_CONNECTIONS", "s3cret"),
            ("TOLLGATE_ROOT_SECRET_ACCESS_KEY", "s3cret"),
            ("TOLLGATE_NO_SUCH", "s3cret"),
        ];
        let Err(mistakes) = layers(file, &environment, &[("management", "nowhere".to_owned())]) else {
            panic!("accepted");
        };
        let text = mistakes.to_string();
        for part in [
            "regoin",
            "`gateway` takes a string",
            "max_body_bytes",
            "MAX_CONNECTIONS",
            "go together",
            "NO_SUCH",
            "`management`",
        ] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
        assert!(!text.contains("s3cret"));
    }
}
