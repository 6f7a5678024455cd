//! Operations run from within the process, by callers who need no signature because they are the process.

use bytes::Bytes;
use http::Method;
use serde_json::Value;

use crate::Control;
use crate::answer::Answer;
use crate::error::Failure;
use crate::request::Request;
use crate::router;
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

impl Control {
    /// Runs one operation, named by method and path as on the wire, and returns its answer (null when it has none).
    pub async fn perform(&self, method: Method, uri: &str, body: Option<Value>) -> Result<Value, Refused> {
        self.run_operation(&method, uri, body).await.map_err(|failure| {
            let answer = failure.answer();
            Refused { status: answer.status.as_u16(), code: answer.code.to_owned(), message: answer.message }
        })
    }

    async fn run_operation(&self, method: &Method, uri: &str, body: Option<Value>) -> Result<Value, Failure> {
        let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
        let query = read_query(query);
        let (operation, labels) = router::find(method, path, &query).ok_or(Failure::UnknownOperation)?;
        let run = operation.run.ok_or(Failure::NotBuilt(operation.name))?;
        let body = body.map_or_else(Bytes::new, |body| body.to_string().into());
        match run(self, &Request::new(labels, query, body, self.clock().now().wall)).await? {
            Answer::Json(document) => Ok(serde_json::from_slice(&document).unwrap_or(Value::Null)),
            // Text that is no JSON, such as YAML, is a string; an archive has no place in an answer of values.
            Answer::File { bytes, .. } => {
                let as_text = || String::from_utf8(bytes.clone()).map_or(Value::Null, Value::from);
                Ok(serde_json::from_slice(&bytes).unwrap_or_else(|_| as_text()))
            }
            Answer::Empty => Ok(Value::Null),
        }
    }
}
