//! The one writer: group commit.
//!
//! It takes all appends that wait, and decides about them on what it remembers of the streams'
//! ends. If all of them fit, their events are added by one statement that commits. If one does
//! not, or the file refuses the statement because another process has written, nothing was added,
//! and the group is decided again under the write lock, on what the file says: that way tells
//! exactly who lost, and whose events stand in the log already.
//!
//! Whoever stops waiting for an answer changes nothing: the append was handed over, and is done.

use std::{collections::HashMap, sync::Arc};

use chrono::DateTime;
use domain::es::{
    Append, AppendError, Appended, EventId, Expected, Hash, Position, RecordedAt, StreamName,
    Version,
};
use sqlx::{Row, SqliteConnection};
use tokio::sync::{mpsc, oneshot, watch};
use uuid::Uuid;

use super::{
    heads::{Head, Heads},
    insert::{self, EventRow, NewStream, Statements},
    reader,
};
use crate::event_store::{
    admission::{self, Draft, Known},
    chain::{self, Covered},
};

/// The most appends of one group.
const GROUP: usize = 512;

type Outcome = Result<Appended, AppendError>;

/// An append handed to the writer.
pub(super) struct Job {
    stream: StreamName,
    expected: Expected,
    drafts: Vec<Draft>,
    recorded_at: RecordedAt,
    answer: oneshot::Sender<Outcome>,
}

impl Job {
    pub(super) fn new(append: Append) -> (Self, oneshot::Receiver<Outcome>) {
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
}

/// The end of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tail {
    position: i64,
    recorded_at: RecordedAt,
    log_hash: Hash,
    last_stream: i64,
}

/// What a group comes to, before it is committed.
struct Plan<'a> {
    tail: Tail,
    heads: HashMap<&'a StreamName, Head>,
    streams: Vec<NewStream>,
    rows: Vec<EventRow>,
    outcomes: Vec<Outcome>,
}

pub(super) struct Writer {
    connection: SqliteConnection,
    statements: Statements,
    tail: Option<Tail>,
    heads: Heads,
    announce: watch::Sender<Position>,
    bare: bool,
}

impl Writer {
    pub(super) fn new(
        connection: SqliteConnection,
        announce: watch::Sender<Position>,
        bare: bool,
    ) -> Self {
        Self {
            connection,
            statements: Statements::default(),
            tail: None,
            heads: Heads::default(),
            announce,
            bare,
        }
    }

    /// Writes what is handed to it until nobody is left who could.
    pub(super) async fn run(mut self, mut queue: mpsc::Receiver<Job>) -> SqliteConnection {
        let mut group = Vec::with_capacity(GROUP);
        while queue.recv_many(&mut group, GROUP).await > 0 {
            let outcomes = match self.write(&group).await {
                Ok(outcomes) => outcomes,
                Err(error) => self.fail(&group, error).await,
            };
            for (job, outcome) in group.drain(..).zip(outcomes) {
                job.answer.send(outcome).ok(); // nobody may be waiting any more
            }
        }
        self.connection
    }

    async fn write(&mut self, group: &[Job]) -> Result<Vec<Outcome>, sqlx::Error> {
        match self.write_at_once(group).await {
            Ok(Some(outcomes)) => return Ok(outcomes),
            Ok(None) => {}
            Err(error) if is_refusal(&error) => insert::rollback(&mut self.connection).await,
            Err(error) => return Err(error),
        }
        self.write_locked(group).await
    }

    /// It is unknown whether anything was added: nothing that is remembered counts any more.
    async fn fail(&mut self, group: &[Job], error: sqlx::Error) -> Vec<Outcome> {
        insert::rollback(&mut self.connection).await;
        self.tail = None;
        self.heads.clear();
        let error = Arc::new(error);
        group
            .iter()
            .map(|_| Err(AppendError::Unavailable(Box::new(Arc::clone(&error)))))
            .collect()
    }

    /// The fast way; `None` if it does not tell enough.
    async fn write_at_once(&mut self, group: &[Job]) -> Result<Option<Vec<Outcome>>, sqlx::Error> {
        let tail = match self.tail {
            Some(tail) => tail,
            None => read_tail(&mut self.connection).await?,
        };
        self.tail = Some(tail);
        // Who believes that there is no such stream yet is taken at their word: if there is one,
        // its name is refused.
        self.load_heads(group, |job| job.expected != Expected::NoStream)
            .await?;
        let mut plan = Plan::start(tail);
        for job in group {
            let head = plan.head(job, &self.heads);
            if !admission::fits(job.expected, head.version) {
                return Ok(None);
            }
            plan.add(job, head, self.bare);
        }
        self.statements
            .commit(
                &mut self.connection,
                &plan.streams,
                std::mem::take(&mut plan.rows),
            )
            .await?;
        Ok(Some(self.committed(plan)))
    }

    /// The sure way: under the write lock nobody else changes anything.
    async fn write_locked(&mut self, group: &[Job]) -> Result<Vec<Outcome>, sqlx::Error> {
        insert::begin(&mut self.connection).await?;
        let tail = read_tail(&mut self.connection).await?;
        if self.tail != Some(tail) {
            self.heads.clear();
            self.tail = Some(tail);
        }
        self.load_heads(group, |_| true).await?;
        let mut known = find_known(&mut self.connection, group).await?;
        let mut plan = Plan::start(tail);
        for job in group {
            let outcome = match admission::told_before(&job.stream, &job.drafts, &known) {
                Ok(Some(first)) => Ok(first),
                Err(error) => Err(error),
                Ok(None) => {
                    let head = plan.head(job, &self.heads);
                    if admission::fits(job.expected, head.version) {
                        plan.add(job, head, self.bare);
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
        let rows = std::mem::take(&mut plan.rows);
        self.statements
            .add(&mut self.connection, &plan.streams, rows)
            .await?;
        insert::commit(&mut self.connection).await?;
        Ok(self.committed(plan))
    }

    fn committed(&mut self, plan: Plan<'_>) -> Vec<Outcome> {
        for (stream, head) in &plan.heads {
            self.heads.put(stream, *head);
        }
        self.tail = Some(plan.tail);
        let head = Position(plan.tail.position.cast_unsigned());
        self.announce.send_if_modified(|known| {
            let moved = *known < head;
            *known = head.max(*known);
            moved
        });
        plan.outcomes
    }

    /// Looks up, in one query, the ends of the group's streams that are not remembered.
    async fn load_heads(
        &mut self,
        group: &[Job],
        wanted: impl Fn(&Job) -> bool,
    ) -> Result<(), sqlx::Error> {
        let unknown: Vec<&StreamName> = group
            .iter()
            .filter(|job| wanted(job) && self.heads.get(&job.stream).is_none())
            .map(|job| &job.stream)
            .collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let asked = serde_json::to_string(&unknown).expect("texts always are JSON");
        let rows = sqlx::query(include_str!("read_heads.sql"))
            .bind(asked)
            .fetch_all(&mut self.connection)
            .await?;
        for row in rows {
            let head = Head {
                stream: row.try_get("stream")?,
                version: Version(row.try_get::<i64, _>("version")?.cast_unsigned()),
                hash: reader::hash(&row, 3).map_err(|what| sqlx::Error::Decode(what.into()))?,
            };
            self.heads.put(&stream_name(&row)?, head);
        }
        Ok(())
    }
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

/// Whether the file refused what was decided on a stale view, or an event that it holds already.
fn is_refusal(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

async fn read_tail(connection: &mut SqliteConnection) -> Result<Tail, sqlx::Error> {
    let Some(row) = sqlx::query(include_str!("read_tail.sql"))
        .fetch_optional(connection)
        .await?
    else {
        return Ok(Tail {
            position: 0,
            recorded_at: RecordedAt(DateTime::<chrono::Utc>::MIN_UTC),
            log_hash: Hash::ROOT,
            last_stream: 0,
        });
    };
    let micros: i64 = row.try_get("recorded_at")?;
    Ok(Tail {
        position: row.try_get("position")?,
        recorded_at: DateTime::from_timestamp_micros(micros)
            .map(RecordedAt)
            .ok_or_else(|| sqlx::Error::Decode("recorded_at is out of range".into()))?,
        log_hash: reader::hash(&row, 2).map_err(|what| sqlx::Error::Decode(what.into()))?,
        last_stream: row.try_get("last_stream")?,
    })
}

/// Those of the group's events that stand in the log already.
async fn find_known(
    connection: &mut SqliteConnection,
    group: &[Job],
) -> Result<HashMap<EventId, Known>, sqlx::Error> {
    let ids: Vec<_> = group
        .iter()
        .flat_map(|job| &job.drafts)
        .map(|draft| draft.id.0.simple().to_string())
        .collect();
    let asked = serde_json::to_string(&ids).expect("texts always are JSON");
    let rows = sqlx::query(include_str!("find_known.sql"))
        .bind(asked)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            let id: Uuid = row.try_get("id")?;
            let schema_version: i64 = row.try_get("schema_version")?;
            let known = Known {
                stream: stream_name(row)?,
                version: Version(row.try_get::<i64, _>("version")?.cast_unsigned()),
                position: Position(row.try_get::<i64, _>("position")?.cast_unsigned()),
                kind: row.try_get("kind")?,
                schema_version: u16::try_from(schema_version)
                    .map_err(|error| sqlx::Error::Decode(error.into()))?,
                occurred_at: row.try_get("occurred_at")?,
                data: row.try_get("data")?,
            };
            Ok((EventId(id), known))
        })
        .collect()
}

fn stream_name(row: &sqlx::sqlite::SqliteRow) -> Result<StreamName, sqlx::Error> {
    let name: String = row.try_get("name")?;
    StreamName::try_from(name).map_err(|error| sqlx::Error::Decode(error.into()))
}
