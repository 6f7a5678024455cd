//! Nodes that serve: each says so once a second, and how far it has come.

use std::sync::atomic::Ordering;

use super::changes::forget_old;
use super::{Database, execute, one, rows};
use crate::error::StoreError;

/// A node that was not heard of for so long is taken for dead, in PostgreSQL's words.
const ALIVE: &str = "heartbeat > now() - interval '3 seconds'";

/// What a process says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeRecord {
    /// Names it to the ledger and to other nodes; no other process ever has it.
    pub source: u64,
    /// What people call it by.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Where calls come in.
    pub gateway: String,
    /// Where the management API is.
    pub management: String,
}

/// Where a node has the buckets of throttles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NodeBuckets {
    /// In its memory: nobody shares them.
    #[default]
    Own,
    /// Where all nodes have them.
    Shared,
    /// In its memory, a share of each, since those that all nodes have are out of reach.
    Alone,
}

impl NodeBuckets {
    /// One word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Shared => "shared",
            Self::Alone => "alone",
        }
    }

    fn parse(text: &str) -> Self {
        let all = [Self::Own, Self::Shared, Self::Alone];
        all.into_iter().find(|buckets| buckets.as_str() == text).unwrap_or_default()
    }
}

/// A process as others see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeRow {
    /// What it says of itself.
    pub node: NodeRecord,
    /// When it began, in milliseconds since 1970.
    pub started: i64,
    /// Whether it was heard of in the last three seconds.
    pub alive: bool,
    /// Milliseconds since it was heard of.
    pub silent_for: i64,
    /// The last change that is in force there.
    pub revision: u64,
    /// Changes that are not.
    pub behind: u64,
    /// How long ago the first of those was made, in milliseconds.
    pub lag: i64,
    /// Where it has the buckets of throttles.
    pub buckets: NodeBuckets,
}

impl Database {
    /// Says that this process serves, and up to which change.
    pub(crate) async fn announce_node(
        &self,
        node: &NodeRecord,
        revision: u64,
        buckets: NodeBuckets,
    ) -> Result<(), StoreError> {
        let client = self.client().await?;
        let sql = "INSERT INTO node (id, version, gateway, management, revision, name, buckets)
                   VALUES ($1, $2, $3, $4, $5, $6, $7)
                   ON CONFLICT (id) DO UPDATE SET heartbeat = now(), revision = greatest(node.revision, $5), buckets = $7";
        let NodeRecord { source, name, version, gateway, management } = node;
        let (id, revision) = (source.cast_signed(), revision.cast_signed());
        execute(&client, sql, &[&id, version, gateway, management, &revision, name, &buckets.as_str()]).await?;
        let alive = format!("SELECT count(*) FROM node WHERE {ALIVE}");
        let alive: i64 = one(&client, &alive, &[]).await?.try_get(0)?;
        self.shared.live_nodes.store(alive.max(1), Ordering::Relaxed);
        Ok(())
    }

    /// Says that this process has ended, and returned its leases.
    pub(crate) async fn leave(&self, source: u64) -> Result<(), StoreError> {
        let client = self.client().await?;
        for sql in [
            "DELETE FROM lease WHERE source = $1",
            "DELETE FROM settled WHERE source = $1",
            "DELETE FROM node WHERE id = $1",
        ] {
            execute(&client, sql, &[&source.cast_signed()]).await?;
        }
        Ok(())
    }

    /// All nodes that were heard of in the last hour, the oldest first.
    pub(crate) async fn nodes(&self) -> Result<Vec<NodeRow>, StoreError> {
        let sql = format!(
            "SELECT id, version, gateway, management, (extract(epoch FROM started) * 1000)::bigint, {ALIVE},
                    (extract(epoch FROM now() - heartbeat) * 1000)::bigint, n.revision,
                    greatest(c.revision - n.revision, 0),
                    coalesce((SELECT (extract(epoch FROM now() - m.at) * 1000)::bigint FROM change m
                              WHERE m.revision = n.revision + 1), 0), name, buckets
             FROM node n, change_revision c WHERE heartbeat > now() - interval '1 hour' ORDER BY started, id"
        );
        let found = rows(&self.client().await?, &sql, &[]).await?;
        let read = |row: &tokio_postgres::Row| {
            let node = NodeRecord {
                source: row.try_get::<_, i64>(0)?.cast_unsigned(),
                version: row.try_get(1)?,
                gateway: row.try_get(2)?,
                management: row.try_get(3)?,
                name: row.try_get(10)?,
            };
            Ok(NodeRow {
                node,
                started: row.try_get(4)?,
                alive: row.try_get(5)?,
                silent_for: row.try_get(6)?,
                revision: row.try_get::<_, i64>(7)?.unsigned_abs(),
                behind: row.try_get::<_, i64>(8)?.unsigned_abs(),
                lag: row.try_get(9)?,
                buckets: NodeBuckets::parse(row.try_get(11)?),
            })
        };
        found.iter().map(read).collect()
    }

    /// The number of the last change that was made.
    pub(crate) async fn last_change(&self) -> Result<u64, StoreError> {
        let row = one(&self.client().await?, "SELECT revision FROM change_revision", &[]).await?;
        Ok(row.try_get::<_, i64>(0)?.unsigned_abs())
    }

    /// Deletes what nobody asks for any more: changes that all have seen, leases that hold nothing, and all of
    /// processes that ended a month ago, whose rounds nobody can repeat.
    pub(crate) async fn tidy(&self, source: u64) -> Result<(), StoreError> {
        let client = self.client().await?;
        forget_old(&client).await?;
        execute(&client, "DELETE FROM lease WHERE source = $1 AND units <= 0", &[&source.cast_signed()]).await?;
        client
            .batch_execute(
                "DELETE FROM node WHERE heartbeat < now() - interval '30 days';
                 DELETE FROM settled s WHERE at < now() - interval '30 days'
                     AND NOT EXISTS (SELECT 1 FROM node n WHERE n.id = s.source);
                 DELETE FROM lease l WHERE NOT EXISTS (SELECT 1 FROM settled s WHERE s.source = l.source);",
            )
            .await?;
        self.forget_code().await
    }
}

/// The condition for a node that is alive, of a table `n`.
pub(super) fn is_alive() -> String {
    ALIVE.replace("heartbeat", "n.heartbeat")
}
