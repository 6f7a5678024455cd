//! ApiKey: who is calling.

use serde::Serialize;
use tollgate_domain::{ApiKey, RestApiId, StageName, Tags, UnixMillis};
use tollgate_store::{CallerRow, KeyQuery, KeyRow};

use crate::Control;
use crate::answer::{Answer, Reply, tags_if_any, text};
use crate::conflict::Conflict;
use crate::error::Failure;
use crate::page::PageQuery;
use crate::patch::{self, Op, PatchOperation, PatchRefusal, Paths};
use crate::request::Request;
use crate::resources::tags;

const NAME_LIMIT: usize = 1024;
/// 125,000 characters fit and 125,001 do not, on AWS.
const DESCRIPTION_LIMIT: usize = 125_000;
const PATHS: Paths = Paths {
    add: &["/stages", "/labels"],
    replace: &["/description", "/enabled", "/name", "/customerId"],
    remove: &["/stages", "/labels"],
};

/// An API key on the wire.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ApiKeyWire<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    enabled: bool,
    created_date: i64,
    last_updated_date: i64,
    stage_keys: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<&'a Tags>,
}

#[derive(Serialize)]
struct ApiKeysWire<'a> {
    item: Vec<ApiKeyWire<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<String>,
}

impl<'a> ApiKeyWire<'a> {
    fn new(key: &'a ApiKey, value: Option<&'a str>, tags: Option<&'a Tags>) -> Self {
        Self {
            id: key.id.as_str(),
            value,
            name: text(&key.name),
            customer_id: text(&key.customer_id),
            description: text(&key.description),
            enabled: key.enabled,
            created_date: key.created.seconds(),
            last_updated_date: key.updated.seconds(),
            stage_keys: key.stage_keys.iter().map(|(api, stage)| format!("{api}/{stage}")).collect(),
            tags,
        }
    }
}

pub(crate) async fn create(control: &Control, request: &Request) -> Reply {
    // A key made without a word on it is disabled, on AWS too.
    let key = read(control, request, false)?;
    let value = request.body()?.string("value")?.filter(|value| !value.is_empty());
    value.as_deref().map(check_value).transpose()?;
    let value = value.unwrap_or_else(|| control.ids().api_key_value());
    // The gate is not told: a key in no plan admits nobody. It learns of the key when that joins its first plan.
    control.store().create_key(key.clone(), value.clone()).await?;
    Answer::json(&ApiKeyWire::new(&key, Some(&value), tags_if_any(&key.tags)))
}

/// The key that a body describes, under a new id, and `enabled` unless the body says otherwise.
pub(crate) fn read(control: &Control, request: &Request, enabled: bool) -> Result<ApiKey, Failure> {
    let body = request.body()?;
    let now = request.now();
    let stage_keys = body.objects("stageKeys")?.unwrap_or_default();
    let key = ApiKey {
        id: control.ids().api_key_id(),
        name: body.string("name")?,
        description: body.string("description")?,
        customer_id: body.string("customerId")?,
        enabled: body.bool("enabled")?.unwrap_or(enabled),
        created: now,
        updated: now,
        stage_keys: stage_keys
            .iter()
            .map(|stage| {
                Ok((stage.string("restApiId")?.unwrap_or_default(), stage.string("stageName")?.unwrap_or_default()))
            })
            .map(|pair: Result<_, Failure>| pair.map(|(api, stage)| (RestApiId::new(api), StageName::new(stage))))
            .collect::<Result<_, _>>()?,
        tags: tags::read(&body)?,
    };
    check(key.name.as_deref(), key.description.as_deref())?;
    Ok(key)
}

/// Answers with a key as its creation does.
pub(crate) fn answer_with_value(row: &KeyRow) -> Reply {
    Answer::json(&ApiKeyWire::new(&row.key, Some(&row.value), tags_if_any(&row.key.tags)))
}

pub(crate) async fn get(control: &Control, request: &Request) -> Reply {
    let row = find(control, request, "api_Key").await?;
    let value = request.flag("includeValue").then_some(row.value.as_str());
    Answer::json(&ApiKeyWire::new(&row.key, value, Some(&row.key.tags)))
}

pub(crate) async fn list(control: &Control, request: &Request) -> Reply {
    let query = PageQuery::of(request, "apikeys")?;
    let keys = KeyQuery {
        after: query.after_as()?,
        limit: u32::try_from(query.limit).unwrap_or(u32::MAX),
        name_prefix: request.query("name").map(str::to_owned),
        customer_id: request.query("customerId").map(str::to_owned),
        plan: None,
    };
    let keys = control.store().list_keys(keys).await?;
    let next = keys.rows.last().filter(|_| keys.more).map(|row| row.seq.to_string());
    let with_values = request.flag("includeValues");
    let page = query.finish(keys.rows, next);
    let item = page.items.iter().map(|row| ApiKeyWire::new(&row.key, with_values.then_some(row.value.as_str()), None));
    Answer::json(&ApiKeysWire { item: item.collect(), position: page.position })
}

pub(crate) async fn update(control: &Control, request: &Request) -> Reply {
    let operations = patch::operations(request, "updateApiKeyInput")?;
    let _turn = control.writer().turn().await?;
    let row = find(control, request, "api_Key").await?;
    let key = patched(&row.key, &operations, request.now())?;
    let row = control.store().update_key(key).await?.ok_or(Conflict::NoSuchApiKey)?;
    control.gate().put_key(&CallerRow::from(&row));
    Answer::json(&ApiKeyWire::new(&row.key, None, Some(&row.key.tags)))
}

pub(crate) async fn delete(control: &Control, request: &Request) -> Reply {
    let _turn = control.writer().turn().await?;
    let id = request.api_key_id("api_Key")?;
    let row = control.store().delete_key(id).await?.ok_or(Conflict::NoSuchApiKey)?;
    control.gate().remove_key(row.digest);
    Ok(Answer::Empty)
}

/// The key that a label of the path names.
pub(crate) async fn find(control: &Control, request: &Request, label: &str) -> Result<KeyRow, Failure> {
    let row = control.store().key(request.api_key_id(label)?).await?;
    row.ok_or_else(|| Conflict::NoSuchApiKey.into())
}

fn patched(key: &ApiKey, operations: &[PatchOperation], now: UnixMillis) -> Result<ApiKey, Failure> {
    let mut key = patch::apply(key, operations, run)?;
    check(key.name.as_deref(), key.description.as_deref())?;
    key.updated = now;
    Ok(key)
}

fn run(key: &mut ApiKey, operation: &PatchOperation) -> Result<(), PatchRefusal> {
    match (operation.op, operation.path()) {
        (Op::Replace, "/name") => key.name = operation.text(),
        (Op::Replace, "/description") => key.description = operation.text(),
        (Op::Replace, "/enabled") => key.enabled = operation.truth(),
        (Op::Replace, "/customerId") => key.customer_id = operation.text(),
        (Op::Add, "/stages") => key.stage_keys.extend(stage_key(operation)),
        (Op::Remove, "/stages") => key.stage_keys.retain(|stage| Some(stage) != stage_key(operation).as_ref()),
        // Documented, and nothing shows what labels are for.
        (Op::Add | Op::Remove, "/labels") => {}
        _ => return Err(PATHS.refuse(operation)),
    }
    Ok(())
}

fn stage_key(operation: &PatchOperation) -> Option<(RestApiId, StageName)> {
    let (api, stage) = operation.value().split_once('/')?;
    Some((RestApiId::new(api), StageName::new(stage)))
}

/// The rules for a key's members.
pub(crate) fn check(name: Option<&str>, description: Option<&str>) -> Result<(), Conflict> {
    let longer = |text: Option<&str>, limit| text.is_some_and(|text| text.chars().count() > limit);
    if longer(name, NAME_LIMIT) {
        return Err(Conflict::ApiKeyNameTooLong);
    }
    if longer(description, DESCRIPTION_LIMIT) {
        return Err(Conflict::ApiKeyDescriptionTooLong);
    }
    Ok(())
}

/// The rules for a key's value.
pub(crate) fn check_value(value: &str) -> Result<(), Conflict> {
    match value.chars().count() {
        ..20 => Err(Conflict::ApiKeyValueTooShort),
        20..=128 => Ok(()),
        129.. => Err(Conflict::ApiKeyValueTooLong),
    }
}

#[cfg(test)]
mod tests {
    use tollgate_domain::ApiKeyId;

    use super::*;
    use crate::patch::operation;

    fn key() -> ApiKey {
        ApiKey {
            id: ApiKeyId::parse("x5k3eopvub").expect("an id"),
            name: Some("first".to_owned()),
            description: None,
            customer_id: None,
            enabled: true,
            created: UnixMillis(1_000),
            updated: UnixMillis(1_000),
            stage_keys: Vec::new(),
            tags: Tags::new(),
        }
    }

    #[test]
    fn anything_but_true_disables() {
        for (value, enabled) in [("true", true), ("TRUE", true), ("not-a-boolean", false), ("", false)] {
            let operations = [operation(Op::Replace, "/enabled", value)];
            let key = patched(&key(), &operations, UnixMillis(2_000)).expect("a patched key");
            assert_eq!((key.enabled, key.updated), (enabled, UnixMillis(2_000)), "{value}");
        }
    }

    #[test]
    fn a_path_that_is_fixed_is_refused_with_the_list_of_those_that_are_not() {
        let error = patched(&key(), &[operation(Op::Replace, "/id", "x")], UnixMillis(2_000));
        assert_eq!(
            error.expect_err("a fixed path").to_string(),
            "Invalid patch path  '/id' specified for op 'replace'. Must be one of: [/description, /enabled, /name, \
             /customerId]"
        );
    }

    #[test]
    fn values_have_20_to_128_characters() {
        assert_eq!(check_value(&"v".repeat(19)), Err(Conflict::ApiKeyValueTooShort));
        assert_eq!(check_value(&"v".repeat(20)), Ok(()));
        assert_eq!(check_value(&"v".repeat(128)), Ok(()));
        assert_eq!(check_value(&"v".repeat(129)), Err(Conflict::ApiKeyValueTooLong));
    }

    #[test]
    fn members_that_are_too_long_are_refused() {
        let long = |name: usize, description: usize| check(Some(&"n".repeat(name)), Some(&"d".repeat(description)));
        assert_eq!(long(1024, 125_000), Ok(()));
        assert_eq!(long(1025, 1), Err(Conflict::ApiKeyNameTooLong));
        assert_eq!(long(1, 125_001), Err(Conflict::ApiKeyDescriptionTooLong));
        assert_eq!(check(None, None), Ok(()));
    }

    #[test]
    fn an_empty_name_is_left_out() {
        let key = ApiKey { name: Some(String::new()), ..key() };
        let wire = serde_json::to_value(ApiKeyWire::new(&key, None, None)).expect("json");
        assert_eq!(
            wire,
            serde_json::json!({
                "id": "x5k3eopvub", "enabled": true, "createdDate": 1, "lastUpdatedDate": 1, "stageKeys": []
            })
        );
    }
}
