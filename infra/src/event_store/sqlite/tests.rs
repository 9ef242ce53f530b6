use std::sync::Arc;

use tempfile::TempDir;

use super::*;
use crate::event_store::{Log, contract::Harness};

/// A file in a folder of its own.
struct File(TempDir);

impl File {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }
}

impl Harness for File {
    async fn open(&mut self) -> Option<Arc<dyn Log>> {
        let path = self.0.path().join("log.sqlite");
        Some(Arc::new(SqliteEventStore::open(&path).await.unwrap()))
    }
}

crate::event_store_contract!(File::new());
