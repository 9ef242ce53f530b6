//! A log moves between engines and stays the same log.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
};

use domain::es::{Append, Appended, Expected, NewEvent, Position, RecordedAt, RecordedEvent};
use infra::{
    event_store::{
        self, KurrentEventStore, Log, PostgresEventStore,
        contract::{append, event, stream},
    },
    moving::{self, MoveError, Moved},
    postgres::ScratchDatabase,
};
use serde_json::Value;
use tests::{
    Serving, binary,
    kurrentdb::{Broken, Double},
    stegspor, text,
};

/// A log in a file.
async fn file(folder: &Path, name: &str) -> Arc<dyn Log> {
    event_store::open(&url(folder, name)).await.unwrap()
}

fn url(folder: &Path, name: &str) -> String {
    format!("sqlite:{}", folder.join(name).display())
}

async fn add(log: &dyn Log, append: Append) -> Appended {
    log.append(append).await.unwrap()
}

/// Streams that grow in turn, several events at a time, kinds that no program knows, days and
/// moments, and times of recording that differ.
async fn fill(log: &dyn Log, from: u128, to: u128) {
    for n in from..to {
        let told = NewEvent {
            kind: if n % 7 == 0 {
                "of-another-time"
            } else {
                "unit-registered"
            },
            schema_version: u16::try_from(1 + n % 3).unwrap(),
            occurred_at: if n % 2 == 0 {
                "2020-03-01".parse().unwrap()
            } else {
                "2020-03-01T09:30:00.123456Z".parse().unwrap()
            },
            ..event(2 * n, &format!("no. {n}, æøå \"\\n\""))
        };
        let events = vec![told, event(2 * n + 1, "and one more")];
        let minute = n / 3 % 60;
        let moment = format!("2021-01-01T{:02}:{minute:02}:00.5Z", n / 180 % 24);
        let recorded_at = RecordedAt(moment.parse().unwrap());
        let to = stream(n % 11);
        add(
            log,
            Append {
                recorded_at,
                ..append(&to, Expected::Any, events)
            },
        )
        .await;
    }
}

async fn everything(log: &dyn Log) -> Vec<RecordedEvent> {
    log.read_all(Position::START, usize::MAX).await.unwrap()
}

async fn moved(source: &dyn Log, target: &dyn Log) -> Result<Moved, MoveError> {
    moving::copy(source, target, |_, _| {}).await
}

/// Copies, and finds every event with its hash on both sides.
async fn same_after(source: &dyn Log, target: &dyn Log) -> Moved {
    let done = moved(source, target).await.unwrap();
    let events = everything(source).await;
    assert_eq!(everything(target).await, events);
    assert_eq!(done.events, events.len() as u64);
    done
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_every_engine_and_back_the_log_is_the_same_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let source = file(folder.path(), "source.sqlite").await;
    fill(&*source, 1, 700).await;
    let mut last = Arc::clone(&source);
    if let Some(database) = ScratchDatabase::make("moving a log").await {
        let postgres = PostgresEventStore::open(database.url()).await.unwrap();
        let done = same_after(&*last, &postgres).await;
        assert!(done.log_hash.is_some());
        let back = file(folder.path(), "back.sqlite").await;
        same_after(&postgres, &*back).await;
        postgres.close().await;
        last = back;
    }
    let double = Double::start();
    let kurrent = KurrentEventStore::open(&double.url()).unwrap();
    let done = same_after(&*last, &kurrent).await;
    assert_eq!((done.streams, done.log_hash), (11, None));
    let back = file(folder.path(), "again.sqlite").await;
    let again = same_after(&kurrent, &*back).await;
    // The chain through the whole log is made anew, and says the same of the same order.
    assert_eq!(again.log_hash, source.verify().await.unwrap().log_hash);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_goes_on_from_whatever_the_target_holds_of_the_source() {
    let folder = tempfile::tempdir().unwrap();
    let source = file(folder.path(), "source.sqlite").await;
    let target = file(folder.path(), "target.sqlite").await;
    let empty = moved(&*source, &*target).await.unwrap();
    assert_eq!((empty.events, empty.streams), (0, 0));
    for (from, to) in [(1, 2), (2, 400), (400, 401)] {
        fill(&*source, from, to).await;
        let done = same_after(&*source, &*target).await;
        assert_eq!(u128::from(done.held_before), 2 * (from - 1));
    }
    let nothing = same_after(&*source, &*target).await;
    assert_eq!(nothing.held_before, nothing.events);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_to_the_source_meanwhile_is_copied_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("source.sqlite");
    let source = infra::event_store::SqliteEventStore::open(&path)
        .await
        .unwrap();
    fill(&source, 1, 400).await;
    let target = file(folder.path(), "target.sqlite").await;
    let runtime = tokio::runtime::Handle::current();
    let mut more = 400;
    let copied = moving::copy(&source, &*target, |_, _| {
        if more < 404 {
            more += 1;
            tokio::task::block_in_place(|| runtime.block_on(fill(&source, more - 1, more)));
        }
    });
    assert_eq!(copied.await.unwrap().events, 2 * 403);
    assert_eq!(everything(&*target).await, everything(&source).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_holds_something_else_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let source = file(folder.path(), "source.sqlite").await;
    fill(&*source, 1, 30).await;
    // Another event in the midst, the same events in another order, and one event more.
    for (name, differs) in [("another", 21), ("order", 1), ("longer", 59)] {
        let target = file(folder.path(), name).await;
        match name {
            "another" => {
                fill(&*target, 1, 11).await;
                let other = vec![event(1_000, "foreign")];
                add(&*target, append(&stream("foreign"), Expected::Any, other)).await;
            }
            "order" => fill(&*target, 2, 11).await,
            _ => fill(&*target, 1, 31).await,
        }
        let before = everything(&*target).await;
        let refused = moved(&*source, &*target).await;
        assert!(
            matches!(refused, Err(MoveError::Foreign { position }) if position.0 == differs),
            "{name}: {refused:?}"
        );
        assert_eq!(everything(&*target).await, before);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_was_altered_is_not_copied() {
    let folder = tempfile::tempdir().unwrap();
    let double = Double::broken(Broken::ChangesData);
    let source = KurrentEventStore::open(&double.url()).unwrap();
    fill(&source, 1, 5).await;
    let target = file(folder.path(), "target.sqlite").await;
    let refused = moved(&source, &*target).await;
    assert!(
        matches!(refused, Err(MoveError::Misfit { .. })),
        "{refused:?}"
    );
    assert_eq!(target.head().await.unwrap(), Position::START);
}

fn migrate(folder: &Path, from: &str, to: &str) -> std::process::Output {
    Command::new(binary())
        .current_dir(folder)
        .args(["migrate", "--from", from, "--to", to, "--json"])
        .output()
        .unwrap()
}

/// A folder with a log of some thousand events.
fn simulated() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let made = stegspor(folder.path(), &["simulate", "--participants", "400"]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let log = folder.path().join("data/log.sqlite");
    (folder, log)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_half_way_and_run_again_the_copy_is_whole() {
    let (folder, log) = simulated();
    let from = format!("sqlite:{}", log.display());
    let mut targets = vec![(url(folder.path(), "copy.sqlite"), None)];
    if let Some(database) = ScratchDatabase::make("a move that is killed").await {
        targets.push((database.url().to_owned(), Some(database)));
    }
    for (to, _database) in targets {
        let target = event_store::open_to_read(&to).await.unwrap();
        let mut child = Command::new(binary())
            .args(["migrate", "--from", &from, "--to", &to])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // As soon as something has arrived.
        let came = target.moved_past(Position::START).await.unwrap();
        child.kill().unwrap(); // SIGKILL: no destructor runs
        child.wait().unwrap();
        let again = migrate(folder.path(), &from, &to);
        assert!(again.status.success(), "{}", text(&again.stderr));
        let told: Value = serde_json::from_slice(&again.stdout).unwrap();
        let events = told["events"].as_u64().unwrap();
        assert!(told["copied"].as_u64().unwrap() <= events - came.0);
        let source = event_store::open_to_read(&from).await.unwrap();
        assert_eq!(everything(&*target).await, everything(&*source).await);
    }
}

#[test]
fn who_cannot_be_moved_is_told_why() {
    let (folder, log) = simulated();
    let from = format!("sqlite:{}", log.display());
    let says = |from: &str, to: &str| {
        let output = migrate(folder.path(), from, to);
        assert!(!output.status.success());
        text(&output.stderr)
    };
    let to = url(folder.path(), "copy.sqlite");
    assert!(says(&from, "memory:").contains("cannot be moved"));
    assert!(says(&from, &from).contains("the same log"));
    assert!(says("sqlite:nowhere/log.sqlite", &to).contains("there is no log in nowhere"));
    assert!(!folder.path().join("nowhere").exists());
    // While something writes to it.
    let serving = Serving::start(folder.path(), &["serve"]);
    assert!(says(&from, &to).contains("open in another process"));
    assert!(!folder.path().join("copy.sqlite").exists());
    drop(serving);
    assert!(migrate(folder.path(), &from, &to).status.success());
}
