//! The contents page: the operations of Lambda's API that are built, in AWS's words and order.

use http::Method;

/// An operation of Lambda's API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    AddPermission,
    CreateFunction,
    DeleteFunction,
    GetFunction,
    GetFunctionConfiguration,
    GetPolicy,
    Invoke,
    ListFunctions,
    RemovePermission,
    UpdateFunctionCode,
    UpdateFunctionConfiguration,
}

/// What a path names beside the operation: segments as they came, decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Labels {
    /// The function, by name or ARN.
    pub(crate) function: String,
    /// A statement of its policy.
    pub(crate) statement: String,
}

/// The operation for a method and the decoded segments of a path after `/2015-03-31/functions`.
pub(crate) fn find(method: &Method, segments: &[String]) -> Option<(Operation, Labels)> {
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let operation = match (method.as_str(), segments.as_slice()) {
        ("POST", [_, "policy"]) => Operation::AddPermission,
        ("POST", [] | [""]) => Operation::CreateFunction,
        ("DELETE", [_]) => Operation::DeleteFunction,
        ("GET", [] | [""]) => Operation::ListFunctions,
        ("GET", [_]) => Operation::GetFunction,
        ("GET", [_, "configuration"]) => Operation::GetFunctionConfiguration,
        ("GET", [_, "policy"]) => Operation::GetPolicy,
        ("POST", [_, "invocations"]) => Operation::Invoke,
        ("DELETE", [_, "policy", _]) => Operation::RemovePermission,
        ("PUT", [_, "code"]) => Operation::UpdateFunctionCode,
        ("PUT", [_, "configuration"]) => Operation::UpdateFunctionConfiguration,
        _ => return None,
    };
    let label = |index: usize| segments.get(index).map_or_else(String::new, |segment| (*segment).to_owned());
    Some((operation, Labels { function: label(0), statement: label(2) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(method: Method, path: &str) -> Option<Operation> {
        let segments: Vec<_> = path.split('/').skip(1).map(str::to_owned).collect();
        find(&method, &segments).map(|(operation, _)| operation)
    }

    #[test]
    fn a_slash_at_the_end_of_the_list_makes_no_difference() {
        assert_eq!(name(Method::GET, ""), Some(Operation::ListFunctions));
        assert_eq!(name(Method::GET, "/"), Some(Operation::ListFunctions));
        assert_eq!(name(Method::POST, "/"), Some(Operation::CreateFunction));
    }

    #[test]
    fn what_is_not_built_is_not_found() {
        assert_eq!(name(Method::GET, "/pets/versions"), None);
        assert_eq!(name(Method::PATCH, "/pets"), None);
        assert_eq!(name(Method::DELETE, "/pets/policy/sid"), Some(Operation::RemovePermission));
    }
}
