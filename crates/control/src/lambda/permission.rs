//! AddPermission, GetPolicy, RemovePermission: the policy of a function. It is kept and shown; calls are not checked
//! against it.

use http::StatusCode;
use serde_json::{Value, json};
use tollgate_domain::{Catalog, Function, FunctionPermission, Record};

use super::conflict::FunctionConflict;
use super::edge::{Answer, Request};
use super::{Lambda, input};
use crate::error::Failure;
use crate::json::Members;
use crate::write::Change;

pub(super) async fn add(lambda: &Lambda, request: &Request) -> Result<Answer, Failure> {
    let named = input::function_ref(request)?;
    let members = request.members()?;
    let sid = input::required(&members, "StatementId", "statementId")?;
    let statement = statement(&members, &sid, &lambda.arn(&named.name))?;
    let decide = |catalog: &Catalog| {
        let mut function = Function::clone(&*lambda.find_own(catalog, &named)?);
        if function.permissions.iter().any(|permission| permission.sid == sid) {
            return Err(FunctionConflict::StatementExists(sid.clone()).into());
        }
        function.permissions.push(FunctionPermission { sid: sid.clone(), statement: statement.to_string() });
        Ok(Change::answering(()).put(Record::Function(touched(lambda, function))))
    };
    lambda.control.writer().write(decide).await?;
    Ok(Answer::json(StatusCode::CREATED, &json!({ "Statement": statement.to_string() })))
}

pub(super) fn get(lambda: &Lambda, request: &Request) -> Result<Answer, Failure> {
    let function = lambda.find(&lambda.control.catalog(), &input::function_ref(request)?)?;
    if function.permissions.is_empty() {
        return Err(FunctionConflict::NoPolicy.into());
    }
    let read = |permission: &FunctionPermission| serde_json::from_str(&permission.statement).unwrap_or(Value::Null);
    let statements: Vec<Value> = function.permissions.iter().map(read).collect();
    let policy = json!({ "Version": "2012-10-17", "Id": "default", "Statement": statements });
    Ok(Answer::json(StatusCode::OK, &json!({ "Policy": policy.to_string(), "RevisionId": function.revision_id })))
}

pub(super) async fn remove(lambda: &Lambda, request: &Request) -> Result<Answer, Failure> {
    let named = input::function_ref(request)?;
    let sid = &request.labels.statement;
    let decide = |catalog: &Catalog| {
        let mut function = Function::clone(&*lambda.find_own(catalog, &named)?);
        let before = function.permissions.len();
        function.permissions.retain(|permission| permission.sid != *sid);
        if function.permissions.len() == before {
            return Err(FunctionConflict::NoSuchStatement(sid.clone()).into());
        }
        Ok(Change::answering(()).put(Record::Function(touched(lambda, function))))
    };
    lambda.control.writer().write(decide).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// The function as it is after a change.
fn touched(lambda: &Lambda, function: Function) -> Function {
    Function { revision_id: lambda.control.ids().uuid(), ..function }
}

fn statement(members: &Members, sid: &str, arn: &str) -> Result<Value, Failure> {
    let principal = input::required(members, "Principal", "principal")?;
    let action = input::required(members, "Action", "action")?;
    // A service is named as one, an account or `*` as they are.
    let principal =
        if principal.ends_with(".amazonaws.com") { json!({ "Service": principal }) } else { json!(principal) };
    let mut statement =
        json!({ "Sid": sid, "Effect": "Allow", "Principal": principal, "Action": action, "Resource": arn });
    let mut condition = serde_json::Map::new();
    if let Some(source) = members.string("SourceArn")? {
        condition.insert("ArnLike".to_owned(), json!({ "AWS:SourceArn": source }));
    }
    if let Some(account) = members.string("SourceAccount")? {
        condition.insert("StringEquals".to_owned(), json!({ "AWS:SourceAccount": account }));
    }
    if !condition.is_empty() {
        statement["Condition"] = condition.into();
    }
    Ok(statement)
}
