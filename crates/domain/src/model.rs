//! Models: JSON Schemas that name the shape of a body.

use serde::{Deserialize, Serialize};

/// A model of an API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// Its id.
    pub id: String,
    /// Its name, which methods refer to.
    pub name: String,
    /// Free text.
    pub description: Option<String>,
    /// The schema, as JSON text (draft 4).
    pub schema: String,
    /// The media type it describes.
    pub content_type: String,
}
