//! What the event store costs, as ratios to raw SQL measured in the same run.
//!
//! ```text
//! cargo bench -p tests --bench ratios                             all rows but the big logs'
//! cargo bench -p tests --bench ratios -- --rows append,command    some of them
//! cargo bench -p tests --bench ratios -- --quick                  a first impression
//! cargo bench -p tests --bench ratios -- --big                    logs of 1 and 10 million events too
//! cargo bench -p tests --bench ratios -- --engine postgres        on PostgreSQL, against raw PostgreSQL
//! cargo bench -p tests --bench ratios -- --rows rebuild           a million events made anew while others arrive
//! ```
//!
//! PostgreSQL is the server that `STEGSPOR_TEST_POSTGRES` names; prefer its Unix socket.
//!
//! A ratio of two figures taken one after the other on the same machine says more than either of
//! them: raw and ours take turns, and the median of the ratios of neighbours counts. Bounds are
//! floors (or ceilings), not aims; nothing here is a test, since a busy machine is no defect.

mod append;
mod big;
mod catch_up;
mod chain;
mod command;
mod ground;
mod history;
mod intake;
mod kurrentdb;
mod measure;
mod memory;
mod nodes;
mod past;
mod raw;
mod rebuild;
mod sample;
mod table;
mod telemetry;
mod visible;

use std::{path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use infra::event_store::{SqliteEventStore, SqliteOptions};
use tempfile::TempDir;

use self::{ground::Engine, table::Row};

/// What goes wrong in a benchmark ends it.
pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// How much is measured.
#[derive(Clone)]
pub(crate) struct Plan {
    /// Which engine keeps the log.
    pub(crate) engine: Engine,
    /// A first impression will do.
    pub(crate) quick: bool,
    /// How long one measurement takes.
    pub(crate) span: Duration,
    /// How often raw and ours take turns.
    pub(crate) turns: usize,
    /// Where files are made: on the disk that the program is built on, not in memory.
    pub(crate) folder: PathBuf,
}

impl Plan {
    /// A folder that is gone afterwards.
    pub(crate) fn folder(&self) -> Result<TempDir> {
        Ok(tempfile::tempdir_in(&self.folder)?)
    }

    /// A log of its own.
    pub(crate) async fn store(
        folder: &TempDir,
        name: &str,
        options: SqliteOptions,
    ) -> Result<Arc<SqliteEventStore>> {
        let path = folder.path().join(name);
        Ok(Arc::new(SqliteEventStore::open_with(&path, options).await?))
    }
}

/// What is measured unless told otherwise.
const ROWS: [&str; 8] = [
    "append",
    "command",
    "chain",
    "telemetry",
    "catch-up",
    "visible",
    "kurrentdb",
    "intake",
];
/// What is measured besides with `--big`: it fills logs that are kept for the next time.
const BIG_ROWS: [&str; 4] = ["big", "memory", "past", "rebuild"];
/// The rows that can be measured on PostgreSQL.
const POSTGRES_ROWS: [&str; 6] = [
    "append",
    "command",
    "telemetry",
    "catch-up",
    "nodes",
    "intake",
];
const POSTGRES_BIG_ROWS: [&str; 2] = ["big", "rebuild"];

fn main() -> ExitCode {
    infra::arenas::limit();
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let big = arguments.iter().any(|argument| argument == "--big");
    let told = |option: &str| {
        let at = arguments.iter().position(|argument| argument == option);
        at.and_then(|at| arguments.get(at + 1)).map(String::as_str)
    };
    let chosen = told("--rows").map(|names| names.split(',').collect::<Vec<_>>());
    let engine = match told("--engine") {
        None | Some("sqlite") => Engine::Sqlite,
        Some("postgres") => Engine::Postgres,
        Some(other) => {
            eprintln!("--engine is sqlite or postgres, not {other:?}");
            return ExitCode::FAILURE;
        }
    };
    let (rows, big_rows) = match engine {
        Engine::Sqlite => (&ROWS[..], &BIG_ROWS[..]),
        Engine::Postgres => (&POSTGRES_ROWS[..], &POSTGRES_BIG_ROWS[..]),
    };
    let mut names = chosen.unwrap_or_else(|| rows.to_vec());
    if big {
        names.extend(big_rows);
    }
    let plan = Plan {
        engine,
        quick,
        span: Duration::from_millis(if quick { 250 } else { 500 }),
        turns: if quick { 5 } else { 21 },
        folder: PathBuf::from(env!("CARGO_TARGET_TMPDIR")),
    };
    if let [argument, path, ..] = &arguments[..]
        && argument == memory::CHILD
    {
        return match rebuild(&plan, path) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        };
    }
    match run(&plan, &names) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            println!("\nnot all bounds were kept");
            ExitCode::from(2)
        }
        Err(error) => {
            eprintln!("the benchmark failed: {error}");
            ExitCode::FAILURE
        }
    }
}

fn rebuild(plan: &Plan, path: &str) -> Result<()> {
    tokio::runtime::Runtime::new()?.block_on(memory::rebuild(plan, path))
}

fn run(plan: &Plan, names: &[&str]) -> Result<bool> {
    std::fs::create_dir_all(&plan.folder)?;
    let runtime = tokio::runtime::Runtime::new()?;
    table::heading();
    let mut kept = true;
    for name in names {
        let rows: Vec<Row> = runtime.block_on(async {
            match *name {
                "append" => append::rows(plan).await,
                "command" => command::rows(plan).await,
                "chain" => chain::rows(plan).await,
                "telemetry" => telemetry::rows(plan).await,
                "catch-up" => catch_up::rows(plan).await,
                "visible" => visible::rows(plan).await,
                "rebuild" => rebuild::rows(plan).await,
                "nodes" => nodes::rows(plan).await,
                "kurrentdb" => kurrentdb::rows(plan).await,
                "intake" => intake::rows(plan).await,
                "big" => big::rows(plan).await,
                "memory" => memory::rows(plan).await,
                "past" => past::rows(plan).await,
                other => Err(format!("no row is called {other:?}").into()),
            }
        })?;
        kept &= rows.iter().all(Row::kept);
    }
    Ok(kept)
}
