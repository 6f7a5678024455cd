//! The thread that starts processes.
//!
//! The kernel takes the thread that started a process for its parent, and kills the process when that thread ends. The
//! threads of a runtime come and go; this one stays as long as functions do.

use std::io;
use std::sync::mpsc;

use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

type Start = (Command, oneshot::Sender<io::Result<Child>>);

/// Starts processes on a thread of its own, which ends with this.
pub(crate) struct Spawner {
    starts: mpsc::Sender<Start>,
}

impl Spawner {
    /// Starts the thread. Processes are watched by `runtime`.
    pub(crate) fn start(runtime: Handle) -> io::Result<Self> {
        let (starts, inbox) = mpsc::channel::<Start>();
        std::thread::Builder::new().name("function-spawner".to_owned()).spawn(move || {
            let _watched = runtime.enter();
            for (mut command, reply) in inbox {
                // Whoever no longer waits drops the child, which kills it.
                let _ = reply.send(command.spawn());
            }
        })?;
        Ok(Self { starts })
    }

    /// Starts a process.
    pub(crate) async fn spawn(&self, mut command: Command) -> io::Result<Child> {
        command.kill_on_drop(true);
        let (reply, started) = oneshot::channel();
        let gone = |_| io::Error::other("the thread that starts processes has ended");
        self.starts.send((command, reply)).map_err(|_| gone(()))?;
        started.await.map_err(|_| gone(()))?
    }
}
