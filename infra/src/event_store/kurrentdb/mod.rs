//! The log in KurrentDB (once `EventStoreDB`), for those who outgrow one machine: the server or its
//! cluster keeps the events, and any number of our nodes read and write them.
//!
//! ```text
//! kurrentdb://HOST:2113?tls=false                     one node without TLS
//! esdb://USER:PASSWORD@A:2113,B:2113,C:2113?tlsCaFile=/etc/ca.pem&nodePreference=leader
//! kurrentdb+discover://cluster.example:2113?log=pilot a cluster by its name in DNS; a log of its own
//! ```
//!
//! The address goes to the vendor's client as it stands, but for `log` (default `stegspor`): the
//! log's streams are named `stegspor.participant-…` on the server, and of `$all` the server is
//! asked for those names only. So other streams may lie beside the log, and several logs beside
//! each other.
//!
//! What the port promises and the protocol does not say is settled here:
//!
//! * **Positions without gaps.** The server's places have gaps. A position is the rank of an event
//!   among the log's events in `$all`, which every node counts alike ([`index`]). The price: one
//!   pass over the log when a node starts, before its first answer, and some 60 bytes an event and
//!   150 a stream in its memory. Nothing of it is kept on disk. It also means that the log's
//!   streams must not be deleted, truncated or scavenged: ranks would move. A node that is running
//!   then notices and refuses to read; [`verify`](Verify::verify) shows it as a version that is
//!   missing.
//! * **Versions from 1** are revisions from 0, plus one.
//! * **Expected versions** are always sent as the exact revision, `Any` included: the chain of a
//!   stream needs it ([`writer`]).
//! * **The same ids again** are found in the index, however long ago they came; the server
//!   remembers only a while.
//! * **Read your own writes.** An append is answered when the index has counted it. Every read that
//!   may touch the log's end first asks the server for what is new.
//! * **Times of recording never decrease.** A writer takes the latest time it knows of. Of two that
//!   write at the same moment the second in the log may not have known of the first, and bear an
//!   earlier time; reading, it gets the time of the one before it, on every node alike. What it
//!   was written with is what its hash covers, and what [`verify`](Verify::verify) checks: such an
//!   event alone does not fit [`expected_hash`](super::expected_hash) as read. There is no chain
//!   through the whole log: nobody could extend it without a lock over all nodes.
//! * **Checkpoints.** Catching up goes on from the last event that was counted, never from a place
//!   that the server says it has looked up to ([`follower`]).
//! * **A server that goes away.** Calls fail with [`AppendError::Unavailable`], and go through
//!   again when the server is back; a client that failed is replaced ([`line`]). An append whose
//!   answer was lost can be told again with the same ids.
//!
//! An append may not be larger than the server takes (1 MiB unless configured otherwise).

mod address;
mod follower;
mod index;
mod line;
mod reader;
mod wire;
mod writer;

use std::{
    hash::{BuildHasher, RandomState},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use domain::es::{
    Append, AppendError, Appended, EventId, EventStore, Position, ReadError, RecordedEvent,
    StreamName, Version,
};
use tokio::{sync::Mutex, task::AbortHandle};

use self::{
    address::Address,
    follower::Shared,
    line::{Failure, Line},
    writer::Job,
};
use super::{
    OpenError, admission,
    verify::{Verified, Verify, VerifyError, Walk},
};

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many appends to different streams may be under way; those to one stream take turns.
const TURNS: usize = 512;
/// How many events are checked at a time.
const CHECKED: usize = 2_000;

/// A log in KurrentDB.
///
/// Opening it does not wait for the server: calls fail until it is there.
pub struct KurrentEventStore {
    shared: Arc<Shared>,
    turns: Arc<Turns>,
    follower: AbortHandle,
}

/// Appends to one stream of one node wait for each other here: at the server all but one would
/// be refused.
struct Turns {
    hasher: RandomState,
    locks: Vec<Mutex<()>>,
}

impl KurrentEventStore {
    /// The log at an address. Has to be called within a runtime.
    pub fn open(url: &str) -> Result<Self, OpenError> {
        Self::open_with(url, PATIENCE)
    }

    /// The log at an address, with another patience than usual for a server that does not answer.
    pub fn open_with(url: &str, patience: Duration) -> Result<Self, OpenError> {
        let Address { settings, prefix } = Address::parse(url)?;
        let line = Line::new(settings, patience)
            .map_err(|failure| OpenError::KurrentClient(failure.into()))?;
        let shared = Arc::new(Shared::new(line, prefix));
        let follower = tokio::spawn(Arc::clone(&shared).follow()).abort_handle();
        let turns = Turns {
            hasher: RandomState::new(),
            locks: std::iter::repeat_with(Mutex::default).take(TURNS).collect(),
        };
        Ok(Self {
            shared,
            turns: Arc::new(turns),
            follower,
        })
    }
}

impl Drop for KurrentEventStore {
    fn drop(&mut self) {
        self.follower.abort();
        self.shared.close();
    }
}

impl Turns {
    fn of(&self, stream: &StreamName) -> &Mutex<()> {
        let hash = self.hasher.hash_one(stream) % TURNS as u64;
        &self.locks[usize::try_from(hash).expect("it is below the number of locks")]
    }
}

fn unavailable(failure: Arc<Failure>) -> AppendError {
    AppendError::Unavailable(Box::new(failure))
}

#[async_trait]
impl EventStore for KurrentEventStore {
    /// Whoever stops waiting changes nothing: the append was handed over, and is done.
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        admission::not_empty(&append)?;
        let (shared, turns) = (Arc::clone(&self.shared), Arc::clone(&self.turns));
        let handed_over = tokio::spawn(async move {
            let _turn = turns.of(&append.stream).lock().await;
            shared.append(&Job::from(append)).await
        });
        handed_over
            .await
            .unwrap_or_else(|_| Err(unavailable(Arc::new(Failure::Panicked))))
    }

    async fn append_all(&self, appends: Vec<Append>) -> Vec<Result<Appended, AppendError>> {
        let mut outcomes = Vec::with_capacity(appends.len());
        for append in appends {
            outcomes.push(self.append(append).await);
        }
        outcomes
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        after: Version,
    ) -> Result<Vec<RecordedEvent>, ReadError> {
        self.shared.stream(stream, after).await
    }

    async fn read_all(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, ReadError> {
        let events = self.shared.range(after, limit).await?;
        Ok(events.into_iter().map(|(event, _)| event).collect())
    }

    async fn find(&self, id: EventId) -> Result<Option<RecordedEvent>, ReadError> {
        self.shared.find(id).await
    }

    async fn head(&self) -> Result<Position, ReadError> {
        self.shared.head().await
    }

    /// What this process writes is seen at once, what another writes within a quarter of a second.
    /// Waits on while the server is away.
    async fn moved_past(&self, position: Position) -> Result<Position, ReadError> {
        Ok(self.shared.moved_past(position).await)
    }
}

#[async_trait]
impl Verify for KurrentEventStore {
    async fn verify(&self) -> Result<Verified, VerifyError> {
        let mut walk = Walk::start(None);
        loop {
            let page = self.shared.range(walk.head(), CHECKED).await?;
            if page.is_empty() {
                return Ok(walk.done());
            }
            for (event, written) in &page {
                walk.step_written(event, *written)?;
            }
        }
    }
}
