//! Models and request validators, and the methods that name them, through the signed API.

use crate::bench::{Bench, text};
use serde_json::{Value, json};

const BAD: &str = "BadRequestException";
const MISSING: &str = "NotFoundException";
const CLASH: &str = "ConflictException";

/// Makes an API and returns its path and its root resource.
async fn api(bench: &Bench) -> (String, String) {
    let api = bench.post("/restapis", json!({"name": "pets"})).await.expect(201);
    (format!("/restapis/{}", text(&api, "id")), text(&api, "rootResourceId"))
}

fn names(list: &Value) -> Vec<&str> {
    list["item"].as_array().expect("a list").iter().filter_map(|item| item["name"].as_str()).collect()
}

#[tokio::test]
async fn a_new_api_has_the_models_of_aws() {
    let bench = Bench::new().await;
    let (api, _) = api(&bench).await;
    let models = bench.get(&format!("{api}/models")).await.expect(200);
    assert_eq!(names(&models), ["Empty", "Error"]);
    let error = bench.get(&format!("{api}/models/Error")).await.expect(200);
    assert_eq!(error["description"], json!("This is a default error schema model"));
    assert_eq!(error["contentType"], json!("application/json"));
    let schema: Value = serde_json::from_str(&text(&error, "schema")).expect("json");
    assert_eq!(
        schema,
        json!({
            "$schema": "http://json-schema.org/draft-04/schema#", "title": "Error Schema", "type": "object",
            "properties": {"message": {"type": "string"}}
        })
    );
    let template = bench.get(&format!("{api}/models/Error/default_template")).await.expect(200);
    assert_eq!(template, json!({"value": "#set($inputRoot = $input.path('$'))\n{\n  \"message\" : \"foo\"\n}"}));
}

#[tokio::test]
async fn a_model_lives_from_creation_to_deletion() {
    let bench = Bench::new().await;
    let (api, _) = api(&bench).await;
    let models = format!("{api}/models");
    let schema = r#"{ "type": "object", "title": "pet" }"#;
    let body = json!({"name": "Pet", "contentType": "application/json", "schema": schema});
    let made = bench.post(&models, body.clone()).await.expect(201);
    let id = text(&made, "id");
    assert_eq!(made, json!({"id": id, "name": "Pet", "contentType": "application/json", "schema": schema}));
    assert_eq!(id.len(), 6);
    bench.post(&models, body).await.refused(409, CLASH, "Model name already exists for this REST API");
    assert_eq!(names(&bench.get(&format!("{models}?limit=2")).await.expect(200)), ["Empty", "Error"]);
    let pet = format!("{models}/Pet");
    let operations = [("replace", "/description", "A pet"), ("replace", "/schema", r#"{"type":"string"}"#)];
    let patched = bench.patch(&pet, &operations).await.expect(200);
    assert_eq!((&patched["description"], &patched["schema"]), (&json!("A pet"), &json!(r#"{"type":"string"}"#)));
    let empty = bench.patch(&pet, &[("replace", "/schema", "")]).await;
    empty.refused(400, BAD, "Model schema must have at least 1 property or array items defined");
    let renamed = bench.patch(&pet, &[("replace", "/name", "Cat")]).await;
    let only = "Invalid patch path  '/name' specified for op 'replace'. Must be one of: [/description, /schema]";
    renamed.refused(400, BAD, only);
    bench.delete(&pet).await.expect(202);
    for answer in [bench.get(&pet).await, bench.delete(&pet).await, bench.get(&format!("{pet}/default_template")).await]
    {
        answer.refused(404, MISSING, "Invalid model name specified: Pet");
    }
}

#[tokio::test]
async fn models_of_an_unknown_api_are_refused() {
    let bench = Bench::new().await;
    let unknown = "Invalid API identifier specified 000000000000:nope";
    let body = json!({"name": "Pet", "contentType": "application/json", "schema": "{}"});
    bench.post("/restapis/nope/models", body).await.refused(404, MISSING, unknown);
    bench.get("/restapis/nope/models").await.refused(404, MISSING, unknown);
    bench.get("/restapis/nope/models/Pet").await.refused(404, MISSING, "Invalid model name specified: Pet");
    bench.delete("/restapis/nope/models/Pet").await.refused(404, MISSING, "Invalid model name specified: Pet");
}

#[tokio::test]
async fn a_flat_model_has_what_it_refers_to() {
    let bench = Bench::new().await;
    let (api, _) = api(&bench).await;
    let id = api.trim_start_matches("/restapis/");
    let schema = json!({
        "type": "array",
        "items": {"$ref": format!("https://apigateway.amazonaws.com/restapis/{id}/models/Error")}
    });
    let body = json!({"name": "Errors", "contentType": "application/json", "schema": schema.to_string()});
    bench.post(&format!("{api}/models"), body).await.expect(201);
    let plain = bench.get(&format!("{api}/models/Errors")).await.expect(200);
    assert_eq!(plain["schema"], json!(schema.to_string()));
    let flat = bench.get(&format!("{api}/models/Errors?flatten=true")).await.expect(200);
    let flat: Value = serde_json::from_str(&text(&flat, "schema")).expect("json");
    assert_eq!(flat["items"], json!({"$ref": "#/definitions/Error"}));
    assert_eq!(flat["definitions"]["Error"]["title"], json!("Error Schema"));
}

#[tokio::test]
async fn a_model_in_use_is_not_deleted() {
    let bench = Bench::new().await;
    let (api, root) = api(&bench).await;
    let method = format!("{api}/resources/{root}/methods/ANY");
    bench.put(&method, json!({"authorizationType": "NONE"})).await.expect(201);
    let unknown = bench.patch(&method, &[("add", "/requestModels/application~1json", "Pet")]).await;
    unknown.refused(400, BAD, "Invalid model identifier specified: Pet");
    bench.patch(&method, &[("add", "/requestModels/application~1json", "Empty")]).await.expect(200);
    let response = json!({"responseModels": {"application/json": "Error"}});
    bench.put(&format!("{method}/responses/500"), response).await.expect(201);
    let in_request = "Cannot delete model 'Empty', is referenced in method request: //ANY";
    bench.delete(&format!("{api}/models/Empty")).await.refused(409, CLASH, in_request);
    let in_response = "Cannot delete model 'Error', is referenced in method response: //ANY";
    bench.delete(&format!("{api}/models/Error")).await.refused(409, CLASH, in_response);
    bench.patch(&method, &[("remove", "/requestModels/application~1json", "")]).await.expect(200);
    bench.delete(&format!("{api}/models/Empty")).await.expect(202);
    let gone = bench.patch(&method, &[("add", "/requestModels/application~1json", "Empty")]).await;
    gone.refused(400, BAD, "Invalid model identifier specified: Empty");
}

#[tokio::test]
async fn a_validator_lives_from_creation_to_deletion() {
    let bench = Bench::new().await;
    let (api, root) = api(&bench).await;
    let validators = format!("{api}/requestvalidators");
    let made = bench.post(&validators, json!({"name": "all", "validateRequestBody": true})).await.expect(201);
    let id = text(&made, "id");
    let shown = json!({"id": id, "name": "all", "validateRequestBody": true, "validateRequestParameters": false});
    assert_eq!(made, shown);
    assert_eq!(bench.get(&validators).await.expect(200), json!({"item": [shown]}));
    let twice = bench.post(&validators, json!({"name": "all"})).await;
    assert_eq!((twice.status, twice.error.as_deref()), (400, Some(BAD)));
    let path = format!("{validators}/{id}");
    let patched = bench.patch(&path, &[("replace", "/validateRequestParameters", "true")]).await.expect(200);
    assert_eq!(patched["validateRequestParameters"], json!(true));
    let blank = bench.patch(&path, &[("replace", "/name", "")]).await;
    blank.refused(400, BAD, "Request Validator name cannot be blank");

    let method = format!("{api}/resources/{root}/methods/GET");
    let unknown = bench.put(&method, json!({"authorizationType": "NONE", "requestValidatorId": "nope"})).await;
    unknown.refused(400, BAD, "Invalid Request Validator identifier specified");
    bench.put(&method, json!({"authorizationType": "NONE", "requestValidatorId": id})).await.expect(201);
    let in_use = "Cannot delete request validator 'all', is referenced in method: GET//";
    bench.delete(&path).await.refused(409, CLASH, in_use);
    bench.patch(&method, &[("replace", "/requestValidatorId", "")]).await.expect(200);
    bench.delete(&path).await.expect(202);
    for answer in [bench.get(&path).await, bench.delete(&path).await, bench.patch(&path, &[]).await] {
        answer.refused(404, MISSING, "Invalid Request Validator identifier specified");
    }
    assert_eq!(bench.get(&validators).await.expect(200), json!({"item": []}));
}

#[tokio::test]
async fn validators_of_an_unknown_api_are_refused_in_three_ways() {
    let bench = Bench::new().await;
    let validators = "/restapis/nope/requestvalidators";
    bench.post(validators, json!({"name": "all"})).await.refused(400, BAD, "Invalid REST API identifier specified");
    bench.get(validators).await.refused(404, MISSING, "Invalid API identifier specified 000000000000:nope");
    let one = bench.get(&format!("{validators}/x")).await;
    one.refused(404, MISSING, "Invalid Request Validator identifier specified");
}
