//! Authorize: whether the API's policy and the method's authorizer let this caller in, before any key is looked at.

use http::{HeaderMap, StatusCode};

use crate::authorizer::Authorization;
use crate::call::{AuthorizationReport, Call};
use crate::path::decode_unreserved;
use crate::policy::{Asked, Denial, Policy, Verdict};
use crate::principal::Principal;
use crate::refusal::Refusal;
use crate::snapshot::{Method, Stage};
use crate::worker::Worker;

/// Bytes that the ARN of a call may have where somebody is authorized by it.
const LONGEST_ARN: usize = 1600;

/// Lets a caller in, and says who it is.
pub(crate) async fn authorize(worker: &Worker, call: &Call<'_>, headers: &HeaderMap) -> Result<Principal, Refusal> {
    let (Some(stage), Some(method)) = (call.stage, call.method) else { return Err(Refusal::UnknownRoute) };
    match (&method.authorization, &stage.program.policy) {
        (Authorization::Open, None) => Ok(Principal::default()),
        // Boxed, so that calls of open methods carry none of this along.
        (_, policy) => {
            let began = worker.shared.clock.ticks();
            let judged = Box::pin(judge(worker, call, headers, stage, method, policy.as_ref())).await;
            let status = judged.as_ref().map_or_else(|refusal| refusal.gateway_response().status, |_| StatusCode::OK);
            let latency = worker.shared.clock.ticks().since(began);
            call.authorization.set(Some(AuthorizationReport { status, latency }));
            judged
        }
    }
}

async fn judge(
    worker: &Worker,
    call: &Call<'_>,
    headers: &HeaderMap,
    stage: &Stage,
    method: &Method,
    policy: Option<&Policy>,
) -> Result<Principal, Refusal> {
    let arn = arn(call, stage);
    let source_ip = call.client.address.to_str().unwrap_or_default();
    let asked = Asked { arn: &arn, source_ip, headers, signer: None };
    // First, so that nobody whom the API's policy denies is shown to a function.
    let verdict = policy.map(|policy| policy.verdict(&asked));
    if verdict == Some(Verdict::Denied) {
        return Err(denied(Some(&arn), true));
    }
    match &method.authorization {
        Authorization::Open => match verdict {
            Some(Verdict::Silent | Verdict::Denied) => Err(denied(Some(&arn), false)),
            Some(Verdict::Allowed) | None => Ok(Principal::default()),
        },
        Authorization::Unusable(why) => Err(Refusal::AuthorizerUnusable(why.clone())),
        Authorization::Function(_) if arn.len() > LONGEST_ARN => Err(Refusal::UriTooLong),
        Authorization::Function(authorizer) => {
            let shared = &worker.shared;
            let (principal, said) = authorizer.judge(shared.functions(), &*shared.clock, call, headers, &asked).await?;
            // One of the two has to allow the call, and neither may deny it.
            match (said, verdict) {
                (Verdict::Denied, _) => Err(denied(None, true)),
                (Verdict::Allowed, _) | (Verdict::Silent, Some(Verdict::Allowed)) => Ok(principal),
                (Verdict::Silent, _) => Err(denied(None, false)),
            }
        }
    }
}

/// The refusal of an API's policy if there is an `arn`, else that of an authorizer.
fn denied(arn: Option<&str>, explicit: bool) -> Refusal {
    Refusal::Denied(Denial { whose: arn.map(|arn| ("anonymous".to_owned(), arn.to_owned())), explicit })
}

/// The name of what is called: `arn:aws:execute-api:{region}:{account}:{api}/{stage}/{VERB}/{path}`.
///
/// The path is spelled as it is matched, so that no other spelling slips past a policy.
pub(crate) fn arn(call: &Call<'_>, stage: &Stage) -> String {
    let path = decode_unreserved(call.path);
    let path = path.strip_prefix('/').unwrap_or(&path);
    let path = path.strip_suffix('/').unwrap_or(path);
    format!("{}/{}/{}/{path}", stage.program.api_arn, stage.name, call.verb)
}
