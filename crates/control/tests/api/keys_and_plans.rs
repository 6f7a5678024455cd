//! Keys, plans and usage, through the signed API.

use crate::bench::{Answered, Bench, Told, text};
use serde_json::json;
use tollgate_domain::{ApiKeyId, UsagePlanId};

#[tokio::test]
async fn a_key_lives_from_creation_to_deletion() {
    let bench = Bench::new().await;
    let made = bench.post("/apikeys", json!({"name": "first", "tags": {"a": "b"}})).await.expect(201);
    assert_eq!((&made["enabled"], &made["stageKeys"], &made["tags"]), (&json!(false), &json!([]), &json!({"a": "b"})));
    assert_eq!(text(&made, "value").len(), 40);
    let path = format!("/apikeys/{}", text(&made, "id"));
    let read = bench.get(&path).await.expect(200);
    assert_eq!((read.get("value"), &read["createdDate"]), (None, &json!(1_795_348_800)));
    assert_eq!(bench.get(&format!("{path}?includeValue=true")).await.expect(200)["value"], made["value"]);
    bench.clock.advance(std::time::Duration::from_secs(60));
    let patched = bench.patch(&path, &[("replace", "/enabled", "true"), ("replace", "/name", "")]).await.expect(200);
    assert_eq!((&patched["enabled"], patched.get("name")), (&json!(true), None));
    assert_eq!(patched["lastUpdatedDate"], json!(1_795_348_860));
    bench.delete(&path).await.expect(202);
    bench.get(&path).await.refused(404, "NotFoundException", "Invalid API Key identifier specified");
    bench.delete(&path).await.refused(404, "NotFoundException", "Invalid API Key identifier specified");
}

#[tokio::test]
async fn tags_of_a_single_key_are_shown_even_when_there_are_none() {
    let bench = Bench::new().await;
    let made = bench.post("/apikeys", json!({})).await.expect(201);
    assert_eq!(made.get("tags"), None);
    assert_eq!(bench.get(&format!("/apikeys/{}", text(&made, "id"))).await.expect(200)["tags"], json!({}));
    assert_eq!(bench.get("/apikeys").await.expect(200)["item"][0].get("tags"), None);
}

#[tokio::test]
async fn keys_are_listed_newest_first_in_pages_by_prefix() {
    let bench = Bench::new().await;
    for name in ["app-1", "app-2", "App-3", "other"] {
        bench.key(name).await;
    }
    let first = bench.get("/apikeys?name=app&limit=1&includeValues=true").await.expect(200);
    assert_eq!(text(&first["item"][0], "name"), "app-2");
    assert_eq!(text(&first["item"][0], "value").len(), 40);
    let next = bench.get(&format!("/apikeys?name=app&limit=1&position={}", text(&first, "position"))).await.expect(200);
    assert_eq!((text(&next["item"][0], "name").as_str(), next.get("position")), ("app-1", None));
    assert_eq!(bench.get("/apikeys?limit=-1").await.expect(200)["item"].as_array().map(Vec::len), Some(4));
    bench.get("/apikeys?position=zz").await.refused(400, "BadRequestException", "Invalid position parameter specified");
}

#[tokio::test]
async fn keys_are_refused_in_the_words_of_aws() {
    let bench = Bench::new().await;
    let make = async |body| bench.post("/apikeys", body).await;
    let bad = "BadRequestException";
    make(json!({"value": "short"})).await.refused(400, bad, "API Key value should be at least 20 characters");
    let long = "v".repeat(129);
    make(json!({"value": long})).await.refused(400, bad, "API Key value exceeds maximum size of 128 characters");
    let name = "n".repeat(1025);
    make(json!({"name": name})).await.refused(400, bad, "Invalid API Key name, can be at most 1024 characters.");
    let text = "d".repeat(125_001);
    make(json!({"description": text})).await.refused(400, bad, "Invalid API Key description specified.");
    let wrong = "class java.lang.Boolean can not be converted to an String";
    make(json!({"name": true})).await.refused(400, "SerializationException", wrong);
    make(json!({"value": "a-value-of-twenty-characters"})).await.expect(201);
    let twice = make(json!({"value": "a-value-of-twenty-characters"})).await;
    twice.refused(409, "ConflictException", "API Key already exists");
    assert_eq!(make(json!({"value": ""})).await.expect(201)["value"].as_str().map(str::len), Some(40));
}

#[tokio::test]
async fn the_gate_knows_of_a_change_before_the_client_does() {
    let bench = Bench::new().await;
    let api = bench.deployed_api("dev").await;
    let (plan, key) = (bench.plan(&api, "dev").await, bench.key("first").await);
    bench.told();
    let (id, plan_id) = (ApiKeyId::parse(&key).expect("an id"), UsagePlanId::parse(&plan).expect("an id"));
    bench.attach(&plan, &key).await.expect(201);
    assert_eq!(bench.told(), [Told::PutKey { id, enabled: true, plans: vec![plan_id] }]);
    bench.patch(&format!("/apikeys/{key}"), &[("replace", "/enabled", "false")]).await.expect(200);
    assert_eq!(bench.told(), [Told::PutKey { id, enabled: false, plans: vec![plan_id] }]);
    bench.delete(&format!("/usageplans/{plan}/keys/{key}")).await.expect(202);
    assert_eq!(bench.told(), [Told::PutKey { id, enabled: false, plans: Vec::new() }]);
    bench.delete(&format!("/apikeys/{key}")).await.expect(202);
    assert_eq!(bench.told(), [Told::RemoveKey]);
}

#[tokio::test]
async fn new_limits_are_published_and_then_called_back() {
    let bench = Bench::new().await;
    let plan = text(&bench.post("/usageplans", json!({"name": "gold"})).await.expect(201), "id");
    let id = UsagePlanId::parse(&plan).expect("an id");
    bench.told();
    let path = format!("/usageplans/{plan}");
    bench.patch(&path, &[("add", "/quota/limit", "5"), ("add", "/quota/period", "DAY")]).await.expect(200);
    let told = bench.told();
    assert!(matches!(told.as_slice(), [Told::Publish(_), Told::Recall(recalled, None)] if *recalled == id), "{told:?}");
    bench.patch(&path, &[("replace", "/name", "silver")]).await.expect(200);
    assert!(matches!(bench.told().as_slice(), [Told::Publish(_)]));
    bench.patch(&path, &[("replace", "/nope", "x")]).await;
    assert!(bench.told().is_empty(), "a refused change publishes nothing");
    bench.break_gate(true);
    let answer = bench.patch(&path, &[("replace", "/quota/limit", "4")]).await;
    // The change is made and in force, so the answer says so; the gate keeps what it could not write.
    assert_eq!((answer.status, answer.error.as_deref()), (200, None));
}

#[tokio::test]
async fn a_plan_lives_from_creation_to_deletion() {
    let bench = Bench::new().await;
    let api = bench.deployed_api("dev").await;
    let made = bench
        .post(
            "/usageplans",
            json!({
                "name": "gold", "description": "for few",
                "throttle": {"rateLimit": 2, "burstLimit": 1}, "quota": {"limit": 100, "period": "MONTH"},
                "apiStages": [{"apiId": api, "stage": "dev", "throttle": {"/pets/GET": {"rateLimit": 0.5}}}]
            }),
        )
        .await
        .expect(201);
    assert_eq!(made["quota"], json!({"limit": 100, "offset": 0, "period": "MONTH"}));
    assert_eq!(made["throttle"].to_string(), r#"{"burstLimit":1,"rateLimit":2.0}"#);
    let stage = json!([{"apiId": api, "stage": "dev", "throttle": {"/pets/GET": {"rateLimit": 0.5}}}]);
    assert_eq!(made["apiStages"], stage);
    let id = text(&made, "id");
    let path = format!("/usageplans/{id}");
    assert_eq!(bench.get(&path).await.expect(200)["tags"], json!({}));
    assert_eq!(bench.get("/usageplans").await.expect(200)["item"][0]["id"], json!(id));
    let held =
        format!("Cannot delete Usage Plan {id} because there are API Stages associated with it, including {api}:dev");
    bench.delete(&path).await.refused(400, "BadRequestException", &held);
    let removed = bench.patch(&path, &[("remove", "/apiStages", &format!("{api}:dev"))]).await.expect(200);
    assert_eq!(removed["apiStages"], json!([]));
    bench.delete(&path).await.expect(202);
    bench.get(&path).await.refused(404, "NotFoundException", "Invalid Usage Plan ID specified");
    bench.patch(&path, &[]).await.refused(404, "NotFoundException", "Invalid Usage Plan ID specified");
}

#[tokio::test]
async fn keys_join_and_leave_plans() {
    let bench = Bench::new().await;
    let api = bench.deployed_api("dev").await;
    let (plan, key) = (bench.plan(&api, "dev").await, bench.key("first").await);
    let joined = bench.attach(&plan, &key).await.expect(201);
    assert_eq!((&joined["id"], &joined["type"], &joined["name"]), (&json!(key), &json!("API_KEY"), &json!("first")));
    assert_eq!(text(&joined, "value").len(), 40);
    let keys = format!("/usageplans/{plan}/keys");
    assert_eq!(bench.get(&format!("{keys}/{key}")).await.expect(200), joined);
    assert_eq!(bench.get(&format!("{keys}?name=fi")).await.expect(200)["item"], json!([joined]));
    assert_eq!(bench.get(&format!("/usageplans?keyId={key}")).await.expect(200)["item"][0]["id"], json!(plan));
    assert_eq!(bench.get("/usageplans?keyId=nope").await.expect(200)["item"], json!([]));
    assert_eq!(bench.get("/usageplans/nope/keys").await.expect(200)["item"], json!([]));
    bench.delete(&format!("{keys}/{key}")).await.expect(202);
    let gone = "Invalid API Key identifier specified";
    bench.delete(&format!("{keys}/{key}")).await.refused(404, "NotFoundException", gone);
    bench.get(&format!("{keys}/{key}")).await.refused(404, "NotFoundException", gone);
}

#[tokio::test]
async fn a_key_is_in_one_plan_of_a_stage_at_most() {
    let bench = Bench::new().await;
    let api = bench.deployed_api("dev").await;
    let (gold, silver) = (bench.plan(&api, "dev").await, bench.plan(&api, "dev").await);
    let bare = text(&bench.post("/usageplans", json!({"name": "bare"})).await.expect(201), "id");
    let key = bench.key("first").await;
    bench.attach(&gold, &key).await.expect(201);
    let already = format!("API Key {key} is already in Usage Plan {gold}");
    bench.attach(&gold, &key).await.refused(409, "ConflictException", &already);
    let twice = format!("API Key {key} cannot reference multiple Usage Plans with the same API stage: {api}:dev");
    bench.attach(&silver, &key).await.refused(409, "ConflictException", &twice);
    bench.attach(&bare, &key).await.expect(201);
    let add = bench.patch(&format!("/usageplans/{bare}"), &[("add", "/apiStages", &format!("{api}:dev"))]).await;
    add.refused(409, "ConflictException", &twice);
    assert_eq!(bench.get(&format!("/usageplans/{bare}")).await.expect(200)["apiStages"], json!([]));
    bench.attach("nope", &key).await.refused(404, "NotFoundException", "Invalid Usage Plan ID specified");
    bench.attach(&gold, "nope").await.refused(404, "NotFoundException", "Invalid API Key identifier specified");
}

#[tokio::test]
async fn usage_is_reported_by_key_and_day_and_can_be_extended() {
    let bench = Bench::new().await;
    let quota = json!({"name": "gold", "quota": {"limit": 10, "period": "DAY"}});
    let plan = text(&bench.post("/usageplans", quota).await.expect(201), "id");
    let key = bench.key("first").await;
    bench.attach(&plan, &key).await.expect(201);
    let usage = format!("/usageplans/{plan}/usage?startDate=2026-11-22&endDate=2026-11-22");
    let read = bench.get(&format!("{usage}&keyId={key}")).await.expect(200);
    assert_eq!(read["values"], json!({ key.clone(): [[0, 10]] }));
    assert_eq!((&read["startDate"], &read["usagePlanId"]), (&json!("2026-11-22"), &json!(plan)));
    assert_eq!(bench.get(&usage).await.expect(200)["values"], json!({}));
    bench.told();
    let path = format!("/usageplans/{plan}/keys/{key}/usage");
    let extended = bench.patch(&path, &[("replace", "/remaining", "50")]).await.expect(200);
    assert_eq!(extended["values"], json!({ key.clone(): [[0, 50]] }));
    assert_eq!(bench.told(), [Told::Adjust(ApiKeyId::parse(&key).expect("an id"), 50)]);
    let bad = format!("/usageplans/{plan}/usage?startDate=2026-11-22&endDate=2026-11-21");
    bench.get(&bad).await.refused(400, "BadRequestException", "The end date must not be before the start date");
    let missing = format!("/usageplans/{plan}/usage?startDate=2026-11-22");
    bench.get(&missing).await.refused(400, "BadRequestException", "startDate and endDate must be specified");
}

async fn import(bench: &Bench, query: &str, file: &str) -> Answered {
    bench.send(bench.signed("POST", &format!("/apikeys?mode=import&format=csv{query}"), file)).await
}

#[tokio::test]
async fn a_file_of_keys_is_imported_in_order_and_again() {
    let bench = Bench::new().await;
    let plan = text(&bench.post("/usageplans", json!({"name": "gold"})).await.expect(201), "id");
    let file =
        format!("Name,key,enabled,usageplanIds\nb,value-of-twenty-chars-b,tRuE,{plan}\na,value-of-twenty-chars-a,,\n");
    let made = import(&bench, "", &file).await.expect(201);
    assert_eq!(made["warnings"], json!([]));
    let ids = made["ids"].as_array().expect("ids").clone();
    let first = bench.get(&format!("/apikeys/{}", ids[0].as_str().expect("an id"))).await.expect(200);
    assert_eq!((&first["name"], &first["enabled"]), (&json!("b"), &json!(true)));
    assert_eq!(bench.get(&format!("/usageplans/{plan}/keys")).await.expect(200)["item"][0]["id"], ids[0]);
    let again = import(&bench, "", "Name,Key\nrenamed,value-of-twenty-chars-b\n").await.expect(201);
    assert_eq!(again["ids"], json!([ids[0]]));
    assert_eq!(bench.get("/apikeys").await.expect(200)["item"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_doubtful_file_is_refused_whole_when_asked() {
    let bench = Bench::new().await;
    let file = "Name,Key\ngood,value-of-twenty-chars-b\nbad,short\n";
    let refused = import(&bench, "&failonwarnings=true", file).await;
    let text = "Failed to import API keys: Row 3: API Key value should be at least 20 characters";
    refused.refused(400, "BadRequestException", text);
    assert_eq!(bench.get("/apikeys").await.expect(200)["item"], json!([]));
    let taken = import(&bench, "", file).await.expect(201);
    assert_eq!((taken["ids"].as_array().map(Vec::len), taken["warnings"].as_array().map(Vec::len)), (Some(1), Some(1)));
    let missing = "Failed to import API keys: the column Key is missing";
    import(&bench, "", "Name\na\n").await.refused(400, "BadRequestException", missing);
}
