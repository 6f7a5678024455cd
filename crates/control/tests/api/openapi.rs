//! APIs out of documents and documents out of APIs, through the signed API.

use std::io::Read;

use serde_json::{Value, json};

use crate::bench::{Bench, text};

const BAD: &str = "BadRequestException";

/// A document with `GET /pets`, which needs a key.
fn pets() -> Value {
    json!({
        "openapi": "3.0.1",
        "info": {"title": "pets & more", "version": "7", "description": "All pets"},
        "x-amazon-apigateway-binary-media-types": ["image/png"],
        "paths": {"/pets": {"get": {
            "security": [{"key": []}],
            "responses": {"200": {"description": "pets"}},
            "x-amazon-apigateway-integration": {"type": "mock", "responses": {"default": {"statusCode": "200"}}}
        }}},
        "components": {"securitySchemes": {"key": {"type": "apiKey", "name": "x-api-key", "in": "header"}}}
    })
}

async fn resources(bench: &Bench, api: &str) -> Vec<(String, String)> {
    let list = bench.get(&format!("/restapis/{api}/resources")).await.expect(200);
    let items = list["item"].as_array().expect("a list").iter();
    let mut resources: Vec<_> = items.map(|item| (text(item, "path"), text(item, "id"))).collect();
    resources.sort();
    resources
}

#[tokio::test]
async fn a_document_becomes_an_api_that_can_be_deployed() {
    let bench = Bench::new().await;
    let made = bench.post("/restapis?mode=import&endpointConfigurationTypes=REGIONAL", pets()).await.expect(201);
    let api = text(&made, "id");
    assert_eq!(
        made,
        json!({
            "id": api, "name": "pets & more", "description": "All pets", "version": "7",
            "createdDate": 1_795_348_800, "apiKeySource": "HEADER", "binaryMediaTypes": ["image/png"],
            "disableExecuteApiEndpoint": false, "rootResourceId": made["rootResourceId"],
            "endpointConfiguration": {"types": ["REGIONAL"], "ipAddressType": "ipv4"}
        })
    );
    let resources = resources(&bench, &api).await;
    let (path, id) = &resources[1];
    assert_eq!(path, "/pets");
    let method = bench.get(&format!("/restapis/{api}/resources/{id}/methods/GET")).await.expect(200);
    assert_eq!((&method["apiKeyRequired"], &method["authorizationType"]), (&json!(true), &json!("NONE")));
    assert_eq!(method["methodIntegration"]["integrationResponses"], json!({"200": {"statusCode": "200"}}));
    bench.post(&format!("/restapis/{api}/deployments"), json!({"stageName": "dev"})).await.expect(201);
}

#[tokio::test]
async fn an_imported_api_has_what_aws_was_seen_to_make_of_its_document() {
    let bench = Bench::new().await;
    let mut document = pets();
    document["components"]["schemas"] = json!({"House": {"type": "object", "description": "Where a pet can live"}});
    document["paths"]["/pets"]["get"]["x-amazon-apigateway-integration"]["httpMethod"] = json!("POST");
    let part = json!({"location": {"type": "METHOD", "method": "GET"}, "properties": {"description": "All"}});
    document["x-amazon-apigateway-documentation"] = json!({"version": "1", "documentationParts": [part]});
    let api = text(&bench.post("/restapis?mode=import", document).await.expect(201), "id");
    let models = bench.get(&format!("/restapis/{api}/models")).await.expect(200);
    let models = models["item"].as_array().expect("a list");
    let told: Vec<_> = models.iter().map(|model| (text(model, "name"), text(model, "description"))).collect();
    assert_eq!(told, [("House".to_owned(), "Where a pet can live".to_owned())], "the document's models and no others");
    let (_, id) = &resources(&bench, &api).await[1];
    let method = bench.get(&format!("/restapis/{api}/resources/{id}/methods/GET")).await.expect(200);
    assert_eq!(method["methodIntegration"]["httpMethod"], Value::Null, "a MOCK has no verb");
    let parts = format!("/restapis/{api}/documentation/parts");
    let listed = bench.get(&parts).await.expect(200);
    assert_eq!(listed["item"][0]["location"], json!({"type": "METHOD", "path": "/", "method": "GET"}));
    let again = json!({"documentationParts": [part]});
    let ids = bench.put(&format!("{parts}?mode=merge"), again).await.expect(200);
    assert_eq!(ids["ids"], json!([listed["item"][0]["id"]]), "the same location is the same part");
}

#[tokio::test]
async fn an_import_is_one_change_or_none() {
    let bench = Bench::new().await;
    let api = text(&bench.post("/restapis?mode=import", pets()).await.expect(201), "id");
    let before = resources(&bench, &api).await;
    bench.told();
    let mut bad = pets();
    bad["paths"]["/more"] = json!({"get": {"x-amazon-apigateway-integration": {"type": "http", "httpMethod": "GET"}}});
    let refusal = "Errors found during import:\n\tUnable to put integration on 'GET' for resource at path '/more': \
                   Invalid HTTP endpoint specified for URI";
    bench.put(&format!("/restapis/{api}?mode=merge"), bad).await.refused(400, BAD, refusal);
    assert_eq!((resources(&bench, &api).await, bench.told()), (before, vec![]));
    for bad in ["", "not: [a document", "{\"swagger\": \"1.2\"}"] {
        bench.send_text("POST", "/restapis?mode=import", bad).await.refused(400, BAD, "Invalid OpenAPI input.");
    }
    let gone = "Invalid API identifier specified 000000000000:nope";
    bench.put("/restapis/nope", pets()).await.refused(404, "NotFoundException", gone);
}

#[tokio::test]
async fn a_put_merges_or_overwrites_and_leaves_stages_alone() {
    let bench = Bench::new().await;
    let api = bench.deployed_api("dev").await;
    let stage = bench.get(&format!("/restapis/{api}/stages/dev")).await.expect(200);
    let before = resources(&bench, &api).await;
    let cats = "swagger: '2.0'\ninfo: {title: cats}\nbasePath: /v1\npaths:\n  /cats: {get: {responses: {}, x-amazon-apigateway-integration: {type: mock}}}\n";
    let merged =
        bench.send_text("PUT", &format!("/restapis/{api}?mode=merge&basepath=prepend"), cats).await.expect(200);
    assert_eq!(merged["name"], json!("cats"));
    let after = resources(&bench, &api).await;
    assert_eq!(after.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(), ["/", "/pets", "/v1", "/v1/cats"]);
    assert!(before.iter().all(|resource| after.contains(resource)));
    bench.put(&format!("/restapis/{api}?mode=overwrite"), pets()).await.expect(200);
    assert_eq!(resources(&bench, &api).await, before);
    assert_eq!(bench.get(&format!("/restapis/{api}/stages/dev")).await.expect(200), stage);
    let doubtful = "swagger: '2.0'\ninfo: {title: cats}";
    let strict = format!("/restapis/{api}?mode=merge&failonwarnings=true");
    let refusal = "Warnings found during import:\n\tParse issue: attribute paths is missing";
    bench.send_text("PUT", &strict, doubtful).await.refused(400, BAD, refusal);
    let told = bench.send_text("PUT", &format!("/restapis/{api}?mode=merge"), doubtful).await.expect(200);
    assert_eq!(told["warnings"], json!(["Parse issue: attribute paths is missing"]));
}

#[tokio::test]
async fn a_stage_is_exported_in_both_forms_and_read_back() {
    let bench = Bench::new().await;
    let api = text(&bench.post("/restapis?mode=import", pets()).await.expect(201), "id");
    bench.post(&format!("/restapis/{api}/deployments"), json!({"stageName": "dev"})).await.expect(201);
    let exports = format!("/restapis/{api}/stages/dev/exports");
    for form in ["oas30", "swagger"] {
        let path = format!("{exports}/{form}?extensions=apigateway");
        let (media_type, disposition, bytes) = bench.file(&path, "application/json").await;
        assert_eq!(media_type, "application/json");
        assert_eq!(disposition, "attachment; filename=\"pets___more-dev.json\"");
        let document: Value = serde_json::from_slice(&bytes).expect("JSON");
        assert_eq!(document["paths"]["/pets"]["get"]["security"], json!([{"api_key": []}]));
        let (media_type, disposition, yaml) = bench.file(&path, "application/yaml").await;
        assert_eq!((media_type.as_str(), disposition.ends_with(".yaml\"")), ("application/yaml", true));
        let yaml = String::from_utf8(yaml).expect("text");
        let again = bench.send_text("POST", "/restapis?mode=import", &yaml).await.expect(201);
        assert_eq!((&again["name"], &again["version"]), (&json!("pets & more"), &json!("7")));
        assert_eq!(again.get("warnings"), None);
    }
    let wrong = "Invalid export type specified: raml. Valid options are swagger,oas30";
    bench.get(&format!("{exports}/raml")).await.refused(400, BAD, wrong);
    let postman = "Invalid export extension specified: postman. Postman collections are not built";
    bench.get(&format!("{exports}/swagger?extensions=postman")).await.refused(400, BAD, postman);
    let stage = bench.get(&format!("/restapis/{api}/stages/nope/exports/swagger")).await;
    stage.refused(404, "NotFoundException", "Invalid stage identifier specified");
}

#[tokio::test]
async fn documentation_parts_are_imported_by_place() {
    let bench = Bench::new().await;
    let api = text(&bench.post("/restapis?mode=import", pets()).await.expect(201), "id");
    let path = format!("/restapis/{api}/documentation/parts");
    let parts = |kinds: &[&str]| {
        let part = |kind: &&str| json!({"location": {"type": kind}, "properties": {"description": "x"}});
        json!({"documentationParts": kinds.iter().map(part).collect::<Vec<_>>()})
    };
    let first = bench.put(&format!("{path}?mode=merge"), parts(&["API", "MODEL"])).await.expect(200);
    assert_eq!((first["ids"].as_array().map(Vec::len), &first["warnings"]), (Some(2), &json!([])));
    let second = bench.put(&format!("{path}?mode=overwrite"), parts(&["API", "PLANET"])).await.expect(200);
    assert_eq!(second["ids"], json!([first["ids"][0]]), "the same place keeps its id");
    assert_eq!(second["warnings"], json!(["Unsupported documentation part type 'PLANET' ignored"]));
    let bad = "Unable to build importer with provided input.";
    for body in ["", "{}", "{\"documentationParts\": 1}"] {
        bench.send_text("PUT", &format!("{path}?mode=merge"), body).await.refused(400, BAD, bad);
    }
}

#[tokio::test]
async fn a_javascript_client_has_a_function_for_each_method() {
    let bench = Bench::new().await;
    let api = bench.deployed_api("dev").await;
    let sdks = format!("/restapis/{api}/stages/dev/sdks");
    let (media_type, disposition, bytes) = bench.file(&format!("{sdks}/javascript"), "application/json").await;
    assert_eq!(
        (media_type.as_str(), disposition.as_str()),
        ("application/zip", "attachment; filename=\"pets-dev.zip\"")
    );
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("an archive");
    let mut client = String::new();
    let mut file = archive.by_name("apiGateway-js-sdk/apigClient.js").expect("a file");
    file.read_to_string(&mut client).expect("text");
    assert!(
        client.contains(r#"petsGet: (params, body, additionalParams) => call({"verb":"GET","path":"/pets""#),
        "{client}"
    );
    assert!(client.contains(&format!("https://{api}.execute-api.us-east-1.amazonaws.com/dev")));
    let only = "Invalid SDK type specified: ruby. Only javascript is built";
    bench.get(&format!("{sdks}/ruby")).await.refused(400, BAD, only);
}
