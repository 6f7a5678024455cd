//! Runs functions as AWS Lambda does: as processes of this machine, at a Lambda endpoint, or built in.
//!
//! Keeps four promises: a function takes no more processes than its cap, and a call that finds none free is refused in
//! bounded time; a call is answered within its timeout, whatever the function does; a function sees nothing of this
//! process's environment; and no process outlives [`Functions::drain`] or this process.
//!
//! Knows nothing of the gateway, the management API or the store.

mod bootstrap;
mod built_in;
mod environment;
mod error;
mod fault;
mod functions;
mod host;
mod instance;
mod invocation;
pub mod launch;
mod output;
mod pool;
mod process;
mod remote;
mod runtime;
mod runtime_api;
mod settings;
pub mod signature;
mod spawner;
mod tail;
mod work;

pub use built_in::{BuiltIn, BuiltInFuture};
pub use error::InvokeError;
pub use fault::Fault;
pub use functions::Functions;
pub use invocation::{EVENT_LIMIT, Invocation, InvocationType, PAYLOAD_LIMIT};
pub use launch::Launcher;
pub use runtime::{Runtime, UnknownRuntime};
pub use settings::{EndpointSettings, FunctionSettings, FunctionsConfig, ProcessSettings, Source};
