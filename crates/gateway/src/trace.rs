//! Traces: what a call was part of, and how long it and its integration took.
//!
//! A call belongs to the trace that its `traceparent` names, or begins one. The integration is told of it, so that what
//! happens there hangs below. The form is that of W3C's Trace Context, version 00.

use std::fmt::Debug;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tollgate_domain::{GatewayResponseType, UnixMillis};

use crate::call::Call;
use crate::worker::Worker;

pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The flag that says that a trace is recorded.
const SAMPLED: u8 = 1;

/// Keeps the spans of calls.
pub trait Tracer: Send + Sync + Debug {
    /// Whether a trace that begins here is kept. One that began elsewhere is kept if its caller keeps it.
    fn keeps(&self, trace_id: u128) -> bool;

    /// Takes what a call did. Never waits: what there is no room for is dropped.
    fn record(&self, span: CallSpan);
}

/// What one call did, for a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallSpan {
    /// The trace it belongs to.
    pub trace_id: u128,
    /// Names the call within the trace.
    pub span_id: u64,
    /// What it was made by, if the trace began elsewhere.
    pub parent_id: Option<u64>,
    /// When it arrived.
    pub began: UnixMillis,
    /// Until its answer began.
    pub took: Duration,
    /// What is known of it, by the names of OpenTelemetry's conventions where they have one.
    pub attributes: Vec<(&'static str, String)>,
    /// The status it was answered with.
    pub status: StatusCode,
    /// Why the gateway answered by itself, if it did.
    pub refused: Option<GatewayResponseType>,
    /// What its integration did, if it was asked.
    pub integration: Option<IntegrationSpan>,
}

/// What the integration of a call did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntegrationSpan {
    /// Names it within the trace. The integration was told this name.
    pub span_id: u64,
    /// How long after the call it was asked.
    pub after: Duration,
    /// Until its answer began, or failed to.
    pub took: Duration,
    /// The status it answered with.
    pub status: Option<u16>,
}

/// A call's place in a trace that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    trace_id: u128,
    span_id: u64,
    parent_id: Option<u64>,
    integration_id: u64,
}

impl Span {
    /// The place of a call that begins; `None` when its trace is not kept.
    pub(crate) fn begin(worker: &Worker, sent: &HeaderMap) -> Option<Self> {
        let tracer = worker.shared.tracer()?;
        let words = worker.call_ids.words();
        let (trace_id, parent_id) = match sent.get(TRACEPARENT).and_then(Parent::read) {
            Some(parent) if parent.sampled => (parent.trace_id, Some(parent.span_id)),
            Some(_) => return None,
            None => (words[0], None),
        };
        let [span_id, integration_id] = [words[1] as u64, (words[1] >> 64) as u64].map(|word| word.max(1));
        let span = Self { trace_id, span_id, parent_id, integration_id };
        (parent_id.is_some() || tracer.keeps(trace_id)).then_some(span)
    }

    /// What the integration is told.
    pub(crate) fn for_integration(&self) -> HeaderValue {
        let text = format!("00-{:032x}-{:016x}-{SAMPLED:02x}", self.trace_id, self.integration_id);
        HeaderValue::try_from(text).expect("digits and dashes are a header's value")
    }

    /// Hands over what a call did. Its answer begins now.
    pub(crate) fn end(&self, worker: &Worker, call: &Call<'_>, status: StatusCode) {
        let Some(tracer) = worker.shared.tracer() else { return };
        let asked = &call.integration;
        let integration = asked.began.get().zip(asked.latency.get()).map(|(began, took)| IntegrationSpan {
            span_id: self.integration_id,
            after: began.since(call.at.ticks),
            took,
            status: asked.status.get(),
        });
        tracer.record(CallSpan {
            trace_id: self.trace_id,
            span_id: self.span_id,
            parent_id: self.parent_id,
            began: call.at.wall,
            took: worker.shared.clock.ticks().since(call.at.ticks),
            attributes: attributes(call),
            status,
            refused: call.refused.as_ref().map(|said| said.kind),
            integration,
        });
    }
}

fn attributes(call: &Call<'_>) -> Vec<(&'static str, String)> {
    let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
    let mut attributes = vec![
        ("http.request.method", call.verb.to_string()),
        ("url.path", call.sent_path().to_owned()),
        ("client.address", text(&call.client.address)),
        ("tollgate.request_id", call.ids.request_id.as_str().to_owned()),
    ];
    if let Some(stage) = call.stage {
        attributes.push(("tollgate.api", stage.deployed.api.id.to_string()));
        attributes.push(("tollgate.stage", stage.name.to_string()));
    }
    attributes.extend(call.method.map(|method| ("http.route", method.resource_path.clone())));
    attributes.extend(call.plan.map(|coverage| ("tollgate.plan", coverage.plan.id.to_string())));
    attributes
}

/// What a `traceparent` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Parent {
    trace_id: u128,
    span_id: u64,
    sampled: bool,
}

impl Parent {
    fn read(value: &HeaderValue) -> Option<Self> {
        let mut parts = value.to_str().ok()?.split('-');
        let mut part = |length: usize| {
            let digits =
                |text: &&str| text.len() == length && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
            parts.next().filter(digits)
        };
        let (version, trace_id, span_id, flags) = (part(2)?, part(32)?, part(16)?, part(2)?);
        // Later versions may have more parts; this one may not, and `ff` is none.
        if version == "ff" || (version == "00" && parts.next().is_some()) {
            return None;
        }
        let trace_id = u128::from_str_radix(trace_id, 16).ok().filter(|id| *id != 0)?;
        let span_id = u64::from_str_radix(span_id, 16).ok().filter(|id| *id != 0)?;
        Some(Self { trace_id, span_id, sampled: u8::from_str_radix(flags, 16).ok()? & SAMPLED != 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &'static str) -> Option<Parent> {
        Parent::read(&HeaderValue::from_static(text))
    }

    #[test]
    fn a_traceparent_is_read_as_its_standard_says() {
        let parent = Parent {
            trace_id: 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736,
            span_id: 0x00f0_67aa_0ba9_02b7,
            sampled: true,
        };
        assert_eq!(read("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"), Some(parent));
        assert_eq!(read("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-comes"), Some(parent));
        let unsampled = Parent { sampled: false, ..parent };
        assert_eq!(read("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-02"), Some(unsampled));
        for wrong in [
            "",
            "00",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-+1",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_integration_is_told_what_it_can_read_back() {
        let span = Span { trace_id: 7, span_id: 1, parent_id: None, integration_id: 9 };
        let parent = Parent { trace_id: 7, span_id: 9, sampled: true };
        assert_eq!(Parent::read(&span.for_integration()), Some(parent));
    }
}
