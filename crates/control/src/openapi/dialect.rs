//! The two forms of a document, Swagger 2.0 and OpenAPI 3.0, and where each keeps the same things.

use crate::conflict::Conflict;
use crate::openapi::document::Node;

const DEFAULT_MEDIA_TYPE: &str = "application/json";

/// The form of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Swagger2,
    OpenApi3,
}

/// A body of one media type, with its schema if it says one.
pub(crate) struct Body<'a> {
    pub(crate) media_type: String,
    pub(crate) schema: Option<Node<'a>>,
}

impl Dialect {
    pub(crate) fn of(root: Node<'_>) -> Result<Self, Conflict> {
        match (root.text("swagger")?.as_deref(), root.text("openapi")?.as_deref()) {
            // YAML without quotes makes a number of it.
            (Some("2.0" | "2"), None) => Ok(Self::Swagger2),
            (None, Some(version)) if version.starts_with("3.") => Ok(Self::OpenApi3),
            _ => Err(Conflict::BadOpenApi),
        }
    }

    /// Where schemas with names stand, as references spell it.
    pub(crate) fn schema_prefix(self) -> &'static str {
        match self {
            Self::Swagger2 => "#/definitions/",
            Self::OpenApi3 => "#/components/schemas/",
        }
    }

    pub(crate) fn schemas<'a>(self, root: Node<'a>) -> Result<Vec<(&'a str, Node<'a>)>, Conflict> {
        match self {
            Self::Swagger2 => root.entries("definitions"),
            Self::OpenApi3 => components(root, "schemas"),
        }
    }

    pub(crate) fn security_schemes<'a>(self, root: Node<'a>) -> Result<Vec<(&'a str, Node<'a>)>, Conflict> {
        match self {
            Self::Swagger2 => root.entries("securityDefinitions"),
            Self::OpenApi3 => components(root, "securitySchemes"),
        }
    }

    /// The path below which all paths stand; a server's variables have their defaults.
    pub(crate) fn base_path(self, root: Node<'_>) -> Result<String, Conflict> {
        match self {
            Self::Swagger2 => Ok(root.text("basePath")?.unwrap_or_default()),
            Self::OpenApi3 => root.items("servers")?.first().map_or(Ok(String::new()), |server| server_path(*server)),
        }
    }

    /// The bodies that an operation takes.
    pub(crate) fn request_bodies<'a>(self, root: Node<'a>, operation: Node<'a>) -> Result<Vec<Body<'a>>, Conflict> {
        match self {
            Self::Swagger2 => {
                let mut schema = None;
                for parameter in operation.items("parameters")? {
                    let parameter = parameter.follow()?;
                    if parameter.text("in")?.as_deref() == Some("body") {
                        schema = parameter.member("schema");
                    }
                }
                let Some(schema) = schema else { return Ok(Vec::new()) };
                bodies(root, operation, "consumes", Some(schema))
            }
            Self::OpenApi3 => operation.object("requestBody")?.map_or(Ok(Vec::new()), contents),
        }
    }

    /// The bodies that a response has.
    pub(crate) fn response_bodies<'a>(
        self,
        root: Node<'a>,
        operation: Node<'a>,
        response: Node<'a>,
    ) -> Result<Vec<Body<'a>>, Conflict> {
        match (self, response.member("schema")) {
            (Self::Swagger2, Some(schema)) => bodies(root, operation, "produces", Some(schema)),
            (Self::Swagger2, None) => Ok(Vec::new()),
            (Self::OpenApi3, _) => contents(response),
        }
    }
}

fn components<'a>(root: Node<'a>, name: &str) -> Result<Vec<(&'a str, Node<'a>)>, Conflict> {
    root.object("components")?.map_or(Ok(Vec::new()), |components| components.entries(name))
}

fn server_path(server: Node<'_>) -> Result<String, Conflict> {
    let mut url = server.text("url")?.unwrap_or_default();
    for (name, variable) in server.entries("variables")? {
        let default = variable.text("default")?.unwrap_or_default();
        url = url.replace(&format!("/{{{name}}}"), &format!("/{}", default.trim_start_matches('/')));
    }
    let after_host = match url.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
        None => &url,
    };
    Ok(format!("/{}", after_host.trim_matches('/')))
}

/// One schema for each media type that the operation, or else the whole document, names.
fn bodies<'a>(
    root: Node<'a>,
    operation: Node<'a>,
    list: &str,
    schema: Option<Node<'a>>,
) -> Result<Vec<Body<'a>>, Conflict> {
    let own = operation.texts(list)?;
    let inherited = if own.is_none() { root.texts(list)? } else { None };
    root.document().charge(inherited.as_ref().map_or(0, Vec::len))?;
    let media_types = own.or(inherited).filter(|types| !types.is_empty());
    let media_types = media_types.unwrap_or_else(|| vec![DEFAULT_MEDIA_TYPE.to_owned()]);
    Ok(media_types.into_iter().map(|media_type| Body { media_type, schema }).collect())
}

fn contents(message: Node<'_>) -> Result<Vec<Body<'_>>, Conflict> {
    let contents = message.entries("content")?.into_iter();
    Ok(contents.map(|(name, body)| Body { media_type: name.to_owned(), schema: body.member("schema") }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openapi::document::Document;

    fn base_path(text: &str) -> Result<String, Conflict> {
        let document = Document::read(text.as_bytes()).expect("a document");
        Dialect::of(document.root())?.base_path(document.root())
    }

    #[test]
    fn versions_are_told_apart() {
        assert_eq!(base_path("swagger: 2.0\nbasePath: /v1"), Ok("/v1".to_owned()));
        for bad in ["swagger: '1.2'", "openapi: 2.0.0", "{a: b}", "{swagger: '2.0', openapi: 3.0.0}"] {
            assert_eq!(base_path(bad), Err(Conflict::BadOpenApi), "{bad}");
        }
    }

    #[test]
    fn the_base_path_of_a_server_has_its_variables_filled_in() {
        let server =
            |url: &str| base_path(&format!("{{openapi: 3.0.1, servers: [{{url: '{url}'}}]}}")).expect("a path");
        assert_eq!(server("https://a.example/v1/x/"), "/v1/x");
        assert_eq!(server("https://a.example"), "/");
        assert_eq!(server("/v1"), "/v1");
        let exported = "openapi: 3.0.1\nservers:\n- url: https://a.example/{basePath}\n  variables:\n    basePath:\n      default: /dev\n";
        assert_eq!(base_path(exported), Ok("/dev".to_owned()));
    }
}
