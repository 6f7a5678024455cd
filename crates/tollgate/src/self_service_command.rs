//! `tollgate self-service`: makes the API before the built-in function, shows it and removes it.
//!
//! It is an ordinary API with a tag, found again by its name and that tag. What it is about stands in variables of its
//! stage, so that it can be seen and changed as any other.

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use http::Method;
use serde_json::{Value, json};

use crate::cli::{Settings, say, tell};
use crate::config::Config;
use crate::management_client::ManagementClient;
use crate::plain_http;
use crate::self_service::{ADMIN_PLAN, NAME, PLANS};

/// The tag by which the API is known.
const TAG: &str = "tollgate:built-in";
const METHODS: [AppMethod; 3] = [
    AppMethod { verb: "get", path: "/getUsagePlans", required: &[], optional: &["limit", "position"] },
    AppMethod {
        verb: "get",
        path: "/getUsage",
        required: &["from", "to", "usagePlanId"],
        optional: &["keyId", "limit", "position"],
    },
    AppMethod { verb: "post", path: "/addKey", required: &["name", "usagePlanId"], optional: &[] },
];

/// A method of the app, with the parameters of its query.
struct AppMethod {
    verb: &'static str,
    path: &'static str,
    required: &'static [&'static str],
    optional: &'static [&'static str],
}

#[derive(Debug, Subcommand)]
pub(crate) enum SelfServiceCommand {
    /// Serve the app at a stage, to the keys of one plan; or change what it does there.
    Enable(Enable),
    /// Remove the app from a stage, or altogether. Keys that it gave out stay.
    Disable {
        /// The stage; all of them unless given.
        #[arg(long)]
        stage: Option<String>,
        #[command(flatten)]
        place: Place,
    },
    /// Show where the app is served, to whom, and of which plans.
    Status(Place),
}

#[derive(Debug, Args)]
pub(crate) struct Enable {
    /// The stage that serves it.
    #[arg(long)]
    stage: String,
    /// The usage plan whose keys may call it, by its id or name. No other plan's keys may.
    #[arg(long, value_name = "NAME-OR-ID")]
    admin_plan: String,
    /// The plans that it shows and gives out keys of, by their ids or names, with commas between. All unless given; of
    /// the admin plan, whose keys could make more, none is given out unless it is named here.
    #[arg(long, value_name = "NAME-OR-ID,…", value_delimiter = ',')]
    plans: Vec<String>,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
pub(crate) struct Place {
    /// The name of its API.
    #[arg(long, value_name = "NAME", default_value = NAME)]
    api: String,
    #[command(flatten)]
    settings: Settings,
}

impl SelfServiceCommand {
    /// Runs the command.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Enable(enable) => {
                let node = App::open(&enable.place)?;
                node.enable(&enable).await
            }
            Self::Disable { stage, place } => App::open(&place)?.disable(stage.as_deref()).await,
            Self::Status(place) => App::open(&place)?.status().await,
        }
    }
}

/// The app at a node, under the name of its API.
struct App {
    client: ManagementClient,
    config: Config,
    name: String,
}

impl App {
    fn open(place: &Place) -> anyhow::Result<Self> {
        let config = place.settings.load(&[])?;
        Ok(Self { client: ManagementClient::new(&config)?, config, name: place.api.clone() })
    }

    async fn enable(&self, wanted: &Enable) -> anyhow::Result<()> {
        check_stage(&wanted.stage)?;
        let plans = self.client.items("/usageplans").await?;
        let admin = find_plan(&plans, &wanted.admin_plan)?;
        let shown = wanted.plans.iter().map(|plan| find_plan(&plans, plan)).collect::<Result<Vec<_>, _>>()?;
        let variables = variables(admin, &shown)?;
        let (api, is_new) = match self.find().await? {
            Some(api) => (api, false),
            None => (self.create().await?, true),
        };
        let served = self.serve(&api, &wanted.stage, &variables).await;
        if served.is_err() && is_new {
            // An API that serves nothing is of use to nobody.
            let _ = self.client.document(Method::DELETE, &format!("/restapis/{api}"), None).await;
        }
        served?;
        self.associate(&api, &wanted.stage, &plans, admin).await?;
        if shown.contains(&admin) {
            tell("warning: the admin plan is among the plans given out: whoever has a key of it can make more of them");
        }
        self.warn_of_no_keys(admin).await?;
        self.status().await
    }

    /// The id of the API, if it is there.
    async fn find(&self) -> anyhow::Result<Option<String>> {
        let apis = self.client.items("/restapis").await?;
        let (own, foreign): (Vec<_>, Vec<_>) =
            apis.iter().filter(|api| api["name"] == self.name.as_str()).partition(|api| api["tags"][TAG] == NAME);
        match (&own[..], &foreign[..]) {
            ([api], _) => Ok(Some(text(api, "id"))),
            ([], []) => Ok(None),
            ([], [other, ..]) => bail!(
                "the API {} ({}) is not the self-service app; name another with --api. Nothing was changed",
                self.name,
                text(other, "id")
            ),
            (several, _) => {
                bail!("there are {} self-service apps named {}: remove all but one", several.len(), self.name)
            }
        }
    }

    async fn create(&self) -> anyhow::Result<String> {
        let tags = json!({ TAG: NAME });
        let description =
            "Lists usage plans, gives out keys and reports what they used. Made by tollgate self-service.";
        let api = json!({ "name": self.name, "description": description, "tags": tags });
        Ok(text(&self.client.document(Method::POST, "/restapis", Some(api)).await?, "id"))
    }

    /// Sees to it that a stage serves the app. What it serves already is not deployed again.
    async fn serve(&self, api: &str, stage: &str, variables: &[(&str, String)]) -> anyhow::Result<()> {
        let kept = self.stages(api).await?.into_iter().find(|kept| kept["stageName"] == stage);
        if let Some(kept) = &kept {
            let changes = changes(&kept["variables"], variables);
            if !changes.is_empty() {
                let path = format!("/restapis/{api}/stages/{stage}");
                self.client.document(Method::PATCH, &path, Some(json!({ "patchOperations": changes }))).await?;
            }
            let path = format!("/restapis/{api}/stages/{stage}/exports/oas30?extensions=apigateway");
            if serves(&self.client.document(Method::GET, &path, None).await?, &self.uri()) {
                return Ok(());
            }
        }
        let path = format!("/restapis/{api}?mode=overwrite");
        self.client.document(Method::PUT, &path, Some(definition(&self.name, &self.uri()))).await?;
        let variables: serde_json::Map<_, _> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let mut deployment = json!({ "stageName": stage });
        if kept.is_none() {
            deployment["variables"] = Value::Object(variables);
        }
        self.client.document(Method::POST, &format!("/restapis/{api}/deployments"), Some(deployment)).await?;
        Ok(())
    }

    /// Makes the stage one of the admin plan, and of no other.
    async fn associate(&self, api: &str, stage: &str, plans: &[Value], admin: &Value) -> anyhow::Result<()> {
        let value = format!("{api}:{stage}");
        let change = async |plan: &Value, op: &str| {
            let operations = json!({ "patchOperations": [{ "op": op, "path": "/apiStages", "value": value }] });
            let path = format!("/usageplans/{}", text(plan, "id"));
            self.client.document(Method::PATCH, &path, Some(operations)).await
        };
        for other in plans.iter().filter(|plan| plan["id"] != admin["id"] && covers(plan, api, stage)) {
            change(other, "remove").await?;
            tell(&format!("the plan {} opens it no more", text(other, "name")));
        }
        if !covers(admin, api, stage) {
            change(admin, "add").await?;
        }
        Ok(())
    }

    async fn warn_of_no_keys(&self, admin: &Value) -> anyhow::Result<()> {
        let path = format!("/usageplans/{}/keys?limit=1", text(admin, "id"));
        if self.client.document(Method::GET, &path, None).await?["item"].as_array().is_none_or(Vec::is_empty) {
            tell("warning: the admin plan has no keys yet: nobody can call the app");
        }
        Ok(())
    }

    async fn disable(&self, stage: Option<&str>) -> anyhow::Result<()> {
        stage.map(check_stage).transpose()?;
        let Some(api) = self.find().await? else {
            tell(&format!("there is no self-service app {}; nothing was changed", self.name));
            return Ok(());
        };
        let stages: Vec<String> = self.stages(&api).await?.iter().map(|stage| text(stage, "stageName")).collect();
        let path = match stage {
            Some(stage) if !stages.iter().any(|kept| kept == stage) => {
                tell(&format!("{} has no stage {stage}; nothing was changed", self.name));
                return Ok(());
            }
            Some(stage) if stages.len() > 1 => format!("/restapis/{api}/stages/{stage}"),
            _ => format!("/restapis/{api}"),
        };
        // Plans let go of a stage that is deleted.
        self.client.document(Method::DELETE, &path, None).await?;
        Ok(())
    }

    async fn status(&self) -> anyhow::Result<()> {
        let Some(api) = self.find().await? else {
            say(&format!("{} is not enabled", self.name));
            return Ok(());
        };
        let plans = self.client.items("/usageplans").await?;
        let gateway = plain_http::reachable(self.config.gateway);
        say(&format!("{} is the API {api}", self.name));
        for stage in self.stages(&api).await? {
            let name = text(&stage, "stageName");
            say(&format!("stage {name} is called at http://{gateway}/_aws/execute-api/{api}/{name}"));
            let variable = |name: &str| stage["variables"][name].as_str();
            say(&format!("  admin plan: {}", shown(&plans, variable(ADMIN_PLAN).unwrap_or("none"))));
            let given_out = variable(PLANS).map(|ids| ids.split(',').map(|id| shown(&plans, id)).collect::<Vec<_>>());
            let given_out =
                given_out.map_or_else(|| "all whose keys open no such app".to_owned(), |plans| plans.join(", "));
            say(&format!("  plans given out: {given_out}"));
        }
        Ok(())
    }

    async fn stages(&self, api: &str) -> anyhow::Result<Vec<Value>> {
        let mut listed = self.client.document(Method::GET, &format!("/restapis/{api}/stages"), None).await?;
        Ok(listed["item"].as_array_mut().map(std::mem::take).unwrap_or_default())
    }

    /// What the integrations call.
    fn uri(&self) -> String {
        let Config { region, account_id, .. } = &self.config;
        let function = format!("arn:aws:lambda:{region}:{account_id}:function:tollgate:{NAME}");
        format!("arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{function}/invocations")
    }
}

/// The API as an OpenAPI document.
fn definition(name: &str, uri: &str) -> Value {
    let mut paths = json!({});
    for AppMethod { verb, path, required, optional } in METHODS {
        let parameter = |name: &&str, required| json!({ "name": name, "in": "query", "required": required, "schema": { "type": "string" } });
        let required = required.iter().map(|name| parameter(name, true));
        let parameters: Vec<_> = required.chain(optional.iter().map(|name| parameter(name, false))).collect();
        paths[path][verb] = json!({
            "parameters": parameters,
            "security": [{ "api_key": [] }],
            "responses": { "200": { "description": "200 response" } },
            "x-amazon-apigateway-integration": { "type": "aws_proxy", "httpMethod": "POST", "uri": uri },
        });
    }
    let key = json!({ "type": "apiKey", "name": "x-api-key", "in": "header" });
    json!({
        "openapi": "3.0.1",
        "info": { "title": name, "version": env!("CARGO_PKG_VERSION") },
        "paths": paths,
        "components": { "securitySchemes": { "api_key": key } },
    })
}

/// Whether an exported stage has the app's methods, all behind a key and before the function, and no others.
fn serves(exported: &Value, uri: &str) -> bool {
    let has = |method: &str, path: &str| {
        let method = &exported["paths"][path][method];
        let integration = &method["x-amazon-apigateway-integration"];
        let is_proxy = integration["type"].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("aws_proxy"));
        method["security"][0]["api_key"].is_array() && is_proxy && integration["uri"] == uri
    };
    let methods =
        exported["paths"].as_object().into_iter().flat_map(|paths| paths.values().filter_map(Value::as_object));
    methods.map(serde_json::Map::len).sum::<usize>() == METHODS.len()
        && METHODS.iter().all(|method| has(method.verb, method.path))
}

/// The stage's variables.
fn variables(admin: &Value, shown: &[&Value]) -> anyhow::Result<Vec<(&'static str, String)>> {
    let mut variables = vec![(ADMIN_PLAN, text(admin, "id"))];
    if !shown.is_empty() {
        let ids: Vec<_> = shown.iter().map(|plan| text(plan, "id")).collect();
        let ids = ids.join(",");
        if ids.len() > 512 {
            bail!("these are more plans than a variable of a stage holds; nothing was changed");
        }
        variables.push((PLANS, ids));
    }
    Ok(variables)
}

/// The patch that makes a stage's variables what they should be. Others of the owner's stay.
fn changes(kept: &Value, wanted: &[(&str, String)]) -> Vec<Value> {
    [ADMIN_PLAN, PLANS]
        .into_iter()
        .filter_map(|name| {
            let path = format!("/variables/{name}");
            let wanted = wanted.iter().find(|(wanted, _)| *wanted == name).map(|(_, value)| value.as_str());
            match (kept[name].as_str(), wanted) {
                (kept, Some(wanted)) if kept == Some(wanted) => None,
                (_, Some(wanted)) => Some(json!({ "op": "replace", "path": path, "value": wanted })),
                (Some(_), None) => Some(json!({ "op": "remove", "path": path })),
                (None, None) => None,
            }
        })
        .collect()
}

/// The plan that an id or else a name means.
fn find_plan<'a>(plans: &'a [Value], wanted: &str) -> anyhow::Result<&'a Value> {
    if let Some(plan) = plans.iter().find(|plan| plan["id"] == wanted) {
        return Ok(plan);
    }
    let named: Vec<&Value> = plans.iter().filter(|plan| plan["name"] == wanted).collect();
    match named[..] {
        [plan] => Ok(plan),
        [] => bail!("there is no usage plan {wanted}; nothing was changed"),
        _ => {
            let ids: Vec<_> = named.iter().map(|plan| text(plan, "id")).collect();
            bail!("several usage plans are named {wanted}: give an id ({}). Nothing was changed", ids.join(", "))
        }
    }
}

fn covers(plan: &Value, api: &str, stage: &str) -> bool {
    let here = |covered: &Value| covered["apiId"] == api && covered["stage"] == stage;
    plan["apiStages"].as_array().is_some_and(|stages| stages.iter().any(here))
}

/// A plan as people know it.
fn shown(plans: &[Value], id: &str) -> String {
    let name = plans.iter().find(|plan| plan["id"] == id).map(|plan| text(plan, "name"));
    name.map_or_else(|| format!("{id}, which is not there"), |name| format!("{name} ({id})"))
}

fn check_stage(stage: &str) -> anyhow::Result<()> {
    let good =
        !stage.is_empty() && stage.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    good.then_some(()).context("the name of a stage has letters, digits, hyphens and underscores. Nothing was changed")
}

fn text(value: &Value, member: &str) -> String {
    value[member].as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_that_asks_for_no_key_or_calls_another_function_does_not_serve_the_app() {
        let good = definition("app", "arn:app");
        assert!(serves(&good, "arn:app"));
        assert!(!serves(&good, "arn:other"));
        let mut open = good.clone();
        open["paths"]["/addKey"]["post"]["security"] = json!([]);
        assert!(!serves(&open, "arn:app"));
        let mut more = good.clone();
        more["paths"]["/addKey"]["get"] = good["paths"]["/addKey"]["post"].clone();
        assert!(!serves(&more, "arn:app"));
    }

    #[test]
    fn a_plan_is_named_by_its_id_or_by_a_name_that_only_it_has() {
        let plan = |id: &str, name: &str| json!({ "id": id, "name": name });
        let plans = [plan("p1", "gold"), plan("p2", "twins"), plan("p3", "twins"), plan("gold", "p2")];
        let found = |wanted: &str| find_plan(&plans, wanted).map(|plan| text(plan, "id")).map_err(|no| no.to_string());
        assert_eq!(found("p1"), Ok("p1".to_owned()));
        assert_eq!(found("gold"), Ok("gold".to_owned()));
        assert_eq!(found("p2"), Ok("p2".to_owned()));
        assert!(found("twins").is_err_and(|no| no.contains("(p2, p3)")));
        assert!(found("none").is_err_and(|no| no.contains("no usage plan none")));
    }

    #[test]
    fn variables_change_only_where_they_differ_and_others_stay() {
        let wanted = [(ADMIN_PLAN, "a".to_owned()), (PLANS, "b,c".to_owned())];
        assert_eq!(changes(&json!({ ADMIN_PLAN: "a", PLANS: "b,c", "mine": "x" }), &wanted), Vec::<Value>::new());
        assert_eq!(
            changes(&json!({ ADMIN_PLAN: "z", PLANS: "b" }), &wanted[..1]),
            [
                json!({ "op": "replace", "path": "/variables/selfServiceAdminPlan", "value": "a" }),
                json!({ "op": "remove", "path": "/variables/selfServicePlans" }),
            ]
        );
    }
}
