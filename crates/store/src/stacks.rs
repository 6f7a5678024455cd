//! The records of stacks: what a deployment made, as the tool that made it describes it.

use tollgate_domain::UnixMillis;

/// What a list tells of a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackHead {
    /// Its name.
    pub name: String,
    /// Counts its changes. The first one makes it 1.
    pub revision: u64,
    /// When it was last changed.
    pub modified: UnixMillis,
}

/// A stack.
#[derive(Clone, PartialEq, Eq)]
pub struct StackRow {
    /// What a list tells of it.
    pub head: StackHead,
    /// Its record, as JSON. There are secrets in it.
    pub record: String,
}

impl std::fmt::Debug for StackRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StackRow").field("head", &self.head).finish_non_exhaustive()
    }
}

/// What a record is sealed for. No id of a key has a blank in it, so nothing that is sealed for one opens for the other.
pub(crate) fn sealed_for(name: &str) -> String {
    format!("stack {name}")
}
