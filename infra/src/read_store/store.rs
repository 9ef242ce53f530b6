//! The read store: opened, kept up with the log, and asked.

use std::{future::Future, sync::Arc, time::Duration};

use domain::es::{EventStore, Position, StreamName};
use projections::{Answer, Ask, Missing, Question, Rows};
use tokio::{
    sync::{Mutex, Notify, watch},
    time::Instant,
};

use super::{
    attempts, checkpoint,
    engine::{Place, Readers},
    error::ReadStoreError,
    lease::{self, Holding},
    models,
    parking::{self, Parked, StandingStill},
    projector::Projector,
    reading,
    sum::Sum,
    time_machine::{Keep, Tell, TimeMachine, Wanted, When},
    write,
};
use crate::{
    clock::Clock,
    ids::{IdSource, RandomIds},
};

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
    pub(super) log: Arc<dyn EventStore>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) place: Place,
    pub(super) readers: Readers,
    /// None on a node that only asks.
    projector: Option<Mutex<Projector>>,
    /// Whether other nodes may keep them up as well.
    shared: bool,
    projected: watch::Sender<Position>,
    /// How many wait for a position that another node brings.
    waiting: watch::Sender<usize>,
    /// Another try of what stands still was asked for here.
    asked: Notify,
    machine: TimeMachine,
}

/// How often a node says that it is there: often enough not to be given up.
pub(super) const ATTEND: Duration = Duration::from_secs(1);
/// How often a node looks how far the others have come: while nobody waits for it, as soon as
/// somebody does, and the longer they wait, the less often, down to this.
const LOOK: Duration = Duration::from_millis(200);
const LOOK_CLOSELY: Duration = Duration::from_millis(10);
const LOOK_PATIENTLY: Duration = Duration::from_millis(50);

impl ReadStore {
    /// Opens the read store that a URL (`sqlite:PATH`, `postgres://…`) names; made if there is
    /// none. It shows what it showed when it was closed, until [`Self::catch_up`] or
    /// [`Self::run`].
    ///
    /// In PostgreSQL several nodes may keep the read models up: each takes its share, and that of
    /// who is gone. A file is kept up by one process.
    pub async fn open(
        url: &str,
        log: Arc<dyn EventStore>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ReadStoreError> {
        let place = Place::of(url)?;
        let db = place.writer().await?;
        let projector = if place.is_shared() {
            let node = RandomIds::new(clock.clone()).next();
            Projector::of_node(node, db, log.clone()).await?
        } else {
            Projector::of_all(db, log.clone()).await?
        };
        Self::over(&place, Some(projector), log, clock).await
    }

    /// Opens a read store to ask it only: other nodes keep it up.
    pub async fn open_to_ask(
        url: &str,
        log: Arc<dyn EventStore>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ReadStoreError> {
        let place = Place::of(url)?;
        if !place.is_shared() {
            return Err(ReadStoreError::NotShared);
        }
        // The tables may be newer here than where they are kept up.
        let mut db = place.writer().await?;
        let checkpoints = checkpoint::read(&mut db.begin().await?.rows()).await?;
        db.close().await;
        checkpoint::furthest(&checkpoints, &*log).await?;
        Self::over(&place, None, log, clock).await
    }

    async fn over(
        place: &Place,
        projector: Option<Projector>,
        log: Arc<dyn EventStore>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ReadStoreError> {
        let store = Self {
            machine: TimeMachine::new(log.clone(), Keep::default()),
            log,
            clock,
            readers: place.readers().await?,
            place: place.clone(),
            projector: projector.map(Mutex::new),
            shared: place.is_shared(),
            projected: watch::Sender::new(Position::START),
            waiting: watch::Sender::new(0),
            asked: Notify::new(),
        };
        store.look().await?;
        Ok(store)
    }

    /// Folds what the log holds beyond the position reached, up to its head; says after each batch
    /// how far it has come. Answers how far the tables are: where several nodes share them, that
    /// is how far the slowest has come.
    pub async fn catch_up(
        &self,
        mut progress: impl FnMut(Position, Position) + Send,
    ) -> Result<Position, ReadStoreError> {
        if let Some(projector) = &self.projector {
            let mut projector = projector.lock().await;
            if projector.shares().is_some_and(<[_]>::is_empty) {
                projector.attend(false).await?;
            }
            let alone = projector.keeps_all();
            if let Err(error) = projector.try_wanted_again().await
                && !matches!(error, ReadStoreError::TakenOver)
            {
                return Err(error);
            }
            let caught_up = async {
                self.make_what_is_empty(&mut projector, &mut progress)
                    .await?;
                let told = |position, head| {
                    if alone {
                        self.projected.send_replace(position);
                    }
                    progress(position, head);
                };
                projector.catch_up(told).await
            };
            match caught_up.await {
                // Somebody else does it, or this node will as soon as the lease is its own.
                Err(ReadStoreError::TakenOver) => projector.attend(false).await?,
                done => done.map(|_| ())?,
            }
        }
        if self.shared {
            self.look().await?;
        }
        Ok(self.position())
    }

    /// Keeps up with the log until told to stop. What was begun is undone, and done again next
    /// time; a failure is logged and tried again.
    pub async fn run(&self, told_to_stop: impl Future<Output = ()> + Send) {
        let keep_up = async {
            loop {
                if let Err(error) = self.keep_up().await {
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
            () = self.look_again_and_again(), if self.shared => {}
            () = self.tell_again_and_again() => {}
        }
        if let Some(projector) = &self.projector
            && let Err(error) = projector.lock().await.rest().await
        {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the notes of what is tried stay; the next start goes with care"
            );
        }
    }

    async fn keep_up(&self) -> Result<(), ReadStoreError> {
        let Some(projector) = &self.projector else {
            return std::future::pending().await;
        };
        let mut attended = Instant::now();
        loop {
            let (position, idle, stands_still) = {
                let mut projector = projector.lock().await;
                if self.shared && attended.elapsed() >= ATTEND {
                    projector.attend(false).await?;
                    attended = Instant::now();
                }
                let idle = projector.shares().is_some_and(<[_]>::is_empty);
                (projector.position(), idle, projector.stands_still())
            };
            let moved = async {
                if idle {
                    std::future::pending().await
                } else {
                    self.log.moved_past(position).await
                }
            };
            // Another process, or another node, may ask for another try.
            let until_next = async {
                if self.shared || stands_still {
                    tokio::time::sleep(ATTEND.saturating_sub(attended.elapsed())).await;
                } else {
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                moved = moved => {
                    moved?;
                    self.catch_up(|_, _| {}).await?;
                }
                () = self.asked.notified() => {
                    self.catch_up(|_, _| {}).await?;
                }
                () = until_next => {
                    if stands_still {
                        self.catch_up(|_, _| {}).await?;
                    }
                    if !self.shared {
                        attended = Instant::now();
                    }
                }
            }
        }
    }

    /// Looks how far the nodes have come, as long as this is waited for.
    async fn look_again_and_again(&self) {
        let mut waiting = self.waiting.subscribe();
        let mut closely = LOOK_CLOSELY;
        loop {
            let somebody_waits = *waiting.borrow_and_update() > 0;
            let pause = if somebody_waits { closely } else { LOOK };
            // Somebody who begins to wait need not wait for the look that was planned.
            let others = tokio::time::timeout(pause, waiting.changed()).await;
            closely = match others {
                Ok(_) => LOOK_CLOSELY,
                Err(_elapsed) => (closely + closely / 8).min(LOOK_PATIENTLY),
            };
            if let Err(error) = self.look().await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "how far the read models are could not be read"
                );
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }

    /// Reads up to where the tables are folded.
    pub(super) async fn look(&self) -> Result<(), ReadStoreError> {
        let mut rows = self.readers.begin().await?;
        let checkpoints = checkpoint::read(&mut rows.rows()).await?;
        let shown = lease::shown(&checkpoints);
        self.projected.send_if_modified(|known| {
            let moved = *known != shown;
            *known = shown;
            moved
        });
        Ok(())
    }

    /// Empties all tables of the read store that a URL names, whichever log they were folded from:
    /// who opens it next makes them anew. A node that keeps them up meanwhile finds out, and begins
    /// anew too.
    pub async fn forget_all(url: &str, clock: Arc<dyn Clock>) -> Result<(), ReadStoreError> {
        let place = Place::of(url)?;
        let mut db = place.writer().await?;
        let mut transaction = db.begin().await?;
        if place.is_shared() {
            let now = transaction.now().await?;
            let mut holding = Holding::none(RandomIds::new(clock).next());
            holding
                .take(&mut transaction.rows(), &lease::shares(), i64::MAX, now)
                .await?;
            holding.release(&mut transaction.rows(), |_| false).await?;
        }
        for model in &mut models::all() {
            model.clear(&mut transaction.rows()).await?;
            checkpoint::forget(&mut transaction.rows(), model.name()).await?;
        }
        for former in models::FORMER {
            if transaction.has_table(former).await? {
                write::clear(&mut transaction.rows(), former).await?;
                checkpoint::forget(&mut transaction.rows(), former).await?;
            }
        }
        for note in attempts::read(&mut transaction.rows()).await? {
            attempts::end(&mut transaction.rows(), note.holder).await?;
        }
        for parked in parking::read(&mut transaction.rows()).await? {
            parking::release(&mut transaction.rows(), &parked.stream).await?;
        }
        transaction.commit().await?;
        db.close().await;
        Ok(())
    }

    /// Empties all tables, so that the next catching up makes them anew.
    pub async fn forget(&self) -> Result<(), ReadStoreError> {
        let Some(projector) = &self.projector else {
            return Err(ReadStoreError::NotKeptUpHere);
        };
        let mut projector = projector.lock().await;
        projector.attend(true).await?;
        projector.forget().await?;
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
        let _waiting = Waiting::at(&self.waiting);
        let shown =
            tokio::time::timeout(deadline, projected.wait_for(|position| *position >= wanted));
        let shown = matches!(shown.await, Ok(Ok(_)));
        if shown {
            return Ok(());
        }
        Err(Behind {
            wanted,
            shown: self.position(),
        })
    }

    /// Keeps so much of the past at hand.
    #[must_use]
    pub fn keeping(mut self, keep: Keep) -> Self {
        self.machine = TimeMachine::new(self.log.clone(), keep);
        self
    }

    /// Asks: of the tables as they are, or, where an earlier day or moment is meant, of tables made
    /// for it.
    pub async fn ask<Q: Question>(
        &self,
        question: &Q,
        ask: Ask,
    ) -> Result<Answer<Q::View>, ReadStoreError> {
        self.ask_telling(question, ask, &|_| {}).await
    }

    /// The same, telling how far the tables are that must be made for it. Who lets go of this before
    /// it is answered leaves no work behind.
    #[tracing::instrument(
        name = "query.ask",
        skip_all,
        fields(tables = Q::TABLES.join(","), of_the_past, position)
    )]
    pub async fn ask_telling<Q: Question>(
        &self,
        question: &Q,
        ask: Ask,
        tell: Tell<'_>,
    ) -> Result<Answer<Q::View>, ReadStoreError> {
        let now = self.clock.now();
        let today = now.day();
        let as_of = ask.as_of.filter(|day| *day < today);
        let known_at = ask.known_at.filter(|known_at| *known_at < now);
        let mut rows = self.readers.begin().await?;
        let (mut position, mut parked) = shown(&mut rows.rows(), Q::TABLES).await?;
        let span = tracing::Span::current();
        let known = match known_at {
            None if as_of.is_none() => position,
            None => self.log.head().await?,
            Some(known_at) => {
                let head = self.log.head().await?;
                reading::position_at(&*self.log, known_at, head).await?
            }
        };
        // The tables as they are also tell what was known then, if nothing was learned since.
        let of_the_past = as_of.is_some() || known != position;
        span.record("of_the_past", of_the_past);
        if of_the_past {
            // The live tables are not needed while others are made.
            drop(rows);
            parked.retain(|(_, at)| *at <= known);
            let wanted = Wanted {
                tables: Q::TABLES,
                when: When {
                    position: known,
                    as_of,
                },
                parked: parked.clone(),
                moves: known_at.is_none(),
            };
            (rows, position) = match question.streams() {
                None => self.machine.rows(&wanted, tell).await?,
                Some(streams) => self.machine.rows_of(streams, &wanted).await?,
            };
        }
        span.record("position", position.0);
        let as_of = as_of.unwrap_or(today);
        let view = question.ask(&mut rows.rows(), as_of).await?;
        let mut standing_still: Vec<_> = parked.into_iter().map(|(stream, _)| stream).collect();
        if let Some(streams) = question.streams() {
            standing_still.retain(|one| streams.contains(one));
        }
        Ok(Answer {
            position,
            standing_still: Missing(standing_still),
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

    /// The streams that stand still at an event that could not be taken in.
    pub async fn parked(&self) -> Result<Vec<Parked>, ReadStoreError> {
        let mut rows = self.readers.begin().await?;
        Ok(parking::read(&mut rows.rows()).await?)
    }

    /// Asks for another try of a stream that stands still, from its whole history; `false` if it
    /// does not. Whoever keeps its read models up makes the try at once, on whichever node.
    pub async fn release(&self, stream: &StreamName) -> Result<bool, ReadStoreError> {
        let mut standing_still = StandingStill::beside(&self.place).await?;
        let asked = standing_still.release(stream).await;
        standing_still.close().await;
        self.asked.notify_one();
        asked
    }

    /// Lets go of the file.
    pub async fn close(self) {
        self.readers.close().await;
        if let Some(projector) = self.projector {
            projector.into_inner().close().await;
        }
    }
}

/// Counts somebody who waits, until they wait no more.
struct Waiting<'s>(&'s watch::Sender<usize>);

impl<'s> Waiting<'s> {
    fn at(count: &'s watch::Sender<usize>) -> Self {
        count.send_modify(|waiting| *waiting += 1);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|waiting| *waiting -= 1);
    }
}

/// The position that some tables show, all of them; and the streams of theirs that stand still,
/// each from a position on.
async fn shown(
    rows: &mut Rows<'_>,
    tables: &[&str],
) -> Result<(Position, Vec<(StreamName, Position)>), sqlx::Error> {
    let shown: Vec<(String, i64, i64)> = rows.sql(include_str!("read_shown.sql")).all().await?;
    let folded = |table: &&str| {
        let of_table = shown.iter().find(|(read_model, _, _)| read_model == table);
        of_table.map_or(Position::START, |(_, position, _)| {
            Position(position.unsigned_abs())
        })
    };
    let position = tables.iter().map(folded).min().unwrap_or_default();
    if shown.iter().all(|(_, _, parked)| *parked == 0) {
        return Ok((position, vec![]));
    }
    let categories = models::categories(tables);
    let mut parked = parking::read(rows).await?;
    parked.retain(|parked| categories.contains(&parked.stream.category()));
    let parked = parked
        .into_iter()
        .map(|parked| (parked.stream, parked.position));
    Ok((position, parked.collect()))
}
