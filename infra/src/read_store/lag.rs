//! How far the read models are behind the log, told again and again as metrics.

use std::time::Duration;

use domain::es::Position;

use super::{ReadStore, checkpoint, error::ReadStoreError, models};
use crate::telemetry::{self, metrics};

/// How often.
const TELL: Duration = Duration::from_secs(5);

impl ReadStore {
    /// Tells how far the tables are behind, and what stands still, as long as this is waited for;
    /// nothing where metrics go nowhere.
    pub(super) async fn tell_again_and_again(&self) {
        if !telemetry::is_on() {
            return std::future::pending().await;
        }
        loop {
            // Who keeps the tables up tells of what fails; here is only nothing to tell then.
            self.tell_lag().await.ok();
            tokio::time::sleep(TELL).await;
        }
    }

    async fn tell_lag(&self) -> Result<(), ReadStoreError> {
        let checkpoints = checkpoint::read(&mut self.readers.begin().await?.rows()).await?;
        let head = self.log.head().await?;
        let mut slowest = head;
        for read_model in models::read_models() {
            let folded = checkpoint::folded(&checkpoints, read_model);
            metrics::behind(read_model, head.0.saturating_sub(folded.0));
            slowest = slowest.min(folded);
        }
        metrics::waited(self.known_since(slowest).await?);
        metrics::parked(self.parked().await?.len());
        Ok(())
    }

    /// How long the event after a position has been known; no time if there is none.
    async fn known_since(&self, position: Position) -> Result<Duration, ReadStoreError> {
        let next = self.log.read_all(position, 1).await?;
        let Some(next) = next.first() else {
            return Ok(Duration::ZERO);
        };
        let known = self.clock.now().0 - next.recorded_at.0;
        Ok(known.to_std().unwrap_or_default())
    }
}
