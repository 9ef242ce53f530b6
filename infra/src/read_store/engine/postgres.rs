//! The tables in PostgreSQL.

use sqlx::{PgPool, Postgres, Transaction, postgres::PgPoolOptions};

use crate::{postgres as pg, read_store::ReadStoreError};

/// How many questions are answered at the same time.
const READERS: u32 = 8;

/// Opens, or makes, the tables, to write them. A connection that was lost is made again.
pub(super) async fn open(url: &str) -> Result<PgPool, ReadStoreError> {
    let pool = PgPoolOptions::new()
        .max_connections(2)
        .connect_with(pg::options(url)?)
        .await?;
    let mut connection = pool.acquire().await?;
    let tables = sqlx::migrate!("migrations/read");
    pg::migrate(&mut connection, tables, "read_models_migrated").await?;
    Ok(pool)
}

/// Reads the tables, beside who writes them.
pub(super) async fn readers(url: &str) -> Result<PgPool, ReadStoreError> {
    Ok(PgPoolOptions::new()
        .max_connections(READERS)
        .connect_with(pg::options(url)?)
        .await?)
}

/// A batch need not be on the disk when it is committed: rows and checkpoint are lost together,
/// and made again from the log.
pub(super) async fn begin(pool: &PgPool) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    pool.begin_with("BEGIN; SET LOCAL synchronous_commit TO off")
        .await
}

/// All statements see one snapshot.
pub(super) async fn begin_reading(
    pool: &PgPool,
) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await
}
