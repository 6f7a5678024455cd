//! UpdateIntegration: the paths of an integration.

use tollgate_domain::{Integration, IntegrationType};

use crate::conflict::Conflict;
use crate::error::Failure;
use crate::patch::{Op, PatchOperation, PatchRefusal};
use crate::resources::integration::{check_timeout, parse_passthrough};

/// Runs one operation.
pub(crate) fn run(integration: &mut Integration, operation: &PatchOperation) -> Result<(), Failure> {
    let tokens = operation.tokens();
    let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
    match (operation.op, tokens.as_slice()) {
        (Op::Add | Op::Replace, ["requestParameters", name]) => {
            integration.request_parameters.insert((*name).to_owned(), operation.value().to_owned());
        }
        (Op::Remove, ["requestParameters", name]) => {
            integration.request_parameters.remove(*name).ok_or(Conflict::NoSuchParameter)?;
        }
        (Op::Add | Op::Replace, ["requestTemplates", media_type]) => {
            integration.request_templates.insert((*media_type).to_owned(), operation.text());
        }
        (Op::Remove, ["requestTemplates", media_type]) => {
            integration.request_templates.remove(*media_type).ok_or(Conflict::NoSuchContentType)?;
        }
        (op, ["cacheKeyParameters"]) => run_cache_key(integration, op, operation.value(), operation)?,
        (op, ["cacheKeyParameters", name]) => run_cache_key(integration, op, name, operation)?,
        (Op::Replace, known) => replace(integration, known, operation)?,
        _ => return Err(operation.bad_path().into()),
    }
    Ok(())
}

fn replace(integration: &mut Integration, tokens: &[&str], operation: &PatchOperation) -> Result<(), Failure> {
    let text = operation.text();
    match tokens {
        // A mock has no upstream to name.
        ["httpMethod" | "uri"] if integration.kind == IntegrationType::Mock => {
            return Err(operation.bad_path().into());
        }
        ["httpMethod"] => integration.http_method = text,
        ["uri"] => integration.uri = text,
        ["credentials"] => integration.credentials = text,
        ["connectionId"] => integration.connection_id = text,
        ["connectionType"] => integration.connection_type = text,
        ["cacheNamespace"] => integration.cache_namespace = operation.value().to_owned(),
        ["passthroughBehavior"] => integration.passthrough_behavior = parse_passthrough(operation.value())?,
        ["contentHandling"] => integration.content_handling = text,
        ["timeoutInMillis"] => {
            let millis = operation.value().trim().parse().map_err(|_| Conflict::BadTimeout)?;
            integration.timeout_millis = check_timeout(millis)?;
        }
        ["tlsConfig", "insecureSkipVerification"] => {
            integration.insecure_skip_verification = Some(operation.truth());
        }
        ["responseTransferMode"] => integration.response_transfer_mode = text,
        ["integrationTarget"] => integration.integration_target = text,
        _ => return Err(operation.bad_path().into()),
    }
    Ok(())
}

/// Adds or removes a cache key, named by the path or by the value.
fn run_cache_key(
    integration: &mut Integration,
    op: Op,
    name: &str,
    operation: &PatchOperation,
) -> Result<(), PatchRefusal> {
    let keys = &mut integration.cache_key_parameters;
    match op {
        Op::Add | Op::Replace if keys.iter().any(|key| key == name) => {}
        Op::Add | Op::Replace => keys.push(name.to_owned()),
        Op::Remove => keys.retain(|key| key != name),
        Op::Copy | Op::Move | Op::Test => return Err(operation.bad_path()),
    }
    Ok(())
}
