//! The records of stacks, for the tool that deploys templates. Not of AWS: `/tollgate/v1/stacks`, signed like the rest.
//!
//! | request | answer |
//! |---|---|
//! | `GET /tollgate/v1/stacks` | `{"stacks": [{"name", "revision", "modified"}]}`, by name; `modified` in seconds since 1970 |
//! | `GET /tollgate/v1/stacks/{name}` | `{"name", "revision", "modified", "record"}` |
//! | `PUT /tollgate/v1/stacks/{name}` with `{"revision", "record"}` | `{"revision"}`, the next one; 409 unless the stack is at `revision`, which is 0 for one that is not there |
//! | `DELETE /tollgate/v1/stacks/{name}?revision=N` | 202; 409 as above |
//!
//! A record is a JSON object that is kept as it is. It may hold the values of keys, so only who may change things may
//! read it.

use http::StatusCode;
use serde_json::{Value, json};
use tollgate_store::{StackHead, StoreError};

use crate::Control;
use crate::answer::{Answer, Reply};
use crate::error::Failure;
use crate::request::Request;

/// Bytes of a record with what is around it.
pub(crate) const BODY_LIMIT: usize = 32 << 20;
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

pub(crate) async fn list(control: &Control, _: &Request) -> Reply {
    let heads = control.store().stacks().await?;
    Answer::json(&json!({ "stacks": heads.iter().map(shown).collect::<Vec<_>>() }))
}

pub(crate) async fn get(control: &Control, request: &Request) -> Reply {
    let row = control.store().stack(read_name(request)?).await?.ok_or(StackConflict::Unknown)?;
    let record: Value = serde_json::from_str(&row.record).map_err(StoreError::from)?;
    let mut shown = shown(&row.head);
    shown["record"] = record;
    Answer::json(&shown)
}

pub(crate) async fn put(control: &Control, request: &Request) -> Reply {
    let (name, body) = (read_name(request)?, request.body()?);
    let expected = body.integer("revision")?.and_then(|revision| u64::try_from(revision).ok());
    let expected = expected.ok_or(StackConflict::BadRevision)?;
    let record = body.object("record")?.ok_or(StackConflict::NoRecord)?.into_text();
    let revision = control.store().put_stack(name, expected, record, request.now()).await.map_err(refused)?;
    Answer::json(&json!({ "revision": revision }))
}

pub(crate) async fn delete(control: &Control, request: &Request) -> Reply {
    let revision = request.query("revision").and_then(|revision| revision.parse().ok());
    let revision = revision.ok_or(StackConflict::BadRevision)?;
    control.store().delete_stack(read_name(request)?, revision).await.map_err(refused)?;
    Ok(Answer::Empty)
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
fn read_name(request: &Request) -> Result<String, StackConflict> {
    let name = request.label("stack_name");
    let good = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && name.len() <= NAME_LIMIT;
    if good { Ok(name.to_owned()) } else { Err(StackConflict::BadName) }
}
