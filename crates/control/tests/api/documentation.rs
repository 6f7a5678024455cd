//! Documentation parts and versions through the signed API.

use crate::bench::{Bench, text};
use serde_json::{Value, json};

const BAD: &str = "BadRequestException";
const MISSING: &str = "NotFoundException";
const CLASH: &str = "ConflictException";
const UNKNOWN_API: &str = "Invalid API identifier specified 000000000000:nope";

/// Makes an API and returns the path of its documentation.
async fn documentation(bench: &Bench) -> String {
    let api = bench.post("/restapis", json!({"name": "pets"})).await.expect(201);
    format!("/restapis/{}/documentation", text(&api, "id"))
}

fn part(location: Value, properties: &str) -> Value {
    json!({"location": location, "properties": properties})
}

#[tokio::test]
async fn a_part_lives_from_creation_to_deletion() {
    let bench = Bench::new().await;
    let parts = format!("{}/parts", documentation(&bench).await);
    let properties = r#"{ "description": "Pets" }"#;
    let made = bench.post(&parts, part(json!({"type": "API"}), properties)).await.expect(201);
    let id = text(&made, "id");
    assert_eq!(made, json!({"id": id, "location": {"type": "API"}, "properties": properties}));
    let twice = bench.post(&parts, part(json!({"type": "API"}), "{}")).await;
    twice.refused(409, CLASH, "Documentation part already exists for the specified location: type 'API'");
    let path = format!("{parts}/{id}");
    let patched = bench.patch(&path, &[("replace", "/properties", "{}")]).await.expect(200);
    assert_eq!(patched["properties"], json!("{}"));
    let bad = bench.patch(&path, &[("replace", "/invalidPath", "x")]).await;
    let only = "Invalid patch path  '/invalidPath' specified for op 'replace'. Must be one of: [/properties]";
    bad.refused(400, BAD, only);
    bench.delete(&path).await.expect(202);
    for answer in [bench.get(&path).await, bench.delete(&path).await, bench.patch(&path, &[]).await] {
        answer.refused(404, MISSING, "Invalid Documentation part identifier specified");
    }
}

#[tokio::test]
async fn parts_are_listed_by_what_they_speak_of() {
    let bench = Bench::new().await;
    let parts = format!("{}/parts", documentation(&bench).await);
    let locations = [
        json!({"type": "API"}),
        json!({"type": "METHOD", "path": "/pets", "method": "GET"}),
        json!({"type": "QUERY_PARAMETER", "path": "/pets", "name": "kind"}),
        json!({"type": "RESOURCE"}),
    ];
    for (location, properties) in locations.into_iter().zip(["{}", r#"{"a":1}"#, r#"{"a":1}"#, r#"{"a":1}"#]) {
        bench.post(&parts, part(location, properties)).await.expect(201);
    }
    let bench = &bench;
    let found = async |query: &str| {
        let list = bench.get(&format!("{parts}?{query}")).await.expect(200);
        let items = list["item"].as_array().expect("a list").clone();
        let mut types: Vec<_> = items.iter().map(|item| text(&item["location"], "type")).collect();
        types.sort();
        types.join(" ")
    };
    assert_eq!(found("").await, "API METHOD QUERY_PARAMETER RESOURCE");
    assert_eq!(found("type=METHOD").await, "METHOD");
    assert_eq!(found("path=%2Fpets").await, "METHOD QUERY_PARAMETER");
    assert_eq!(found("path=%2F").await, "RESOURCE", "a path that was not sent is the root");
    assert_eq!(found("name=kind").await, "QUERY_PARAMETER");
    assert_eq!(found("locationStatus=UNDOCUMENTED").await, "API");
    assert_eq!(found("locationStatus=DOCUMENTED&type=API").await, "");
    let bad = bench.get(&format!("{parts}?type=NOPE&locationStatus=NOPE")).await;
    let said = bad.body["message"].as_str().unwrap_or_default();
    assert_eq!((bad.status, bad.error.as_deref()), (400, Some("ValidationException")));
    assert!(said.starts_with("2 validation errors detected: Value 'NOPE' at 'type' failed"), "{said}");
}

#[tokio::test]
async fn a_version_lives_from_creation_to_deletion() {
    let bench = Bench::new().await;
    let versions = format!("{}/versions", documentation(&bench).await);
    let body = json!({"documentationVersion": "v1", "description": "First"});
    let made = bench.post(&versions, body.clone()).await.expect(201);
    assert_eq!(made, json!({"version": "v1", "createdDate": 1_795_348_800, "description": "First"}));
    assert_eq!(bench.get(&versions).await.expect(200), json!({"item": [made]}));
    let twice = bench.post(&versions, body).await;
    assert_eq!((twice.status, twice.error.as_deref()), (409, Some(CLASH)));
    let path = format!("{versions}/v1");
    let patched = bench.patch(&path, &[("replace", "/description", "One")]).await.expect(200);
    assert_eq!(patched["description"], json!("One"));
    let bad = bench.patch(&path, &[("replace", "/version", "v2")]).await;
    bad.refused(400, BAD, "Invalid patch path  '/version' specified for op 'replace'. Must be one of: [/description]");
    bench.delete(&path).await.expect(202);
    for answer in [bench.get(&path).await, bench.delete(&path).await] {
        answer.refused(404, MISSING, "Invalid Documentation version specified");
    }
}

#[tokio::test]
async fn a_version_is_shown_by_the_stage_that_it_is_made_for() {
    let bench = Bench::new().await;
    let api = bench.deployed_api("dev").await;
    let versions = format!("/restapis/{api}/documentation/versions");
    let unknown = bench.post(&versions, json!({"documentationVersion": "v1", "stageName": "prod"})).await;
    unknown.refused(404, MISSING, "Invalid stage identifier specified");
    assert_eq!(bench.get(&versions).await.expect(200), json!({"item": []}), "a refused change leaves nothing");
    bench.post(&versions, json!({"documentationVersion": "v1", "stageName": "dev"})).await.expect(201);
    let stage = bench.get(&format!("/restapis/{api}/stages/dev")).await.expect(200);
    assert_eq!(stage["documentationVersion"], json!("v1"));
}

#[tokio::test]
async fn documentation_of_an_unknown_api_is_refused() {
    let bench = Bench::new().await;
    let parts = "/restapis/nope/documentation/parts";
    let versions = "/restapis/nope/documentation/versions";
    let answers = [
        bench.post(parts, part(json!({"type": "API"}), "{}")).await,
        bench.get(parts).await,
        bench.delete(&format!("{parts}/x")).await,
        bench.post(versions, json!({"documentationVersion": "v1"})).await,
        bench.get(versions).await,
    ];
    for answer in answers {
        answer.refused(404, MISSING, UNKNOWN_API);
    }
    let one = bench.get(&format!("{parts}/x")).await;
    one.refused(404, MISSING, "Invalid Documentation part identifier specified");
}
