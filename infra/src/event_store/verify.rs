//! Walks a log and names the first position that does not fit.

use std::collections::HashMap;

use async_trait::async_trait;
use domain::es::{
    EventStore, Hash, Position, ReadError, RecordedAt, RecordedEvent, StreamName, Version,
};

use super::chain;

/// How many events are read at a time.
const PAGE: usize = 2_000;

/// A log that can be checked against its own hash chains.
///
/// A whole log fits; so does one whose end was cut off, since nothing in it says how long it once
/// was. Keep [`Verified::log_hash`] with its position somewhere else, and compare.
#[async_trait]
pub trait Verify: Send + Sync {
    /// Walks the whole log.
    async fn verify(&self) -> Result<Verified, VerifyError>;
}

/// What a log that fits holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// The position of its last event, and so how many it holds.
    pub head: Position,
    /// How many streams it holds.
    pub streams: usize,
    /// The last link of the chain through the whole log; `None` if the engine keeps none.
    pub log_hash: Option<Hash>,
}

/// Why a log does not stand the check.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It could not be read.
    #[error("the log could not be read")]
    Read(#[from] ReadError),
    /// Something was altered.
    #[error("position {position} does not fit: {misfit}")]
    Misfit {
        /// The first position that does not fit.
        position: Position,
        /// In what way.
        misfit: Misfit,
    },
}

/// In what way an event does not fit what stands before it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// No event stands there, and later ones do.
    #[error("it is missing")]
    Missing,
    /// The stream goes on at another version.
    #[error("stream {stream} goes on with version {found} after {after}")]
    Version {
        /// The stream.
        stream: StreamName,
        /// Its version before.
        after: Version,
        /// The version that stands here.
        found: Version,
    },
    /// The event is not the one that its hash was made of.
    #[error("the hash of stream {stream} at version {version} covers something else")]
    StreamHash {
        /// The stream.
        stream: StreamName,
        /// The version.
        version: Version,
    },
    /// The event is not the one that stood here.
    #[error("the hash of the log covers something else")]
    LogHash,
    /// It became known before the event before it.
    #[error("its time of recording lies before that of the event before it")]
    RecordedAt,
}

/// A check underway: what the events so far lead one to expect.
pub(crate) struct Walk {
    head: Position,
    recorded_at: Option<RecordedAt>,
    streams: HashMap<StreamName, (Version, Hash)>,
    log_hash: Option<Hash>,
}

impl Walk {
    /// Before the first event of a log without, or with, a chain of its own.
    pub(crate) fn start(log_hash: Option<Hash>) -> Self {
        Self {
            head: Position::START,
            recorded_at: None,
            streams: HashMap::new(),
            log_hash,
        }
    }

    /// The last position that fits.
    pub(crate) fn head(&self) -> Position {
        self.head
    }

    /// Checks the next event, and its link of the log's chain where the engine keeps one.
    pub(crate) fn step(
        &mut self,
        event: &RecordedEvent,
        log_hash: Option<Hash>,
    ) -> Result<(), VerifyError> {
        self.advance(event, event.recorded_at, log_hash)
    }

    /// Checks the next event of an engine that keeps the time its writer gave it apart from the
    /// time that it has in the log.
    pub(crate) fn step_written(
        &mut self,
        event: &RecordedEvent,
        written: RecordedAt,
    ) -> Result<(), VerifyError> {
        self.advance(event, written, None)
    }

    fn advance(
        &mut self,
        event: &RecordedEvent,
        written: RecordedAt,
        log_hash: Option<Hash>,
    ) -> Result<(), VerifyError> {
        let position = Position(self.head.0 + 1);
        self.check(position, event, written, log_hash)
            .map_err(|misfit| VerifyError::Misfit { position, misfit })
    }

    fn check(
        &mut self,
        position: Position,
        event: &RecordedEvent,
        written: RecordedAt,
        log_hash: Option<Hash>,
    ) -> Result<(), Misfit> {
        if event.position != position {
            return Err(Misfit::Missing);
        }
        let (after, hash) = self
            .streams
            .get(&event.stream)
            .copied()
            .unwrap_or((Version::NONE, Hash::ROOT));
        if event.version != after.plus(1) {
            return Err(Misfit::Version {
                stream: event.stream.clone(),
                after,
                found: event.version,
            });
        }
        if event.hash != chain::written_hash(hash, event, written) {
            return Err(Misfit::StreamHash {
                stream: event.stream.clone(),
                version: event.version,
            });
        }
        if let (Some(before), Some(found)) = (self.log_hash, log_hash) {
            if found != chain::log_link(before, event.hash) {
                return Err(Misfit::LogHash);
            }
            self.log_hash = Some(found);
        }
        if self
            .recorded_at
            .is_some_and(|before| event.recorded_at < before)
        {
            return Err(Misfit::RecordedAt);
        }
        self.head = position;
        self.recorded_at = Some(event.recorded_at);
        self.streams
            .insert(event.stream.clone(), (event.version, event.hash));
        Ok(())
    }

    pub(crate) fn done(self) -> Verified {
        Verified {
            head: self.head,
            streams: self.streams.len(),
            log_hash: self.log_hash,
        }
    }
}

/// Checks the chains of the streams, which every engine keeps.
pub(crate) async fn walk(store: &dyn EventStore) -> Result<Verified, VerifyError> {
    let mut walk = Walk::start(None);
    loop {
        let page = store.read_all(walk.head, PAGE).await?;
        if page.is_empty() {
            return Ok(walk.done());
        }
        for event in &page {
            walk.step(event, None)?;
        }
    }
}
