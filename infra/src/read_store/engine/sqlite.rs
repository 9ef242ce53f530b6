//! The tables in a file, or in a database that is gone with its connection.

use std::{
    path::{Path, PathBuf},
    sync::LazyLock,
    time::Duration,
};

use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Sqlite, SqliteConnection, SqlitePool, Transaction,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use tokio::time::Instant;

use crate::read_store::ReadStoreError;

const TABLES: &str = concat!(
    include_str!("../../../migrations/read/0001_read_models.sql"),
    include_str!("../../../migrations/read/0002_plans_and_goals.sql"),
    include_str!("../../../migrations/read/0003_leases.sql"),
    include_str!("../../../migrations/read/0004_generations.sql"),
    include_str!("../../../migrations/read/0006_consent_of_a_phase.sql"),
    include_str!("../../../migrations/read/0007_attempts.sql"),
    include_str!("../../../migrations/read/0008_day_of_a_capacity.sql"),
    include_str!("../../../migrations/read/0009_consents_of_a_treatment.sql"),
    include_str!("../../../migrations/read/0010_timeline_by_person.sql"),
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

/// How often it is looked whether others that write are done. SQLite itself looks ever more seldom,
/// so that who writes a little would rarely find a gap beside who writes much.
const LOOK: Duration = Duration::from_millis(1);
/// A gap that others can be expected to find.
pub(super) const GAP: Duration = Duration::from_millis(3);

/// Opens, or makes, the tables in a file, to write them: by one connection, which is never replaced.
pub(super) async fn open(path: &Path) -> Result<SqlitePool, ReadStoreError> {
    let connect = connect(path)
        .create_if_missing(true)
        // While catching up, rows land all over the indexes: fewer, larger checkpoints.
        .pragma("cache_size", "-48000")
        .pragma("wal_autocheckpoint", "8000");
    let writer = SqlitePoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_with(connect)
        .await?;
    let mut tables = sqlx::migrate!("migrations/read");
    // A newer program may have added tables of its own.
    tables.set_ignore_missing(true);
    tables.run(&writer).await?;
    // From here on who waits for others looks by itself.
    sqlx::raw_sql("PRAGMA busy_timeout = 0")
        .execute(&writer)
        .await?;
    Ok(writer)
}

/// Opens the tables in a file, to change a little beside who keeps them up.
pub(super) async fn beside(path: &Path) -> Result<SqlitePool, sqlx::Error> {
    let options = SqlitePoolOptions::new().max_connections(1);
    options.connect_with(connect(path)).await
}

/// Begins a transaction that writes, in turn with others that do. Who reads first and then writes
/// would be refused if another had written meanwhile.
pub(super) async fn begin(
    writer: &SqlitePool,
    patience: Duration,
) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
    let asked = Instant::now();
    loop {
        match writer.begin_with("BEGIN IMMEDIATE").await {
            Err(error) if is_busy(&error) && asked.elapsed() < patience => {
                tokio::time::sleep(LOOK).await;
            }
            begun => return begun,
        }
    }
}

/// Whether another writes at the moment.
pub(super) fn is_busy(error: &sqlx::Error) -> bool {
    let code = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code);
    code.as_deref() == Some("5")
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
/// Its [indexes](index) are made once it is filled.
pub(in crate::read_store) async fn scratch() -> Result<SqlitePool, sqlx::Error> {
    let connect = SqliteConnectOptions::new()
        .filename("")
        .journal_mode(SqliteJournalMode::Off)
        .synchronous(SqliteSynchronous::Off)
        .pragma("cache_size", FILLING)
        .statement_cache_capacity(STATEMENTS)
        .disable_statement_logging();
    // The database belongs to its one connection, which must therefore never be replaced.
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .min_connections(1)
        // Who waits for it while it is filled decides by themselves how long.
        .acquire_timeout(Duration::from_hours(1))
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_with(connect)
        .await?;
    sqlx::raw_sql(&*SCRATCH.0).execute(&pool).await?;
    Ok(pool)
}

/// The page cache of a scratch database while it is filled, in the unit that SQLite takes: rows land
/// all over the indexes of their names.
const FILLING: &str = "-32000";
/// And once it is only asked.
const KEPT: &str = "PRAGMA cache_size = -2000; PRAGMA shrink_memory";

/// Lets go of the memory that filling a scratch database took: pages, and the statements that fill.
pub(in crate::read_store) async fn settle(db: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    db.clear_cached_statements().await?;
    sqlx::raw_sql(KEPT).execute(db).await.map(|_| ())
}

/// Makes the indexes of a scratch database: of many rows at once they are made faster than row by
/// row.
pub(in crate::read_store) async fn index(db: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(&*SCRATCH.1).execute(db).await.map(|_| ())
}

/// How many bytes a database takes.
pub(in crate::read_store) async fn size(db: &mut SqliteConnection) -> Result<u64, sqlx::Error> {
    let sql = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()";
    let bytes: i64 = sqlx::query_scalar(sql).fetch_one(db).await?;
    Ok(bytes.cast_unsigned())
}

/// The tables, and their indexes.
static SCRATCH: LazyLock<(String, String)> = LazyLock::new(|| {
    TABLES
        .split_inclusive(';')
        .partition(|statement| !statement.contains(" INDEX "))
});

/// Makes an empty table like another, with its keys and without its indexes.
pub(super) async fn make_like(
    db: &mut SqliteConnection,
    table: &str,
    name: &str,
) -> Result<(), sqlx::Error> {
    run_all(db, table, name, |what| what == "table").await
}

/// Makes the indexes of a table on another too.
pub(super) async fn index_like(
    db: &mut SqliteConnection,
    table: &str,
    name: &str,
) -> Result<(), sqlx::Error> {
    run_all(db, table, name, |what| what == "index").await
}

/// Makes some of what one table has for another.
async fn run_all(
    db: &mut SqliteConnection,
    table: &str,
    name: &str,
    meant: impl Fn(&str) -> bool,
) -> Result<(), sqlx::Error> {
    let made: Vec<(String, String)> = sqlx::query_as(include_str!("read_schema_sqlite.sql"))
        .bind(table)
        .fetch_all(&mut *db)
        .await?;
    for (nth, (what, sql)) in made.iter().enumerate().filter(|(_, (what, _))| meant(what)) {
        let (_, columns) = sql.split_once('(').ok_or_else(|| no_schema(table))?;
        let sql = match what.as_str() {
            "table" => format!("CREATE TABLE {name} ({columns}"),
            _ if sql.starts_with("CREATE UNIQUE") => {
                format!("CREATE UNIQUE INDEX {name}_{nth} ON {name} ({columns}")
            }
            _ => format!("CREATE INDEX {name}_{nth} ON {name} ({columns}"),
        };
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *db).await?;
    }
    if made.is_empty() {
        return Err(no_schema(table));
    }
    Ok(())
}

fn no_schema(table: &str) -> sqlx::Error {
    sqlx::Error::Configuration(format!("there is no table {table} to make another like").into())
}

/// Whether an error's (extended) code says that a value is at fault: too large, a constraint that
/// it violates, or of another type than its column.
pub(super) fn is_of_the_values(code: &str) -> bool {
    const TOO_BIG: u32 = 18;
    const CONSTRAINT: u32 = 19;
    const MISMATCH: u32 = 20;
    let primary = code.parse().map(|code: u32| code & 0xff);
    primary.is_ok_and(|code| [TOO_BIG, CONSTRAINT, MISMATCH].contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_disk_suffers_from_is_no_fault_of_a_value() {
        let of_values = ["18", "19", "20", "1299", "1811", "2067"];
        assert!(of_values.into_iter().all(is_of_the_values));
        // Busy, locked, an error of reading, full, corrupt.
        let of_the_disk = ["5", "6", "10", "13", "11", "266", ""];
        assert!(!of_the_disk.into_iter().any(is_of_the_values));
    }
}
