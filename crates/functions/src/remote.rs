//! Functions behind Lambda's Invoke API.

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::error::InvokeError;
use crate::host::Host;
use crate::invocation::{Invocation, InvocationType, PAYLOAD_LIMIT};
use crate::settings::{EndpointSettings, FunctionSettings};
use crate::signature::{Unsignable, sign_request};
use crate::work::Outcome;

/// Connections to endpoints, shared by all functions.
pub(crate) type EndpointClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// A client that trusts the authorities that browsers trust.
pub(crate) fn client() -> EndpointClient {
    // The provider is named and not taken from the process, which may have set none.
    let connector = HttpsConnectorBuilder::new()
        .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
        .expect("ring has the ciphers of TLS 1.2 and 1.3")
        .https_or_http()
        .enable_http1()
        .build();
    Client::builder(TokioExecutor::new()).build(connector)
}

/// A function behind Lambda's Invoke API.
pub(crate) struct Remote {
    host: Arc<Host>,
    client: EndpointClient,
    function: FunctionSettings,
    endpoint: EndpointSettings,
}

impl Remote {
    pub(crate) fn new(
        host: Arc<Host>,
        client: EndpointClient,
        function: FunctionSettings,
        endpoint: EndpointSettings,
    ) -> Self {
        Self { host, client, function, endpoint }
    }

    /// Makes one call, within the function's timeout.
    pub(crate) async fn call(&self, payload: Bytes, kind: InvocationType) -> Outcome {
        let request = self.request(payload, kind)?;
        let answered = tokio::time::timeout(self.function.timeout, self.exchange(request)).await;
        answered.unwrap_or_else(|_| Err(InvokeError::EndpointTimedOut(self.function.name.clone())))
    }

    fn request(&self, payload: Bytes, kind: InvocationType) -> Result<Request<Bytes>, InvokeError> {
        let (name, log) = match kind {
            InvocationType::RequestResponse => ("RequestResponse", "Tail"),
            InvocationType::Event => ("Event", "None"),
            InvocationType::DryRun => ("DryRun", "None"),
        };
        let mut request = Request::post(self.uri()?)
            .header(header::CONTENT_TYPE, "application/json")
            .header("x-amz-invocation-type", name)
            .header("x-amz-log-type", log)
            .body(payload)
            .map_err(|error| self.unreachable(&error))?;
        if let Some(credentials) = &self.host.config.endpoint_credentials {
            let now = self.host.clock.now().wall;
            sign_request(&mut request, credentials, "lambda", &self.endpoint.region, now)
                .map_err(|error: Unsignable| self.unreachable(&error))?;
        }
        Ok(request)
    }

    fn uri(&self) -> Result<Uri, InvokeError> {
        let base = self.endpoint.url.to_string();
        let function = self.endpoint.function.replace(':', "%3A").replace('$', "%24");
        let text = format!("{}/2015-03-31/functions/{function}/invocations", base.trim_end_matches('/'));
        text.parse().map_err(|error| self.unreachable(&error))
    }

    async fn exchange(&self, request: Request<Bytes>) -> Outcome {
        let response = self.client.request(request.map(Full::new)).await.map_err(|error| self.unreachable(&error))?;
        let (parts, body) = response.into_parts();
        let payload = self.read(Response::new(body)).await?;
        if !parts.status.is_success() {
            return Err(self.refused(parts.status, &parts.headers, &payload));
        }
        let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let log_tail = text("x-amz-log-result").and_then(|log| BASE64_STANDARD.decode(log).ok()).unwrap_or_default();
        let unsaid = Invocation::empty(parts.status.as_u16());
        Ok(Invocation {
            payload,
            function_error: text("x-amz-function-error"),
            executed_version: text("x-amz-executed-version").unwrap_or(unsaid.executed_version),
            log_tail: log_tail.into(),
            status: unsaid.status,
        })
    }

    async fn read(&self, response: Response<Incoming>) -> Result<Bytes, InvokeError> {
        match Limited::new(response.into_body(), PAYLOAD_LIMIT).collect().await {
            Ok(body) => Ok(body.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => {
                Err(InvokeError::AnswerTooLarge(self.function.name.clone()))
            }
            Err(error) => Err(self.unreachable(&error)),
        }
    }

    fn refused(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> InvokeError {
        let name = self.function.name.clone();
        if status == StatusCode::TOO_MANY_REQUESTS {
            return InvokeError::Throttled(name);
        }
        let code = headers.get("x-amzn-errortype").and_then(|code| code.to_str().ok()).unwrap_or_default();
        let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        let message = ["message", "Message"].into_iter().find_map(|member| body[member].as_str()).unwrap_or_default();
        InvokeError::EndpointRefused {
            name,
            status: status.as_u16(),
            code: code.split(':').next().unwrap_or_default().to_owned(),
            message: message.to_owned(),
        }
    }

    fn unreachable(&self, error: &dyn std::fmt::Display) -> InvokeError {
        InvokeError::Unreachable { name: self.function.name.clone(), cause: error.to_string() }
    }
}
