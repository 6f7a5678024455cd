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

/// Headers that a mapping may not set where the gateway signs the request, beside those that none may. AWS answers 500.
const UNMAPPABLE: [&str; 5] = ["authorization", "connection", "expect", "proxy-authenticate", "te"];

/// Compiles an integration of type AWS: one with a function, or with another service.
pub(super) fn compile(given: &tollgate_domain::Integration, site: &Site<'_>) -> Result<Integration, String> {
    for name in given.request_parameters.keys().filter_map(|key| key.strip_prefix("integration.request.header.")) {
        if UNMAPPABLE.iter().any(|unmappable| unmappable.eq_ignore_ascii_case(name)) {
            return Err(format!("the header {name} cannot be mapped where the request is signed"));
        }
    }
    let uri = AwsUri::parse(given.uri.as_deref().ok_or("the integration has no URI")?, site)?;
    match uri.function() {
        Some(function) => Lambda::compile(given, function, site).map(Integration::Lambda),
        None => Service::compile(given, uri, site).map(Integration::Service),
    }
}
