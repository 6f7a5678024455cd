//! The records of stacks, for the tool that deploys templates. Not of AWS: `/tollgate/stacks`, signed like the rest.
//!
//! | request | answer |
//! |---|---|
//! | `GET /tollgate/stacks` | `{"stacks": [{"name", "revision", "modified"}]}`, by name; `modified` in seconds since 1970 |
//! | `GET /tollgate/stacks/{name}` | `{"name", "revision", "modified", "record"}` |
//! | `PUT /tollgate/stacks/{name}` with `{"revision", "record"}` | `{"revision"}`, the next one; 409 unless the stack is at `revision`, which is 0 for one that is not there |
//! | `DELETE /tollgate/stacks/{name}?revision=N` | 202; 409 as above |
//!
//! A record is a JSON object that is kept as it is. It may hold the values of keys, so only who may change things may
//! read it.

use axum::body::Body;
use http::{Method, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use tollgate_store::{StackHead, StoreError};

use crate::Control;
use crate::answer::Answer;
use crate::credentials::Role;
use crate::error::Failure;
use crate::json::Members;
use crate::server::{Verified, read_query, verify};

pub(crate) const ROOT: &str = "/tollgate/stacks";
/// Bytes of a record with what is around it.
const BODY_LIMIT: usize = 32 << 20;
const NAME_LIMIT: usize = 128;

/// The "no" to a change of a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StackConflict {
    #[error("there is no stack of this name")]
    Unknown,
    #[error("the name of a stack has up to 128 letters, digits and hyphens, and begins with a letter")]
    BadName,
    #[error("revision has to be a number: that of the stack, or 0 for one that is not there")]
    BadRevision,
    #[error("record has to be an object")]
    NoRecord,
    #[error("the stack is being changed by somebody else")]
    Moved,
}

impl StackConflict {
    pub(crate) fn code(self) -> (StatusCode, &'static str) {
        match self {
            Self::Unknown => (StatusCode::NOT_FOUND, "NotFoundException"),
            Self::BadName | Self::BadRevision | Self::NoRecord => (StatusCode::BAD_REQUEST, "BadRequestException"),
            Self::Moved => (StatusCode::CONFLICT, "ConflictException"),
        }
    }
}

/// Serves one request.
pub(crate) async fn serve(control: &Control, request: http::Request<Body>) -> Result<(StatusCode, Answer), Failure> {
    let Verified { parts, body, role } = verify(control, request, BODY_LIMIT).await?;
    if role != Role::Admin {
        return Err(Failure::Denied(parts.method));
    }
    let name = parts.uri.path().strip_prefix(ROOT).and_then(|rest| rest.strip_prefix('/'));
    let query = read_query(parts.uri.query().unwrap_or_default());
    let answer = match (&parts.method, name.map(read_name).transpose()?) {
        (&Method::GET, None) => list(control).await?,
        (&Method::GET, Some(name)) => get(control, name).await?,
        (&Method::PUT, Some(name)) => put(control, name, &Members::parse(&body)?).await?,
        (&Method::DELETE, Some(name)) => {
            let revision = query.iter().find(|(key, _)| key == "revision").and_then(|(_, value)| value.parse().ok());
            let revision = revision.ok_or(StackConflict::BadRevision)?;
            control.store().delete_stack(name, revision).await.map_err(refused)?;
            return Ok((StatusCode::ACCEPTED, Answer::Empty));
        }
        _ => return Err(Failure::UnknownOperation),
    };
    Ok((StatusCode::OK, Answer::json(&answer)?))
}

async fn list(control: &Control) -> Result<Value, Failure> {
    let heads = control.store().stacks().await?;
    Ok(json!({ "stacks": heads.iter().map(shown).collect::<Vec<_>>() }))
}

async fn get(control: &Control, name: String) -> Result<Value, Failure> {
    let row = control.store().stack(name).await?.ok_or(StackConflict::Unknown)?;
    let record: Value = serde_json::from_str(&row.record).map_err(StoreError::from)?;
    let mut shown = shown(&row.head);
    shown["record"] = record;
    Ok(shown)
}

async fn put(control: &Control, name: String, body: &Members) -> Result<Value, Failure> {
    let expected = body.integer("revision")?.and_then(|revision| u64::try_from(revision).ok());
    let expected = expected.ok_or(StackConflict::BadRevision)?;
    let record = body.object("record")?.ok_or(StackConflict::NoRecord)?.into_text();
    let now = control.clock().now().wall;
    let revision = control.store().put_stack(name, expected, record, now).await.map_err(refused)?;
    Ok(json!({ "revision": revision }))
}

fn shown(head: &StackHead) -> Value {
    json!({ "name": head.name, "revision": head.revision, "modified": head.modified.seconds() })
}

fn refused(error: StoreError) -> Failure {
    match error {
        StoreError::Stale => StackConflict::Moved.into(),
        other => other.into(),
    }
}

/// A name has letters, digits and hyphens, and begins with a letter, as on AWS.
fn read_name(text: &str) -> Result<String, StackConflict> {
    let name = percent_decode_str(text).decode_utf8().map_err(|_| StackConflict::BadName)?;
    let good = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && name.len() <= NAME_LIMIT;
    if good { Ok(name.into_owned()) } else { Err(StackConflict::BadName) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_the_form_of_aws() {
        for good in ["shop", "Shop-dev-2", "a"] {
            assert!(read_name(good).is_ok(), "{good}");
        }
        for bad in ["", "2shop", "shop_dev", "a%2Fb", "%ff", &"a".repeat(129)] {
            assert!(read_name(bad).is_err(), "{bad}");
        }
    }
}
