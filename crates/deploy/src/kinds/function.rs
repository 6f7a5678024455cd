//! AWS::Lambda::Function: code that runs here as processes. Its code has been found before, and stands as its digest.

use serde_json::{Value, json};

use crate::call::{Archive, Call, Verb, segment};
use crate::document::Members;
use crate::kind::{Kind, Noun, Source, Subject};
use crate::member::{Change, Member, Shape, TAGS, idle, member};
use crate::mistake::Fault;
use crate::stack::Entry;

const ROOT: &str = "/2015-03-31/functions";
const NAME_LIMIT: usize = 64;
/// Where a deployment keeps the digest and the size of the archive that the code is in.
pub(crate) const DIGEST: &str = "ArchiveSha256";
pub(crate) const SIZE: &str = "ArchiveSize";

const ENVIRONMENT: &[Member] = &[member("Variables", Shape::TextMap).wire("Variables")];

const MEMBERS: &[Member] = &[
    idle("Architectures"),
    member("Code", Shape::Json).apart().changing(Change::Own),
    idle("CodeSigningConfigArn"),
    idle("DeadLetterConfig"),
    member("Description", Shape::Text).wire("Description").changing(Change::Own),
    member("Environment", Shape::Object(ENVIRONMENT)).wire("Environment").changing(Change::Own),
    idle("EphemeralStorage"),
    idle("FileSystemConfigs"),
    member("FunctionName", Shape::Text).apart(),
    member("Handler", Shape::Text).wire("Handler").changing(Change::Own),
    idle("KmsKeyArn"),
    idle("LoggingConfig"),
    member("MemorySize", Shape::Integer).wire("MemorySize").changing(Change::Own),
    member("PackageType", Shape::Text).apart(),
    idle("RecursiveLoop"),
    idle("ReservedConcurrentExecutions"),
    member("Role", Shape::Text).required().wire("Role").changing(Change::Own),
    member("Runtime", Shape::Text).wire("Runtime").changing(Change::Own),
    idle("RuntimeManagementConfig"),
    idle("SnapStart"),
    TAGS.apart(),
    member("Timeout", Shape::Integer).wire("Timeout").changing(Change::Own),
    idle("TracingConfig"),
    idle("VpcConfig"),
];

pub(crate) static KIND: Kind = Kind {
    name: "AWS::Lambda::Function",
    members: MEMBERS,
    attributes: &[("Arn", Source::Text("arn:aws:lambda:{region}:{account}:function:{id}"))],
    noun: &Function,
};

struct Function;

impl Noun for Function {
    fn identity(&self, subject: &Subject<'_>) -> Option<String> {
        Some(name(subject))
    }

    fn create(&self, subject: &Subject<'_>) -> Result<Vec<Call>, Fault> {
        let mut body = subject.body()?;
        body.insert("FunctionName".to_owned(), json!(name(subject)));
        if let Some(tags) = subject.value("Tags")? {
            body.insert("Tags".to_owned(), tags);
        }
        let mut call = Call::lambda(Verb::Post, ROOT.to_owned(), Value::Object(body));
        call.archive = Some(archive(subject.properties, "Code")?);
        Ok(vec![call])
    }

    fn id(&self, subject: &Subject<'_>, _: &Value) -> String {
        name(subject)
    }

    fn update(&self, subject: &Subject<'_>, before: &Entry) -> Result<Option<Vec<Call>>, Fault> {
        let difference = subject.difference(before)?;
        if name(subject) != before.physical_id {
            return Ok(None);
        }
        let path = format!("{ROOT}/{}", segment(&before.physical_id));
        let mut calls = Vec::new();
        if difference.own.iter().any(|name| *name != "Code") {
            let mut body = subject.body()?;
            body.entry("Description").or_insert_with(|| json!(""));
            body.entry("Environment").or_insert_with(|| json!({ "Variables": {} }));
            body.entry("MemorySize").or_insert_with(|| json!(128));
            body.entry("Timeout").or_insert_with(|| json!(3));
            calls.push(Call::lambda(Verb::Put, format!("{path}/configuration"), Value::Object(body)));
        }
        let archive = archive(subject.properties, "")?;
        if self::archive(&before.properties, "").ok().as_ref() != Some(&archive) {
            let mut call = Call::lambda(Verb::Put, format!("{path}/code"), json!({}));
            call.archive = Some(archive);
            calls.push(call);
        }
        Ok(Some(calls))
    }

    fn delete(&self, entry: &Entry, _: &[&Entry]) -> Vec<Call> {
        vec![Call::lambda(Verb::Delete, format!("{ROOT}/{}", segment(&entry.physical_id)), None).leniently()]
    }
}

/// The name of the function: given, or made of the stack's and the logical id.
fn name(subject: &Subject<'_>) -> String {
    if let Some(given) = subject.text("FunctionName").filter(|name| !name.is_empty()) {
        return given;
    }
    let whole = format!("{}-{}", subject.place.stack, subject.logical_id);
    if whole.len() <= NAME_LIMIT {
        return whole;
    }
    let end = crate::digest(whole.as_bytes(), 8);
    format!("{}-{end}", whole.chars().take(NAME_LIMIT - end.len() - 1).collect::<String>())
}

/// The archive that the code was found to be.
fn archive(properties: &Members, under: &'static str) -> Result<Archive, Fault> {
    let code = properties.get("Code").ok_or_else(|| Fault::Missing("Code".to_owned()))?;
    let sha256 = code[DIGEST].as_str().ok_or_else(|| Fault::Missing("Code".to_owned()))?.to_owned();
    Ok(Archive { sha256, size: code[SIZE].as_u64().unwrap_or(0), under })
}
