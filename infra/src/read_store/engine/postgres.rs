//! The tables in PostgreSQL.

use sqlx::{AssertSqlSafe, PgConnection, PgPool, Postgres, Transaction, postgres::PgPoolOptions};

use crate::{postgres as pg, read_store::ReadStoreError};

/// How many transactions are written at the same time.
pub(super) const WRITERS: u32 = 2;
/// How many questions are answered at the same time.
const READERS: u32 = 8;

/// Opens, or makes, the tables, to write them. A connection that was lost is made again.
pub(super) async fn open(url: &str) -> Result<PgPool, ReadStoreError> {
    let pool = PgPoolOptions::new()
        .max_connections(WRITERS)
        .connect_with(pg::options(url)?)
        .await?;
    let mut connection = pool.acquire().await?;
    let mut tables = sqlx::migrate!("migrations/read");
    // A newer program may have added tables of its own.
    tables.set_ignore_missing(true);
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

/// Opens the tables, to change a little beside who keeps them up.
pub(super) async fn beside(url: &str) -> Result<PgPool, ReadStoreError> {
    Ok(PgPoolOptions::new()
        .max_connections(1)
        .connect_with(pg::options(url)?)
        .await?)
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
///
/// A statement is planned when it is first run, which may be on an empty table; the plan is kept
/// while the table fills. So whatever the table holds, rows are found by an index; and what seems
/// dear for want of one is not compiled for that. An index is made by one process: the others have
/// work of their own.
pub(super) async fn begin(pool: &PgPool) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    pool.begin_with(
        "BEGIN; SET LOCAL synchronous_commit TO off; \
         SET LOCAL enable_seqscan TO off; SET LOCAL jit TO off; \
         SET LOCAL max_parallel_maintenance_workers TO 0",
    )
    .await
}

/// All statements see one snapshot, and the tables as they were named then.
///
/// Names are looked up as they are now, rows as they were: a table that came into its place after
/// the snapshot would seem half empty. So a lock that a switch waits for is taken before the
/// snapshot, which the first question takes.
pub(super) async fn begin_reading(
    pool: &PgPool,
) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    pool.begin_with(
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
         LOCK TABLE generation_v1 IN ACCESS SHARE MODE",
    )
    .await
}

/// A switch is on the disk when it is committed, and gives way to who holds the tables for long.
pub(super) async fn begin_switching(
    pool: &PgPool,
) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    pool.begin_with("BEGIN; SET LOCAL lock_timeout TO '1s'")
        .await
}

/// Makes an empty table like another, without its keys and indexes, and gives the rights given on it.
pub(super) async fn make_like(
    db: &mut PgConnection,
    table: &str,
    name: &str,
) -> Result<(), sqlx::Error> {
    let make = format!("CREATE TABLE {name} (LIKE {table} INCLUDING ALL EXCLUDING INDEXES)");
    sqlx::raw_sql(AssertSqlSafe(make)).execute(&mut *db).await?;
    run_all(db, include_str!("read_rights_postgres.sql"), table, name).await
}

/// Makes the keys and indexes of a table on another too.
pub(super) async fn index_like(
    db: &mut PgConnection,
    table: &str,
    name: &str,
) -> Result<(), sqlx::Error> {
    run_all(db, include_str!("read_indexes_postgres.sql"), table, name).await
}

/// Runs the statements that a statement about two tables answers.
async fn run_all(
    db: &mut PgConnection,
    statements: &'static str,
    table: &str,
    name: &str,
) -> Result<(), sqlx::Error> {
    let statements: Vec<(String,)> = sqlx::query_as(statements)
        .bind(table)
        .bind(name)
        .fetch_all(&mut *db)
        .await?;
    for (statement,) in statements {
        sqlx::raw_sql(AssertSqlSafe(statement))
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}

/// From here to the end of the transaction nobody reads or writes these tables, or begins to read
/// others.
pub(super) async fn hold_off(db: &mut PgConnection, tables: &[String]) -> Result<(), sqlx::Error> {
    let lock = format!(
        "LOCK TABLE generation_v1, {} IN ACCESS EXCLUSIVE MODE",
        tables.join(", ")
    );
    sqlx::raw_sql(AssertSqlSafe(lock)).execute(&mut *db).await?;
    Ok(())
}

/// The views that rest on a table, each with the statement that makes it anew on the table that
/// bears the name then.
pub(super) async fn views_on(
    db: &mut PgConnection,
    table: &str,
) -> Result<Vec<String>, sqlx::Error> {
    let views: Vec<(String,)> = sqlx::query_as(include_str!("read_views_postgres.sql"))
        .bind(table)
        .fetch_all(&mut *db)
        .await?;
    Ok(views.into_iter().map(|(made,)| made).collect())
}

/// Whether an error's code (SQLSTATE) says that a value is at fault: two rows of one name, data
/// exceptions, violated constraints, and what is too large.
pub(super) fn is_of_the_values(code: &str) -> bool {
    ["21", "22", "23", "54"].contains(&code.get(..2).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_suffers_from_is_no_fault_of_a_value() {
        let of_values = ["21000", "22021", "23514", "54000"];
        assert!(of_values.into_iter().all(is_of_the_values));
        let of_the_server = ["08006", "40001", "42703", "53100", "57P01", ""];
        assert!(!of_the_server.into_iter().any(is_of_the_values));
    }
}
