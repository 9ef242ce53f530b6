//! The read store: opened, kept up with the log, and asked.

use std::{collections::HashMap, future::Future, path::Path, sync::Arc, time::Duration};

use domain::{
    es::{EventId, EventStore, Position, StreamName},
    event::Recorded,
};
use projections::{Answer, Ask, Question};
use sqlx::{Connection, Row, SqliteConnection, SqlitePool};
use tokio::sync::{Mutex, watch};
use uuid::Uuid;

use super::{
    error::ReadStoreError,
    folding::Folding,
    models,
    reading::{self, Parked, Part},
    schema,
    time_machine::{TimeMachine, When},
};
use crate::clock::Clock;

/// The read models have not come so far in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the read models show position {shown}, not yet {wanted}")]
pub struct Behind {
    /// What was asked for.
    pub wanted: Position,
    /// What they show.
    pub shown: Position,
}

/// The read models, kept up with a log.
pub struct ReadStore {
    log: Arc<dyn EventStore>,
    clock: Arc<dyn Clock>,
    readers: SqlitePool,
    writing: Mutex<Writing>,
    projected: watch::Sender<Position>,
    machine: TimeMachine,
}

struct Writing {
    db: SqliteConnection,
    folding: Folding,
    position: Position,
    /// A run was broken off: what is at hand is not what is written.
    broken_off: bool,
}

/// Events between two transactions while catching up.
const BATCH: usize = 50_000;

impl ReadStore {
    /// Opens the read store that a URL (`sqlite:PATH`) names; made if there is none. It shows what
    /// it showed when it was closed, until [`Self::catch_up`] or [`Self::run`].
    pub async fn open(
        url: &str,
        log: Arc<dyn EventStore>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ReadStoreError> {
        let path = url.strip_prefix("sqlite:").ok_or(ReadStoreError::Url)?;
        let path = Path::new(path.strip_prefix("//").unwrap_or(path));
        if path.as_os_str().is_empty() {
            return Err(ReadStoreError::Url);
        }
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(ReadStoreError::Folder)?;
        }
        let (db, readers) = schema::open(path).await?;
        let folding = Folding::new(log.clone(), models::all(), None);
        let mut writing = Writing {
            db,
            folding,
            position: Position::START,
            broken_off: false,
        };
        writing.resume(&*log).await?;
        writing.release_parked(&log).await?;
        Ok(Self {
            machine: TimeMachine::new(log.clone()),
            log,
            clock,
            readers,
            projected: watch::Sender::new(writing.position),
            writing: Mutex::new(writing),
        })
    }

    /// Folds what the log holds beyond the position reached, up to its head; says after each batch
    /// how far it has come.
    pub async fn catch_up(
        &self,
        mut progress: impl FnMut(Position, Position) + Send,
    ) -> Result<Position, ReadStoreError> {
        let mut writing = self.writing.lock().await;
        let head = self.log.head().await?;
        writing
            .run_to(&self.log, head, |position| {
                self.projected.send_replace(position);
                progress(position, head);
            })
            .await?;
        Ok(writing.position)
    }

    /// Keeps up with the log until told to stop. What was begun is undone, and done again next
    /// time; a failure is logged and tried again.
    pub async fn run(&self, told_to_stop: impl Future<Output = ()> + Send) {
        let keep_up = async {
            loop {
                let position = *self.projected.borrow();
                let keep = async {
                    self.log.moved_past(position).await?;
                    self.catch_up(|_, _| {}).await
                };
                if let Err(error) = keep.await {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "the read models stand still; trying again"
                    );
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        };
        tokio::select! {
            biased;
            () = told_to_stop => {}
            () = keep_up => {}
        }
    }

    /// Empties all tables, so that the next catching up makes them anew.
    pub async fn forget(&self) -> Result<(), ReadStoreError> {
        let mut writing = self.writing.lock().await;
        let writing = &mut *writing;
        writing.folding.forget();
        let mut transaction = writing.db.begin().await?;
        for model in writing.folding.models() {
            model.clear(&mut transaction).await?;
        }
        sqlx::query(include_str!("forget_checkpoints.sql"))
            .execute(&mut *transaction)
            .await?;
        sqlx::query(include_str!("forget_parked.sql"))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        writing.position = Position::START;
        writing.folding.set_written(Position::START);
        self.projected.send_replace(Position::START);
        Ok(())
    }

    /// The position that the tables show.
    #[must_use]
    pub fn position(&self) -> Position {
        *self.projected.borrow()
    }

    /// Tells each time the tables show a later position.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Position> {
        self.projected.subscribe()
    }

    /// Waits until the tables show a position, but no longer than that.
    pub async fn wait_for(&self, wanted: Position, deadline: Duration) -> Result<(), Behind> {
        let mut projected = self.projected.subscribe();
        let shown =
            tokio::time::timeout(deadline, projected.wait_for(|position| *position >= wanted));
        if let Ok(Ok(_)) = shown.await {
            return Ok(());
        }
        Err(Behind {
            wanted,
            shown: self.position(),
        })
    }

    /// Asks: of the tables as they are, or, where an earlier day or moment is meant, of tables made
    /// for it.
    pub async fn ask<Q: Question>(
        &self,
        question: &Q,
        ask: Ask,
    ) -> Result<Answer<Q::View>, ReadStoreError> {
        let now = self.clock.now();
        let today = now.day();
        let as_of = ask.as_of.filter(|day| *day < today);
        let known_at = ask.known_at.filter(|known_at| *known_at < now);
        let mut rows = self.readers.begin().await?;
        let mut position = checkpoint(&mut rows).await?;
        let known = match known_at {
            None if as_of.is_none() => position,
            None => self.log.head().await?,
            Some(known_at) => {
                let head = self.log.head().await?;
                reading::position_at(&*self.log, known_at, head).await?
            }
        };
        // The tables as they are also tell what was known then, if nothing was learned since.
        if as_of.is_some() || known != position {
            let when = When {
                position: known,
                as_of,
            };
            rows = self.machine.tables(Q::TABLES, when).await?.begin().await?;
            position = known;
        }
        let as_of = as_of.unwrap_or(today);
        let view = question.ask(&mut rows, as_of).await?;
        Ok(Answer {
            position,
            as_of,
            known_at: known_at.unwrap_or(now),
            view,
        })
    }

    /// The streams that stand still at an event that cannot be read.
    pub async fn parked(&self) -> Result<Vec<Parked>, ReadStoreError> {
        let mut rows = self.readers.acquire().await?;
        Ok(parked(&mut rows).await?)
    }

    /// Lets go of the file.
    pub async fn close(self) {
        self.readers.close().await;
        schema::close(self.writing.into_inner().db).await;
    }
}

impl Writing {
    /// Goes on from where the tables were left.
    async fn resume(&mut self, log: &dyn EventStore) -> Result<(), ReadStoreError> {
        let found = sqlx::query(include_str!("read_checkpoints.sql"))
            .fetch_all(&mut self.db)
            .await?;
        let mut checkpoints: HashMap<String, Position> = HashMap::new();
        let mut last = (Position::START, Uuid::nil());
        for row in found {
            let position = Position(row.try_get::<i64, _>("position")?.unsigned_abs());
            checkpoints.insert(row.try_get("read_model")?, position);
            if position > last.0 {
                last = (position, row.try_get("event_id")?);
            }
        }
        let (checkpoint, event_id) = last;
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
            let folded = checkpoints.get(model.name()).copied().unwrap_or_default();
            model.set_position(folded);
            position = position.min(folded);
        }
        self.position = position;
        self.folding.set_written(position);
        let parked = parked(&mut self.db).await?;
        self.folding
            .park(parked.into_iter().map(|parked| parked.stream));
        Ok(())
    }

    /// Lets streams go on that stood still at an event which can be read now.
    async fn release_parked(&mut self, log: &Arc<dyn EventStore>) -> Result<(), ReadStoreError> {
        let mut readable = vec![];
        for parked in parked(&mut self.db).await? {
            let event = log.find(parked.event_id).await?;
            if event.is_some_and(|event| Recorded::decode(event).is_ok()) {
                readable.push(parked.stream);
            }
        }
        if readable.is_empty() {
            return Ok(());
        }
        let mut folding = Folding::new(log.clone(), models::all(), None);
        let mut transaction = self.db.begin().await?;
        for stream in readable {
            sqlx::query(include_str!("release.sql"))
                .bind(stream.as_str())
                .execute(&mut *transaction)
                .await?;
            folding.fetch(Arc::new(stream), self.position).await?;
        }
        let parked = folding.flush(&mut transaction, self.position).await?;
        keep_parked(&mut transaction, &parked).await?;
        transaction.commit().await?;
        self.folding.forget();
        self.resume(&**log).await
    }

    async fn run_to(
        &mut self,
        log: &Arc<dyn EventStore>,
        until: Position,
        mut written: impl FnMut(Position) + Send,
    ) -> Result<(), ReadStoreError> {
        if self.position >= until {
            return Ok(());
        }
        if self.broken_off {
            self.folding.forget();
            self.resume(&**log).await?;
        }
        self.broken_off = true;
        let mut pages = reading::read(
            log.clone(),
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

/// The position that all tables show.
async fn checkpoint(db: &mut SqliteConnection) -> Result<Position, sqlx::Error> {
    let position: i64 = sqlx::query_scalar(include_str!("read_position.sql"))
        .fetch_one(db)
        .await?;
    Ok(Position(position.unsigned_abs()))
}

async fn parked(db: &mut SqliteConnection) -> Result<Vec<Parked>, sqlx::Error> {
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
