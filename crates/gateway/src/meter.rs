//! Meter: counts what became of a call, for the operator. What a key used was counted where it was admitted.

use http::StatusCode;
use tollgate_domain::Ticks;

use crate::call::Call;
use crate::metrics::Answered;
use crate::worker::Worker;

/// Counts a call whose answer begins at `now`.
pub(crate) fn count(worker: &Worker, call: &Call<'_>, status: StatusCode, now: Ticks) {
    let stage = call.stage;
    let answered = Answered {
        status,
        refused: call.refused.as_ref().map(|said| said.kind),
        stage: stage.map(|stage| &*stage.series),
        method: stage.zip(call.method).and_then(|(stage, method)| stage.method_series(method)),
        plan: call.plan.map(|coverage| &*coverage.series),
        admitted: call.admitted,
        latency: now.since(call.at.ticks),
        integration_latency: call.integration.latency.get(),
    };
    worker.shared.metrics.count(worker.thread, &answered);
}
