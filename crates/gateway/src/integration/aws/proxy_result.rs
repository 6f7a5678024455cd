//! What a function returns for a proxied call, read as strictly as AWS reads it.

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use serde_json::{Map, Value};

use super::super::binary;
use crate::body::AnswerBody;
use crate::refusal::Refusal;

/// The answer that a function returned.
#[derive(Debug, PartialEq)]
pub(super) struct ProxyResult {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
    is_base64: bool,
}

/// Why what a function returned is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum MalformedResult {
    #[error("it is no JSON object")]
    NoObject,
    #[error("it says nothing")]
    Empty,
    #[error("it has an unknown member {0:?}")]
    UnknownMember(String),
    #[error("statusCode is no status of an answer")]
    StatusCode,
    #[error("{0} is not of the right type")]
    Type(&'static str),
    #[error("the header {0:?} cannot be sent")]
    Header(String),
}

impl ProxyResult {
    /// Reads the payload of a function that returned.
    pub(super) fn parse(payload: &[u8]) -> Result<Self, MalformedResult> {
        let Ok(Value::Object(object)) = serde_json::from_slice(payload) else { return Err(MalformedResult::NoObject) };
        if object.is_empty() {
            return Err(MalformedResult::Empty);
        }
        let mut result =
            Self { status: StatusCode::OK, headers: HeaderMap::new(), body: String::new(), is_base64: false };
        let (mut single, mut lists) = (Map::new(), Map::new());
        for (name, value) in object {
            match (name.as_str(), value) {
                ("statusCode", value) => result.status = status(&value)?,
                ("headers", value) => single = map(value, "headers")?,
                ("multiValueHeaders", value) => lists = map(value, "multiValueHeaders")?,
                ("body" | "isBase64Encoded", Value::Null) => {}
                ("body", Value::String(body)) => result.body = body,
                ("body", _) => return Err(MalformedResult::Type("body")),
                ("isBase64Encoded", Value::Bool(is_base64)) => result.is_base64 = is_base64,
                ("isBase64Encoded", _) => return Err(MalformedResult::Type("isBase64Encoded")),
                _ => return Err(MalformedResult::UnknownMember(name)),
            }
        }
        result.headers = headers(single, lists)?;
        Ok(result)
    }

    /// The answer. A body in base64 is decoded where the caller accepts one of the API's binary types, or the answer
    /// is of one.
    pub(super) fn into_response(
        self,
        binary_types: &[String],
        accepts_binary: bool,
    ) -> Result<Response<AnswerBody>, Refusal> {
        let is_binary = self.is_base64 && (accepts_binary || binary::is_body(binary_types, &self.headers));
        let body = match is_binary {
            false => Bytes::from(self.body),
            true => binary::decode(self.body.as_bytes())
                .ok_or_else(|| Refusal::Misconfigured("the function's body is not in base64".to_owned()))?,
        };
        let mut response = Response::new(AnswerBody::whole(body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response.headers_mut().remove(header::CONTENT_LENGTH);
        response.headers_mut().entry(header::CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
        Ok(response)
    }
}

/// A status as a number or as its digits. One that is not final, such as 100, is no answer.
fn status(value: &Value) -> Result<StatusCode, MalformedResult> {
    let number = match value {
        Value::Null => return Ok(StatusCode::OK),
        Value::Number(number) => number.as_u64().and_then(|number| u16::try_from(number).ok()),
        Value::String(digits) => digits.parse().ok(),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    let status = number.filter(|number| (200..600).contains(number));
    status.and_then(|status| StatusCode::from_u16(status).ok()).ok_or(MalformedResult::StatusCode)
}

fn map(value: Value, member: &'static str) -> Result<Map<String, Value>, MalformedResult> {
    match value {
        Value::Null => Ok(Map::new()),
        Value::Object(map) => Ok(map),
        _ => Err(MalformedResult::Type(member)),
    }
}

/// Merges both kinds of headers. A value in `headers` that `multiValueHeaders` has already is not sent twice.
fn headers(single: Map<String, Value>, lists: Map<String, Value>) -> Result<HeaderMap, MalformedResult> {
    let mut headers = HeaderMap::new();
    for (name, values) in &lists {
        let Value::Array(values) = values else { return Err(MalformedResult::Type("multiValueHeaders")) };
        for value in values {
            if let Some((name, value)) = pair(name, value, "multiValueHeaders")? {
                headers.append(name, value);
            }
        }
    }
    for (name, value) in &single {
        if let Some((name, value)) = pair(name, value, "headers")?
            && !headers.get_all(&name).iter().any(|sent| sent == value)
        {
            headers.append(name, value);
        }
    }
    Ok(headers)
}

/// One header; `None` for `null`.
fn pair(name: &str, value: &Value, member: &'static str) -> Result<Option<(HeaderName, HeaderValue)>, MalformedResult> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(_) | Value::Object(_) => return Err(MalformedResult::Type(member)),
    };
    let wrong = || MalformedResult::Header(name.to_owned());
    let parsed = name.parse().map_err(|_| wrong())?;
    Ok(Some((parsed, HeaderValue::from_str(&text).map_err(|_| wrong())?)))
}

#[cfg(test)]
#[path = "proxy_result_tests.rs"]
mod tests;
