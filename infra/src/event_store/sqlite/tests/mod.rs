mod kill;
mod tamper;

use std::sync::Arc;

use domain::es::{Expected, Position};
use tempfile::TempDir;

use super::*;
use crate::event_store::{
    Log,
    contract::{Harness, append, event, stream},
};

/// A file in a folder of its own.
struct File(TempDir);

impl File {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> std::path::PathBuf {
        self.0.path().join("log.sqlite")
    }

    async fn store(&self) -> SqliteEventStore {
        SqliteEventStore::open(&self.path()).await.unwrap()
    }
}

impl Harness for File {
    async fn open(&mut self) -> Option<Arc<dyn Log>> {
        Some(Arc::new(self.store().await))
    }
}

crate::event_store_contract!(File::new());

#[tokio::test]
async fn closing_writes_what_waits_and_leaves_one_file() {
    let file = File::new();
    let store = file.store().await;
    let mut waiting = Vec::new();
    for id in 1..=100 {
        let told = append(&stream(id % 3), Expected::Any, vec![event(id, "told")]);
        waiting.push(store.submit(told).await.unwrap());
    }
    drop(waiting);
    store.close().await;
    let files: Vec<_> = std::fs::read_dir(file.0.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(files, ["log.sqlite"]);
    assert_eq!(file.store().await.head().await.unwrap(), Position(100));
}

#[tokio::test]
async fn a_file_that_is_no_log_is_refused_and_left_alone() {
    let file = File::new();
    std::fs::write(file.path(), "dear diary").unwrap();
    let error = SqliteEventStore::open(&file.path()).await.err().unwrap();
    assert!(matches!(error, OpenError::Engine(_)), "{error:?}");
    assert_eq!(std::fs::read(file.path()).unwrap(), b"dear diary");
}

#[tokio::test]
async fn the_folder_of_the_file_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/down/log.sqlite");
    let url = format!("sqlite:{}", path.display());
    let store = crate::event_store::open(&url).await.unwrap();
    assert_eq!(store.head().await.unwrap(), Position::START);
    assert!(path.exists());
}

#[tokio::test]
async fn an_engine_that_takes_no_more_says_so_and_goes_on_when_it_does() {
    let file = File::new();
    let store = file.store().await;
    let to = stream("slemdal");
    let tell = |id| append(&to, Expected::Any, vec![event(id, "told")]);
    store.append(tell(1)).await.unwrap();
    let mut other = tamper::connect(&file).await;
    tamper::run(&mut other, "ALTER TABLE events RENAME TO elsewhere").await;
    assert!(matches!(
        store.append(tell(2)).await,
        Err(domain::es::AppendError::Unavailable(_))
    ));
    tamper::run(&mut other, "ALTER TABLE elsewhere RENAME TO events").await;
    let appended = store.append(tell(2)).await.unwrap();
    assert_eq!(
        (appended.position, appended.already_recorded),
        (Position(2), false)
    );
    assert_eq!(store.verify().await.unwrap().head, Position(2));
}

#[tokio::test]
async fn of_those_who_open_it_for_themselves_alone_one_does() {
    let file = File::new();
    let alone = || async {
        SqliteEventStore::open_with(&file.path(), SqliteOptions::default().exclusive()).await
    };
    let writer = alone().await.unwrap();
    let error = alone().await.err().unwrap();
    assert!(matches!(error, OpenError::InUse { .. }), "{error:?}");
    let to = stream("slemdal");
    let tell = append(&to, Expected::Any, vec![event(1, "told")]);
    writer.append(tell).await.unwrap();
    // Who looks is not in the way, and nothing is in theirs.
    let reader = file.store().await;
    assert_eq!(reader.verify().await.unwrap().head, Position(1));
    writer.close().await;
    alone().await.unwrap();
}
