//! Reading streams: the reads that wait go together.
//!
//! Each command reads a stream, and a read by itself costs a round trip and a waking of one of the
//! server's processes. So a reader takes all reads that wait by then and asks for them with one
//! statement, as the writer commits for all; whoever reads alone is read for at once. Rows are
//! handed to those who asked, and are taken apart on their time.

use std::{num::NonZero, ops::RangeInclusive, sync::Arc, thread, time::Duration};

use domain::es::{ReadError, StreamName, Version};
use sqlx::{Row, postgres::PgRow};
use tokio::sync::{Mutex, mpsc, oneshot};

use super::{
    reader,
    session::{Session, is_lost, within},
};
use crate::postgres::Database;

/// How many readers take turns: as many as there are processors, within these bounds.
const READERS: RangeInclusive<usize> = 2..=8;
/// The most reads of one statement. More would save little, and keep those who could decide
/// meanwhile waiting.
const GROUP: usize = 8;
/// How many reads may wait for a reader before those who read wait too.
const QUEUE: usize = 1_024;
/// After what time a server that does not answer is given up.
const SILENCE: Duration = Duration::from_mins(1);

/// A stream's rows; or why there are none.
type Page = Result<Vec<PgRow>, Arc<sqlx::Error>>;

/// A read that waits.
struct Asked {
    stream: StreamName,
    after: Version,
    answer: oneshot::Sender<Page>,
}

/// Where streams are read, by one statement or another.
pub(super) struct Streams {
    waiting: mpsc::Sender<Asked>,
}

impl Streams {
    /// `statement` reads streams: it asks for their names and for versions, and tells in each
    /// row's last column which read it answers, from 1.
    pub(super) fn start(database: &Database, statement: &'static str) -> Self {
        let (waiting, queue) = mpsc::channel(QUEUE);
        let queue = Arc::new(Mutex::new(queue));
        let processors = thread::available_parallelism().map_or(1, NonZero::get);
        for _ in 0..processors.clamp(*READERS.start(), *READERS.end()) {
            let (database, queue) = (database.clone(), Arc::clone(&queue));
            tokio::spawn(read_until_nobody_asks(database, statement, queue));
        }
        Self { waiting }
    }

    /// The rows of a stream after a version.
    pub(super) async fn read(
        &self,
        stream: &StreamName,
        after: Version,
    ) -> Result<Vec<PgRow>, ReadError> {
        let (answer, answered) = oneshot::channel();
        let asked = Asked {
            stream: stream.clone(),
            after,
            answer,
        };
        let gone = || ReadError::Unavailable("the readers have stopped".into());
        self.waiting.send(asked).await.map_err(|_| gone())?;
        let page = answered.await.map_err(|_| gone())?;
        page.map_err(reader::unavailable)
    }
}

async fn read_until_nobody_asks(
    database: Database,
    statement: &'static str,
    queue: Arc<Mutex<mpsc::Receiver<Asked>>>,
) {
    let mut reader = Reader {
        database,
        statement,
        session: None,
    };
    let mut group = Vec::with_capacity(GROUP);
    while queue.lock().await.recv_many(&mut group, GROUP).await > 0 {
        let pages = match reader.read(&group).await {
            // Reading again does no harm.
            Err(error) if is_lost(&error) => reader.read(&group).await,
            pages => pages,
        };
        answer(group.drain(..), pages);
    }
    if let Some(session) = reader.session {
        session.close().await;
    }
}

/// Nobody may be waiting for an answer any more.
fn answer(group: impl Iterator<Item = Asked>, pages: Result<Vec<Vec<PgRow>>, sqlx::Error>) {
    match pages {
        Ok(pages) => {
            for (asked, page) in group.zip(pages) {
                asked.answer.send(Ok(page)).ok();
            }
        }
        Err(error) => {
            let error = Arc::new(error);
            for asked in group {
                asked.answer.send(Err(Arc::clone(&error))).ok();
            }
        }
    }
}

/// One that takes its turn.
struct Reader {
    database: Database,
    statement: &'static str,
    session: Option<Session>,
}

impl Reader {
    /// The session is given up where the read fails.
    async fn read(&mut self, group: &[Asked]) -> Result<Vec<Vec<PgRow>>, sqlx::Error> {
        let mut session = match self.session.take() {
            Some(session) => session,
            None => Session::open(&self.database).await?,
        };
        let pages = within(SILENCE, read_by(&mut session, self.statement, group)).await?;
        self.session = Some(session);
        Ok(pages)
    }
}

async fn read_by(
    session: &mut Session,
    statement: &'static str,
    group: &[Asked],
) -> Result<Vec<Vec<PgRow>>, sqlx::Error> {
    let names: Vec<_> = group.iter().map(|asked| asked.stream.as_str()).collect();
    let afters: Vec<_> = group
        .iter()
        .map(|asked| asked.after.0.cast_signed())
        .collect();
    session.begin_one().await?;
    let rows = session
        .query(statement)
        .bind(names)
        .bind(afters)
        .fetch_all(&mut session.connection)
        .await?;
    session.commit_one().await?;
    let mut pages: Vec<Vec<PgRow>> = group.iter().map(|_| Vec::new()).collect();
    for row in rows {
        let nth = usize::try_from(row.try_get::<i64, _>(row.len() - 1)?).unwrap_or_default();
        let page = nth.checked_sub(1).and_then(|nth| pages.get_mut(nth));
        page.ok_or(sqlx::Error::RowNotFound)?.push(row);
    }
    Ok(pages)
}
