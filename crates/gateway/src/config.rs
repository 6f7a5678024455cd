//! What the operator sets for the data plane.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use tollgate_domain::ThrottleSettings;

/// Settings of the data plane, which hold from start to stop.
#[derive(Clone, Debug, PartialEq)]
pub struct GatewayConfig {
    /// The region that calls are told they are in.
    pub region: String,
    /// The account that calls are told they belong to.
    pub account_id: String,
    /// Threads that serve calls; zero is one per core.
    pub threads: usize,
    /// Whether metered calls are answered with `RateLimit`, `RateLimit-Policy` and `Retry-After`.
    pub ratelimit_headers: bool,
    /// Bytes that the body of a call may have.
    pub max_body_bytes: u64,
    /// Bytes that the head of a call may have; at least 8192.
    pub max_header_bytes: usize,
    /// Connections of callers that are open at once, over all threads.
    pub max_connections: usize,
    /// Whether HTTP/2 is spoken: with callers who ask for it while TLS is agreed on, and with those who begin with it
    /// on the plain port.
    pub http2: bool,
    /// Calls that an HTTP/2 connection may have open at once.
    pub http2_max_streams: u32,
    /// After how much silence an HTTP/2 connection is pinged, and how long the answer may take.
    pub http2_ping: Duration,
    /// How long agreeing on TLS may take.
    pub tls_handshake_timeout: Duration,
    /// How long the head of a call may take, from its first byte.
    pub header_read_timeout: Duration,
    /// How long a connection may wait for its next call.
    pub client_idle_timeout: Duration,
    /// How long a caller may pause within a body, sending it or reading it.
    pub body_read_timeout: Duration,
    /// How long a caller may take for a whole body.
    pub body_total_timeout: Duration,
    /// How long an upstream may pause within a body.
    pub upstream_body_timeout: Duration,
    /// How long a connection to an upstream is kept without calls.
    pub upstream_idle_timeout: Duration,
    /// Connections without calls that each thread keeps to one upstream.
    pub upstream_max_idle_per_host: usize,
    /// How long calls in flight are waited for when the gateway stops.
    pub drain_timeout: Duration,
    /// How many methods are counted by name; those beyond are counted with their stage.
    pub max_named_methods: usize,
    /// Rate and burst of all calls together.
    pub account_throttle: ThrottleSettings,
    /// What shares the bucket of a plan's throttle.
    pub plan_throttle_scope: PlanThrottleScope,
    /// Where integrations of type AWS find a service, by its name in their URIs (`s3`): an address with http or https.
    pub service_endpoints: BTreeMap<String, String>,
    /// What requests to services are signed with; without it they are not signed.
    pub service_credentials: Option<ServiceCredentials>,
    /// Who issues the tokens of user pools and where their keys are, by the id of the pool. Pools that are not here
    /// are those of Amazon Cognito.
    pub user_pools: BTreeMap<String, UserPoolSettings>,
}

/// Where a user pool is, as far as it is not where Amazon Cognito has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserPoolSettings {
    /// What `iss` of its tokens says; `None` is `https://cognito-idp.{region}.amazonaws.com/{id}`.
    pub issuer: Option<String>,
    /// Where its keys are; `None` is `{issuer}/.well-known/jwks.json`.
    pub jwks: Option<JwksLocation>,
}

/// Where a JSON Web Key Set is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JwksLocation {
    /// In a file.
    File(PathBuf),
    /// At an address with http or https.
    Url(String),
}

impl JwksLocation {
    /// Reads an address, or a path to a file.
    pub fn parse(text: &str) -> Self {
        if text.starts_with("http://") || text.starts_with("https://") {
            Self::Url(text.to_owned())
        } else {
            Self::File(text.into())
        }
    }
}

/// A pair of keys to services of AWS.
#[derive(Clone, PartialEq, Eq)]
pub struct ServiceCredentials {
    /// Names the pair.
    pub access_key_id: String,
    /// The secret of the pair.
    pub secret_access_key: String,
}

impl fmt::Debug for ServiceCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The other half is a secret.
        f.debug_struct("ServiceCredentials").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// What shares the bucket of a plan's throttle. AWS's guide and its logs disagree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlanThrottleScope {
    /// One bucket per key, over all stages and methods of the plan, as the guide says.
    #[default]
    Plan,
    /// One bucket per key and method, as the logs suggest.
    Method,
}

impl GatewayConfig {
    /// How many threads serve calls, and how many sockets listen on each address; at least one.
    pub fn thread_count(&self) -> usize {
        match self.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        }
    }
}

impl Default for GatewayConfig {
    fn default() -> Self {
        Self {
            region: "us-east-1".to_owned(),
            account_id: "000000000000".to_owned(),
            threads: 0,
            ratelimit_headers: true,
            max_body_bytes: 10 * 1024 * 1024,
            max_header_bytes: 64 * 1024,
            max_connections: 16_384,
            http2: true,
            http2_max_streams: 128,
            http2_ping: Duration::from_secs(20),
            tls_handshake_timeout: Duration::from_secs(10),
            header_read_timeout: Duration::from_secs(10),
            client_idle_timeout: Duration::from_secs(60),
            body_read_timeout: Duration::from_secs(30),
            body_total_timeout: Duration::from_secs(300),
            upstream_body_timeout: Duration::from_secs(60),
            upstream_idle_timeout: Duration::from_secs(55),
            upstream_max_idle_per_host: 128,
            drain_timeout: Duration::from_secs(30),
            max_named_methods: 2000,
            // AWS's limits for an account in a region.
            account_throttle: ThrottleSettings::new(10_000.0, 5000),
            plan_throttle_scope: PlanThrottleScope::Plan,
            service_endpoints: BTreeMap::new(),
            service_credentials: None,
            user_pools: BTreeMap::new(),
        }
    }
}
