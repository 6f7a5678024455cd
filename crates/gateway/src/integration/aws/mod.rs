//! AWS and AWS_PROXY: Lambda functions, and other services of AWS.

mod event;
mod function;
mod lambda;
mod lambda_proxy;
mod proxy_result;
mod service;
mod signature;
mod uri;

pub(super) use lambda::Lambda;
pub(super) use lambda_proxy::LambdaProxy;
pub(super) use service::Service;

use super::{Integration, Site};
use uri::AwsUri;

/// Compiles an integration of type AWS: one with a function, or with another service.
pub(super) fn compile(given: &tollgate_domain::Integration, site: &Site<'_>) -> Result<Integration, String> {
    let uri = AwsUri::parse(given.uri.as_deref().ok_or("the integration has no URI")?, site)?;
    match uri.function() {
        Some(function) => Lambda::compile(given, function, site).map(Integration::Lambda),
        None => Service::compile(given, uri, site).map(Integration::Service),
    }
}
