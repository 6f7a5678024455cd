//! UpdateUsagePlan: the paths of a plan.

use tollgate_domain::{ApiStage, RestApiId, StageName, ThrottleSettings, UsagePlan};

use crate::conflict::Conflict;
use crate::error::Failure;
use crate::json::Members;
use crate::patch::{Op, PatchOperation, Paths, unescape};
use crate::resources::quota::QuotaDraft;
use crate::resources::throttle::{self, MethodThrottles};

/// The list for `remove` is recorded, its typing error included; the others follow the documentation.
const PATHS: Paths = Paths {
    add: &[
        "/apiStages",
        "/productCode",
        "/throttle/rateLimit",
        "/throttle/burstLimit",
        "/quota/limit",
        "/quota/offset",
        "/quota/period",
        "/apiStages/<apidId:stageName>/throttle",
        "/apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>/rateLimit",
        "/apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>/burstLimit",
    ],
    replace: &[
        "/name",
        "/description",
        "/productCode",
        "/throttle/rateLimit",
        "/throttle/burstLimit",
        "/quota/limit",
        "/quota/offset",
        "/quota/period",
        "/apiStages/<apidId:stageName>/throttle",
        "/apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>/rateLimit",
        "/apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>/burstLimit",
    ],
    remove: &[
        "/apiStages",
        "/quota",
        "/throttle",
        "/productCode",
        "/apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>",
        "/apiStages/<apidId:stageName>/throttle",
    ],
};

/// A plan being patched: its quota may be incomplete until the last operation has run.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    plan: UsagePlan,
    quota: Option<QuotaDraft>,
}

/// Whether the catalog has a stage.
type HasStage<'a> = dyn Fn(&RestApiId, &StageName) -> bool + 'a;

impl From<UsagePlan> for Draft {
    fn from(plan: UsagePlan) -> Self {
        let quota = plan.quota.map(QuotaDraft::from);
        Self { plan, quota }
    }
}

impl Draft {
    /// The plan, if it is a valid one now.
    pub(crate) fn finish(self) -> Result<UsagePlan, Conflict> {
        let quota = self.quota.map(|quota| quota.finish()).transpose()?;
        Ok(UsagePlan { quota, ..self.plan })
    }

    /// Runs one operation. Replacing what is not there makes it: Terraform sends that.
    pub(crate) fn run(&mut self, operation: &PatchOperation, has_stage: &HasStage<'_>) -> Result<(), Failure> {
        if let Some(rest) = operation.path().strip_prefix("/apiStages/") {
            return self.run_in_stage(rest, operation);
        }
        let plan = &mut self.plan;
        match (operation.op, operation.path()) {
            (Op::Replace, "/name") => plan.name = operation.value().to_owned(),
            (Op::Replace, "/description") => plan.description = operation.text(),
            (Op::Add | Op::Replace, "/productCode") => plan.product_code = operation.text(),
            (Op::Remove, "/productCode") => plan.product_code = None,
            (Op::Add | Op::Replace, "/throttle/rateLimit") => {
                let rate = throttle::parse_rate(operation.value())?;
                plan.throttle.get_or_insert_default().rate_limit = Some(rate);
            }
            (Op::Add | Op::Replace, "/throttle/burstLimit") => {
                let burst = throttle::parse_burst(operation.value())?;
                plan.throttle.get_or_insert_default().burst_limit = Some(burst);
            }
            (Op::Remove, "/throttle") => plan.throttle = None,
            (Op::Add | Op::Replace, "/quota/limit") => {
                self.quota.get_or_insert_default().limit = Some(number(operation, Conflict::BadQuotaLimit)?);
            }
            (Op::Add | Op::Replace, "/quota/offset") => {
                self.quota.get_or_insert_default().offset = Some(number(operation, Conflict::BadMonthOffset)?);
            }
            (Op::Add | Op::Replace, "/quota/period") => {
                self.quota.get_or_insert_default().period = Some(operation.value().to_owned());
            }
            (Op::Remove, "/quota") => self.quota = None,
            (Op::Add, "/apiStages") => self.add_stage(operation, has_stage)?,
            (Op::Remove, "/apiStages") => self.remove_stage(operation)?,
            _ => return Err(PATHS.refuse(operation).into()),
        }
        Ok(())
    }

    /// Adds a stage; one that is there already stays as it is.
    fn add_stage(&mut self, operation: &PatchOperation, has_stage: &HasStage<'_>) -> Result<(), Conflict> {
        let (api_id, stage) = api_stage(operation.value())?;
        if !has_stage(&api_id, &stage) {
            return Err(Conflict::NoSuchApiStage { plan: self.plan.id, api: api_id, stage });
        }
        if self.plan.api_stage(&api_id, &stage).is_none() {
            self.plan.api_stages.push(ApiStage { api_id, stage, throttle: MethodThrottles::new() });
        }
        Ok(())
    }

    fn remove_stage(&mut self, operation: &PatchOperation) -> Result<(), Conflict> {
        let (api, stage) = api_stage(operation.value())?;
        let at = self.plan.api_stages.iter().position(|covered| covered.api_id == api && covered.stage == stage);
        let at = at.ok_or(Conflict::NoSuchApiStage { plan: self.plan.id, api, stage })?;
        self.plan.api_stages.remove(at);
        Ok(())
    }

    /// Runs an operation on `{api}:{stage}/throttle…`, the part of the path behind `/apiStages/`.
    fn run_in_stage(&mut self, rest: &str, operation: &PatchOperation) -> Result<(), Failure> {
        let refuse = || Failure::from(PATHS.refuse(operation));
        let (stage, rest) = rest.split_once('/').ok_or_else(refuse)?;
        let throttles = self.method_throttles(&unescape(stage))?;
        let Some(method) = rest.strip_prefix("throttle") else { return Err(refuse()) };
        match (operation.op, method.strip_prefix('/')) {
            (Op::Add | Op::Replace, None) if method.is_empty() => {
                let methods = Members::parse(operation.value().as_bytes())?.all_objects()?;
                *throttles = throttle::read_methods(methods)?;
            }
            (Op::Remove, None) if method.is_empty() => throttles.clear(),
            (Op::Add | Op::Replace, Some(tail)) => {
                let (method, member) = tail.rsplit_once('/').ok_or_else(refuse)?;
                let key = method_key(method);
                throttle::check_method_key(&key)?;
                let entry = throttles.get(&key).copied().unwrap_or_default();
                throttles.insert(key, with_member(entry, member, operation.value())?.ok_or_else(refuse)?);
            }
            (Op::Remove, Some(method)) => {
                let key = method_key(method);
                throttle::check_method_key(&key)?;
                throttles.remove(&key);
            }
            _ => return Err(refuse()),
        }
        Ok(())
    }

    fn method_throttles(&mut self, stage: &str) -> Result<&mut MethodThrottles, Conflict> {
        let plan = self.plan.id;
        let (api, stage) = api_stage(stage)?;
        let covered = self.plan.api_stages.iter_mut();
        let mut covered = covered.filter(|covered| covered.api_id == api && covered.stage == stage);
        let covered = covered.next().ok_or(Conflict::NoSuchApiStage { plan, api, stage })?;
        Ok(&mut covered.throttle)
    }
}

/// `entry` with one member set, or `None` for a member that does not exist.
fn with_member(entry: ThrottleSettings, member: &str, value: &str) -> Result<Option<ThrottleSettings>, Conflict> {
    Ok(match member {
        "rateLimit" => Some(ThrottleSettings { rate_limit: Some(throttle::parse_rate(value)?), ..entry }),
        "burstLimit" => Some(ThrottleSettings { burst_limit: Some(throttle::parse_burst(value)?), ..entry }),
        _ => None,
    })
}

/// The key of a method's throttle. Terraform sends the resource path with its own slashes, so that paths begin with
/// two; the documentation escapes it or leaves its first slash out. All methods of the stage have none, `*/*`.
fn method_key(text: &str) -> String {
    let text = unescape(text);
    if text.starts_with('/') || text.starts_with("*/") { text } else { format!("/{text}") }
}

fn number(operation: &PatchOperation, refusal: Conflict) -> Result<i64, Conflict> {
    operation.value().trim().parse().map_err(|_| refusal)
}

/// Reads `{api}:{stage}`.
fn api_stage(text: &str) -> Result<(RestApiId, StageName), Conflict> {
    let (api, stage) = text.split_once(':').ok_or(Conflict::BadApiStage)?;
    Ok((RestApiId::new(api), StageName::new(stage)))
}
