//! How much memory a rebuild of a million events takes: measured in a process of its own.

use std::{path::PathBuf, process::Command, sync::Arc};

use domain::es::EventStore;
use infra::event_store::SqliteEventStore;

use crate::{
    Plan, Result,
    catch_up::{read_store, simulated},
    measure::Measured,
    table::{Bound, Row},
};

/// Tells the child process which log to rebuild from.
pub(crate) const CHILD: &str = "--rebuild-from";
/// Megabytes.
const CEILING: f64 = 500.0;
/// Persons whose lives come to somewhat more than a million events.
const PARTICIPANTS: u64 = 30_000;

/// Where the log of a million events is kept for the next time.
fn path(plan: &Plan) -> PathBuf {
    plan.folder.join("million-log.sqlite")
}

/// A log of somewhat more than a million events, made the first time.
pub(crate) async fn million(plan: &Plan) -> Result<Arc<SqliteEventStore>> {
    let path = path(plan);
    if path.exists() {
        return Ok(SqliteEventStore::open(&path).await?.into());
    }
    simulated(&path, PARTICIPANTS).await
}

pub(crate) async fn rows(plan: &Plan) -> Result<Vec<Row>> {
    let log = million(plan).await?;
    let events = log.head().await?;
    drop(log);
    let child = Command::new(std::env::current_exe()?)
        .arg(CHILD)
        .arg(path(plan))
        .output()?;
    let told = String::from_utf8(child.stdout)?;
    let kilobytes: f64 = told.trim().parse()?;
    eprintln!("rebuilt from {events} events");
    let megabytes = kilobytes / 1_000.0;
    let row = Row {
        what: "memory, rebuild of a million events, MB of 500",
        clients: 1,
        measured: Measured {
            raw: CEILING,
            ours: megabytes,
            ratio: megabytes / CEILING,
        },
        bound: Bound::Ceiling(1.0),
    };
    Ok(vec![row.print()])
}

/// What the child does: rebuilds, and tells the most memory that it ever had.
pub(crate) async fn rebuild(plan: &Plan, path: &str) -> Result<()> {
    let folder = plan.folder()?;
    let log = Arc::new(SqliteEventStore::open(path.as_ref()).await?);
    let store = read_store(&log, &folder.path().join("read.sqlite")).await?;
    store.catch_up(|_, _| {}).await?;
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.split_whitespace().next())
        .ok_or("no VmHWM in /proc/self/status")?;
    println!("{peak}");
    Ok(())
}
