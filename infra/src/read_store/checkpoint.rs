//! Checkpoints: up to where each read model is folded.

use std::collections::HashMap;

use domain::es::Position;
use projections::Rows;
use uuid::Uuid;

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
