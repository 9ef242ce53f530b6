mod faults;
mod kill;
mod nodes;
mod pooler;
mod restart;
mod tamper;

use std::sync::Arc;

use domain::es::Expected;

use super::*;
use crate::{
    event_store::{
        Log,
        contract::{Harness, append, event, stream},
    },
    postgres::ScratchDatabase,
};

/// Each handle is a node of its own.
struct Nodes(ScratchDatabase);

impl Harness for Nodes {
    async fn open(&mut self) -> Option<Arc<dyn Log>> {
        Some(Arc::new(open(&self.0).await))
    }
}

async fn open(database: &ScratchDatabase) -> PostgresEventStore {
    PostgresEventStore::open(database.url()).await.unwrap()
}

crate::event_store_contract!(
    match ScratchDatabase::make("the contract of the event store").await {
        Some(database) => Nodes(database),
        None => return,
    }
);

#[tokio::test]
async fn closing_writes_what_waits() {
    let Some(database) = ScratchDatabase::make("closing the event store").await else {
        return;
    };
    let store = open(&database).await;
    let mut waiting = Vec::new();
    for id in 1..=100 {
        let told = append(&stream(id % 3), Expected::Any, vec![event(id, "told")]);
        waiting.push(store.submit(told).await.unwrap());
    }
    drop(waiting);
    store.close().await;
    assert_eq!(open(&database).await.head().await.unwrap(), Position(100));
}

#[tokio::test]
async fn no_error_shows_the_password() {
    for url in [
        "postgres://somebody:birch@127.0.0.1:1/nothing",
        "postgres://somebody:birch@127.0.0.1:birch/nothing",
        "postgres://somebody:birch@/nothing?sslmode=birch",
    ] {
        let error = crate::event_store::open(url).await.err().unwrap();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("somebody:birch"), "{shown}");
    }
}
