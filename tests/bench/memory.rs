//! How much memory a rebuild of a million events takes: measured in a process of its own.

use std::process::Command;

use domain::es::EventStore;
use infra::event_store::SqliteEventStore;

use crate::{
    Plan, Result,
    history::million,
    measure::Measured,
    table::{Bound, Row},
    visible::read_store,
};

/// Tells the child process which log to rebuild from.
pub(crate) const CHILD: &str = "--rebuild-from";
/// Megabytes.
const CEILING: f64 = 500.0;

pub(crate) async fn rows(plan: &Plan) -> Result<Vec<Row>> {
    let (path, log) = million(&plan.folder).await?;
    let events = log.head().await?;
    drop(log);
    let child = Command::new(std::env::current_exe()?)
        .arg(CHILD)
        .arg(&path)
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
    let log = std::sync::Arc::new(SqliteEventStore::open(path.as_ref()).await?);
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
