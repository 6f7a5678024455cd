//! Operations run from within the process, by callers who need no signature because they are the process.

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};

use crate::Control;
use crate::answer::Answer;
use crate::error::Failure;
use crate::request::Request;
use crate::router::{self, Routed};
use crate::server::read_query;

/// An operation's "no", as a client would have got it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code} ({status}): {message}")]
pub struct Refused {
    /// The HTTP status.
    pub status: u16,
    /// AWS's code.
    pub code: String,
    /// AWS's message.
    pub message: String,
}

/// Where an operation is looked for.
type Find = fn(&Method, &str, &[(String, String)]) -> Option<Routed>;

impl Control {
    /// Runs one operation of AWS, named by method and path as on the wire, and returns its answer (null when it has
    /// none).
    pub async fn perform(&self, method: Method, uri: &str, body: Option<Value>) -> Result<Value, Refused> {
        self.run_operation(router::find, &method, uri, body).await
    }

    /// As `perform`, for our own operations, too: what built-in functions do. Nothing that callers choose may be the path.
    pub async fn operate(&self, method: Method, uri: &str, body: Option<Value>) -> Result<Value, Refused> {
        self.run_operation(router::find_any, &method, uri, body).await
    }

    /// Answers a request for an operation of AWS as on the wire, but for its signature.
    pub async fn answer(&self, request: http::Request<Bytes>) -> http::Response<Bytes> {
        let (parts, body) = request.into_parts();
        let uri = parts.uri.path_and_query().map_or("/", |uri| uri.as_str());
        let (status, code, body) = match self.run_request(router::find, &parts.method, uri, body).await {
            Ok((status, Answer::Json(document))) => (status, None, document),
            Ok((status, Answer::File { bytes, .. })) => (status, None, bytes),
            Ok((status, Answer::Empty)) => (status, None, Vec::new()),
            Err(failure) => {
                let answer = failure.answer();
                (answer.status, Some(answer.code), json!({ "message": answer.message }).to_string().into_bytes())
            }
        };
        let mut response = http::Response::new(Bytes::from(body));
        *response.status_mut() = status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(code) = code {
            response.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(code));
        }
        response
    }

    async fn run_operation(
        &self,
        find: Find,
        method: &Method,
        uri: &str,
        body: Option<Value>,
    ) -> Result<Value, Refused> {
        let body = body.map_or_else(Bytes::new, |body| body.to_string().into());
        let (_, answer) = self.run_request(find, method, uri, body).await.map_err(|failure| {
            let answer = failure.answer();
            Refused { status: answer.status.as_u16(), code: answer.code.to_owned(), message: answer.message }
        })?;
        match answer {
            Answer::Json(document) => Ok(serde_json::from_slice(&document).unwrap_or(Value::Null)),
            // Text that is no JSON, such as YAML, is a string; an archive has no place in an answer of values.
            Answer::File { bytes, .. } => {
                let as_text = || String::from_utf8(bytes.clone()).map_or(Value::Null, Value::from);
                Ok(serde_json::from_slice(&bytes).unwrap_or_else(|_| as_text()))
            }
            Answer::Empty => Ok(Value::Null),
        }
    }

    async fn run_request(
        &self,
        find: Find,
        method: &Method,
        uri: &str,
        body: Bytes,
    ) -> Result<(StatusCode, Answer), Failure> {
        let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
        let query = read_query(query);
        let (operation, labels) = find(method, path, &query).ok_or(Failure::UnknownOperation)?;
        let answer = (operation.run)(self, &Request::new(labels, query, body, self.clock().now().wall)).await?;
        Ok((operation.status, answer))
    }
}
