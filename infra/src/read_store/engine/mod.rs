//! Where the tables lie: in a file, or in PostgreSQL.
//!
//! Both hold the same tables, made by the same migrations and asked by the same statements. What
//! differs stands here: how to connect, and how a batch of rows is written.

mod postgres;
mod sqlite;

use std::path::PathBuf;

use projections::Rows;
use sqlx::{PgPool, Postgres, Sqlite, SqliteConnection, SqlitePool};

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
            Self::Sqlite(path) => Writer::Sqlite(sqlite::open(path).await?),
            Self::Postgres(url) => Writer::Postgres(postgres::open(url).await?),
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

/// Writes the tables.
#[derive(Debug)]
pub(super) enum Writer {
    Sqlite(SqliteConnection),
    Postgres(PgPool),
}

impl Writer {
    /// Begins a transaction: all or nothing of it is written.
    pub(super) async fn begin(&mut self) -> Result<Transaction<'_>, sqlx::Error> {
        use sqlx::Connection as _;
        Ok(match self {
            Self::Sqlite(connection) => Transaction::Sqlite(connection.begin().await?),
            Self::Postgres(pool) => Transaction::Postgres(postgres::begin(pool).await?),
        })
    }

    /// Lets go of the tables.
    pub(super) async fn close(self) {
        use sqlx::Connection as _;
        match self {
            Self::Sqlite(connection) => {
                connection.close().await.ok();
            }
            Self::Postgres(pool) => pool.close().await,
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

    /// Makes what was written count.
    pub(super) async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await,
            Self::Postgres(transaction) => transaction.commit().await,
        }
    }
}
