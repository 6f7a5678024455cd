//! The security schemes of an exported document, and what each operation asks for.

use serde_json::{Map, Value, json};
use tollgate_domain::{Authorizer, AuthorizerType, Method};

use crate::openapi::export::{Export, members};
use crate::openapi::security::{API_KEY_HEADER, AUTHORIZER, AUTHTYPE, DEFAULT_HEADER, SIGV4, authorizer_extension};

/// The schemes that methods refer to, and all authorizers.
pub(crate) fn schemes(export: &Export<'_>) -> Map<String, Value> {
    let mut schemes = Map::new();
    let methods = || export.deployed.resources.values().flat_map(|resource| resource.methods.values());
    for authorizer in export.deployed.authorizers.values() {
        schemes.insert(authorizer.name.clone(), authorizer_scheme(export, authorizer));
    }
    if methods().any(|method| method.api_key_required) {
        let scheme = json!({ "type": "apiKey", "name": API_KEY_HEADER, "in": "header" });
        schemes.insert(free_name(export, "api_key"), scheme);
    }
    if methods().any(is_signed) {
        let scheme = json!({ "type": "apiKey", "name": "Authorization", "in": "header", AUTHTYPE: SIGV4 });
        schemes.insert(free_name(export, "sigv4"), scheme);
    }
    schemes
}

/// What a method asks for, in the words of [`schemes`].
pub(crate) fn requirements(export: &Export<'_>, method: &Method) -> Vec<Value> {
    let mut requirements = Vec::new();
    let authorizer = method.authorizer_id.as_ref().and_then(|id| export.deployed.authorizers.get(id));
    if let Some(authorizer) = authorizer {
        requirements.push(json!({ authorizer.name.as_str(): method.authorization_scopes }));
    }
    if is_signed(method) {
        requirements.push(json!({ free_name(export, "sigv4"): [] }));
    }
    if method.api_key_required {
        requirements.push(json!({ free_name(export, "api_key"): [] }));
    }
    requirements
}

fn is_signed(method: &Method) -> bool {
    method.authorization_type.eq_ignore_ascii_case("AWS_IAM")
}

/// A scheme's usual name, unless an authorizer has it.
fn free_name(export: &Export<'_>, name: &str) -> String {
    let taken = |name: &str| export.deployed.authorizers.values().any(|authorizer| authorizer.name == name);
    let mut name = name.to_owned();
    while taken(&name) {
        name.push('_');
    }
    name
}

fn authorizer_scheme(export: &Export<'_>, authorizer: &Authorizer) -> Value {
    let source = authorizer.identity_source.as_deref().unwrap_or_default();
    let header = source.strip_prefix("method.request.header.").filter(|name| !name.contains(','));
    // A scheme needs a header, and a request authorizer may look at anything.
    let header = header.unwrap_or(if authorizer.kind == AuthorizerType::Request { "Unused" } else { DEFAULT_HEADER });
    let mut scheme = members(json!({ "type": "apiKey", "name": header, "in": "header" }));
    if export.extensions.authorizers {
        scheme.extend(members(json!({ AUTHTYPE: authorizer.auth_type })));
        scheme.insert(AUTHORIZER.to_owned(), authorizer_extension(authorizer).into());
    }
    scheme.into()
}
