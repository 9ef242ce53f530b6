//! Where the tables lie: in a file, or in PostgreSQL.
//!
//! Both hold the same tables, made by the same migrations and asked by the same statements. What
//! differs stands here: how to connect, and how a batch of rows is written.

mod postgres;
mod sqlite;

use std::{path::PathBuf, time::Duration};

use projections::Rows;
use sqlx::{PgPool, Postgres, Sqlite, SqlitePool};
use tokio::sync::watch;

pub(super) use self::sqlite::{index, scratch, settle, size};
use super::error::ReadStoreError;
use crate::postgres as pg;

/// Where the tables of a read store lie.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// In a file.
    Sqlite(PathBuf),
    /// In the database of a URL.
    Postgres(String),
}

impl Place {
    /// The place that a URL names; a file's folder is made.
    pub(super) fn of(url: &str) -> Result<Self, ReadStoreError> {
        if pg::is_meant(url) {
            Ok(Self::Postgres(url.to_owned()))
        } else {
            sqlite::path(url).map(Self::Sqlite)
        }
    }

    /// Whether several nodes may keep the tables up. Those in a file belong to the one process
    /// that writes the log beside them.
    pub(super) fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Opens, or makes, the tables, to write them.
    pub(super) async fn writer(&self) -> Result<Writer, ReadStoreError> {
        Ok(match self {
            Self::Sqlite(path) => Writer::Sqlite(sqlite::open(path).await?, PATIENCE),
            Self::Postgres(url) => Writer::Postgres(postgres::open(url).await?, None),
        })
    }

    /// Opens tables that are up to date, to change a little beside who keeps them up.
    pub(super) async fn beside(&self) -> Result<Writer, ReadStoreError> {
        Ok(match self {
            Self::Sqlite(path) => Writer::Sqlite(sqlite::beside(path).await?, PATIENCE),
            Self::Postgres(url) => Writer::Postgres(postgres::beside(url).await?, None),
        })
    }

    /// Opens the tables to read them, beside who writes them.
    pub(super) async fn readers(&self) -> Result<Readers, ReadStoreError> {
        Ok(match self {
            Self::Sqlite(path) => Readers::Sqlite(sqlite::readers(path).await?),
            Self::Postgres(url) => Readers::Postgres(postgres::readers(url).await?),
        })
    }
}

/// Whether a statement failed because of the values it brought: it will fail with them again.
pub(super) fn refuses_a_row(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Encode(_) => true,
        sqlx::Error::Database(error) => {
            let code = error.code();
            let code = code.as_deref().unwrap_or_default();
            match error.try_downcast_ref::<sqlx::sqlite::SqliteError>() {
                Some(_) => sqlite::is_of_the_values(code),
                None => postgres::is_of_the_values(code),
            }
        }
        _ => false,
    }
}

/// How long others that write a file are waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// Of who does a long work in small pieces, and meets them often.
const MORE_PATIENCE: Duration = Duration::from_mins(1);

/// Writes the tables.
#[derive(Debug, Clone)]
pub(super) enum Writer {
    /// By one connection, with patience for others.
    Sqlite(SqlitePool, Duration),
    /// By several, which wait while it is told that others are late.
    Postgres(PgPool, Option<watch::Receiver<bool>>),
}

impl Writer {
    /// Begins a transaction: all or nothing of it is written.
    pub(super) async fn begin(&mut self) -> Result<Transaction<'_>, sqlx::Error> {
        Ok(match self {
            Self::Sqlite(pool, patience) => {
                Transaction::Sqlite(sqlite::begin(pool, *patience).await?)
            }
            Self::Postgres(pool, _) => Transaction::Postgres(postgres::begin(pool).await?),
        })
    }

    /// Waits longer than usual for others that write. Where these can be overtaken, answers where it
    /// is told that they are late: then it [gives way](Self::give_way).
    pub(super) fn be_patient(&mut self) -> Option<watch::Sender<bool>> {
        match self {
            Self::Sqlite(_, patience) => {
                *patience = MORE_PATIENCE;
                None
            }
            Self::Postgres(_, others) => {
                let (tell, late) = watch::channel(false);
                *others = Some(late);
                Some(tell)
            }
        }
    }

    /// How many transactions can be written at the same time.
    pub(super) fn at_once(&self) -> usize {
        match self {
            Self::Sqlite(..) => 1,
            Self::Postgres(..) => postgres::WRITERS as usize,
        }
    }

    /// Between two pieces of a long work: lets others write, where one does at a time, and those go
    /// first who are late.
    pub(super) async fn give_way(&self) {
        match self {
            // Who waits to write is not in a queue: it tries again after a while.
            Self::Sqlite(..) => tokio::time::sleep(sqlite::GAP).await,
            Self::Postgres(_, None) => {}
            Self::Postgres(_, Some(late)) => {
                // Who told it may be gone: then nobody is waited for.
                late.clone().wait_for(|late| !late).await.ok();
            }
        }
    }

    /// Begins a transaction that puts tables in the place of others.
    pub(super) async fn begin_switching(&mut self) -> Result<Transaction<'_>, sqlx::Error> {
        Ok(match self {
            Self::Sqlite(pool, patience) => {
                // On the disk when it is committed.
                sqlx::raw_sql("PRAGMA synchronous = FULL")
                    .execute(&*pool)
                    .await?;
                Transaction::Sqlite(sqlite::begin(pool, *patience).await?)
            }
            Self::Postgres(pool, _) => {
                Transaction::Postgres(postgres::begin_switching(pool).await?)
            }
        })
    }

    /// Lets go of the tables.
    pub(super) async fn close(self) {
        match self {
            Self::Sqlite(pool, _) => pool.close().await,
            Self::Postgres(pool, _) => pool.close().await,
        }
    }
}

/// Reads the tables.
#[derive(Debug, Clone)]
pub(super) enum Readers {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Readers {
    /// Begins to read: all statements until the end see the same rows.
    pub(super) async fn begin(&self) -> Result<Transaction<'static>, sqlx::Error> {
        Ok(match self {
            Self::Sqlite(pool) => Transaction::Sqlite(pool.begin().await?),
            Self::Postgres(pool) => Transaction::Postgres(postgres::begin_reading(pool).await?),
        })
    }

    /// Lets go of the tables.
    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// A transaction; undone when it is dropped.
#[derive(Debug)]
pub(super) enum Transaction<'c> {
    Sqlite(sqlx::Transaction<'c, Sqlite>),
    Postgres(sqlx::Transaction<'c, Postgres>),
}

impl Transaction<'_> {
    /// The rows as they are within it.
    pub(super) fn rows(&mut self) -> Rows<'_> {
        match self {
            Self::Sqlite(transaction) => Rows::Sqlite(&mut *transaction),
            Self::Postgres(transaction) => Rows::Postgres(&mut *transaction),
        }
    }

    /// The database's time, in microseconds since 1970.
    pub(super) async fn now(&mut self) -> Result<i64, sqlx::Error> {
        let text = match self {
            Self::Sqlite(_) => "SELECT CAST(unixepoch('subsec') * 1000000 AS BIGINT)",
            Self::Postgres(_) => {
                "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)"
            }
        };
        let (now,): (i64,) = self.rows().sql(text).one().await?;
        Ok(now)
    }

    /// Makes an empty table like another, without [its indexes](Self::index_like).
    pub(super) async fn make_like(&mut self, table: &str, name: &str) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(transaction) => sqlite::make_like(transaction, table, name).await,
            Self::Postgres(transaction) => postgres::make_like(transaction, table, name).await,
        }
    }

    /// Makes the keys and indexes of a table on another that was made [like it](Self::make_like).
    pub(super) async fn index_like(&mut self, table: &str, name: &str) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(transaction) => sqlite::index_like(transaction, table, name).await,
            Self::Postgres(transaction) => postgres::index_like(transaction, table, name).await,
        }
    }

    /// The names of a table's columns.
    pub(super) async fn columns(&mut self, table: &str) -> Result<Vec<String>, sqlx::Error> {
        let text = match self {
            Self::Sqlite(_) => "SELECT name FROM pragma_table_info($1)",
            Self::Postgres(_) => {
                "SELECT CAST(attname AS TEXT) FROM pg_attribute \
                 WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped"
            }
        };
        let names: Vec<(String,)> = self.rows().sql(text).bind(table).all().await?;
        Ok(names.into_iter().map(|(name,)| name).collect())
    }

    /// Whether there is such a table.
    pub(super) async fn has_table(&mut self, table: &str) -> Result<bool, sqlx::Error> {
        Ok(!self.columns(table).await?.is_empty())
    }

    /// Holds off who reads or writes these tables until the end. In a file everybody reads what was
    /// there when they began, and one writes at a time.
    pub(super) async fn hold_off(&mut self, tables: &[String]) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(transaction) => postgres::hold_off(transaction, tables).await,
        }
    }

    /// Puts one table in the place of another, which goes by another name from then on. Views that
    /// rest on the name rest on the new table.
    pub(super) async fn replace(
        &mut self,
        table: &str,
        by: &str,
        old: &str,
    ) -> Result<(), sqlx::Error> {
        let views = match self {
            Self::Sqlite(_) => vec![],
            Self::Postgres(transaction) => postgres::views_on(transaction, table).await?,
        };
        self.run(format!("ALTER TABLE {table} RENAME TO {old}"))
            .await?;
        self.run(format!("ALTER TABLE {by} RENAME TO {table}"))
            .await?;
        for view in views {
            self.run(view).await?;
        }
        Ok(())
    }

    /// Drops a table.
    pub(super) async fn drop_table(&mut self, table: &str) -> Result<(), sqlx::Error> {
        self.run(format!("DROP TABLE IF EXISTS {table}")).await
    }

    /// Lets the engine know what a table holds, so that it finds its way.
    pub(super) async fn analyze(&mut self, table: &str) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(_) => Ok(()),
            // A tenth of the sample that is usual: it is taken again as the table changes.
            Self::Postgres(_) => {
                let sql = "SET LOCAL default_statistics_target TO 10; ANALYZE";
                self.run(format!("{sql} {table}")).await
            }
        }
    }

    /// Runs a statement whose text is made of the names of tables.
    async fn run(&mut self, sql: String) -> Result<(), sqlx::Error> {
        let sql = sqlx::raw_sql(sqlx::AssertSqlSafe(sql));
        match self {
            Self::Sqlite(transaction) => sql.execute(&mut **transaction).await.map(|_| ()),
            Self::Postgres(transaction) => sql.execute(&mut **transaction).await.map(|_| ()),
        }
    }

    /// Makes what was written count.
    pub(super) async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await,
            Self::Postgres(transaction) => transaction.commit().await,
        }
    }
}
