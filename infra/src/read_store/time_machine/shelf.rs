//! What was made, and is kept; and what is being made.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use domain::es::{Day, Position, StreamName};
use sqlx::{Sqlite, SqlitePool, pool::PoolConnection};

use super::{Wanted, making::Making};
use crate::read_store::engine::Transaction;

/// How much of the past is kept at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Keep {
    /// So many days and moments.
    pub moments: usize,
    /// As long as they take no more than so many megabytes together, in temporary files. The last
    /// one made is kept whatever it takes.
    pub megabytes: u64,
}

impl Default for Keep {
    fn default() -> Self {
        Self {
            moments: 4,
            megabytes: 1_024,
        }
    }
}

pub(super) enum Found {
    Made(Arc<Made>),
    Making(Arc<Making>),
}

/// Tables that were made.
pub(super) struct Made {
    tables: &'static [&'static str],
    as_of: Option<Day>,
    parked: Vec<(StreamName, Position)>,
    moves: bool,
    /// Up to where the log is folded. Changed only by who holds the one connection.
    position: AtomicU64,
    bytes: AtomicU64,
    pool: SqlitePool,
}

/// They are going on, or broke off on the way.
const BETWEEN: u64 = u64::MAX;

impl Made {
    /// Tables that hold nothing yet.
    pub(super) fn empty(wanted: &Wanted, pool: SqlitePool) -> Self {
        Self {
            tables: wanted.tables,
            as_of: wanted.when.as_of,
            parked: wanted.parked.clone(),
            moves: wanted.moves,
            position: AtomicU64::new(Position::START.0),
            bytes: AtomicU64::new(0),
            pool,
        }
    }

    pub(super) fn tables(&self) -> &'static [&'static str] {
        self.tables
    }

    pub(super) fn as_of(&self) -> Option<Day> {
        self.as_of
    }

    /// The place in the log that they show, unless they are going on.
    fn position(&self) -> Option<Position> {
        let position = self.position.load(Ordering::Acquire);
        (position != BETWEEN).then_some(Position(position))
    }

    /// The rows, if they still show what is wanted, and the place in the log that they show.
    pub(super) async fn begin(
        &self,
        wanted: &Wanted,
    ) -> Result<Option<(Transaction<'static>, Position)>, sqlx::Error> {
        let rows = self.pool.begin().await?;
        let position = self.position().filter(|position| wanted.fits(*position));
        Ok(position.map(|position| (Transaction::Sqlite(rows), position)))
    }

    /// Takes the tables to write them: until they are done, they show nothing. Answers where they
    /// stood.
    pub(super) async fn take(&self) -> Result<(PoolConnection<Sqlite>, Position), sqlx::Error> {
        let db = self.pool.acquire().await?;
        let position = self.position.swap(BETWEEN, Ordering::AcqRel);
        Ok((db, Position(position)))
    }

    /// What was written shows this place in the log, and takes so many bytes.
    pub(super) fn done(&self, _: &PoolConnection<Sqlite>, position: Position, bytes: u64) {
        self.bytes.store(bytes, Ordering::Release);
        self.position.store(position.0, Ordering::Release);
    }

    fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Acquire)
    }

    fn covers(&self, wanted: &Wanted) -> bool {
        self.as_of == wanted.when.as_of
            && self.parked == wanted.parked
            && wanted
                .tables
                .iter()
                .all(|table| self.tables.contains(table))
    }
}

pub(super) struct Shelf {
    keep: Keep,
    /// The one asked for last comes first.
    made: VecDeque<Arc<Made>>,
    makings: Vec<(Wanted, Weak<Making>)>,
}

impl Shelf {
    pub(super) fn new(keep: Keep) -> Self {
        Self {
            keep,
            made: VecDeque::new(),
            makings: vec![],
        }
    }

    pub(super) fn find(&mut self, wanted: &Wanted) -> Option<Arc<Made>> {
        let shows = |made: &Arc<Made>| {
            made.covers(wanted)
                && made
                    .position()
                    .is_some_and(|position| wanted.fits(position))
        };
        let at = self.made.iter().position(shows)?;
        let found = self.made.remove(at)?;
        self.made.push_front(found.clone());
        Some(found)
    }

    /// Who makes such tables just now, or some that can go on to be such.
    pub(super) fn find_making(&mut self, wanted: &Wanted) -> Option<Arc<Making>> {
        self.makings
            .retain(|(_, making)| making.upgrade().is_some_and(|making| !making.is_over()));
        let covers = |made: &Wanted| {
            made.when.as_of == wanted.when.as_of
                && made.parked == wanted.parked
                && (wanted.fits(made.when.position) || (wanted.moves && made.moves))
                && wanted
                    .tables
                    .iter()
                    .all(|table| made.tables.contains(table))
        };
        let (_, making) = self.makings.iter().find(|(made, _)| covers(made))?;
        making.upgrade()
    }

    pub(super) fn making(&mut self, wanted: Wanted, making: &Arc<Making>) {
        self.makings.push((wanted, Arc::downgrade(making)));
    }

    /// Tables of the same day that show less of the log, to go on with. Those of a moment are left
    /// as they are: who asks for a moment asks for it again.
    pub(super) fn take_earlier(&mut self, wanted: &Wanted) -> Option<Arc<Made>> {
        if !wanted.moves {
            return None;
        }
        let is_earlier =
            |made: &Arc<Made>| made.moves && made.covers(wanted) && made.position().is_some();
        let at = self.made.iter().position(is_earlier)?;
        self.made.remove(at)
    }

    /// Keeps what was made, and lets go of what was asked for longest ago.
    pub(super) fn put(&mut self, made: Arc<Made>) {
        self.made.push_front(made);
        let room = self.keep.megabytes.saturating_mul(1_000_000);
        let mut taken = 0_u64;
        let mut kept = 0;
        self.made.retain(|made| {
            taken = taken.saturating_add(made.bytes());
            kept += 1;
            kept == 1 || (kept <= self.keep.moments && taken <= room)
        });
    }
}
