//! What the threads of a gateway are told to do.

/// From serving to the end. There is no way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// All is served.
    Serving,
    /// All is served, and each connection is for one more call.
    Retiring,
    /// Nothing is accepted: whoever else has the sockets does.
    Released,
    /// Nothing is accepted, after those who were in the queue.
    Stopping,
}
