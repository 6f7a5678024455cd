//! Handing over to another process, such as one of a newer version, without a call that fails.
//!
//! The sockets are passed on, so that whoever connects meanwhile waits in their queues. The data directory has one
//! holder at a time: the holder admits what has come, writes all counts and lets go before the successor opens it. What
//! was admitted is answered by the old process while the new one serves. A successor that fails before it serves
//! changes nothing but a pause: the holder takes up again.

mod channel;

use std::fs::Permissions;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use tokio::net::UnixListener;
use tollgate_gateway::Sockets;
use tollgate_store::{DataDir, StoreError};

use self::channel::{Channel, Message};
use crate::config::Config;
use crate::node::{Frontage, Leftover, Node};
use crate::sockets::NodeSockets;

/// The socket's file in the data directory.
const FILE: &str = "hand-over.sock";

/// How long either side may take for its next step.
const STEP_PATIENCE: Duration = Duration::from_secs(120);

/// How long the last traces of the holder may keep the data directory.
const LOCK_PATIENCE: Duration = Duration::from_secs(60);
const LOCK_INTERVAL: Duration = Duration::from_millis(2);

/// Where successors ask. Only the user that this process runs as can.
pub(crate) struct Post {
    listener: UnixListener,
    path: PathBuf,
    user: u32,
}

/// A process that is ready to take over.
pub(crate) struct Successor(Channel);

impl Post {
    /// To be opened by the holder of the data directory alone.
    pub(crate) fn open(config: &Config) -> io::Result<Self> {
        let path = config.data_dir.join(FILE);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        std::fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        let user = std::fs::metadata(&path)?.uid();
        Ok(Self { listener, path, user })
    }

    /// Waits for a process that has got as far as it can without the data directory. `sockets` are passed to it.
    pub(crate) async fn successor(&self, sockets: &NodeSockets) -> Successor {
        loop {
            match self.prepared(sockets).await {
                Ok(successor) => return successor,
                Err(error) => {
                    tracing::warn!(%error, "a process that wanted to take over did not get ready");
                    // Not at once again, should it be our own fault.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    async fn prepared(&self, sockets: &NodeSockets) -> io::Result<Successor> {
        let (stream, _) = self.listener.accept().await?;
        // Between its making and its mode, the file was as open as the process's umask leaves it.
        if stream.peer_cred()?.uid() != self.user {
            return Err(ErrorKind::PermissionDenied.into());
        }
        let channel = Channel::new(stream);
        for (door, sockets) in sockets.iter() {
            channel.send(Message::Sockets(door), &sockets.as_fds()).await?;
        }
        channel.send(Message::Complete, &[]).await?;
        in_time(channel.expect(Message::Ready)).await?;
        Ok(Successor(channel))
    }
}

impl Drop for Post {
    fn drop(&mut self) {
        // What stays is replaced by the next holder.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Successor {
    /// Hands over. The gateway that comes back has calls in flight, whether or not the successor serves.
    pub(crate) async fn succeed(self, node: Node) -> (Leftover, io::Result<()>) {
        let leftover = node.release().await;
        let served = async {
            self.0.send(Message::Released, &[]).await?;
            in_time(self.0.expect(Message::Serving)).await
        };
        (leftover, served.await)
    }
}

/// Takes over from the process that holds the data directory; none when nobody does.
pub(crate) async fn take(config: &Config) -> anyhow::Result<Option<(Node, NodeSockets)>> {
    let channel = match Channel::connect(&config.data_dir.join(FILE)).await {
        Ok(channel) => channel,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => return Ok(None),
        Err(error) => return Err(error).context("cannot ask the process that serves to hand over"),
    };
    let sockets =
        in_time(passed(&channel, config)).await.context("the process that serves did not pass its sockets")?;
    let sockets = NodeSockets::open(config, sockets)?;
    let frontage = Frontage::new(config, sockets.try_clone()?)?;
    channel.send(Message::Ready, &[]).await?;
    in_time(channel.expect(Message::Released)).await.context("the process that serves did not let go")?;
    let node = Node::start(config, frontage, data_dir(&config.data_dir).await?).await?;
    if let Err(error) = channel.send(Message::Serving, &[]).await {
        tracing::warn!(%error, "the process before this one did not wait to hear that its successor serves");
    }
    Ok(Some((node, sockets)))
}

async fn passed(channel: &Channel, config: &Config) -> io::Result<Vec<(crate::sockets::Door, Sockets)>> {
    let mut doors = Vec::new();
    loop {
        match channel.receive().await? {
            (Message::Sockets(door), sockets) => {
                doors.extend(Sockets::adopt(sockets)?.map(|sockets| (door, sockets)));
            }
            (Message::Complete, _) => return Ok(doors),
            (other, _) => {
                let message = format!("{other:?} from the holder of {}", config.data_dir.display());
                return Err(io::Error::new(ErrorKind::InvalidData, message));
            }
        }
    }
}

/// The data directory, as soon as it is free.
pub(crate) async fn data_dir(path: &Path) -> Result<DataDir, StoreError> {
    let free = async {
        loop {
            match DataDir::open(path) {
                Err(StoreError::InUse { .. }) => tokio::time::sleep(LOCK_INTERVAL).await,
                other => return other,
            }
        }
    };
    match tokio::time::timeout(LOCK_PATIENCE, free).await {
        Ok(opened) => opened,
        Err(_elapsed) => DataDir::open(path),
    }
}

async fn in_time<T>(step: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    tokio::time::timeout(STEP_PATIENCE, step).await?
}
