//! Where in an API a documentation part belongs: which members a location of each type has, and what they default to.

use tollgate_domain::DocumentationPartLocation;

use crate::conflict::Conflict;
use crate::error::Failure;
use crate::json::Members;
use crate::resources::validation::{self, Validation};

/// The types in the order in which AWS's framework prints them.
pub(crate) const TYPES: &str = "[RESPONSE_BODY, RESPONSE, METHOD, MODEL, AUTHORIZER, RESPONSE_HEADER, RESOURCE, \
                                PATH_PARAMETER, REQUEST_BODY, QUERY_PARAMETER, API, REQUEST_HEADER]";

/// What a location of one type is made of.
struct Shape {
    /// The members that mean something.
    members: &'static [&'static str],
    has_to_be_named: bool,
}

/// The shape of a type's locations; `None` is no type.
fn shape(kind: &str) -> Option<Shape> {
    let (members, has_to_be_named): (&'static [&'static str], bool) = match kind {
        "API" => (&[], false),
        "AUTHORIZER" | "MODEL" => (&["name"], true),
        "RESOURCE" => (&["path"], false),
        "METHOD" => (&["path", "method"], false),
        "REQUEST_BODY" => (&["path", "method", "name"], false),
        "PATH_PARAMETER" | "QUERY_PARAMETER" | "REQUEST_HEADER" => (&["path", "method", "name"], true),
        "RESPONSE" | "RESPONSE_BODY" => (&["path", "method", "statusCode"], false),
        "RESPONSE_HEADER" => (&["path", "method", "statusCode", "name"], true),
        _ => return None,
    };
    Some(Shape { members, has_to_be_named })
}

/// Whether AWS has a type of this name.
pub(crate) fn is_type(kind: &str) -> bool {
    shape(kind).is_some()
}

/// Reads a location; `at` is where it stands in the request. An empty member is none.
pub(crate) fn read(
    body: &Members,
    at: &str,
    validation: &mut Validation,
) -> Result<DocumentationPartLocation, Failure> {
    let member = |name: &str| Ok::<_, Failure>(body.string(name)?.filter(|value| !value.is_empty()));
    let location = DocumentationPartLocation {
        kind: validation.required(body.string("type")?, &format!("{at}.type")),
        path: member("path")?,
        method: member("method")?,
        status_code: member("statusCode")?,
        name: member("name")?,
    };
    if body.has("type") && !is_type(&location.kind) {
        validation.not_in(&location.kind, &format!("{at}.type"), TYPES);
    }
    if let Some(code) = location.status_code.as_deref().filter(|code| *code != "*" && !validation::is_status_code(code))
    {
        validation.mismatch(code, &format!("{at}.statusCode"), r"^([1-5]\d\d|\*|\s*)$");
    }
    Ok(location)
}

/// A location has the members of its type and no others.
pub(crate) fn check(location: &DocumentationPartLocation) -> Result<(), Conflict> {
    let Some(shape) = shape(&location.kind) else { return Ok(()) };
    let strange = members(location).into_iter().find(|(name, value)| value.is_some() && !shape.members.contains(name));
    if let Some((member, _)) = strange {
        return Err(Conflict::BadLocation { member, kind: location.kind.clone() });
    }
    if shape.has_to_be_named && location.name.is_none() {
        return Err(Conflict::NamelessLocation(location.kind.clone()));
    }
    Ok(())
}

/// The location with what its absent members stand for: the root, any verb, any status code.
///
/// Clients are shown what they sent; Terraform would take a default that it did not send for a change.
pub(crate) fn whole(location: &DocumentationPartLocation) -> DocumentationPartLocation {
    let members = shape(&location.kind).map_or(&[] as &[_], |shape| shape.members);
    let or = |value: &Option<String>, name: &str, default: &str| {
        value.clone().or_else(|| members.contains(&name).then(|| default.to_owned()))
    };
    DocumentationPartLocation {
        kind: location.kind.clone(),
        path: or(&location.path, "path", "/"),
        method: or(&location.method, "method", "*"),
        status_code: or(&location.status_code, "statusCode", "*"),
        name: location.name.clone(),
    }
}

/// The location in words, as a refusal tells it: `type 'METHOD', path '/pets'`.
pub(crate) fn describe(location: &DocumentationPartLocation) -> String {
    let mut words = format!("type '{}'", location.kind);
    for (name, value) in members(location) {
        if let Some(value) = value {
            words.push_str(&format!(", {name} '{value}'"));
        }
    }
    words
}

fn members(location: &DocumentationPartLocation) -> [(&'static str, Option<&str>); 4] {
    [
        ("path", location.path.as_deref()),
        ("method", location.method.as_deref()),
        ("statusCode", location.status_code.as_deref()),
        ("name", location.name.as_deref()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(body: &str) -> Result<DocumentationPartLocation, String> {
        let body = Members::parse(body.as_bytes()).expect("an object");
        let mut validation = Validation::default();
        let location = read(&body, "location", &mut validation).map_err(|failure| failure.to_string())?;
        validation.finish().map_err(|violations| violations.to_string())?;
        check(&location).map_err(|conflict| conflict.to_string())?;
        Ok(location)
    }

    #[test]
    fn a_location_has_the_members_of_its_type() {
        assert!(made(r#"{"type":"RESPONSE_HEADER","path":"/a","statusCode":"*","name":"x"}"#).is_ok());
        assert!(made(r#"{"type":"API","path":""}"#).is_ok(), "an empty member is none");
        assert!(made(r#"{"type":"API","path":"/"}"#).expect_err("a refusal").contains("path is not valid"));
        assert!(made(r#"{"type":"MODEL"}"#).expect_err("a refusal").contains("must have a name"));
        assert!(made(r#"{"type":"RESPONSE","statusCode":"20"}"#).expect_err("a refusal").contains("[1-5]\\d\\d"));
        assert!(made("{}").expect_err("a refusal").contains("Value null at 'location.type'"));
    }

    #[test]
    fn absent_members_stand_for_the_root_and_for_any() {
        let short = made(r#"{"type":"METHOD"}"#).expect("a location");
        let long = made(r#"{"type":"METHOD","path":"/","method":"*"}"#).expect("a location");
        assert_eq!(whole(&short), whole(&long));
        assert_eq!(whole(&short).status_code, None, "methods have no status codes");
    }

    #[test]
    fn a_location_is_told_in_words() {
        let location = made(r#"{"type":"METHOD","path":"/pets","method":"GET"}"#).expect("a location");
        assert_eq!(describe(&location), "type 'METHOD', path '/pets', method 'GET'");
    }
}
