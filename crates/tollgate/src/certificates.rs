//! Reads the certificates again when the operator says so, and when their files change.

use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tollgate_gateway::certificates::{Certificates, Reread};

/// How often it is looked whether the files are others.
const INTERVAL: Duration = Duration::from_secs(10);

/// Watches until what is returned is dropped.
pub(crate) fn watch(certificates: Arc<Certificates>) -> std::io::Result<JoinSet<()>> {
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut watching = JoinSet::new();
    watching.spawn(async move {
        loop {
            let which = tokio::select! {
                _ = hang_up.recv() => Reread::All,
                () = tokio::time::sleep(INTERVAL) => Reread::Changed,
            };
            renew(Arc::clone(&certificates), which).await;
        }
    });
    Ok(watching)
}

async fn renew(certificates: Arc<Certificates>, which: Reread) {
    let Ok(renewal) = tokio::task::spawn_blocking(move || certificates.renew(which)).await else {
        tracing::error!("reading certificates panicked; those in force stay");
        return;
    };
    if renewal.renewed > 0 {
        tracing::info!(renewed = renewal.renewed, "certificates were read again");
    }
    for error in renewal.failed {
        tracing::error!(%error, "a certificate cannot be used; the one in force stays");
    }
}
