//! Checkpoints: up to where each read model is folded.

use std::collections::HashMap;

use domain::es::{EventStore, Position};
use projections::Rows;
use uuid::Uuid;

use super::error::ReadStoreError;

/// Up to where each read model is folded, and the event that stands there.
pub(super) type Checkpoints = HashMap<String, (Position, Uuid)>;

pub(super) async fn read(db: &mut Rows<'_>) -> Result<Checkpoints, sqlx::Error> {
    let rows: Vec<(String, i64, Uuid)> = db.sql(include_str!("read_checkpoints.sql")).all().await?;
    Ok(rows
        .into_iter()
        .map(|(read_model, position, event_id)| {
            (read_model, (Position(position.unsigned_abs()), event_id))
        })
        .collect())
}

/// How far the furthest read model is folded, if that fits the log: a log that ends before it, or
/// holds another event there, is not the one that was folded.
pub(super) async fn furthest(
    checkpoints: &Checkpoints,
    log: &dyn EventStore,
) -> Result<Position, ReadStoreError> {
    let (checkpoint, event_id) = checkpoints
        .values()
        .max_by_key(|(position, _)| *position)
        .copied()
        .unwrap_or_default();
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
        .map_or(Position::START, |(position, _)| *position)
}

pub(super) async fn write(
    db: &mut Rows<'_>,
    read_model: &str,
    (position, event_id): (Position, Uuid),
) -> Result<(), sqlx::Error> {
    db.sql(include_str!("write_checkpoint.sql"))
        .bind(read_model)
        .bind(position.0.cast_signed())
        .bind(event_id)
        .run()
        .await
        .map(|_| ())
}

pub(super) async fn forget(db: &mut Rows<'_>, read_model: &str) -> Result<(), sqlx::Error> {
    db.sql(include_str!("forget_checkpoint.sql"))
        .bind(read_model)
        .run()
        .await
        .map(|_| ())
}
