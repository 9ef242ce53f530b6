//! Whoever changes the tables is found out, and where.

use super::{faults::run, *};
use crate::event_store::verify::Misfit;

/// 30 events, turn about on three streams: position 10 is version 4 of one of them.
async fn misfit(database: &ScratchDatabase, statement: &str) -> (u64, Misfit) {
    let store = open(database).await;
    for id in 0..30 {
        let told = append(&stream(id % 3), Expected::Any, vec![event(id + 1, "told")]);
        store.append(told).await.unwrap();
    }
    let verified = store.verify().await.unwrap();
    assert_eq!((verified.head, verified.streams), (Position(30), 3));
    assert!(verified.log_hash.is_some());
    run(&mut faults::other(database).await, statement).await;
    match store.verify().await.unwrap_err() {
        VerifyError::Misfit { position, misfit } => (position.0, misfit),
        VerifyError::Read(error) => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn what_was_changed_is_found() {
    let changed = Misfit::StreamHash {
        stream: stream(0),
        version: Version(4),
    };
    for (statement, found) in [
        (
            r#"UPDATE log_events SET data = '{"text":"other"}' WHERE position = 10"#,
            (10, changed),
        ),
        (
            "UPDATE log_events SET position = 99 WHERE position = 10;
             UPDATE log_events SET position = 10 WHERE position = 11;
             UPDATE log_events SET position = 11 WHERE position = 99",
            (10, Misfit::LogHash),
        ),
        (
            "DELETE FROM log_events WHERE position = 10",
            (10, Misfit::Missing),
        ),
        // The tail says how long the log is: here an end cut off shows.
        (
            "DELETE FROM log_events WHERE position > 27",
            (28, Misfit::Missing),
        ),
    ] {
        let Some(database) = ScratchDatabase::make("a log that was tampered with").await else {
            return;
        };
        assert_eq!(misfit(&database, statement).await, found, "{statement}");
    }
}
