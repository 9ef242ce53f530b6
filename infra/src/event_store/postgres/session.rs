//! A connection of our own, and what its errors mean.
//!
//! One statement is a transaction, and goes in one round trip. Behind a pooler that cannot keep
//! prepared statements apart, sqlx needs two for it, and only a transaction keeps the pooler from
//! giving the second to another session of the server: there, each statement stands between BEGIN
//! and COMMIT.

use std::time::Duration;

use sqlx::{Connection, PgConnection, Postgres, postgres::PgArguments};

use crate::postgres::Database;

/// How long making a connection may take.
const CONNECT: Duration = Duration::from_secs(5);

pub(super) type Query = sqlx::query::Query<'static, Postgres, PgArguments>;

/// A connection of our own.
pub(super) struct Session {
    pub(super) connection: PgConnection,
    pooled: bool,
    in_transaction: bool,
}

impl Session {
    pub(super) async fn open(database: &Database) -> Result<Self, sqlx::Error> {
        let connection = within(CONNECT, database.connect()).await?;
        Ok(Self {
            connection,
            pooled: database.pooled(),
            in_transaction: false,
        })
    }

    /// A statement, prepared where that is possible.
    pub(super) fn query(&self, sql: &'static str) -> Query {
        sqlx::query(sql).persistent(!self.pooled)
    }

    /// Begins a transaction for several statements.
    pub(super) async fn begin(&mut self) -> Result<(), sqlx::Error> {
        self.say(include_str!("begin.sql")).await?;
        self.in_transaction = true;
        Ok(())
    }

    /// Begins a transaction for the one statement that follows, where it needs one.
    pub(super) async fn begin_one(&mut self) -> Result<(), sqlx::Error> {
        if self.pooled {
            self.begin().await?;
        }
        Ok(())
    }

    pub(super) async fn commit(&mut self) -> Result<(), sqlx::Error> {
        self.say("COMMIT").await?;
        self.in_transaction = false;
        Ok(())
    }

    /// Ends what [`begin_one`](Self::begin_one) began.
    pub(super) async fn commit_one(&mut self) -> Result<(), sqlx::Error> {
        if self.pooled {
            self.commit().await?;
        }
        Ok(())
    }

    /// Takes back what was done since the transaction began, if one is open.
    pub(super) async fn rollback(&mut self) -> Result<(), sqlx::Error> {
        if self.in_transaction {
            self.say("ROLLBACK").await?;
            self.in_transaction = false;
        }
        Ok(())
    }

    pub(super) async fn close(self) {
        self.connection.close().await.ok();
    }

    async fn say(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(sql)
            .execute(&mut self.connection)
            .await
            .map(drop)
    }
}

/// No longer than so; whoever talks to a server that has gone silent would wait for ever.
pub(super) async fn within<T>(
    time: Duration,
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    tokio::time::timeout(time, work).await.unwrap_or_else(|_| {
        let silent = std::io::Error::new(std::io::ErrorKind::TimedOut, "the server is silent");
        Err(sqlx::Error::Io(silent))
    })
}

/// Whether the database refused what was decided on a stale view, or an event that it holds
/// already: a unique index, or a server whose transactions are serializable by default.
pub(super) fn is_refusal(error: &sqlx::Error) -> bool {
    matches!(code(error).as_deref(), Some("23505" | "40001"))
}

/// Whether the connection is of no use any more: it broke, the server goes down or has become
/// another's replica. What the server says of a statement is no such thing.
pub(super) fn is_lost(error: &sqlx::Error) -> bool {
    match code(error).as_deref() {
        Some(code) => {
            code.starts_with("08") || code.starts_with("57P") || matches!(code, "25006" | "25P03")
        }
        None => !matches!(
            error,
            sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. }
        ),
    }
}

fn code(error: &sqlx::Error) -> Option<std::borrow::Cow<'_, str>> {
    error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
}
