//! Rebuilding: tables made anew beside those in use, which then take their place.
//!
//! A [`Rebuild`] makes an empty table like that of each read model it is to make, folds the log into
//! it at full speed, compares it with the table in use at the same place in the log, and
//! [switches](Rebuild::switch): in one transaction the table in use is given another name, the new
//! one its name, and the checkpoint the new one's place. All the while questions are answered and
//! events folded as ever, in this process and in others.
//!
//! What makes the switch safe:
//!
//! - **Who folds.** Each write of rows first moves the checkpoint on from where the writer believes
//!   it to be. A switch raises the checkpoint's fence, so who folded the table before is refused
//!   there and then, and goes on in the new table from the new checkpoint.
//! - **Who asks** sees one snapshot of checkpoint and rows. PostgreSQL looks names up outside that
//!   snapshot: so who asks holds a lock that the switch waits for.
//! - **Who rebuilds** has a [turn]; the tables it makes bear a number that is never given again.
//!   Dropped half-way, it leaves tables that nobody reads, which the next rebuild drops.
//!
//! The table that was in use is kept, and can be [gone back to](Rebuild::of_kept): it is folded on up
//! to where the one in use is, and switched to in the same way.

mod compare;
pub(super) mod courtesy;
mod fill;
mod generation;
mod share;
mod turn;

use std::{collections::HashMap, sync::Arc};

use domain::es::{EventStore, Position};
use tokio::task::JoinHandle;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use super::{
    checkpoint::{self, Checkpoint, Checkpoints},
    engine::{Place, Readers, Transaction, Writer},
    error::ReadStoreError,
    models::{self, ReadModel},
    parking::{self, Parked},
    spill,
};
pub use compare::{Comparison, Difference, How};
use generation::{Generation, State};
use share::{Into, Share};
use turn::Turn;

/// What a switch did with one read model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switched {
    /// The read model.
    pub read_model: &'static str,
    /// The place in the log up to which its new table was folded then.
    pub position: Position,
    /// The table that was in use before, as it is called now.
    pub kept: String,
}

/// How many events two tables may be apart for the rest to be folded within the switch.
const NEAR: u64 = 200;
/// How often a switch gives way to who holds the tables.
const TRIES: usize = 30;

/// Tables on their way to take the place of those in use.
///
/// Steps, in this order: [`Self::begin`] or [`Self::of_kept`], [`Self::fold`], perhaps
/// [`Self::compare`], then [`Self::switch`] or [`Self::discard`].
///
/// ```no_run
/// # use std::sync::Arc;
/// # use infra::{event_store, read_store::{Rebuild, ReadStoreError}};
/// # async fn example(node: uuid::Uuid) -> Result<(), Box<dyn std::error::Error>> {
/// let log = event_store::open_to_read("sqlite:data/log.sqlite").await?;
/// let mut rebuild = Rebuild::begin("sqlite:data/read.sqlite", log, node, &["journey_v1"]).await?;
/// rebuild.fold(|position, until| eprintln!("{position} of {until}")).await?;
/// rebuild.compare(|difference| eprintln!("{}", difference.key)).await?;
/// rebuild.switch().await?;
/// # Ok(())
/// # }
/// ```
pub struct Rebuild {
    log: Arc<dyn EventStore>,
    db: Writer,
    readers: Readers,
    /// Watches whether the tables in use are late, where they can be overtaken.
    _watching: Option<AbortOnDropHandle<()>>,
    turn: Turn,
    tables: Vec<Generation>,
    /// The tables are empty and have no indexes yet.
    bare: bool,
    shares: Vec<Share>,
    /// Streams that stood still when it began: they do in the new tables too.
    stood_still: Vec<Parked>,
    stand_still: Vec<Parked>,
}

impl Rebuild {
    /// Makes empty tables for some read models in the store that a URL names, beside those in use.
    /// `node` tells this rebuild from others.
    ///
    /// One rebuild of a store goes on at a time ([`ReadStoreError::RebuildUnderWay`]); what one that
    /// died has left is dropped.
    pub async fn begin(
        url: &str,
        log: Arc<dyn EventStore>,
        node: Uuid,
        read_models: &[&str],
    ) -> Result<Self, ReadStoreError> {
        let mut models = models::named(read_models)?;
        let mut rebuild = Self::take_turn(url, log, node).await?;
        let number = rebuild.turn.fence();
        // In a file one writes at a time: who keeps the tables in use up would be kept waiting.
        let is_long = rebuild.log.head().await?.0 >= spill::WORTH_IT;
        rebuild.bare = is_long && matches!(rebuild.db, Writer::Postgres(..));
        let mut transaction = rebuild.db.begin().await?;
        for left in generation::read(&mut transaction.rows()).await? {
            if left.state == State::Making {
                transaction.drop_table(&left.table()).await?;
                left.forget(&mut transaction.rows()).await?;
            }
        }
        for model in &mut models {
            let table = Generation::making(model.name(), number);
            transaction.make_like(model.name(), &table.table()).await?;
            if !rebuild.bare {
                let (name, table) = (model.name(), table.table());
                transaction.index_like(name, &table).await?;
            }
            table.write(&mut transaction.rows()).await?;
            model.set_table(table.table());
            rebuild.tables.push(table);
        }
        rebuild.stood_still = parking::read(&mut transaction.rows()).await?;
        transaction.commit().await?;
        rebuild.shares = shares(&rebuild.log, models, &rebuild.tables, &rebuild.stood_still);
        Ok(rebuild)
    }

    /// Goes back to the tables that were last put aside: of some read models, or of all that have
    /// one.
    pub async fn of_kept(
        url: &str,
        log: Arc<dyn EventStore>,
        node: Uuid,
        read_models: Option<&[&str]>,
    ) -> Result<Self, ReadStoreError> {
        let models = models::named(read_models.unwrap_or(models::read_models()))?;
        let mut rebuild = Self::take_turn(url, log, node).await?;
        let mut transaction = rebuild.db.begin().await?;
        let known = generation::read(&mut transaction.rows()).await?;
        let stood_still = parking::read(&mut transaction.rows()).await?;
        let kept = kept(&mut transaction, models, &known, read_models.is_some()).await;
        drop(transaction);
        let kept = match kept {
            Ok(kept) => kept,
            Err(error) => {
                rebuild.discard().await?;
                return Err(error);
            }
        };
        let (kept, tables) = kept.into_iter().unzip();
        rebuild.tables = tables;
        rebuild.shares = shares(&rebuild.log, kept, &rebuild.tables, &stood_still);
        rebuild.stood_still = stood_still;
        Ok(rebuild)
    }

    async fn take_turn(
        url: &str,
        log: Arc<dyn EventStore>,
        node: Uuid,
    ) -> Result<Self, ReadStoreError> {
        let place = Place::of(url)?;
        let mut db = place.writer().await?;
        let checkpoints = checkpoint::read(&mut db.begin().await?.rows()).await?;
        checkpoint::furthest(&checkpoints, &*log).await?;
        let readers = place.readers().await?;
        let watching = db
            .be_patient()
            .map(|late| courtesy::watch(log.clone(), readers.clone(), late));
        Ok(Self {
            turn: Turn::take(&place, &mut db, node).await?,
            readers,
            _watching: watching,
            log,
            db,
            tables: vec![],
            bare: false,
            shares: vec![],
            stood_still: vec![],
            stand_still: vec![],
        })
    }

    /// Folds the log up to where the tables in use are, or up to its head where there are none yet;
    /// says after each batch how far it has come, and how far it goes.
    pub async fn fold(
        &mut self,
        mut progress: impl FnMut(Position, Position) + Send,
    ) -> Result<(), ReadStoreError> {
        let folded = self.draw_level(&mut progress).await;
        self.told_if_taken_over(folded).await?;
        let mut transaction = self.db.begin().await?;
        for table in &self.tables {
            transaction.analyze(&table.table()).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Compares with the tables in use, as they stand at one moment, and tells each row that
    /// differs.
    pub async fn compare(
        &mut self,
        mut found: impl FnMut(Difference) + Send,
    ) -> Result<Vec<Comparison>, ReadStoreError> {
        let compared = self.compare_all(&mut found).await;
        self.told_if_taken_over(compared).await
    }

    /// Puts the tables in the place of those in use, all in one transaction, and keeps these.
    pub async fn switch(mut self) -> Result<Vec<Switched>, ReadStoreError> {
        for _ in 0..TRIES {
            let level = self.draw_level(&mut |_, _| {}).await;
            self.told_if_taken_over(level).await?;
            match self.try_switch().await {
                Err(ReadStoreError::Tables(error)) if is_held(&error) => {
                    tracing::info!("the tables are in use for long; trying again to switch");
                }
                Err(error) => return Err(error),
                Ok(switched) => {
                    self.close().await;
                    return Ok(switched);
                }
            }
        }
        Err(ReadStoreError::Busy)
    }

    /// Drops what was made; tables that were kept stay so.
    pub async fn discard(mut self) -> Result<(), ReadStoreError> {
        let mut transaction = self.db.begin().await?;
        self.turn.keep(&mut transaction).await?;
        for table in self
            .tables
            .iter()
            .filter(|table| table.state == State::Making)
        {
            transaction.drop_table(&table.table()).await?;
            table.forget(&mut transaction.rows()).await?;
        }
        self.turn.give_back(&mut transaction).await?;
        transaction.commit().await?;
        self.close().await;
        Ok(())
    }

    async fn close(self) {
        self.readers.close().await;
        self.db.close().await;
    }

    /// An error that comes of tables that another rebuild has dropped is told for what it is.
    async fn told_if_taken_over<T>(
        &mut self,
        done: Result<T, ReadStoreError>,
    ) -> Result<T, ReadStoreError> {
        if matches!(done, Err(ReadStoreError::Tables(_))) {
            let mut transaction = self.db.begin().await?;
            self.turn.keep(&mut transaction).await?;
            transaction.commit().await?;
        }
        done
    }

    /// How far the tables in use of each share are folded: not at all where none of them is.
    fn live(&self, checkpoints: &Checkpoints) -> HashMap<&'static str, Position> {
        let mut live: HashMap<&'static str, Position> = HashMap::new();
        for model in models::all() {
            if self.is_made(model.name()) {
                let folded = checkpoint::folded(checkpoints, model.name());
                let furthest = live.entry(model.category()).or_default();
                *furthest = folded.max(*furthest);
            }
        }
        live
    }

    fn is_made(&self, read_model: &str) -> bool {
        self.tables
            .iter()
            .any(|table| table.read_model == read_model)
    }

    /// Folds until little is left up to the tables in use, which move on meanwhile.
    async fn draw_level(
        &mut self,
        progress: &mut (dyn FnMut(Position, Position) + Send),
    ) -> Result<(), ReadStoreError> {
        loop {
            let mut rows = self.readers.begin().await?;
            let checkpoints = checkpoint::read(&mut rows.rows()).await?;
            drop(rows);
            if self.fold_up_to(&checkpoints, progress).await? <= NEAR {
                return Ok(());
            }
        }
    }

    /// Folds up to where the tables in use were, share by share, those together that have come equally
    /// far. Answers how far the furthest was away.
    async fn fold_up_to(
        &mut self,
        checkpoints: &Checkpoints,
        progress: &mut (dyn FnMut(Position, Position) + Send),
    ) -> Result<u64, ReadStoreError> {
        let head = self.log.head().await?;
        let mut aims = self.live(checkpoints);
        // Where there is nothing to be level with, everything is new.
        aims.retain(|_, aim| *aim > Position::START);
        let aim = |share: &Share| aims.get(share.category).copied().unwrap_or(head);
        let furthest = self.shares.iter().map(&aim).max().unwrap_or_default();
        if self.bare {
            let until = self.shares.iter().map(&aim).min().unwrap_or_default();
            self.fill(until, |position| progress(position, furthest))
                .await?;
        }
        let away = |share: &Share| aim(share).0.saturating_sub(share.reached.0);
        let left = self.shares.iter().map(&away).max().unwrap_or_default();
        loop {
            let behind = self.shares.iter().filter(|share| away(share) > 0);
            let Some(after) = behind.map(|share| share.reached).min() else {
                return Ok(left);
            };
            let mut level: Vec<&mut Share> = self
                .shares
                .iter_mut()
                .filter(|share| share.reached == after && away(share) > 0)
                .collect();
            let until = level.iter().map(|share| aim(share)).min();
            let stand_still = share::fold(
                &self.log,
                &mut level,
                until.unwrap_or(after),
                Into::Apart(&mut self.db),
                |position| progress(position, furthest),
            );
            self.stand_still.extend(stand_still.await?);
        }
    }

    /// Fills the empty tables up to a position, and makes their indexes.
    async fn fill(
        &mut self,
        until: Position,
        progress: impl FnMut(Position) + Send,
    ) -> Result<(), ReadStoreError> {
        let mut shares: Vec<_> = self.shares.iter_mut().collect();
        let filled = fill::fill(&self.log, &mut shares, until, &mut self.db, progress);
        self.stand_still.extend(filled.await?);
        for table in &self.tables {
            let (of, table) = (&table.read_model, table.table());
            let mut transaction = self.db.begin().await?;
            transaction.index_like(of, &table).await?;
            transaction.commit().await?;
            self.db.give_way().await;
        }
        self.bare = false;
        Ok(())
    }

    async fn compare_all(
        &mut self,
        found: &mut (dyn FnMut(Difference) + Send),
    ) -> Result<Vec<Comparison>, ReadStoreError> {
        // From here on the tables in use are seen as they are now.
        let mut live = self.readers.begin().await?;
        let checkpoints = checkpoint::read(&mut live.rows()).await?;
        self.fold_up_to(&checkpoints, &mut |_, _| {}).await?;
        let made = self.readers.begin().await?;
        let models: Vec<_> = models::all()
            .into_iter()
            .filter(|model| self.is_made(model.name()))
            .collect();
        let number = |name: &str| self.tables.iter().find(|table| table.read_model == name);
        let tables: Vec<_> = models
            .iter()
            .filter_map(|model| Some((model.name(), number(model.name())?.table())))
            .collect();
        let in_use = tables.iter().map(|(name, _)| (*name, (*name).to_owned()));
        let of_live = tokio::spawn(compare::sums(live, in_use.collect()));
        let of_made = tokio::spawn(compare::sums(made, tables.clone()));
        let (mut live, live_sums) = joined(of_live).await?;
        let (mut made, made_sums) = joined(of_made).await?;
        let mut comparisons = vec![];
        let sums = live_sums.into_iter().zip(made_sums);
        for ((model, (name, table)), (live_sum, made_sum)) in models.iter().zip(&tables).zip(sums) {
            let share = self
                .shares
                .iter()
                .find(|share| share.category == model.category());
            let position = share.map_or(Position::START, |share| share.reached);
            let comparable = checkpoint::folded(&checkpoints, name) == position;
            let differing = if comparable && live_sum != made_sum {
                let rows = live_sum.rows.max(made_sum.rows);
                let made = (&mut made, table.as_str());
                compare::differences(&**model, &mut live, made, rows, found).await?
            } else {
                0
            };
            comparisons.push(Comparison {
                read_model: name,
                position,
                made: made_sum,
                live: comparable.then_some(live_sum),
                differing,
            });
        }
        Ok(comparisons)
    }

    /// Everything that may have to wait for others comes first: nothing is folded before.
    async fn try_switch(&mut self) -> Result<Vec<Switched>, ReadStoreError> {
        let fence = self.turn.fence();
        let mut transaction = self.db.begin_switching().await?;
        self.turn.keep(&mut transaction).await?;
        let mut checkpoints = Checkpoints::new();
        let mut models = models::all();
        models.retain(|model| {
            self.tables
                .iter()
                .any(|table| table.read_model == model.name())
        });
        for model in &models {
            let held = checkpoint::hold(&mut transaction.rows(), model.name(), fence).await?;
            checkpoints.insert(model.name().to_owned(), held);
        }
        let names = self
            .tables
            .iter()
            .flat_map(|table| [table.read_model.clone(), table.table()]);
        transaction.hold_off(&names.collect::<Vec<_>>()).await?;
        let parked = parking::read(&mut transaction.rows()).await?;
        let as_before = |known: &Parked| {
            let mut parked = parked.iter();
            parked.any(|now| now.stream == known.stream && now.position == known.position)
        };
        if !self.stood_still.iter().all(as_before) {
            return Err(ReadStoreError::ReleasedMeanwhile);
        }

        let mut stand_still = std::mem::take(&mut self.stand_still);
        for share in &mut self.shares {
            let of_share = models
                .iter()
                .filter(|model| model.category() == share.category);
            let live = of_share
                .filter_map(|model| checkpoints.get(model.name()))
                .max_by_key(|checkpoint| checkpoint.position)
                .copied()
                .unwrap_or_default();
            if live.position >= share.reached {
                let into = Into::Within(&mut transaction);
                let mut alone = [&mut *share];
                let folded = share::fold(&self.log, &mut alone, live.position, into, |_| {});
                stand_still.extend(folded.await?);
                share.event_id = live.event_id;
            }
        }
        if !stand_still.is_empty() {
            let now = transaction.now().await?;
            parking::keep(&mut transaction.rows(), &stand_still, now).await?;
        }

        let known = generation::read(&mut transaction.rows()).await?;
        let mut switched = vec![];
        for model in &models {
            let name = model.name();
            let (Some(table), Some(share)) = (
                self.tables.iter().find(|table| table.read_model == name),
                self.shares
                    .iter()
                    .find(|share| share.category == model.category()),
            ) else {
                continue;
            };
            let in_use = known
                .iter()
                .find(|table| table.read_model == name && table.state == State::Live);
            let old = Generation {
                read_model: name.to_owned(),
                number: in_use.map_or(0, |table| table.number),
                state: State::Kept,
                put_aside: fence,
                checkpoint: checkpoints.get(name).copied().unwrap_or_default(),
            };
            transaction
                .replace(name, &table.table(), &old.table())
                .await?;
            old.write(&mut transaction.rows()).await?;
            let new = Generation {
                state: State::Live,
                put_aside: 0,
                checkpoint: Checkpoint::default(),
                ..table.clone()
            };
            new.write(&mut transaction.rows()).await?;
            let reached = Checkpoint {
                position: share.reached,
                event_id: share.event_id,
                fence,
            };
            let from = old.checkpoint.position;
            if !checkpoint::write(&mut transaction.rows(), name, from, reached).await? {
                return Err(ReadStoreError::Switched);
            }
            switched.push(Switched {
                read_model: name,
                position: share.reached,
                kept: old.table(),
            });
        }
        self.turn.give_back(&mut transaction).await?;
        transaction.commit().await?;
        Ok(switched)
    }
}

/// The tables of some read models that were last put aside; whether each has to have one.
async fn kept(
    transaction: &mut Transaction<'_>,
    models: Vec<Box<dyn ReadModel>>,
    known: &[Generation],
    each: bool,
) -> Result<Vec<(Box<dyn ReadModel>, Generation)>, ReadStoreError> {
    let mut kept = vec![];
    for mut model in models {
        let name = model.name();
        let mut tables = known.iter();
        let last = tables.find(|table| table.read_model == name && table.state == State::Kept);
        let Some(last) = last else {
            if each {
                return Err(ReadStoreError::NothingKept(name.to_owned()));
            }
            continue;
        };
        let columns = transaction.columns(&last.table()).await?;
        let has = |column: &&str| columns.iter().any(|has| has == column);
        if !model.columns().iter().all(has) {
            return Err(ReadStoreError::KeptByAnEarlierRelease(name.to_owned()));
        }
        model.set_table(last.table());
        kept.push((model, last.clone()));
    }
    if kept.is_empty() {
        return Err(ReadStoreError::NothingKept("any read model".to_owned()));
    }
    Ok(kept)
}

/// Drops the tables that are kept of some read models, or all that are, also those that only earlier
/// releases knew; answers what they were called.
pub async fn drop_kept(
    url: &str,
    node: Uuid,
    read_models: Option<&[&str]>,
) -> Result<Vec<String>, ReadStoreError> {
    models::named(read_models.unwrap_or_default())?;
    let place = Place::of(url)?;
    let mut db = place.writer().await?;
    let mut turn = Turn::take(&place, &mut db, node).await?;
    let mut transaction = db.begin().await?;
    turn.keep(&mut transaction).await?;
    let mut dropped = vec![];
    for table in generation::read(&mut transaction.rows()).await? {
        let meant = read_models.is_none_or(|names| names.contains(&&*table.read_model));
        if meant && table.state != State::Live {
            transaction.drop_table(&table.table()).await?;
            table.forget(&mut transaction.rows()).await?;
            dropped.push(table.table());
        }
    }
    for table in models::FORMER {
        if read_models.is_none() && transaction.has_table(table).await? {
            transaction.drop_table(table).await?;
            checkpoint::forget(&mut transaction.rows(), table).await?;
            dropped.push((*table).to_owned());
        }
    }
    turn.give_back(&mut transaction).await?;
    transaction.commit().await?;
    db.close().await;
    Ok(dropped)
}

/// Read models by the category of their streams, as far as their tables were folded when they were
/// put aside.
fn shares(
    log: &Arc<dyn EventStore>,
    models: Vec<Box<dyn ReadModel>>,
    tables: &[Generation],
    parked: &[Parked],
) -> Vec<Share> {
    let mut by_category: HashMap<&'static str, Vec<Box<dyn ReadModel>>> = HashMap::new();
    for model in models {
        by_category.entry(model.category()).or_default().push(model);
    }
    by_category
        .into_iter()
        .map(|(category, mut models)| {
            let mut reached = None;
            for model in &mut models {
                let table = tables.iter().find(|table| table.read_model == model.name());
                let folded = table.map(|table| table.checkpoint).unwrap_or_default();
                model.set_position(folded.position);
                let behind = |least: Checkpoint| least.position > folded.position;
                if reached.is_none_or(behind) {
                    reached = Some(folded);
                }
            }
            Share::new(
                log.clone(),
                category,
                models,
                reached.unwrap_or_default(),
                parked,
            )
        })
        .collect()
}

/// What a task came to, that is never called off.
async fn joined<T>(task: JoinHandle<T>) -> T {
    match task.await {
        Ok(done) => done,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// Whether somebody else holds what is needed: PostgreSQL's lock not available, SQLite's busy.
fn is_held(error: &sqlx::Error) -> bool {
    let code = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code);
    matches!(code.as_deref(), Some("55P03" | "5"))
}
