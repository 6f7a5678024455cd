//! A function for the runtime `provided`: answers what it was sent, or fails when told to. To a call that comes through a
//! proxy integration it answers the path, unless `?wish=` asks for something that functions do wrong.

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
        return answer(&event.payload).await;
    }
    Ok(json!({ "echo": event.payload, "requestId": event.context.request_id }))
}

#[expect(clippy::print_stdout, reason = "what a function prints is its log")]
async fn answer(call: &Value) -> Result<Value, Error> {
    match call["queryStringParameters"]["wish"].as_str() {
        Some("throw") => return Err("told to".into()),
        Some("hang") => std::future::pending().await,
        Some("exit") => std::process::exit(3),
        Some("nonsense") => return Ok(json!("nonsense")),
        Some("chatter") => (0..10 << 10).for_each(|_| println!("{}", "x".repeat(1023))),
        _ => {}
    }
    Ok(json!({ "statusCode": 200, "body": call["path"] }))
}
