//! The one writer: group commit.
//!
//! It takes all appends that wait, and decides about them on what it remembers of the streams'
//! ends. If all of them fit, their events are added by one statement that commits. If one does
//! not, or the file refuses the statement because another process has written, nothing was added,
//! and the group is decided again under the write lock, on what the file says: that way tells
//! exactly who lost, and whose events stand in the log already.
//!
//! Whoever stops waiting for an answer changes nothing: the append was handed over, and is done.

use std::collections::HashMap;

use chrono::DateTime;
use domain::es::{EventId, Position, RecordedAt, StreamName, Version};
use sqlx::{Row, SqliteConnection};
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use super::{
    insert::{self, Statements},
    reader,
};
use crate::event_store::{
    admission::Known,
    group::{self, GROUP, Job, Outcome, Plan, Tail},
    heads::{Head, Heads},
};

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
                job.settle(outcome);
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
        group::unavailable(group, error)
    }

    /// The fast way; `None` if it does not tell enough.
    async fn write_at_once(&mut self, group: &[Job]) -> Result<Option<Vec<Outcome>>, sqlx::Error> {
        let tail = match self.tail {
            Some(tail) => tail,
            None => read_tail(&mut self.connection).await?,
        };
        self.tail = Some(tail);
        self.load_heads(group, group::must_be_looked_up).await?;
        let Some(mut plan) = Plan::at_once(group, tail, &self.heads, self.bare) else {
            return Ok(None);
        };
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
        let known = find_known(&mut self.connection, group).await?;
        let mut plan = Plan::surely(group, tail, &self.heads, known, self.bare);
        let rows = std::mem::take(&mut plan.rows);
        self.statements
            .add(&mut self.connection, &plan.streams, rows)
            .await?;
        insert::commit(&mut self.connection).await?;
        Ok(self.committed(plan))
    }

    fn committed(&mut self, plan: Plan<'_>) -> Vec<Outcome> {
        self.tail = Some(plan.tail);
        let head = plan.tail.head();
        self.announce.send_if_modified(|known| {
            let moved = *known < head;
            *known = head.max(*known);
            moved
        });
        plan.committed(&mut self.heads)
    }

    /// Looks up, in one query, the ends of the group's streams that are not remembered.
    async fn load_heads(
        &mut self,
        group: &[Job],
        wanted: impl Fn(&Job) -> bool,
    ) -> Result<(), sqlx::Error> {
        let unknown = group::unknown_streams(group, &self.heads, wanted);
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
        return Ok(Tail::START);
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
    let ids: Vec<_> = group::ids(group)
        .map(|id| id.0.simple().to_string())
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
