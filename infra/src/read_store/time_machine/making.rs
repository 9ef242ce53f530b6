//! Tables on their way from the log: made once for all who wait for them, on a task of its own that
//! ends with the last of them.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
};

use domain::es::{EventStore, Position};
use futures::TryStreamExt;
use projections::Rows;
use sqlx::{Connection, SqliteConnection};
use tokio::{
    sync::{Semaphore, watch},
    task::AbortHandle,
};
use tracing::Instrument;

use super::{
    Progress, Tell, Wanted, lock,
    shelf::{Made, Shelf},
};
use crate::read_store::{
    changes::Changes,
    engine,
    error::ReadStoreError,
    folding::Folding,
    models,
    reading::{self, Part},
    spill::{self, Spill},
};

/// Dropped by the last who waits, it ends the work.
pub(super) struct Making {
    state: watch::Receiver<State>,
    work: AbortHandle,
}

#[derive(Clone)]
enum State {
    UnderWay(Progress),
    Kept,
    Failed(Arc<ReadStoreError>),
}

impl Drop for Making {
    fn drop(&mut self) {
        self.work.abort();
    }
}

impl Making {
    /// Begins, from nothing or from tables that show less of the log, as soon as a maker is free.
    pub(super) fn start(
        log: Arc<dyn EventStore>,
        makers: Arc<Semaphore>,
        shelf: Arc<Mutex<Shelf>>,
        (wanted, base): (Wanted, Option<Arc<Made>>),
    ) -> Self {
        let (tell, state) = watch::channel(State::UnderWay(Progress {
            position: Position::START,
            until: wanted.when.position,
        }));
        let work = async move {
            let _permit = makers.acquire().await;
            let progress = |progress| {
                tell.send_replace(State::UnderWay(progress));
            };
            let over = match make(log, base, &wanted, progress).await {
                Ok(made) => {
                    lock(&shelf).put(made);
                    State::Kept
                }
                Err(error) => State::Failed(Arc::new(error)),
            };
            tell.send_replace(over);
        };
        let work = tokio::spawn(work.in_current_span());
        Self {
            state,
            work: work.abort_handle(),
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.work.is_finished() || !matches!(&*self.state.borrow(), State::UnderWay(_))
    }

    /// Waits until the tables are kept.
    pub(super) async fn done(&self, tell: Tell<'_>) -> Result<(), ReadStoreError> {
        let mut state = self.state.clone();
        loop {
            let now = state.borrow_and_update().clone();
            match now {
                State::UnderWay(progress) => tell(progress),
                State::Kept => return Ok(()),
                State::Failed(error) => return Err(ReadStoreError::Past(error)),
            }
            // It says how it ends, unless it ends by a panic.
            if state.changed().await.is_err() {
                return match &*state.borrow() {
                    State::Kept => Ok(()),
                    State::Failed(error) => Err(ReadStoreError::Past(error.clone())),
                    State::UnderWay(_) => Err(ReadStoreError::BrokeOff),
                };
            }
        }
    }
}

#[tracing::instrument(name = "query.replay", skip_all, fields(position = wanted.when.position.0))]
async fn make(
    log: Arc<dyn EventStore>,
    base: Option<Arc<Made>>,
    wanted: &Wanted,
    progress: impl Fn(Progress) + Sync,
) -> Result<Arc<Made>, ReadStoreError> {
    let made = match base {
        Some(made) => made,
        None => Arc::new(Made::empty(wanted, engine::scratch().await?)),
    };
    let until = wanted.when.position;
    let (mut db, position) = made.take().await?;
    progress(Progress { position, until });
    let mut folding = Folding::new(log.clone(), models::named(made.tables())?, made.as_of());
    folding.park(wanted.parked.iter().cloned());
    folding.go_on_from(position);
    let is_empty = position == Position::START;
    let spill = if is_empty && until.0 >= spill::WORTH_IT {
        let told = |position| progress(Progress { position, until });
        spilled(&log, until, folding.categories(), told).await?
    } else {
        None
    };
    if let Some(spill) = spill {
        let mut parts = spill.streams();
        while let Some((streams, position)) = parts.try_next().await? {
            write(&mut db, &folding.take_wholes(streams)).await?;
            progress(Progress { position, until });
        }
    } else {
        let part = Part {
            after: position,
            until,
            categories: folding.categories(),
        };
        let mut pages = reading::read(log, part);
        while let Some(page) = pages.try_next().await? {
            let position = page.position;
            folding.take(page).await?;
            if position >= until || folding.is_full() {
                write(&mut db, &folding.take_changes(position)).await?;
            }
            progress(Progress { position, until });
        }
    }
    if is_empty {
        engine::index(&mut db).await?;
    }
    engine::settle(&mut db).await?;
    let bytes = engine::size(&mut db).await?;
    made.done(&db, until, bytes);
    drop(db);
    Ok(made)
}

/// The log by streams; nothing where there is no room for it on the disk: it is read event by event
/// then.
async fn spilled(
    log: &Arc<dyn EventStore>,
    until: Position,
    categories: HashSet<&'static str>,
    progress: impl Fn(Position) + Send,
) -> Result<Option<Arc<Spill>>, ReadStoreError> {
    match Spill::of(log, until, categories, progress).await {
        Err(ReadStoreError::Spill(error)) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "no room for the log by streams; the tables of the past are made event by event"
            );
            Ok(None)
        }
        spilled => Ok(Some(Arc::new(spilled?))),
    }
}

async fn write(db: &mut SqliteConnection, changes: &Changes) -> Result<(), sqlx::Error> {
    let mut transaction = db.begin().await?;
    changes.write(&mut Rows::Sqlite(&mut transaction)).await?;
    transaction.commit().await
}
