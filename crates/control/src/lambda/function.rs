//! CreateFunction and the operations that read and change what it made.

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::StatusCode;
use serde_json::json;
use tollgate_domain::{Catalog, Function, FunctionCode, FunctionRef, FunctionSource, Record, RecordKey};

use super::conflict::FunctionConflict;
use super::edge::{Answer, Request};
use super::{Lambda, code, input};
use crate::error::Failure;
use crate::json::Members;
use crate::resources::tags;
use crate::write::Change;

/// What a function has that says nothing of them.
const DEFAULT_TIMEOUT_SECONDS: u32 = 3;
const DEFAULT_MEMORY_MB: u32 = 128;
/// An endpoint's own timeout decides; this is how long its answer is waited for.
const DEFAULT_ENDPOINT_TIMEOUT_SECONDS: u32 = 30;
/// Functions on one page; more are not given, whatever is asked for.
const PAGE_LIMIT: usize = 50;
/// The name whose qualifiers are the built-in functions.
const RESERVED_NAME: &str = "tollgate";

pub(super) async fn create(lambda: &Lambda, request: &Request) -> Result<Answer, Failure> {
    let members = request.members()?;
    let name = input::name(&input::required(&members, "FunctionName", "functionName")?)?.name;
    check_free(lambda, &lambda.control.catalog(), &name)?;
    let function = read(lambda, &members, name).await?;
    let decide = |catalog: &Catalog| {
        check_free(lambda, catalog, &function.name)?;
        Ok(Change::answering(()).put(Record::Function(function.clone())))
    };
    lambda.control.writer().write(decide).await?;
    Ok(Answer::json(StatusCode::CREATED, &lambda.configuration(&function)))
}

pub(super) fn get(lambda: &Lambda, request: &Request) -> Result<Answer, Failure> {
    let function = lambda.find(&lambda.control.catalog(), &input::function_ref(request)?)?;
    let mut shown =
        json!({ "Configuration": lambda.configuration(&function), "Code": lambda.code_location(&function) });
    if !function.tags.is_empty() {
        shown["Tags"] = json!(function.tags);
    }
    Ok(Answer::json(StatusCode::OK, &shown))
}

pub(super) fn get_configuration(lambda: &Lambda, request: &Request) -> Result<Answer, Failure> {
    let function = lambda.find(&lambda.control.catalog(), &input::function_ref(request)?)?;
    Ok(Answer::json(StatusCode::OK, &lambda.configuration(&function)))
}

/// Lists functions by name. A marker is the name of the last one of the page before, in hexadecimal.
pub(super) fn list(lambda: &Lambda, request: &Request) -> Result<Answer, Failure> {
    let catalog = lambda.control.catalog();
    let mut functions = catalog.functions.clone();
    functions.extend(lambda.host.configured().iter().map(|(name, function)| (name.clone(), Arc::clone(function))));
    let after = request.query("Marker").map(read_marker).transpose()?;
    let limit = request.query("MaxItems").map_or(Ok(PAGE_LIMIT), page_limit)?;
    let mut rest = functions.values().filter(|function| after.as_ref().is_none_or(|after| function.name > *after));
    let page: Vec<_> = rest.by_ref().take(limit).collect();
    let shown: Vec<_> = page.iter().map(|function| lambda.configuration(function)).collect();
    let next = page.last().filter(|_| rest.next().is_some()).map(|function| hex::encode(&function.name));
    Ok(Answer::json(StatusCode::OK, &json!({ "Functions": shown, "NextMarker": next })))
}

pub(super) async fn update_code(lambda: &Lambda, request: &Request) -> Result<Answer, Failure> {
    let named = input::function_ref(request)?;
    let members = request.members()?;
    lambda.find_own(&lambda.control.catalog(), &named)?;
    let code = read_code(lambda, &members, &named.name).await?;
    change(lambda, &named, &members, |function| match &mut function.source {
        FunctionSource::Process { code: current, .. } => {
            *current = code.clone();
            Ok(())
        }
        FunctionSource::Endpoint { .. } => {
            Err(FunctionConflict::Invalid("A function at an endpoint has no code here.".to_owned()))
        }
    })
    .await
}

pub(super) async fn update_configuration(lambda: &Lambda, request: &Request) -> Result<Answer, Failure> {
    let named = input::function_ref(request)?;
    let members = request.members()?;
    let (timeout, memory) = (input::timeout(&members)?, input::memory(&members)?);
    let environment = input::environment(&members)?;
    let (description, role) = (members.string("Description")?, members.string("Role")?);
    let (new_runtime, new_handler) = (members.string("Runtime")?, members.string("Handler")?);
    change(lambda, &named, &members, |function| {
        set(&mut function.timeout_seconds, &timeout);
        set(&mut function.memory_mb, &memory);
        set(&mut function.environment, &environment);
        set(&mut function.description, &description);
        set(&mut function.role, &role);
        if let FunctionSource::Process { runtime, handler, .. } = &mut function.source {
            set(runtime, &new_runtime);
            set(handler, &new_handler);
            lambda.host.check_runtime(runtime).map_err(FunctionConflict::Invalid)?;
        }
        Ok(())
    })
    .await
}

pub(super) async fn delete(lambda: &Lambda, request: &Request) -> Result<Answer, Failure> {
    let named = input::function_ref(request)?;
    let decide = |catalog: &Catalog| {
        let function = lambda.find_own(catalog, &named)?;
        Ok(Change::answering(()).delete(RecordKey::Function(function.name.clone())))
    };
    lambda.control.writer().write(decide).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

fn check_free(lambda: &Lambda, catalog: &Catalog, name: &str) -> Result<(), FunctionConflict> {
    lambda.check_not_configured(name)?;
    match catalog.functions.contains_key(name) || name == RESERVED_NAME {
        true => Err(FunctionConflict::Exists(name.to_owned())),
        false => Ok(()),
    }
}

/// Reads a function that is being made. Its code is kept when this returns, but nothing names it yet.
async fn read(lambda: &Lambda, members: &Members, name: String) -> Result<Function, Failure> {
    let (timeout, memory) = (input::timeout(members)?, input::memory(members)?);
    let environment = input::environment(members)?.unwrap_or_default();
    let tags = members.string_map("Tags")?.unwrap_or_default();
    tags::check(&tags)?;
    let source = read_source(lambda, members, &name).await?;
    let default_timeout = match source {
        FunctionSource::Process { .. } => DEFAULT_TIMEOUT_SECONDS,
        FunctionSource::Endpoint { .. } => DEFAULT_ENDPOINT_TIMEOUT_SECONDS,
    };
    Ok(Function {
        name,
        description: members.string("Description")?.unwrap_or_default(),
        role: members.string("Role")?.unwrap_or_default(),
        source,
        timeout_seconds: timeout.unwrap_or(default_timeout),
        memory_mb: memory.unwrap_or(DEFAULT_MEMORY_MB),
        environment,
        permissions: Vec::new(),
        modified: lambda.control.clock().now().wall,
        revision_id: lambda.control.ids().uuid(),
        tags,
    })
}

async fn read_source(lambda: &Lambda, members: &Members, name: &str) -> Result<FunctionSource, Failure> {
    let given = members.object("Code")?.unwrap_or_default();
    if let Some(url) = given.string("Endpoint")? {
        return read_endpoint(lambda, &given, url, name);
    }
    let runtime = input::required(members, "Runtime", "runtime")?;
    lambda.host.check_runtime(&runtime).map_err(FunctionConflict::Invalid)?;
    let handler = input::required(members, "Handler", "handler")?;
    let code = read_code(lambda, &given, name).await?;
    Ok(FunctionSource::Process { runtime, handler, code })
}

fn read_endpoint(lambda: &Lambda, given: &Members, url: String, name: &str) -> Result<FunctionSource, Failure> {
    let address: Option<http::Uri> = url.parse().ok();
    let usable = |address: &http::Uri| {
        matches!(address.scheme_str(), Some("http" | "https")) && address.host().is_some_and(|host| !host.is_empty())
    };
    if !address.as_ref().is_some_and(usable) {
        let text = format!("Code.Endpoint is not an address that begins with http:// or https://: {url}");
        return Err(FunctionConflict::Invalid(text).into());
    }
    Ok(FunctionSource::Endpoint {
        url,
        function: given.string("FunctionName")?.unwrap_or_else(|| name.to_owned()),
        region: given.string("Region")?.unwrap_or_else(|| lambda.control.config().region.clone()),
    })
}

/// Reads the code that `given` names and keeps what it uploads. `Folder`, `Endpoint` and `ArchiveSha256` (of an archive
/// that was uploaded for this function before) are Tollgate's own.
async fn read_code(lambda: &Lambda, given: &Members, name: &str) -> Result<FunctionCode, Failure> {
    if let Some(folder) = given.string("Folder")? {
        return Ok(code::check_folder(&folder)?);
    }
    if let Some(sha256) = given.string("ArchiveSha256")? {
        return lambda.code.kept(name, &sha256, given.integer("ArchiveSize")?).await;
    }
    let unsupported = ["S3Bucket", "S3Key", "ImageUri"].into_iter().find(|member| given.has(member));
    if let Some(member) = unsupported {
        let text = format!("{member} is not supported: give the code as ZipFile.");
        return Err(FunctionConflict::Invalid(text).into());
    }
    let Some(archive) = given.string("ZipFile")? else {
        return Err(FunctionConflict::Invalid("Please provide a source for function code.".to_owned()).into());
    };
    let archive = BASE64_STANDARD.decode(archive).map_err(|_| FunctionConflict::NotAnArchive)?;
    lambda.code.keep(name.to_owned(), archive).await
}

/// Makes a change of one function and answers with the function as it is then.
async fn change(
    lambda: &Lambda,
    named: &FunctionRef,
    members: &Members,
    edit: impl Fn(&mut Function) -> Result<(), FunctionConflict>,
) -> Result<Answer, Failure> {
    let expected = members.string("RevisionId")?;
    let decide = |catalog: &Catalog| {
        let mut function = Function::clone(&*lambda.find_own(catalog, named)?);
        if expected.as_ref().is_some_and(|expected| *expected != function.revision_id) {
            return Err(FunctionConflict::StaleRevision.into());
        }
        edit(&mut function)?;
        function.modified = lambda.control.clock().now().wall;
        function.revision_id = lambda.control.ids().uuid();
        Ok(Change::answering(function.clone()).put(Record::Function(function)))
    };
    let function = lambda.control.writer().write(decide).await?;
    Ok(Answer::json(StatusCode::OK, &lambda.configuration(&function)))
}

fn set<T: Clone>(current: &mut T, given: &Option<T>) {
    if let Some(given) = given {
        current.clone_from(given);
    }
}

fn read_marker(marker: &str) -> Result<String, FunctionConflict> {
    let name = hex::decode(marker).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    name.ok_or_else(|| FunctionConflict::Invalid("Invalid Marker.".to_owned()))
}

fn page_limit(text: &str) -> Result<usize, FunctionConflict> {
    let limit = text.parse().ok().filter(|limit: &usize| *limit > 0);
    limit.map(|limit| limit.min(PAGE_LIMIT)).ok_or_else(|| FunctionConflict::Constraint {
        value: text.to_owned(),
        at: "maxItems",
        constraint: "Member must have value greater than or equal to 1",
    })
}
