//! Reading streams: the reads that wait go together.
//!
//! Each command reads a stream, and a read has a price beside its rows: the way to SQLite's
//! thread and back, and a view of the file in which no page is known any more once somebody has
//! committed. So whoever finds the connection free reads for all who wait by then, as the writer
//! commits for all. Who reads alone reads at once.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use domain::es::{StreamName, Version};
use futures::{TryStreamExt, stream::BoxStream};
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection, sqlite::SqliteRow};
use tokio::sync::oneshot;

/// The numbers of reads that there are statements for.
const ROOM: [usize; 6] = [1, 2, 4, 8, 16, 32];
/// The most reads of one group.
const GROUP: usize = ROOM[ROOM.len() - 1];

/// What a stream holds, as one value, still to be unpacked; or why there is none.
pub(super) type Page = Result<String, Arc<sqlx::Error>>;

/// Where streams are read, by one statement or another.
pub(super) struct Streams {
    waiting: Mutex<Vec<Asked>>,
    connection: tokio::sync::Mutex<SqliteConnection>,
    statements: Statements,
}

/// A read that waits.
struct Asked {
    stream: StreamName,
    after: Version,
    answer: oneshot::Sender<Page>,
}

impl Streams {
    /// `statement` reads one stream: it answers `$nth` and a page, and asks for a name and a
    /// version.
    pub(super) fn on(connection: SqliteConnection, statement: &'static str) -> Self {
        Self {
            waiting: Mutex::default(),
            connection: tokio::sync::Mutex::new(connection),
            statements: Statements::of(statement),
        }
    }

    pub(super) async fn close(self) {
        self.connection.into_inner().close().await.ok();
    }

    /// What the statement says of a stream after a version.
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
                    read_all(&mut connection, &self.statements, self.next_group()).await;
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
async fn read_all(connection: &mut SqliteConnection, statements: &Statements, group: Vec<Asked>) {
    if group.is_empty() {
        return; // somebody else has read for all
    }
    let mut query = sqlx::query(AssertSqlSafe(statements.of_reads(group.len())));
    let mut answers = Vec::with_capacity(group.len());
    for asked in group {
        let after = asked.after.0.cast_signed();
        query = query.bind(asked.stream.to_string()).bind(after);
        answers.push(Some(asked.answer));
    }
    let mut pages = query.fetch(connection);
    if let Err(error) = answer_each(&mut pages, &mut answers).await {
        let error = Arc::new(error);
        for answer in answers.into_iter().flatten() {
            answer.send(Err(Arc::clone(&error))).ok();
        }
    }
}

/// Nobody may be waiting for an answer any more.
async fn answer_each(
    pages: &mut BoxStream<'_, Result<SqliteRow, sqlx::Error>>,
    answers: &mut [Option<oneshot::Sender<Page>>],
) -> Result<(), sqlx::Error> {
    // Not until there are no more rows: to be told so is one more way to SQLite's thread.
    for _ in 0..answers.len() {
        let page = pages.try_next().await?.ok_or(sqlx::Error::RowNotFound)?;
        let nth: i64 = page.try_get(0)?;
        let text: Option<String> = page.try_get(1)?;
        let place = usize::try_from(nth)
            .ok()
            .and_then(|nth| answers.get_mut(nth));
        if let Some(answer) = place.and_then(Option::take) {
            answer.send(Ok(text.unwrap_or_default())).ok();
        }
    }
    Ok(())
}

/// One statement for each number of reads that there is room for.
struct Statements {
    of_one: &'static str,
    texts: [OnceLock<Arc<str>>; ROOM.len()],
}

impl Statements {
    fn of(of_one: &'static str) -> Self {
        Self {
            of_one,
            texts: [const { OnceLock::new() }; ROOM.len()],
        }
    }

    /// What it has room for besides asks for no stream.
    fn of_reads(&self, reads: usize) -> Arc<str> {
        let room = ROOM.partition_point(|room| *room < reads);
        let text = self.texts[room].get_or_init(|| {
            let reads: Vec<_> = (0..ROOM[room])
                .map(|nth| self.of_one.replace("$nth", &nth.to_string()))
                .collect();
            reads.join("UNION ALL\n").into()
        });
        Arc::clone(text)
    }
}
