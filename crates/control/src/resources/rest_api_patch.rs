//! UpdateRestApi: the paths of an API.

use tollgate_domain::RestApi;

use crate::conflict::Conflict;
use crate::error::Failure;
use crate::patch::{Op, PatchOperation, PatchRefusal};
use crate::resources::rest_api;

/// Runs one operation.
pub(crate) fn run(api: &mut RestApi, operation: &PatchOperation) -> Result<(), Failure> {
    let tokens = operation.tokens();
    let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
    match (operation.op, tokens.as_slice()) {
        (Op::Add | Op::Replace, ["description"]) => api.description = operation.text(),
        (Op::Remove, ["description"]) => api.description = None,
        (op, ["binaryMediaTypes", media_type]) => run_media_type(api, op, media_type, operation)?,
        (op, ["endpointConfiguration", "types", at]) => run_endpoint_type(api, op, at, operation)?,
        (op, ["endpointConfiguration", "vpcEndpointIds"]) => run_vpc_endpoint(api, op, operation)?,
        (op, known) => {
            let replaced = replace(api, known, operation)?;
            if !replaced {
                return Err(operation.bad_path().into());
            }
            if op != Op::Replace {
                return Err(PatchRefusal::OnlyReplace.into());
            }
        }
    }
    Ok(())
}

/// Replaces a member that knows no other operation; false when there is no such member.
fn replace(api: &mut RestApi, tokens: &[&str], operation: &PatchOperation) -> Result<bool, Failure> {
    // What another operation asks for is refused for its kind, whatever its value.
    if operation.op != Op::Replace {
        return Ok(is_replaceable(tokens));
    }
    let value = operation.value();
    match tokens {
        ["name"] => api.name = value.to_owned(),
        ["apiKeySource"] => api.api_key_source = rest_api::parse_source(value).ok_or(Conflict::BadApiKeySource)?,
        ["disableExecuteApiEndpoint"] => api.disable_execute_api_endpoint = operation.truth(),
        ["endpointConfiguration", "ipAddressType"] if rest_api::is_ip_address_type(value) => {
            api.endpoint_configuration.ip_address_type = value.to_owned();
        }
        ["endpointConfiguration", "ipAddressType"] => return Err(Conflict::BadIpAddressType.into()),
        ["endpointAccessMode"] => api.endpoint_access_mode = operation.text(),
        ["securityPolicy"] => api.security_policy = operation.text(),
        ["minimumCompressionSize"] => api.minimum_compression_size = compression_size(operation)?,
        ["policy"] => api.policy = rest_api::parse_policy(value)?,
        _ => return Ok(false),
    }
    Ok(true)
}

fn is_replaceable(tokens: &[&str]) -> bool {
    matches!(
        tokens,
        ["name"
            | "apiKeySource"
            | "disableExecuteApiEndpoint"
            | "endpointAccessMode"
            | "securityPolicy"
            | "minimumCompressionSize"
            | "policy"]
            | ["endpointConfiguration", "ipAddressType"]
    )
}

/// No value turns compression off.
fn compression_size(operation: &PatchOperation) -> Result<Option<i32>, Conflict> {
    let size = operation.text().filter(|text| text != "null");
    let parse = |text: String| text.trim().parse().map_err(|_| Conflict::BadCompressionSize);
    size.map(|text| parse(text).and_then(rest_api::check_compression_size)).transpose()
}

fn run_media_type(api: &mut RestApi, op: Op, media_type: &str, operation: &PatchOperation) -> Result<(), Failure> {
    let types = &mut api.binary_media_types;
    match op {
        Op::Add if types.iter().any(|known| known == media_type) => {}
        Op::Add => types.push(media_type.to_owned()),
        Op::Remove => types.retain(|known| known != media_type),
        // What replaces a type comes last, as on AWS.
        Op::Replace => {
            let place = types.iter().position(|known| known == media_type).ok_or_else(|| operation.bad_path())?;
            let value = operation.text().ok_or_else(|| operation.bad_path())?;
            types.remove(place);
            types.retain(|known| *known != value);
            types.push(value);
        }
        Op::Copy | Op::Move | Op::Test => return Err(PatchRefusal::OnlyReplace.into()),
    }
    Ok(())
}

/// Runs an operation on a type by its name or place; Terraform uses place 0.
fn run_endpoint_type(api: &mut RestApi, op: Op, at: &str, operation: &PatchOperation) -> Result<(), Failure> {
    let types = &mut api.endpoint_configuration.types;
    let place = types.iter().position(|kind| kind == at).or_else(|| at.parse().ok());
    let value = operation.text().unwrap_or_else(|| at.to_owned());
    let is_private = value == "PRIVATE" && matches!(op, Op::Add | Op::Replace);
    match op {
        Op::Remove => {
            let place = place.filter(|place| *place < types.len()).ok_or_else(|| operation.bad_path())?;
            types.remove(place);
        }
        Op::Add | Op::Replace if !rest_api::is_endpoint_type(&value) => return Err(Conflict::BadEndpointType.into()),
        Op::Add if types.contains(&value) => {}
        Op::Add => types.push(value),
        Op::Replace => match place.and_then(|place| types.get_mut(place)) {
            Some(kind) => *kind = value,
            None => return Err(operation.bad_path().into()),
        },
        Op::Copy | Op::Move | Op::Test => return Err(PatchRefusal::OnlyAddRemoveReplace.into()),
    }
    if is_private {
        // A private API has no other addresses, so that AWS changes them along.
        api.endpoint_configuration.ip_address_type = "dualstack".to_owned();
    }
    Ok(())
}

fn run_vpc_endpoint(api: &mut RestApi, op: Op, operation: &PatchOperation) -> Result<(), Failure> {
    let ids = &mut api.endpoint_configuration.vpc_endpoint_ids;
    let id = operation.text().ok_or_else(|| operation.bad_path())?;
    match op {
        Op::Add if ids.contains(&id) => {}
        Op::Add => ids.push(id),
        Op::Remove => ids.retain(|known| *known != id),
        Op::Replace | Op::Copy | Op::Move | Op::Test => return Err(operation.bad_path().into()),
    }
    Ok(())
}
