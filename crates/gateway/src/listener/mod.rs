//! The listener: one thread per core, each with its own runtime and its own socket on the same port.

mod accept;
mod connection;
mod http2;
mod preface;
mod sockets;
mod stage;

use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;

use futures_util::future::join_all;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::{Semaphore, oneshot, watch};
use tokio::task::spawn_local;
use tollgate_scheduling::answer_at_once;

use self::accept::Listener;
use self::stage::Stage;
use crate::certificates::TlsAcceptor;
use crate::gateway::Gateway;
use crate::worker::Worker;

pub use self::sockets::Sockets;

/// A gateway with its sockets open.
#[derive(Debug)]
pub struct BoundGateway {
    gateway: Gateway,
    plain: Sockets,
    secured: Option<(Sockets, TlsAcceptor)>,
}

/// A gateway that serves. Dropping it stops it too, without waiting.
#[derive(Debug)]
pub struct RunningGateway {
    stage: watch::Sender<Stage>,
    threads: Vec<Thread>,
}

/// A gateway that takes no more calls and finishes those in flight.
#[derive(Debug)]
pub struct DrainingGateway {
    _stage: watch::Sender<Stage>,
    threads: Vec<Thread>,
}

#[derive(Debug)]
struct Thread {
    thread: JoinHandle<()>,
    /// Resolves when no call of this thread has still to be admitted or refused.
    decided: oneshot::Receiver<()>,
    ended: oneshot::Receiver<()>,
}

/// What a thread is started with.
struct Assignment {
    index: usize,
    gateway: Gateway,
    sockets: Vec<(StdListener, Option<TlsAcceptor>)>,
    permits: Arc<Semaphore>,
    stage: watch::Receiver<Stage>,
    decided: oneshot::Sender<()>,
}

impl BoundGateway {
    pub(crate) fn new(gateway: Gateway, plain: Sockets) -> Self {
        Self { gateway, plain, secured: None }
    }

    /// Serves TLS too, on sockets of its own.
    pub fn with_tls(self, sockets: Sockets, acceptor: TlsAcceptor) -> Self {
        Self { secured: Some((sockets, acceptor)), ..self }
    }

    /// The address that calls are served on without TLS.
    pub fn local_addr(&self) -> SocketAddr {
        self.plain.local_addr()
    }

    /// The address that calls are served on by TLS.
    pub fn tls_addr(&self) -> Option<SocketAddr> {
        self.secured.as_ref().map(|(sockets, _)| sockets.local_addr())
    }

    /// Starts the threads.
    pub fn start(self) -> io::Result<RunningGateway> {
        let Self { gateway, plain, secured } = self;
        let count = gateway.0.config.thread_count();
        let mut sockets: Vec<Vec<_>> = plain
            .spread(count)?
            .into_iter()
            .map(|own| own.into_iter().map(|socket| (socket, None)).collect())
            .collect();
        if let Some((secured, acceptor)) = secured {
            for (own, more) in sockets.iter_mut().zip(secured.spread(count)?) {
                own.extend(more.into_iter().map(|socket| (socket, Some(acceptor.clone()))));
            }
        }
        let (stage, stages) = watch::channel(Stage::Serving);
        let permits = Arc::new(Semaphore::new(gateway.0.config.max_connections));
        let start = |(index, sockets)| {
            let (permits, stage, gateway) = (Arc::clone(&permits), stages.clone(), gateway.clone());
            Thread::start(index, |decided| Assignment { index, gateway, sockets, permits, stage, decided })
        };
        let threads = sockets.into_iter().enumerate().map(start).collect::<io::Result<_>>()?;
        Ok(RunningGateway { stage, threads })
    }
}

impl RunningGateway {
    /// Stops accepting, finishes the calls in flight within the drain timeout, and ends the threads.
    pub async fn drain(self) {
        let _ = self.stage.send(Stage::Stopping);
        end(self.threads).await;
    }

    /// Asks callers to use another connection for their next call. Until [`Self::release`], all are served.
    pub fn retire(&self) {
        let _ = self.stage.send(Stage::Retiring);
    }

    /// Stops accepting, and leaves those who connect to whoever else has the sockets. When this returns, each call that
    /// came is admitted or refused: admission may close, and answers go on.
    pub async fn release(mut self) -> DrainingGateway {
        let _ = self.stage.send(Stage::Released);
        for thread in &mut self.threads {
            // A thread that ended has nothing to decide.
            let _ = (&mut thread.decided).await;
        }
        DrainingGateway { _stage: self.stage, threads: self.threads }
    }
}

impl DrainingGateway {
    /// Waits for the calls in flight within the drain timeout, and ends the threads.
    pub async fn finish(self) {
        end(self.threads).await;
    }
}

async fn end(threads: Vec<Thread>) {
    for Thread { thread, ended, .. } in threads {
        let _ = ended.await;
        if thread.join().is_err() {
            tracing::error!(target: "tollgate::gateway", "a thread of the gateway panicked");
        }
    }
}

impl Thread {
    fn start(index: usize, assign: impl FnOnce(oneshot::Sender<()>) -> Assignment) -> io::Result<Self> {
        let (decide, decided) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let assignment = assign(decide);
        let run = move || {
            if let Err(error) = run(assignment) {
                tracing::error!(target: "tollgate::gateway", %error, "a thread of the gateway cannot run");
            }
            let _ = end.send(());
        };
        let thread = std::thread::Builder::new().name(format!("gateway-{index}")).spawn(run)?;
        Ok(Self { thread, decided, ended })
    }
}

fn run(assignment: Assignment) -> io::Result<()> {
    let Assignment { index, gateway, sockets, permits, mut stage, decided } = assignment;
    answer_at_once();
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default())?;
    runtime.block_on(async move {
        let worker = Rc::new(Worker::new(Arc::clone(&gateway.0), index));
        spawn_local(watch_connections(Rc::clone(&worker)));
        let mut accepting = Vec::new();
        for (socket, tls) in sockets {
            let listener = Listener::new(TcpListener::from_std(socket)?, tls, Arc::clone(&permits));
            accepting.push(listener.accept_until(Rc::clone(&worker), stage.clone()));
        }
        let retiring = async {
            // Whoever holds the other end may be gone; then the listeners stop too.
            let _ = stage.wait_for(|stage| *stage >= Stage::Retiring).await;
            worker.clients.retire();
        };
        tokio::join!(join_all(accepting), retiring);
        worker.clients.stop().await;
        match *stage.borrow() {
            Stage::Released => worker.clients.cut_off_undecided(),
            Stage::Serving | Stage::Retiring | Stage::Stopping => worker.clients.cut_off_silent(),
        }
        let _ = decided.send(());
        worker.clients.drain(worker.shared.config.drain_timeout).await;
        Ok(())
    })
}

async fn watch_connections(worker: Rc<Worker>) {
    tokio::join!(worker.clients.watch(), worker.upstreams.watch());
}
