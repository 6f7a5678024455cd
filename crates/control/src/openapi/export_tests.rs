use std::sync::Arc;

use proptest::prelude::*;
use tollgate_domain::{DeployedApi, RestApiTree, UnixMillis};

use super::*;
use crate::openapi::samples::{MERGE, OAS30, OVERWRITE, SWAGGER, empty, imported, mutated, odd_value};
use crate::openapi::yaml;

const FORMS: [ExportType; 2] = [ExportType::Swagger, ExportType::Oas30];

fn exported(tree: &RestApiTree, form: ExportType, extensions: &str) -> Value {
    let deployed = DeployedApi::freeze(tree);
    let parts = tree.documentation_parts.iter().map(|(id, part)| (id.clone(), part.as_ref().clone())).collect();
    let version = DocumentationVersion { version: "1".to_owned(), created: UnixMillis(0), description: None, parts };
    let export = Export {
        deployed: &deployed,
        documentation: Some(&version),
        host: "api1.execute-api.us-east-1.amazonaws.com",
        stage: "dev",
        form,
        extensions: Extensions::parse(Some(extensions)).expect("extensions"),
    };
    export.document()
}

fn sample(text: &str) -> RestApiTree {
    imported(&empty("api1"), text, MERGE).expect("an import").0
}

#[test]
fn an_export_is_imported_as_the_same_api() {
    for text in [SWAGGER, OAS30] {
        let tree = sample(text);
        for form in FORMS {
            let document = exported(&tree, form, "apigateway");
            for written in [document.to_string(), yaml::write(&document)] {
                let (again, _) = imported(&tree, &written, OVERWRITE).expect("an import");
                // Swagger 2.0 has no place for some of what OpenAPI 3.0 says.
                if form == ExportType::Oas30 || text == SWAGGER {
                    assert_eq!(again, tree);
                }
                let (fresh, _) = imported(&empty("api1"), &written, MERGE).expect("an import");
                assert_eq!(exported(&fresh, form, "apigateway"), document);
            }
        }
    }
}

#[test]
fn a_document_says_where_the_api_is() {
    let tree = sample(SWAGGER);
    let swagger = exported(&tree, ExportType::Swagger, "");
    assert_eq!((&swagger["swagger"], &swagger["basePath"]), (&json!("2.0"), &json!("/dev")));
    assert_eq!(swagger["host"], json!("api1.execute-api.us-east-1.amazonaws.com"));
    let oas30 = exported(&tree, ExportType::Oas30, "");
    assert_eq!(
        oas30["servers"],
        json!([{
            "url": "https://api1.execute-api.us-east-1.amazonaws.com/{basePath}",
            "variables": {"basePath": {"default": "/dev"}}
        }])
    );
}

#[test]
fn a_method_with_a_key_asks_for_it() {
    for form in FORMS {
        let document = exported(&sample(SWAGGER), form, "");
        let scheme = json!({"type": "apiKey", "name": "x-api-key", "in": "header"});
        let place = if form == ExportType::Swagger { "/securityDefinitions" } else { "/components/securitySchemes" };
        assert_eq!(document.pointer(place).expect("schemes")["api_key"], scheme);
        assert_eq!(document["paths"]["/pets"]["get"]["security"], json!([{"api_key": []}]));
    }
}

#[test]
fn extensions_come_only_when_asked_for() {
    let tree = sample(SWAGGER);
    for form in FORMS {
        assert!(!exported(&tree, form, "").to_string().contains("\"x-amazon-apigateway-integration"));
        for (group, name) in [
            ("integrations", "x-amazon-apigateway-integration\""),
            ("authorizers", "x-amazon-apigateway-authorizer\""),
            ("validators", "x-amazon-apigateway-request-validators\""),
            ("gatewayresponses", "x-amazon-apigateway-gateway-responses\""),
            ("documentation", "x-amazon-apigateway-documentation\""),
            ("apigateway", "x-amazon-apigateway-policy\""),
        ] {
            assert!(exported(&tree, form, group).to_string().contains(name), "{group}");
            assert!(!exported(&tree, form, "").to_string().contains(name), "{group}");
        }
    }
    let refused = Extensions::parse(Some("integrations,postman")).expect_err("a refusal").to_string();
    assert_eq!(refused, "Invalid export extension specified: postman. Postman collections are not built");
}

proptest! {
    #[test]
    fn whatever_is_imported_is_exported_and_read_back(place in 0usize..400, value in odd_value()) {
        if let Ok((mut tree, _)) = imported(&empty("api1"), &mutated(place, value), MERGE) {
            // A document has to say a version, so one is made up.
            Arc::make_mut(&mut tree.api).version.get_or_insert("1970-01-01".to_owned());
            let written = yaml::write(&exported(&tree, ExportType::Oas30, "apigateway"));
            let (again, _) = imported(&tree, &written, OVERWRITE).expect("an import");
            prop_assert_eq!(again, tree);
        }
    }
}
