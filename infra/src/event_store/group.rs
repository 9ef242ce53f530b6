//! What a group of appends comes to: the same on every engine whose writer commits for all.
//!
//! A writer takes all appends that wait, and plans them on what it knows of the log's tail and of
//! the streams' heads: positions, versions, hashes, and each append's answer. What the plan rests
//! on is the engine's care, and so is adding its rows, all or none.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use domain::es::{
    Append, AppendError, Appended, EventId, Expected, Hash, Position, RecordedAt, StreamName,
    Version,
};
use tokio::sync::oneshot;

use super::{
    admission::{self, Draft, Known},
    chain::{self, Covered},
    heads::{Head, Heads},
};
use crate::telemetry::metrics;

/// The most appends of one group.
pub(crate) const GROUP: usize = 512;

/// What an append is answered.
pub(crate) type Outcome = Result<Appended, AppendError>;

/// An append handed to the writer.
pub(crate) struct Job {
    stream: StreamName,
    expected: Expected,
    drafts: Vec<Draft>,
    recorded_at: RecordedAt,
    answer: oneshot::Sender<Outcome>,
}

impl Job {
    pub(crate) fn new(append: Append) -> (Self, oneshot::Receiver<Outcome>) {
        let (answer, answered) = oneshot::channel();
        let job = Self {
            stream: append.stream,
            expected: append.expected,
            drafts: append.events.into_iter().map(Draft::from).collect(),
            recorded_at: RecordedAt::new(append.recorded_at.0),
            answer,
        };
        (job, answered)
    }

    /// Answers the one who appended; nobody may be waiting any more.
    pub(crate) fn settle(self, outcome: Outcome) {
        self.answer.send(outcome).ok();
    }
}

/// Tells all of a group that the engine failed them.
pub(crate) fn unavailable<E>(group: &[Job], error: E) -> Vec<Outcome>
where
    E: std::error::Error + Send + Sync + 'static,
{
    let error = Arc::new(error);
    group
        .iter()
        .map(|_| Err(AppendError::Unavailable(Box::new(Arc::clone(&error)))))
        .collect()
}

/// The streams of a group whose ends are not remembered.
pub(crate) fn unknown_streams<'a>(
    group: &'a [Job],
    heads: &Heads,
    wanted: impl Fn(&Job) -> bool,
) -> Vec<&'a StreamName> {
    group
        .iter()
        .filter(|job| wanted(job) && heads.get(&job.stream).is_none())
        .map(|job| &job.stream)
        .collect()
}

/// Who believes that there is no such stream yet can be taken at their word: if there is one, the
/// engine refuses its name.
pub(crate) fn must_be_looked_up(job: &Job) -> bool {
    job.expected != Expected::NoStream
}

/// The ids of a group's events.
pub(crate) fn ids(group: &[Job]) -> impl Iterator<Item = EventId> {
    group
        .iter()
        .flat_map(|job| &job.drafts)
        .map(|draft| draft.id)
}

/// The end of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tail {
    pub(crate) position: i64,
    pub(crate) recorded_at: RecordedAt,
    pub(crate) log_hash: Hash,
    pub(crate) last_stream: i64,
}

impl Tail {
    /// Before the first event.
    pub(crate) const START: Self = Self {
        position: 0,
        recorded_at: RecordedAt(DateTime::<Utc>::MIN_UTC),
        log_hash: Hash::ROOT,
        last_stream: 0,
    };

    /// The last event's position.
    pub(crate) fn head(&self) -> Position {
        Position(self.position.cast_unsigned())
    }
}

/// What a group comes to, before it is committed.
pub(crate) struct Plan<'a> {
    /// The log's tail when it is.
    pub(crate) tail: Tail,
    heads: HashMap<&'a StreamName, Head>,
    /// Streams that are named with it.
    pub(crate) streams: Vec<NewStream>,
    /// The events that it adds.
    pub(crate) rows: Vec<EventRow>,
    outcomes: Vec<Outcome>,
}

/// An event with its place.
#[derive(Debug, Clone)]
pub(crate) struct EventRow {
    pub(crate) position: i64,
    pub(crate) stream: i64,
    pub(crate) version: i64,
    pub(crate) id: EventId,
    pub(crate) kind: &'static str,
    pub(crate) schema_version: u16,
    pub(crate) occurred_at: Arc<str>,
    pub(crate) recorded_at: RecordedAt,
    pub(crate) metadata: Arc<str>,
    pub(crate) data: Arc<str>,
    /// The event's links of its stream's chain and of the log's, if they are kept.
    pub(crate) links: Option<(Hash, Hash)>,
}

/// A stream that gets its number with this group.
#[derive(Debug, Clone)]
pub(crate) struct NewStream {
    pub(crate) id: i64,
    pub(crate) name: String,
}

impl<'a> Plan<'a> {
    fn start(tail: Tail) -> Self {
        Self {
            tail,
            heads: HashMap::new(),
            streams: Vec::new(),
            rows: Vec::new(),
            outcomes: Vec::new(),
        }
    }

    /// The fast way: ids are taken to be new. `None` if one append does not fit: why not takes more
    /// knowledge.
    pub(crate) fn at_once(group: &'a [Job], tail: Tail, known: &Heads, bare: bool) -> Option<Self> {
        let mut plan = Self::start(tail);
        for job in group {
            let head = plan.head(job, known);
            if !admission::fits(job.expected, head.version) {
                return None;
            }
            plan.add(job, head, bare);
        }
        Some(plan)
    }

    /// The sure way: by somebody who has looked up the tail, the heads, and which of the group's
    /// ids stand in the log, and keeps others from changing any of them.
    pub(crate) fn surely(
        group: &'a [Job],
        tail: Tail,
        heads: &Heads,
        mut known: HashMap<EventId, Known>,
        bare: bool,
    ) -> Self {
        let mut plan = Self::start(tail);
        for job in group {
            let outcome = match admission::told_before(&job.stream, &job.drafts, &known) {
                Ok(Some(first)) => Ok(first),
                Err(error) => Err(error),
                Ok(None) => {
                    let head = plan.head(job, heads);
                    if admission::fits(job.expected, head.version) {
                        plan.add(job, head, bare);
                        known.extend(plan.told(job, head.version));
                        continue;
                    }
                    Err(AppendError::Conflict {
                        expected: job.expected,
                        actual: head.version,
                    })
                }
            };
            plan.outcomes.push(outcome);
        }
        plan
    }

    /// It is committed: what it leaves behind is remembered, and the answers can be given.
    pub(crate) fn committed(self, heads: &mut Heads) -> Vec<Outcome> {
        for (stream, head) in &self.heads {
            heads.put(stream, *head);
        }
        metrics::committed(self.outcomes.len());
        self.outcomes
    }

    /// Where the job's stream ends, with what the group has added to it so far. A stream that is
    /// new gets the next number.
    fn head(&self, job: &Job, known: &Heads) -> Head {
        self.heads
            .get(&job.stream)
            .copied()
            .or_else(|| known.get(&job.stream))
            .unwrap_or(Head {
                stream: self.tail.last_stream + 1,
                version: Version::NONE,
                hash: Hash::ROOT,
            })
    }

    fn add(&mut self, job: &'a Job, mut head: Head, bare: bool) {
        let tail = &mut self.tail;
        if head.version == Version::NONE {
            tail.last_stream = head.stream;
            self.streams.push(NewStream {
                id: head.stream,
                name: job.stream.to_string(),
            });
        }
        tail.recorded_at = tail.recorded_at.max(job.recorded_at);
        for draft in &job.drafts {
            tail.position += 1;
            head.version = head.version.plus(1);
            if !bare {
                head.hash = chain::stream_link(
                    head.hash,
                    &Covered {
                        stream: job.stream.as_str(),
                        version: head.version,
                        id: draft.id,
                        kind: draft.kind,
                        schema_version: draft.schema_version,
                        occurred_at: &draft.occurred_at,
                        recorded_at: tail.recorded_at,
                        metadata: &draft.metadata,
                        data: &draft.data,
                    },
                );
                tail.log_hash = chain::log_link(tail.log_hash, head.hash);
            }
            self.rows.push(EventRow {
                position: tail.position,
                stream: head.stream,
                version: head.version.0.cast_signed(),
                id: draft.id,
                kind: draft.kind,
                schema_version: draft.schema_version,
                occurred_at: Arc::clone(&draft.occurred_at),
                recorded_at: tail.recorded_at,
                metadata: if bare {
                    "".into()
                } else {
                    Arc::clone(&draft.metadata)
                },
                data: Arc::clone(&draft.data),
                links: (!bare).then_some((head.hash, tail.log_hash)),
            });
        }
        self.heads.insert(&job.stream, head);
        self.outcomes.push(Ok(Appended {
            position: Position(tail.position.cast_unsigned()),
            version: head.version,
            already_recorded: false,
        }));
    }

    /// What the job has told, for those who tell it again in the same group.
    fn told(&self, job: &Job, before: Version) -> Vec<(EventId, Known)> {
        let first = self.tail.position.cast_unsigned() + 1 - job.drafts.len() as u64;
        let places = (first..).zip(1..);
        job.drafts
            .iter()
            .zip(places)
            .map(|(draft, (position, nth))| {
                let known = Known {
                    stream: job.stream.clone(),
                    version: before.plus(nth),
                    position: Position(position),
                    kind: draft.kind.to_owned(),
                    schema_version: draft.schema_version,
                    occurred_at: draft.occurred_at.to_string(),
                    data: draft.data.to_string(),
                };
                (draft.id, known)
            })
            .collect()
    }
}
