//! The data plane of Tollgate: every call, from the socket to the upstream and back.
//!
//! `pipeline` lists the steps of a call in order; each step is a module of its own. What configuration says comes
//! from a snapshot that is swapped whole; what changes with calls (buckets, leases, connections) lives outside it, so
//! that a deploy resets nothing.

mod access_log;
pub mod admission;
mod authorize;
mod authorizer;
mod body;
mod bucket_shelf;
mod call;
mod canary;
pub mod certificates;
mod client_stream;
mod clients;
mod compile;
mod compression;
mod config;
mod domains;
mod execution_log;
mod express;
mod gateway;
mod gateway_response;
mod head_lines;
mod head_refusal;
mod head_text;
mod integration;
mod joined_writes;
mod key;
mod letters;
mod limit_headers;
mod listen;
mod listener;
mod media_type;
mod meter;
pub mod metrics;
mod narration;
mod parameter;
mod path;
mod peers;
mod pipeline;
mod plan;
mod policy;
mod principal;
mod query;
mod raw_head;
mod refusal;
mod refusal_ring;
mod route;
mod routes;
mod sending;
pub mod shared_buckets;
mod signature;
mod snapshot;
mod test_authorizer;
mod test_invoke;
mod throttle;
mod time_format;
mod trace;
mod upstream;
mod user_pools;
mod validate;
mod variables;
mod worker;

pub use config::{GatewayConfig, JwksLocation, PlanThrottleScope, ServiceCredentials, UserPoolSettings};
pub use gateway::Gateway;
pub use listener::{BoundGateway, DrainingGateway, RunningGateway, Sockets};
pub use peers::{
    AccessKey, AccessKeys, AccessLogs, Answering, FunctionFault, FunctionResult, Functions, Management, Peers,
};
pub use trace::{CallSpan, IntegrationSpan, Tracer};
