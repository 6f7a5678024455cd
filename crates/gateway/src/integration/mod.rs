//! Integration: what answers a call that may pass.

mod aws;
mod binary;
mod headers;
mod http;
mod http_proxy;
mod mock;
mod parameters;
mod plain;
mod reply;
mod reply_source;
mod report;
mod requests;
pub(crate) mod scope;
mod source;
mod target;
mod template;

use std::collections::BTreeMap;

use ::http::{HeaderMap, Response};
use tollgate_domain::{IntegrationType, RestApiId, StageName};

pub(crate) use self::headers::{forward_response, seen_by_authorizers};
pub(crate) use self::http_proxy::HttpProxy;
pub(crate) use self::plain::put_answer_lines;
use crate::body::{AnswerBody, RequestBody};
use crate::call::Call;
use crate::config::GatewayConfig;
use crate::refusal::Refusal;
use crate::worker::Worker;

/// An integration, compiled.
#[derive(Debug)]
pub(crate) enum Integration {
    /// An upstream, passed through.
    HttpProxy(HttpProxy),
    /// An upstream, with mapping.
    Http(http::Http),
    /// No upstream.
    Mock(mock::Mock),
    /// A Lambda function, passed through.
    LambdaProxy(aws::LambdaProxy),
    /// A Lambda function, with mapping.
    Lambda(aws::Lambda),
    /// Another service of AWS.
    Service(aws::Service),
    /// Its configuration leaves no right answer; says why.
    Unusable(String),
}

/// Where an integration stands: what is the same for each of its calls.
#[derive(Debug)]
pub(crate) struct Site<'a> {
    pub(crate) config: &'a GatewayConfig,
    pub(crate) api: &'a RestApiId,
    pub(crate) stage: &'a StageName,
    pub(crate) stage_variables: &'a BTreeMap<String, String>,
    pub(crate) resource_path: &'a str,
}

impl Site<'_> {
    /// Replaces `${stageVariables.name}`.
    fn fill_stage_variables(&self, uri: &str) -> Result<String, String> {
        const OPENING: &str = "${stageVariables.";
        let (mut out, mut rest) = (String::with_capacity(uri.len()), uri);
        while let Some((before, after)) = rest.split_once(OPENING) {
            let unclosed = || format!("a stage variable in {uri:?} does not end");
            let (name, after) = after.split_once('}').ok_or_else(unclosed)?;
            let value = self.stage_variables.get(name).ok_or_else(|| format!("there is no stage variable {name}"))?;
            out.push_str(before);
            out.push_str(value);
            rest = after;
        }
        out.push_str(rest);
        Ok(out)
    }
}

impl Integration {
    /// Compiles what a method says; what cannot be right is found here, and told on each call.
    pub(crate) fn compile(integration: Option<&tollgate_domain::Integration>, site: &Site<'_>) -> Self {
        let Some(given) = integration else {
            return Self::Unusable("the method has no integration".to_owned());
        };
        let compiled = match given.kind {
            IntegrationType::HttpProxy => HttpProxy::compile(given, site).map(Self::HttpProxy),
            IntegrationType::Http => http::Http::compile(given, site).map(Self::Http),
            IntegrationType::Mock => mock::Mock::compile(given, site).map(Self::Mock),
            IntegrationType::Aws => aws::compile(given, site),
            IntegrationType::AwsProxy => aws::LambdaProxy::compile(given, site).map(Self::LambdaProxy),
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
        match self {
            Self::HttpProxy(proxy) => proxy.answer(worker, call, headers, body).await,
            // Boxed: what these hold while they wait is large, and each call of a proxy would carry room for it.
            Self::Http(http) => Box::pin(http.answer(worker, call, &headers, body)).await,
            Self::Mock(mock) => Box::pin(mock.answer(worker, call, &headers, body)).await,
            Self::LambdaProxy(lambda) => Box::pin(lambda.answer(worker, call, headers, body)).await,
            Self::Lambda(lambda) => Box::pin(lambda.answer(worker, call, &headers, body)).await,
            Self::Service(service) => Box::pin(service.answer(worker, call, &headers, body)).await,
            Self::Unusable(reason) => Err(Refusal::Misconfigured(reason.clone())),
        }
    }
}
