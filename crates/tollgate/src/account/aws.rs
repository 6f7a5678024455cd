//! An account on AWS, or at any endpoint that speaks as API Gateway does.

use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tollgate_domain::Clock;
use tollgate_domain::clock::SystemClock;
use tollgate_functions::signature::{EndpointCredentials, sign_request};

use super::aws_credentials::{Environment, Identity};
use super::reader::{Reader, Unread};
use crate::management_client::refusal;

/// Bytes of one answer.
const ANSWER_LIMIT: usize = 64 << 20;
const TIMEOUT: Duration = Duration::from_secs(60);
/// How often a request is sent that is throttled: AWS allows ten a second for all of an account.
const ATTEMPTS: u32 = 8;
/// How often a request is sent that fails otherwise.
const ATTEMPTS_AFTER_FAILURE: u32 = 3;
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// Reads an account's management API.
pub(crate) struct AwsAccount {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    credentials: EndpointCredentials,
    region: String,
    /// Where the API is, without a slash at its end.
    endpoint: String,
}

impl AwsAccount {
    /// The account that a profile or the environment names. Fails where there are no credentials, or no region.
    pub(crate) fn find(
        environment: &Environment,
        profile: Option<&str>,
        region: Option<String>,
        endpoint: Option<String>,
    ) -> anyhow::Result<Self> {
        let identity = Identity::find(environment, profile)?;
        let given = |name: &str| environment.get(name).filter(|url| !url.is_empty()).cloned();
        let endpoint = endpoint.or_else(|| given("AWS_ENDPOINT_URL_API_GATEWAY")).or_else(|| given("AWS_ENDPOINT_URL"));
        let region = region.or(identity.region);
        // An endpoint of one's own is in no region that matters.
        let region = region.or_else(|| endpoint.is_some().then(|| "us-east-1".to_owned()));
        let region = region.context("the region is not known: give --region, or set AWS_REGION")?;
        let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let endpoint = endpoint.unwrap_or_else(|| format!("https://apigateway.{region}.{suffix}"));
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
            .expect("ring has the ciphers of TLS 1.2 and 1.3")
            .https_or_http()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new()).build(connector);
        let endpoint = endpoint.trim_end_matches('/').to_owned();
        Ok(Self { client, credentials: identity.credentials, region, endpoint })
    }

    /// Where the API is.
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    async fn attempt(&self, path: &str) -> anyhow::Result<Response<Bytes>> {
        let uri: http::Uri = format!("{}{path}", self.endpoint).parse().context("the endpoint is no URL")?;
        let host = uri.authority().context("the endpoint's URL has no host")?.to_string();
        let mut request = Request::get(uri)
            .header(header::HOST, host)
            // Without it, AWS answers in HAL.
            .header(header::ACCEPT, "application/json")
            .body(Bytes::new())?;
        sign_request(&mut request, &self.credentials, "apigateway", &self.region, SystemClock::new().now().wall)?;
        let exchange = async {
            let (parts, body) = self.client.request(request.map(Full::new)).await?.into_parts();
            let body = Limited::new(body, ANSWER_LIMIT).collect().await.map_err(|error| anyhow::anyhow!(error))?;
            Ok(Response::from_parts(parts, body.to_bytes()))
        };
        tokio::time::timeout(TIMEOUT, exchange).await.context("no answer came in time")?
    }
}

impl Reader for AwsAccount {
    async fn read(&self, path: &str) -> Result<Value, Unread> {
        let mut wait = FIRST_WAIT;
        for attempt in 1.. {
            let answer = self.attempt(path).await;
            let status = answer.as_ref().map_or(0, |answer| answer.status().as_u16());
            let attempts = match status {
                429 => ATTEMPTS,
                0 | 500 | 502..=504 => ATTEMPTS_AFTER_FAILURE,
                _ => 1,
            };
            if attempt >= attempts {
                return self.told(path, answer);
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
        Err(Unread { status: 0, message: format!("GET {path} was not answered") })
    }
}

impl AwsAccount {
    fn told(&self, path: &str, answer: anyhow::Result<Response<Bytes>>) -> Result<Value, Unread> {
        let unread = |status: StatusCode, message: String| {
            Err(Unread { status: status.as_u16(), message: format!("GET {path}: {message}") })
        };
        match answer {
            Err(error) => Err(Unread { status: 0, message: format!("{} does not answer: {error:#}", self.endpoint) }),
            Ok(answer) if !answer.status().is_success() => unread(answer.status(), refusal(&answer)),
            Ok(answer) => match serde_json::from_slice(answer.body()) {
                Ok(value) => Ok(value),
                Err(error) => unread(answer.status(), format!("the answer is no JSON: {error}")),
            },
        }
    }
}
