//! Compile: from a catalog to the snapshot that calls read. Parts whose source is unchanged are taken over.

use std::collections::HashMap;
use std::sync::Arc;

use tollgate_domain::{
    ApiStage, Catalog, DeployedApi, Deployment, DeploymentId, HttpMethod, Resource, ResourceId, RestApiId, RestApiTree,
    ThrottleSettings, Ticks, UnixMillis, UsagePlan,
};

use crate::access_log::AccessLog;
use crate::admission::PlanLimits;
use crate::authorizer::{Authorization, Authorizers};
use crate::bucket_shelf::BucketShelf;
use crate::canary::{self, Canary};
use crate::config::{GatewayConfig, PlanThrottleScope};
use crate::domains::Domains;
use crate::gateway_response::GatewayResponses;
use crate::integration::{Integration, Site};
use crate::limit_headers;
use crate::metrics::Metrics;
use crate::narration::Verbosity;
use crate::policy::Policy;
use crate::routes::Routes;
use crate::snapshot::{Api, Coverage, Method, MethodLimit, MethodThrottle, Program, Snapshot, Stage};
use crate::user_pools::UserPools;
use crate::validate::Validation;

/// What compiling needs besides the catalog.
pub(crate) struct Compiler<'a> {
    pub(crate) config: &'a GatewayConfig,
    pub(crate) shelf: &'a BucketShelf,
    pub(crate) user_pools: &'a UserPools,
    pub(crate) metrics: &'a Metrics,
    pub(crate) now: Ticks,
}

/// The plans that cover some stage of an API.
type Plans<'a> = Vec<(&'a ApiStage, &'a Arc<UsagePlan>)>;

impl Compiler<'_> {
    /// The snapshot of `catalog`, sharing with `previous` what did not change.
    pub(crate) fn compile(&self, catalog: &Catalog, previous: &Snapshot) -> Snapshot {
        let mut plans: HashMap<&RestApiId, Plans<'_>> = HashMap::new();
        for plan in catalog.usage_plans.values() {
            for covered in &plan.api_stages {
                plans.entry(&covered.api_id).or_default().push((covered, plan));
            }
        }
        let apis = catalog.rest_apis.iter().filter(|(_, tree)| !tree.stages.is_empty()).map(|(id, tree)| {
            let plans = plans.get(id).map_or(&[][..], Vec::as_slice);
            let previous = previous.apis.get(id);
            let api = match previous.filter(|previous| holds(previous, tree, plans)) {
                Some(unchanged) => Arc::clone(unchanged),
                None => Arc::new(self.api(id, tree, plans, previous.map(|previous| &**previous))),
            };
            (id.clone(), api)
        });
        Snapshot { apis: apis.collect(), domains: Domains::compile(catalog) }
    }

    fn api(
        &self,
        id: &RestApiId,
        tree: &Arc<RestApiTree>,
        plans: &[(&ApiStage, &Arc<UsagePlan>)],
        previous: Option<&Api>,
    ) -> Api {
        let stages = tree.stages.values().filter_map(|stage| {
            let previous = previous.and_then(|api| api.stages.iter().find(|old| old.name == stage.name));
            let deployment = tree.deployments.get(&stage.deployment_id)?;
            let canary = self.canary(id, tree, stage, plans, previous);
            Some(Stage { canary, ..self.stage(id, stage, deployment, plans, previous) })
        });
        Api { source: Arc::clone(tree), stages: stages.collect() }
    }

    fn canary(
        &self,
        id: &RestApiId,
        tree: &RestApiTree,
        stage: &tollgate_domain::Stage,
        plans: &[(&ApiStage, &Arc<UsagePlan>)],
        previous: Option<&Stage>,
    ) -> Option<Box<Canary>> {
        let (percent_traffic, settings) = canary::settings(stage)?;
        let deployment = tree.deployments.get(&settings.deployment_id)?;
        let previous = previous.and_then(|previous| Some(&previous.canary.as_ref()?.stage));
        let stage = Stage { is_canary: true, ..self.stage(id, &settings, deployment, plans, previous) };
        Some(Box::new(Canary { percent_traffic, stage }))
    }

    fn stage(
        &self,
        api: &RestApiId,
        stage: &tollgate_domain::Stage,
        deployment: &Deployment,
        plans: &[(&ApiStage, &Arc<UsagePlan>)],
        previous: Option<&Stage>,
    ) -> Stage {
        let unchanged = previous.map(|previous| &previous.program).filter(|program| {
            Arc::ptr_eq(&program.deployed, &deployment.snapshot) && program.variables == stage.variables
        });
        let program = match unchanged {
            Some(program) => Arc::clone(program),
            None => Arc::new(self.program(api, stage, deployment)),
        };
        let throttle = |method: &Method| {
            let setting = stage.method_setting(&method.resource_path, method.verb.as_str())?;
            let rate = setting.throttle().token_rate()?;
            let name = bucket_name(api, stage, method);
            Some(MethodThrottle {
                name: name.as_str().into(),
                bucket: self.shelf.take_down(name, rate, self.now),
                rate,
            })
        };
        let coverage = plans.iter().filter(|(covered, _)| covered.stage == stage.name).map(|(covered, plan)| {
            let unchanged = previous
                .and_then(|previous| previous.coverage.iter().find(|old| Arc::ptr_eq(&old.plan, plan)))
                .filter(|old| Arc::ptr_eq(&old.program, &program));
            unchanged.map_or_else(|| Arc::new(self.coverage(api, stage, covered, plan, &program)), Arc::clone)
        });
        let series = self.metrics.stage(api, &stage.name);
        Stage {
            name: stage.name.clone(),
            deployment_id: deployment.id.clone(),
            is_canary: false,
            canary: None,
            deployed: Arc::clone(&deployment.snapshot),
            throttles: program.methods.iter().map(throttle).collect(),
            verbosity: Verbosity::compile(stage, &program),
            access_log: AccessLog::compile(stage),
            coverage: coverage.collect(),
            method_series: program.methods.iter().map(|m| series.method(m.verb, &m.resource_path)).collect(),
            series,
            program,
        }
    }

    /// The stage of a test: of the API as it stands, with one of its resources alone, or none.
    pub(crate) fn test_stage(
        &self,
        api: &RestApiTree,
        resource: Option<&ResourceId>,
        stage: &tollgate_domain::Stage,
    ) -> Stage {
        let mut tree = RestApiTree::clone(api);
        tree.resources.retain(|id, _| Some(id) == resource);
        let deployment = Deployment {
            id: DeploymentId::new(""),
            description: None,
            created: UnixMillis::default(),
            snapshot: Arc::new(DeployedApi::freeze(&tree)),
        };
        self.stage(&api.api.id, stage, &deployment, &[], None)
    }

    fn program(&self, api: &RestApiId, stage: &tollgate_domain::Stage, deployment: &Deployment) -> Program {
        let deployed = &deployment.snapshot;
        let api_arn = format!("arn:aws:execute-api:{}:{}:{api}", self.config.region, self.config.account_id);
        let authorizers = Authorizers::compile(deployed, &stage.variables, self.user_pools);
        let (mut routes, mut methods) = (Routes::new(), Vec::new());
        for resource in deployed.resources.values() {
            let site = Site {
                config: self.config,
                api,
                stage: &stage.name,
                stage_variables: &stage.variables,
                resource_path: &resource.path,
            };
            for (verb, method) in &resource.methods {
                let index = methods.len();
                routes.insert(&resource.path, *verb, index);
                let guards = Guards {
                    authorization: authorizers.authorization(method),
                    validation: Validation::compile(method, deployed),
                };
                methods.push(self::method(index, *verb, resource, method, &site, guards));
            }
        }
        Program {
            deployed: Arc::clone(deployed),
            variables: stage.variables.clone(),
            routes,
            methods,
            responses: GatewayResponses::compile(deployed, &stage.variables),
            policy: policy(deployed, &api_arn),
            authorizers,
            api_arn,
        }
    }

    fn coverage(
        &self,
        api: &RestApiId,
        stage: &tollgate_domain::Stage,
        covered: &ApiStage,
        plan: &Arc<UsagePlan>,
        program: &Arc<Program>,
    ) -> Coverage {
        let policy = |throttle| limit_headers::policy(throttle, plan.quota);
        let entry = |method: &Method| {
            let throttle = self.own_throttle(covered, plan, method)?;
            let name = bucket_name(api, stage, method).into();
            Some(MethodLimit { name, rate: throttle.token_rate(), policy: policy(Some(throttle)) })
        };
        let rate = plan.throttle.and_then(|throttle| throttle.token_rate());
        let has_entries = !covered.throttle.is_empty() || self.config.plan_throttle_scope == PlanThrottleScope::Method;
        Coverage {
            plan: Arc::clone(plan),
            program: Arc::clone(program),
            limits: PlanLimits { id: plan.id, rate, quota: plan.quota },
            policy: policy(plan.throttle),
            series: self.metrics.plan(plan.id),
            entries: if has_entries { program.methods.iter().map(entry).collect() } else { Vec::new() },
        }
    }

    /// The limit that a plan has for one method, instead of the plan's own.
    fn own_throttle(&self, covered: &ApiStage, plan: &UsagePlan, method: &Method) -> Option<ThrottleSettings> {
        method_entry(covered, method).or(match self.config.plan_throttle_scope {
            PlanThrottleScope::Plan => None,
            PlanThrottleScope::Method => plan.throttle,
        })
    }
}

/// The entry of a plan for a method; a path or verb of its own goes before `*`.
fn method_entry(covered: &ApiStage, method: &Method) -> Option<ThrottleSettings> {
    let (path, verb) = (method.resource_path.as_str(), method.verb.as_str());
    let verbs = [verb, "*", HttpMethod::Any.as_str()];
    // AWS writes the root's entries `//GET`: its path, a slash, the verb.
    let exact = verbs.iter().find_map(|verb| covered.throttle.get(&format!("{path}/{verb}")));
    let any_path = || verbs.iter().find_map(|verb| covered.throttle.get(&format!("*/{verb}")));
    let any_rooted_path = || verbs.iter().find_map(|verb| covered.throttle.get(&format!("/*/{verb}")));
    exact.or_else(any_path).or_else(any_rooted_path).copied()
}

/// What a call of a method has to pass besides its limits.
struct Guards {
    authorization: Authorization,
    validation: Option<Box<Validation>>,
}

fn method(
    index: usize,
    verb: HttpMethod,
    resource: &Resource,
    method: &tollgate_domain::Method,
    site: &Site<'_>,
    guards: Guards,
) -> Method {
    let integration = Integration::compile(method.integration.as_ref(), site);
    let (api, stage, path) = (site.api, site.stage, site.resource_path);
    let warn = |reason: &str| {
        tracing::warn!(target: "tollgate::gateway", %api, %stage, path, %verb, reason, "calls of a method will fail");
    };
    if let Integration::Unusable(reason) = &integration {
        warn(reason);
    }
    if let Authorization::Unusable(reason) = &guards.authorization {
        warn(reason);
    }
    guards.validation.iter().flat_map(|validation| validation.unusable()).for_each(warn);
    Method {
        index,
        resource_id: resource.id.clone(),
        resource_path: resource.path.clone(),
        verb,
        authorization: guards.authorization,
        api_key_required: method.api_key_required,
        validation: guards.validation,
        integration,
    }
}

/// The policy of an API, if it has one. What is no policy lets nobody in.
fn policy(deployed: &DeployedApi, api_arn: &str) -> Option<Policy> {
    let api = &deployed.api.id;
    let policy = match Policy::of_api(deployed.api.policy.as_deref()?, api_arn) {
        Ok(policy) => policy,
        Err(reason) => {
            tracing::warn!(target: "tollgate::gateway", %api, reason, "a policy cannot be read: nobody may call");
            return Some(Policy::denying_all());
        }
    };
    for condition in policy.unknown_conditions() {
        tracing::warn!(target: "tollgate::gateway", %api, condition, "a policy has a condition that counts against callers");
    }
    Some(policy)
}

/// Whether a compiled API is still what the catalog says.
fn holds(previous: &Api, tree: &Arc<RestApiTree>, plans: &[(&ApiStage, &Arc<UsagePlan>)]) -> bool {
    Arc::ptr_eq(&previous.source, tree)
        && previous.stages.iter().all(|stage| {
            let now =
                plans.iter().filter(|(covered, _)| covered.stage == stage.name).map(|(_, plan)| Arc::as_ptr(plan));
            now.eq(stage.coverage.iter().map(|coverage| Arc::as_ptr(&coverage.plan)))
        })
}

/// Names a method's bucket by what stays the same from one deployment to the next.
fn bucket_name(api: &RestApiId, stage: &tollgate_domain::Stage, method: &Method) -> String {
    format!("{api}/{}{}/{}", stage.name, method.resource_path, method.verb)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use tollgate_domain::{Edit, Record};

    use super::*;

    fn record<T: serde::de::DeserializeOwned>(value: Value) -> T {
        serde_json::from_value(value).expect("a record")
    }

    fn rest_api(id: &str) -> Value {
        json!({
            "id": id, "name": id, "created": 0, "root_resource_id": "r", "api_key_source": "HEADER",
            "binary_media_types": [], "disable_execute_api_endpoint": false, "tags": {},
            "endpoint_configuration": {"types": [], "ip_address_type": "ipv4", "vpc_endpoint_ids": []},
        })
    }

    fn api_with_stage(id: &str) -> [Edit; 3] {
        let get = json!({
            "authorization_type": "NONE", "authorization_scopes": [], "api_key_required": true,
            "request_parameters": {}, "request_models": {}, "responses": {},
        });
        let pets = json!({"id": "p", "path_part": "pets", "path": "/pets", "methods": {"GET": get}});
        let snapshot = json!({"api": rest_api(id), "resources": {"p": pets}});
        let stage = json!({
            "name": "prod", "deployment_id": "d", "created": 0, "updated": 0, "variables": {}, "method_settings": {},
            "cache_cluster_enabled": false, "tracing_enabled": false, "tags": {},
        });
        let api = RestApiId::new(id);
        [
            Edit::put(Record::RestApi(record(rest_api(id)))),
            Edit::put(Record::Deployment(api.clone(), record(json!({"id": "d", "created": 0, "snapshot": snapshot})))),
            Edit::put(Record::Stage(api, record(stage))),
        ]
    }

    fn plan(api: &str, throttle: Value) -> Edit {
        let covered = json!({"api_id": api, "stage": "prod", "throttle": throttle});
        Edit::put(Record::UsagePlan(record(json!({
            "id": "gold", "name": "gold", "api_stages": [covered], "tags": {},
            "throttle": {"rate_limit": 10.0, "burst_limit": 20},
        }))))
    }

    fn compile(catalog: &Catalog, previous: &Snapshot) -> Snapshot {
        let (config, shelf, user_pools) =
            (GatewayConfig::default(), BucketShelf::default(), UserPools::new(Default::default()));
        let (metrics, now) = (Metrics::new(1, 10), Ticks(0));
        Compiler { config: &config, shelf: &shelf, user_pools: &user_pools, metrics: &metrics, now }
            .compile(catalog, previous)
    }

    #[test]
    fn a_change_rebuilds_only_what_it_touches() {
        let before = Catalog::default().apply(&api_with_stage("a")).apply(&api_with_stage("b"));
        let first = compile(&before, &Snapshot::default());
        let second = compile(&before.apply(&[plan("a", json!({}))]), &first);
        assert!(Arc::ptr_eq(&first.apis["b"], &second.apis["b"]));
        assert!(!Arc::ptr_eq(&first.apis["a"], &second.apis["a"]));
        let program = |snapshot: &Snapshot| Arc::clone(&snapshot.stage("a", "prod").expect("a stage").program);
        assert!(Arc::ptr_eq(&program(&first), &program(&second)), "a plan changes no routes");
    }

    #[test]
    fn a_plan_that_leaves_a_stage_covers_it_no_more() {
        let with = Catalog::default().apply(&api_with_stage("a")).apply(&[plan("a", json!({}))]);
        let first = compile(&with, &Snapshot::default());
        assert_eq!(first.stage("a", "prod").map(|stage| stage.coverage.len()), Some(1));
        let second = compile(&with.apply(&[plan("elsewhere", json!({}))]), &first);
        assert_eq!(second.stage("a", "prod").map(|stage| stage.coverage.len()), Some(0));
    }

    #[test]
    fn the_closest_entry_of_a_plan_counts() {
        let limit = |rate: f64| json!({"rate_limit": rate, "burst_limit": 1});
        let rate_with = |throttle: Value| {
            let catalog = Catalog::default().apply(&api_with_stage("a")).apply(&[plan("a", throttle)]);
            let snapshot = compile(&catalog, &Snapshot::default());
            let stage = snapshot.stage("a", "prod").expect("a stage");
            stage.coverage[0].entry(&stage.program.methods[0]).and_then(|entry| entry.rate)
        };
        let rate = |rate: f64| ThrottleSettings::new(rate, 1).token_rate();
        assert_eq!(rate_with(json!({"/pets/GET": limit(1.0), "/pets/*": limit(2.0), "*/*": limit(3.0)})), rate(1.0));
        assert_eq!(rate_with(json!({"/pets/*": limit(2.0), "*/GET": limit(3.0)})), rate(2.0));
        assert_eq!(rate_with(json!({"*/*": limit(3.0)})), rate(3.0));
        assert_eq!(rate_with(json!({"/toys/GET": limit(4.0)})), None);
    }
}
