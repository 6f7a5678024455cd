//! Tests: how a method answers, and what an authorizer says, as their API stands, before anything is deployed.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use tollgate_domain::{AuthorizerAnswer, AuthorizerTest, HttpMethod, TestAnswer, TestInvocation, TestRefusal};

use crate::Control;
use crate::answer::{Answer, Reply};
use crate::conflict::Conflict;
use crate::error::Failure;
use crate::json::{BodyError, Members};
use crate::request::Request;
use crate::resources::resource;

/// What a test shows, on the wire.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TestAnswerWire<'a> {
    status: u16,
    body: &'a str,
    headers: BTreeMap<&'a str, &'a str>,
    multi_value_headers: BTreeMap<&'a str, Vec<&'a str>>,
    log: &'a str,
    latency: u64,
}

/// TestInvokeMethod.
pub(crate) async fn method(control: &Control, request: &Request) -> Reply {
    let body = request.body()?;
    let test = invocation(control, request, &body)?;
    let answer = control.gate().test_invoke(test).await?;
    Answer::json(&wire(&answer))
}

/// What an authorizer said, on the wire.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AuthorizerAnswerWire {
    client_status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    claims: BTreeMap<String, String>,
    log: String,
    latency: u64,
}

/// TestInvokeAuthorizer.
pub(crate) async fn authorizer(control: &Control, request: &Request) -> Reply {
    let body = request.body()?;
    let (catalog, api) = (control.catalog(), request.rest_api_id());
    let tree = catalog.rest_apis.get(&api).ok_or(Conflict::UnknownAuthorizer)?;
    let id = request.label("authorizer_id");
    if !tree.authorizers.contains_key(id) {
        return Err(Conflict::UnknownAuthorizer.into());
    }
    let path_and_query = body.string("pathWithQueryString")?;
    if path_and_query.as_deref().is_some_and(|path| !path.is_empty() && !path.starts_with('/')) {
        return Err(TestRefusal::Unsendable.into());
    }
    let test = AuthorizerTest {
        api: Arc::clone(tree),
        authorizer: id.to_owned(),
        path_and_query,
        headers: headers(&body)?,
        stage_variables: body.string_map("stageVariables")?.unwrap_or_default(),
    };
    let AuthorizerAnswer { client_status, principal_id, policy, claims, log, latency_millis: latency } =
        control.gate().test_authorizer(test).await?;
    Answer::json(&AuthorizerAnswerWire { client_status, principal_id, policy, claims, log, latency })
}

fn invocation(control: &Control, request: &Request, body: &Members) -> Result<TestInvocation, Failure> {
    let (catalog, api) = (control.catalog(), request.rest_api_id());
    let tree = catalog.rest_apis.get(&api).ok_or(Conflict::NoSuchResource)?;
    let methods = &resource::find(&catalog, &api, &request.resource_id())?.methods;
    let verb = HttpMethod::parse(request.label("http_method")).ok_or(Conflict::NoSuchMethod)?;
    if !methods.contains_key(&verb) && !methods.contains_key(&HttpMethod::Any) {
        return Err(Conflict::NoSuchMethod.into());
    }
    Ok(TestInvocation {
        api: Arc::clone(tree),
        resource: request.resource_id(),
        // A method for any verb is tried with one.
        verb: if verb == HttpMethod::Any { HttpMethod::Get } else { verb },
        path_and_query: body.string("pathWithQueryString")?,
        headers: headers(body)?,
        body: body.string("body")?.unwrap_or_default(),
        stage_variables: body.string_map("stageVariables")?.unwrap_or_default(),
    })
}

/// The headers given; where both maps name one, the map of several values counts, as on AWS.
fn headers(body: &Members) -> Result<Vec<(String, String)>, BodyError> {
    let several = body.strings_map("multiValueHeaders")?.unwrap_or_default();
    let single = body.string_map("headers")?.unwrap_or_default();
    let named = |name: &str| several.keys().any(|other| other.eq_ignore_ascii_case(name));
    let mut headers: Vec<_> = single.into_iter().filter(|(name, _)| !named(name)).collect();
    for (name, values) in &several {
        headers.extend(values.iter().map(|value| (name.clone(), value.clone())));
    }
    Ok(headers)
}

fn wire(answer: &TestAnswer) -> TestAnswerWire<'_> {
    let mut multi_value_headers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in &answer.headers {
        multi_value_headers.entry(name).or_default().push(value);
    }
    TestAnswerWire {
        status: answer.status,
        body: &answer.body,
        headers: answer.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
        multi_value_headers,
        log: &answer.log,
        latency: answer.latency_millis,
    }
}
