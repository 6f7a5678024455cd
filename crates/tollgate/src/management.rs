//! The management listener.

use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::middleware;
use axum::response::Response;
use futures_util::future::select_all;
use http::{HeaderValue, header};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tollgate_control::SecureConnection;
use tollgate_gateway::Sockets;
use tollgate_gateway::certificates::TlsAcceptor;

/// How long those who just connected are waited for: their request is on the way.
const ARRIVING: Duration = Duration::from_millis(100);

/// A management listener that serves.
pub(crate) struct Management {
    retiring: Arc<AtomicBool>,
    stop: oneshot::Sender<()>,
    served: tokio::task::JoinHandle<()>,
}

/// How long a management listener waits for what.
#[derive(Clone, Copy)]
pub(crate) struct Patience {
    /// For the head of a request.
    pub(crate) header_read: Duration,
    /// For requests in flight when it stops.
    pub(crate) drain: Duration,
}

/// A socket that requests come in by.
pub(crate) struct Listener {
    socket: TcpListener,
    tls: Option<TlsAcceptor>,
}

impl Listener {
    /// Accepts from all of `sockets`.
    pub(crate) fn each_of(sockets: Sockets, tls: Option<&TlsAcceptor>) -> io::Result<Vec<Self>> {
        let sockets: Vec<StdListener> = sockets.into();
        let listener = |socket| Ok(Self { socket: TcpListener::from_std(socket)?, tls: tls.cloned() });
        sockets.into_iter().map(listener).collect()
    }
}

impl Management {
    /// Serves `router` on `listeners`, of which there is one at least.
    pub(crate) fn start(listeners: Vec<Listener>, router: axum::Router, patience: Patience) -> Self {
        let (stop, stopped) = oneshot::channel();
        let retiring = Arc::new(AtomicBool::new(false));
        let router = router.layer(middleware::map_response_with_state(Arc::clone(&retiring), say_goodbye));
        let served = tokio::spawn(serve(listeners, router, patience, stopped));
        Self { retiring, stop, served }
    }

    /// Asks clients to use another connection for their next request.
    pub(crate) fn retire(&self) {
        self.retiring.store(true, Ordering::Relaxed);
    }

    /// Stops accepting and waits for requests in flight.
    pub(crate) async fn drain(self) {
        let _ = self.stop.send(());
        let _ = self.served.await;
    }
}

async fn say_goodbye(State(retiring): State<Arc<AtomicBool>>, mut response: Response) -> Response {
    if retiring.load(Ordering::Relaxed) {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

async fn serve(listeners: Vec<Listener>, router: axum::Router, patience: Patience, mut stopped: oneshot::Receiver<()>) {
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(patience.header_read);
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    loop {
        let accepting = select_all(listeners.iter().map(|listener| Box::pin(listener.socket.accept())));
        let (accepted, index, _) = tokio::select! {
            accepted = accepting => accepted,
            Some(_) = connections.join_next() => continue,
            _ = &mut stopped => break,
        };
        let Some(stream) = admitted(accepted).await else { continue };
        let connection = Connection { server: server.clone(), router: router.clone(), watcher: graceful.watcher() };
        connections.spawn(connection.serve(stream, listeners[index].tls.clone()));
    }
    drop(listeners);
    tokio::time::sleep(ARRIVING).await;
    let _ = tokio::time::timeout(patience.drain, graceful.shutdown()).await;
    connections.shutdown().await;
}

/// One connection of a client.
struct Connection {
    server: http1::Builder,
    router: axum::Router,
    watcher: Watcher,
}

impl Connection {
    async fn serve(self, stream: TcpStream, tls: Option<TlsAcceptor>) {
        match tls {
            None => self.converse(stream).await,
            Some(tls) => match tls.accept(stream).await {
                Ok(secured) => {
                    let router = self.router.clone().layer(Extension(SecureConnection));
                    Self { router, ..self }.converse(secured).await;
                }
                Err(error) => tracing::debug!(%error, "a management connection could not be secured"),
            },
        }
    }

    async fn converse(self, stream: impl AsyncRead + AsyncWrite + Unpin + 'static) {
        let connection = self.server.serve_connection(TokioIo::new(stream), TowerToHyperService::new(self.router));
        // A connection that breaks off is the client's business.
        drop(self.watcher.watch(connection).await);
    }
}

async fn admitted(accepted: io::Result<(TcpStream, SocketAddr)>) -> Option<TcpStream> {
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
