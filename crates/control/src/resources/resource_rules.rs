//! The rules for an API's tree of paths: what may stand where.

use tollgate_domain::{Resource, ResourceId, RestApiTree};

use crate::conflict::Conflict;

/// Where a resource is to go.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Move {
    pub(crate) parent: Option<ResourceId>,
    pub(crate) path_part: Option<String>,
}

/// Whether a resource may stand below `parent` under the name `part`.
pub(crate) fn check_place(tree: &RestApiTree, id: &ResourceId, parent: &Resource, part: &str) -> Result<(), Conflict> {
    if !is_path_part(part) {
        return Err(Conflict::BadPathPart);
    }
    if is_greedy(&parent.path_part) {
        return Err(Conflict::ChildOfGreedy(parent.path_part.clone()));
    }
    let siblings = || children(tree, &parent.id).filter(|sibling| sibling.id != *id);
    if siblings().any(|sibling| sibling.path_part == part) {
        return Err(Conflict::ResourceExists(part.to_owned()));
    }
    match siblings().find(|sibling| is_variable(part) && is_variable(&sibling.path_part)) {
        Some(sibling) => Err(Conflict::VariableSibling(sibling.path_part.clone())),
        None => Ok(()),
    }
}

/// A resource after a move, and all below it with their new paths; nothing when it stays where it is.
pub(crate) fn moved(tree: &RestApiTree, resource: &Resource, wanted: &Move) -> Result<Vec<Resource>, Conflict> {
    let Some(old_parent) = &resource.parent_id else { return Ok(Vec::new()) };
    let parent_id = wanted.parent.as_ref().unwrap_or(old_parent);
    let part = wanted.path_part.as_ref().unwrap_or(&resource.path_part);
    if (parent_id, part) == (old_parent, &resource.path_part) {
        return Ok(Vec::new());
    }
    if *parent_id == resource.id || below(tree, &resource.id).any(|one| one.id == *parent_id) {
        return Err(Conflict::ResourceCycle);
    }
    let parent = tree.resources.get(parent_id).ok_or(Conflict::NoSuchResource)?;
    check_place(tree, &resource.id, parent, part)?;
    if is_greedy(part) && children(tree, &resource.id).next().is_some() {
        return Err(Conflict::ChildOfGreedy(part.clone()));
    }
    let path = join(&parent.path, part);
    let rebase = |one: &Resource| format!("{path}{}", one.path.strip_prefix(&resource.path).unwrap_or_default());
    let below = below(tree, &resource.id).map(|one| Resource { path: rebase(one), ..one.clone() });
    let mut moved: Vec<_> = below.collect();
    let (parent_id, path_part) = (Some(parent_id.clone()), part.clone());
    moved.insert(0, Resource { parent_id, path_part, path: path.clone(), ..resource.clone() });
    Ok(moved)
}

/// All resources below one, parents before children.
pub(crate) fn below<'a>(tree: &'a RestApiTree, id: &ResourceId) -> impl Iterator<Item = &'a Resource> {
    let mut waiting: Vec<&Resource> = children(tree, id).collect();
    std::iter::from_fn(move || {
        let next = waiting.pop()?;
        waiting.extend(children(tree, &next.id));
        Some(next)
    })
}

/// The path of a child.
pub(crate) fn join(parent: &str, part: &str) -> String {
    format!("{}/{part}", parent.trim_end_matches('/'))
}

fn children<'a>(tree: &'a RestApiTree, id: &ResourceId) -> impl Iterator<Item = &'a Resource> {
    let id = id.clone();
    tree.resources.values().map(AsRef::as_ref).filter(move |one: &&Resource| one.parent_id.as_ref() == Some(&id))
}

fn is_variable(part: &str) -> bool {
    part.starts_with('{')
}

fn is_greedy(part: &str) -> bool {
    part.starts_with('{') && part.ends_with("+}")
}

/// `pets`, `{id}` or `{proxy+}`.
fn is_path_part(part: &str) -> bool {
    let name = match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
        Some(variable) => variable.strip_suffix('+').unwrap_or(variable),
        None => part,
    };
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b':'))
}
