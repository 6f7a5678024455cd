//! Access logs: one line for each call of a stage that wants it, in the stage's own format.
//!
//! A line is written when the whole answer is sent. Calls never wait for it: where lines go takes them or drops them.

mod format;

use std::rc::Rc;
use std::sync::Arc;

use http::{HeaderMap, StatusCode};
use tollgate_domain::Ticks;

use self::format::{Draft, Format};
use crate::call::Call;
use crate::worker::Worker;

/// How a stage logs its calls.
#[derive(Debug)]
pub(crate) struct AccessLog {
    /// The ARN of the log group or the delivery stream.
    destination: Arc<str>,
    format: Format,
}

/// The line of a call whose answer is being sent. It is written when it is dropped.
pub(crate) struct AccessLine {
    worker: Rc<Worker>,
    destination: Arc<str>,
    began: Ticks,
    draft: Draft,
    /// Bytes of the answer's body that were sent.
    sent: u64,
}

impl AccessLog {
    /// How a stage logs; `None` where it does not say both where to and how.
    pub(crate) fn compile(stage: &tollgate_domain::Stage) -> Option<Self> {
        let settings = stage.access_log_settings.as_ref()?;
        let (destination, format) = (settings.destination_arn.as_deref()?, settings.format.as_deref()?);
        Some(Self { destination: destination.into(), format: Format::parse(format) })
    }

    /// Whether the caller's headers are needed to write a line.
    pub(crate) fn reads_headers(&self) -> bool {
        self.format.reads_headers()
    }
}

impl AccessLine {
    /// The line of a call that is answered with `status`, if its stage wants one.
    pub(crate) fn begin(worker: &Rc<Worker>, call: &Call<'_>, status: StatusCode) -> Option<Box<Self>> {
        let log = call.stage?.access_log.as_ref()?;
        let nothing = HeaderMap::new();
        let draft = log.format.draft(call, call.sent.as_deref().unwrap_or(&nothing), status);
        let destination = Arc::clone(&log.destination);
        Some(Box::new(Self { worker: Rc::clone(worker), destination, began: call.at.ticks, draft, sent: 0 }))
    }

    /// Notes that a part of the answer was sent.
    pub(crate) fn sends(&mut self, bytes: usize) {
        self.sent += bytes as u64;
    }
}

impl Drop for AccessLine {
    fn drop(&mut self) {
        let shared = &self.worker.shared;
        let Some(logs) = shared.access_logs() else { return };
        let latency = shared.clock.ticks().since(self.began);
        logs.write(&self.destination, std::mem::take(&mut self.draft).finish(self.sent, latency.as_millis()));
    }
}

impl std::fmt::Debug for AccessLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessLine").field("draft", &self.draft).finish_non_exhaustive()
    }
}
