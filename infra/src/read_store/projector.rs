//! The projector: keeps the tables of some read models up with the log.
//!
//! Each read model has a checkpoint of its own, so any of them can be made anew, or be new, beside
//! others that are up to date. Rows and checkpoints are written in one transaction.

use std::{collections::HashMap, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use domain::es::{EventId, EventStore, Position};
use futures::{FutureExt, TryStreamExt};
use tracing::Instrument;
use uuid::Uuid;

use super::{
    attempts::{self, Finding, Note},
    care::{ATTEMPTS, Attempt, Care, DEATHS, Stretch},
    checkpoint::{self, Checkpoint},
    engine::{Place, Transaction, Writer},
    error::ReadStoreError,
    folding::Folding,
    lease::{self, Holding},
    models::{self, ReadModel},
    parking::{self, Cause, Parked},
    reading::{self, Part},
    writing::{self, Move, Told, Writing},
};

/// Keeps the tables of some read models up with a log.
pub struct Projector {
    pub(super) log: Arc<dyn EventStore>,
    db: Writer,
    pub(super) folding: Folding,
    position: Position,
    /// By which switch the table of each read model came into its place.
    fences: HashMap<&'static str, i64>,
    /// The last event read: some way past what is written.
    reached: Position,
    /// What the read models are held by, where several nodes share them.
    holding: Option<Holding>,
    /// A run was broken off: what is at hand is not what is written.
    broken_off: bool,
    /// What is being written.
    writing: Option<Writing>,
    /// Which parts of the log are gone through in steps.
    care: Care,
    /// By what name it notes down what it tries; none if others keep these read models up.
    keeper: Option<Uuid>,
    /// The attempt that the notes tell of.
    noted: Option<(Position, Attempt)>,
}

/// Events of the log between two transactions while catching up, also where few of them belong to
/// these read models.
const BATCH: u64 = 50_000;
/// And how long it may take to fold them: each transaction also says that this node is still there.
const LONGEST: Duration = Duration::from_secs(1);

impl Projector {
    /// Opens the read store that a URL (`sqlite:PATH`, `postgres:…`) names, made if there is none, to keep only
    /// these read models up: all others are left as they are.
    pub async fn open(
        url: &str,
        log: Arc<dyn EventStore>,
        read_models: &[&str],
    ) -> Result<Self, ReadStoreError> {
        let models = models::named(read_models)?;
        let db = Place::of(url)?.writer().await?;
        Self::over(db, log, models).await
    }

    /// As the one process that keeps all read models up.
    pub(super) async fn of_all(
        db: Writer,
        log: Arc<dyn EventStore>,
    ) -> Result<Self, ReadStoreError> {
        let mut projector = Self::over(db, log, models::all()).await?;
        projector.keeper = Some(Uuid::nil());
        projector.take_note_of_who_is_gone().await?;
        projector.try_parked_again().await?;
        Ok(projector)
    }

    async fn over(
        db: Writer,
        log: Arc<dyn EventStore>,
        models: Vec<Box<dyn ReadModel>>,
    ) -> Result<Self, ReadStoreError> {
        let mut projector = Self {
            folding: Folding::new(log.clone(), models, None),
            log,
            db,
            position: Position::START,
            fences: HashMap::new(),
            reached: Position::START,
            holding: None,
            broken_off: false,
            writing: None,
            care: Care::default(),
            keeper: None,
            noted: None,
        };
        projector.resume().await?;
        Ok(projector)
    }

    /// As one of the nodes that keep the read models up, at first without any.
    pub(super) async fn of_node(
        node: Uuid,
        db: Writer,
        log: Arc<dyn EventStore>,
    ) -> Result<Self, ReadStoreError> {
        let mut projector = Self::over(db, log, vec![]).await?;
        projector.holding = Some(Holding::none(node));
        projector.keeper = Some(node);
        Ok(projector)
    }

    /// Says that this node is there, and takes over the read models that are its share, as soon as
    /// nobody else holds them; what is another's share it leaves. Alone, it takes all at once,
    /// whoever held them. Does nothing where read models are not shared.
    pub(super) async fn attend(&mut self, alone: bool) -> Result<(), ReadStoreError> {
        let Some(mut holding) = self.holding.clone() else {
            return Ok(());
        };
        let before = holding.shares.clone();
        let mut transaction = self.db.begin().await?;
        let now = transaction.now().await?;
        let nodes = lease::attend(&mut transaction.rows(), holding.node, now).await?;
        let nodes = if alone { vec![holding.node] } else { nodes };
        if !holding.keep(&mut transaction.rows(), now).await? {
            // Who takes over from others begins anew, under a new fence.
            holding.release(&mut transaction.rows(), |_| false).await?;
        }
        let mine = |share: &str| lease::owner(share, &nodes) == Some(holding.node);
        let wanted: Vec<_> = lease::shares()
            .into_iter()
            .filter(|share| mine(share))
            .collect();
        let mut next = holding.clone();
        next.release(&mut transaction.rows(), mine).await?;
        let missing: Vec<_> = wanted
            .into_iter()
            .filter(|share| !next.shares.contains(share))
            .collect();
        let free_at = if alone { i64::MAX } else { now };
        next.take(&mut transaction.rows(), &missing, free_at, now)
            .await?;
        let changed = next.shares != before || holding.shares != before;
        if changed {
            attempts::end(&mut transaction.rows(), next.node).await?;
        }
        transaction.commit().await?;
        self.holding = Some(next);
        if changed {
            self.take_up().await?;
        }
        Ok(())
    }

    /// The shares that it keeps up; `None` where read models are not shared.
    pub(super) fn shares(&self) -> Option<&[&'static str]> {
        self.holding.as_ref().map(|holding| &*holding.shares)
    }

    /// Whether there is nothing that somebody else keeps up.
    pub(super) fn keeps_all(&self) -> bool {
        self.shares()
            .is_none_or(|shares| shares.len() == lease::shares().len())
    }

    /// Begins with the read models that it now holds, from where they were left.
    async fn take_up(&mut self) -> Result<(), ReadStoreError> {
        let shares = self.shares().unwrap_or_default();
        tracing::info!(shares = shares.join(","), "keeps these read models up");
        self.folding = Folding::new(self.log.clone(), models::of(shares), None);
        self.broken_off = false;
        self.noted = None;
        self.resume().await?;
        self.take_note_of_who_is_gone().await?;
        self.try_parked_again().await
    }

    /// Looks whether somebody who kept these read models up is gone without a word, and goes on with
    /// care where it stood. Of an event at which processes died alone, twice, the stream stands still
    /// from now on.
    async fn take_note_of_who_is_gone(&mut self) -> Result<(), ReadStoreError> {
        let notes = attempts::read(&mut self.db.begin().await?.rows()).await?;
        let shared = self.holding.is_some();
        let keeper = self.keeper;
        let left = |note: &&Note| !shared || Some(note.holder) != keeper;
        let mut gone = false;
        for note in notes.iter().filter(left) {
            let of_share = self.folding.models().iter();
            let of_share = of_share.filter(|model| model.category() == note.share);
            let Some(position) = of_share.map(|model| model.position()).min() else {
                continue;
            };
            let head = self.log.head().await?;
            match note.finding(position, head) {
                // It died of something else, or before it began.
                Finding::GoWithCare(_) if position >= head => continue,
                Finding::GoWithCare(care) => self.care.join(care),
                Finding::DiedAt(event) => {
                    self.park(event, Cause::Died, &[&note.share]).await?;
                    let once = Some(attempts::ahead(event, head));
                    self.care.join(Care {
                        once,
                        ..Care::default()
                    });
                }
            }
            gone = true;
        }
        if let Some(once) = self.care.once.filter(|_| gone) {
            tracing::warn!(
                beyond = once.beyond.0,
                up_to = once.up_to.0,
                "the process that kept these read models up ended at once, by a crash or kill -9; \
                 nothing is lost, and it goes on from there in steps"
            );
        }
        Ok(())
    }

    /// Up to where all its read models are folded.
    #[must_use]
    pub fn position(&self) -> Position {
        self.position
    }

    /// Folds what the log holds beyond the position reached, up to its head; says after each batch
    /// how far it has come, and where the head lies.
    pub async fn catch_up(
        &mut self,
        mut progress: impl FnMut(Position, Position) + Send,
    ) -> Result<Position, ReadStoreError> {
        let head = self.log.head().await?;
        if self.folding.models().is_empty() {
            return Ok(self.position);
        }
        loop {
            match self.run_to(head, |position| progress(position, head)).await {
                // It goes on in the new table, from where that is folded.
                Err(ReadStoreError::Switched) => {
                    tracing::info!("another table has taken the place of a read model's");
                }
                done => return done.map(|()| self.position),
            }
        }
    }

    /// Whether a read model is one of its own.
    pub(super) fn keeps_up(&mut self, read_model: &str) -> bool {
        let mut models = self.folding.models().iter();
        models.any(|model| model.name() == read_model)
    }

    /// Whether one of its read models is empty.
    pub(super) fn has_empty(&mut self) -> bool {
        let mut models = self.folding.models().iter();
        models.any(|model| model.position() == Position::START)
    }

    /// Notes down that empty read models are about to be filled up to a position, and answers which
    /// they are, its own and others'; none if none of its own is, or where this part of the log is
    /// gone through with care.
    pub(super) async fn begin_to_fill(
        &mut self,
        until: Position,
    ) -> Result<Vec<&'static str>, ReadStoreError> {
        if !self.has_empty() {
            return Ok(vec![]);
        }
        let attempt = self.care.next(self.position, until);
        if attempt.up_to < until {
            return Ok(vec![]);
        }
        let checkpoints = checkpoint::read(&mut self.db.begin().await?.rows()).await?;
        let is_empty = |name: &&str| checkpoint::folded(&checkpoints, name) == Position::START;
        let names: Vec<_> = models::read_models()
            .iter()
            .copied()
            .filter(is_empty)
            .collect();
        if !names.is_empty() {
            self.note(attempt).await?;
        }
        Ok(names)
    }

    /// Empties the tables of its read models, so that the next catching up makes them anew.
    pub async fn forget(&mut self) -> Result<(), ReadStoreError> {
        self.folding.forget();
        let mut transaction = self.db.begin().await?;
        for model in self.folding.models() {
            model.clear(&mut transaction.rows()).await?;
            checkpoint::forget(&mut transaction.rows(), model.name()).await?;
        }
        transaction.commit().await?;
        self.care = Care::default();
        self.resume().await.map(|_| ())
    }

    /// Lets go of the tables.
    pub async fn close(mut self) {
        if let Err(error) = self.rest().await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the notes of what is tried stay; the next start goes with care"
            );
        }
        if let Some(holding) = self.holding.take()
            && let Err(error) = self.leave(holding).await
        {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the leases could not be given back; they end by themselves"
            );
        }
        self.db.close().await;
    }

    async fn leave(&mut self, mut holding: Holding) -> Result<(), sqlx::Error> {
        let mut transaction = self.db.begin().await?;
        let now = transaction.now().await?;
        holding.release(&mut transaction.rows(), |_| false).await?;
        lease::leave(&mut transaction.rows(), holding.node, now).await?;
        transaction.commit().await
    }

    /// Nothing is being tried for the time being: whoever comes next need not go with care.
    pub(super) async fn rest(&mut self) -> Result<(), sqlx::Error> {
        let Some(keeper) = self.keeper.filter(|_| self.noted.is_some()) else {
            return Ok(());
        };
        let mut transaction = self.db.begin().await?;
        attempts::end(&mut transaction.rows(), keeper).await?;
        transaction.commit().await?;
        self.noted = None;
        Ok(())
    }

    /// Goes on from where the tables were left. Answers how far the furthest of them was folded,
    /// kept up here or elsewhere.
    pub(super) async fn resume(&mut self) -> Result<Position, ReadStoreError> {
        // What was given up may still be under way: only then the tables tell where they were left.
        if let Some(writing) = self.writing.take() {
            writing.done().await.ok();
        }
        let log = &self.log;
        let checkpoints = checkpoint::read(&mut self.db.begin().await?.rows()).await?;
        let furthest = checkpoint::furthest(&checkpoints, &**log).await?;
        // A read model that is new here begins at the start; the others wait for it.
        let mut position = furthest;
        for model in self.folding.models() {
            let name = model.name();
            let folded = checkpoints.get(name).copied().unwrap_or_default();
            model.set_position(folded.position);
            position = position.min(folded.position);
            self.fences.insert(name, folded.fence);
        }
        self.position = position;
        self.folding.set_written(position);
        let parked = parking::read(&mut self.db.begin().await?.rows()).await?;
        let from = |parked: Parked| (parked.stream, parked.position);
        self.folding.park(parked.into_iter().map(from));
        Ok(furthest)
    }

    /// Begins a transaction that counts only as long as the read models are still held.
    pub(super) async fn begin(&mut self) -> Result<Transaction<'_>, ReadStoreError> {
        writing::begin(&mut self.db, self.holding.as_ref()).await
    }

    /// Folds the log up to a position. What cannot be taken in is tried again with
    /// [care](super::care), and then its stream stands still while all others go on.
    async fn run_to(
        &mut self,
        until: Position,
        mut written: impl FnMut(Position) + Send,
    ) -> Result<(), ReadStoreError> {
        while self.position < until {
            let attempt = self.care.next(self.position, until);
            self.note(attempt).await?;
            let trying = AssertUnwindSafe(self.try_to(attempt.up_to, &mut written));
            let tried = trying.catch_unwind().await;
            let tried = tried.unwrap_or(Err(ReadStoreError::Panicked));
            let Err(error) = tried else {
                if self.position < attempt.up_to {
                    break;
                }
                continue;
            };
            match error.cause() {
                Some(cause) if self.failed(attempt, cause).await? => {}
                _ => return Err(error),
            }
        }
        self.folding.rest();
        Ok(())
    }

    /// Notes down what is about to be tried, unless that is what the notes say.
    async fn note(&mut self, attempt: Attempt) -> Result<(), ReadStoreError> {
        let Some(keeper) = self.keeper else {
            return Ok(());
        };
        let beyond = self.position;
        let says_so = match self.noted {
            Some((_, noted)) if attempt.nth == 1 => noted.nth == 1,
            noted => noted == Some((beyond, attempt)),
        };
        if says_so {
            return Ok(());
        }
        let shares: Vec<_> = self.folding.categories().into_iter().collect();
        let mut transaction = self.begin().await?;
        attempts::write(&mut transaction.rows(), keeper, &shares, beyond, attempt).await?;
        transaction.commit().await?;
        self.noted = Some((beyond, attempt));
        Ok(())
    }

    /// What follows from a try that failed; `false` if nothing does.
    async fn failed(&mut self, attempt: Attempt, cause: Cause) -> Result<bool, ReadStoreError> {
        if attempt.nth >= ATTEMPTS {
            let categories: Vec<_> = self.folding.categories().into_iter().collect();
            return self.park(attempt.up_to, cause, &categories).await;
        }
        let beyond = self.position;
        let up_to = if attempt.nth == 1 {
            self.reached.max(Position(beyond.0 + 1))
        } else {
            attempt.up_to
        };
        let part = Stretch { beyond, up_to };
        tracing::warn!(
            beyond = part.beyond.0,
            up_to = part.up_to.0,
            attempt = attempt.nth,
            cause = cause.code(),
            "something in this part of the log cannot be taken in; trying again in steps"
        );
        self.care.failed(part, attempt.nth);
        Ok(true)
    }

    /// From this event on its stream stands still, if it is of one of these categories.
    async fn park(
        &mut self,
        position: Position,
        cause: Cause,
        categories: &[&str],
    ) -> Result<bool, ReadStoreError> {
        let found = self.log.read_all(Position(position.0 - 1), 1).await?;
        let attempts = if cause == Cause::Died {
            DEATHS
        } else {
            ATTEMPTS
        };
        let mut found = found.iter();
        let found = found.find(|event| categories.contains(&event.stream.category()));
        let Some(parked) = found.map(|event| Parked::at(event, cause, attempts)) else {
            return Ok(false);
        };
        let mut transaction = self.begin().await?;
        let now = transaction.now().await?;
        let one = std::slice::from_ref(&parked);
        parking::keep(&mut transaction.rows(), one, now).await?;
        transaction.commit().await?;
        parked.tell();
        self.folding.park([(parked.stream, parked.position)]);
        Ok(true)
    }

    /// Folds the log up to a position, batch after batch.
    async fn try_to(
        &mut self,
        until: Position,
        written: &mut (impl FnMut(Position) + Send),
    ) -> Result<(), ReadStoreError> {
        if self.broken_off {
            self.folding.forget();
            self.resume().await?;
        }
        self.broken_off = true;
        let mut pages = reading::read(
            self.log.clone(),
            Part {
                after: self.position,
                until,
                categories: self.folding.categories(),
            },
        );
        let mut handed = self.position;
        let mut told = None;
        while let Some(page) = pages.try_next().await? {
            let (position, event_id) = (page.position, page.event_id);
            self.reached = position;
            let told_here: &mut Told = told.get_or_insert_with(|| Told::after(handed));
            told_here.take(&page);
            let span = told_here.span.clone();
            self.folding.take(page).instrument(span).await?;
            let is_due = position.0 - handed.0 >= BATCH || told_here.elapsed() >= LONGEST;
            if is_due || position >= until || self.folding.is_full() {
                self.settle(written).await?;
                if let Some(told) = told.take() {
                    self.hand_over(position, event_id, told);
                }
                handed = position;
            }
        }
        self.settle(written).await?;
        self.broken_off = false;
        Ok(())
    }

    /// Begins to write what was folded up to a position.
    fn hand_over(&mut self, position: Position, last: EventId, told: Told) {
        let models = self.folding.models().iter();
        let moves = models
            .map(|model| (model.name(), model.position()))
            .filter(|(_, from)| *from < position)
            .map(|(read_model, from)| Move {
                read_model,
                from,
                to: Checkpoint {
                    position,
                    event_id: last.0,
                    fence: self.fences.get(read_model).copied().unwrap_or_default(),
                },
            })
            .collect();
        let changes = told.span.in_scope(|| self.folding.take_changes(position));
        let (db, holding) = (self.db.clone(), self.holding.clone());
        self.writing = Some(Writing::begin(db, holding, position, moves, changes, told));
    }

    /// Waits for what is being written.
    async fn settle(
        &mut self,
        written: &mut (impl FnMut(Position) + Send),
    ) -> Result<(), ReadStoreError> {
        if let Some(writing) = self.writing.take() {
            self.position = writing.done().await?;
            written(self.position);
        }
        Ok(())
    }
}
