//! Where a node tells of its calls: access logs and traces.

use std::sync::Arc;

use crate::access_log::AccessLogWriter;
use crate::config::Config;
use crate::traces::Traces;

/// What calls are told to, as far as the operator wants it.
#[derive(Clone, Debug)]
pub(crate) struct Outlets {
    pub(crate) access_logs: Option<Arc<AccessLogWriter>>,
    pub(crate) traces: Option<Arc<Traces>>,
}

impl Outlets {
    /// Starts what is configured. Must be called within a runtime.
    pub(crate) fn start(config: &Config) -> anyhow::Result<Self> {
        let access_logs = config.access_logs().map(AccessLogWriter::start).transpose()?.map(Arc::new);
        let traces = config.traces().as_ref().map(Traces::start).transpose()?.map(Arc::new);
        Ok(Self { access_logs, traces })
    }

    /// Writes and sends what calls that ended have told.
    pub(crate) async fn finish(self) {
        let finish = move || {
            self.access_logs.iter().for_each(|writer| writer.flush());
            self.traces.iter().for_each(|traces| traces.finish());
        };
        // A panic there has been logged, and nothing here depends on it.
        let _ = tokio::task::spawn_blocking(finish).await;
    }
}
