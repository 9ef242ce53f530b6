//! The log in SQLite: the embedded default.
//!
//! **One writer** takes all appends that wait, checks them against the heads of their streams,
//! and adds them with one statement and one commit ([`writer`]). So durable appends per second
//! grow with the number of clients, not with the speed of the disk. **Readers** read beside it,
//! and in WAL mode neither waits for the other: one takes all reads of whole streams that wait, one
//! those of the facts that decisions ask for ([`streams`]), a few serve the rest.
//!
//! Every commit is synced to the disk before it is answered (`synchronous = FULL`): what is
//! acknowledged survives a loss of power.
//!
//! Several processes may hold the same file. None of them trusts what it remembers: the primary
//! key and two unique indexes refuse what was decided on a stale view, and then the group is
//! decided again under the file's write lock. Who keeps more than the log, a vault and read models
//! beside it, opens it for itself alone ([`SqliteOptions::exclusive`]).

mod insert;
pub(crate) mod lock;
mod reader;
mod streams;
#[cfg(test)]
mod tests;
mod writer;

use std::{path::Path, time::Duration};

use async_trait::async_trait;
use domain::es::{
    Append, AppendError, Appended, EventId, EventStore, Fact, Hash, Position, ReadError,
    RecordedEvent, StreamName, Version,
};
use sqlx::{
    ConnectOptions, Connection, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::sync::{mpsc, oneshot, watch};

use self::{streams::Streams, writer::Writer};
use super::{
    OpenError, admission,
    group::Job,
    packed::{self, Unreadable},
    verify::{Verified, Verify, VerifyError, Walk},
};

/// How many appends may wait for the writer before those who append wait too.
const QUEUE: usize = 1_024;
/// How many read at the same time.
const READERS: u32 = 4;
/// How long one process waits for another that writes.
pub(crate) const BUSY: Duration = Duration::from_secs(10);
/// How often a waiting reader looks whether another process has written.
const LOOK: Duration = Duration::from_millis(250);
/// How many events are checked at a time.
const PAGE: usize = 2_000;
/// The writer's page cache: 16 MiB, in the unit that SQLite takes. A longer log's pages lie in the
/// cache of the operating system.
const CACHE_KIB: &str = "-16384";
/// After how many pages of the write-ahead log they are moved into the file.
const CHECKPOINT_PAGES: &str = "4000";

/// How a log in SQLite is opened. By default every commit is on the disk before it is answered.
#[derive(Debug, Clone, Copy, Default)]
pub struct SqliteOptions {
    unsynced: bool,
    bare: bool,
    exclusive: bool,
}

impl SqliteOptions {
    /// Leaves it to the operating system when commits reach the disk: for filling a log that can
    /// be filled again.
    #[must_use]
    pub fn unsynced(self) -> Self {
        Self {
            unsynced: true,
            ..self
        }
    }

    /// Refuses to open a log that another process has opened this way: a lock on a file beside it
    /// is held until the log is closed. The lock ends with the process, however that ends.
    #[must_use]
    pub fn exclusive(self) -> Self {
        Self {
            exclusive: true,
            ..self
        }
    }

    /// Leaves the hash chains and the metadata out, to measure what they cost. Such a log can
    /// be written only.
    #[doc(hidden)]
    #[must_use]
    pub fn bare(self) -> Self {
        Self { bare: true, ..self }
    }
}

/// A log in an SQLite file.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use domain::es::{EventStore, Position};
/// use infra::event_store::SqliteEventStore;
///
/// let folder = tempfile::tempdir().unwrap();
/// let store = SqliteEventStore::open(&folder.path().join("log.sqlite")).await.unwrap();
/// assert_eq!(store.read_all(Position::START, 10).await.unwrap(), []);
/// store.close().await;
/// # });
/// ```
///
/// Dropping it lets the writer finish what was handed to it; [`close`](Self::close) waits for
/// that.
pub struct SqliteEventStore {
    jobs: mpsc::Sender<Job>,
    closed: oneshot::Receiver<()>,
    streams: Streams,
    histories: Streams,
    readers: SqlitePool,
    head: watch::Receiver<Position>,
}

impl SqliteEventStore {
    /// Opens the log in a file; makes it, and its folder, if there is none.
    pub async fn open(path: &Path) -> Result<Self, OpenError> {
        Self::open_with(path, SqliteOptions::default()).await
    }

    /// Opens the log in a file in another way than usual.
    pub async fn open_with(path: &Path, options: SqliteOptions) -> Result<Self, OpenError> {
        crate::private::database(path).map_err(OpenError::Folder)?;
        let lock = options.exclusive.then(|| lock::take(path)).transpose()?;
        let connect = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .busy_timeout(BUSY)
            .disable_statement_logging();
        let mut connection = connect
            .clone()
            .create_if_missing(true)
            .synchronous(if options.unsynced {
                SqliteSynchronous::Off
            } else {
                SqliteSynchronous::Full
            })
            .pragma("cache_size", CACHE_KIB)
            .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
            .connect()
            .await
            .map_err(OpenError::Engine)?;
        sqlx::migrate!("migrations/log")
            .run(&mut connection)
            .await
            .map_err(OpenError::Migrate)?;
        let connect = connect.read_only(true).row_buffer_size(1_024);
        let reader = async || connect.connect().await.map_err(OpenError::Engine);
        let streams = Streams::on(reader().await?, include_str!("read_stream.sql"));
        let histories = Streams::on(reader().await?, include_str!("read_history.sql"));
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .min_connections(1)
            .test_before_acquire(false)
            .connect_with(connect)
            .await
            .map_err(OpenError::Engine)?;
        let head = reader::head(&readers).await.map_err(OpenError::Engine)?;
        let (announce, head) = watch::channel(head);
        let (jobs, queue) = mpsc::channel(QUEUE);
        let (closing, closed) = oneshot::channel();
        let writer = Writer::new(connection, announce, options.bare);
        tokio::spawn(async move {
            writer.run(queue).await.close().await.ok();
            drop(lock);
            closing.send(()).ok();
        });
        Ok(Self {
            jobs,
            closed,
            streams,
            histories,
            readers,
            head,
        })
    }

    /// Lets go of the file, after all that was handed to the writer is written.
    pub async fn close(self) {
        let Self {
            jobs,
            closed,
            streams,
            histories,
            readers,
            head: _,
        } = self;
        readers.close().await;
        streams.close().await;
        histories.close().await;
        drop(jobs);
        closed.await.ok();
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

fn gone() -> AppendError {
    AppendError::Unavailable("the writer has stopped".into())
}

async fn settled(
    answer: Result<oneshot::Receiver<Result<Appended, AppendError>>, AppendError>,
) -> Result<Appended, AppendError> {
    answer?.await.unwrap_or_else(|_| Err(gone()))
}

#[async_trait]
impl EventStore for SqliteEventStore {
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
        let page = self.streams.read(stream, after).await;
        let page = page.map_err(|error| ReadError::Unavailable(Box::new(error)))?;
        match packed::events(&page, Some(stream)) {
            Ok(mut events) => {
                // The index gives them in this order, only SQLite does not promise it.
                events.sort_by_key(|event| event.version);
                Ok(events)
            }
            Err(Unreadable) => Err(reader::unreadable(&self.readers, Position::START).await),
        }
    }

    async fn history(&self, stream: &StreamName) -> Result<Vec<Fact>, ReadError> {
        let page = self.histories.read(stream, Version::NONE).await;
        let page = page.map_err(|error| ReadError::Unavailable(Box::new(error)))?;
        packed::history(&page, stream, self).await
    }

    async fn read_all(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, ReadError> {
        reader::all(&self.readers, after, limit).await
    }

    async fn find(&self, id: EventId) -> Result<Option<RecordedEvent>, ReadError> {
        reader::find(&self.readers, id).await
    }

    async fn head(&self) -> Result<Position, ReadError> {
        reader::head(&self.readers)
            .await
            .map_err(reader::unavailable)
    }

    /// What this process writes is seen at once, what another writes within a quarter of a second.
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
impl Verify for SqliteEventStore {
    /// Checks the chains of the streams and the one through the whole log.
    async fn verify(&self) -> Result<Verified, VerifyError> {
        let mut walk = Walk::start(Some(Hash::ROOT));
        loop {
            let page = reader::links(&self.readers, walk.head(), PAGE).await?;
            if page.is_empty() {
                return Ok(walk.done());
            }
            for (event, log_hash) in &page {
                walk.step(event, Some(*log_hash))?;
            }
        }
    }
}
