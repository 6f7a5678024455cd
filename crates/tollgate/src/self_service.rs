//! The self-service app, as a function that is built in (`tollgate:self-service`): it lists usage plans, reports what a
//! key used, and gives out keys. `tollgate self-service` makes the API before it.
//!
//! | request | answer |
//! |---|---|
//! | `GET getUsagePlans` | `{"items": [plan…]}`, as GetUsagePlans shows them |
//! | `GET getUsage?from&to&usagePlanId&keyId` | `{"usagePlanId", "startDate", "endDate", "items": {key: [[used, remaining]…]}}` |
//! | `POST addKey?name&usagePlanId` | `{"apiKeyId", "apiKeyToken", "message"}` |
//!
//! Both lists are whole; with `limit` or `position` they are one page, as AWS cuts it, and have `position` where more
//! follow. Answers only to keys of the administrators' plan, and hands out no key of a plan that opens the app unless
//! its owner says so: whoever holds a key that was handed out cannot make more.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tollgate_control::Refused;
use tollgate_functions::{BuiltIn, BuiltInFuture, Fault};

use crate::peers::InProcessManagement;

/// The function's name after `tollgate:`.
pub(crate) const NAME: &str = "self-service";
/// The variable of a stage that names the plan whose keys are answered.
pub(crate) const ADMIN_PLAN: &str = "selfServiceAdminPlan";
/// The variable of a stage that names the plans that it is about, with commas between. Without it, all are.
pub(crate) const PLANS: &str = "selfServicePlans";

/// Characters of a name, as CreateApiKey has it.
const NAME_LIMIT: usize = 1024;
/// Items of a page that is asked for to make a whole list.
const PAGE: &str = "500";
/// Where a whole list ends and goes on at its position, so that an answer stays within some megabytes: days of keys.
const WHOLE: usize = 100_000;
/// Days of a key that are as long as a plan.
const DAYS_OF_PLAN: usize = 10;
const HOW_TO: &str = "Send apiKeyToken as x-api-key with each call. apiKeyId is the keyId of getUsage.";

/// The function, by its name.
pub(crate) fn function(management: Arc<InProcessManagement>) -> (String, Arc<dyn BuiltIn>) {
    (NAME.to_owned(), Arc::new(SelfService { management }))
}

struct SelfService {
    management: Arc<InProcessManagement>,
}

/// What is looked at of the event of a proxy integration.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Event {
    resource: String,
    http_method: String,
    query_string_parameters: Option<BTreeMap<String, String>>,
    stage_variables: Option<BTreeMap<String, String>>,
    request_context: RequestContext,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RequestContext {
    api_id: String,
    identity: Identity,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Identity {
    api_key_id: Option<String>,
}

/// A "no": its status, and what the caller reads.
#[derive(Debug, PartialEq)]
struct No(u16, String);

impl From<Refused> for No {
    fn from(refused: Refused) -> Self {
        Self(refused.status, refused.message)
    }
}

impl BuiltIn for SelfService {
    fn call(&self, event: Bytes) -> BuiltInFuture<'_> {
        Box::pin(async move {
            let event: Event = serde_json::from_slice(&event)
                .map_err(|error| Fault::new("Runtime.UnmarshalError", format!("the event is no proxy's: {error}")))?;
            let (status, body) = match self.answer(&event).await {
                Ok(body) => (200, body),
                Err(No(status, message)) => (status, json!({ "message": message })),
            };
            let headers = json!({ "Content-Type": "application/json" });
            let answer = json!({ "statusCode": status, "headers": headers, "body": body.to_string() });
            Ok(answer.to_string().into())
        })
    }
}

impl SelfService {
    async fn answer(&self, event: &Event) -> Result<Value, No> {
        self.check_admin(event).await?;
        match (event.http_method.as_str(), event.resource.rsplit('/').next()) {
            ("GET", Some("getUsagePlans")) => self.plans(event).await,
            ("GET", Some("getUsage")) => self.usage(event).await,
            ("POST", Some("addKey")) => self.add_key(event).await,
            _ => Err(No(404, "There is getUsagePlans, getUsage and addKey".to_owned())),
        }
    }

    /// The gateway lets keys of all plans in that cover the stage; of those, the plan that the owner named counts.
    async fn check_admin(&self, event: &Event) -> Result<(), No> {
        let forbidden = || No(403, "Forbidden".to_owned());
        let plan = event.variable(ADMIN_PLAN).ok_or_else(forbidden)?;
        let key = event.request_context.identity.api_key_id.as_deref().ok_or_else(forbidden)?;
        let path = format!("/usageplans/{}/keys/{}", encoded(plan), encoded(key));
        match self.management.operate(Method::GET, &path, None).await {
            Ok(_) => Ok(()),
            Err(refused) if refused.status == 404 => Err(forbidden()),
            Err(refused) => Err(refused.into()),
        }
    }

    async fn plans(&self, event: &Event) -> Result<Value, No> {
        let mut plans: Vec<Value> = Vec::new();
        let position = self
            .pages("/usageplans?", event, |page| {
                let of_page = page["item"].as_array_mut().map(std::mem::take).unwrap_or_default();
                plans.extend(of_page.into_iter().filter(|plan| event.shows(plan["id"].as_str().unwrap_or_default())));
                plans.len() * DAYS_OF_PLAN
            })
            .await?;
        Ok(with_position(json!({ "items": plans }), position))
    }

    async fn usage(&self, event: &Event) -> Result<Value, No> {
        let [from, to, plan] = event.wanted(["from", "to", "usagePlanId"])?;
        event.check_shows(plan)?;
        let key = event.query("keyId").map(|key| format!("&keyId={}", encoded(key))).unwrap_or_default();
        let (plan, start, end) = (encoded(plan), encoded(from), encoded(to));
        let path = format!("/usageplans/{plan}/usage?startDate={start}&endDate={end}{key}&");
        let (mut answer, mut items, mut days) = (json!({}), Map::new(), 0);
        let position = self
            .pages(&path, event, |page| {
                let used = page["values"].as_object_mut().map(std::mem::take).unwrap_or_default();
                days += used.values().filter_map(Value::as_array).map(Vec::len).sum::<usize>();
                items.extend(used);
                for member in ["usagePlanId", "startDate", "endDate"] {
                    answer[member] = page[member].take();
                }
                days
            })
            .await?;
        answer["items"] = Value::Object(items);
        Ok(with_position(answer, position))
    }

    async fn add_key(&self, event: &Event) -> Result<Value, No> {
        let [name, plan] = event.wanted(["name", "usagePlanId"])?;
        if name.chars().count() > NAME_LIMIT {
            return Err(No(400, format!("name has more than {NAME_LIMIT} characters")));
        }
        event.check_shows(plan)?;
        let path = format!("/usageplans/{}", encoded(plan));
        let shown = self.management.operate(Method::GET, &path, None).await?;
        if event.variable(PLANS).is_none() && self.opens_an_app(event, &shown).await? {
            return Err(No(
                403,
                "Keys of this plan open this API or another like it, so that none is given out".to_owned(),
            ));
        }
        let path = format!("/tollgate/v1/usageplans/{}/keys", encoded(plan));
        let made = self.management.operate(Method::POST, &path, Some(json!({ "name": name }))).await?;
        Ok(json!({ "apiKeyId": made["id"], "apiKeyToken": made["value"], "message": HOW_TO }))
    }

    /// Whether the keys of a plan open this app, or another by which keys are given out.
    async fn opens_an_app(&self, event: &Event, plan: &Value) -> Result<bool, No> {
        if plan["id"].as_str() == event.variable(ADMIN_PLAN) {
            return Ok(true);
        }
        for covered in plan["apiStages"].as_array().into_iter().flatten() {
            let (api, stage) =
                (covered["apiId"].as_str().unwrap_or_default(), covered["stage"].as_str().unwrap_or_default());
            let path = format!("/restapis/{}/stages/{}", encoded(api), encoded(stage));
            let is_app = |stage: &Value| stage["variables"][ADMIN_PLAN].is_string();
            match self.management.operate(Method::GET, &path, None).await {
                Ok(stage) if api == event.request_context.api_id || is_app(&stage) => return Ok(true),
                // A stage that went in the meantime opens nothing.
                Ok(_) | Err(Refused { status: 404, .. }) => {}
                Err(refused) => return Err(refused.into()),
            }
        }
        Ok(false)
    }

    /// Shows `take` the page that was asked for, else all pages, until it has taken so much as a list may have. Returns
    /// the position of the next page, if there is one.
    async fn pages(
        &self,
        path: &str,
        event: &Event,
        mut take: impl FnMut(&mut Value) -> usize + Send,
    ) -> Result<Option<String>, No> {
        let one = event.query("limit").is_some() || event.query("position").is_some();
        let limit = event.query("limit").or((!one).then_some(PAGE));
        let limit = limit.map(|limit| format!("&limit={}", encoded(limit))).unwrap_or_default();
        let mut position = event.query("position").map(str::to_owned);
        loop {
            let after = position.map(|position| format!("&position={}", encoded(&position))).unwrap_or_default();
            let uri = format!("{path}{}", format!("{limit}{after}").trim_start_matches('&'));
            let mut page = self.management.operate(Method::GET, &uri, None).await?;
            let taken = take(&mut page);
            position = page["position"].as_str().map(str::to_owned);
            if one || position.is_none() || taken >= WHOLE {
                return Ok(position);
            }
        }
    }
}

impl Event {
    fn query(&self, name: &str) -> Option<&str> {
        let value = self.query_string_parameters.as_ref()?.get(name)?;
        Some(value.as_str()).filter(|value| !value.trim().is_empty())
    }

    fn variable(&self, name: &str) -> Option<&str> {
        let value = self.stage_variables.as_ref()?.get(name)?;
        Some(value.as_str()).filter(|value| !value.is_empty())
    }

    /// Parameters of the query that all have to be there.
    fn wanted<const N: usize>(&self, names: [&'static str; N]) -> Result<[&str; N], No> {
        let missing: Vec<&str> = names.into_iter().filter(|name| self.query(name).is_none()).collect();
        if missing.is_empty() {
            return Ok(names.map(|name| self.query(name).unwrap_or_default()));
        }
        Err(No(400, format!("missing: {}", missing.join(", "))))
    }

    /// Whether this stage is about a plan.
    fn shows(&self, plan: &str) -> bool {
        self.variable(PLANS).is_none_or(|plans| plans.split(',').any(|one| one == plan))
    }

    fn check_shows(&self, plan: &str) -> Result<(), No> {
        if self.shows(plan) { Ok(()) } else { Err(No(403, "This plan is not given out here".to_owned())) }
    }
}

fn with_position(mut answer: Value, position: Option<String>) -> Value {
    if let Some(position) = position {
        answer["position"] = position.into();
    }
    answer
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(variables: &[(&str, &str)], query: &[(&str, &str)]) -> Event {
        let map = |pairs: &[(&str, &str)]| {
            Some(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
        };
        let request_context = RequestContext { api_id: "api1".to_owned(), ..Default::default() };
        Event {
            stage_variables: map(variables),
            query_string_parameters: map(query),
            request_context,
            ..Default::default()
        }
    }

    #[test]
    fn what_is_missing_is_named_and_blanks_are_missing() {
        let event = event(&[], &[("from", "2026-11-01"), ("to", " ")]);
        let no = event.wanted(["from", "to", "usagePlanId"]).expect_err("two are missing");
        assert_eq!(no, No(400, "missing: to, usagePlanId".to_owned()));
    }

    #[test]
    fn a_stage_is_about_all_plans_or_about_those_that_it_names() {
        assert!(event(&[], &[]).shows("free"));
        let named = event(&[(PLANS, "free,paid")], &[]);
        assert!(named.shows("free") && named.shows("paid") && !named.shows("pai") && !named.shows("free,paid"));
    }

    #[tokio::test]
    async fn without_an_admin_plan_and_a_key_nobody_is_answered() {
        let app = SelfService { management: Arc::default() };
        let forbidden = Err(No(403, "Forbidden".to_owned()));
        assert_eq!(app.answer(&event(&[], &[])).await, forbidden);
        let mut keyed = event(&[(ADMIN_PLAN, "admins")], &[]);
        assert_eq!(app.answer(&keyed).await, forbidden);
        // The management API is not there yet.
        keyed.request_context.identity.api_key_id = Some("key1".to_owned());
        assert_eq!(app.answer(&keyed).await.expect_err("no answer").0, 503);
    }
}
