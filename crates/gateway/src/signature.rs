//! Who signed a call, for methods with `AWS_IAM`.

use http::{HeaderMap, HeaderValue, header};
use tollgate_sigv4::{Claim, Payload, SignatureRefusal, StatedPayload, Subject, hash};

use crate::body::RequestBody;
use crate::call::Call;
use crate::gateway::Shared;
use crate::principal::Signer;
use crate::refusal::Refusal;

/// The service that calls are signed for.
const SERVICE: &str = "execute-api";

/// Verifies the signature of a call. Its body is read if it was signed, and is whole then; what can be told without it
/// is told first, so that nobody has bodies held who knows no name of a pair.
pub(crate) async fn verify(
    shared: &Shared,
    call: &Call<'_>,
    headers: &HeaderMap,
    body: &mut RequestBody,
) -> Result<Signer, Refusal> {
    let pairs = shared.access_keys();
    let pairs = pairs.ok_or_else(|| Refusal::AuthorizerUnusable("nobody is known who may sign calls".to_owned()))?;
    let claim = Claim::of_request(headers, call.query())?;
    let pair = pairs.find(&claim.access_key_id).filter(|_| !claim.has_session());
    let pair = pair.ok_or(SignatureRefusal::UnknownAccessKey)?;
    claim.check_scope(SERVICE, call.at.wall)?;
    let authority = match headers.contains_key(header::HOST) {
        true => None,
        false => HeaderValue::from_str(call.host).ok(),
    };
    let subject = Subject { method: call.verb, target: call.target, headers, authority: authority.as_ref() };
    let verify = |payload: Payload<'_>| claim.verify(&pair.secret_access_key, &subject, payload);
    match claim.stated_payload() {
        Some(StatedPayload::Unsigned) => verify(Payload::Unsigned)?,
        Some(StatedPayload::Hash(stated)) => {
            verify(Payload::Hash(stated))?;
            if hash(body.hold().await?) != *stated {
                return Err(SignatureRefusal::Mismatch.into());
            }
        }
        None => verify(Payload::Bytes(body.hold().await?))?,
    }
    Ok(Signer {
        access_key_id: claim.access_key_id,
        user_arn: pair.user_arn,
        user_id: pair.user_id,
        account_id: call.account_id.to_owned(),
    })
}
