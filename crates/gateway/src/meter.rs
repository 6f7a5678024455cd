//! Meter: counts what became of a call, for the operator. What a key used was counted where it was admitted.

use http::StatusCode;
use tollgate_domain::Ticks;

use std::ops::{Deref, DerefMut};
use std::rc::Rc;

use crate::access_log::AccessLine;
use crate::call::Call;
use crate::metrics::Answered;
use crate::worker::Worker;

/// The status under which a call is counted that ended before its answer began, since its caller hung up or was too slow.
/// It is nginx's for that, and nobody is sent it.
pub(crate) fn unanswered() -> StatusCode {
    StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST)
}

/// A call that is counted, traced and written to the access log of its stage, also when it is dropped before it was answered:
/// it may have been admitted, and the upstream may have acted on it.
pub(crate) struct Counted<'a> {
    worker: &'a Rc<Worker>,
    call: Call<'a>,
    is_counted: bool,
}

impl<'a> Counted<'a> {
    pub(crate) fn new(worker: &'a Rc<Worker>, call: Call<'a>) -> Self {
        Self { worker, call, is_counted: false }
    }

    /// Counts it, and ends its trace, now that its answer begins. The line is written when the answer has ended.
    pub(crate) fn answers(&mut self, status: StatusCode, now: Ticks) -> Option<Box<AccessLine>> {
        self.is_counted = true;
        count(self.worker, &self.call, status, now);
        if let Some(span) = self.call.span.take() {
            span.end(self.worker, &self.call, status);
        }
        AccessLine::begin(self.worker, &self.call, status)
    }
}

impl<'a> Deref for Counted<'a> {
    type Target = Call<'a>;

    fn deref(&self) -> &Call<'a> {
        &self.call
    }
}

impl DerefMut for Counted<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.call
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        if !self.is_counted {
            self.worker.execution_lines.write(&mut self.call);
            drop(self.answers(unanswered(), self.worker.shared.clock.ticks()));
        }
    }
}

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
