//! What a function is made of, and what all of them share.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use http::Uri;

use crate::launch::Launcher;
use crate::runtime::Runtime;
use crate::signature::EndpointCredentials;

/// One function.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionSettings {
    /// Its name.
    pub name: String,
    /// Its ARN, which it reads in its context.
    pub arn: String,
    /// How long a call may take; with an endpoint, how long its answer is waited for.
    pub timeout: Duration,
    /// What runs it.
    pub source: Source,
}

/// What runs a function.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// Processes of this machine.
    Process(ProcessSettings),
    /// An endpoint that speaks Lambda's Invoke API.
    Endpoint(EndpointSettings),
}

/// A function that runs as processes of this machine.
#[derive(Clone, PartialEq)]
pub struct ProcessSettings {
    /// What runs its code.
    pub runtime: Runtime,
    /// AWS's identifier of the runtime, which the function reads in `AWS_EXECUTION_ENV`.
    pub runtime_id: String,
    /// Where in the code the call is answered: `file.export`.
    pub handler: String,
    /// The folder of its code. Another folder is another function; what changes within it shows in new instances.
    pub code: PathBuf,
    /// Megabytes that it reads in its context. Node's heap is kept below it; other runtimes are not held to it.
    pub memory_mb: u32,
    /// Environment variables of its own.
    pub environment: BTreeMap<String, String>,
}

impl fmt::Debug for ProcessSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The values of environment variables may be secrets.
        f.debug_struct("ProcessSettings")
            .field("runtime", &self.runtime)
            .field("handler", &self.handler)
            .field("code", &self.code)
            .field("environment", &self.environment.keys())
            .finish_non_exhaustive()
    }
}

/// A function behind Lambda's Invoke API.
#[derive(Clone, Debug, PartialEq)]
pub struct EndpointSettings {
    /// Where the API is, without a path of the API: `https://lambda.eu-west-1.amazonaws.com`.
    pub url: Uri,
    /// The name or ARN that the function has there.
    pub function: String,
    /// The region that calls are signed for.
    pub region: String,
}

/// What all functions share.
#[derive(Clone)]
pub struct FunctionsConfig {
    /// The region that functions read.
    pub region: String,
    /// A folder for the files of running instances. It is emptied on start: no one else may use it.
    pub work_dir: PathBuf,
    /// Whether processes may be started. Without, only endpoints and built-in functions can be called.
    pub processes: bool,
    /// Starts processes so that they end with this one.
    pub launcher: Launcher,
    /// Where programs are looked for: the `PATH` of functions.
    pub search_path: String,
    /// Processes that one function may have at once.
    pub max_instances: usize,
    /// Calls that may wait for one function's instances. More are throttled at once.
    pub max_queued: usize,
    /// How long a call may wait for an instance before it is throttled.
    pub queue_wait: Duration,
    /// How long an instance may take from its start to its readiness.
    pub init_timeout: Duration,
    /// How long an instance without work is kept.
    pub idle: Duration,
    /// How long [`crate::Functions::drain`] waits for calls under way.
    pub drain_timeout: Duration,
    /// What calls of endpoints are signed with. Without it they are not signed.
    pub endpoint_credentials: Option<EndpointCredentials>,
}
