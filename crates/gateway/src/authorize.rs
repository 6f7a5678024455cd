//! Authorize: whether the API's policy and the method's authorizer let this caller in, before any key is looked at.

use http::{HeaderMap, StatusCode};

use crate::authorizer::Authorization;
use crate::body::RequestBody;
use crate::call::{AuthorizationReport, Call};
use crate::path::decode_unreserved;
use crate::policy::{Asked, Denial, Policy, Verdict};
use crate::principal::Principal;
use crate::refusal::Refusal;
use crate::signature;
use crate::snapshot::{Method, Stage};
use crate::worker::Worker;

/// Bytes that the ARN of a call may have where somebody is authorized by it.
const LONGEST_ARN: usize = 1600;

/// Lets a caller in, and says who it is. The body is read only where its signature has to be judged, and is whole then.
pub(crate) async fn authorize(
    worker: &Worker,
    call: &Call<'_>,
    headers: &HeaderMap,
    body: &mut RequestBody,
) -> Result<Principal, Refusal> {
    let (Some(stage), Some(method)) = (call.stage, call.method) else { return Err(Refusal::UnknownRoute) };
    match (&method.authorization, &stage.program.policy) {
        (Authorization::Open, None) => Ok(Principal::default()),
        // Boxed, so that calls of open methods carry none of this along.
        (_, policy) => {
            let began = worker.shared.clock.ticks();
            let judged = Box::pin(judge(worker, call, headers, body, stage, method, policy.as_ref())).await;
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
    body: &mut RequestBody,
    stage: &Stage,
    method: &Method,
    policy: Option<&Policy>,
) -> Result<Principal, Refusal> {
    let (shared, arn) = (&worker.shared, arn(call, stage));
    if arn.len() > LONGEST_ARN && method.authorization.wants_a_name() {
        return Err(Refusal::UriTooLong);
    }
    let signer = match &method.authorization {
        Authorization::Signature => Some(signature::verify(shared, call, headers, body).await?),
        _ => None,
    };
    let source_ip = call.client.address.to_str().unwrap_or_default();
    let asked = Asked { arn: &arn, source_ip, headers, signer: signer.as_ref() };
    // First, so that nobody whom the API's policy denies is shown to a function.
    let verdict = policy.map(|policy| policy.verdict(&asked));
    if verdict == Some(Verdict::Denied) {
        return Err(denied(&asked, true));
    }
    match &method.authorization {
        Authorization::Open => allowed(verdict, &asked).map(|()| Principal::default()),
        Authorization::Unusable(why) => Err(Refusal::AuthorizerUnusable(why.clone())),
        // Whoever has a pair of keys may call what no policy denies, as the administrator of an account may on AWS.
        Authorization::Signature => Ok(Principal { signer, ..Principal::default() }),
        Authorization::UserPools { authorizer, scopes } => {
            let principal = authorizer.judge(shared, call, headers, scopes).await?;
            // A token says who calls, not what they may call: that is left to the policy.
            allowed(verdict, &asked).map(|()| principal)
        }
        Authorization::Function(authorizer) => {
            let (principal, said) = authorizer.judge(shared.functions(), &*shared.clock, call, headers, &asked).await?;
            // One of the two has to allow the call, and neither may deny it.
            match (said, verdict) {
                (Verdict::Denied, _) => Err(denied_by_authorizer(true)),
                (Verdict::Allowed, _) | (Verdict::Silent, Some(Verdict::Allowed)) => Ok(principal),
                (Verdict::Silent, _) => Err(denied_by_authorizer(false)),
            }
        }
    }
}

/// Whether a policy that alone has to let callers in does.
fn allowed(verdict: Option<Verdict>, asked: &Asked<'_>) -> Result<(), Refusal> {
    match verdict {
        Some(Verdict::Silent | Verdict::Denied) => Err(denied(asked, false)),
        Some(Verdict::Allowed) | None => Ok(()),
    }
}

/// The refusal of an API's policy.
fn denied(asked: &Asked<'_>, explicit: bool) -> Refusal {
    let user = asked.signer.map_or("anonymous", |signer| &signer.user_arn);
    Refusal::Denied(Denial { whose: Some((user.to_owned(), asked.arn.to_owned())), explicit })
}

/// The refusal of an authorizer.
fn denied_by_authorizer(explicit: bool) -> Refusal {
    Refusal::Denied(Denial { whose: None, explicit })
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
