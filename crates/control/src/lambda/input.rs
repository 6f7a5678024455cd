//! Reads what requests say of a function, and checks it as Lambda does.

use std::collections::BTreeMap;

use tollgate_domain::FunctionRef;

use super::conflict::FunctionConflict;
use super::edge::Request;
use crate::error::Failure;
use crate::json::Members;

/// What Lambda says of names; our own check is `FunctionRef`'s.
const NAME_PATTERN: &str = "Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?\
    ([a-z]{2}(-gov)?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?";
/// Bytes of all environment variables together.
const ENVIRONMENT_LIMIT: usize = 4096;
/// Variables that are Lambda's own.
const RESERVED: [&str; 9] = [
    "_HANDLER",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_REGION",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
];

/// The function that the path names, with the qualifier of the query.
pub(super) fn function_ref(request: &Request) -> Result<FunctionRef, FunctionConflict> {
    let mut named = name(&request.labels.function)?;
    if let Some(qualifier) = request.query("Qualifier").filter(|qualifier| !qualifier.is_empty()) {
        named.qualifier = Some(qualifier.to_owned());
    }
    Ok(named)
}

/// A name or ARN.
pub(super) fn name(text: &str) -> Result<FunctionRef, FunctionConflict> {
    FunctionRef::parse(text).map_err(|_| FunctionConflict::Constraint {
        value: text.to_owned(),
        at: "functionName",
        constraint: NAME_PATTERN,
    })
}

/// A member that has to be there.
pub(super) fn required(members: &Members, name: &str, at: &'static str) -> Result<String, Failure> {
    let value = members.string(name)?;
    value.ok_or_else(|| {
        let constraint = "Member must not be null";
        FunctionConflict::Constraint { value: "null".to_owned(), at, constraint }.into()
    })
}

/// The timeout, in seconds.
pub(super) fn timeout(members: &Members) -> Result<Option<u32>, Failure> {
    let bounds =
        ("Member must have value greater than or equal to 1", "Member must have value less than or equal to 900");
    bounded(members, "Timeout", "timeout", (1, 900), bounds)
}

/// The memory, in megabytes.
pub(super) fn memory(members: &Members) -> Result<Option<u32>, Failure> {
    let bounds =
        ("Member must have value greater than or equal to 128", "Member must have value less than or equal to 10240");
    bounded(members, "MemorySize", "memorySize", (128, 10_240), bounds)
}

/// Environment variables.
pub(super) fn environment(members: &Members) -> Result<Option<BTreeMap<String, String>>, Failure> {
    let Some(environment) = members.object("Environment")? else { return Ok(None) };
    let variables = environment.string_map("Variables")?.unwrap_or_default();
    check_environment(&variables)?;
    Ok(Some(variables))
}

/// The rules for environment variables.
fn check_environment(variables: &BTreeMap<String, String>) -> Result<(), FunctionConflict> {
    let begun = "Lambda was unable to configure your environment variables because the environment variables you have \
                 provided";
    let reserved: Vec<_> = variables.keys().map(String::as_str).filter(|name| RESERVED.contains(name)).collect();
    if !reserved.is_empty() {
        return Err(FunctionConflict::Invalid(format!(
            "{begun} contains reserved keys that are currently not supported for modification. Reserved keys used in \
             this request: {}",
            reserved.join(", ")
        )));
    }
    let word = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if let Some((name, _)) =
        variables.iter().find(|(name, value)| !word(name) || name.len() < 2 || value.contains('\0'))
    {
        return Err(FunctionConflict::Constraint {
            value: name.clone(),
            at: "environment.variables",
            constraint: "Map keys must satisfy constraint: [Member must satisfy regular expression pattern: \
                         [a-zA-Z]([a-zA-Z0-9_])+]",
        });
    }
    let size: usize = variables.iter().map(|(name, value)| name.len() + value.len()).sum();
    if size > ENVIRONMENT_LIMIT {
        return Err(FunctionConflict::Invalid(format!("{begun} exceeded the 4KB limit.")));
    }
    Ok(())
}

fn bounded(
    members: &Members,
    name: &str,
    at: &'static str,
    (least, most): (i64, i64),
    (too_small, too_large): (&'static str, &'static str),
) -> Result<Option<u32>, Failure> {
    let Some(value) = members.integer(name)? else { return Ok(None) };
    let constraint = if value < least { too_small } else { too_large };
    match u32::try_from(value) {
        Ok(number) if (least..=most).contains(&value) => Ok(Some(number)),
        _ => Err(FunctionConflict::Constraint { value: value.to_string(), at, constraint }.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(text: &str) -> Members {
        Members::parse(text.as_bytes()).expect("an object")
    }

    fn refused<T: std::fmt::Debug>(outcome: Result<T, Failure>) -> String {
        outcome.expect_err("a refusal").to_string()
    }

    #[test]
    fn numbers_have_lambdas_bounds() {
        assert_eq!(timeout(&members(r#"{"Timeout": 900}"#)).expect("valid"), Some(900));
        assert_eq!(timeout(&members("{}")).expect("valid"), None);
        assert_eq!(
            refused(timeout(&members(r#"{"Timeout": 901}"#))),
            "1 validation error detected: Value '901' at 'timeout' failed to satisfy constraint: Member must have \
             value less than or equal to 900"
        );
        assert!(refused(memory(&members(r#"{"MemorySize": -1}"#))).ends_with("greater than or equal to 128"));
    }

    #[test]
    fn variables_that_are_lambdas_own_are_refused() {
        let set = |name: &str| environment(&members(&format!(r#"{{"Environment":{{"Variables":{{"{name}":"x"}}}}}}"#)));
        assert!(set("COLOUR").is_ok());
        assert!(refused(set("AWS_REGION")).ends_with("Reserved keys used in this request: AWS_REGION"));
        assert!(refused(set("A=B")).contains("environment.variables"));
    }

    #[test]
    fn variables_have_four_kilobytes() {
        let body = format!(r#"{{"Environment":{{"Variables":{{"LONG":"{}"}}}}}}"#, "x".repeat(4093));
        assert!(refused(environment(&members(&body))).ends_with("exceeded the 4KB limit."));
    }
}
