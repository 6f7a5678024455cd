//! The snapshot: the catalog compiled for reading. Nothing in it changes with calls.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use http::HeaderValue;
use tollgate_domain::bucket::Bucket;
use tollgate_domain::throttle::TokenRate;
use tollgate_domain::{
    DeployedApi, DeploymentId, HttpMethod, ResourceId, RestApiId, RestApiTree, StageName, UsagePlan, UsagePlanId,
};

use crate::access_log::AccessLog;
use crate::admission::PlanLimits;
use crate::authorizer::{Authorization, Authorizers};
use crate::canary::Canary;
use crate::domains::Domains;
use crate::gateway_response::GatewayResponses;
use crate::integration::Integration;
use crate::metrics::{MethodSeries, PlanSeries, StageSeries};
use crate::narration::Verbosity;
use crate::policy::Policy;
use crate::routes::Routes;
use crate::validate::Validation;

/// All APIs. Parts are shared with the snapshot before, so that a small change rebuilds little.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    pub(crate) apis: HashMap<RestApiId, Arc<Api>, RandomState>,
    pub(crate) domains: Domains,
}

/// An API that has stages.
#[derive(Debug)]
pub(crate) struct Api {
    /// What it was compiled from, to know whether it still holds.
    pub(crate) source: Arc<RestApiTree>,
    pub(crate) stages: Vec<Stage>,
}

/// A stage: a program, with settings that hold without a new deployment.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) name: StageName,
    pub(crate) deployment_id: DeploymentId,
    /// Whether this is the canary of the stage.
    pub(crate) is_canary: bool,
    pub(crate) canary: Option<Box<Canary>>,
    pub(crate) deployed: Arc<DeployedApi>,
    pub(crate) program: Arc<Program>,
    /// The buckets of its methods, by the method's index. They are shared by all callers and outlive the snapshot.
    pub(crate) throttles: Vec<Option<MethodThrottle>>,
    /// How much is noted of calls of its methods.
    pub(crate) verbosity: Verbosity,
    /// How its calls are logged; `None` where they are not.
    pub(crate) access_log: Option<AccessLog>,
    /// The plans that cover it.
    pub(crate) coverage: Vec<Arc<Coverage>>,
    /// What is counted of it, and of its methods by their index. Like buckets they outlive the snapshot.
    pub(crate) series: Arc<StageSeries>,
    pub(crate) method_series: Vec<Arc<MethodSeries>>,
}

/// The routes and methods of a deployment, with one set of stage variables.
#[derive(Debug)]
pub(crate) struct Program {
    /// What it was compiled from, to know whether it still holds.
    pub(crate) deployed: Arc<DeployedApi>,
    pub(crate) variables: std::collections::BTreeMap<String, String>,
    pub(crate) routes: Routes,
    pub(crate) methods: Vec<Method>,
    /// How the API words the gateway's own answers; `None` leaves them as AWS has them.
    pub(crate) responses: Option<Box<GatewayResponses>>,
    /// Who may call at all; `None` is everybody.
    pub(crate) policy: Option<Policy>,
    /// Whom methods ask about their callers.
    pub(crate) authorizers: Authorizers,
    /// `arn:aws:execute-api:{region}:{account}:{api}`
    pub(crate) api_arn: String,
}

/// A method, ready to serve.
#[derive(Debug)]
pub(crate) struct Method {
    /// Its place among the methods of its program.
    pub(crate) index: usize,
    pub(crate) resource_id: ResourceId,
    pub(crate) resource_path: String,
    /// The verb it was declared with.
    pub(crate) verb: HttpMethod,
    pub(crate) authorization: Authorization,
    pub(crate) api_key_required: bool,
    /// What of a call is checked before it goes on; `None` is nothing.
    pub(crate) validation: Option<Box<Validation>>,
    pub(crate) integration: Integration,
}

/// A plan, as it covers one stage.
#[derive(Debug)]
pub(crate) struct Coverage {
    /// What it was compiled from, to know whether it still holds.
    pub(crate) plan: Arc<UsagePlan>,
    pub(crate) program: Arc<Program>,
    pub(crate) limits: PlanLimits,
    /// The header `RateLimit-Policy`; `None` when nothing is limited.
    pub(crate) policy: Option<HeaderValue>,
    /// What is counted of the plan, over all stages.
    pub(crate) series: Arc<PlanSeries>,
    /// The plan's own limits for single methods, by the method's index; empty when it has none.
    pub(crate) entries: Vec<Option<MethodLimit>>,
}

/// A plan's own limit for one method.
#[derive(Debug)]
pub(crate) struct MethodLimit {
    /// Names the bucket: API, stage, path and verb.
    pub(crate) name: Arc<str>,
    pub(crate) rate: Option<TokenRate>,
    pub(crate) policy: Option<HeaderValue>,
}

impl Snapshot {
    /// The stage of an API.
    pub(crate) fn stage(&self, api: &str, stage: &str) -> Option<&Stage> {
        self.apis.get(api)?.stages.iter().find(|candidate| candidate.name.as_str() == stage)
    }
}

/// A stage's limit for a method.
#[derive(Clone, Debug)]
pub(crate) struct MethodThrottle {
    pub(crate) name: Arc<str>,
    pub(crate) bucket: Arc<Bucket>,
    pub(crate) rate: TokenRate,
}

impl Stage {
    /// The stage's bucket for a method.
    pub(crate) fn throttle(&self, method: &Method) -> Option<(&Bucket, TokenRate)> {
        self.throttles.get(method.index)?.as_ref().map(|throttle| (&*throttle.bucket, throttle.rate))
    }

    /// What the stage's bucket for a method is called on all nodes.
    pub(crate) fn bucket_name(&self, method: &Method) -> Option<&Arc<str>> {
        self.throttles.get(method.index)?.as_ref().map(|throttle| &throttle.name)
    }

    /// Whether the caller's headers are asked for once a call is over.
    pub(crate) fn asks_for_headers(&self) -> bool {
        self.program.responses.as_ref().is_some_and(|responses| responses.reads_headers)
            || self.access_log.as_ref().is_some_and(AccessLog::reads_headers)
    }

    /// What is counted of a method.
    pub(crate) fn method_series(&self, method: &Method) -> Option<&MethodSeries> {
        self.method_series.get(method.index).map(|series| &**series)
    }

    /// How a plan covers this stage.
    pub(crate) fn coverage_by(&self, plan: &UsagePlanId) -> Option<&Coverage> {
        self.coverage.iter().find(|coverage| coverage.limits.id == *plan).map(|coverage| &**coverage)
    }
}

impl Coverage {
    /// The plan's own limit for a method.
    pub(crate) fn entry(&self, method: &Method) -> Option<&MethodLimit> {
        self.entries.get(method.index)?.as_ref()
    }
}
