//! Whoever changes the file is found out, and where.

use sqlx::SqliteConnection;

use super::*;
use crate::event_store::verify::Misfit;

pub(super) async fn connect(file: &File) -> SqliteConnection {
    SqliteConnectOptions::new()
        .filename(file.path())
        .connect()
        .await
        .unwrap()
}

pub(super) async fn run(connection: &mut SqliteConnection, statement: &'static str) {
    sqlx::raw_sql(statement).execute(connection).await.unwrap();
}

/// 30 events, turn about on three streams: position 10 is version 4 of the second.
async fn log() -> File {
    let file = File::new();
    let store = file.store().await;
    for id in 0..30 {
        let told = append(&stream(id % 3), Expected::Any, vec![event(id + 1, "told")]);
        store.append(told).await.unwrap();
    }
    store.close().await;
    file
}

async fn tampered(statement: &'static str) -> VerifyError {
    let file = log().await;
    let mut connection = connect(&file).await;
    run(&mut connection, statement).await;
    connection.close().await.unwrap();
    file.store().await.verify().await.unwrap_err()
}

async fn misfit(statement: &'static str) -> (u64, Misfit) {
    match tampered(statement).await {
        VerifyError::Misfit { position, misfit } => (position.0, misfit),
        VerifyError::Read(error) => panic!("{error:?}"),
    }
}

fn stream_hash(key: u8, version: u64) -> Misfit {
    Misfit::StreamHash {
        stream: stream(key),
        version: Version(version),
    }
}

#[tokio::test]
async fn an_untouched_log_fits() {
    let verified = log().await.store().await.verify().await.unwrap();
    assert_eq!((verified.head, verified.streams), (Position(30), 3));
}

#[tokio::test]
async fn changed_words_are_found() {
    for change in [
        r#"UPDATE events SET data = '{"text":"other"}' WHERE position = 10"#,
        "UPDATE events SET metadata = replace(metadata, 'contract', 'contrast') WHERE position = 10",
        "UPDATE events SET kind = 'unit-closed' WHERE position = 10",
        "UPDATE events SET schema_version = 2 WHERE position = 10",
        "UPDATE events SET occurred_at = '2020-03-02' WHERE position = 10",
        "UPDATE events SET recorded_at = recorded_at + 1 WHERE position = 10",
        "UPDATE events SET id = zeroblob(16) WHERE position = 10",
        "UPDATE events SET stream_hash = zeroblob(32) WHERE position = 10",
    ] {
        assert_eq!(misfit(change).await, (10, stream_hash(0, 4)), "{change}");
    }
}

#[tokio::test]
async fn a_renamed_stream_is_found() {
    let found = misfit("UPDATE streams SET name = 'unit-9' WHERE name = 'unit-1'").await;
    assert_eq!(found, (2, stream_hash(9, 1)));
}

#[tokio::test]
async fn two_events_that_changed_places_are_found() {
    let found = misfit(
        "UPDATE events SET position = 99 WHERE position = 10;
         UPDATE events SET position = 10 WHERE position = 11;
         UPDATE events SET position = 11 WHERE position = 99",
    )
    .await;
    assert_eq!(found, (10, Misfit::LogHash));
}

#[tokio::test]
async fn an_event_that_is_gone_is_found() {
    let found = misfit("DELETE FROM events WHERE position = 10").await;
    assert_eq!(found, (10, Misfit::Missing));
}

#[tokio::test]
async fn an_event_that_is_gone_is_found_also_when_the_rest_moves_up() {
    let found = misfit(
        "DELETE FROM events WHERE position = 10;
         UPDATE events SET position = -position;
         UPDATE events SET position = CASE WHEN -position > 10 THEN -position - 1 ELSE -position END",
    )
    .await;
    assert_eq!(found, (10, Misfit::LogHash));
}

#[tokio::test]
async fn a_row_without_an_events_shape_is_named() {
    let error = tampered("UPDATE events SET occurred_at = 'once' WHERE position = 10").await;
    match error {
        VerifyError::Read(ReadError::Malformed { position, .. }) => {
            assert_eq!(position, Position(10));
        }
        other => panic!("{other:?}"),
    }
}

/// Nothing in a log says how long it once was: only the head that was kept elsewhere does.
#[tokio::test]
async fn an_end_cut_off_shows_in_the_head_alone() {
    let file = log().await;
    let before = file.store().await.verify().await.unwrap();
    let mut connection = connect(&file).await;
    run(&mut connection, "DELETE FROM events WHERE position > 27").await;
    connection.close().await.unwrap();
    let after = file.store().await.verify().await.unwrap();
    assert_eq!((after.head, after.streams), (Position(27), 3));
    assert_ne!(after.log_hash, before.log_hash);
}
