//! Turns: one process at a time makes changes, over all nodes.
//!
//! A turn is an advisory lock of a connection, and what changes is written by that same connection: who was taken for
//! dead and lost the lock has lost the connection, too, and writes nothing.

use std::sync::{Arc, PoisonError};

use deadpool_postgres::ClientWrapper;
use tokio::sync::OwnedMutexGuard;

use super::{Database, Shared};
use crate::error::StoreError;

/// Held by whoever has the turn.
const TURN: i64 = 0x746f_6c6c_0002;

/// What the connection that takes turns is told first.
const SETTINGS: &str = "SET lock_timeout = '10s'; SET statement_timeout = '60s'";

/// How long a turn may lie still before it is taken away: a process that stands still does not hold up the others. What
/// a large document comes to is worked out in this time.
const HOLDING: &str = "SET idle_session_timeout = '30s'";

/// What the connection is told when it gives up its turn.
const RESTING: &str = "SET idle_session_timeout = 0";

/// The turn, until it is dropped.
pub(crate) struct Turn {
    shared: Arc<Shared>,
    client: Option<Arc<tokio::sync::Mutex<ClientWrapper>>>,
    slot: Option<OwnedMutexGuard<Option<ClientWrapper>>>,
}

impl std::fmt::Debug for Turn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Turn")
    }
}

impl Database {
    /// Waits for the turn. Should whoever waits go away, the connection is dropped, and the lock with it.
    pub(crate) async fn turn(&self) -> Result<Turn, StoreError> {
        let mut slot = Arc::clone(&self.shared.turns).lock_owned().await;
        let kept = slot.take().filter(|client| !client.is_closed());
        let client = match kept {
            Some(client) => match take(&client).await {
                Ok(()) => client,
                // It may have been closed by the other side long ago.
                Err(StoreError::Unavailable(_)) if client.is_closed() => self.fresh().await?,
                Err(error) => return Err(error),
            },
            None => self.fresh().await?,
        };
        let client = Arc::new(tokio::sync::Mutex::new(client));
        *self.shared.on_turn.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&client));
        Ok(Turn { shared: Arc::clone(&self.shared), client: Some(client), slot: Some(slot) })
    }

    async fn fresh(&self) -> Result<ClientWrapper, StoreError> {
        let client = self.shared.connector.client(None).await?;
        client.batch_execute(SETTINGS).await?;
        take(&client).await?;
        Ok(client)
    }
}

async fn take(client: &ClientWrapper) -> Result<(), StoreError> {
    client.batch_execute(HOLDING).await?;
    super::one(client, "SELECT pg_advisory_lock($1)", &[&TURN]).await?;
    Ok(())
}

/// Gives the turn up, and keeps the connection if that went well: dropped, it gives the turn up all the same.
async fn give_up(client: &ClientWrapper) -> Result<(), StoreError> {
    super::one(client, "SELECT pg_advisory_unlock($1)", &[&TURN]).await?;
    Ok(client.batch_execute(RESTING).await?)
}

impl Drop for Turn {
    fn drop(&mut self) {
        *self.shared.on_turn.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let (Some(client), Some(mut slot)) = (self.client.take(), self.slot.take()) else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            // A change that was given up by whoever asked for it may still have the connection.
            let client = Arc::try_unwrap(client).map(tokio::sync::Mutex::into_inner);
            if let Ok(client) = client
                && give_up(&client).await.is_ok()
            {
                *slot = Some(client);
            }
        });
    }
}
