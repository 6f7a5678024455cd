//! Signing in, by an access key pair or by a link; who is signed in; signing out.

use serde::Serialize;
use subtle::ConstantTimeEq;
use tollgate_domain::Role;

use super::session::{Session, SessionRefusal};
use crate::Control;
use crate::access::Caller;
use crate::answer::Answer;
use crate::error::Failure;
use crate::json::Members;

/// A session, as the console is told of it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionWire<'a> {
    access_key_id: &'a str,
    role: &'static str,
    /// The plans of a key issuer.
    usage_plan_ids: Vec<String>,
    csrf_token: &'a str,
    /// Milliseconds since 1970.
    expires: i64,
}

/// Checks what somebody signs in with, and begins a session. Returns its token.
pub(super) async fn sign_in(control: &Control, body: &[u8]) -> Result<String, Failure> {
    let body = Members::parse(body)?;
    let now = control.clock().now().wall;
    let access_key_id = match body.string("link")? {
        Some(link) => {
            let owner = control.sessions().take_link(&link, now).await?.ok_or(SessionRefusal::SpentLink)?;
            control.credentials().find(&owner).map(|_| owner).ok_or(SessionRefusal::SpentLink)?
        }
        None => {
            let given = |name| Ok::<_, Failure>(body.string(name)?.unwrap_or_default().trim().to_owned());
            let (id, secret) = (given("accessKeyId")?, given("secretAccessKey")?);
            let known = control.credentials().find(&id);
            // An unknown id takes as long as a wrong secret.
            let expected = known.as_ref().map_or("", |pair| pair.secret.as_str());
            let same = bool::from(expected.as_bytes().ct_eq(secret.as_bytes()));
            if known.is_none() || !same {
                return Err(SessionRefusal::WrongPair.into());
            }
            id
        }
    };
    Ok(control.sessions().begin(access_key_id, now, control.ids()).await?)
}

/// The session of a token, with what its owner may do by now. A pair that was deleted has no sessions.
pub(super) async fn find(control: &Control, token: Option<&str>) -> Result<(Session, Caller), Failure> {
    let now = control.clock().now().wall;
    let token = token.ok_or(SessionRefusal::NotSignedIn)?;
    let session = control.sessions().touch(token, now).await?.ok_or(SessionRefusal::NotSignedIn)?;
    let pair = control.credentials().find(&session.access_key_id).ok_or(SessionRefusal::NotSignedIn)?;
    let caller = Caller { access_key_id: session.access_key_id.clone(), role: pair.role };
    Ok((session, caller))
}

/// What the console is told of a session.
pub(super) fn describe(session: &Session, role: &Role) -> Result<Answer, Failure> {
    Answer::json(&SessionWire {
        access_key_id: &session.access_key_id,
        role: role.as_str(),
        usage_plan_ids: role.plans().iter().map(ToString::to_string).collect(),
        csrf_token: &session.csrf_token,
        expires: session.expires.0,
    })
}
