//! A batch on its way to the tables: checkpoints and rows, in one transaction, while what follows is
//! read and folded.

use std::time::{Duration, Instant};

use domain::es::Position;
use tokio::task::JoinHandle;
use tracing::{Instrument, Span, field::Empty};

use super::{
    changes::Changes,
    checkpoint::{self, Checkpoint},
    engine::{Transaction, Writer},
    error::ReadStoreError,
    lease::Holding,
    parking,
    reading::Page,
};
use crate::telemetry::{metrics, trace};

/// A read model moves on with a batch.
pub(super) struct Move {
    pub(super) read_model: &'static str,
    pub(super) from: Position,
    pub(super) to: Checkpoint,
}

/// What is told of the events of a batch.
pub(super) struct Told {
    pub(super) span: Span,
    started: Instant,
    after: Position,
    links: usize,
    events: usize,
}

impl Told {
    pub(super) fn after(after: Position) -> Self {
        Self {
            // It belongs to no caller's trace: it shows what many have told.
            span: tracing::info_span!(
                parent: None,
                "projection.batch",
                after = after.0,
                position = Empty,
                events = Empty,
            ),
            started: Instant::now(),
            after,
            links: 0,
            events: 0,
        }
    }

    /// A page of it, linked to traces of the events in it, a few at the most.
    pub(super) fn take(&mut self, page: &Page) {
        self.events += page.events.len();
        let more = page.traces.len().min(trace::LINKS - self.links);
        trace::link(&self.span, &page.traces[..more]);
        self.links += more;
    }

    /// How long it is being folded.
    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    fn written(self, position: Position) {
        self.span.record("position", position.0);
        self.span.record("events", self.events);
        metrics::projected(position.0 - self.after.0, self.started.elapsed());
    }
}

/// A batch that is being written, whether or not anybody waits for it.
pub(super) struct Writing {
    position: Position,
    work: JoinHandle<Result<(), ReadStoreError>>,
}

impl Writing {
    /// Begins to write a batch up to a position.
    pub(super) fn begin(
        mut db: Writer,
        holding: Option<Holding>,
        position: Position,
        moves: Vec<Move>,
        changes: Changes,
        told: Told,
    ) -> Self {
        let span = told.span.clone();
        let work = async move {
            write(&mut db, holding.as_ref(), &moves, &changes).await?;
            told.written(position);
            Ok(())
        };
        Self {
            position,
            work: tokio::spawn(work.instrument(span)),
        }
    }

    /// Waits until it is written; answers up to where.
    pub(super) async fn done(self) -> Result<Position, ReadStoreError> {
        let written = self.work.await;
        written.unwrap_or(Err(ReadStoreError::Panicked))?;
        Ok(self.position)
    }
}

async fn write(
    db: &mut Writer,
    holding: Option<&Holding>,
    moves: &[Move],
    changes: &Changes,
) -> Result<(), ReadStoreError> {
    let mut transaction = begin(db, holding).await?;
    for Move {
        read_model,
        from,
        to,
    } in moves
    {
        if !checkpoint::write(&mut transaction.rows(), read_model, *from, *to).await? {
            return Err(ReadStoreError::Switched);
        }
    }
    changes.write(&mut transaction.rows()).await?;
    if !changes.parked.is_empty() {
        let now = transaction.now().await?;
        parking::keep(&mut transaction.rows(), &changes.parked, now).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Begins a transaction that counts only as long as the read models are still held.
pub(super) async fn begin<'db>(
    db: &'db mut Writer,
    holding: Option<&Holding>,
) -> Result<Transaction<'db>, ReadStoreError> {
    let mut transaction = db.begin().await?;
    if let Some(holding) = holding {
        let now = transaction.now().await?;
        if !holding.keep(&mut transaction.rows(), now).await? {
            return Err(ReadStoreError::TakenOver);
        }
    }
    Ok(transaction)
}
