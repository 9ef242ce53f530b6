//! The one writer of this node: group commit.
//!
//! It takes all appends that wait, and plans them on what it remembers of the log's tail and the
//! streams' heads. If all of them fit, one statement adds them: one round trip, one commit. If one
//! does not, or another node has moved the tail, or an index refuses an event that stands in the
//! log, nothing was added, and the group is planned again under the lock of the tail's row, on what
//! the database says: that way tells exactly who lost, and whose events are recorded already.
//!
//! **When the connection breaks**, it is unknown whether the group was added. The writer connects
//! again, with growing pauses, and goes the sure way with the same ids: it finds them recorded, or
//! records them. Nothing can go twice, since the broken connection's statement, should it still
//! run, finds the tail moved. If that fails too, the group is told that the store did not answer.

use std::{collections::HashMap, time::Duration};

use chrono::DateTime;
use domain::es::{EventId, Position, RecordedAt, StreamName, Version};
use sqlx::{Row, postgres::PgRow};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep},
};
use uuid::Uuid;

use super::{
    add::{self, LOCK_TIMEOUT},
    reader,
    session::{Session, is_lost, is_refusal, within},
};
use crate::{
    event_store::{
        admission::Known,
        group::{self, GROUP, Job, Outcome, Plan, Tail},
        heads::{Head, Heads},
    },
    postgres::Database,
};

/// How long those who append wait for a database that is away.
const PATIENCE: Duration = Duration::from_secs(5);
/// The first pause between two attempts to connect; each is twice the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// After what time a server that neither answers nor refuses is given up: later than it gives up
/// waiting for locks.
const SILENCE: Duration = Duration::from_secs(20);
/// How long a node that fell silent within a transaction keeps the tail from the others, in
/// PostgreSQL's words.
const IDLE_TIMEOUT: &str = "10s";

pub(super) struct Writer {
    database: Database,
    session: Option<Session>,
    tail: Option<Tail>,
    heads: Heads,
    announce: watch::Sender<Position>,
    wrote: watch::Sender<Position>,
}

impl Writer {
    pub(super) fn new(
        database: Database,
        session: Session,
        announce: watch::Sender<Position>,
        wrote: watch::Sender<Position>,
    ) -> Self {
        Self {
            database,
            session: Some(session),
            tail: None,
            heads: Heads::default(),
            announce,
            wrote,
        }
    }

    /// Writes what is handed to it until nobody is left who could.
    pub(super) async fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        let mut group = Vec::with_capacity(GROUP);
        while queue.recv_many(&mut group, GROUP).await > 0 {
            let outcomes = match self.write(&group).await {
                Ok(outcomes) => outcomes,
                Err(error) => group::unavailable(&group, error),
            };
            for (job, outcome) in group.drain(..).zip(outcomes) {
                job.settle(outcome);
            }
        }
        if let Some(session) = self.session {
            session.close().await;
        }
    }

    async fn write(&mut self, group: &[Job]) -> Result<Vec<Outcome>, sqlx::Error> {
        match self.attempt(group, Way::Fast).await {
            Err(Failure::Lost(_)) => {}
            outcome => return outcome.map_err(Failure::into_error),
        }
        self.attempt(group, Way::Sure)
            .await
            .map_err(Failure::into_error)
    }

    async fn attempt(&mut self, group: &[Job], way: Way) -> Result<Vec<Outcome>, Failure> {
        let mut session = match self.session.take() {
            Some(session) => session,
            None => self.connect().await.map_err(Failure::Other)?,
        };
        let error = match within(SILENCE, self.write_by(&mut session, group, way)).await {
            Ok(outcomes) => {
                self.session = Some(session);
                return Ok(outcomes);
            }
            Err(error) => error,
        };
        // It is unknown what was added: nothing that is remembered counts any more.
        self.forget();
        if is_lost(&error) {
            return Err(Failure::Lost(error));
        }
        if session.rollback().await.is_ok() {
            self.session = Some(session);
        }
        Err(Failure::Other(error))
    }

    async fn connect(&self) -> Result<Session, sqlx::Error> {
        let deadline = Instant::now() + PATIENCE;
        let mut pause = FIRST_PAUSE;
        loop {
            match Session::open(&self.database).await {
                Ok(session) => return Ok(session),
                Err(error) if Instant::now() + pause > deadline => return Err(error),
                Err(_) => sleep(pause).await,
            }
            pause = LONGEST_PAUSE.min(2 * pause);
        }
    }

    async fn write_by(
        &mut self,
        session: &mut Session,
        group: &[Job],
        way: Way,
    ) -> Result<Vec<Outcome>, sqlx::Error> {
        if way == Way::Fast {
            match self.write_at_once(session, group).await {
                Ok(Some(outcomes)) => return Ok(outcomes),
                Ok(None) => {}
                Err(error) if is_refusal(&error) => {}
                Err(error) => return Err(error),
            }
            session.rollback().await?;
        }
        self.write_locked(session, group).await
    }

    /// The fast way; `None` if it does not tell enough.
    async fn write_at_once(
        &mut self,
        session: &mut Session,
        group: &[Job],
    ) -> Result<Option<Vec<Outcome>>, sqlx::Error> {
        session.begin_one().await?;
        let before = if let Some(tail) = self.tail {
            tail
        } else {
            let query = session.query(include_str!("read_tail.sql"));
            tail(&query.fetch_one(&mut session.connection).await?)?
        };
        self.tail = Some(before);
        self.load_heads(session, group, group::must_be_looked_up)
            .await?;
        let Some(plan) = Plan::at_once(group, before, &self.heads, false) else {
            return Ok(None);
        };
        if !add::add(session, &before, &plan).await? {
            return Ok(None);
        }
        session.commit_one().await?;
        Ok(Some(self.committed(plan)))
    }

    /// The sure way: while the tail's row is locked nobody else changes anything.
    async fn write_locked(
        &mut self,
        session: &mut Session,
        group: &[Job],
    ) -> Result<Vec<Outcome>, sqlx::Error> {
        session.begin().await?;
        let query = session
            .query(include_str!("lock_tail.sql"))
            .bind(LOCK_TIMEOUT)
            .bind(IDLE_TIMEOUT);
        let before = tail(&query.fetch_one(&mut session.connection).await?)?;
        if self.tail != Some(before) {
            self.heads.clear();
            self.tail = Some(before);
        }
        self.load_heads(session, group, |_| true).await?;
        let known = find_known(session, group).await?;
        let plan = Plan::surely(group, before, &self.heads, known, false);
        if !plan.rows.is_empty() && !add::add(session, &before, &plan).await? {
            return Err(sqlx::Error::Protocol(
                "the tail moved under its lock".into(),
            ));
        }
        session.commit().await?;
        Ok(self.committed(plan))
    }

    fn committed(&mut self, plan: Plan<'_>) -> Vec<Outcome> {
        if self.tail != Some(plan.tail) {
            super::announce(&self.announce, plan.tail.head());
            self.wrote.send_replace(plan.tail.head());
            self.tail = Some(plan.tail);
        }
        plan.committed(&mut self.heads)
    }

    fn forget(&mut self) {
        self.tail = None;
        self.heads.clear();
    }

    /// Looks up, in one query, the ends of the group's streams that are not remembered.
    async fn load_heads(
        &mut self,
        session: &mut Session,
        group: &[Job],
        wanted: impl Fn(&Job) -> bool,
    ) -> Result<(), sqlx::Error> {
        let unknown = group::unknown_streams(group, &self.heads, wanted);
        if unknown.is_empty() {
            return Ok(());
        }
        let names: Vec<_> = unknown.into_iter().map(StreamName::as_str).collect();
        let rows = session
            .query(include_str!("read_heads.sql"))
            .bind(names)
            .fetch_all(&mut session.connection)
            .await?;
        for row in rows {
            let head = Head {
                stream: row.try_get("stream")?,
                version: Version(row.try_get::<i64, _>("version")?.cast_unsigned()),
                hash: reader::hash(&row, 3).map_err(decode)?,
            };
            self.heads.put(&stream_name(&row)?, head);
        }
        Ok(())
    }
}

/// How a group is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// On what is remembered, and if that does not do, the sure way.
    Fast,
    /// Under the lock of the tail's row.
    Sure,
}

/// Why a group was not written.
enum Failure {
    /// The connection broke in the midst of it.
    Lost(sqlx::Error),
    /// The server refused, or cannot be reached.
    Other(sqlx::Error),
}

impl Failure {
    fn into_error(self) -> sqlx::Error {
        match self {
            Self::Lost(error) | Self::Other(error) => error,
        }
    }
}

fn tail(row: &PgRow) -> Result<Tail, sqlx::Error> {
    let recorded_at = match row.try_get::<Option<i64>, _>("recorded_at")? {
        None => Tail::START.recorded_at,
        Some(micros) => DateTime::from_timestamp_micros(micros)
            .map(RecordedAt)
            .ok_or_else(|| decode("recorded_at is out of range".to_owned()))?,
    };
    Ok(Tail {
        position: row.try_get("position")?,
        recorded_at,
        log_hash: reader::hash(row, 3).map_err(decode)?,
        last_stream: row.try_get("last_stream")?,
    })
}

/// Those of the group's events that stand in the log already.
async fn find_known(
    session: &mut Session,
    group: &[Job],
) -> Result<HashMap<EventId, Known>, sqlx::Error> {
    let ids: Vec<Uuid> = group::ids(group).map(|id| id.0).collect();
    let rows = session
        .query(include_str!("find_known.sql"))
        .bind(ids)
        .fetch_all(&mut session.connection)
        .await?;
    rows.iter()
        .map(|row| {
            let schema_version: i32 = row.try_get("schema_version")?;
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
            Ok((EventId(row.try_get("id")?), known))
        })
        .collect()
}

fn stream_name(row: &PgRow) -> Result<StreamName, sqlx::Error> {
    let name: String = row.try_get("name")?;
    StreamName::try_from(name).map_err(|error| sqlx::Error::Decode(error.into()))
}

fn decode(what: String) -> sqlx::Error {
    sqlx::Error::Decode(what.into())
}
