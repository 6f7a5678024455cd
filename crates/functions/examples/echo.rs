//! A function for the runtime `provided`: answers what it was sent, or fails when told to. To a call that comes through a
//! proxy integration it answers the path.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(echo)).await
}

async fn echo(event: LambdaEvent<Value>) -> Result<Value, Error> {
    if event.payload["fail"] == true {
        return Err("told to fail".into());
    }
    if event.payload["httpMethod"].is_string() {
        return Ok(json!({ "statusCode": 200, "body": event.payload["path"] }));
    }
    Ok(json!({ "echo": event.payload, "requestId": event.context.request_id }))
}
