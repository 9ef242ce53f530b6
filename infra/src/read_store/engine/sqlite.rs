//! The tables in a file, or in a database that is gone with its connection.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{
    ConnectOptions, SqliteConnection, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::read_store::ReadStoreError;

const TABLES: &str = concat!(
    include_str!("../../../migrations/read/0001_read_models.sql"),
    include_str!("../../../migrations/read/0002_plans_and_goals.sql"),
    include_str!("../../../migrations/read/0003_leases.sql"),
    include_str!("../../../migrations/read/0006_consent_of_a_phase.sql"),
);

/// Enough for the statements of every table in every size.
const STATEMENTS: usize = 512;

/// The file that a URL names; its folder is made.
pub(super) fn path(url: &str) -> Result<PathBuf, ReadStoreError> {
    let path = url.strip_prefix("sqlite:").ok_or(ReadStoreError::Url)?;
    let path = PathBuf::from(path.strip_prefix("//").unwrap_or(path));
    if path.as_os_str().is_empty() {
        return Err(ReadStoreError::Url);
    }
    crate::private::database(&path).map_err(ReadStoreError::Folder)?;
    Ok(path)
}

/// Opens, or makes, the tables in a file, to write them.
pub(super) async fn open(path: &Path) -> Result<SqliteConnection, ReadStoreError> {
    let mut writer = connect(path)
        .create_if_missing(true)
        // While catching up, rows land all over the indexes: fewer, larger checkpoints.
        .pragma("cache_size", "-48000")
        .pragma("wal_autocheckpoint", "8000")
        .connect()
        .await?;
    sqlx::migrate!("migrations/read").run(&mut writer).await?;
    Ok(writer)
}

/// Reads the tables in a file, beside who writes them.
pub(super) async fn readers(path: &Path) -> Result<SqlitePool, sqlx::Error> {
    SqlitePoolOptions::new()
        .max_connections(4)
        .test_before_acquire(false)
        .connect_with(connect(path).read_only(true))
        .await
}

fn connect(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(Duration::from_secs(5))
        .statement_cache_capacity(STATEMENTS)
        .disable_statement_logging()
}

/// Makes the tables in a database of its own that is gone with its connection. It lives in the
/// page cache, and in a nameless temporary file where that is too small; it needs no durability.
pub(in crate::read_store) async fn scratch() -> Result<SqlitePool, sqlx::Error> {
    let connect = SqliteConnectOptions::new()
        .filename("")
        .journal_mode(SqliteJournalMode::Off)
        .synchronous(SqliteSynchronous::Off)
        .pragma("cache_size", "-8000")
        .statement_cache_capacity(STATEMENTS)
        .disable_statement_logging();
    // The database belongs to its one connection, which must therefore never be replaced.
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_with(connect)
        .await?;
    sqlx::raw_sql(TABLES).execute(&pool).await?;
    Ok(pool)
}
