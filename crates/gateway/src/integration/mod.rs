//! Integration: what answers a call that may pass.

mod headers;
mod http;
mod http_proxy;
mod media_type;
mod mock;
mod parameters;
mod reply;
mod source;
mod target;
mod template;

use std::collections::BTreeMap;

use ::http::{HeaderMap, Response};
use tollgate_domain::{IntegrationType, RestApiId, StageName};

use crate::body::{AnswerBody, RequestBody};
use crate::call::Call;
use crate::refusal::Refusal;
use crate::worker::Worker;

/// An integration, compiled.
#[derive(Debug)]
pub(crate) enum Integration {
    /// An upstream, passed through.
    HttpProxy(http_proxy::HttpProxy),
    /// An upstream, with mapping.
    Http(http::Http),
    /// No upstream.
    Mock(mock::Mock),
    /// Its configuration leaves no right answer; says why.
    Unusable(String),
}

/// Where an integration stands: what is the same for each of its calls.
#[derive(Debug)]
pub(crate) struct Site<'a> {
    pub(crate) account_id: &'a str,
    pub(crate) api: &'a RestApiId,
    pub(crate) stage: &'a StageName,
    pub(crate) stage_variables: &'a BTreeMap<String, String>,
    pub(crate) resource_path: &'a str,
}

impl Integration {
    /// Compiles what a method says; what cannot be right is found here, and told on each call.
    pub(crate) fn compile(integration: Option<&tollgate_domain::Integration>, site: &Site<'_>) -> Self {
        let Some(given) = integration else {
            return Self::Unusable("the method has no integration".to_owned());
        };
        let compiled = match given.kind {
            IntegrationType::HttpProxy => http_proxy::HttpProxy::compile(given, site).map(Self::HttpProxy),
            IntegrationType::Http => http::Http::compile(given, site).map(Self::Http),
            IntegrationType::Mock => mock::Mock::compile(given, site).map(Self::Mock),
            IntegrationType::Aws | IntegrationType::AwsProxy => {
                Err(format!("integrations of type {} are not supported yet", given.kind.as_str()))
            }
        };
        compiled.unwrap_or_else(Self::Unusable)
    }

    /// Answers a call.
    pub(crate) async fn answer(
        &self,
        worker: &Worker,
        call: &Call<'_>,
        headers: HeaderMap,
        body: RequestBody,
    ) -> Result<Response<AnswerBody>, Refusal> {
        let upstreams = &worker.upstreams;
        match self {
            Self::HttpProxy(proxy) => proxy.answer(call, headers, body, upstreams).await,
            Self::Http(http) => http.answer(call, &headers, body, upstreams).await,
            Self::Mock(mock) => mock.answer(call, &headers),
            Self::Unusable(reason) => Err(Refusal::Misconfigured(reason.clone())),
        }
    }
}
