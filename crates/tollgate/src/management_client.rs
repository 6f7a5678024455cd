//! A client of a running node's management listener, for the command line.

use std::net::SocketAddr;

use anyhow::{Context, bail};
use bytes::Bytes;
use http::{Method, Request, Response, header};
use serde_json::Value;
use tollgate_domain::Clock;
use tollgate_domain::clock::SystemClock;
use tollgate_functions::signature::{EndpointCredentials, sign_request};

use crate::account::{Reader, Unread};
use crate::config::Config;
use crate::plain_http;
use crate::root::RootCredentials;

/// Sends requests as the administrator.
pub(crate) struct ManagementClient {
    address: SocketAddr,
    credentials: EndpointCredentials,
    region: String,
}

impl ManagementClient {
    /// A client of the node that runs with this configuration.
    pub(crate) fn new(config: &Config) -> anyhow::Result<Self> {
        let RootCredentials { access_key_id, secret_access_key } = RootCredentials::kept(config)?;
        let credentials = EndpointCredentials { access_key_id, secret_access_key, session_token: None };
        Ok(Self { address: config.management, credentials, region: config.region.clone() })
    }

    /// Sends one request to an API of the node, named by the service that it is signed for. Fails when it is refused.
    pub(crate) async fn send(
        &self,
        service: &str,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> anyhow::Result<Response<Bytes>> {
        let response = self.ask(service, method, path, body).await?;
        if !response.status().is_success() {
            bail!("{}", refusal(&response));
        }
        Ok(response)
    }

    /// Sends one request to the management API and returns the document that it is answered with, null if there is none.
    pub(crate) async fn document(&self, method: Method, path: &str, body: Option<Value>) -> anyhow::Result<Value> {
        let body = body.map_or_else(Bytes::new, |body| body.to_string().into());
        let answer = self.send("apigateway", method, path, body).await?;
        Ok(serde_json::from_slice(answer.body()).unwrap_or_default())
    }

    /// All items of a list of the management API.
    pub(crate) async fn items(&self, path: &str) -> anyhow::Result<Vec<Value>> {
        let (mut items, mut position) = (Vec::new(), None::<String>);
        loop {
            let after = position.map(|position| format!("&position={position}")).unwrap_or_default();
            let mut page = self.document(Method::GET, &format!("{path}?limit=500{after}"), None).await?;
            items.extend(page["item"].as_array_mut().map(std::mem::take).unwrap_or_default());
            match page["position"].as_str() {
                Some(next) => position = Some(next.to_owned()),
                None => return Ok(items),
            }
        }
    }

    /// As `send`, for callers who look at refusals themselves.
    pub(crate) async fn ask(
        &self,
        service: &str,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> anyhow::Result<Response<Bytes>> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.address))
            .header(header::HOST, self.address.to_string())
            .header(header::CONTENT_TYPE, "application/json")
            .body(body)?;
        sign_request(&mut request, &self.credentials, service, &self.region, SystemClock::new().now().wall)?;
        // On the wire a request names its path alone.
        *request.uri_mut() = path.parse()?;
        plain_http::exchange(self.address, request)
            .await
            .with_context(|| format!("no node answers at {} (management)", self.address))
    }
}

/// What a refusal says: status, code and message.
pub(crate) fn refusal(response: &Response<Bytes>) -> String {
    let code = response.headers().get("x-amzn-errortype").and_then(|code| code.to_str().ok());
    let body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
    let message = body["message"].as_str().unwrap_or("no message");
    format!("{} {}: {message}", response.status().as_u16(), code.unwrap_or("no code"))
}

impl Reader for ManagementClient {
    async fn read(&self, path: &str) -> Result<Value, Unread> {
        let answer = self.ask("apigateway", Method::GET, path, Bytes::new()).await;
        let answer = answer.map_err(|error| Unread { status: 0, message: format!("{error:#}") })?;
        let status = answer.status().as_u16();
        if !answer.status().is_success() {
            return Err(Unread { status, message: format!("GET {path}: {}", refusal(&answer)) });
        }
        let unread = |error| Unread { status, message: format!("GET {path}: the answer is no JSON: {error}") };
        serde_json::from_slice(answer.body()).map_err(unread)
    }
}
