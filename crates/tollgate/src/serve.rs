//! Serving: from the start until a signal, or until another process has taken over.

use std::pin::pin;

use anyhow::Context;
use tollgate_store::DataDir;

use crate::cli::{say, stop_signal, tell};
use crate::config::Config;
use crate::hand_over::{self, Post, Successor};
use crate::node::{Frontage, Leftover, Node};
use crate::sockets::NodeSockets;

/// How a process comes to serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// On a data directory that nobody holds.
    Fresh,
    /// From the process that serves, if there is one.
    TakeOver,
}

/// Serves until SIGTERM or SIGINT, or until a successor does.
pub(crate) async fn serve(config: &Config, how: Start) -> anyhow::Result<()> {
    let mut stop = pin!(stop_signal()?);
    let taken = match how {
        Start::Fresh => None,
        Start::TakeOver => hand_over::take(config).await?,
    };
    let (mut node, sockets) = match taken {
        Some(taken) => taken,
        None => start(config).await?,
    };
    // Whoever is told that this process serves may ask it to hand over.
    let mut post = open_post(config);
    announce(config, &node)?;
    loop {
        let successor = tokio::select! {
            () = &mut stop => break,
            successor = successor(post, &sockets) => successor,
        };
        node = match hand_over(config, &sockets, node, successor).await? {
            Outcome::TakenUpAgain(node) => {
                post = open_post(config);
                *node
            }
            Outcome::HandedOver(leftover) => {
                // They are the successor's alone now.
                drop(sockets);
                leftover.finish().await;
                return Ok(());
            }
        };
    }
    tracing::info!("stopping: calls in flight are finished, leases returned");
    // Whoever connects now is to be refused, not left in a queue.
    drop(sockets);
    node.stop().await
}

fn open_post(config: &Config) -> Option<Post> {
    Post::open(config).inspect_err(|error| tracing::warn!(%error, "this process cannot be asked to hand over")).ok()
}

/// Waits for a process that is ready to take over. Without a place to ask at, there will be none. The place is closed
/// before anything is handed over, since the successor opens its own under the same name.
async fn successor(post: Option<Post>, sockets: &NodeSockets) -> Successor {
    match post {
        Some(post) => post.successor(sockets).await,
        None => std::future::pending().await,
    }
}

async fn start(config: &Config) -> anyhow::Result<(Node, NodeSockets)> {
    let dir = DataDir::open(&config.data_dir)?;
    let sockets = NodeSockets::open(config, Vec::new())?;
    let frontage = Frontage::new(config, sockets.try_clone()?)?;
    Ok((Node::start(config, frontage, dir).await?, sockets))
}

/// What came of handing over.
enum Outcome {
    /// Another process serves, and this one has calls in flight.
    HandedOver(Leftover),
    /// The successor failed, and a node was started on the same sockets.
    TakenUpAgain(Box<Node>),
}

async fn hand_over(
    config: &Config,
    sockets: &NodeSockets,
    node: Node,
    successor: Successor,
) -> anyhow::Result<Outcome> {
    tracing::info!("handing over to another process");
    let (leftover, served) = successor.succeed(node).await;
    let Err(error) = served else {
        tracing::info!("another process serves; calls in flight are finished");
        return Ok(Outcome::HandedOver(leftover));
    };
    tracing::error!(%error, "the other process failed before it served; this one takes up again");
    tokio::spawn(leftover.finish());
    let dir = hand_over::data_dir(&config.data_dir).await.context("cannot take up again")?;
    let frontage = Frontage::new(config, sockets.try_clone()?)?;
    let node = Node::start(config, frontage, dir).await.context("cannot take up again")?;
    Ok(Outcome::TakenUpAgain(Box::new(node)))
}

fn announce(config: &Config, node: &Node) -> anyhow::Result<()> {
    if node.root_is_new {
        tell(&format!(
            "Root credentials, shown this once and kept in {}/root.json:\n  AWS_ACCESS_KEY_ID={}\n  AWS_SECRET_ACCESS_KEY={}",
            config.data_dir.display(),
            node.root.access_key_id,
            node.root.secret_access_key
        ));
    }
    if config.print_addresses {
        say(&serde_json::to_string(&node.addresses)?);
    }
    Ok(())
}
