//! Functions that are part of this process, named `tollgate:{name}`.

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::fault::Fault;

/// What a call of a [`BuiltIn`] returns.
pub type BuiltInFuture<'a> = Pin<Box<dyn Future<Output = Result<Bytes, Fault>> + Send + 'a>>;

/// A function that is part of this process. It is neither timed nor capped.
pub trait BuiltIn: Send + Sync {
    /// Answers one event.
    fn call(&self, event: Bytes) -> BuiltInFuture<'_>;
}

/// `tollgate:echo`: answers a proxy integration with the event that it was sent.
pub(crate) struct Echo;

impl BuiltIn for Echo {
    fn call(&self, event: Bytes) -> BuiltInFuture<'_> {
        Box::pin(async move {
            let event: Value = serde_json::from_slice(&event)
                .map_err(|error| Fault::new("Runtime.UnmarshalError", format!("the event is no JSON: {error}")))?;
            let answer = json!({
                "statusCode": 200,
                "headers": { "Content-Type": "application/json" },
                "body": event.to_string(),
                "isBase64Encoded": false,
            });
            Ok(answer.to_string().into())
        })
    }
}
