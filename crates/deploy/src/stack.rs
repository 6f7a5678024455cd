//! A stack: what a deployment made, as the node keeps it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::document::Members;
use crate::scope::Known;

/// What a deployment made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stack {
    /// How the last deployment ended, or that it is under way.
    pub status: Status,
    /// What its template says of itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The parameters that it was given; secrets are left out.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    /// Resources by logical id.
    pub resources: BTreeMap<String, Entry>,
    /// What has been replaced or let go of and is still to be removed.
    #[serde(default)]
    pub leftovers: Vec<Entry>,
    /// Outputs by logical id.
    #[serde(default)]
    pub outputs: BTreeMap<String, OutputValue>,
}

/// How the last deployment ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// It is under way, or was cut off.
    #[default]
    InProgress,
    /// It did all it should.
    Complete,
    /// It failed, and all is as before.
    RolledBack,
    /// It failed, and so did taking it back.
    Failed,
}

/// A resource that was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its logical id.
    pub logical_id: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// What `Ref` gives.
    pub physical_id: String,
    /// What `Fn::GetAtt` gives.
    #[serde(default)]
    pub attributes: BTreeMap<String, Value>,
    /// Its properties, resolved.
    pub properties: Members,
    /// Whether it stays when the stack lets go of it.
    #[serde(default)]
    pub retained: bool,
    /// Its place in the order of making; what is later is removed sooner.
    #[serde(default)]
    pub order: usize,
}

/// A value that a stack tells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutputValue {
    /// The value.
    pub value: String,
    /// The name under which other stacks import it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub export: Option<String>,
}

impl Entry {
    pub(crate) fn known(&self) -> Known {
        Known { reference: self.physical_id.clone(), attributes: self.attributes.clone() }
    }

    /// The API and the name of the stage that this makes, if it makes one.
    pub fn stage(&self) -> Option<(String, String)> {
        let makes = matches!(self.kind.as_str(), "AWS::ApiGateway::Stage" | "AWS::ApiGateway::Deployment");
        Some((self.text("RestApiId")?, self.text("StageName")?)).filter(|_| makes)
    }

    /// A property as text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.properties.get(name).and_then(crate::scope::text)
    }
}

impl Stack {
    /// The values that this stack exports, by name.
    pub fn exports(&self) -> impl Iterator<Item = (&str, &str)> {
        self.outputs.values().filter_map(|output| Some((output.export.as_deref()?, output.value.as_str())))
    }
}
