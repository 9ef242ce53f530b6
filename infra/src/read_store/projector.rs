//! The projector: keeps the tables of some read models up with the log.
//!
//! Each read model has a checkpoint of its own, so any of them can be made anew, or be new, beside
//! others that are up to date. Rows and checkpoints are written in one transaction.

use std::{collections::HashMap, sync::Arc};

use domain::{
    es::{EventId, EventStore, Position, StreamName},
    event::Recorded,
};
use sqlx::{Connection, Row, SqliteConnection};
use uuid::Uuid;

use super::{
    error::ReadStoreError,
    folding::Folding,
    models::{self, ReadModel},
    reading::{self, Parked, Part},
    schema,
};

/// Keeps the tables of some read models up with a log.
pub struct Projector {
    log: Arc<dyn EventStore>,
    db: SqliteConnection,
    folding: Folding,
    position: Position,
    /// A run was broken off: what is at hand is not what is written.
    broken_off: bool,
}

/// Events between two transactions while catching up.
const BATCH: usize = 50_000;

impl Projector {
    /// Opens the read store that a URL (`sqlite:PATH`) names, made if there is none, to keep only
    /// these read models up: all others are left as they are.
    pub async fn open(
        url: &str,
        log: Arc<dyn EventStore>,
        read_models: &[&str],
    ) -> Result<Self, ReadStoreError> {
        let models = models::named(read_models)?;
        let db = schema::open(&schema::path(url)?).await?;
        Self::over(db, log, models).await
    }

    pub(super) async fn over(
        db: SqliteConnection,
        log: Arc<dyn EventStore>,
        models: Vec<Box<dyn ReadModel>>,
    ) -> Result<Self, ReadStoreError> {
        let mut projector = Self {
            folding: Folding::new(log.clone(), models, None),
            log,
            db,
            position: Position::START,
            broken_off: false,
        };
        let furthest = projector.resume().await?;
        projector.release_parked(furthest).await?;
        Ok(projector)
    }

    /// Up to where all its read models are folded.
    #[must_use]
    pub fn position(&self) -> Position {
        self.position
    }

    /// Folds what the log holds beyond the position reached, up to its head; says after each batch
    /// how far it has come, and where the head lies.
    pub async fn catch_up(
        &mut self,
        mut progress: impl FnMut(Position, Position) + Send,
    ) -> Result<Position, ReadStoreError> {
        let head = self.log.head().await?;
        self.run_to(head, |position| progress(position, head))
            .await?;
        Ok(self.position)
    }

    /// Empties the tables of its read models, so that the next catching up makes them anew.
    pub async fn forget(&mut self) -> Result<(), ReadStoreError> {
        self.folding.forget();
        let mut transaction = self.db.begin().await?;
        for model in self.folding.models() {
            model.clear(&mut transaction).await?;
            sqlx::query(include_str!("forget_checkpoint.sql"))
                .bind(model.name())
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        self.position = Position::START;
        self.folding.set_written(Position::START);
        Ok(())
    }

    /// Lets go of the file.
    pub async fn close(self) {
        schema::close(self.db).await;
    }

    /// Goes on from where the tables were left. Answers how far the furthest of them was folded,
    /// kept up here or elsewhere.
    async fn resume(&mut self) -> Result<Position, ReadStoreError> {
        let log = &self.log;
        let checkpoints = checkpoints(&mut self.db).await?;
        let (checkpoint, event_id) = checkpoints
            .values()
            .max_by_key(|(position, _)| *position)
            .copied()
            .unwrap_or_default();
        if checkpoint > Position::START {
            let head = log.head().await?;
            if head < checkpoint {
                return Err(ReadStoreError::AheadOfLog { checkpoint, head });
            }
            let known = log.read_all(Position(checkpoint.0 - 1), 1).await?;
            if known.first().is_none_or(|event| event.id.0 != event_id) {
                return Err(ReadStoreError::AnotherLog { checkpoint });
            }
        }
        // A read model that is new here begins at the start; the others wait for it.
        let mut position = checkpoint;
        for model in self.folding.models() {
            let folded = folded(&checkpoints, model.name());
            model.set_position(folded);
            position = position.min(folded);
        }
        self.position = position;
        self.folding.set_written(position);
        // What stands still further on is met again.
        let parked = parked(&mut self.db).await?.into_iter();
        self.folding.park(
            parked
                .filter(|parked| parked.position <= position)
                .map(|parked| parked.stream),
        );
        Ok(checkpoint)
    }

    /// Lets streams go on that stood still at an event which can be read now: in all read models,
    /// as far as the furthest is folded. One that is behind passes over the same facts again.
    async fn release_parked(&mut self, furthest: Position) -> Result<(), ReadStoreError> {
        let mut readable = vec![];
        for parked in parked(&mut self.db).await? {
            let event = self.log.find(parked.event_id).await?;
            if event.is_some_and(|event| Recorded::decode(event).is_ok()) {
                readable.push(parked.stream);
            }
        }
        if readable.is_empty() {
            return Ok(());
        }
        let mut folding = Folding::new(self.log.clone(), models::all(), None);
        let mut transaction = self.db.begin().await?;
        for stream in readable {
            sqlx::query(include_str!("release.sql"))
                .bind(stream.as_str())
                .execute(&mut *transaction)
                .await?;
            folding.fetch(Arc::new(stream), furthest).await?;
        }
        let parked = folding.flush(&mut transaction, furthest).await?;
        keep_parked(&mut transaction, &parked).await?;
        transaction.commit().await?;
        self.folding.forget();
        self.resume().await.map(|_| ())
    }

    async fn run_to(
        &mut self,
        until: Position,
        mut written: impl FnMut(Position) + Send,
    ) -> Result<(), ReadStoreError> {
        if self.position >= until {
            return Ok(());
        }
        if self.broken_off {
            self.folding.forget();
            self.resume().await?;
        }
        self.broken_off = true;
        let mut pages = reading::read(
            self.log.clone(),
            Part {
                after: self.position,
                until,
                categories: self.folding.categories(),
            },
        );
        let mut unwritten = 0;
        while let Some(page) = pages.recv().await {
            let page = page?;
            let (position, event_id) = (page.position, page.event_id);
            unwritten += page.events.len();
            self.folding.take(page).await?;
            if unwritten >= BATCH || position >= until || self.folding.is_full() {
                self.write(position, event_id).await?;
                unwritten = 0;
                written(position);
            }
        }
        self.folding.rest();
        self.broken_off = false;
        Ok(())
    }

    /// Rows and checkpoints, in one transaction.
    async fn write(&mut self, position: Position, last: EventId) -> Result<(), sqlx::Error> {
        let mut transaction = self.db.begin().await?;
        let parked = self.folding.flush(&mut transaction, position).await?;
        keep_parked(&mut transaction, &parked).await?;
        for model in self.folding.models() {
            if model.position() == position {
                sqlx::query(include_str!("write_checkpoint.sql"))
                    .bind(model.name())
                    .bind(position.0.cast_signed())
                    .bind(last.0)
                    .execute(&mut *transaction)
                    .await?;
            }
        }
        transaction.commit().await?;
        self.position = position;
        Ok(())
    }
}

/// Up to where each read model is folded, and the event that stands there.
pub(super) type Checkpoints = HashMap<String, (Position, Uuid)>;

pub(super) async fn checkpoints(db: &mut SqliteConnection) -> Result<Checkpoints, sqlx::Error> {
    let rows = sqlx::query(include_str!("read_checkpoints.sql"))
        .fetch_all(db)
        .await?;
    rows.iter()
        .map(|row| {
            let position = Position(row.try_get::<i64, _>("position")?.unsigned_abs());
            Ok((
                row.try_get("read_model")?,
                (position, row.try_get("event_id")?),
            ))
        })
        .collect()
}

/// Up to where a read model is folded: not at all if it has no checkpoint.
pub(super) fn folded(checkpoints: &Checkpoints, read_model: &str) -> Position {
    checkpoints
        .get(read_model)
        .map_or(Position::START, |(position, _)| *position)
}

pub(super) async fn parked(db: &mut SqliteConnection) -> Result<Vec<Parked>, sqlx::Error> {
    let rows = sqlx::query(include_str!("read_parked.sql"))
        .fetch_all(db)
        .await?;
    rows.iter()
        .map(|row| {
            let stream: String = row.try_get("stream")?;
            let version: i64 = row.try_get("schema_version")?;
            Ok(Parked {
                stream: StreamName::try_from(stream)
                    .map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
                position: Position(row.try_get::<i64, _>("position")?.unsigned_abs()),
                event_id: EventId(row.try_get("event_id")?),
                kind: row.try_get("kind")?,
                schema_version: u16::try_from(version).unwrap_or(u16::MAX),
            })
        })
        .collect()
}

async fn keep_parked(db: &mut SqliteConnection, parked: &[Parked]) -> Result<(), sqlx::Error> {
    for parked in parked {
        sqlx::query(include_str!("park.sql"))
            .bind(parked.stream.as_str())
            .bind(parked.position.0.cast_signed())
            .bind(parked.event_id.0)
            .bind(&parked.kind)
            .bind(i64::from(parked.schema_version))
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}
