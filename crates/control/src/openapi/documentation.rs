//! `x-amazon-apigateway-documentation`: documentation parts in a document.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use tollgate_domain::{DocumentationPart, DocumentationPartLocation, DocumentationVersion, IdSource, RestApiTree};

use crate::conflict::Conflict;
use crate::openapi::document::Node;
use crate::openapi::export::members;
use crate::openapi::notes::Notes;
use crate::resources::documentation_location;

pub(crate) const DOCUMENTATION: &str = "x-amazon-apigateway-documentation";
pub(crate) const PARTS: &str = "documentationParts";

const KINDS: [&str; 12] = [
    "API",
    "AUTHORIZER",
    "MODEL",
    "RESOURCE",
    "METHOD",
    "PATH_PARAMETER",
    "QUERY_PARAMETER",
    "REQUEST_HEADER",
    "REQUEST_BODY",
    "RESPONSE",
    "RESPONSE_HEADER",
    "RESPONSE_BODY",
];

/// Reads the parts below `root`; those of an unknown kind are left out, with a warning.
pub(crate) fn read(root: Node<'_>, notes: &mut Notes) -> Result<Vec<DocumentationPart>, Conflict> {
    root.object(DOCUMENTATION)?.map_or(Ok(Vec::new()), |documentation| read_parts(documentation, notes))
}

/// Reads the list of parts in `documentation`.
pub(crate) fn read_parts(documentation: Node<'_>, notes: &mut Notes) -> Result<Vec<DocumentationPart>, Conflict> {
    let mut parts = Vec::new();
    for part in documentation.items(PARTS)? {
        let location = read_location(part)?;
        let Some(properties) = part.member("properties") else {
            notes.warn("Documentation part without properties ignored");
            continue;
        };
        if !KINDS.contains(&location.kind.as_str()) {
            notes.warn(format!("Unsupported documentation part type '{}' ignored", location.kind));
            continue;
        }
        let properties = properties.as_text().unwrap_or_else(|| properties.value().to_string());
        parts.push(DocumentationPart { id: String::new(), location, properties });
    }
    Ok(parts)
}

fn read_location(part: Node<'_>) -> Result<DocumentationPartLocation, Conflict> {
    let location = part.object("location")?.ok_or(Conflict::BadOpenApi)?;
    let location = DocumentationPartLocation {
        kind: location.text("type")?.ok_or(Conflict::BadOpenApi)?,
        path: location.text("path")?,
        method: location.text("method")?,
        status_code: location.text("statusCode")?,
        name: location.text("name")?,
    };
    // AWS shows the root of imported parts that name no path, and leaves out other members that they do not name.
    Ok(DocumentationPartLocation { path: documentation_location::whole(&location).path, ..location })
}

/// Puts parts into an API; a part that speaks of the same thing keeps its id. Returns the ids, in order.
pub(crate) fn merge(
    tree: &mut RestApiTree,
    known: &RestApiTree,
    parts: &[DocumentationPart],
    ids: &IdSource,
) -> Vec<String> {
    let of = |tree: &RestApiTree| -> BTreeMap<_, _> {
        let parts = tree.documentation_parts.values();
        parts.map(|part| (documentation_location::whole(&part.location), part.id.clone())).collect()
    };
    let mut id_of = of(known);
    id_of.extend(of(tree));
    parts
        .iter()
        .map(|part| {
            let location = documentation_location::whole(&part.location);
            let id = id_of.entry(location).or_insert_with(|| ids.lower_alnum(6)).clone();
            tree.documentation_parts.insert(id.clone(), Arc::new(DocumentationPart { id: id.clone(), ..part.clone() }));
            id
        })
        .collect()
}

/// The extension that [`read`] reads a version of the documentation from.
pub(crate) fn write(version: &DocumentationVersion) -> Value {
    // Ids are drawn at random; an export of the same API should read the same.
    let in_order: BTreeMap<_, _> = version.parts.values().map(|part| (&part.location, part)).collect();
    let parts = in_order.into_values().map(|part| {
        let location = members(json!({
            "type": part.location.kind, "path": part.location.path, "method": part.location.method,
            "statusCode": part.location.status_code, "name": part.location.name,
        }));
        let properties =
            serde_json::from_str(&part.properties).unwrap_or_else(|_| Value::from(part.properties.clone()));
        json!({ "location": location, "properties": properties })
    });
    json!({ "version": version.version, PARTS: parts.collect::<Vec<_>>() })
}
