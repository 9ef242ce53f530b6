//! The past of a few streams: one person's, say. Their histories are all that is read.

use std::sync::Arc;

use domain::es::{EventStore, StreamName};
use projections::Rows;
use sqlx::Connection;

use super::Wanted;
use crate::read_store::{
    engine::{self, Transaction},
    error::ReadStoreError,
    folding::Folding,
    models,
};

/// The rows of these streams, in tables that are gone with the transaction.
pub(super) async fn rows(
    log: Arc<dyn EventStore>,
    streams: Vec<StreamName>,
    wanted: &Wanted,
) -> Result<Transaction<'static>, ReadStoreError> {
    let pool = engine::scratch().await?;
    let mut folding = Folding::new(log, models::named(wanted.tables)?, wanted.when.as_of);
    folding.park(wanted.parked.iter().cloned());
    folding.fetch(streams, wanted.when.position).await?;
    let mut db = pool.acquire().await?;
    let mut transaction = db.begin().await?;
    let changes = folding.take_changes(wanted.when.position);
    changes.write(&mut Rows::Sqlite(&mut transaction)).await?;
    transaction.commit().await?;
    drop(db);
    Ok(Transaction::Sqlite(pool.begin().await?))
}
