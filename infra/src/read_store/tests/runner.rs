//! Exactly once, in any order, after any end.

use std::time::Duration;

use domain::{
    es::{EventStore, OccurredAt, Position},
    participant::Participant,
    words::ParticipantId,
};
use projections::{Ask, Scope, journey::StandingNow};
use sqlx::{AssertSqlSafe, Column, ConnectOptions, Connection, Row, sqlite::SqliteConnectOptions};

use super::kit::{
    self, OSLO, Telling, World, begun, contact, conversation, day, first_contact, id, kartlegging,
    retracted,
};
use crate::read_store::{Behind, Cause, Parked, Projector, ReadStore, ReadStoreError, read_models};

/// Everything in every table, as text.
async fn dump(path: &std::path::Path) -> Vec<String> {
    let mut db = SqliteConnectOptions::new()
        .filename(path)
        .connect()
        .await
        .unwrap();
    let mut lines = vec![];
    for table in read_models().iter().chain(&["checkpoint_v1", "parked_v1"]) {
        let sql = AssertSqlSafe(format!("SELECT * FROM {table}"));
        let mut rows = vec![];
        for row in sqlx::query(sql).fetch_all(&mut db).await.unwrap() {
            let columns = row.columns().iter().map(|column| {
                let name = column.name();
                row.try_get_unchecked::<Option<String>, _>(name)
                    .map(|text| format!("{name}={text:?}"))
                    .or_else(|_| {
                        row.try_get_unchecked::<Option<Vec<u8>>, _>(name)
                            .map(|bytes| format!("{name}={bytes:?}"))
                    })
                    .unwrap()
            });
            rows.push(format!(
                "{table}: {}",
                columns.collect::<Vec<_>>().join(" ")
            ));
        }
        rows.sort();
        lines.extend(rows);
    }
    db.close().await.unwrap();
    lines
}

pub(super) async fn dump_of(world: &World, file: &str) -> Vec<String> {
    dump(&world.folder.path().join(file)).await
}

fn standing() -> StandingNow {
    StandingNow {
        unit: None,
        scope: Scope::All,
        active_within_days: 90,
    }
}

#[tokio::test]
async fn a_rebuild_makes_the_rows_that_living_with_the_log_has_made() {
    let world = World::on("2021-07-01");
    let store = world.open().await.unwrap();
    // Told and folded bit by bit, as it happens when serving.
    for seed in 1..=6 {
        kit::grow(&world, 9, seed).await;
        store.catch_up(|_, _| {}).await.unwrap();
    }
    let live = dump_of(&world, "read.sqlite").await;
    assert!(live.len() > 400, "{} rows", live.len());
    store.forget().await.unwrap();
    assert_eq!(dump_of(&world, "read.sqlite").await, Vec::<String>::new());
    store.catch_up(|_, _| {}).await.unwrap();
    assert_eq!(dump_of(&world, "read.sqlite").await, live);
    // And once more over the same events changes nothing.
    store.catch_up(|_, _| {}).await.unwrap();
    assert_eq!(dump_of(&world, "read.sqlite").await, live);
}

#[tokio::test]
async fn a_store_opened_again_goes_on_where_it_was_left() {
    let world = World::on("2021-07-01");
    for seed in 1..=4 {
        kit::grow(&world, 8, seed).await;
        let store = world.open().await.unwrap();
        store.catch_up(|_, _| {}).await.unwrap();
        store.close().await;
    }
    let piecewise = dump_of(&world, "read.sqlite").await;
    world.rebuild_into("fresh.sqlite").await;
    assert_eq!(piecewise, dump_of(&world, "fresh.sqlite").await);
}

#[tokio::test]
async fn a_runner_dropped_anywhere_loses_nothing_and_doubles_nothing() {
    let world = World::on("2021-07-01");
    kit::grow(&world, 60, 5).await;
    let store = world.open().await.unwrap();
    // Each attempt is dropped after so many steps of the executor, wherever that is.
    for steps in 0..60 {
        let attempt = store.catch_up(|_, _| {});
        tokio::pin!(attempt);
        for _ in 0..steps {
            let done = futures::poll!(&mut attempt).is_ready();
            if done {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    store.close().await;
    let store = world.open().await.unwrap();
    store.catch_up(|_, _| {}).await.unwrap();
    store.close().await;
    let dropped = dump_of(&world, "read.sqlite").await;
    world.rebuild_into("fresh.sqlite").await;
    assert_eq!(dropped, dump_of(&world, "fresh.sqlite").await);
}

#[tokio::test]
async fn a_read_model_that_was_lost_is_folded_anew_and_the_others_stay() {
    let world = World::on("2021-07-01");
    kit::grow(&world, 12, 9).await;
    let store = world.open().await.unwrap();
    store.catch_up(|_, _| {}).await.unwrap();
    store.close().await;
    let before = dump_of(&world, "read.sqlite").await;
    let mut db = SqliteConnectOptions::new()
        .filename(world.folder.path().join("read.sqlite"))
        .connect()
        .await
        .unwrap();
    sqlx::raw_sql(
        "DELETE FROM journey_v1; DELETE FROM checkpoint_v1 WHERE read_model = 'journey_v1'",
    )
    .execute(&mut db)
    .await
    .unwrap();
    db.close().await.unwrap();
    let store = world.open().await.unwrap();
    assert_eq!(store.position(), Position::START);
    store.catch_up(|_, _| {}).await.unwrap();
    assert_eq!(dump_of(&world, "read.sqlite").await, before);
}

#[tokio::test]
async fn one_read_model_is_kept_up_by_itself_and_the_others_are_left_as_they_are() {
    let world = World::on("2021-07-01");
    kit::grow(&world, 12, 9).await;
    let store = world.open().await.unwrap();
    store.catch_up(|_, _| {}).await.unwrap();
    store.close().await;
    let before = dump_of(&world, "read.sqlite").await;

    let url = world.url();
    let mut projector = Projector::open(&url, world.log.clone(), &["relapse_v1"])
        .await
        .unwrap();
    assert_eq!(projector.position(), world.log.head().await.unwrap());
    projector.forget().await.unwrap();
    let others: Vec<_> = before
        .iter()
        .filter(|line| !line.contains("relapse_v1"))
        .cloned()
        .collect();
    assert!(others.len() < before.len() - 1);
    assert_eq!(dump_of(&world, "read.sqlite").await, others);
    // The log goes on while it is made anew.
    kit::grow(&world, 12, 10).await;
    projector.catch_up(|_, _| {}).await.unwrap();
    assert_eq!(projector.position(), world.log.head().await.unwrap());
    projector.close().await;

    let store = world.open().await.unwrap();
    // Each answer shows as much as its own tables do.
    let behind = store.ask(&standing(), Ask::default()).await.unwrap();
    assert!(behind.position < world.log.head().await.unwrap());
    store.catch_up(|_, _| {}).await.unwrap();
    world.rebuild_into("fresh.sqlite").await;
    assert_eq!(
        dump_of(&world, "read.sqlite").await,
        dump_of(&world, "fresh.sqlite").await
    );
    let unknown = Projector::open(&url, world.log.clone(), &["relapse_v0"]).await;
    assert!(
        matches!(unknown.err(), Some(ReadStoreError::NoSuchReadModel(name)) if name == "relapse_v0")
    );
}

#[tokio::test]
async fn a_read_model_made_anew_holds_what_came_before_an_event_that_cannot_be_read() {
    let world = World::on("2021-07-01");
    world.person(1, "2020-01-01", first_contact(OSLO)).await;
    let poison = Telling {
        stream: Participant::stream(ParticipantId(id(1))),
        id: domain::es::EventId(id(66)),
        kind: "became-invisible",
        occurred_at: OccurredAt::Day(day("2020-01-02")),
        data: format!(r#"{{"stay_id":"{}","fact":{{}}}}"#, id(1)),
    };
    world.tell(day("2020-01-02").ends(), poison).await;
    let store = world.open().await.unwrap();
    store.catch_up(|_, _| {}).await.unwrap();
    store.close().await;
    let before = dump_of(&world, "read.sqlite").await;
    let mut projector = Projector::open(&world.url(), world.log.clone(), &["journey_v1"])
        .await
        .unwrap();
    projector.forget().await.unwrap();
    projector.close().await;
    // Opened again, it finds the stream parked further on than it has come.
    let mut projector = Projector::open(&world.url(), world.log.clone(), &["journey_v1"])
        .await
        .unwrap();
    projector.catch_up(|_, _| {}).await.unwrap();
    projector.close().await;
    assert_eq!(dump_of(&world, "read.sqlite").await, before);
}

#[tokio::test]
async fn a_log_restored_from_an_older_copy_is_refused_and_the_mending_named() {
    let world = World::on("2021-07-01");
    world.person(1, "2020-01-01", first_contact(OSLO)).await;
    world.person(1, "2020-01-02", contact()).await;
    let store = world.open().await.unwrap();
    store.catch_up(|_, _| {}).await.unwrap();
    store.close().await;

    let mut restored = World::on("2021-07-01");
    restored.person(1, "2020-01-01", first_contact(OSLO)).await;
    restored.folder = world.folder;
    let error = restored.open().await.err().unwrap();
    assert!(matches!(
        error,
        ReadStoreError::AheadOfLog {
            checkpoint: Position(2),
            head: Position(1)
        }
    ));
    assert!(error.to_string().contains("stegspor forget-read-models"));

    // As long as the first, and another.
    restored.person(2, "2020-01-01", first_contact(OSLO)).await;
    restored.person(2, "2020-01-02", first_contact(OSLO)).await;
    let other = World::on("2021-07-01");
    let error = {
        let mut other = other;
        other.person(7, "2020-01-01", first_contact(OSLO)).await;
        other
            .tell(
                day("2020-01-02").ends(),
                Telling {
                    stream: Participant::stream(ParticipantId(id(7))),
                    id: domain::es::EventId(id(77)),
                    kind: "contact-held",
                    occurred_at: OccurredAt::Day(day("2020-01-02")),
                    data: format!(
                        r#"{{"stay_id":"{}","fact":{{"channel":"sms","with":"veileder"}}}}"#,
                        id(7)
                    ),
                },
            )
            .await;
        other.folder = restored.folder;
        other.open().await.err().unwrap()
    };
    assert!(matches!(
        error,
        ReadStoreError::AnotherLog {
            checkpoint: Position(2)
        }
    ));
}

#[tokio::test]
async fn read_models_of_another_log_are_made_anew_once_they_are_forgotten() {
    let world = World::on("2021-07-01");
    kit::grow(&world, 6, 3).await;
    let store = world.open().await.unwrap();
    store.catch_up(|_, _| {}).await.unwrap();
    store.close().await;
    let mut restored = World::on("2021-07-01");
    kit::grow(&restored, 3, 5).await;
    let expected = restored.open().await.unwrap();
    expected.catch_up(|_, _| {}).await.unwrap();
    let expected = expected.sums().await.unwrap();

    restored.folder = world.folder;
    assert!(restored.open().await.is_err());
    ReadStore::forget_all(&restored.url(), restored.clock.clone())
        .await
        .unwrap();
    let store = restored.open().await.unwrap();
    assert_eq!(store.position(), Position::START);
    store.catch_up(|_, _| {}).await.unwrap();
    assert_eq!(store.sums().await.unwrap(), expected);
}

#[tokio::test]
async fn an_event_that_cannot_be_read_stops_its_own_stream_only() {
    let world = World::on("2021-07-01");
    world.person(1, "2020-01-01", first_contact(OSLO)).await;
    world.person(2, "2020-01-01", first_contact(OSLO)).await;
    let stream = Participant::stream(ParticipantId(id(1)));
    let poison = Telling {
        stream: stream.clone(),
        id: domain::es::EventId(id(66)),
        kind: "became-invisible",
        occurred_at: OccurredAt::Day(day("2020-01-02")),
        data: format!(r#"{{"stay_id":"{}","fact":{{}}}}"#, id(1)),
    };
    world.tell(day("2020-01-02").ends(), poison).await;
    for n in [1, 2] {
        world.person(n, "2020-01-03", conversation()).await;
        world.person(n, "2020-01-04", kartlegging()).await;
        world.person(n, "2020-01-05", begun()).await;
    }
    let store = world.open().await.unwrap();
    store.catch_up(|_, _| {}).await.unwrap();
    let [parked] = &*store.parked().await.unwrap() else {
        panic!("one stands still");
    };
    let parked = parked.clone();
    assert!(parked.first_tried.is_some());
    let expected = Parked {
        stream,
        position: Position(3),
        event_id: domain::es::EventId(id(66)),
        kind: "became-invisible".to_owned(),
        schema_version: 1,
        cause: Cause::Unreadable,
        attempts: 1,
        first_tried: parked.first_tried,
        last_tried: parked.first_tried,
        wanted: false,
    };
    assert_eq!(parked, expected);
    let view = store.ask(&standing(), Ask::default()).await.unwrap().view;
    assert_eq!((view.registered, view.incoming, view.passive), (2, 1, 1));

    // It stays so after a restart, and for events to come.
    store.close().await;
    world.person(1, "2020-02-01", contact()).await;
    world.person(2, "2021-06-30", contact()).await;
    let store = world.open().await.unwrap();
    store.catch_up(|_, _| {}).await.unwrap();
    assert_eq!(store.parked().await.unwrap(), [parked]);
    let view = store.ask(&standing(), Ask::default()).await.unwrap().view;
    assert_eq!((view.registered, view.incoming, view.active), (2, 1, 1));
}

#[tokio::test]
async fn a_stream_goes_on_once_its_event_can_be_read() {
    let world = World::on("2021-07-01");
    world.person(1, "2020-01-01", first_contact(OSLO)).await;
    let unread = world.person(1, "2020-01-02", conversation()).await;
    world.person(1, "2020-01-03", kartlegging()).await;
    let store = world.open().await.unwrap();
    store.catch_up(|_, _| {}).await.unwrap();
    store.close().await;
    // As an older program would have left it: parked at an event that it did not know.
    let mut db = SqliteConnectOptions::new()
        .filename(world.folder.path().join("read.sqlite"))
        .connect()
        .await
        .unwrap();
    sqlx::query(
        "UPDATE journey_v1 SET standing = 'inquiry', conversation = NULL, kartlegging = NULL",
    )
    .execute(&mut db)
    .await
    .unwrap();
    let park = "INSERT INTO parked_v1 (stream, position, event_id, kind, schema_version) \
                VALUES ($1, 2, $2, 'first-conversation-held', 1)";
    sqlx::query(park)
        .bind(Participant::stream(ParticipantId(id(1))).as_str())
        .bind(unread.0)
        .execute(&mut db)
        .await
        .unwrap();
    db.close().await.unwrap();

    let store = world.open().await.unwrap();
    assert_eq!(store.parked().await.unwrap(), []);
    let released = dump_of(&world, "read.sqlite").await;
    store.forget().await.unwrap();
    store.catch_up(|_, _| {}).await.unwrap();
    assert_eq!(dump_of(&world, "read.sqlite").await, released);
}

#[tokio::test]
async fn who_asks_for_a_position_waits_for_it_or_is_told() {
    let world = World::on("2021-07-01");
    let store = world.open().await.unwrap();
    let wanted = {
        world.person(1, "2020-01-01", first_contact(OSLO)).await;
        world.log.head().await.unwrap()
    };
    assert_eq!(
        store.wait_for(wanted, Duration::ZERO).await,
        Err(Behind {
            wanted,
            shown: Position::START
        })
    );
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let stopped = async {
        stopped.await.ok();
    };
    let asking = async {
        store
            .wait_for(wanted, Duration::from_mins(1))
            .await
            .unwrap();
        let answer = store.ask(&standing(), Ask::default()).await.unwrap();
        // And what is told while it runs is seen, too.
        world.person(2, "2020-01-01", first_contact(OSLO)).await;
        let next = world.log.head().await.unwrap();
        store.wait_for(next, Duration::from_mins(1)).await.unwrap();
        stop.send(()).unwrap();
        answer
    };
    let ((), answer) = tokio::join!(store.run(stopped), asking);
    assert_eq!((answer.position, answer.view.registered), (wanted, 1));
    let later = store.ask(&standing(), Ask::default()).await.unwrap();
    assert_eq!((later.position, later.view.registered), (Position(2), 2));
}

#[tokio::test]
async fn a_stay_whose_opening_is_retracted_is_gone_until_that_is_retracted() {
    let world = World::on("2021-07-01");
    let opening = world.person(1, "2020-01-01", first_contact(OSLO)).await;
    world.person(1, "2020-01-02", conversation()).await;
    let store = world.open().await.unwrap();
    store.catch_up(|_, _| {}).await.unwrap();
    let whole = dump_of(&world, "read.sqlite").await;
    let registered = async || {
        store.catch_up(|_, _| {}).await.unwrap();
        let answer = store.ask(&standing(), Ask::default()).await.unwrap();
        answer.view.registered
    };
    assert_eq!(registered().await, 1);
    let retraction = world
        .person_late(1, "2020-01-03", "2020-01-03", retracted(opening))
        .await;
    assert_eq!(registered().await, 0);
    world
        .person_late(1, "2020-01-04", "2020-01-04", retracted(retraction))
        .await;
    assert_eq!(registered().await, 1);
    let without_checkpoints = |lines: Vec<String>| -> Vec<String> {
        lines
            .into_iter()
            .filter(|line| !line.starts_with("checkpoint"))
            .collect()
    };
    assert_eq!(
        without_checkpoints(dump_of(&world, "read.sqlite").await),
        without_checkpoints(whole)
    );
}
