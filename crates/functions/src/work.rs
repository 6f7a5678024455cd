//! A call on its way to an instance.

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::error::InvokeError;
use crate::invocation::Invocation;

/// What a call ends in.
pub(crate) type Outcome = Result<Invocation, InvokeError>;

/// A call on its way to an instance.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) request_id: String,
    pub(crate) payload: Bytes,
    reply: oneshot::Sender<Outcome>,
}

impl Work {
    /// A call, and where its outcome will be.
    pub(crate) fn new(request_id: String, payload: Bytes) -> (Self, oneshot::Receiver<Outcome>) {
        let (reply, outcome) = oneshot::channel();
        (Self { request_id, payload, reply }, outcome)
    }

    /// Ends the call. Whether anybody still waits for it makes no difference.
    pub(crate) fn end(self, outcome: Outcome) {
        let _ = self.reply.send(outcome);
    }
}
