//! The log in PostgreSQL: several nodes write to it.
//!
//! **One writer on each node** takes all appends that wait, plans them on what it remembers, and
//! adds them with one statement and one commit ([`writer`], [`add`]). **The tail is one row**, moved
//! on within the transaction that appends: so positions have no gaps and become readable in their
//! order, and no reader that follows skips an event, however many nodes write. What a node
//! remembers may be stale; the tail tells, and then the group is planned again under its lock.
//!
//! **Readers** of streams go together ([`streams`]), a few connections serve the rest ([`reader`]).
//! Beside them, nodes tell each other that the log has moved ([`news`]); nothing rests on it.
//!
//! What is acknowledged survives a loss of power as long as the server runs with
//! `synchronous_commit` on, as it does unless told otherwise. The text that the hashes cover is
//! kept as `text`. Nothing rests on the state of a session: a pooler in transaction mode may stand
//! between. A pooler that keeps prepared statements apart (`PgBouncer` from 1.21 on, with
//! `max_prepared_statements`) needs nothing; for another, `?statement-cache-capacity=0` puts each
//! statement in a transaction of its own, which costs two more round trips.

mod add;
mod names;
mod news;
mod reader;
mod session;
mod streams;
#[cfg(test)]
mod tests;
mod writer;

use std::time::Duration;

use async_trait::async_trait;
use domain::es::{
    Append, AppendError, Appended, EventId, EventStore, Fact, Hash, Position, ReadError,
    RecordedEvent, StreamName, Version,
};
use sqlx::Row;
use tokio::sync::{mpsc, oneshot, watch};

use self::{news::Teller, reader::Reader, session::Session, streams::Streams, writer::Writer};
use super::{
    OpenError, admission,
    group::Job,
    packed,
    verify::{Misfit, Verified, Verify, VerifyError, Walk},
};
use crate::postgres::{Database, migrate};

/// How many appends may wait for the writer before those who append wait too.
const QUEUE: usize = 1_024;
/// How often a waiting reader looks whether another node has written of which it did not hear.
const LOOK: Duration = Duration::from_millis(250);
/// How many events are checked at a time.
const PAGE: usize = 2_000;
/// Which migrations of the log were made is remembered here.
const REMEMBERED_IN: &str = "log_migrations";

/// A log in a PostgreSQL database.
///
/// Dropping it lets the writer finish what was handed to it; [`close`](Self::close) waits for
/// that.
pub struct PostgresEventStore {
    jobs: mpsc::Sender<Job>,
    closed: oneshot::Receiver<()>,
    streams: Streams,
    histories: Streams,
    reader: Reader,
    head: watch::Receiver<Position>,
}

impl PostgresEventStore {
    /// Opens the log in the database that a URL names; makes its tables if there are none.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        let database = Database::named(url).map_err(OpenError::Engine)?;
        let mut session = Session::open(&database).await.map_err(OpenError::Engine)?;
        let tables = sqlx::migrate!("migrations/log_postgres");
        migrate(&mut session.connection, tables, REMEMBERED_IN)
            .await
            .map_err(OpenError::Migrate)?;
        let reader = Reader::new(&database);
        let head = reader.head().await.map_err(OpenError::Engine)?;
        let (announce, head) = watch::channel(head);
        let (wrote, written) = watch::channel(Position::START);
        let (jobs, queue) = mpsc::channel(QUEUE);
        let (closing, closed) = oneshot::channel();
        let teller = Teller::default();
        tokio::spawn(news::tell(database.clone(), teller.clone(), written));
        let announce_too = announce.clone();
        tokio::spawn(news::hear(
            database.clone(),
            teller,
            reader.clone(),
            announce_too,
        ));
        let streams = Streams::start(&database, include_str!("read_streams.sql"));
        let histories = Streams::start(&database, include_str!("read_histories.sql"));
        let writer = Writer::new(database, session, announce, wrote);
        tokio::spawn(async move {
            writer.run(queue).await;
            closing.send(()).ok();
        });
        Ok(Self {
            jobs,
            closed,
            streams,
            histories,
            reader,
            head,
        })
    }

    /// Lets go of the database, after all that was handed to the writer is written.
    pub async fn close(self) {
        let Self {
            jobs,
            closed,
            streams,
            histories,
            reader,
            head: _,
        } = self;
        drop((jobs, streams, histories));
        closed.await.ok();
        reader.close().await;
    }

    /// Hands an append to the writer. What comes back resolves when it is durable; nobody has to
    /// wait for it.
    async fn submit(
        &self,
        append: Append,
    ) -> Result<oneshot::Receiver<Result<Appended, AppendError>>, AppendError> {
        admission::not_empty(&append)?;
        let (job, answer) = Job::new(append);
        self.jobs.send(job).await.map_err(|_| gone())?;
        Ok(answer)
    }
}

/// The head lies there, or already further on.
fn announce(head: &watch::Sender<Position>, at: Position) {
    head.send_if_modified(|known| {
        let moved = *known < at;
        *known = at.max(*known);
        moved
    });
}

fn gone() -> AppendError {
    AppendError::Unavailable("the writer has stopped".into())
}

async fn settled(
    answer: Result<oneshot::Receiver<Result<Appended, AppendError>>, AppendError>,
) -> Result<Appended, AppendError> {
    answer?.await.unwrap_or_else(|_| Err(gone()))
}

#[async_trait]
impl EventStore for PostgresEventStore {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        settled(self.submit(append).await).await
    }

    async fn append_all(&self, appends: Vec<Append>) -> Vec<Result<Appended, AppendError>> {
        let mut answers = Vec::with_capacity(appends.len());
        for append in appends {
            answers.push(self.submit(append).await);
        }
        let mut outcomes = Vec::with_capacity(answers.len());
        for answer in answers {
            outcomes.push(settled(answer).await);
        }
        outcomes
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        after: Version,
    ) -> Result<Vec<RecordedEvent>, ReadError> {
        let rows = self.streams.read(stream, after).await?;
        let events = rows.iter().map(|row| reader::event(row, stream.clone()));
        let mut events = events.collect::<Result<Vec<_>, _>>()?;
        // The index gives them in this order, only PostgreSQL does not promise it.
        events.sort_by_key(|event| event.version);
        Ok(events)
    }

    async fn history(&self, stream: &StreamName) -> Result<Vec<Fact>, ReadError> {
        let rows = self.histories.read(stream, Version::NONE).await?;
        let page = rows.first().map(|row| row.try_get::<Option<&str>, _>(0));
        let page = page.transpose().map_err(reader::unavailable)?.flatten();
        packed::history(page.unwrap_or_default(), stream, self).await
    }

    async fn read_all(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, ReadError> {
        self.reader.all(after, limit).await
    }

    async fn find(&self, id: EventId) -> Result<Option<RecordedEvent>, ReadError> {
        self.reader.find(id).await
    }

    async fn head(&self) -> Result<Position, ReadError> {
        self.reader.head().await.map_err(reader::unavailable)
    }

    /// What this node writes is seen at once, what another writes as soon as it is heard of, or
    /// within a quarter of a second.
    async fn moved_past(&self, position: Position) -> Result<Position, ReadError> {
        let mut head = self.head.clone();
        loop {
            let moved = head.wait_for(|head| *head > position);
            let moved = tokio::time::timeout(LOOK, moved)
                .await
                .map(|seen| seen.map(|head| *head));
            match moved {
                Ok(Ok(head)) => return Ok(head),
                Ok(Err(_)) => return Err(ReadError::Unavailable("the writer has stopped".into())),
                Err(_elapsed) => {
                    let head = self.head().await?;
                    if head > position {
                        return Ok(head);
                    }
                }
            }
        }
    }
}

#[async_trait]
impl Verify for PostgresEventStore {
    /// Checks the chains of the streams and the one through the whole log, and that the log
    /// reaches as far as its tail says.
    async fn verify(&self) -> Result<Verified, VerifyError> {
        let tail = self.head().await?;
        let mut walk = Walk::start(Some(Hash::ROOT));
        loop {
            let page = self.reader.links(walk.head(), PAGE).await?;
            if page.is_empty() {
                break;
            }
            for (event, log_hash) in &page {
                walk.step(event, Some(*log_hash))?;
            }
        }
        if walk.head() < tail {
            return Err(VerifyError::Misfit {
                position: Position(walk.head().0 + 1),
                misfit: Misfit::Missing,
            });
        }
        Ok(walk.done())
    }
}
