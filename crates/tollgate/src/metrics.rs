//! `/metrics`: what the node has counted, in the text format of Prometheus.
//!
//! Series are bounded: none is named after a key, and of methods so many have a name as the operator allows.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, StatusCode, header};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, EncodeLabelSet, MetricEncoder, NoLabelSet, prometheus_text,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};
use tollgate_domain::{Clock, GatewayResponseType};
use tollgate_gateway::Gateway;
use tollgate_gateway::admission::{Admission, LedgerHealth};
use tollgate_gateway::metrics::{Durations, Outcomes, Reading, StageReading};
use tollgate_gateway::shared_buckets::BucketsHealth;

use crate::access_log::AccessLogWriter;
use crate::buckets::Buckets;

/// The labels of what there is one of.
const UNLABELLED: [(&str, &str); 0] = [];

/// The classes of statuses, in the order in which [`Outcomes`] has them.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// What is read for metrics, and who may read them.
pub(crate) struct Metrics {
    registry: Registry,
    /// What scrapers have to send as their bearer token; empty lets everybody read.
    token: String,
}

impl Metrics {
    pub(crate) fn new(counted: Counted, token: String) -> Self {
        let mut registry = Registry::with_prefix("tollgate");
        registry.register_collector(Box::new(counted));
        Self { registry, token }
    }

    /// Answers `GET /metrics`.
    pub(crate) fn router(self) -> Router {
        Router::new().route("/metrics", get(scrape)).with_state(Arc::new(self))
    }

    fn lets_read(&self, headers: &HeaderMap) -> bool {
        let sent = headers.get(header::AUTHORIZATION).map(|value| value.as_bytes());
        let token = sent.and_then(|value| value.strip_prefix(b"Bearer ")).unwrap_or_default();
        self.token.is_empty() || constant_time_eq::constant_time_eq(token, self.token.as_bytes())
    }
}

async fn scrape(State(metrics): State<Arc<Metrics>>, headers: HeaderMap) -> Response {
    if !metrics.lets_read(&headers) {
        return (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer")]).into_response();
    }
    let mut text = String::new();
    match prometheus_text::encode(&mut text, &metrics.registry) {
        Ok(()) => ([(header::CONTENT_TYPE, prometheus_text::CONTENT_TYPE)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "metrics cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The node's counts, read anew at each scrape.
pub(crate) struct Counted {
    pub(crate) gateway: Gateway,
    pub(crate) admission: Arc<Admission>,
    pub(crate) access_logs: Option<Arc<AccessLogWriter>>,
    pub(crate) buckets: Buckets,
    pub(crate) clock: Arc<dyn Clock>,
}

impl fmt::Debug for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Counted").finish_non_exhaustive()
    }
}

impl Collector for Counted {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut families = Families(&mut encoder);
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        families.gauges("build_info", "The version that runs.", [(version, 1)])?;
        families.gauges(
            "api_keys",
            "API keys that may call.",
            [([("state", "enabled")], self.admission.key_count())],
        )?;
        let dropped = self.access_logs.as_ref().map_or(0, |writer| writer.dropped());
        families.counters(
            "access_log_lines_dropped",
            "Lines of access logs that were not written.",
            [(UNLABELLED, dropped)],
        )?;
        ledger(&mut families, &self.admission.ledger_health(self.clock.now()))?;
        if let Some(health) = self.buckets.health() {
            shared_buckets(&mut families, &health)?;
        }
        let read = self.gateway.metrics();
        all_calls(&mut families, &read.calls)?;
        by_method(&mut families, &read)?;
        by_stage(&mut families, &read.stages)?;
        by_plan(&mut families, &read)
    }
}

fn ledger(families: &mut Families<'_, '_>, health: &LedgerHealth) -> fmt::Result {
    let up = i64::from(health.unavailable_since.is_none());
    families.gauges("ledger_up", "Whether the last round was written to the ledger.", [(UNLABELLED, up)])?;
    let lag = health.flush_lag.as_secs_f64();
    families.gauges(
        "ledger_flush_lag_seconds",
        "Since all that was counted was in the ledger.",
        [(UNLABELLED, lag)],
    )?;
    let waiting = [(UNLABELLED, health.draws_waiting)];
    families.gauges("ledger_draws_waiting", "Draws of quota units that the ledger has not answered.", waiting)?;
    let failed = [(UNLABELLED, health.failed_rounds)];
    families.counters("ledger_rounds_failed", "Rounds that could not be written to the ledger.", failed)?;
    let waited = [(UNLABELLED, health.calls_waited)];
    families.counters("lease_waits", "Calls without a unit on their lease, which waited for the ledger.", waited)
}

fn shared_buckets(families: &mut Families<'_, '_>, health: &BucketsHealth) -> fmt::Result {
    let shared = i64::from(health.alone_since.is_none());
    families.gauges(
        "buckets_shared",
        "Whether token buckets are shared; 0 while this node gives out its share of each rate.",
        [(UNLABELLED, shared)],
    )?;
    families.gauges("buckets_nodes", "Nodes among which rates are divided then.", [(UNLABELLED, health.live_nodes)])?;
    families.gauges("buckets_known", "Shared buckets that this node knows.", [(UNLABELLED, health.buckets)])?;
    let trips = [(UNLABELLED, health.round_trips)];
    families.counters("bucket_round_trips", "How often shared buckets were asked and waited for.", trips)?;
    let draws = [(UNLABELLED, health.draws)];
    families.counters("bucket_draws", "Draws of tokens from shared buckets that were answered.", draws)?;
    let tokens = [(UNLABELLED, health.tokens)];
    families.counters("bucket_tokens_drawn", "Tokens drawn from shared buckets.", tokens)?;
    let waited = [(UNLABELLED, health.calls_waited)];
    families.counters("bucket_waits", "Calls that waited for a draw of tokens.", waited)?;
    let failures = [(UNLABELLED, health.failures)];
    families.counters("bucket_failures", "Attempts to ask shared buckets that failed.", failures)
}

fn all_calls(families: &mut Families<'_, '_>, calls: &Outcomes) -> fmt::Result {
    let classes = CLASSES.into_iter().zip(calls.by_class).map(|(class, count)| ([("class", class)], count));
    families.counters("calls", "Calls answered, wherever they led.", classes)?;
    let kinds = refusals(calls).map(|(kind, count)| ([("type", kind)], count));
    families.counters("calls_refused", "Calls that the gateway answered by itself, wherever they led.", kinds)
}

fn by_method(families: &mut Families<'_, '_>, read: &Reading) -> fmt::Result {
    let named = || {
        read.stages.iter().flat_map(|stage| {
            let other =
                [("api", stage.api.as_str()), ("stage", stage.stage.as_str()), ("method", ""), ("resource", "")];
            let methods = stage.methods.iter().map(move |method| {
                let labels = [other[0], other[1], ("method", method.verb.as_str()), ("resource", &*method.path)];
                (labels, &method.outcomes)
            });
            methods.chain([(other, &stage.other)])
        })
    };
    let requests = named().flat_map(|([api, stage, method, resource], outcomes)| {
        let classes = CLASSES.into_iter().zip(outcomes.by_class).filter(|(_, count)| *count > 0);
        classes.map(move |(class, count)| ([api, stage, method, resource, ("class", class)], count))
    });
    families.counters("requests", "Calls of a stage's method, by the class of the answer's status.", requests)?;
    let refused = named().flat_map(|([api, stage, method, resource], outcomes)| {
        refusals(outcomes).map(move |(kind, count)| ([api, stage, method, resource, ("type", kind)], count))
    });
    families.counters("refusals", "Calls of a stage's method that the gateway answered by itself, and why.", refused)
}

fn by_stage(families: &mut Families<'_, '_>, stages: &[StageReading]) -> fmt::Result {
    let named = |durations: fn(&StageReading) -> &Durations| {
        stages
            .iter()
            .map(move |stage| ([("api", stage.api.as_str()), ("stage", stage.stage.as_str())], durations(stage)))
    };
    let took = "From the head of a call to the head of its answer.";
    families.histograms("request_duration", took, named(|stage| &stage.latency))?;
    let took = "From sending a call to its integration to the head of the integration's answer.";
    families.histograms("integration_duration", took, named(|stage| &stage.integration_latency))
}

fn by_plan(families: &mut Families<'_, '_>, read: &Reading) -> fmt::Result {
    let calls = read.plans.iter().flat_map(|plan| {
        let id = plan.plan.to_string();
        [("admitted", plan.admitted), ("throttled", plan.throttled), ("quota_exceeded", plan.quota_exceeded)]
            .map(|(outcome, count)| ([("plan", id.clone()), ("outcome", outcome.to_owned())], count))
    });
    families.counters("plan_calls", "Calls under a usage plan, by what its limits said.", calls)
}

/// What the gateway answered by itself, in AWS's words.
fn refusals(outcomes: &Outcomes) -> impl Iterator<Item = (&'static str, u64)> {
    let kinds = GatewayResponseType::ALL.into_iter().map(|kind| (kind.as_str(), outcomes.refused_as(kind)));
    kinds.filter(|(_, count)| *count > 0)
}

/// Writes families of metrics, each with its labels and values.
struct Families<'a, 'e>(&'a mut DescriptorEncoder<'e>);

impl Families<'_, '_> {
    fn counters<L: EncodeLabelSet, V: EncodeCounterValue>(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = (L, V)>,
    ) -> fmt::Result {
        self.family(name, help, None, MetricType::Counter, values, |mut encoder, count| {
            encoder.encode_counter::<NoLabelSet, V, f64>(count, None)
        })
    }

    fn gauges<L: EncodeLabelSet, V: EncodeGaugeValue>(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = (L, V)>,
    ) -> fmt::Result {
        self.family(name, help, None, MetricType::Gauge, values, |mut encoder, value| encoder.encode_gauge(value))
    }

    fn histograms<'d, L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = (L, &'d Durations)>,
    ) -> fmt::Result {
        self.family(name, help, Some(&Unit::Seconds), MetricType::Histogram, values, |mut encoder, durations| {
            // The encoder writes the largest number there is as the last bucket's `+Inf`.
            let buckets: Vec<_> =
                durations.buckets.iter().map(|(bound, count)| (bound.min(f64::MAX), *count)).collect();
            encoder.encode_histogram::<NoLabelSet>(durations.sum_seconds, durations.count(), &buckets, None)
        })
    }

    fn family<L: EncodeLabelSet, V>(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<&Unit>,
        kind: MetricType,
        values: impl IntoIterator<Item = (L, V)>,
        write: impl Fn(MetricEncoder<'_>, &V) -> fmt::Result,
    ) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, unit, kind)?;
        values.into_iter().try_for_each(|(labels, value)| write(family.encode_family(&labels)?, &value))
    }
}
