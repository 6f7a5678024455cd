//! Traces of calls, sent to a collector by OpenTelemetry's protocol (OTLP over HTTP).
//!
//! OpenTelemetry's own crates batch, encode and bound what is sent; the spans are made here from what the gateway tells
//! of each call, so that a call that is not traced costs nothing.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchSpanProcessor, SpanData, SpanEvents, SpanLinks, SpanProcessor as _};
use tollgate_gateway::{CallSpan, Tracer};

/// Bytes of a collector's answer that are read.
const MAX_ANSWER: usize = 1 << 20;
/// How long the last spans may take to be sent when the process stops.
const LAST_SPANS: Duration = Duration::from_secs(5);

/// What the operator set for traces.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TraceSettings {
    /// The collector's address for traces, such as `http://127.0.0.1:4318/v1/traces`.
    pub(crate) endpoint: String,
    /// The share of traces that are kept, of those that begin here: from 0 to 1.
    pub(crate) ratio: f64,
    /// How long a batch may take to be sent.
    pub(crate) timeout: Duration,
}

/// Sends the spans of calls to a collector.
pub(crate) struct Traces {
    processor: BatchSpanProcessor,
    /// Trace ids whose lower half is below this are kept.
    below: u64,
}

impl Traces {
    /// Starts sending, on a thread of its own. Must be called within a runtime, which does the sending.
    pub(crate) fn start(settings: &TraceSettings) -> anyhow::Result<Self> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(CollectorClient::new())
            .with_endpoint(&settings.endpoint)
            .with_timeout(settings.timeout)
            .build()
            .context("traces cannot be sent")?;
        let mut processor = BatchSpanProcessor::builder(exporter).build();
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        processor
            .set_resource(&Resource::builder_empty().with_service_name("tollgate").with_attribute(version).build());
        Ok(Self { processor, below: (settings.ratio * u64::MAX as f64) as u64 })
    }

    /// Sends what was recorded so far, within a few seconds. Blocks.
    pub(crate) fn finish(&self) {
        if let Err(error) = self.processor.shutdown_with_timeout(LAST_SPANS) {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

impl fmt::Debug for Traces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Traces").field("below", &self.below).finish_non_exhaustive()
    }
}

impl Tracer for Traces {
    fn keeps(&self, trace_id: u128) -> bool {
        (trace_id as u64) <= self.below && self.below > 0
    }

    fn record(&self, call: CallSpan) {
        if let Some(span) = integration_span(&call) {
            self.processor.on_end(span);
        }
        self.processor.on_end(call_span(call));
    }
}

fn call_span(call: CallSpan) -> SpanData {
    let began = UNIX_EPOCH + Duration::from_millis(u64::try_from(call.began.0).unwrap_or(0));
    let named = |name: &str| call.attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
    // The conventions name a server's span by method and route, so that names stay few.
    let name = match (named("http.request.method"), named("http.route")) {
        (Some(method), Some(route)) => format!("{method} {route}"),
        (method, _) => method.unwrap_or("call").to_owned(),
    };
    let mut attributes: Vec<_> =
        call.attributes.iter().map(|(name, value)| KeyValue::new(*name, value.clone())).collect();
    attributes.push(KeyValue::new("http.response.status_code", i64::from(call.status.as_u16())));
    attributes.extend(call.refused.map(|kind| KeyValue::new("tollgate.refusal", kind.as_str())));
    let failed = call.status.is_server_error();
    let mut span = span(&call, call.span_id, call.parent_id, (began, call.took), name, failed);
    (span.span_kind, span.attributes) = (SpanKind::Server, attributes);
    span.parent_span_is_remote = call.parent_id.is_some();
    span
}

fn integration_span(call: &CallSpan) -> Option<SpanData> {
    let integration = call.integration.as_ref()?;
    let began = UNIX_EPOCH + Duration::from_millis(u64::try_from(call.began.0).unwrap_or(0)) + integration.after;
    let failed = integration.status.is_none_or(|status| status >= 500);
    let name = "integration".to_owned();
    let mut span = span(call, integration.span_id, Some(call.span_id), (began, integration.took), name, failed);
    span.span_kind = SpanKind::Client;
    span.attributes.extend(integration.status.map(|s| KeyValue::new("http.response.status_code", i64::from(s))));
    Some(span)
}

fn span(
    call: &CallSpan,
    id: u64,
    parent: Option<u64>,
    (began, took): (SystemTime, Duration),
    name: String,
    failed: bool,
) -> SpanData {
    let trace_id = TraceId::from(call.trace_id);
    SpanData {
        span_context: SpanContext::new(trace_id, SpanId::from(id), TraceFlags::SAMPLED, false, TraceState::default()),
        parent_span_id: parent.map_or(SpanId::INVALID, SpanId::from),
        parent_span_is_remote: false,
        span_kind: SpanKind::Internal,
        name: name.into(),
        start_time: began,
        end_time: began + took,
        attributes: Vec::new(),
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: if failed { Status::error("") } else { Status::Unset },
        instrumentation_scope: InstrumentationScope::builder("tollgate").build(),
    }
}

/// Sends to the collector from the process's runtime: the thread that batches spans has none.
struct CollectorClient {
    runtime: tokio::runtime::Handle,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

impl CollectorClient {
    fn new() -> Self {
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
            .expect("ring has the ciphers of TLS 1.2 and 1.3")
            .https_or_http()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Self { runtime: tokio::runtime::Handle::current(), client }
    }
}

impl fmt::Debug for CollectorClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CollectorClient")
    }
}

#[async_trait::async_trait]
impl HttpClient for CollectorClient {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        let exchange = async move {
            let (parts, body) = client.request(request.map(Full::new)).await?.into_parts();
            let body = Limited::new(body, MAX_ANSWER).collect().await?.to_bytes();
            Ok(Response::from_parts(parts, body))
        };
        self.runtime.spawn(exchange).await?
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use tollgate_domain::UnixMillis;
    use tollgate_gateway::IntegrationSpan;

    use super::*;

    #[test]
    fn an_integration_hangs_below_its_call() {
        let call = CallSpan {
            trace_id: 7,
            span_id: 1,
            parent_id: Some(5),
            began: UnixMillis(1000),
            took: Duration::from_millis(20),
            attributes: vec![("http.request.method", "GET".to_owned()), ("http.route", "/pets".to_owned())],
            status: StatusCode::OK,
            refused: None,
            integration: Some(IntegrationSpan {
                span_id: 2,
                after: Duration::from_millis(3),
                took: Duration::from_millis(9),
                status: Some(503),
            }),
        };
        let integration = integration_span(&call).expect("it was asked");
        assert_eq!(integration.parent_span_id, SpanId::from(1u64));
        assert_eq!(integration.start_time, UNIX_EPOCH + Duration::from_millis(1003));
        assert_eq!(integration.status, Status::error(""));
        let server = call_span(call);
        assert_eq!((server.name.as_ref(), server.parent_span_id), ("GET /pets", SpanId::from(5u64)));
        assert_eq!(server.end_time, UNIX_EPOCH + Duration::from_millis(1020));
        assert!(server.parent_span_is_remote && server.status == Status::Unset);
    }
}
