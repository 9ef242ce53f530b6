//! The projector: keeps the tables of some read models up with the log.
//!
//! Each read model has a checkpoint of its own, so any of them can be made anew, or be new, beside
//! others that are up to date. Rows and checkpoints are written in one transaction.

use std::{collections::HashMap, sync::Arc};

use domain::{
    es::{EventId, EventStore, Position},
    event::Recorded,
};

use futures::TryStreamExt;
use uuid::Uuid;

use super::{
    checkpoint::{self, Checkpoint},
    engine::{Place, Writer},
    error::ReadStoreError,
    folding::Folding,
    lease::{self, Holding},
    models::{self, ReadModel},
    parking,
    reading::{self, Part},
};

/// Keeps the tables of some read models up with a log.
pub struct Projector {
    log: Arc<dyn EventStore>,
    db: Writer,
    folding: Folding,
    position: Position,
    /// By which switch the table of each read model came into its place.
    fences: HashMap<&'static str, i64>,
    /// What the read models are held by, where several nodes share them.
    holding: Option<Holding>,
    /// A run was broken off: what is at hand is not what is written.
    broken_off: bool,
}

/// Events between two transactions while catching up.
const BATCH: usize = 50_000;

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

    pub(super) async fn over(
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
            holding: None,
            broken_off: false,
        };
        let furthest = projector.resume().await?;
        projector.release_parked(furthest).await?;
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
        transaction.commit().await?;
        let changed = next.shares != before || holding.shares != before;
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
        let furthest = self.resume().await?;
        self.release_parked(furthest).await
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

    /// Empties the tables of its read models, so that the next catching up makes them anew.
    pub async fn forget(&mut self) -> Result<(), ReadStoreError> {
        self.folding.forget();
        let mut transaction = self.db.begin().await?;
        for model in self.folding.models() {
            model.clear(&mut transaction.rows()).await?;
            checkpoint::forget(&mut transaction.rows(), model.name()).await?;
        }
        transaction.commit().await?;
        self.position = Position::START;
        self.folding.set_written(Position::START);
        Ok(())
    }

    /// Lets go of the tables.
    pub async fn close(mut self) {
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

    /// Goes on from where the tables were left. Answers how far the furthest of them was folded,
    /// kept up here or elsewhere.
    async fn resume(&mut self) -> Result<Position, ReadStoreError> {
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
        // What stands still further on is met again.
        let parked = parking::read(&mut self.db.begin().await?.rows())
            .await?
            .into_iter();
        self.folding.park(
            parked
                .filter(|parked| parked.position <= position)
                .map(|parked| parked.stream),
        );
        Ok(furthest)
    }

    /// Lets streams go on that stood still at an event which can be read now: in all read models,
    /// as far as the furthest is folded. One that is behind passes over the same facts again.
    async fn release_parked(&mut self, furthest: Position) -> Result<(), ReadStoreError> {
        let categories: Vec<_> = self.folding.categories().into_iter().collect();
        let mut readable = vec![];
        for parked in parking::read(&mut self.db.begin().await?.rows()).await? {
            if !categories.contains(&parked.stream.category()) {
                continue;
            }
            let event = self.log.find(parked.event_id).await?;
            if event.is_some_and(|event| Recorded::decode(event).is_ok()) {
                readable.push(parked.stream);
            }
        }
        if readable.is_empty() {
            return Ok(());
        }
        let mut folding = Folding::new(self.log.clone(), models::of(&categories), None);
        let mut transaction = self.db.begin().await?;
        for stream in readable {
            parking::release(&mut transaction.rows(), &stream).await?;
            folding.fetch(Arc::new(stream), furthest).await?;
        }
        let parked = folding.flush(&mut transaction.rows(), furthest).await?;
        parking::keep(&mut transaction.rows(), &parked).await?;
        transaction.commit().await?;
        self.folding.forget();
        self.resume().await.map(|_| ())
    }

    async fn run_to(
        &mut self,
        until: Position,
        mut written: impl FnMut(Position) + Send,
    ) -> Result<(), ReadStoreError> {
        if self.position >= until {
            return Ok(());
        }
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
        let mut unwritten = 0;
        while let Some(page) = pages.try_next().await? {
            let (position, event_id) = (page.position, page.event_id);
            unwritten += page.events.len();
            self.folding.take(page).await?;
            if unwritten >= BATCH || position >= until || self.folding.is_full() {
                self.write(position, event_id).await?;
                unwritten = 0;
                written(position);
            }
        }
        self.folding.rest();
        self.broken_off = false;
        Ok(())
    }

    /// Checkpoints and rows, in one transaction.
    async fn write(&mut self, position: Position, last: EventId) -> Result<(), ReadStoreError> {
        let mut transaction = self.db.begin().await?;
        if let Some(holding) = &self.holding {
            let now = transaction.now().await?;
            if !holding.keep(&mut transaction.rows(), now).await? {
                return Err(ReadStoreError::TakenOver);
            }
        }
        for model in self.folding.models() {
            let (name, from) = (model.name(), model.position());
            if from >= position {
                continue;
            }
            let to = Checkpoint {
                position,
                event_id: last.0,
                fence: self.fences.get(name).copied().unwrap_or_default(),
            };
            if !checkpoint::write(&mut transaction.rows(), name, from, to).await? {
                return Err(ReadStoreError::Switched);
            }
        }
        let parked = self
            .folding
            .flush(&mut transaction.rows(), position)
            .await?;
        parking::keep(&mut transaction.rows(), &parked).await?;
        transaction.commit().await?;
        self.position = position;
        Ok(())
    }
}
