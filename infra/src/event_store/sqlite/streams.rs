//! Reading streams: the reads that wait go together.
//!
//! Each command reads a stream, and a read has a price beside its rows: the way to SQLite's
//! thread and back, and a view of the file in which no page is known any more once somebody has
//! committed. So whoever finds the connection free reads for all who wait by then, as the writer
//! commits for all. Who reads alone reads at once.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::es::{StreamName, Version};
use futures::TryStreamExt;
use sqlx::{Connection, Row, SqliteConnection};
use tokio::sync::oneshot;

/// The most reads of one group.
const GROUP: usize = 32;

/// A stream's events as one value, still to be unpacked; or why there is none.
pub(super) type Page = Result<String, Arc<sqlx::Error>>;

/// Where streams are read.
pub(super) struct Streams {
    waiting: Mutex<Vec<Asked>>,
    connection: tokio::sync::Mutex<SqliteConnection>,
}

/// A read that waits.
struct Asked {
    stream: StreamName,
    after: Version,
    answer: oneshot::Sender<Page>,
}

impl Streams {
    pub(super) fn on(connection: SqliteConnection) -> Self {
        Self {
            waiting: Mutex::default(),
            connection: tokio::sync::Mutex::new(connection),
        }
    }

    pub(super) async fn close(self) {
        self.connection.into_inner().close().await.ok();
    }

    /// A stream's events after a version.
    pub(super) async fn read(&self, stream: &StreamName, after: Version) -> Page {
        loop {
            // No answer: whoever read for us was called off. Then we ask again.
            if let Some(page) = self.ask(stream.clone(), after).await {
                return page;
            }
        }
    }

    async fn ask(&self, stream: StreamName, after: Version) -> Option<Page> {
        let (answer, mut answered) = oneshot::channel();
        self.waiting().push(Asked {
            stream,
            after,
            answer,
        });
        loop {
            tokio::select! {
                biased;
                page = &mut answered => return page.ok(),
                mut connection = self.connection.lock() => {
                    read_all(&mut connection, self.next_group()).await;
                }
            }
        }
    }

    /// Those who have waited longest.
    fn next_group(&self) -> Vec<Asked> {
        let mut waiting = self.waiting();
        let many = waiting.len().min(GROUP);
        let later = waiting.split_off(many);
        mem::replace(&mut waiting, later)
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Asked>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers each as soon as its page is there, so that it is taken apart while the next is read.
async fn read_all(connection: &mut SqliteConnection, group: Vec<Asked>) {
    if group.is_empty() {
        return; // somebody else has read for all
    }
    let asked: Vec<_> = group
        .iter()
        .map(|asked| (asked.stream.as_str(), asked.after.0))
        .collect();
    let asked = serde_json::to_string(&asked).expect("texts and numbers always are JSON");
    let mut answers: Vec<_> = group.into_iter().map(|asked| Some(asked.answer)).collect();
    let mut pages = sqlx::query(include_str!("read_streams.sql"))
        .bind(asked)
        .fetch(connection);
    let failed = loop {
        let page = match pages.try_next().await {
            Ok(Some(row)) => row
                .try_get(0)
                .and_then(|nth: i64| Ok((nth, row.try_get(1)?))),
            Ok(None) => break sqlx::Error::RowNotFound,
            Err(error) => break error,
        };
        match page {
            Ok((nth, page)) => {
                let page: Option<String> = page;
                let place = usize::try_from(nth)
                    .ok()
                    .and_then(|nth| answers.get_mut(nth));
                if let Some(answer) = place.and_then(Option::take) {
                    answer.send(Ok(page.unwrap_or_default())).ok(); // nobody may be waiting any more
                }
            }
            Err(error) => break error,
        }
    };
    let failed = Arc::new(failed);
    for answer in answers.into_iter().flatten() {
        answer.send(Err(Arc::clone(&failed))).ok();
    }
}
