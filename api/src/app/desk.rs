//! The desk: where other systems' tellings are taken in, many at a time.
//!
//! Whatever waits is decided in the order it came, each on what all before it came to, as if it were
//! told alone; what all of it came to is written together ([`Staging`]), and everybody is answered
//! after that. While one lot is written, the next gathers: the more tell at the same time, the more
//! share a commit. Where writing together fails, because somebody else wrote to the same record or
//! the vault refuses one of the words, each sender's are told by themselves, and the desk goes on:
//! each is recorded once, however often it is told.

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
pub struct Delivery {
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

type Told = Result<Outcome, Problem>;
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
    deliveries: Arc<[Delivery]>,
    /// What it is traced as a part of.
    span: Span,
    /// What came of each; or, where they are to be taken in alone, what they came to before.
    answer: oneshot::Sender<Result<Vec<Done>, Vec<Told>>>,
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
        let (mut lot, mut deliveries) = (vec![], 0);
        while deliveries < LOT
            && let Some(parcel) = queue.waiting.pop_front()
        {
            deliveries += parcel.deliveries.len();
            lot.push(parcel);
        }
        queue.attended = !lot.is_empty();
        lot
    }
}

impl Application {
    /// Takes in what another system tells, and answers what came of each. What it answers is
    /// durable.
    pub async fn receive(self: &Arc<Self>, deliveries: Vec<Delivery>) -> Vec<Done> {
        let deliveries: Arc<[Delivery]> = deliveries.into();
        let (answer, answered) = oneshot::channel();
        let parcel = Parcel {
            deliveries: Arc::clone(&deliveries),
            span: Span::current(),
            answer,
        };
        if self.desk.put(parcel) {
            // What was begun is carried through, whoever still waits for it.
            tokio::spawn(Arc::clone(self).attend());
        }
        match answered.await {
            Ok(Ok(done)) => done,
            Ok(Err(first)) => self.take_in_alone(&deliveries, &first).await,
            Err(_gone) => self.take_in_alone(&deliveries, &[]).await,
        }
    }

    /// Takes lot after lot, until nothing waits.
    async fn attend(self: Arc<Self>) {
        loop {
            let lot = self.desk.take();
            if lot.is_empty() {
                return;
            }
            let span = span_of(&lot);
            let mut told = vec![];
            let together = AssertUnwindSafe(self.take_in(&lot, &mut told).instrument(span));
            let done = match together.catch_unwind().await {
                Ok(Ok(done)) => Some(done),
                Ok(Err(error)) => {
                    tracing::warn!(%error, "what came together is taken in one by one");
                    None
                }
                Err(_panic) => {
                    tracing::error!("what came together broke off; it is taken in one by one");
                    None
                }
            };
            let mut done = done.map(Vec::into_iter);
            let mut told = told.into_iter();
            for parcel in lot {
                let many = parcel.deliveries.len();
                let answer = match &mut done {
                    Some(done) => Ok(done.take(many).collect()),
                    None => Err(told.by_ref().take(many).collect()),
                };
                // Nobody may be waiting any more.
                parcel.answer.send(answer).ok();
            }
        }
    }

    /// Tells all of a lot, then writes what it came to. `told` is what each came to before it was
    /// written.
    async fn take_in(&self, lot: &[Parcel], told: &mut Vec<Told>) -> Result<Vec<Done>, Unsettled> {
        let staging = Staging::before(Arc::clone(&self.log), Arc::clone(&self.vault));
        let staged = self.staged(&staging);
        let deliveries = lot.iter().flat_map(|parcel| &*parcel.deliveries);
        let streams = deliveries.map(|one| one.telling.target.stream());
        staging.log.read_ahead(streams).await;
        let mut to_keep = vec![];
        for parcel in lot {
            for one in &*parcel.deliveries {
                let outcome = staged.tell(one.telling.clone());
                let outcome = outcome.instrument(parcel.span.clone()).await;
                if outcome.is_ok() {
                    to_keep.extend(one.to_keep.iter().cloned());
                }
                told.push(outcome);
            }
        }
        let settled = staging.settle().await?;
        // Only now: of what is refused in the end, nothing of the sender's is kept.
        let (kept, done) = tokio::join!(self.vault.keep(to_keep), self.receipts(&settled, told));
        kept?;
        self.units.learn_from(&staged.units);
        Ok(done)
    }

    /// What was told together, as it stands in the log.
    async fn receipts(&self, settled: &Settled, told: &[Told]) -> Vec<Done> {
        let mut written = self.read_written(settled).await;
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
        done
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

    /// Takes in what could not be written together with others. `first` is what each came to at that
    /// try, as far as it went.
    async fn take_in_alone(&self, deliveries: &[Delivery], first: &[Told]) -> Vec<Done> {
        let mut done = Vec::with_capacity(deliveries.len());
        for (nth, one) in deliveries.iter().cloned().enumerate() {
            let alone = async {
                let mut outcome = self.tell(one.telling).await?;
                if let Some(Ok(first)) = first.get(nth) {
                    outcome = outcome.after(first);
                }
                self.remember(one.to_keep).await?;
                self.received(outcome, None).await
            };
            done.push(alone.await);
        }
        done
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
