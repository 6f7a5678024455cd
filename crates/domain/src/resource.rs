//! Resources: the tree of paths below an API.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::ResourceId;
use crate::method::{HttpMethod, Method};

/// One node of an API's tree of paths, with its methods.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    /// Its id.
    pub id: ResourceId,
    /// The resource above; `None` for the root.
    pub parent_id: Option<ResourceId>,
    /// The last segment of the path: `pets`, `{id}` or `{proxy+}`. Empty for the root.
    pub path_part: String,
    /// The whole path from the root, `/pets/{id}`.
    pub path: String,
    /// Methods by verb.
    pub methods: BTreeMap<HttpMethod, Method>,
}
