//! Checkpoints: up to where each read model is folded.

use std::collections::HashMap;

use domain::es::{EventStore, Position};
use projections::Rows;
use uuid::Uuid;

use super::error::ReadStoreError;

/// Up to where a read model is folded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Checkpoint {
    pub(super) position: Position,
    /// The event that stands there.
    pub(super) event_id: Uuid,
    /// Which switch put the table in its place.
    pub(super) fence: i64,
}

/// Up to where each read model is folded.
pub(super) type Checkpoints = HashMap<String, Checkpoint>;

pub(super) async fn read(db: &mut Rows<'_>) -> Result<Checkpoints, sqlx::Error> {
    let rows: Vec<(String, i64, Uuid, i64)> =
        db.sql(include_str!("read_checkpoints.sql")).all().await?;
    Ok(rows
        .into_iter()
        .map(|(read_model, position, event_id, fence)| {
            let checkpoint = Checkpoint {
                position: Position(position.unsigned_abs()),
                event_id,
                fence,
            };
            (read_model, checkpoint)
        })
        .collect())
}

/// How far the furthest read model is folded, if that fits the log: a log that ends before it, or
/// holds another event there, is not the one that was folded.
pub(super) async fn furthest(
    checkpoints: &Checkpoints,
    log: &dyn EventStore,
) -> Result<Position, ReadStoreError> {
    let furthest = checkpoints
        .values()
        .max_by_key(|checkpoint| checkpoint.position)
        .copied()
        .unwrap_or_default();
    let (checkpoint, event_id) = (furthest.position, furthest.event_id);
    if checkpoint > Position::START {
        let head = log.head().await?;
        if head < checkpoint {
            return Err(ReadStoreError::AheadOfLog { checkpoint, head });
        }
        let known = log.read_all(Position(checkpoint.0 - 1), 1).await?;
        if known.first().is_none_or(|event| event.id.0 != event_id) {
            return Err(ReadStoreError::AnotherLog { checkpoint });
        }
    }
    Ok(checkpoint)
}

/// Up to where a read model is folded: not at all if it has no checkpoint.
pub(super) fn folded(checkpoints: &Checkpoints, read_model: &str) -> Position {
    checkpoints
        .get(read_model)
        .map_or(Position::START, |checkpoint| checkpoint.position)
}

/// Moves on from where the writer believes the read model to be, in the table that it believes to be
/// in use; `false` if either is not so any more. Whoever else would move it waits.
pub(super) async fn write(
    db: &mut Rows<'_>,
    read_model: &str,
    from: Position,
    to: Checkpoint,
) -> Result<bool, sqlx::Error> {
    let moved = db
        .sql(include_str!("write_checkpoint.sql"))
        .bind(read_model)
        .bind(to.position.0.cast_signed())
        .bind(to.event_id)
        .bind(from.0.cast_signed())
        .bind(to.fence)
        .run()
        .await?;
    Ok(moved == 1)
}

/// Holds a read model where it is: who keeps it up finds a higher fence when it next moves on.
/// Answers where that is.
pub(super) async fn hold(
    db: &mut Rows<'_>,
    read_model: &str,
    fence: i64,
) -> Result<Checkpoint, sqlx::Error> {
    let (position, event_id): (i64, Uuid) = db
        .sql(include_str!("hold_checkpoint.sql"))
        .bind(read_model)
        .bind(Uuid::nil())
        .bind(fence)
        .one()
        .await?;
    Ok(Checkpoint {
        position: Position(position.unsigned_abs()),
        event_id,
        fence,
    })
}

pub(super) async fn forget(db: &mut Rows<'_>, read_model: &str) -> Result<(), sqlx::Error> {
    db.sql(include_str!("forget_checkpoint.sql"))
        .bind(read_model)
        .run()
        .await
        .map(|_| ())
}
