//! Beginning with a long log: read models that are new, or were forgotten, are made
//! [as a rebuild makes them](super::rebuild), which is faster than to live through the log again.

use std::{sync::Arc, time::Duration};

use domain::es::{EventStore, Position};
use tokio::{runtime::Handle, sync::watch, task};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    engine::Place,
    error::ReadStoreError,
    projector::Projector,
    rebuild::{Rebuild, drop_kept},
    store::ATTEND,
};

/// From how many events on a log is long: making tables and putting them in their place takes some
/// time too.
const LONG: u64 = if cfg!(test) { 40 } else { 100_000 };

/// How often a node looks whether another has made them, and after how many looks it tries itself.
const LOOK: Duration = Duration::from_millis(50);
const LOOKS: usize = 20;

/// Makes the read models that are empty, if one of those that a projector keeps up is: its own and
/// others', as the log is gone through once. Who keeps up the first of them begins, and other nodes
/// wait. Where an event cannot be taken in, they are left to the projectors, which go on from where
/// the tables are.
pub(super) async fn make(
    projector: &mut Projector,
    place: &Place,
    log: Arc<dyn EventStore>,
    node: Uuid,
    mut progress: impl FnMut(Position, Position) + Send,
) -> Result<(), ReadStoreError> {
    let Place::Postgres(url) = place else {
        return Ok(());
    };
    let head = log.head().await?;
    if head.0 < LONG {
        return Ok(());
    }
    let mut waited = false;
    loop {
        let names = projector.begin_to_fill(head).await?;
        let Some(first) = names.first() else {
            return Ok(());
        };
        if !waited && !projector.keeps_up(first) {
            waited = true;
            if made_elsewhere(projector).await? {
                return Ok(());
            }
            continue;
        }
        let (tell, mut told) = watch::channel(Position::START);
        let stop = CancellationToken::new();
        let until_made = stop.clone().drop_guard();
        let (url, log) = (url.clone(), log.clone());
        // On a thread of its own: what panics there, panics there.
        let mut making = task::spawn_blocking(move || {
            let making = async {
                tokio::select! {
                    () = stop.cancelled() => Ok(()),
                    made = make_all(&url, log, node, &names, &tell) => made,
                }
            };
            Handle::current().block_on(making)
        });
        let mut attend = tokio::time::interval(ATTEND);
        let made = loop {
            tokio::select! {
                made = &mut making => break made.unwrap_or(Err(ReadStoreError::Panicked)),
                Ok(()) = told.changed() => progress(*told.borrow_and_update(), head),
                // The others are told that this node is there, as ever.
                _ = attend.tick() => projector.attend(false).await?,
            }
        };
        drop(until_made);
        match made {
            Err(ReadStoreError::RebuildUnderWay) => {
                if made_elsewhere(projector).await? {
                    return Ok(());
                }
            }
            Err(error) if error.cause().is_some() => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "something in the log cannot be taken in; going through it event by event"
                );
                return projector.resume().await.map(|_| ());
            }
            made => made?,
        }
        projector.resume().await?;
    }
}

/// Waits a while for another node to make them; says whether it has.
async fn made_elsewhere(projector: &mut Projector) -> Result<bool, ReadStoreError> {
    for _ in 0..LOOKS {
        tokio::time::sleep(LOOK).await;
        projector.resume().await?;
        if !projector.has_empty() {
            return Ok(true);
        }
    }
    projector.attend(false).await?;
    Ok(false)
}

async fn make_all(
    url: &str,
    log: Arc<dyn EventStore>,
    node: Uuid,
    names: &[&'static str],
    tell: &watch::Sender<Position>,
) -> Result<(), ReadStoreError> {
    let mut rebuild = Rebuild::begin(url, log, node, names).await?;
    let progress = |position, _| {
        tell.send_replace(position);
    };
    if let Err(error) = rebuild.fold(progress).await {
        rebuild.discard().await?;
        return Err(error);
    }
    rebuild.switch().await?;
    // The empty ones that were in use.
    drop_kept(url, node, Some(names)).await.map(|_| ())
}
