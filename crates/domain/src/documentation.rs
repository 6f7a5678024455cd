//! Documentation of an API: parts, and versions of all of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock::UnixMillis;

/// What a documentation part speaks of.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DocumentationPartLocation {
    /// `API`, `RESOURCE`, `METHOD` and so on.
    pub kind: String,
    /// The resource's path.
    pub path: Option<String>,
    /// The verb.
    pub method: Option<String>,
    /// The status code of a response.
    pub status_code: Option<String>,
    /// The name of a parameter, model or authorizer.
    pub name: Option<String>,
}

/// A documentation part of an API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DocumentationPart {
    /// Its id.
    pub id: String,
    /// What it speaks of.
    pub location: DocumentationPartLocation,
    /// What it says, as JSON text.
    pub properties: String,
}

/// All documentation parts of an API as they stood at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DocumentationVersion {
    /// Its name.
    pub version: String,
    /// When it was made.
    pub created: UnixMillis,
    /// Free text.
    pub description: Option<String>,
    /// The parts, by id.
    pub parts: BTreeMap<String, DocumentationPart>,
}
