//! Releasing: a stream that stands still is tried again, from its whole history.
//!
//! It is tried when the program starts and can read the event by now, and whenever somebody asks
//! for it. The try is counted before it is made, and the request for it taken back: a process that
//! dies at it meets a stream that still stands still. What fails again stands still again, at the
//! first event that fails.

use std::panic::AssertUnwindSafe;

use domain::{
    es::{EventStore, Position, RecordedEvent, Version},
    event::Recorded,
};
use futures::FutureExt;

use super::{
    error::ReadStoreError,
    folding::Folding,
    models,
    parking::{self, Cause, Parked},
    projector::Projector,
};

impl Projector {
    /// Whether any stream stands still.
    pub(super) fn stands_still(&self) -> bool {
        self.folding.stands_still()
    }

    /// Tries streams again that stand still at an event which can be read by now, and those for
    /// which somebody asks it.
    pub(super) async fn try_parked_again(&mut self) -> Result<(), ReadStoreError> {
        self.release(true).await
    }

    /// Tries streams again for which somebody asks it.
    pub(super) async fn try_wanted_again(&mut self) -> Result<(), ReadStoreError> {
        self.release(false).await
    }

    async fn release(&mut self, readable_too: bool) -> Result<(), ReadStoreError> {
        if !self.stands_still() {
            return Ok(());
        }
        let categories = self.folding.categories();
        let parked = parking::read(&mut self.begin().await?.rows()).await?;
        let mut tried = false;
        for parked in parked {
            if !categories.contains(parked.stream.category()) {
                continue;
            }
            let readable = readable_too
                && parked.cause == Cause::Unreadable
                && is_readable(&*self.log, &parked).await?;
            if parked.wanted || readable {
                self.try_again(&parked).await?;
                tried = true;
            }
        }
        if tried {
            self.folding.forget();
            self.resume().await?;
        }
        Ok(())
    }

    /// In all read models, as far as the furthest is folded: one that is behind passes over the
    /// same facts again.
    async fn try_again(&mut self, parked: &Parked) -> Result<(), ReadStoreError> {
        let mut transaction = self.begin().await?;
        let now = transaction.now().await?;
        parking::count_try(&mut transaction.rows(), &parked.stream, now).await?;
        transaction.commit().await?;
        let furthest = self.resume().await?;
        let history = self.log.read_stream(&parked.stream, Version::NONE).await?;
        let history: Vec<RecordedEvent> = history
            .into_iter()
            .take_while(|event| event.position <= furthest)
            .collect();
        let Err(cause) = self.fold_to(parked, furthest, None).await? else {
            tracing::info!(
                position = parked.position.0,
                event_id = %parked.event_id.0,
                "a stream that stood still goes on"
            );
            return Ok(());
        };
        self.stop_again(parked, &history, cause).await
    }

    /// Finds the first event that fails by halving: what came before the one it stood still at was
    /// folded once, and the whole history just failed.
    async fn stop_again(
        &mut self,
        parked: &Parked,
        history: &[RecordedEvent],
        mut cause: Cause,
    ) -> Result<(), ReadStoreError> {
        let mut still = Parked {
            attempts: parked.attempts + 1,
            ..parked.clone()
        };
        let mut folds = history.partition_point(|event| event.position < parked.position);
        let mut fails = history.len();
        while fails > folds + 1 {
            let middle = folds + (fails - folds) / 2;
            let until = history[middle - 1].position;
            let next = Parked::at(&history[middle], cause, still.attempts);
            match self.fold_to(parked, until, Some(&next)).await? {
                Ok(()) => (folds, still) = (middle, next),
                Err(found) => (fails, cause) = (middle, found),
            }
        }
        let mut transaction = self.begin().await?;
        parking::tell_cause(&mut transaction.rows(), &parked.stream, cause).await?;
        transaction.commit().await?;
        still.cause = cause;
        still.tell();
        Ok(())
    }

    /// Makes the stream's rows anew from its history up to a position, and lets it go on, or stand
    /// still at a later event. Nothing is changed if that fails.
    async fn fold_to(
        &mut self,
        parked: &Parked,
        until: Position,
        still: Option<&Parked>,
    ) -> Result<Result<(), Cause>, ReadStoreError> {
        let folding = async {
            let models = models::of(&[parked.stream.category()]);
            let mut folding = Folding::new(self.log.clone(), models, None);
            folding.go_over_rows();
            folding.fetch(vec![parked.stream.clone()], until).await?;
            let changes = folding.take_changes(until);
            if !changes.parked.is_empty() {
                return Ok(Err(Cause::Unreadable));
            }
            let mut transaction = self.begin().await?;
            changes.write(&mut transaction.rows()).await?;
            parking::release(&mut transaction.rows(), &parked.stream).await?;
            if let Some(still) = still {
                let now = transaction.now().await?;
                let still = std::slice::from_ref(still);
                parking::keep(&mut transaction.rows(), still, now).await?;
            }
            transaction.commit().await?;
            Ok(Ok(()))
        };
        let folded = AssertUnwindSafe(folding).catch_unwind().await;
        match folded.unwrap_or(Err(ReadStoreError::Panicked)) {
            Err(error) => error.cause().map(Err).ok_or(error),
            folded => folded,
        }
    }
}

async fn is_readable(log: &dyn EventStore, parked: &Parked) -> Result<bool, ReadStoreError> {
    let event = log.find(parked.event_id).await?;
    Ok(event.is_some_and(|event| Recorded::decode(event).is_ok()))
}
