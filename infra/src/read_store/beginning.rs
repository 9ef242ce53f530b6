//! Beginning with a long log: read models that are new, or were forgotten, are made
//! [as a rebuild makes them](super::rebuild), which is faster than to live through the log again.

use std::sync::Arc;

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

/// Makes those read models that a projector keeps up and that are empty. What cannot be made this
/// way (another node makes its own just now; an event cannot be taken in) is left to the projector,
/// which goes on from where the tables are.
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
    let names = projector.begin_to_fill(head).await?;
    if names.is_empty() {
        return Ok(());
    }
    let (tell, mut told) = watch::channel(Position::START);
    let given_up = CancellationToken::new();
    let _give_up = given_up.clone().drop_guard();
    let url = url.clone();
    // On a thread of its own: what panics there, panics there.
    let mut making = task::spawn_blocking(move || {
        let making = async {
            tokio::select! {
                () = given_up.cancelled() => Ok(()),
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
    match made {
        Err(error) if error.cause().is_some() => tracing::warn!(
            error = &error as &dyn std::error::Error,
            "something in the log cannot be taken in; going through it event by event"
        ),
        Ok(()) | Err(ReadStoreError::RebuildUnderWay) => {}
        Err(error) => return Err(error),
    }
    projector.resume().await.map(|_| ())
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
