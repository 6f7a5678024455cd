//! VPC links: ways to load balancers within a private network.

use serde::{Deserialize, Serialize};

use crate::Tags;

/// A VPC link.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VpcLink {
    /// Its id.
    pub id: String,
    /// A name.
    pub name: String,
    /// Free text.
    pub description: Option<String>,
    /// Load balancers, as ARNs.
    pub target_arns: Vec<String>,
    /// Tags.
    pub tags: Tags,
}
