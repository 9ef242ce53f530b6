//! Import by the binary: one process at a time, and killed in the midst of it.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use domain::es::{EventStore, Position, RecordedEvent};
use infra::event_store::SqliteEventStore;
use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};
use tests::{OSLO, Serving, binary, lines_of_lives, stegspor, text};

const ARGUMENTS: [&str; 4] = ["import", "all.ndjson", "--trusted-history", "--json"];

/// A folder with a file to import, and a data folder of an own or a known secret.
fn folder(lines: &[String], secret: Option<&Path>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("all.ndjson"), lines.join("\n")).unwrap();
    if let Some(secret) = secret {
        fs::create_dir(folder.path().join("data")).unwrap();
        fs::copy(secret, folder.path().join("data/secret.key")).unwrap();
    }
    fs::write(folder.path().join("none.ndjson"), "").unwrap();
    assert!(
        stegspor(folder.path(), &["import", "none.ndjson"])
            .status
            .success()
    );
    folder
}

async fn log(folder: &Path) -> SqliteEventStore {
    let path = folder.join("data/log.sqlite");
    SqliteEventStore::open(&path).await.unwrap()
}

async fn events(folder: &Path) -> Vec<RecordedEvent> {
    let log = log(folder).await;
    let events = log.read_all(Position::START, 100_000).await.unwrap();
    log.close().await;
    events
}

/// The ids of what the vault keeps.
async fn kept(folder: &Path) -> Vec<Vec<u8>> {
    let url = format!("sqlite:{}", folder.join("data/vault.sqlite").display());
    let mut vault = SqliteConnection::connect(&url).await.unwrap();
    sqlx::query_scalar("SELECT id FROM entries ORDER BY id")
        .fetch_all(&mut vault)
        .await
        .unwrap()
}

/// Waits until the log has moved on, or nobody is left who could move it.
async fn moved_past_or(log: &SqliteEventStore, head: Position, mut done: impl FnMut() -> bool) {
    let look = Duration::from_millis(50);
    while tokio::time::timeout(look, log.moved_past(head))
        .await
        .is_err()
        && !done()
    {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_in_the_midst_and_run_again_nothing_is_lost_and_nothing_doubled() {
    let lines = lines_of_lives(150, 6);
    let killed = folder(&lines, None);
    let mut cut_short = 0;
    for _ in 0..3 {
        let log = log(killed.path()).await;
        let head = log.head().await.unwrap();
        let mut import = Command::new(binary())
            .current_dir(killed.path())
            .args(ARGUMENTS)
            .args(["--data", "data"])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let done = || import.try_wait().unwrap().is_some();
        moved_past_or(&log, head, done).await;
        import.kill().unwrap(); // SIGKILL: no destructor runs
        cut_short += usize::from(!import.wait().unwrap().success());
        log.close().await;
    }
    assert!(cut_short > 0, "each run was over before it could be killed");
    let run = stegspor(killed.path(), &ARGUMENTS);
    let report: Value = serde_json::from_slice(&run.stdout).unwrap();
    let whole = folder(&lines, Some(&killed.path().join("data/secret.key")));
    let once = stegspor(whole.path(), &ARGUMENTS);
    let expected: Value = serde_json::from_slice(&once.stdout).unwrap();
    let refused = |report: &Value| {
        let refused = report["refused"].as_array().unwrap();
        let lines = refused.iter().map(|refused| refused["line"].as_u64());
        lines.collect::<Vec<_>>()
    };
    assert_eq!(refused(&report), refused(&expected));
    let recorded = |report: &Value| {
        let count = |name: &str| report[name].as_u64().unwrap();
        count("accepted") + count("already_recorded")
    };
    assert_eq!(recorded(&report), recorded(&expected));
    assert!(report["already_recorded"].as_u64() > Some(0), "{report}");
    assert!(events(killed.path()).await == events(whole.path()).await);
    assert_eq!(kept(killed.path()).await, kept(whole.path()).await);
}

#[test]
fn one_process_at_a_time_writes_and_others_may_look() {
    let lines = lines_of_lives(1, 1);
    let folder = folder(&lines, None);
    let imported = stegspor(folder.path(), &ARGUMENTS);
    assert!(imported.status.success(), "{}", text(&imported.stderr));
    let serving = Serving::start(folder.path(), &["serve"]);
    for second in [
        ["import", "all.ndjson"].as_slice(),
        &["serve", "--listen", "127.0.0.1:0"],
        &["demo", "--listen", "127.0.0.1:0"],
        &["simulate", "--participants", "1"],
    ] {
        let refused = stegspor(folder.path(), second);
        assert_eq!(
            (refused.status.code(), text(&refused.stderr).as_str()),
            (
                Some(1),
                "stegspor: data/log.sqlite is open in another process, and one process at a time \
                 writes to it; end that one first, or tell the service over HTTP (POST \
                 /v1/intake takes events)\n"
            ),
            "{second:?}"
        );
    }
    let verified = stegspor(folder.path(), &["verify", "--json"]);
    let verified: Value = serde_json::from_slice(&verified.stdout).unwrap();
    assert_eq!(verified["fits"], json!(true));
    let token = tests::token(folder.path(), "department-leader", Some(OSLO));
    let (_, list) = serving.ask("GET", "/v1/participants", &token, "");
    let participant = list["participants"][0]["participant_id"].as_str().unwrap();
    let replayed = stegspor(folder.path(), &["replay", participant]);
    assert!(replayed.status.success(), "{}", text(&replayed.stderr));

    drop(serving); // killed: the lock ends with its process
    let again = stegspor(folder.path(), &ARGUMENTS);
    assert!(again.status.success(), "{}", text(&again.stderr));
}
