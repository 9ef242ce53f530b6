//! The time machine: the tables as of a day in the world, as known at a place in the log.
//!
//! It folds a part of the log through the same read models into a scratch database, only those
//! that the question needs; the last few are kept, since they never change.

use std::{collections::VecDeque, sync::Arc};

use domain::es::{Day, EventStore, Position};
use projections::Rows;
use sqlx::{Connection, SqlitePool};
use tokio::sync::Mutex;

use super::{
    engine,
    error::ReadStoreError,
    folding::Folding,
    models,
    reading::{self, Part},
};

/// What the tables show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct When {
    /// All that was known at this place in the log.
    pub(super) position: Position,
    /// What happened up to this day; all if not told.
    pub(super) as_of: Option<Day>,
}

struct Made {
    tables: &'static [&'static str],
    when: When,
    pool: SqlitePool,
}

/// Tables kept.
const KEPT: usize = 3;

pub(super) struct TimeMachine {
    log: Arc<dyn EventStore>,
    /// The last ones asked for, the latest first. Locked while others are made: one at a time
    /// bounds the memory.
    made: Mutex<VecDeque<Made>>,
}

impl TimeMachine {
    pub(super) fn new(log: Arc<dyn EventStore>) -> Self {
        Self {
            log,
            made: Mutex::new(VecDeque::new()),
        }
    }

    pub(super) async fn tables(
        &self,
        tables: &'static [&'static str],
        when: When,
    ) -> Result<SqlitePool, ReadStoreError> {
        let mut made = self.made.lock().await;
        let known = made.iter().position(|made| {
            made.when == when && tables.iter().all(|table| made.tables.contains(table))
        });
        if let Some(known) = known
            && let Some(found) = made.remove(known)
        {
            let pool = found.pool.clone();
            made.push_front(found);
            return Ok(pool);
        }
        let pool = make(self.log.clone(), tables, when).await?;
        made.truncate(KEPT - 1);
        made.push_front(Made {
            tables,
            when,
            pool: pool.clone(),
        });
        Ok(pool)
    }
}

async fn make(
    log: Arc<dyn EventStore>,
    tables: &[&str],
    when: When,
) -> Result<SqlitePool, ReadStoreError> {
    let pool = engine::scratch().await?;
    let mut folding = Folding::new(log.clone(), models::named(tables)?, when.as_of);
    let part = Part {
        after: Position::START,
        until: when.position,
        categories: folding.categories(),
    };
    let mut db = pool.acquire().await?;
    let mut pages = reading::read(log, part);
    while let Some(page) = pages.recv().await {
        let page = page?;
        let position = page.position;
        folding.take(page).await?;
        if position >= when.position || folding.is_full() {
            let mut transaction = db.begin().await?;
            folding
                .flush(&mut Rows::Sqlite(&mut transaction), position)
                .await?;
            transaction.commit().await?;
        }
    }
    Ok(pool)
}
