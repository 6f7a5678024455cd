//! The one PATCH engine: reads patch operations, runs them in order on a copy, and words every refusal.
//!
//! A resource brings one function that runs one operation. Nothing but the state after the last operation is
//! validated, since clients send members in orders whose steps are invalid (a quota's offset before the period that
//! allows it). The engine gives back a changed copy or nothing, so a refused PATCH changes nothing.

use std::collections::BTreeMap;

use crate::error::Failure;
use crate::request::Request;
use crate::resources::validation::Validation;

/// Operations that one PATCH may have. Each is run on all that came before it, so their number is what keeps a change
/// short.
const OPERATIONS_LIMIT: usize = 10_000;

/// What to do at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Add,
    Remove,
    Replace,
    Copy,
    Move,
    Test,
}

impl Op {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "add" => Self::Add,
            "remove" => Self::Remove,
            "replace" => Self::Replace,
            "copy" => Self::Copy,
            "move" => Self::Move,
            "test" => Self::Test,
            _ => return None,
        })
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Remove => "remove",
            Self::Replace => "replace",
            Self::Copy => "copy",
            Self::Move => "move",
            Self::Test => "test",
        }
    }
}

/// One step of a PATCH.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PatchOperation {
    pub(crate) op: Op,
    path: Option<String>,
    value: Option<String>,
    pub(crate) from: Option<String>,
}

impl PatchOperation {
    /// The path as it was sent; empty when it was not.
    pub(crate) fn path(&self) -> &str {
        self.path.as_deref().unwrap_or_default()
    }

    /// The tokens of the path, unescaped. A path that does not begin with `/` has none.
    pub(crate) fn tokens(&self) -> Vec<String> {
        self.path().strip_prefix('/').map(|rest| rest.split('/').map(unescape).collect()).unwrap_or_default()
    }

    /// The value; none at all means "clear", and so does an empty one.
    pub(crate) fn text(&self) -> Option<String> {
        self.value.clone().filter(|value| !value.is_empty())
    }

    /// The value, empty when absent.
    pub(crate) fn value(&self) -> &str {
        self.value.as_deref().unwrap_or_default()
    }

    /// The value as a boolean. AWS stores anything but "true" as false.
    pub(crate) fn truth(&self) -> bool {
        self.value().eq_ignore_ascii_case("true")
    }

    /// The value as a map of texts, which is written as a JSON object; none for anything else.
    pub(crate) fn text_map(&self) -> Option<BTreeMap<String, String>> {
        serde_json::from_str(self.value()).ok()
    }

    /// "Invalid patch path …", as APIs, methods and their responses word it.
    pub(crate) fn bad_path(&self) -> PatchRefusal {
        PatchRefusal::BadPath(self.path.clone())
    }
}

/// Undoes the escapes of a JSON Pointer token.
pub(crate) fn unescape(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

/// Why an operation is refused whatever its value. AWS words this in families; a resource belongs to one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PatchRefusal {
    #[error("Invalid patch path  '{path}' specified for op '{op}'. Must be one of: [{allowed}]")]
    NotOneOf { path: String, op: &'static str, allowed: String },
    #[error("Invalid patch path  '{path}' specified for op '{op}'. Please choose supported operations")]
    UnsupportedOp { path: String, op: &'static str },
    #[error("Invalid patch path {}", .0.as_deref().unwrap_or("null"))]
    BadPath(Option<String>),
    #[error("Invalid patch operation specified. Must be one of: [replace]")]
    OnlyReplace,
    #[error("Invalid patch operation specified. Must be 'add'|'remove'|'replace'")]
    OnlyAddRemoveReplace,
    /// Ours.
    #[error("Too many patch operations specified. A request may have up to {OPERATIONS_LIMIT}")]
    TooMany,
    #[error("Invalid method setting path: {path}. Must be one of: [{}]", crate::resources::stage_patch::PATHS)]
    BadStagePath { path: String },
}

/// The paths that each operation of a resource takes, in AWS's order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paths {
    pub(crate) add: &'static [&'static str],
    pub(crate) replace: &'static [&'static str],
    pub(crate) remove: &'static [&'static str],
}

impl Paths {
    /// The refusal of an operation that is none of these.
    pub(crate) fn refuse(&self, operation: &PatchOperation) -> PatchRefusal {
        let (path, op) = (operation.path().to_owned(), operation.op.as_str());
        let allowed = match operation.op {
            Op::Add => self.add,
            Op::Replace => self.replace,
            Op::Remove => self.remove,
            Op::Copy | Op::Move | Op::Test => &[],
        };
        match allowed {
            [] => PatchRefusal::UnsupportedOp { path, op },
            allowed => PatchRefusal::NotOneOf { path, op, allowed: allowed.join(", ") },
        }
    }
}

/// Reads the operations of a PATCH. `input` is AWS's name for the request, `updateApiKeyInput`.
pub(crate) fn operations(request: &Request, input: &str) -> Result<Vec<PatchOperation>, Failure> {
    let mut validation = Validation::default();
    let operations = read(request, input, &mut validation)?;
    validation.finish()?;
    Ok(operations)
}

/// Reads the operations of a PATCH of a response, which its status code names. What is wrong with either is told at
/// once.
pub(crate) fn operations_of_response(request: &Request, input: &str) -> Result<Vec<PatchOperation>, Failure> {
    let mut validation = Validation::default();
    let operations = read(request, input, &mut validation)?;
    validation.status_code(request.label("status_code"));
    validation.finish()?;
    Ok(operations)
}

fn read(request: &Request, input: &str, validation: &mut Validation) -> Result<Vec<PatchOperation>, Failure> {
    let mut operations = Vec::new();
    let sent = request.body()?.objects("patchOperations")?.unwrap_or_default();
    if sent.len() > OPERATIONS_LIMIT {
        return Err(PatchRefusal::TooMany.into());
    }
    for (index, members) in sent.into_iter().enumerate() {
        let at = format!("{input}.patchOperations.{}.member.op", index + 1);
        let word = members.string("op")?;
        let op = word.as_deref().map(Op::parse);
        let (path, value, from) = (members.string("path")?, members.string("value")?, members.string("from")?);
        match op {
            Some(Some(op)) => operations.push(PatchOperation { op, path, value, from }),
            Some(None) => validation.not_in(&word.unwrap_or_default(), &at, "[add, remove, move, test, replace, copy]"),
            None => validation.missing(&at),
        }
    }
    Ok(operations)
}

/// Runs `operations` in order on a copy of `before`.
pub(crate) fn apply<T: Clone, E>(
    before: &T,
    operations: &[PatchOperation],
    mut run: impl FnMut(&mut T, &PatchOperation) -> Result<(), E>,
) -> Result<T, E> {
    let mut after = before.clone();
    operations.iter().try_for_each(|operation| run(&mut after, operation))?;
    Ok(after)
}

#[cfg(test)]
pub(crate) fn operation<'a>(op: Op, path: &str, value: impl Into<Option<&'a str>>) -> PatchOperation {
    PatchOperation { op, path: Some(path.to_owned()), value: value.into().map(str::to_owned), from: None }
}

#[cfg(test)]
pub(crate) fn copying(path: &str, from: &str) -> PatchOperation {
    PatchOperation { op: Op::Copy, path: Some(path.to_owned()), value: None, from: Some(from.to_owned()) }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use tollgate_domain::UnixMillis;

    use super::*;

    fn read(body: impl Into<String>) -> Result<Vec<PatchOperation>, Failure> {
        let request = Request::new(Vec::new(), Vec::new(), Bytes::from(body.into()), UnixMillis(0));
        operations(&request, "updateApiKeyInput")
    }

    #[test]
    fn an_unknown_op_is_named_with_its_place() {
        let error = read(r#"{"patchOperations":[{"op":"add","path":"/a"},{"op":"set","path":"/b"}]}"#);
        assert_eq!(
            error.expect_err("an unknown op").to_string(),
            "1 validation error detected: Value 'set' at 'updateApiKeyInput.patchOperations.2.member.op' failed to \
             satisfy constraint: Member must satisfy enum value set: [add, remove, move, test, replace, copy]"
        );
    }

    #[test]
    fn a_patch_has_so_many_operations_and_no_more() {
        let body =
            |count| format!(r#"{{"patchOperations":[{}]}}"#, vec![r#"{"op":"add","path":"/a"}"#; count].join(","));
        assert_eq!(read(body(OPERATIONS_LIMIT)).expect("operations").len(), OPERATIONS_LIMIT);
        assert_eq!(
            read(body(OPERATIONS_LIMIT + 1)).expect_err("too many").to_string(),
            "Too many patch operations specified. A request may have up to 10000"
        );
    }

    #[test]
    fn a_missing_value_means_clear() {
        let operations = read(r#"{"patchOperations":[{"op":"replace","path":"/a"}]}"#).expect("operations");
        assert_eq!((operations[0].text(), operations[0].value()), (None, ""));
    }

    #[test]
    fn a_value_that_is_no_text_is_refused() {
        let error = read(r#"{"patchOperations":[{"op":"replace","path":"/a","value":true}]}"#);
        assert_eq!(
            error.expect_err("a wrong type").to_string(),
            "class java.lang.Boolean can not be converted to an String"
        );
    }

    #[test]
    fn tokens_are_unescaped_after_the_path_is_split() {
        let tokens = operation(Op::Add, "/a~1b/~01//c", None).tokens();
        assert_eq!(tokens, ["a/b", "~1", "", "c"]);
        assert!(operation(Op::Add, "no-slash", None).tokens().is_empty());
    }

    #[test]
    fn refusals_are_worded_as_aws_words_them() {
        let paths = Paths { add: &[], replace: &["/a", "/b"], remove: &[] };
        assert_eq!(
            paths.refuse(&operation(Op::Replace, "/id", None)).to_string(),
            "Invalid patch path  '/id' specified for op 'replace'. Must be one of: [/a, /b]"
        );
        assert_eq!(
            paths.refuse(&operation(Op::Add, "/a", None)).to_string(),
            "Invalid patch path  '/a' specified for op 'add'. Please choose supported operations"
        );
        assert_eq!(PatchRefusal::BadPath(None).to_string(), "Invalid patch path null");
    }

    #[test]
    fn a_refused_operation_leaves_the_original_alone() {
        let before = vec![1];
        let operations = [operation(Op::Add, "/a", None), operation(Op::Remove, "/a", None)];
        let result = apply(&before, &operations, |list, operation| match operation.op {
            Op::Add => {
                list.push(2);
                Ok(())
            }
            _ => Err("no"),
        });
        assert_eq!((result, before), (Err("no"), vec![1]));
    }
}
