//! The listener: one thread per core, each with its own runtime and its own socket on the same port.

use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::thread::JoinHandle;

use futures_util::FutureExt as _;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};
use tokio::task::spawn_local;

use crate::client_stream::ClientStream;
use crate::clients::Registered;
use crate::config::GatewayConfig;
use crate::gateway::Gateway;
use crate::pipeline;
use crate::worker::Worker;

/// Connections that the kernel keeps for each thread until they are accepted.
const BACKLOG: i32 = 4096;

/// A gateway with its sockets open.
#[derive(Debug)]
pub struct BoundGateway {
    gateway: Gateway,
    sockets: Vec<StdListener>,
    addr: SocketAddr,
}

/// A gateway that serves. Dropping it stops it too, without waiting.
#[derive(Debug)]
pub struct RunningGateway {
    stop: watch::Sender<bool>,
    threads: Vec<(JoinHandle<()>, oneshot::Receiver<()>)>,
}

impl BoundGateway {
    pub(crate) fn bind(gateway: Gateway, addr: SocketAddr) -> io::Result<Self> {
        let first = open(addr)?;
        // The others share whatever port was given to the first.
        let addr = first.local_addr()?;
        let mut sockets = vec![first];
        for _ in 1..threads(&gateway.0.config) {
            sockets.push(open(addr)?);
        }
        Ok(Self { gateway, sockets, addr })
    }

    /// The address that calls are served on.
    pub fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// Starts the threads.
    pub fn start(self) -> RunningGateway {
        let (stop, stopped) = watch::channel(false);
        let permits = Arc::new(Semaphore::new(self.gateway.0.config.max_connections));
        let start = |(index, socket): (usize, StdListener)| {
            let (ended, end) = oneshot::channel();
            let (gateway, permits, stopped) = (self.gateway.clone(), Arc::clone(&permits), stopped.clone());
            let run = move || {
                if let Err(error) = run(gateway, socket, permits, stopped) {
                    tracing::error!(target: "tollgate::gateway", %error, "a thread of the gateway cannot run");
                }
                let _ = ended.send(());
            };
            let thread = std::thread::Builder::new().name(format!("gateway-{index}")).spawn(run);
            match thread {
                Ok(thread) => Some((thread, end)),
                Err(error) => {
                    tracing::error!(target: "tollgate::gateway", %error, "a thread of the gateway cannot start");
                    None
                }
            }
        };
        let threads = self.sockets.into_iter().enumerate().filter_map(start).collect();
        RunningGateway { stop, threads }
    }
}

impl RunningGateway {
    /// Stops accepting, finishes the calls in flight within the drain timeout, and ends the threads.
    pub async fn drain(self) {
        let _ = self.stop.send(true);
        for (thread, end) in self.threads {
            let _ = end.await;
            if thread.join().is_err() {
                tracing::error!(target: "tollgate::gateway", "a thread of the gateway panicked");
            }
        }
    }
}

fn threads(config: &GatewayConfig) -> usize {
    match config.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    }
}

/// A socket that others on the same port may join; the kernel spreads connections over them.
fn open(addr: SocketAddr) -> io::Result<StdListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

fn run(
    gateway: Gateway,
    socket: StdListener,
    permits: Arc<Semaphore>,
    stopped: watch::Receiver<bool>,
) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default())?;
    runtime.block_on(async move {
        let listener = TcpListener::from_std(socket)?;
        let worker = Rc::new(Worker::new(Arc::clone(&gateway.0)));
        spawn_local(watch_connections(Rc::clone(&worker)));
        accept(&worker, listener, permits, stopped).await;
        worker.clients.drain(worker.shared.config.drain_timeout).await;
        Ok(())
    })
}

async fn watch_connections(worker: Rc<Worker>) {
    tokio::join!(worker.clients.watch(), worker.upstreams.watch());
}

/// Accepts connections until the gateway stops. While too many are open, new ones wait in the kernel.
async fn accept(
    worker: &Rc<Worker>,
    listener: TcpListener,
    permits: Arc<Semaphore>,
    mut stopped: watch::Receiver<bool>,
) {
    loop {
        let next = async {
            let permit = Arc::clone(&permits).acquire_owned().await.ok()?;
            Some((listener.accept().await, permit))
        };
        let accepted = tokio::select! {
            accepted = next => accepted,
            _ = stopped.wait_for(|stopped| *stopped) => break,
        };
        match accepted {
            Some((Ok((stream, peer)), permit)) => start(worker, stream, peer, permit),
            Some((Err(error), _)) => refused(&error).await,
            None => break,
        }
    }
    // Callers who got as far as the kernel's queue would be reset.
    while let (Some(Ok((stream, peer))), Ok(permit)) =
        (listener.accept().now_or_never(), Arc::clone(&permits).try_acquire_owned())
    {
        start(worker, stream, peer, permit);
    }
}

/// Waits a little when the process has no descriptor left, instead of asking again at once.
async fn refused(error: &io::Error) {
    tracing::warn!(target: "tollgate::gateway", %error, "a connection cannot be accepted");
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
}

fn start(worker: &Rc<Worker>, stream: TcpStream, peer: SocketAddr, permit: OwnedSemaphorePermit) {
    let port = stream.local_addr().map_or(0, |local| local.port());
    let registered = worker.clients.register(peer, port);
    // A failure costs latency, not correctness.
    let _ = stream.set_nodelay(true);
    let worker = Rc::clone(worker);
    spawn_local(async move {
        serve(worker, &registered, stream).await;
        drop(permit);
    });
}

/// Serves the calls of one connection, until it ends, waits for too long, or the gateway stops.
async fn serve(worker: Rc<Worker>, registered: &Registered, stream: TcpStream) {
    let client = &registered.client;
    let service = service_fn(|request| pipeline::serve(Rc::clone(&worker), Rc::clone(client), request));
    let connection = http1::Builder::new()
        .header_read_timeout(None)
        .max_header_size(worker.shared.config.max_header_bytes)
        .max_buf_size(worker.shared.config.max_header_bytes.max(8192) + 8192)
        .serve_connection(ClientStream::new(stream, Rc::clone(client)), service);
    let mut connection = pin!(connection);
    let mut told = false;
    let ended = std::future::poll_fn(|cx| {
        client.listen(cx.waker());
        if client.is_expired() {
            return Poll::Ready(Ok(()));
        }
        if worker.clients.is_draining() && !std::mem::replace(&mut told, true) {
            connection.as_mut().graceful_shutdown();
        }
        connection.as_mut().poll(cx)
    });
    if let Err(error) = ended.await {
        // Callers hang up all the time, and what they send is theirs to mend.
        tracing::debug!(target: "tollgate::gateway", %error, "a caller's connection ended");
    }
}
