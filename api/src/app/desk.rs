//! The desk: where other systems' tellings are taken in, many at a time.
//!
//! Whatever waits is decided in the order it came, each on what all before it came to, as if it were
//! told alone; what all of it came to is written together ([`Staging`]), and everybody is answered
//! after that. While one lot is written, the next gathers: the more tell at the same time, the more
//! share a commit. Where writing together fails, because somebody else wrote to the same record or
//! the vault refuses one of the words, they are told one by one: each is recorded once, however
//! often it is told.

use std::{
    collections::{HashMap, VecDeque},
    mem,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::es::{EventId, Position, RecordedEvent, VaultEntry, VaultError};
use futures::FutureExt;
use infra::staging::{SettleError, Settled, Staging};
use tokio::sync::oneshot;
use tracing::{Instrument, Span};

use super::{Application, Outcome, Receipt, Telling, execute::unavailable};
use crate::problem::{Problem, general};

/// From how many tellings on the next ones wait for the next lot.
const LOT: usize = 256;
/// The most events that are read again together.
const MOST: usize = 4 * LOT;

/// What another system tells.
#[derive(Debug, Clone)]
pub struct Item {
    /// What it tells.
    pub telling: Telling,
    /// What of the sender's own is kept with it.
    pub to_keep: Vec<VaultEntry>,
}

/// What came of it.
#[derive(Debug)]
pub struct Received {
    /// What was recorded.
    pub outcome: Outcome,
    /// That it was; none where nothing was added.
    pub receipt: Option<Receipt>,
}

type Done = Result<Received, Problem>;

/// What waits at the desk.
#[derive(Default)]
pub(super) struct Desk(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Parcel>,
    /// Somebody takes what waits.
    attended: bool,
}

/// What somebody tells at once.
struct Parcel {
    items: Vec<Item>,
    /// What it is traced as a part of.
    span: Span,
    answer: oneshot::Sender<Vec<Done>>,
}

impl Desk {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds to what waits; whether nobody is there to take it.
    fn put(&self, parcel: Parcel) -> bool {
        let mut queue = self.queue();
        queue.waiting.push_back(parcel);
        !mem::replace(&mut queue.attended, true)
    }

    /// What is taken next; when nothing is left, nobody attends any more.
    fn take(&self) -> Vec<Parcel> {
        let mut queue = self.queue();
        let (mut lot, mut items) = (vec![], 0);
        while items < LOT
            && let Some(parcel) = queue.waiting.pop_front()
        {
            items += parcel.items.len();
            lot.push(parcel);
        }
        queue.attended = !lot.is_empty();
        lot
    }
}

impl Application {
    /// Takes in what another system tells, and answers what came of each. What it answers is
    /// durable.
    pub async fn receive(self: &Arc<Self>, items: Vec<Item>) -> Vec<Result<Received, Problem>> {
        let many = items.len();
        let (answer, answered) = oneshot::channel();
        let parcel = Parcel {
            items,
            span: Span::current(),
            answer,
        };
        if self.desk.put(parcel) {
            // What was begun is carried through, whoever still waits for it.
            tokio::spawn(Arc::clone(self).attend());
        }
        answered.await.unwrap_or_else(|_| {
            let lost = || Err(Problem::general(&general::UNAVAILABLE));
            (0..many).map(|_| lost()).collect()
        })
    }

    /// Takes lot after lot, until nothing waits.
    async fn attend(self: Arc<Self>) {
        loop {
            let lot = self.desk.take();
            if lot.is_empty() {
                return;
            }
            let lot_span = span_of(&lot);
            let (mut items, mut answers) = (vec![], vec![]);
            for parcel in lot {
                answers.push((parcel.answer, parcel.items.len()));
                let span = parcel.span;
                items.extend(parcel.items.into_iter().map(|item| (item, span.clone())));
            }
            let done = self.take_in(&items).instrument(lot_span);
            let mut done = done.await.into_iter();
            for (answer, many) in answers {
                // Nobody may be waiting any more.
                answer.send(done.by_ref().take(many).collect()).ok();
            }
        }
    }

    async fn take_in(&self, items: &[(Item, Span)]) -> Vec<Done> {
        let mut told = vec![];
        let together = AssertUnwindSafe(self.take_in_together(items, &mut told));
        match together.catch_unwind().await {
            Ok(Ok(done)) => return done,
            Ok(Err(error)) => tracing::warn!(%error, "what came together is taken in one by one"),
            Err(_panic) => tracing::error!("what came together broke off; taken in one by one"),
        }
        let mut done = Vec::with_capacity(items.len());
        let mut told = told.into_iter();
        for (item, span) in items {
            let alone = self.take_in_alone(item.clone()).instrument(span.clone());
            let alone = AssertUnwindSafe(alone).catch_unwind().await;
            let mut alone = alone.unwrap_or_else(|_| Err(Problem::general(&general::INTERNAL)));
            if let (Ok(Received { outcome: now, .. }), Some(Ok(first))) = (&mut alone, told.next())
            {
                // It may have been written together with others: that was the first time.
                now.already &= first.already || now.event_ids.is_empty();
            }
            done.push(alone);
        }
        done
    }

    /// Tells all of it, then writes what it came to. `told` is what each came to before it was
    /// written.
    async fn take_in_together(
        &self,
        items: &[(Item, Span)],
        told: &mut Vec<Result<Outcome, Problem>>,
    ) -> Result<Vec<Done>, Unsettled> {
        let staging = Staging::before(Arc::clone(&self.log), Arc::clone(&self.vault));
        let staged = self.staged(&staging);
        let streams = items.iter().map(|(item, _)| item.telling.target.stream());
        staging.log.read_ahead(streams).await;
        let mut to_keep = vec![];
        for (item, span) in items {
            let outcome = staged.tell(item.telling.clone()).instrument(span.clone());
            let outcome = outcome.await;
            if outcome.is_ok() {
                to_keep.extend(item.to_keep.iter().cloned());
            }
            told.push(outcome);
        }
        // No event points to what is the sender's own.
        let (done, kept) = tokio::join!(self.settle(&staging, told), self.vault.keep(to_keep));
        let done = done?;
        kept?;
        self.units.learn_from(&staged.units);
        Ok(done)
    }

    /// Writes what was told together, and makes the receipts.
    async fn settle(
        &self,
        staging: &Staging,
        told: &[Result<Outcome, Problem>],
    ) -> Result<Vec<Done>, SettleError> {
        let settled = staging.settle().await?;
        let mut written = self.read_written(&settled).await;
        let mut done = Vec::with_capacity(told.len());
        for outcome in told {
            done.push(match outcome.clone() {
                Err(problem) => Err(problem),
                Ok(mut outcome) => {
                    outcome.position = settled.position(outcome.position);
                    let first = outcome.event_ids.first();
                    let first = first.and_then(|id| written.remove(id));
                    self.received(outcome, first).await
                }
            });
        }
        Ok(done)
    }

    /// An outcome with its receipt. The event is read, unless it is at hand.
    async fn received(&self, outcome: Outcome, first: Option<RecordedEvent>) -> Done {
        let first = match outcome.event_ids.first() {
            Some(id) if first.is_none() => self.log.find(*id).await.map_err(|error| {
                unavailable(&error);
                Problem::general(&general::UNAVAILABLE)
            })?,
            _ => first,
        };
        Ok(Received {
            outcome,
            receipt: first.map(|event| Receipt::of(event, &self.signing)),
        })
    }

    /// Those of the events that were written together that lie close together, by their ids.
    async fn read_written(&self, settled: &Settled) -> HashMap<EventId, RecordedEvent> {
        let Some((first, last)) = settled.places() else {
            return HashMap::new();
        };
        let many = usize::try_from(last.0 - first.0 + 1).unwrap_or(usize::MAX);
        let before = Position(first.0.saturating_sub(1));
        let events = self.log.read_all(before, many.min(MOST)).await;
        // What is not found here is looked for by itself, and what is wrong is told there.
        let events = events.unwrap_or_default().into_iter();
        events.map(|event| (event.id, event)).collect()
    }

    async fn take_in_alone(&self, item: Item) -> Done {
        let outcome = self.tell(item.telling).await?;
        self.remember(item.to_keep).await?;
        self.received(outcome, None).await
    }
}

/// A lot is traced as a part of what came first in it, and linked to the rest.
fn span_of(lot: &[Parcel]) -> Span {
    let [first, rest @ ..] = lot else {
        return Span::none();
    };
    let span = tracing::info_span!(parent: &first.span, "intake.take_in", parcels = lot.len());
    for parcel in rest {
        span.follows_from(&parcel.span);
    }
    span
}

/// Why what was told together is not written.
#[derive(Debug, thiserror::Error)]
enum Unsettled {
    #[error(transparent)]
    Told(#[from] SettleError),
    #[error("what is the senders' own could not be kept")]
    TheirOwn(#[from] VaultError),
}
