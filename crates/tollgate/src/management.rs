//! The management listener.

use std::net::SocketAddr;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// A management listener that serves.
pub(crate) struct Management {
    stop: oneshot::Sender<()>,
    served: tokio::task::JoinHandle<()>,
}

impl Management {
    /// Serves `router` on `listener`.
    pub(crate) fn start(
        listener: TcpListener,
        router: axum::Router,
        header_read_timeout: Duration,
        drain_timeout: Duration,
    ) -> Self {
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(serve(listener, router, header_read_timeout, drain_timeout, stopped));
        Self { stop, served }
    }

    /// Stops accepting and waits for requests in flight.
    pub(crate) async fn drain(self) {
        let _ = self.stop.send(());
        let _ = self.served.await;
    }
}

async fn serve(
    listener: TcpListener,
    router: axum::Router,
    header_read_timeout: Duration,
    drain_timeout: Duration,
    mut stopped: oneshot::Receiver<()>,
) {
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(header_read_timeout);
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = &mut stopped => break,
        };
        let Some(stream) = admitted(accepted).await else { continue };
        let service = TowerToHyperService::new(router.clone());
        let connection = graceful.watch(server.serve_connection(TokioIo::new(stream), service));
        // A connection that breaks off is the client's business.
        tokio::spawn(async move { drop(connection.await) });
    }
    drop(listener);
    let _ = tokio::time::timeout(drain_timeout, graceful.shutdown()).await;
}

async fn admitted(accepted: std::io::Result<(tokio::net::TcpStream, SocketAddr)>) -> Option<tokio::net::TcpStream> {
    match accepted {
        Ok((stream, _)) => {
            let _ = stream.set_nodelay(true);
            Some(stream)
        }
        Err(error) => {
            // Out of descriptors, most likely: what is open has to end first.
            tracing::warn!(%error, "a management connection was not accepted");
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
        }
    }
}
