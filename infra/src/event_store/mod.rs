//! The event store: one port, several engines, one contract.
//!
//! A log is chosen by its URL ([`open`]): `sqlite:PATH` is the embedded default,
//! `postgres://HOST/DATABASE` takes several nodes, `kurrentdb://HOST` or `esdb://HOST` is a server
//! or a cluster of KurrentDB, `memory:` forgets everything at the end. What each of them promises
//! is written down as tests in [`contract`];
//! an engine that passes them is an event store.

mod admission;
mod chain;
pub mod contract;
mod group;
mod heads;
mod kurrentdb;
pub(crate) mod ledger;
mod memory;
mod observed;
mod packed;
mod postgres;
mod sqlite;
mod verify;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use domain::es::EventStore;

use crate::at_rest;

pub use chain::expected_hash;
pub use kurrentdb::KurrentEventStore;
pub use memory::MemoryEventStore;
pub use observed::ObservedLog;
pub use postgres::PostgresEventStore;
pub(crate) use sqlite::{BUSY, lock};
pub use sqlite::{SqliteEventStore, SqliteOptions};
#[cfg(test)]
pub(crate) use verify::walk as verify_events;
pub use verify::{Misfit, Verified, Verify, VerifyError};

/// A log that can be written, read and checked.
pub trait Log: EventStore + Verify {}
impl<L: EventStore + Verify> Log for L {}

/// Why a log could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No engine of that name is built in.
    #[error(
        "no event store of the kind {scheme:?}; known are sqlite:PATH, postgres://HOST/DATABASE, kurrentdb://HOST, esdb://HOST and memory:"
    )]
    UnknownScheme {
        /// What stands before the colon, or all of it if there is none.
        scheme: String,
    },
    /// A URL without the path it needs.
    #[error("an event store in SQLite needs a path: sqlite:PATH")]
    NoPath,
    /// The folder for the file could not be made.
    #[error("the folder of the event store could not be made")]
    Folder(#[source] std::io::Error),
    /// Another process writes to this log, and keeps what lies beside it.
    #[error("{path} is open in another process, and one process at a time writes to it")]
    InUse {
        /// The log.
        path: PathBuf,
    },
    /// The file that says who writes could not be locked.
    #[error("the lock beside {path} could not be taken")]
    Lock {
        /// The log.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file is there, and is not a log that this program can read.
    #[error("the event store could not be opened")]
    Engine(#[source] sqlx::Error),
    /// An address of KurrentDB that cannot be read. It may hold a password, and is not repeated.
    #[error("the address of KurrentDB is not understood: {what}")]
    KurrentAddress {
        /// What is wrong with it.
        what: &'static str,
    },
    /// The client of KurrentDB could not be made, for example for want of its certificates.
    #[error("the event store could not be opened")]
    KurrentClient(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The tables could not be brought up to date.
    #[error("the tables of the event store could not be brought up to date")]
    Migrate(#[source] sqlx::migrate::MigrateError),
}

/// Opens the log that a URL names; one in a file is made if there is none. A log in a file is
/// opened for this process alone; others may [look](open_to_read) at it meanwhile.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// assert!(infra::event_store::open("memory:").await.is_ok());
/// let error = infra::event_store::open("carrier-pigeon:loft").await.err().unwrap();
/// assert!(error.to_string().contains("carrier-pigeon"));
/// # });
/// ```
pub async fn open(url: &str) -> Result<Arc<dyn Log>, OpenError> {
    open_with(url, SqliteOptions::default().exclusive()).await
}

/// Opens the log that a URL names for looking only, beside whoever writes to it.
pub async fn open_to_read(url: &str) -> Result<Arc<dyn Log>, OpenError> {
    open_with(url, SqliteOptions::default()).await
}

/// Brings a log in a file to rest: all of it lies in the one file then, and can be copied. To be
/// called when nobody writes any more.
pub async fn bring_to_rest(url: &str) -> Result<(), OpenError> {
    match url.split_once(':') {
        Some(("sqlite", path)) => {
            let path = Path::new(path.strip_prefix("//").unwrap_or(path));
            at_rest::bring_to_rest(path)
                .await
                .map_err(OpenError::Engine)
        }
        _ => Ok(()),
    }
}

async fn open_with(url: &str, options: SqliteOptions) -> Result<Arc<dyn Log>, OpenError> {
    let log = engine(url, options).await?;
    Ok(Arc::new(ObservedLog::of(log)))
}

async fn engine(url: &str, options: SqliteOptions) -> Result<Arc<dyn Log>, OpenError> {
    let (scheme, path) = url.split_once(':').unwrap_or((url, ""));
    match scheme {
        "memory" => Ok(Arc::new(MemoryEventStore::new())),
        "sqlite" => {
            let path = Path::new(path.strip_prefix("//").unwrap_or(path));
            if path.as_os_str().is_empty() {
                return Err(OpenError::NoPath);
            }
            Ok(Arc::new(SqliteEventStore::open_with(path, options).await?))
        }
        _ if crate::postgres::is_meant(url) => Ok(Arc::new(PostgresEventStore::open(url).await?)),
        "kurrentdb" | "kurrentdb+discover" | "esdb" | "esdb+discover" => {
            Ok(Arc::new(KurrentEventStore::open(url)?))
        }
        _ => Err(OpenError::UnknownScheme {
            scheme: scheme.to_owned(),
        }),
    }
}
