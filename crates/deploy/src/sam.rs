//! SAM.

use crate::document::Node;
use crate::mistake::Mistake;

pub(crate) fn transform(root: Node) -> Result<Node, Mistake> {
    Ok(root)
}
