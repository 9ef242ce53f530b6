//! Import in batches comes to the same as import line by line.

use std::sync::Arc;

use api::import::{Importer, Line, Lines, Taken};
use domain::es::{Expected, Position, RecordedEvent};
use infra::event_store::{MemoryEventStore, SqliteEventStore, Verify, contract};
use serde_json::Value;
use tests::{Fault, FaultyLog, OSLO, TestApp, line, lines_of_lives};

/// A file with everything in it that a file should not have.
fn flawed(seed: u64) -> String {
    let mut lines = lines_of_lives(30, seed);
    let told = lines.len();
    lines.insert(told / 2, lines[told / 3].clone());
    lines.insert(told / 3, "not an event".to_owned());
    lines.insert(told / 4, String::new());
    lines.insert(told / 5, format!("\"{}\"", "x".repeat(300 * 1024)));
    // An id that told something else.
    let twice = line(
        "7",
        "unit.unit-registered",
        "nav",
        "2020-11-01T09:00:00Z",
        &Value::Null,
    );
    lines.insert(told - 5, twice);
    let backwards = line(
        "b",
        "unit.unit-registered",
        "nav",
        "2019-01-01T09:00:00Z",
        &Value::Null,
    );
    lines.insert(told - 4, backwards);
    lines.join("\n")
}

fn all(text: &str) -> Vec<Line> {
    let mut lines = Lines::new(text.as_bytes());
    let mut all = vec![];
    while let Some(line) = lines.next().unwrap() {
        all.push(line);
    }
    all
}

/// What came of each line, of the log, and of the read models.
type Result = (Vec<Taken>, Vec<RecordedEvent>, Vec<Value>);

async fn imported(app: &TestApp, lines: &[Line], at_once: usize) -> Result {
    let mut importer = Importer::new(app.service.app.clone(), true, None);
    let mut taken = vec![];
    for batch in lines.chunks(at_once) {
        taken.extend(importer.take(batch).await);
    }
    app.caught_up().await;
    let events = app.service.app.log.read_all(Position::START, 100_000).await;
    let mut answers = vec![];
    for question in [
        "/v1/participants?limit=100",
        "/v1/standing",
        "/v1/retention",
        "/v1/worklist?limit=100",
    ] {
        let reply = app.get(question).leader(OSLO).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        answers.push(reply.body);
    }
    (taken, events.unwrap(), answers)
}

#[tokio::test]
async fn in_batches_or_line_by_line_the_same_is_recorded_and_told() {
    for seed in 1..=3 {
        let lines = all(&flawed(seed));
        let one_by_one = imported(&TestApp::empty().await, &lines, 1).await;
        let (taken, events, answers) = &one_by_one;
        let count = |wanted: fn(&Taken) -> bool| taken.iter().filter(|one| wanted(one)).count();
        assert!(count(|one| *one == Taken::Accepted) > 200);
        assert_eq!(count(|one| *one == Taken::AlreadyRecorded), 1);
        assert_eq!(count(|one| *one == Taken::Blank), 1);
        assert!(count(|one| matches!(one, Taken::Refused(_))) > 10);
        assert!(answers[0].to_string().contains("Ola Nummer 1"));
        assert!(events.iter().any(|event| {
            let metadata = event.read_metadata().unwrap();
            metadata.causation_id.is_some()
        }));
        for at_once in [7, 64, lines.len()] {
            let in_batches = imported(&TestApp::empty().await, &lines, at_once).await;
            assert!(in_batches == one_by_one, "seed {seed}, {at_once} at once");
        }
    }
}

#[tokio::test]
async fn a_file_in_sqlite_holds_the_same_and_its_chains_fit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.sqlite");
    let log = Arc::new(SqliteEventStore::open(&path).await.unwrap());
    let lines = all(&lines_of_lives(20, 4).join("\n"));
    let in_memory = imported(&TestApp::empty().await, &lines, 1).await;
    let in_file = imported(&TestApp::over(log.clone()).await, &lines, 500).await;
    assert!(in_file == in_memory);
    assert_eq!(log.verify().await.unwrap().head.0, in_file.1.len() as u64);
}

#[tokio::test]
async fn where_somebody_else_writes_meanwhile_nothing_is_lost_and_nothing_doubled() {
    let lines = all(&lines_of_lives(20, 5).join("\n"));
    let (alone, events, _) = imported(&TestApp::empty().await, &lines, 500).await;

    let log = Arc::new(FaultyLog::over(Arc::new(MemoryEventStore::new())));
    let app = TestApp::over(log.clone()).await;
    // Somebody registers the department right before the batch is written.
    let registered = &events[0];
    let mut first = contract::event(1, "");
    first.kind = "unit-registered";
    first.data.clone_from(&registered.data);
    let other = contract::append(&registered.stream, Expected::NoStream, vec![first]);
    let other = domain::es::Append {
        recorded_at: registered.recorded_at,
        ..other
    };
    log.arm(Fault::Meddle(other));
    let (taken, meddled, _) = imported(&app, &lines, 500).await;
    assert_eq!(taken[0], Taken::AlreadySo);
    assert_eq!(taken[1..], alone[1..]);
    let told = |events: &[RecordedEvent]| {
        let told = events.iter().skip(1);
        let mut told: Vec<_> = told.map(|event| (event.id, event.data.clone())).collect();
        told.sort();
        told
    };
    assert_eq!(told(&meddled), told(&events));
}
