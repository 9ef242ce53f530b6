//! Turns: one rebuild of a store at a time.
//!
//! Who rebuilds holds a lease as projectors do, and says every second that it is still needed. A
//! rebuild that died is found out when its lease ends, and what it left half made is dropped by the
//! next.

use std::time::Duration;

use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::read_store::{
    engine::{Place, Transaction, Writer},
    error::ReadStoreError,
    lease::{Holding, REBUILD},
};

/// How often the lease is kept.
const BEAT: Duration = Duration::from_secs(1);

/// The right to rebuild, kept up until it is dropped.
pub(super) struct Turn {
    holding: Holding,
    beating: JoinHandle<()>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.beating.abort();
    }
}

impl Turn {
    /// Takes it, if nobody has it.
    pub(super) async fn take(
        place: &Place,
        db: &mut Writer,
        node: Uuid,
    ) -> Result<Self, ReadStoreError> {
        let mut holding = Holding::none(node);
        let mut transaction = db.begin().await?;
        let now = transaction.now().await?;
        holding
            .take(&mut transaction.rows(), &[REBUILD], now, now)
            .await?;
        transaction.commit().await?;
        if holding.shares.is_empty() {
            return Err(ReadStoreError::RebuildUnderWay);
        }
        let beating = tokio::spawn(beat(place.writer().await?, holding.clone()));
        Ok(Self { holding, beating })
    }

    /// A number higher than any that was given before.
    pub(super) fn fence(&self) -> i64 {
        self.holding.fence()
    }

    /// Makes sure that it is still ours, until the end of a transaction.
    pub(super) async fn keep(
        &self,
        transaction: &mut Transaction<'_>,
    ) -> Result<(), ReadStoreError> {
        let now = transaction.now().await?;
        if self.holding.keep(&mut transaction.rows(), now).await? {
            Ok(())
        } else {
            Err(ReadStoreError::RebuildTakenOver)
        }
    }

    /// Gives it back with a transaction.
    pub(super) async fn give_back(
        &mut self,
        transaction: &mut Transaction<'_>,
    ) -> Result<(), sqlx::Error> {
        self.holding
            .release(&mut transaction.rows(), |_| false)
            .await
    }
}

async fn beat(mut db: Writer, holding: Holding) {
    loop {
        tokio::time::sleep(BEAT).await;
        match kept(&mut db, &holding).await {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the lease of the rebuild could not be kept; trying again"
            ),
        }
    }
}

async fn kept(db: &mut Writer, holding: &Holding) -> Result<bool, sqlx::Error> {
    let mut transaction = db.begin().await?;
    let now = transaction.now().await?;
    let kept = holding.keep(&mut transaction.rows(), now).await?;
    transaction.commit().await?;
    Ok(kept)
}
