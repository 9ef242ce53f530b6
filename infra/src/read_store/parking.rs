//! Parking: streams that stand still at an event that cannot be read.

use domain::es::{EventId, Position, StreamName};
use projections::Rows;
use uuid::Uuid;

use super::reading::Parked;

pub(super) async fn read(db: &mut Rows<'_>) -> Result<Vec<Parked>, sqlx::Error> {
    let rows: Vec<(String, i64, Uuid, String, i64)> =
        db.sql(include_str!("read_parked.sql")).all().await?;
    rows.into_iter()
        .map(|(stream, position, event_id, kind, schema_version)| {
            Ok(Parked {
                stream: StreamName::try_from(stream)
                    .map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
                position: Position(position.unsigned_abs()),
                event_id: EventId(event_id),
                kind,
                schema_version: u16::try_from(schema_version).unwrap_or(u16::MAX),
            })
        })
        .collect()
}

pub(super) async fn keep(db: &mut Rows<'_>, parked: &[Parked]) -> Result<(), sqlx::Error> {
    for parked in parked {
        db.sql(include_str!("park.sql"))
            .bind(parked.stream.as_str())
            .bind(parked.position.0.cast_signed())
            .bind(parked.event_id.0)
            .bind(&*parked.kind)
            .bind(i64::from(parked.schema_version))
            .run()
            .await?;
    }
    Ok(())
}

pub(super) async fn release(db: &mut Rows<'_>, stream: &StreamName) -> Result<(), sqlx::Error> {
    db.sql(include_str!("release.sql"))
        .bind(stream.as_str())
        .run()
        .await
        .map(|_| ())
}
