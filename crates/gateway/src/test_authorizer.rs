//! Tests of authorizers: what one says of a caller, as its API stands, without a call that it guards.

use http::HeaderMap;
use http::request::Parts;
use serde_json::Value;
use tollgate_domain::test_invocation::AUTHORIZER_TEST_STAGE;
use tollgate_domain::{AuthorizerAnswer, AuthorizerTest, TestRefusal};

use crate::authorize::arn;
use crate::authorizer::{Authorization, Said};
use crate::call::Call;
use crate::execution_log::{ExecutionLog, LogLevel};
use crate::gateway::Gateway;
use crate::narration::masked;
use crate::refusal::Refusal;
use crate::snapshot::Stage;
use crate::test_invoke::{HOST, bench, client, millis_since, request, stage, trace, written};
use crate::worker::Worker;

impl Gateway {
    /// Asks one authorizer about a caller. Blocks the thread: for as long as its function may take.
    pub fn test_authorizer(&self, test: &AuthorizerTest) -> Result<AuthorizerAnswer, TestRefusal> {
        let shared = &self.0;
        let settings = stage(AUTHORIZER_TEST_STAGE, &test.stage_variables);
        let stage = shared.compiler(shared.clock.now().ticks).test_stage(&test.api, None, &settings);
        let path = test.path_and_query.clone().filter(|path| !path.is_empty()).unwrap_or_else(|| "/".to_owned());
        let (head, headers) = request("GET", path, &test.headers)?;
        let (runtime, worker) = bench(shared)?;
        Ok(runtime.block_on(run(&worker, &stage, test, &head, &headers)))
    }
}

async fn run(
    worker: &Worker,
    stage: &Stage,
    test: &AuthorizerTest,
    head: &Parts,
    headers: &HeaderMap,
) -> AuthorizerAnswer {
    let (shared, ids, client) = (&worker.shared, worker.call_ids.next(), client());
    let mut call = Call::new(&ids, shared.clock.now(), &client, &shared.config.account_id, head.into());
    (call.host, call.stage, call.path) = (HOST, Some(stage), head.uri.path());
    call.log = Some(Box::new(ExecutionLog::new(LogLevel::Info, true, std::sync::Arc::clone(&shared.clock))));
    let request_id = ids.request_id.as_str();
    call.note(LogLevel::Info, || format!("Starting authorizer: {} for request: {request_id}", test.authorizer));
    let said = ask(worker, stage, test, &call, headers).await;
    let client_status = match &said {
        Ok(said) => {
            if said.policy.is_some() {
                trace(&call, || format!("Authorizer result body before parsing: {}", said.document()));
                let name = masked(said.principal.id.as_deref().unwrap_or_default());
                call.note(LogLevel::Info, || format!("Using valid authorizer policy for principal: {name}"));
            }
            call.note(LogLevel::Info, || "Successfully completed authorizer execution".to_owned());
            0
        }
        Err(refusal) => {
            call.note(LogLevel::Error, || format!("Execution failed: {refusal}"));
            refusal.gateway_response().status.as_u16()
        }
    };
    let said = said.ok();
    let claims = said.iter().flat_map(|said| &said.principal.claims);
    AuthorizerAnswer {
        client_status,
        principal_id: said.as_ref().and_then(|said| said.principal.id.clone()),
        policy: said.as_ref().and_then(|said| said.policy.as_ref()).map(Value::to_string),
        claims: claims.map(|(name, value)| (name.clone(), text(value))).collect(),
        latency_millis: millis_since(&call, &*shared.clock),
        log: written(request_id, &call.log.take().map(|log| log.into_lines()).unwrap_or_default()),
    }
}

async fn ask(
    worker: &Worker,
    stage: &Stage,
    test: &AuthorizerTest,
    call: &Call<'_>,
    headers: &HeaderMap,
) -> Result<Said, Refusal> {
    match stage.program.authorizers.named(&test.authorizer, &[]) {
        Authorization::Function(authorizer) => {
            authorizer.say(worker.shared.functions(), call, headers, &arn(call, stage)).await
        }
        Authorization::Unusable(why) => Err(Refusal::AuthorizerUnusable(why)),
        Authorization::UserPools { authorizer, scopes } => {
            let principal = authorizer.judge(&worker.shared, call, headers, &scopes).await?;
            Ok(Said { principal, policy: None })
        }
        Authorization::Open | Authorization::Signature => Ok(Said::default()),
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
