//! Import in batches comes to the same as import line by line.

use std::sync::Arc;

use api::import::{Importer, Line, Lines, Taken};
use domain::es::{Expected, Position, RecordedEvent};
use infra::event_store::{MemoryEventStore, SqliteEventStore, Verify, contract};
use serde_json::{Value, json};
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

#[tokio::test]
async fn a_line_names_what_other_lines_of_its_source_told_by_their_ids() {
    let day = "2020-01-02";
    let told =
        |id: &str, kind: &str, subject: &str, data: Value| line(id, kind, subject, day, &data);
    let of_ola = |id: &str, kind: &str, data: Value| {
        told(id, &format!("participant.{kind}"), "person-1", data)
    };
    let matched = json!({
        "tidgiver": "tidgiver-1", "kind": "social", "purpose": "sport", "begins": "2020-01-03",
        "review": "2020-02-01", "ends": "2020-06-01", "because": ["interests"],
        "ground_rules_accepted": true,
    });
    let contact = json!({ "channel": "phone", "with": "veileder" });
    let mut lines = vec![
        told(
            "1",
            "unit.unit-registered",
            OSLO,
            json!({ "kind": "department", "offers_individual_tidgiver": true }),
        ),
        told(
            "2",
            "tidgiver.tidgiver-applied",
            "tidgiver-1",
            json!({ "department": OSLO }),
        ),
    ];
    for (n, step) in [
        "interviewed",
        "trained",
        "ground-rules-accepted",
        "approved",
    ]
    .iter()
    .enumerate()
    {
        let kind = format!("tidgiver.tidgiver-{step}");
        lines.push(told(&format!("t{n}"), &kind, "tidgiver-1", json!({})));
    }
    lines.extend([
        of_ola(
            "3",
            "first-contact-made",
            json!({ "department": OSLO, "channels": ["other"] }),
        ),
        of_ola("4", "first-conversation-held", json!({})),
        of_ola(
            "5",
            "kartlegging-done",
            json!({ "wishes": [], "network_mapped": false }),
        ),
        of_ola("6", "participation-begun", json!({})),
        of_ola(
            "7",
            "tidgiver-readiness-assessed",
            json!({ "readiness": "ready" }),
        ),
        of_ola("match", "tidgiver-matched", matched),
        of_ola(
            "8",
            "goal-set",
            json!({ "text": "Bolig", "participant_agreed": true }),
        ),
        of_ola("9", "goal-reached", json!({ "goal_id": "8" })),
        of_ola(
            "10",
            "oppdrag-ended",
            json!({ "oppdrag_id": "match", "reason": "no-match" }),
        ),
        of_ola("11", "contact-held", contact.clone()),
        of_ola(
            "12",
            "entry-corrected",
            json!({ "entry": "11", "occurred_at": day, "data": contact }),
        ),
        of_ola(
            "13",
            "entry-retracted",
            json!({ "entry": "11", "reason": "duplicate" }),
        ),
        // Corrected to the oppdrag that it was.
        of_ola(
            "14",
            "entry-corrected",
            json!({
                "entry": "10", "occurred_at": day,
                "data": { "oppdrag_id": "match", "reason": "time-is-up" },
            }),
        ),
    ]);
    let elsewhere = of_ola(
        "15",
        "entry-retracted",
        json!({ "entry": "8", "reason": "duplicate" }),
    );
    let known: Vec<_> = lines.iter().map(|_| Taken::Accepted).collect();
    let app = TestApp::empty().await;
    let (taken, _, answers) = imported(&app, &all(&lines.join("\n")), 7).await;
    assert_eq!(taken, known);
    let person = answers[0]["participants"][0]["participant_id"].as_str();
    let person = app
        .get(&format!("/v1/participants/{}", person.unwrap()))
        .leader(OSLO)
        .await
        .body;
    assert_eq!(person["oppdrag"][0]["end_reason"], "time-is-up");
    assert_eq!(
        (
            &person["stays"][0]["goals_reached"],
            &person["stays"][0]["contacts"]
        ),
        (&json!(1), &json!(0))
    );

    // The ids of another source name other things.
    let foreign = elsewhere.replace("/old/system", "/new/system");
    let taken = imported(&app, &all(&foreign), 1).await.0;
    let [Taken::Refused(problem)] = taken.as_slice() else {
        panic!("{taken:?}");
    };
    assert_eq!(problem.rule_id(), "G4");
}
