//! Courtesy: who keeps the tables in use up goes first. While they show late what the log holds, a
//! rebuild waits between two pieces of its work, so that processors and disk are theirs.

use std::{sync::Arc, time::Duration};

use domain::es::{EventStore, Position};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};
use tokio_util::task::AbortOnDropHandle;

use crate::read_store::{checkpoint, engine::Readers, error::ReadStoreError, lease};

/// How often it is looked whether the tables in use show an event.
const LOOK: Duration = Duration::from_millis(50);
/// After how long an event shows late.
const LATE: Duration = Duration::from_millis(200);
/// For how long one event is waited for: then they have far to go, or nobody keeps them up any more.
const LONGEST: Duration = if cfg!(test) {
    Duration::from_millis(400)
} else {
    Duration::from_secs(5)
};

/// Tells whether the tables in use are late, as long as the task is held.
pub(in crate::read_store) fn watch(
    log: Arc<dyn EventStore>,
    in_use: Readers,
    tell: watch::Sender<bool>,
) -> AbortOnDropHandle<()> {
    let watch = Watch { log, in_use, tell };
    let watching = async move {
        // Who rebuilds meets the same error, and tells it.
        watch.go_on().await.ok();
        watch.tell.send_replace(false);
    };
    AbortOnDropHandle::new(tokio::spawn(watching))
}

struct Watch {
    log: Arc<dyn EventStore>,
    in_use: Readers,
    tell: watch::Sender<bool>,
}

impl Watch {
    /// Takes the last event of the log, and looks until it shows; again and again.
    async fn go_on(&self) -> Result<(), ReadStoreError> {
        let before = self.shown().await?;
        let mut are_kept_up = false;
        loop {
            let last = self.log.head().await?;
            let since = Instant::now();
            loop {
                let shown = self.shown().await?;
                let is_there = shown >= last;
                are_kept_up |= is_there || shown > before;
                let is_late = !is_there && (LATE..LONGEST).contains(&since.elapsed());
                self.tell.send_replace(are_kept_up && is_late);
                if is_there {
                    break;
                }
                // Another process moves them, and tells nobody.
                sleep(LOOK).await;
            }
            self.log.moved_past(last).await?;
        }
    }

    async fn shown(&self) -> Result<Position, ReadStoreError> {
        let mut rows = self.in_use.begin().await?;
        let checkpoints = checkpoint::read(&mut rows.rows()).await?;
        Ok(lease::shown(&checkpoints))
    }
}
