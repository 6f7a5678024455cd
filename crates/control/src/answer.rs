//! What an operation returns: a JSON document, a file, or nothing. The status stands in the router's table.

use serde::Serialize;
use tollgate_domain::Tags;

use crate::error::Failure;

/// What an operation's function returns.
pub(crate) type Reply = Result<Answer, Failure>;

/// The body of a success.
#[derive(Debug, PartialEq)]
pub(crate) enum Answer {
    Json(Vec<u8>),
    /// Bytes to be kept under a name.
    File {
        media_type: &'static str,
        name: String,
        bytes: Vec<u8>,
    },
    Empty,
}

impl Answer {
    pub(crate) fn json(document: &impl Serialize) -> Reply {
        Ok(Self::Json(serde_json::to_vec(document).expect("wire types have string keys")))
    }
}

/// Tags as creation and lists show them: nothing when there are none.
pub(crate) fn tags_if_any(tags: &Tags) -> Option<&Tags> {
    (!tags.is_empty()).then_some(tags)
}

/// Empty text is no text: AWS leaves it out of answers.
pub(crate) fn text(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

/// A collection that is left out when empty.
pub(crate) fn is_empty<'a, T>(collection: &&'a T) -> bool
where
    &'a T: IntoIterator,
{
    collection.into_iter().next().is_none()
}
