//! Catching up: reads what the server's log holds after what is known, and tells those who wait.
//!
//! Pages of `$all` are read from the last event that was counted, with a filter on the names of
//! streams that the server applies. A subscription would say the same a little sooner, but the
//! client spins for ever once a server ends one in good order; and the place up to which the
//! server says it has looked may hide the next event, so only an event's own place counts.

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use domain::es::Position;
use eventstore::{
    Position as ServerPosition, ReadAllOptions, ReadStream, StreamPosition, SubscriptionFilter,
};
use futures::FutureExt;
use tokio::{
    sync::{Notify, watch},
    time::timeout,
};

use super::{
    index::Index,
    line::{Failure, Line},
    wire::{self, Delivered, Place},
};

/// How often the log is looked at when nobody asks.
const LOOK: Duration = Duration::from_millis(250);
/// How long to wait between two looks for something that is not there yet.
pub(super) const BREATH: Duration = Duration::from_millis(2);
/// How many events are read at a time.
pub(super) const PAGE: usize = 4_096;
/// The first pause after a failure, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// What all who use one log share.
pub(super) struct Shared {
    pub(super) line: Line,
    pub(super) prefix: String,
    index: Mutex<Index>,
    wake: Notify,
    asked: AtomicU64,
    news: watch::Sender<News>,
}

/// How far catching up has come.
#[derive(Clone, Default)]
struct News {
    head: Position,
    /// The number of the last who asked before a look that came to the end.
    served: u64,
    /// The number of the last who asked before a look that failed, and why it did.
    failed: Option<(u64, Arc<Failure>)>,
}

impl News {
    /// Why somebody gets no answer.
    fn refused(&self, ticket: u64) -> Option<&Arc<Failure>> {
        let (number, failure) = self.failed.as_ref()?;
        (*number >= ticket).then_some(failure)
    }
}

impl Shared {
    pub(super) fn new(line: Line, prefix: String) -> Self {
        Self {
            line,
            prefix,
            index: Mutex::default(),
            wake: Notify::new(),
            asked: AtomicU64::new(0),
            news: watch::Sender::default(),
        }
    }

    pub(super) fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().expect("nobody panics while holding it")
    }

    /// Waits until everything is known that the server held when this was asked.
    pub(super) async fn catch_up(&self) -> Result<(), Arc<Failure>> {
        let mut news = self.news.subscribe();
        let ticket = self.ask()?;
        let done = |news: &News| news.served >= ticket || news.refused(ticket).is_some();
        let news = news
            .wait_for(done)
            .await
            .expect("the sender lives as long as the log");
        match news.refused(ticket) {
            Some(failure) if news.served < ticket => Err(Arc::clone(failure)),
            _ => Ok(()),
        }
    }

    /// Has the server asked for what is new: the number of who asks.
    pub(super) fn ask(&self) -> Result<u64, Arc<Failure>> {
        let ticket = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        self.wake.notify_one();
        match self.news.borrow().refused(ticket) {
            Some(failure) => Err(Arc::clone(failure)),
            None => Ok(ticket),
        }
    }

    /// Waits until the index has been filled once.
    pub(super) async fn filled(&self) -> Result<(), Arc<Failure>> {
        if self.news.borrow().served > 0 {
            return Ok(());
        }
        self.catch_up().await
    }

    /// Waits, also through times in which the server is away.
    pub(super) async fn moved_past(&self, position: Position) -> Position {
        let mut news = self.news.subscribe();
        let news = news.wait_for(|news| news.head > position).await;
        news.expect("the sender lives as long as the log").head
    }

    /// Tells those who wait that nobody follows the log any more.
    pub(super) fn close(&self) {
        self.refuse(u64::MAX, &Arc::new(Failure::Closed));
    }

    /// Tells all who asked so far.
    fn refuse(&self, ticket: u64, failure: &Arc<Failure>) {
        let failed = Some((ticket, Arc::clone(failure)));
        self.news.send_modify(|news| news.failed = failed);
        self.index().refuse(failure);
    }

    /// Follows the log for ever.
    pub(super) async fn follow(self: Arc<Self>) {
        let mut pause = PAUSES.0;
        loop {
            let ticket = self.asked.load(Ordering::SeqCst);
            // The client takes some answers for impossible, and panics: that is the line's failure.
            let look = AssertUnwindSafe(self.look()).catch_unwind().await;
            match look.unwrap_or(Err(Failure::Panicked)) {
                Ok(()) => {
                    pause = PAUSES.0;
                    self.news.send_modify(|news| news.served = ticket);
                    if self.asked.load(Ordering::SeqCst) == ticket {
                        let behind = self.index().is_behind();
                        let pause = if behind { BREATH } else { LOOK };
                        timeout(pause, self.wake.notified()).await.ok();
                    }
                }
                Err(failure) => {
                    self.fail(ticket, &Arc::new(failure), pause).await;
                    pause = (2 * pause).min(PAUSES.1);
                }
            }
        }
    }

    /// Whoever asks before the next attempt hears at once that there is none.
    async fn fail(&self, ticket: u64, failure: &Arc<Failure>, pause: Duration) {
        self.refuse(ticket, failure);
        let refuse = async {
            loop {
                self.wake.notified().await;
                self.refuse(self.asked.load(Ordering::SeqCst), failure);
            }
        };
        timeout(pause, refuse).await.ok();
    }

    /// Reads to the end of the log.
    async fn look(&self) -> Result<(), Failure> {
        loop {
            let head = self.index().head();
            let last = self.index().place(head);
            let page = self.read(last, PAGE).await?;
            let whole = page.len() == PAGE;
            let head = {
                let mut index = self.index();
                index.take(&page);
                index.head()
            };
            self.news.send_if_modified(|news| {
                let moved = news.head != head;
                news.head = head;
                moved
            });
            if !whole {
                return Ok(());
            }
        }
    }

    /// Reads up to `count` events of the log, from the one at a place on.
    pub(super) async fn read(
        &self,
        from: Option<Place>,
        count: usize,
    ) -> Result<Vec<Delivered>, Failure> {
        let from = from.map_or(StreamPosition::Start, |place| {
            StreamPosition::Position(ServerPosition {
                commit: place.commit,
                prepare: place.prepare,
            })
        });
        let options = ReadAllOptions::default()
            .position(from)
            .forwards()
            .filter(SubscriptionFilter::on_stream_name().add_prefix(&self.prefix))
            .max_count(count);
        self.line
            .call(|client| async move {
                let events = client.read_all(&options).await?;
                self.drain(events).await
            })
            .await?
            .map_err(|error| Failure::Call(Box::new(error)))
    }

    /// Everything that a read brings.
    pub(super) async fn drain(
        &self,
        mut events: ReadStream,
    ) -> Result<Vec<Delivered>, eventstore::Error> {
        let mut delivered = Vec::new();
        while let Some(event) = events.next().await? {
            delivered.extend(
                event
                    .event
                    .iter()
                    .map(|event| wire::unpack(event, &self.prefix)),
            );
        }
        Ok(delivered)
    }
}
