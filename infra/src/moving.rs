//! Moving house: a log is copied from one engine to another, and stays the same log.
//!
//! Every event keeps its id, its place in its stream and in the log, its times, its text, and so
//! its link of its stream's chain, byte for byte: receipts stay valid. Only the chain through the
//! whole log belongs to an engine, and is made anew where there is one.
//!
//! What the target holds must be a beginning of the source, event by event: then it is gone on with.
//! So a copy that was broken off, wherever that was, is simply run again.

use std::collections::{HashMap, HashSet};

use domain::es::{
    Append, AppendError, Expected, Hash, NewEvent, Position, ReadError, RecordedEvent, StreamName,
    Version,
};

use crate::event_store::{Log, VerifyError, expected_hash};

/// How many events are read, and appended, at a time.
const PAGE: usize = 512;
/// The most events of one append: servers take so many bytes and no more.
const TOGETHER: usize = 64;

/// A log that stands in both places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// How many events it holds.
    pub events: u64,
    /// How many streams.
    pub streams: usize,
    /// How many events the target held already.
    pub held_before: u64,
    /// The last link of the target's chain through the whole log; `None` if its engine keeps none.
    pub log_hash: Option<Hash>,
}

/// Why a log was not copied, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// The source could not be read.
    #[error("the log to be copied could not be read")]
    Source(#[source] ReadError),
    /// The target could not be read.
    #[error("the log to be copied to could not be read")]
    Target(#[source] ReadError),
    /// The target holds something else.
    #[error(
        "the target holds another event than the source at position {position}: it is not a beginning of this log, and stays as it is. Name a target that is empty"
    )]
    Foreign {
        /// The first position that differs.
        position: Position,
    },
    /// The source does not stand its own check, or was lifted by its engine.
    #[error(
        "the event at position {position} of the source does not fit its own hash as it is read: `stegspor verify` says more. In KurrentDB it may also be an event whose node had a clock behind another's: no other engine can keep that"
    )]
    Misfit {
        /// The first position that does not fit.
        position: Position,
    },
    /// This program would write an envelope differently.
    #[error(
        "the envelope of the event at position {position} was written by a newer program: copy it with one that is at least as new"
    )]
    Envelope {
        /// Where it stands.
        position: Position,
    },
    /// Somebody else writes to the target.
    #[error(
        "the event of position {position} came to stand elsewhere in the target: something else writes to it"
    )]
    Interfered {
        /// Where it should stand.
        position: Position,
    },
    /// The target did not take an event.
    #[error(
        "the target did not take the event of position {position}; run the same command again once it does"
    )]
    Refused {
        /// Where it stands in the source.
        position: Position,
        /// Why not.
        source: AppendError,
    },
    /// The copy does not stand the check that every log must stand.
    #[error("the copy does not stand the check")]
    Copy(#[source] VerifyError),
}

/// The ends of streams, checked link by link.
#[derive(Default)]
struct Ends(HashMap<StreamName, (Version, Hash)>);

impl Ends {
    /// Takes the next event of its stream, if it fits.
    fn take(&mut self, event: &RecordedEvent) -> Result<(), MoveError> {
        let known = self.0.get(&event.stream).copied();
        let (version, hash) = known.unwrap_or((Version::NONE, Hash::ROOT));
        if event.version != version.plus(1) || event.hash != expected_hash(hash, event) {
            return Err(MoveError::Misfit {
                position: event.position,
            });
        }
        let end = (event.version, event.hash);
        self.0.insert(event.stream.clone(), end);
        Ok(())
    }
}

/// Copies a log to its end, and checks the copy: every event on both sides, the end of every
/// stream, then the chains of the target as `stegspor verify` does. Says after each page how far it
/// has come, and where the source's head lies; both while it looks at what the target holds and
/// while it copies.
///
/// Nobody else may write to either meanwhile. Events that come to the source nevertheless are
/// copied as well, until both end at the same event.
pub async fn copy(
    source: &dyn Log,
    target: &dyn Log,
    mut progress: impl FnMut(Position, Position) + Send,
) -> Result<Moved, MoveError> {
    let held = target.head().await.map_err(MoveError::Target)?;
    let mut written = Ends::default();
    let beginning = Position::START;
    same(source, target, beginning, held, &mut written, &mut progress).await?;

    let mut kinds = Kinds::default();
    let (mut position, mut checked) = (held, beginning);
    let mut ends = Ends::default();
    loop {
        loop {
            let page = source.read_all(position, PAGE).await;
            let page = page.map_err(MoveError::Source)?;
            let Some(last) = page.last() else { break };
            let reached = last.position;
            add(target, &page, &mut written, &mut kinds).await?;
            position = reached;
            progress(position, source.head().await.map_err(MoveError::Source)?);
        }
        same(source, target, checked, position, &mut ends, &mut progress).await?;
        checked = position;
        if source.head().await.map_err(MoveError::Source)? == position {
            break;
        }
    }
    let verified = target.verify().await.map_err(MoveError::Copy)?;
    if verified.head != position || verified.streams != ends.0.len() {
        let position = verified.head;
        return Err(MoveError::Interfered { position });
    }
    Ok(Moved {
        events: position.0,
        streams: verified.streams,
        held_before: held.0,
        log_hash: verified.log_hash,
    })
}

/// That both hold the same events from one position to another, which fit the chains of their
/// streams.
async fn same(
    source: &dyn Log,
    target: &dyn Log,
    mut after: Position,
    until: Position,
    ends: &mut Ends,
    progress: &mut (impl FnMut(Position, Position) + Send),
) -> Result<(), MoveError> {
    while after < until {
        let limit = usize::try_from(until.0 - after.0).map_or(PAGE, |left| left.min(PAGE));
        let (ours, theirs) =
            tokio::join!(source.read_all(after, limit), target.read_all(after, limit));
        let ours = ours.map_err(MoveError::Source)?;
        let theirs = theirs.map_err(MoveError::Target)?;
        for (nth, their) in theirs.iter().enumerate() {
            let our = ours.get(nth);
            if our != Some(their) {
                let position = their.position;
                return Err(MoveError::Foreign { position });
            }
            ends.take(their)?;
        }
        if theirs.len() < limit {
            let position = Position(after.0 + theirs.len() as u64 + 1);
            return Err(MoveError::Foreign { position });
        }
        after = Position(after.0 + limit as u64);
        progress(after, until);
    }
    Ok(())
}

/// Adds events to the target, in their order. Those that follow each other in one stream, known at
/// the same time, go together.
async fn add(
    target: &dyn Log,
    page: &[RecordedEvent],
    ends: &mut Ends,
    kinds: &mut Kinds,
) -> Result<(), MoveError> {
    let mut appends: Vec<(Position, Append)> = vec![];
    for event in page {
        let before = event.version.0.saturating_sub(1);
        ends.take(event)?;
        let new = as_written(event, kinds)?;
        match appends.last_mut() {
            Some((last, append))
                if append.stream == event.stream
                    && append.recorded_at == event.recorded_at
                    && append.events.len() < TOGETHER =>
            {
                *last = event.position;
                append.events.push(new);
            }
            _ => {
                let append = Append {
                    stream: event.stream.clone(),
                    expected: match before {
                        0 => Expected::NoStream,
                        before => Expected::Exactly(Version(before)),
                    },
                    events: vec![new],
                    recorded_at: event.recorded_at,
                };
                appends.push((event.position, append));
            }
        }
    }
    let (positions, appends): (Vec<_>, Vec<_>) = appends.into_iter().unzip();
    let outcomes = target.append_all(appends).await;
    for (position, outcome) in positions.into_iter().zip(outcomes) {
        match outcome {
            Ok(appended) if appended.position == position => {}
            Ok(_) | Err(AppendError::Conflict { .. } | AppendError::IdTaken { .. }) => {
                return Err(MoveError::Interfered { position });
            }
            Err(source) => return Err(MoveError::Refused { position, source }),
        }
    }
    Ok(())
}

/// An event as it was written once; of one that would be written differently now, the chain would
/// not be the same.
fn as_written(event: &RecordedEvent, kinds: &mut Kinds) -> Result<NewEvent, MoveError> {
    let metadata = event.read_metadata().ok().filter(|metadata| {
        serde_json::to_string(metadata).is_ok_and(|text| text == event.metadata)
    });
    let metadata = metadata.ok_or(MoveError::Envelope {
        position: event.position,
    })?;
    Ok(NewEvent {
        id: event.id,
        kind: kinds.named(&event.kind),
        schema_version: event.schema_version,
        occurred_at: event.occurred_at,
        metadata,
        data: event.data.clone(),
    })
}

/// The names of kinds, also of those that this program does not know. There are a few dozen, kept
/// as long as it runs.
#[derive(Default)]
struct Kinds(HashSet<&'static str>);

impl Kinds {
    fn named(&mut self, kind: &str) -> &'static str {
        if let Some(known) = self.0.get(kind) {
            return known;
        }
        let named: &'static str = Box::leak(kind.to_owned().into_boxed_str());
        self.0.insert(named);
        named
    }
}
