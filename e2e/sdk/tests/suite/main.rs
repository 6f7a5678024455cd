//! Every operation of the management API, driven by the unmodified AWS SDK for Rust against the real binary.
//!
//! The cases are ordinary functions that share one Tollgate. What they call is seen by the SDK's own hooks, so that at
//! the end of a whole run it is known which operations have answered and which have refused: each one that is built has
//! to have done both.

mod account;
mod api_keys;
mod arrange;
mod authorizers;
mod case;
mod coverage;
mod deployments;
mod documentation;
mod documents;
mod domain_names;
mod gateway_responses;
mod integrations;
mod links_and_certificates;
mod methods;
mod models;
mod node;
mod refusal;
mod resources;
mod rest_apis;
mod stages;
mod tags;
mod test_invocations;
mod usage_plans;
mod validators;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Trial};
use tokio::runtime::Runtime;

use crate::case::Case;
use crate::coverage::Coverage;
use crate::node::Node;

const GROUPS: &[&[Case]] = &[
    account::CASES,
    api_keys::CASES,
    authorizers::CASES,
    deployments::CASES,
    documentation::CASES,
    documents::CASES,
    domain_names::CASES,
    gateway_responses::CASES,
    integrations::CASES,
    links_and_certificates::CASES,
    methods::CASES,
    models::CASES,
    resources::CASES,
    rest_apis::CASES,
    stages::CASES,
    tags::CASES,
    test_invocations::CASES,
    usage_plans::CASES,
    validators::CASES,
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let node = Node::start();
    let coverage = Coverage::default();
    let runtime = Arc::new(Runtime::new().expect("a runtime"));
    let client = node.client(&coverage);
    let cases = GROUPS.iter().copied().flatten();
    let outcome = libtest_mimic::run(&arguments, cases.map(|case| trial(case, &runtime, &client)).collect());
    if node.panicked() {
        eprintln!("Tollgate panicked:\n{}", node.log());
        return ExitCode::FAILURE;
    }
    let whole = arguments.filter.is_none() && arguments.skip.is_empty() && !arguments.list;
    match whole.then(|| coverage.missing()).filter(|missing| !missing.is_empty()) {
        Some(missing) => {
            eprintln!("not covered:\n{}", missing.join("\n"));
            ExitCode::FAILURE
        }
        None => outcome.exit_code(),
    }
}

fn trial(case: &'static Case, runtime: &Arc<Runtime>, client: &aws_sdk_apigateway::Client) -> Trial {
    let (runtime, client) = (Arc::clone(runtime), client.clone());
    let run = move || {
        runtime.block_on((case.run)(client));
        Ok(())
    };
    let kind = case.ignored.unwrap_or_default();
    Trial::test(case.name, run).with_kind(kind).with_ignored_flag(case.ignored.is_some())
}
