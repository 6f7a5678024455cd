//! Accepting connections on one socket.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::spawn_local;

use super::connection;
use super::stage::Stage;
use crate::certificates::TlsAcceptor;
use crate::clients::Arrival;
use crate::worker::Worker;

/// A socket that connections are accepted on.
pub(super) struct Listener {
    socket: TcpListener,
    tls: Option<TlsAcceptor>,
    /// One for each connection that may be open.
    permits: Arc<Semaphore>,
}

/// A connection, and the address of the caller.
type Accepted = (TcpStream, SocketAddr);

impl Listener {
    pub(super) fn new(socket: TcpListener, tls: Option<TlsAcceptor>, permits: Arc<Semaphore>) -> Self {
        Self { socket, tls, permits }
    }

    /// Accepts connections until the gateway stops. While too many are open, new ones wait: one here, others in the
    /// kernel.
    pub(super) async fn accept_until(self, worker: Rc<Worker>, mut stage: watch::Receiver<Stage>) {
        let stopped = async { stage.wait_for(|stage| *stage >= Stage::Released).await.map_or(Stage::Stopping, |s| *s) };
        let mut stopped = std::pin::pin!(stopped);
        let last = loop {
            let accepted = tokio::select! {
                accepted = self.socket.accept() => accepted,
                last = &mut stopped => break last,
            };
            let accepted = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    refused(&error).await;
                    continue;
                }
            };
            tokio::select! {
                permit = Arc::clone(&self.permits).acquire_owned() => self.start(&worker, accepted, permit.ok()),
                last = &mut stopped => {
                    // It was taken out of the queue: nobody else can serve it.
                    self.start(&worker, accepted, None);
                    break last;
                }
            }
        };
        if last == Stage::Stopping {
            self.empty_queue(&worker);
        }
    }

    /// Serves callers who got as far as the kernel's queue: they would be reset.
    fn empty_queue(&self, worker: &Rc<Worker>) {
        while let (Some(Ok(accepted)), Ok(permit)) =
            (self.socket.accept().now_or_never(), Arc::clone(&self.permits).try_acquire_owned())
        {
            self.start(worker, accepted, Some(permit));
        }
    }

    fn start(&self, worker: &Rc<Worker>, (stream, peer): Accepted, permit: Option<OwnedSemaphorePermit>) {
        let port = stream.local_addr().map_or(0, |local| local.port());
        let registered = worker.clients.register(Arrival { peer, port, secured: self.tls.is_some() });
        // A failure costs latency, not correctness.
        let _ = stream.set_nodelay(true);
        let (worker, tls) = (Rc::clone(worker), self.tls.clone());
        spawn_local(async move {
            connection::serve(worker, &registered.client, stream, tls.as_ref()).await;
            drop((registered, permit));
        });
    }
}

/// Waits a little when the process has no descriptor left, instead of asking again at once.
async fn refused(error: &io::Error) {
    tracing::warn!(target: "tollgate::gateway", %error, "a connection cannot be accepted");
    tokio::time::sleep(Duration::from_millis(50)).await;
}
