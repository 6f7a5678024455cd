//! One request of the management API, verified and routed.

use std::fmt;

use bytes::Bytes;
use tollgate_domain::{ApiKeyId, DeploymentId, ResourceId, RestApiId, StageName, UnixMillis, UsagePlanId};

use crate::access::Caller;
use crate::conflict::Conflict;
use crate::json::{BodyError, Members};

/// One request: the labels of its path, its query, its body, and when it came.
#[derive(Clone)]
pub(crate) struct Request {
    labels: Vec<(&'static str, String)>,
    query: Vec<(String, String)>,
    body: Bytes,
    now: UnixMillis,
    accept: Option<String>,
    caller: Option<Caller>,
    reason: Option<String>,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A body may hold key values.
        f.debug_struct("Request").field("labels", &self.labels).field("query", &self.query).finish_non_exhaustive()
    }
}

impl Request {
    pub(crate) fn new(
        labels: Vec<(&'static str, String)>,
        query: Vec<(String, String)>,
        body: Bytes,
        now: UnixMillis,
    ) -> Self {
        Self { labels, query, body, now, accept: None, caller: None, reason: None }
    }

    /// The request with its header Accept.
    pub(crate) fn accepting(self, accept: Option<&str>) -> Self {
        Self { accept: accept.map(str::to_owned), ..self }
    }

    /// The media type that the caller wants.
    pub(crate) fn accept(&self) -> Option<&str> {
        self.accept.as_deref()
    }

    /// The request with who sent it, and why if that was said.
    pub(crate) fn by(self, caller: Caller, reason: Option<String>) -> Self {
        Self { caller: Some(caller), reason, ..self }
    }

    /// Who sent it; `None` is this process.
    pub(crate) fn caller(&self) -> Option<&Caller> {
        self.caller.as_ref()
    }

    /// Why it was sent, if that was said.
    pub(crate) fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    pub(crate) fn now(&self) -> UnixMillis {
        self.now
    }

    pub(crate) fn bytes(&self) -> &Bytes {
        &self.body
    }

    pub(crate) fn body(&self) -> Result<Members, BodyError> {
        Members::parse(&self.body)
    }

    /// A label of the path, decoded. One that the operation's pattern lacks is empty.
    pub(crate) fn label(&self, name: &str) -> &str {
        self.labels.iter().find(|(label, _)| *label == name).map_or("", |(_, value)| value)
    }

    /// A query parameter; empty is absent.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        let (_, value) = self.query.iter().find(|(key, _)| key == name)?;
        Some(value.as_str()).filter(|value| !value.is_empty())
    }

    /// The values of a repeated query parameter.
    pub(crate) fn query_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.query.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.query(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    pub(crate) fn rest_api_id(&self) -> RestApiId {
        RestApiId::new(self.label("restapi_id"))
    }

    pub(crate) fn resource_id(&self) -> ResourceId {
        ResourceId::new(self.label("resource_id"))
    }

    pub(crate) fn deployment_id(&self) -> DeploymentId {
        DeploymentId::new(self.label("deployment_id"))
    }

    pub(crate) fn stage_name(&self) -> StageName {
        StageName::new(self.label("stage_name"))
    }

    /// Text that can't be an id names no plan.
    pub(crate) fn usage_plan_id(&self) -> Result<UsagePlanId, Conflict> {
        UsagePlanId::parse(self.label("usageplanId")).map_err(|_| Conflict::NoSuchUsagePlan)
    }

    /// Text that can't be an id names no key.
    pub(crate) fn api_key_id(&self, label: &str) -> Result<ApiKeyId, Conflict> {
        ApiKeyId::parse(self.label(label)).map_err(|_| Conflict::NoSuchApiKey)
    }
}
