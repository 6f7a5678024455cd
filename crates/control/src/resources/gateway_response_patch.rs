//! UpdateGatewayResponse: the paths of a gateway response.

use std::collections::BTreeMap;

use tollgate_domain::GatewayResponse;

use crate::conflict::Conflict;
use crate::error::Failure;
use crate::patch::{Op, PatchOperation};

/// Runs one operation.
pub(crate) fn run(response: &mut GatewayResponse, operation: &PatchOperation) -> Result<(), Failure> {
    let tokens = operation.tokens();
    let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
    match (operation.op, tokens.as_slice()) {
        (Op::Replace, ["statusCode"]) => response.status_code = operation.text(),
        (Op::Add | Op::Replace, ["responseParameters"]) => {
            response.response_parameters = whole_map("responseParameters", operation)?;
        }
        (Op::Add | Op::Replace, ["responseTemplates"]) => {
            response.response_templates = whole_map("responseTemplates", operation)?;
        }
        (Op::Remove, ["responseParameters"]) => response.response_parameters.clear(),
        (Op::Remove, ["responseTemplates"]) => response.response_templates.clear(),
        (Op::Add | Op::Replace | Op::Remove, ["responseParameters", name]) => {
            let parameters = &mut response.response_parameters;
            edit(parameters, "responseParameters", name, operation, Conflict::NoSuchParameter)?;
        }
        (Op::Add | Op::Replace | Op::Remove, ["responseTemplates", name]) => {
            let templates = &mut response.response_templates;
            edit(templates, "responseTemplates", name, operation, Conflict::NoSuchContentType)?;
        }
        _ => return Err(operation.bad_path().into()),
    }
    Ok(())
}

fn whole_map(map_name: &'static str, operation: &PatchOperation) -> Result<BTreeMap<String, String>, Conflict> {
    let value = operation.text().ok_or(Conflict::EmptyValue(map_name))?;
    operation.text_map().ok_or_else(|| Conflict::BadSetting { path: operation.path().to_owned(), value })
}

/// Runs an operation on an entry of a map; one that has to be there and is not is `missing`.
fn edit(
    map: &mut BTreeMap<String, String>,
    map_name: &'static str,
    name: &str,
    operation: &PatchOperation,
    missing: Conflict,
) -> Result<(), Conflict> {
    if operation.op == Op::Remove {
        return map.remove(name).map(|_| ()).ok_or(missing);
    }
    let value = operation.text().ok_or(Conflict::EmptyValue(map_name))?;
    if operation.op == Op::Replace && !map.contains_key(name) {
        return Err(missing);
    }
    map.insert(name.to_owned(), value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use tollgate_domain::GatewayResponseType;

    use super::*;
    use crate::patch::{self, operation};

    const HEADER: &str = "/responseParameters/gatewayresponse.header.x";

    fn patched(operations: &[PatchOperation]) -> Result<GatewayResponse, String> {
        let response = GatewayResponse {
            kind: GatewayResponseType::Default4xx,
            status_code: None,
            response_parameters: [("gatewayresponse.header.x".to_owned(), "'a'".to_owned())].into(),
            response_templates: BTreeMap::new(),
        };
        patch::apply(&response, operations, run).map_err(|failure| failure.to_string())
    }

    #[test]
    fn patches_are_refused_in_the_words_of_aws() {
        let refused = |op, path, value| patched(&[operation(op, path, value)]).expect_err("a refusal");
        assert_eq!(refused(Op::Add, "/statusCode", Some("444")), "Invalid patch path /statusCode");
        assert_eq!(refused(Op::Remove, "/statusCode", None), "Invalid patch path /statusCode");
        assert_eq!(refused(Op::Add, "/wrongPath", Some("x")), "Invalid patch path /wrongPath");
        assert_eq!(refused(Op::Copy, HEADER, Some("x")), format!("Invalid patch path {HEADER}"));
        let other = "/responseParameters/gatewayresponse.header.y";
        assert_eq!(refused(Op::Replace, other, Some("'b'")), "Invalid parameter name specified");
        assert_eq!(refused(Op::Remove, "/responseTemplates/text~1plain", None), "Content-Type specified was not found");
        assert_eq!(refused(Op::Replace, HEADER, None), "Invalid null or empty value in responseParameters");
        assert_eq!(
            refused(Op::Add, "/responseTemplates/text~1plain", Some("")),
            "Invalid null or empty value in responseTemplates"
        );
    }

    #[test]
    fn patches_change_what_they_name() {
        let response = patched(&[
            operation(Op::Replace, "/statusCode", "444"),
            operation(Op::Replace, HEADER, "'b'"),
            operation(Op::Add, "/responseTemplates/application~1xml", "<a/>"),
        ])
        .expect("a response");
        assert_eq!(response.status_code.as_deref(), Some("444"));
        assert_eq!(response.response_parameters["gatewayresponse.header.x"], "'b'");
        assert_eq!(response.response_templates["application/xml"], "<a/>");
        let cleared = patched(&[operation(Op::Remove, "/responseParameters", None)]).expect("a response");
        assert!(cleared.response_parameters.is_empty());
    }
}
