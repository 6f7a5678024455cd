//! API keys: who is calling.

use serde::{Deserialize, Serialize};

use crate::Tags;
use crate::clock::UnixMillis;
use crate::id::{ApiKeyId, RestApiId, StageName};

/// An API key without its value, which only the store holds, sealed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// A name; need not be unique.
    pub name: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// An identifier in another system, such as AWS Marketplace.
    pub customer_id: Option<String>,
    /// A disabled key is refused like an unknown one.
    pub enabled: bool,
    /// When it was made.
    pub created: UnixMillis,
    /// When it was last changed.
    pub updated: UnixMillis,
    /// Stages named on creation, from the time before usage plans. They admit nobody: plans do.
    pub stage_keys: Vec<(RestApiId, StageName)>,
    /// Tags.
    pub tags: Tags,
}
