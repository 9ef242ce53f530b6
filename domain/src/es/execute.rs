//! The walk of a command: read the stream, fold it, decide, append.

use uuid::Uuid;

use super::{
    Append, AppendError, Appended, Broken, Context, Day, Decider, DecodeError, Entry, EventData,
    EventId, EventStore, Expected, Fact, Metadata, NewEvent, OccurredAt, ReadError, RecordedAt,
    RecordedEvent, StreamName, Version, amend, amended,
};

/// How often a decision is made anew after somebody else wrote to the stream.
const ATTEMPTS: usize = 8;

/// What is told along with a command.
#[derive(Debug, Clone)]
pub struct Told {
    /// The command's id. Its first event bears it, so that a command told twice is recorded once.
    pub command_id: Uuid,
    /// When what it tells of happened.
    pub occurred_at: OccurredAt,
    /// The time now, by the caller's clock.
    pub now: RecordedAt,
    /// Who tells it, and how.
    pub metadata: Metadata,
    /// The version that the teller saw, if the decision must rest on that one.
    pub expected: Option<Version>,
}

/// What a command came to.
#[derive(Debug, Clone)]
pub struct Executed<D: Decider> {
    /// Where its facts stand; `None` if it added none.
    pub appended: Option<Appended>,
    /// The stream's version now.
    pub version: Version,
    /// The facts it added, now or when it was told the first time.
    pub entries: Vec<Entry<D::Event>>,
    /// What is known after them.
    pub state: D::State,
}

/// Why a command came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError<R: Broken> {
    /// It would break a rule.
    #[error(transparent)]
    Rejected(R),
    /// It tells of a time that has not come.
    #[error("{occurred_at} lies in the future")]
    InFuture {
        /// The time it tells of.
        occurred_at: OccurredAt,
    },
    /// It tells of a time that nobody remembers.
    #[error("{occurred_at} lies before living memory")]
    TooLongAgo {
        /// The time it tells of.
        occurred_at: OccurredAt,
    },
    /// It amends an entry that this stream does not hold.
    #[error("this stream has no entry {entry}")]
    NoSuchEntry {
        /// The entry it names.
        entry: EventId,
    },
    /// It amends an entry that does not count any more.
    #[error("entry {entry} is retracted already")]
    RetractedAlready {
        /// The entry it names.
        entry: EventId,
    },
    /// It corrects what is itself a correction or a retraction.
    #[error("entry {entry} is an amendment, which is retracted and not corrected")]
    NotCorrectable {
        /// The entry it names.
        entry: EventId,
    },
    /// What a correction says would have broken a rule, had it been told so.
    #[error("the corrected entry would break a rule")]
    Corrected(#[source] R),
    /// It retracts an entry without which another would have broken a rule.
    #[error("entry {by} rests on the retracted entry")]
    RestedOn {
        /// One that rests on it.
        by: EventId,
        /// What would then speak against that one.
        #[source]
        why: R,
    },
    /// It amends an entry so that another would have broken a rule.
    #[error("entry {entry} would break a rule")]
    WouldBreak {
        /// The entry that could not stand.
        entry: EventId,
        /// What would then speak against it.
        #[source]
        why: R,
    },
    /// A correction without the shape of the entry it corrects.
    #[error("the correction does not have the shape of the entry it corrects")]
    Correction(#[source] DecodeError),
    /// The teller saw an older version of the stream.
    #[error("the stream is at version {actual}, not {expected}")]
    Stale {
        /// What the teller saw.
        expected: Version,
        /// What it is.
        actual: Version,
    },
    /// The command's id was used by another command.
    #[error("id {0} was used by another command")]
    IdTaken(EventId),
    /// Others kept writing to the stream.
    #[error("the stream kept changing; try again")]
    Contended,
    /// The log could not be read.
    #[error("the stream could not be read")]
    Read(#[from] ReadError),
    /// A stored event could not be decoded.
    #[error("event {id} could not be decoded")]
    Decode {
        /// Which.
        id: EventId,
        /// Why.
        source: DecodeError,
    },
    /// The log could not be written.
    #[error("the facts could not be added")]
    Append(#[source] AppendError),
}

/// A stream as it is known: its state, its version, and which entries it holds.
#[derive(Debug, Clone)]
pub struct Aggregate<D: Decider> {
    /// What is known.
    pub state: D::State,
    /// The version that this rests on.
    pub version: Version,
    /// The stream's entries as they were recorded: what an amendment may name.
    entries: Vec<Entry<D::Event>>,
}

impl<D: Decider> Default for Aggregate<D> {
    fn default() -> Self {
        Self {
            state: D::State::default(),
            version: Version::NONE,
            entries: Vec::new(),
        }
    }
}

impl<D: Decider> Aggregate<D> {
    /// The stream after all of `history`, corrections and retractions counted.
    pub fn fold(history: &[Fact]) -> Result<Self, ExecuteError<D::Rejection>> {
        let version = history.last().map_or(Version::NONE, |fact| fact.version);
        Ok(Self::of(decode_all(history)?, version))
    }

    fn of(entries: Vec<Entry<D::Event>>, version: Version) -> Self {
        let amended = entries
            .iter()
            .any(|entry| entry.event.amendment().is_some());
        let state = if amended {
            amend::in_place(&entries)
                .iter()
                .fold(D::State::default(), D::evolve)
        } else {
            entries.iter().fold(D::State::default(), D::evolve)
        };
        Self {
            state,
            version,
            entries,
        }
    }

    /// Whether the stream holds an event of this id.
    #[must_use]
    pub fn holds(&self, id: EventId) -> bool {
        self.entries.iter().any(|entry| entry.id == id)
    }

    /// What `command` adds to this stream, as events ready to be appended. Changes nothing.
    pub fn decide(
        &self,
        command: D::Command,
        told: &Told,
        world: &D::World,
    ) -> Result<Vec<Entry<D::Event>>, ExecuteError<D::Rejection>> {
        may_have_happened(told.occurred_at, told.now)?;
        let context = Context {
            occurred_at: told.occurred_at,
            command_id: told.command_id,
            world,
        };
        let events = D::decide(&self.state, command, &context).map_err(ExecuteError::Rejected)?;
        let entries: Vec<_> = events
            .into_iter()
            .enumerate()
            .map(|(index, event)| Entry {
                id: event_id(told.command_id, index),
                occurred_at: told.occurred_at,
                event,
            })
            .collect();
        for entry in &entries {
            amended::may_be_amended::<D>(&self.entries, entry, told.now, world)?;
        }
        Ok(entries)
    }

    /// The stream after `entries` too. One that holds an amendment is folded anew.
    #[must_use]
    pub fn after(mut self, entries: &[Entry<D::Event>]) -> Self {
        self.version = self.version.plus(entries.len());
        self.entries.extend_from_slice(entries);
        if self
            .entries
            .iter()
            .any(|entry| entry.event.amendment().is_some())
        {
            return Self::of(self.entries, self.version);
        }
        self.state = entries.iter().fold(self.state, D::evolve);
        self
    }
}

/// Rules G5 and G6.
pub(super) fn may_have_happened<R: Broken>(
    occurred_at: OccurredAt,
    now: RecordedAt,
) -> Result<(), ExecuteError<R>> {
    if occurred_at.begins() > now.0 {
        Err(ExecuteError::InFuture { occurred_at })
    } else if occurred_at.day() < Day::FIRST {
        Err(ExecuteError::TooLongAgo { occurred_at })
    } else {
        Ok(())
    }
}

/// Reads a stream and folds it.
pub async fn load<D: Decider>(
    store: &dyn EventStore,
    stream: &StreamName,
) -> Result<Aggregate<D>, ExecuteError<D::Rejection>> {
    Aggregate::fold(&store.history(stream).await?)
}

/// Walks a command through: reads the stream, decides, appends with the version the decision
/// rested on. Where somebody else wrote in between, it decides anew, a bounded number of times.
pub async fn execute<D: Decider>(
    store: &dyn EventStore,
    stream: &StreamName,
    command: D::Command,
    told: &Told,
    world: &D::World,
) -> Result<Executed<D>, ExecuteError<D::Rejection>> {
    for _ in 0..ATTEMPTS {
        let history = store.history(stream).await?;
        if history.iter().any(|fact| fact.id.0 == told.command_id) {
            return told_before(store, stream, told).await;
        }
        let aggregate = Aggregate::<D>::fold(&history)?;
        if let Some(expected) = told.expected
            && expected != aggregate.version
        {
            return Err(ExecuteError::Stale {
                expected,
                actual: aggregate.version,
            });
        }
        let entries = aggregate.decide(command.clone(), told, world)?;
        if entries.is_empty() {
            let Aggregate { state, version, .. } = aggregate;
            return Ok(Executed {
                appended: None,
                version,
                entries,
                state,
            });
        }
        let append = Append {
            stream: stream.clone(),
            expected: match aggregate.version {
                Version::NONE => Expected::NoStream,
                version => Expected::Exactly(version),
            },
            events: new_events(&entries, &told.metadata),
            recorded_at: told.now,
        };
        match store.append(append).await {
            Ok(appended) => {
                return Ok(Executed {
                    version: appended.version,
                    appended: Some(appended),
                    state: aggregate.after(&entries).state,
                    entries,
                });
            }
            Err(AppendError::Conflict { .. }) => {}
            Err(AppendError::IdTaken { id }) => return Err(ExecuteError::IdTaken(id)),
            Err(error) => return Err(ExecuteError::Append(error)),
        }
    }
    Err(ExecuteError::Contended)
}

/// The events of `entries`, ready for the log.
#[must_use]
pub fn new_events<E: EventData>(entries: &[Entry<E>], metadata: &Metadata) -> Vec<NewEvent> {
    entries
        .iter()
        .map(|entry| NewEvent {
            id: entry.id,
            kind: entry.event.kind(),
            schema_version: entry.event.schema_version(),
            occurred_at: entry.occurred_at,
            metadata: metadata.clone(),
            data: entry.event.to_json(),
        })
        .collect()
}

/// The first event bears the command's id, the others ids derived from it: the same each time.
fn event_id(command_id: Uuid, index: usize) -> EventId {
    if index == 0 {
        EventId(command_id)
    } else {
        EventId(Uuid::new_v5(&command_id, &index.to_be_bytes()))
    }
}

/// The answer given the first time, if this very command was told before.
async fn told_before<D: Decider>(
    store: &dyn EventStore,
    stream: &StreamName,
    told: &Told,
) -> Result<Executed<D>, ExecuteError<D::Rejection>> {
    let taken = EventId(told.command_id);
    let history = store.read_stream(stream, Version::NONE).await?;
    let answer = history
        .iter()
        .skip_while(|event| event.id != taken)
        .zip(0..)
        .take_while(|(event, index)| event.id == event_id(told.command_id, *index));
    let answer: Vec<_> = answer.map(|(event, _)| event.clone()).collect();
    let (Some(first), Some(last)) = (answer.first(), answer.last()) else {
        return Err(ExecuteError::IdTaken(taken));
    };
    let digest = first
        .read_metadata()
        .ok()
        .and_then(|known| known.request_digest);
    if digest != told.metadata.request_digest || first.occurred_at != told.occurred_at {
        return Err(ExecuteError::IdTaken(taken));
    }
    let appended = Appended {
        position: last.position,
        version: last.version,
        already_recorded: true,
    };
    Ok(Executed {
        version: appended.version,
        appended: Some(appended),
        entries: decode_all(&facts(answer))?,
        state: Aggregate::<D>::fold(&facts(history))?.state,
    })
}

fn facts(events: Vec<RecordedEvent>) -> Vec<Fact> {
    events.into_iter().map(Fact::from).collect()
}

fn decode_all<E: EventData, R: Broken>(history: &[Fact]) -> Result<Vec<Entry<E>>, ExecuteError<R>> {
    history
        .iter()
        .map(|fact| {
            let event =
                E::from_json(&fact.kind, fact.schema_version, &fact.data).map_err(|source| {
                    ExecuteError::Decode {
                        id: fact.id,
                        source,
                    }
                })?;
            Ok(Entry {
                id: fact.id,
                occurred_at: fact.occurred_at,
                event,
            })
        })
        .collect()
}
