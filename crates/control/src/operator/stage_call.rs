//! CallStage: sends a call through the gateway as a caller would, with a key of one's choice, and shows what came back.
//!
//! It counts as any other: it takes tokens and units of the key's quota.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request as HttpRequest};
use serde::Serialize;
use tollgate_domain::ApiKeyId;

use super::OperatorRefusal;
use crate::Control;
use crate::answer::{Answer, Reply};
use crate::conflict::Conflict;
use crate::error::Failure;
use crate::json::Members;
use crate::request::Request;

/// Characters of an answer that are shown.
const SHOWN: usize = 100_000;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StageCallWire {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
    /// Whether the body was longer than what is shown.
    cut: bool,
    latency_millis: u64,
}

pub(crate) async fn call(control: &Control, request: &Request) -> Reply {
    let call = read(control, &request.body()?).await?;
    let began = control.clock().now().ticks.0;
    let (head, body) = control.gate().call(call).await?.into_parts();
    let took = control.clock().now().ticks.0.saturating_sub(began);
    let text = String::from_utf8_lossy(&body);
    let shown: String = text.chars().take(SHOWN).collect();
    let header = |(name, value): (&HeaderName, &HeaderValue)| {
        (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    Answer::json(&StageCallWire {
        status: head.status.as_u16(),
        headers: head.headers.iter().map(header).collect(),
        cut: shown.len() < text.len(),
        body: shown,
        latency_millis: took / (tollgate_domain::clock::TICKS_PER_SECOND / 1000),
    })
}

async fn read(control: &Control, body: &Members) -> Result<HttpRequest<Bytes>, Failure> {
    let text = |name| Ok::<_, Failure>(body.string(name)?.unwrap_or_default());
    let (api, stage) = (text("apiId")?, text("stage")?);
    let catalog = control.catalog();
    let known = catalog.rest_apis.get(api.as_str()).is_some_and(|tree| tree.stages.contains_key(stage.as_str()));
    if !known {
        return Err(OperatorRefusal::NoSuchStage.into());
    }
    let path = text("path")?;
    if !path.starts_with('/') {
        return Err(OperatorRefusal::BadPath.into());
    }
    let method = Method::from_bytes(text("method")?.as_bytes()).map_err(|_| OperatorRefusal::BadCall("method"))?;
    let mut call = HttpRequest::builder().method(method).uri(format!("/restapis/{api}/{stage}/_user_request_{path}"));
    for (name, value) in given_headers(body)? {
        call = call.header(name, value);
    }
    if let Some(value) = key_value(control, body).await? {
        let mut value = HeaderValue::try_from(value).map_err(|_| OperatorRefusal::BadCall("key"))?;
        value.set_sensitive(true);
        call = call.header("x-api-key", value);
    }
    Ok(call.body(Bytes::from(text("body")?)).map_err(|_| OperatorRefusal::BadCall("path"))?)
}

fn given_headers(body: &Members) -> Result<Vec<(HeaderName, HeaderValue)>, Failure> {
    let given: BTreeMap<String, String> = body.string_map("headers")?.unwrap_or_default();
    let header = |(name, value): (String, String)| {
        let name: HeaderName = name.parse().ok()?;
        // These are for the connection, which is not the caller's.
        let reserved = ["host", "connection", "content-length", "transfer-encoding", "upgrade"];
        let value = HeaderValue::try_from(value).ok()?;
        (!reserved.contains(&name.as_str())).then_some((name, value))
    };
    given.into_iter().map(|pair| header(pair).ok_or(OperatorRefusal::BadCall("headers").into())).collect()
}

/// The value of the key that the call is made with, named by its id.
async fn key_value(control: &Control, body: &Members) -> Result<Option<String>, Failure> {
    let Some(id) = body.string("keyId")?.filter(|id| !id.is_empty()) else { return Ok(None) };
    let id = ApiKeyId::parse(&id).map_err(|_| Conflict::NoSuchApiKey)?;
    let row = control.store().key(id).await?.ok_or(Conflict::NoSuchApiKey)?;
    Ok(Some(row.value))
}
