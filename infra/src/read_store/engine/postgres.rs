//! The tables in PostgreSQL.

use sqlx::{PgConnection, PgPool, Postgres, Transaction, postgres::PgPoolOptions};

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
    make_views(&mut connection).await?;
    Ok(pool)
}

/// Whether the schema is there, or can be made.
const MAY_MAKE_VIEWS: &str = "SELECT to_regnamespace('analytics') IS NOT NULL \
     OR has_database_privilege(current_database(), 'CREATE')";

/// The views of the schema `analytics`. Nothing else needs them: who may not make a schema serves
/// without.
async fn make_views(connection: &mut PgConnection) -> Result<(), ReadStoreError> {
    let may: bool = sqlx::query_scalar(MAY_MAKE_VIEWS)
        .persistent(false)
        .fetch_one(&mut *connection)
        .await?;
    if may {
        let views = sqlx::migrate!("migrations/analytics_postgres");
        pg::migrate(connection, views, "analytics_migrated").await?;
    } else {
        tracing::warn!(
            "the views for analysts are not made: this role may not make a schema. \
             CREATE SCHEMA analytics AUTHORIZATION its name, by who may, mends that"
        );
    }
    Ok(())
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
