//! Beginning with a long log: read models that are new, or were forgotten, are made
//! [as a rebuild makes them](super::rebuild), which is faster than to live through the log again.

use std::{sync::Arc, time::Duration};

use domain::es::{EventStore, Position};
use tokio::{
    runtime::Handle,
    sync::watch,
    task,
    time::{self, timeout},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    engine::Place,
    error::ReadStoreError,
    projector::Projector,
    rebuild::{Rebuild, drop_kept},
    store::{ATTEND, ReadStore},
};
use crate::ids::{IdSource, RandomIds};

/// From how many events on a log is long: making tables and putting them in their place takes some
/// time too.
const LONG: u64 = if cfg!(test) { 40 } else { 100_000 };

/// How often a node that waits for another looks whether it is done: that it is stands in the
/// tables, and nobody is told.
const LOOK: Duration = Duration::from_millis(50);

impl ReadStore {
    /// Makes the read models that are empty, if one of those that a projector keeps up is: its own
    /// and others', as the log is gone through once. Who keeps up the first of them begins, and
    /// other nodes wait. What cannot be made this way is left to the projectors, which go on from
    /// where the tables are.
    pub(super) async fn make_what_is_empty(
        &self,
        projector: &mut Projector,
        mut progress: impl FnMut(Position, Position) + Send,
    ) -> Result<(), ReadStoreError> {
        let Place::Postgres(url) = &self.place else {
            return Ok(());
        };
        let head = self.log.head().await?;
        if head.0 < LONG {
            return Ok(());
        }
        let mut waited = false;
        loop {
            let names = projector.begin_to_fill(head).await?;
            let Some(first) = names.first() else {
                return Ok(());
            };
            let made = if waited || projector.keeps_up(first) {
                let making = Making {
                    url: url.clone(),
                    log: self.log.clone(),
                    node: RandomIds::new(self.clock.clone()).next(),
                    names,
                };
                making
                    .attended(projector, |position| progress(position, head))
                    .await
            } else {
                Err(ReadStoreError::RebuildUnderWay)
            };
            match made {
                Err(ReadStoreError::RebuildUnderWay) => {
                    // No longer than until it has to be told again that this node is there.
                    timeout(ATTEND, self.somebody_has_made_it()).await.ok();
                    projector.attend(false).await?;
                    waited = true;
                }
                Err(error) if goes_event_by_event(&error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "the read models cannot be made at once; going through the log event by event"
                    );
                    return projector.resume().await.map(|_| ());
                }
                made => made?,
            }
            projector.resume().await?;
        }
    }

    async fn somebody_has_made_it(&self) -> Result<(), ReadStoreError> {
        loop {
            self.look().await?;
            if self.position() > Position::START {
                return Ok(());
            }
            time::sleep(LOOK).await;
        }
    }
}

/// Whether the projectors get further than who makes all at once: they find the event that is at
/// fault, and need no room on the disk.
fn goes_event_by_event(error: &ReadStoreError) -> bool {
    error.cause().is_some() || matches!(error, ReadStoreError::Spill(_))
}

/// Tables about to be made.
struct Making {
    url: String,
    log: Arc<dyn EventStore>,
    node: Uuid,
    names: Vec<&'static str>,
}

impl Making {
    /// Makes them while the other nodes are told that this one is there, as ever. Stops when it is
    /// not waited for any more.
    async fn attended(
        self,
        projector: &mut Projector,
        mut progress: impl FnMut(Position) + Send,
    ) -> Result<(), ReadStoreError> {
        let (tell, mut told) = watch::channel(Position::START);
        let stop = CancellationToken::new();
        let _until_made = stop.clone().drop_guard();
        // On a thread of its own: what panics there, panics there.
        let mut making = task::spawn_blocking(move || {
            let made = stop.run_until_cancelled(self.make(&tell));
            Handle::current().block_on(made).unwrap_or(Ok(()))
        });
        let mut attend = time::interval(ATTEND);
        loop {
            tokio::select! {
                made = &mut making => return made.unwrap_or(Err(ReadStoreError::Panicked)),
                Ok(()) = told.changed() => progress(*told.borrow_and_update()),
                _ = attend.tick() => projector.attend(false).await?,
            }
        }
    }

    async fn make(&self, tell: &watch::Sender<Position>) -> Result<(), ReadStoreError> {
        let log = self.log.clone();
        let mut rebuild = Rebuild::begin(&self.url, log, self.node, &self.names).await?;
        let progress = |position, _| {
            tell.send_replace(position);
        };
        if let Err(error) = rebuild.fold(progress).await {
            rebuild.discard().await?;
            return Err(error);
        }
        rebuild.switch().await?;
        // The empty ones that were in use.
        drop_kept(&self.url, self.node, Some(&self.names))
            .await
            .map(|_| ())
    }
}
