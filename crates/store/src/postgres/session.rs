//! What statements are run on: a connection, or a transaction of one. Statements are prepared once for each connection.

use std::future::Future;

use deadpool_postgres::{ClientWrapper, Object, Transaction};
use tokio_postgres::types::ToSql;
use tokio_postgres::{GenericClient, Row, Statement};

use crate::error::StoreError;

pub(super) type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

/// A connection or a transaction.
pub(super) trait Session: Sync {
    fn prepared(&self, sql: &str) -> impl Future<Output = Result<Statement, tokio_postgres::Error>> + Send;

    fn inner(&self) -> &(impl GenericClient + Sync);
}

impl Session for ClientWrapper {
    async fn prepared(&self, sql: &str) -> Result<Statement, tokio_postgres::Error> {
        self.prepare_cached(sql).await
    }

    fn inner(&self) -> &(impl GenericClient + Sync) {
        &**self
    }
}

impl Session for Object {
    async fn prepared(&self, sql: &str) -> Result<Statement, tokio_postgres::Error> {
        self.prepare_cached(sql).await
    }

    fn inner(&self) -> &(impl GenericClient + Sync) {
        &***self
    }
}

impl Session for Transaction<'_> {
    async fn prepared(&self, sql: &str) -> Result<Statement, tokio_postgres::Error> {
        self.prepare_cached(sql).await
    }

    fn inner(&self) -> &(impl GenericClient + Sync) {
        &**self
    }
}

/// Runs a statement and reads what it returns.
pub(super) async fn rows(on: &impl Session, sql: &str, parameters: Parameters<'_>) -> Result<Vec<Row>, StoreError> {
    let statement = on.prepared(sql).await?;
    Ok(on.inner().query(&statement, parameters).await?)
}

/// Runs a statement that returns one row or none.
pub(super) async fn one_or_none(
    on: &impl Session,
    sql: &str,
    parameters: Parameters<'_>,
) -> Result<Option<Row>, StoreError> {
    let statement = on.prepared(sql).await?;
    Ok(on.inner().query_opt(&statement, parameters).await?)
}

/// Runs a statement that returns one row.
pub(super) async fn one(on: &impl Session, sql: &str, parameters: Parameters<'_>) -> Result<Row, StoreError> {
    let statement = on.prepared(sql).await?;
    Ok(on.inner().query_one(&statement, parameters).await?)
}

/// Runs a statement and counts the rows that it changed.
pub(super) async fn execute(on: &impl Session, sql: &str, parameters: Parameters<'_>) -> Result<u64, StoreError> {
    let statement = on.prepared(sql).await?;
    Ok(on.inner().execute(&statement, parameters).await?)
}
