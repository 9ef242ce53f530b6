//! What changed in the rows, on its way to the tables. It is taken out of what is at hand, so that
//! folding can go on while it is written.

use std::borrow::Cow;

use async_trait::async_trait;
use domain::es::StreamName;
use futures::{StreamExt, TryStreamExt, stream};
use projections::{Row, Rows};

use super::{engine::Writer, parking::Parked, write};

/// The changed rows of some read models.
pub(super) struct Changes {
    /// Of each that has any.
    pub(super) models: Vec<Box<dyn Changed>>,
    /// What came to stand still meanwhile.
    pub(super) parked: Vec<Parked>,
}

impl Changes {
    /// Writes all of it, within the caller's transaction.
    pub(super) async fn write(&self, db: &mut Rows<'_>) -> Result<(), sqlx::Error> {
        for model in &self.models {
            model.write(db).await?;
        }
        Ok(())
    }

    /// Writes each read model's in a transaction of its own, several at a time where the engine can:
    /// into tables that nobody reads yet, and so that who else writes is not kept waiting for all
    /// of it.
    pub(super) async fn write_apart(&self, db: &Writer) -> Result<(), sqlx::Error> {
        let writes = self.models.iter().map(|model| write_apart(&**model, db));
        let writes: Vec<_> = writes.collect();
        let writes = stream::iter(writes).buffer_unordered(db.at_once());
        writes.try_collect().await
    }
}

async fn write_apart(model: &dyn Changed, db: &Writer) -> Result<(), sqlx::Error> {
    let mut db = db.clone();
    let mut transaction = db.begin().await?;
    model.write(&mut transaction.rows()).await?;
    transaction.commit().await?;
    db.give_way().await;
    Ok(())
}

/// The changed rows of one read model, whatever they are.
#[async_trait]
pub(super) trait Changed: Send + Sync {
    async fn write(&self, db: &mut Rows<'_>) -> Result<(), sqlx::Error>;
}

/// The changed rows of one table.
pub(super) struct ChangedRows<R> {
    pub(super) table: Cow<'static, str>,
    pub(super) rows: Vec<R>,
    /// Streams of which rows vanished: the table's are deleted before these are written.
    pub(super) gone: Vec<StreamName>,
    /// Streams of which the table holds some of these rows as they were.
    pub(super) there: Vec<StreamName>,
    /// None of these rows takes the place of another stream's.
    pub(super) apart: bool,
    /// The table may hold any of these rows.
    pub(super) maybe_there: bool,
}

#[async_trait]
impl<R: Row + Send> Changed for ChangedRows<R> {
    async fn write(&self, db: &mut Rows<'_>) -> Result<(), sqlx::Error> {
        write::delete::<R>(db, &self.table, &self.gone).await?;
        if self.maybe_there {
            write::upsert(db, &self.table, &self.rows).await
        } else if self.apart || write::prefers_new(db, self.rows.len()) {
            write::delete::<R>(db, &self.table, &self.there).await?;
            write::insert(db, &self.table, &self.rows).await
        } else {
            write::upsert(db, &self.table, &self.rows).await
        }
    }
}
