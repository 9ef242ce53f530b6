//! The time machine: the tables as of a day in the world, as known at a place in the log.
//!
//! It folds a part of the log through the same read models into a scratch database. What was made
//! is [kept](shelf) for the next question about the same day and moment; several who ask for the
//! same [making] wait for one, and who is answered from what is kept waits for none. Where
//! the day is the same and only the log has gone on, the tables go on too. A question about a few
//! streams, such as one person's, needs no more than [their histories](streams).

mod making;
mod shelf;
mod streams;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::es::{Day, EventStore, Position, StreamName};
use tokio::sync::Semaphore;

use self::{
    making::Making,
    shelf::{Found, Shelf},
};
use super::{engine::Transaction, error::ReadStoreError};

pub use shelf::Keep;

/// How far tables of the past are on their way. Positions only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Folded up to here.
    pub position: Position,
    /// To be folded up to here.
    pub until: Position,
}

/// Is told how far tables of the past are, whenever they must be waited for.
pub type Tell<'a> = &'a (dyn Fn(Progress) + Send + Sync);

/// What the tables show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct When {
    /// All that was known at this place in the log.
    pub(super) position: Position,
    /// What happened up to this day; all if not told.
    pub(super) as_of: Option<Day>,
}

/// Which tables.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) tables: &'static [&'static str],
    pub(super) when: When,
    /// Streams that stand still, each from a position on: they do so here as well, so that live and
    /// past say the same.
    pub(super) parked: Vec<(StreamName, Position)>,
    /// The place in the log is where it ends just now: a later one will do as well, and nobody asks
    /// for this one again once it has moved.
    pub(super) moves: bool,
}

impl Wanted {
    /// Whether tables that show this place in the log will do.
    fn fits(&self, position: Position) -> bool {
        position == self.when.position || (self.moves && position > self.when.position)
    }
}

/// How many makings are under way at the same time; more wait. Each takes as much memory as the
/// streams that are at hand, and as much of the processors as there is.
const MAKERS: usize = 2;
/// How many questions about a few streams are answered at the same time.
const FEW: usize = 8;

pub(super) struct TimeMachine {
    log: Arc<dyn EventStore>,
    shelf: Arc<Mutex<Shelf>>,
    makers: Arc<Semaphore>,
    few: Semaphore,
}

impl TimeMachine {
    pub(super) fn new(log: Arc<dyn EventStore>, keep: Keep) -> Self {
        Self {
            log,
            shelf: Arc::new(Mutex::new(Shelf::new(keep))),
            makers: Arc::new(Semaphore::new(MAKERS)),
            few: Semaphore::new(FEW),
        }
    }

    /// The rows as they were, and the place in the log that they show: those kept, or made while
    /// this is waited for. Who waits no longer leaves nothing at work that nobody else waits for.
    pub(super) async fn rows(
        &self,
        wanted: &Wanted,
        tell: Tell<'_>,
    ) -> Result<(Transaction<'static>, Position), ReadStoreError> {
        loop {
            match self.find(wanted) {
                Found::Made(made) => {
                    // They may have gone on since they were found.
                    if let Some(rows) = made.begin(wanted).await? {
                        return Ok(rows);
                    }
                }
                Found::Making(making) => making.done(tell).await?,
            }
        }
    }

    /// The same, of a few streams alone. These are made for each question, and not kept.
    pub(super) async fn rows_of(
        &self,
        streams: Vec<StreamName>,
        wanted: &Wanted,
    ) -> Result<(Transaction<'static>, Position), ReadStoreError> {
        let kept = lock(&self.shelf).find(wanted);
        if let Some(made) = kept
            && let Some(rows) = made.begin(wanted).await?
        {
            return Ok(rows);
        }
        let _permit = self.few.acquire().await;
        let rows = streams::rows(self.log.clone(), streams, wanted).await?;
        Ok((rows, wanted.when.position))
    }

    fn find(&self, wanted: &Wanted) -> Found {
        let mut kept = lock(&self.shelf);
        if let Some(made) = kept.find(wanted) {
            return Found::Made(made);
        }
        if let Some(making) = kept.find_making(wanted) {
            return Found::Making(making);
        }
        let base = kept.take_earlier(wanted);
        let (log, makers) = (self.log.clone(), self.makers.clone());
        let making = Arc::new(Making::start(
            log,
            makers,
            self.shelf.clone(),
            (wanted.clone(), base),
        ));
        kept.making(wanted.clone(), &making);
        Found::Making(making)
    }
}

fn lock(shelf: &Mutex<Shelf>) -> MutexGuard<'_, Shelf> {
    shelf.lock().unwrap_or_else(PoisonError::into_inner)
}
