//! A database for a test or a measurement, gone when it is over.

use std::{
    env,
    io::Write,
    process,
    sync::atomic::{AtomicU32, Ordering},
    thread,
};

use sqlx::{AssertSqlSafe, ConnectOptions, Connection, postgres::PgConnectOptions};

/// The variable that names a PostgreSQL in which databases may be made and dropped.
const SERVER: &str = "STEGSPOR_TEST_POSTGRES";

/// Tells the databases of one process apart.
static NEXT: AtomicU32 = AtomicU32::new(1);

/// A fresh database, dropped with this value: for tests and measurements.
#[derive(Debug)]
pub struct ScratchDatabase {
    server: PgConnectOptions,
    name: String,
    url: String,
}

impl ScratchDatabase {
    /// Makes one on the server that `STEGSPOR_TEST_POSTGRES` names. Without that variable there is
    /// none, and standard error says what is skipped.
    ///
    /// # Panics
    /// If the variable is set and the server does not do as it is told.
    pub async fn make(what_for: &str) -> Option<Self> {
        let Ok(server) = env::var(SERVER) else {
            // Past the test harness, which keeps what a passing test prints.
            writeln!(
                std::io::stderr(),
                "skipped: {what_for} on PostgreSQL ({SERVER} is not set)"
            )
            .ok();
            return None;
        };
        let nth = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("stegspor_test_{}_{nth}", process::id());
        let (before, after) = server.split_once('?').unwrap_or((&server, ""));
        let base = before.rfind('/').map_or(before, |slash| &before[..slash]);
        let question = if after.is_empty() { "" } else { "?" };
        let url = format!("{base}/{name}{question}{after}");
        let server =
            super::options(&server).expect("STEGSPOR_TEST_POSTGRES is a URL of PostgreSQL");
        execute(&server, format!("CREATE DATABASE {name}"))
            .await
            .expect("the server of STEGSPOR_TEST_POSTGRES makes a database");
        Some(Self { server, name, url })
    }

    /// The URL that names it.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for ScratchDatabase {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        // A thread of its own: whoever drops this may be in the middle of anything.
        let dropped = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            if let Ok(runtime) = runtime {
                let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                runtime.block_on(execute(&server, drop)).ok();
            }
        });
        dropped.join().ok();
    }
}

async fn execute(server: &PgConnectOptions, sql: String) -> Result<(), sqlx::Error> {
    let mut connection = server.connect().await?;
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(&mut connection)
        .await?;
    connection.close().await
}
