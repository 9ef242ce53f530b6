//! Shares: the read models of one category of streams, on their way through the log together.

use std::{collections::HashSet, sync::Arc};

use domain::es::{EventStore, Position};
use futures::TryStreamExt;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use crate::read_store::{
    changes::Changes,
    checkpoint::Checkpoint,
    engine::{Transaction, Writer},
    error::ReadStoreError,
    folding::Folding,
    models::ReadModel,
    parking::Parked,
    reading::{self, Page, Part, Read},
};

/// Events between two writes: the more, the fewer rows are written again and again.
const BATCH: usize = 40_000;
/// In a file, where one writes at a time: so few that who keeps the tables in use up is not kept
/// waiting.
const BATCH_IN_FILE: usize = 4_000;

/// The tables of one category, folded up to one place.
pub(super) struct Share {
    pub(super) category: &'static str,
    pub(super) folding: Folding,
    pub(super) reached: Position,
    pub(super) event_id: Uuid,
}

/// Where rows are written to.
pub(super) enum Into<'a, 'c> {
    /// Transactions of their own.
    Apart(&'a mut Writer),
    /// One that goes on.
    Within(&'a mut Transaction<'c>),
}

impl Into<'_, '_> {
    fn batch(&self) -> usize {
        match self {
            Self::Apart(Writer::Sqlite(..)) => BATCH_IN_FILE,
            _ => BATCH,
        }
    }
}

impl Share {
    /// Of read models that are folded at least so far.
    pub(super) fn new(
        log: Arc<dyn EventStore>,
        category: &'static str,
        models: Vec<Box<dyn ReadModel>>,
        folded: Checkpoint,
        parked: &[Parked],
    ) -> Self {
        let reached = folded.position;
        let mut folding = Folding::new(log, models, None);
        folding.set_written(reached);
        // What stands still does so in the new tables too, from the same place on.
        let of_share = parked
            .iter()
            .filter(|parked| parked.stream.category() == category);
        folding.park(of_share.map(|parked| (parked.stream.clone(), parked.position)));
        Self {
            category,
            folding,
            reached,
            event_id: folded.event_id,
        }
    }
}

/// Batches on their way to where they are written, one after the other.
pub(super) struct Writing<'a, 'c> {
    into: Into<'a, 'c>,
    /// The last one, if it is written beside what is folded meanwhile.
    beside: Option<AbortOnDropHandle<Result<(), sqlx::Error>>>,
}

impl<'a, 'c> Writing<'a, 'c> {
    pub(super) fn new(into: Into<'a, 'c>) -> Self {
        Self { into, beside: None }
    }

    pub(super) async fn write(&mut self, changes: Vec<Changes>) -> Result<(), ReadStoreError> {
        self.settle().await?;
        match &mut self.into {
            Into::Apart(db) => {
                let db = db.clone();
                let work = async move {
                    for of_share in &changes {
                        of_share.write_apart(&db).await?;
                    }
                    Ok(())
                };
                self.beside = Some(AbortOnDropHandle::new(tokio::spawn(work)));
            }
            Into::Within(transaction) => {
                for of_share in &changes {
                    of_share.write(&mut transaction.rows()).await?;
                }
            }
        }
        Ok(())
    }

    /// Waits until all that was handed over is written.
    pub(super) async fn settle(&mut self) -> Result<(), ReadStoreError> {
        if let Some(beside) = self.beside.take() {
            beside.await.map_err(|_| ReadStoreError::Panicked)??;
        }
        Ok(())
    }
}

/// Folds shares that have all come equally far up to a place, and answers which streams stand still.
pub(super) async fn fold(
    log: &Arc<dyn EventStore>,
    shares: &mut [&mut Share],
    until: Position,
    into: Into<'_, '_>,
    mut progress: impl FnMut(Position) + Send,
) -> Result<Vec<Parked>, ReadStoreError> {
    let mut stand_still = vec![];
    let part = Part {
        after: shares.first().map_or(until, |share| share.reached),
        until,
        categories: shares
            .iter()
            .map(|share| share.category)
            .collect::<HashSet<_>>(),
    };
    let mut pages = reading::read(log.clone(), part);
    let batch = into.batch();
    let mut writing = Writing::new(into);
    let mut unwritten = 0;
    while let Some(page) = pages.try_next().await? {
        let position = page.position;
        unwritten += page.events.len();
        take(shares, page).await?;
        let full = shares.iter().any(|share| share.folding.is_full());
        if unwritten >= batch || position >= until || full {
            let mut changes: Vec<_> = shares
                .iter_mut()
                .map(|share| share.folding.take_changes(share.reached))
                .collect();
            for of_share in &mut changes {
                stand_still.append(&mut of_share.parked);
            }
            writing.write(changes).await?;
            unwritten = 0;
            progress(position);
        }
    }
    writing.settle().await?;
    Ok(stand_still)
}

/// Gives each share its events of a page.
async fn take(shares: &mut [&mut Share], page: Page) -> Result<(), ReadStoreError> {
    let mut events: Vec<Vec<Read>> = shares.iter().map(|_| vec![]).collect();
    for read in page.events {
        let stream = match &read {
            Read::Event(event) => &event.stream,
            Read::Poison(parked) => &parked.stream,
        };
        let nth = shares
            .iter()
            .position(|share| share.category == stream.category());
        if let Some(nth) = nth {
            events[nth].push(read);
        }
    }
    for (share, events) in shares.iter_mut().zip(events) {
        let part = Page {
            events,
            position: page.position,
            event_id: page.event_id,
            traces: vec![],
        };
        share.folding.take(part).await?;
        share.reached = page.position;
        share.event_id = page.event_id.0;
    }
    Ok(())
}
