//! PostgreSQL: how this program connects to it, and keeps its tables up to date.
//!
//! A URL (`postgres://user@host:5432/database`, or `postgres:///database?host=/var/run/postgresql`
//! for a Unix socket) names a database; log and read models may share one, or have one each.
//! Nothing rests on the state of a session, so a pooler in transaction mode may stand between:
//! locks end with their transaction, no setting is made once for all, and where the pooler cannot
//! keep prepared statements apart, `?statement-cache-capacity=0` does without.

mod scratch;

use std::str::FromStr;

use sqlx::{
    ConnectOptions, Connection, PgConnection,
    migrate::{MigrateError, Migrator},
    postgres::PgConnectOptions,
};

pub use scratch::ScratchDatabase;

/// Whether a URL names a database in PostgreSQL.
pub(crate) fn is_meant(url: &str) -> bool {
    matches!(url.split_once(':'), Some(("postgres" | "postgresql", _)))
}

/// How to connect to the database that a URL names.
pub(crate) fn options(url: &str) -> Result<PgConnectOptions, sqlx::Error> {
    let options = PgConnectOptions::from_str(url)?
        .application_name("stegspor")
        // A pooler refuses what it does not know at the start of a session.
        .extra_float_digits(None)
        .disable_statement_logging();
    Ok(options)
}

/// A database that can be connected to again and again.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    options: PgConnectOptions,
    pooled: bool,
}

impl Database {
    /// The one that a URL names.
    pub(crate) fn named(url: &str) -> Result<Self, sqlx::Error> {
        let asked = url.split_once('?').map_or("", |(_, asked)| asked);
        Ok(Self {
            options: options(url)?,
            pooled: asked
                .split('&')
                .any(|one| one == "statement-cache-capacity=0"),
        })
    }

    /// Whether a pooler stands between that cannot keep prepared statements apart.
    pub(crate) fn pooled(&self) -> bool {
        self.pooled
    }

    /// How to connect.
    pub(crate) fn options(&self) -> PgConnectOptions {
        self.options.clone()
    }

    pub(crate) async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        self.options.connect().await
    }
}

/// Brings tables up to date. Several nodes may start at once: the first does it, the others wait.
/// Each set of tables remembers by a table of its own how far it has come, so that several can
/// lie in one database.
pub(crate) async fn migrate(
    connection: &mut PgConnection,
    mut tables: Migrator,
    remembered_in: &'static str,
) -> Result<(), MigrateError> {
    tables.set_locking(false);
    tables.dangerous_set_table_name(remembered_in);
    let mut transaction = connection.begin().await?;
    // Behind a pooler, sqlx's migrations meet the statements that another connection of ours has
    // prepared on the same session of the server, and must leave none behind.
    let forget = || sqlx::raw_sql(include_str!("forget_statements.sql"));
    forget().execute(&mut *transaction).await?;
    sqlx::query(include_str!("lock_migrations.sql"))
        .execute(&mut *transaction)
        .await?;
    tables.run(&mut *transaction).await?;
    transaction.clear_cached_statements().await?;
    forget().execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(())
}
