//! The read store: opened, kept up with the log, and asked.

use std::{future::Future, sync::Arc, time::Duration};

use domain::es::{EventStore, Position};
use projections::{Answer, Ask, Question, Rows};
use tokio::sync::{Mutex, watch};

use super::{
    checkpoint,
    engine::{Place, Readers, Transaction},
    error::ReadStoreError,
    models, parking,
    projector::Projector,
    reading::{self, Parked},
    sum::Sum,
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
    readers: Readers,
    projector: Mutex<Projector>,
    projected: watch::Sender<Position>,
    machine: TimeMachine,
}

impl ReadStore {
    /// Opens the read store that a URL (`sqlite:PATH`, `postgres:…`) names; made if there is none. It shows what
    /// it showed when it was closed, until [`Self::catch_up`] or [`Self::run`].
    pub async fn open(
        url: &str,
        log: Arc<dyn EventStore>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ReadStoreError> {
        let place = Place::of(url)?;
        let db = place.writer().await?;
        let projector = Projector::over(db, log.clone(), models::all()).await?;
        Ok(Self {
            machine: TimeMachine::new(log.clone()),
            log,
            clock,
            readers: place.readers().await?,
            projected: watch::Sender::new(projector.position()),
            projector: Mutex::new(projector),
        })
    }

    /// Folds what the log holds beyond the position reached, up to its head; says after each batch
    /// how far it has come.
    pub async fn catch_up(
        &self,
        mut progress: impl FnMut(Position, Position) + Send,
    ) -> Result<Position, ReadStoreError> {
        let mut projector = self.projector.lock().await;
        projector
            .catch_up(|position, head| {
                self.projected.send_replace(position);
                progress(position, head);
            })
            .await
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
        self.projector.lock().await.forget().await?;
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
        let mut position = shown(&mut rows.rows(), Q::TABLES).await?;
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
            let tables = self.machine.tables(Q::TABLES, when).await?;
            rows = Transaction::Sqlite(tables.begin().await?);
            position = known;
        }
        let as_of = as_of.unwrap_or(today);
        let view = question.ask(&mut rows.rows(), as_of).await?;
        Ok(Answer {
            position,
            as_of,
            known_at: known_at.unwrap_or(now),
            view,
        })
    }

    /// What each read model holds: for comparing two stores of the same log.
    pub async fn sums(&self) -> Result<Vec<(&'static str, Sum)>, ReadStoreError> {
        let mut rows = self.readers.begin().await?;
        let mut sums = vec![];
        for model in models::all() {
            let sum = model.sum(&mut rows.rows(), model.name()).await?;
            sums.push((model.name(), sum));
        }
        Ok(sums)
    }

    /// The streams that stand still at an event that cannot be read.
    pub async fn parked(&self) -> Result<Vec<Parked>, ReadStoreError> {
        let mut rows = self.readers.begin().await?;
        Ok(parking::read(&mut rows.rows()).await?)
    }

    /// Lets go of the file.
    pub async fn close(self) {
        self.readers.close().await;
        self.projector.into_inner().close().await;
    }
}

/// The position that some tables show, all of them.
async fn shown(rows: &mut Rows<'_>, tables: &[&str]) -> Result<Position, sqlx::Error> {
    let checkpoints = checkpoint::read(rows).await?;
    let folded = tables
        .iter()
        .map(|table| checkpoint::folded(&checkpoints, table));
    Ok(folded.min().unwrap_or_default())
}
