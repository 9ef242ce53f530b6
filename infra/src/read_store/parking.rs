//! Parking: streams that stand still at an event that could not be taken in.
//!
//! The log keeps all that comes after it, all other streams go on, and whoever asks is told that
//! something is missing. What is kept about it names the event and the kind of fault, and never
//! what the event or an error says.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use domain::es::{EventId, Position, RecordedEvent, StreamName};
use projections::Rows;
use uuid::Uuid;

use super::{
    engine::{Place, Writer},
    error::ReadStoreError,
};

/// Where a stream stands still, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// The stream.
    pub stream: StreamName,
    /// Where the event stands in the log.
    pub position: Position,
    /// The event.
    pub event_id: EventId,
    /// Its kind.
    pub kind: String,
    /// The version of its shape.
    pub schema_version: u16,
    /// What goes wrong with it.
    pub cause: Cause,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was given up first, by the clock of the read models' database; unknown of what an
    /// older program parked.
    pub first_tried: Option<DateTime<Utc>>,
    /// When it was tried last.
    pub last_tried: Option<DateTime<Utc>>,
    /// Somebody asked for another try, which has not been made yet.
    pub wanted: bool,
}

/// What goes wrong with an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// This program does not know its kind, its version or its shape.
    Unreadable,
    /// A read model gave up at it: a fault of this program.
    Panicked,
    /// The tables refuse a row that it makes.
    NotWritten,
    /// The process ended at it, again and again.
    Died,
}

impl Cause {
    const ALL: [Self; 4] = [
        Self::Unreadable,
        Self::Panicked,
        Self::NotWritten,
        Self::Died,
    ];

    /// As a stable word.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Panicked => "panicked",
            Self::NotWritten => "not-written",
            Self::Died => "died",
        }
    }
}

/// A word that names no fault.
#[derive(Debug, thiserror::Error)]
#[error("no fault of an event is called that")]
pub struct CauseError;

impl FromStr for Cause {
    type Err = CauseError;
    fn from_str(code: &str) -> Result<Self, CauseError> {
        let mut all = Self::ALL.into_iter();
        all.find(|cause| cause.code() == code).ok_or(CauseError)
    }
}

impl Parked {
    /// At an event, not yet kept.
    pub(super) fn at(event: &RecordedEvent, cause: Cause, attempts: u32) -> Self {
        Self {
            stream: event.stream.clone(),
            position: event.position,
            event_id: event.id,
            kind: event.kind.clone(),
            schema_version: event.schema_version,
            cause,
            attempts,
            first_tried: None,
            last_tried: None,
            wanted: false,
        }
    }

    /// Says it once, where it happens.
    pub(super) fn tell(&self) {
        tracing::error!(
            position = self.position.0,
            event_id = %self.event_id.0,
            kind = self.kind,
            schema_version = self.schema_version,
            cause = self.cause.code(),
            attempts = self.attempts,
            "an event cannot be taken in; its stream stands still"
        );
    }
}

/// The streams that stand still, looked at and released beside whoever keeps the read models up.
#[derive(Debug)]
pub struct StandingStill {
    db: Writer,
}

impl StandingStill {
    /// In the read store that a URL (`sqlite:PATH`, `postgres://…`) names.
    pub async fn open(url: &str) -> Result<Self, ReadStoreError> {
        let db = Place::of(url)?.writer().await?;
        Ok(Self { db })
    }

    /// In tables that this process has brought up to date.
    pub(super) async fn beside(place: &Place) -> Result<Self, ReadStoreError> {
        let db = place.beside().await?;
        Ok(Self { db })
    }

    /// All of them, in the order of the log.
    pub async fn all(&mut self) -> Result<Vec<Parked>, ReadStoreError> {
        Ok(read(&mut self.db.begin().await?.rows()).await?)
    }

    /// Asks for another try of one; `false` if it does not stand still. Whoever keeps it up makes
    /// the try: within a second if it runs, else when it starts.
    pub async fn release(&mut self, stream: &StreamName) -> Result<bool, ReadStoreError> {
        let mut transaction = self.db.begin().await?;
        let asked = transaction
            .rows()
            .sql(include_str!("want.sql"))
            .bind(stream.as_str())
            .run()
            .await?;
        transaction.commit().await?;
        Ok(asked > 0)
    }

    /// Asks for another try of all; says how many.
    pub async fn release_all(&mut self) -> Result<u64, ReadStoreError> {
        let mut transaction = self.db.begin().await?;
        let asked = transaction
            .rows()
            .sql(include_str!("want_all.sql"))
            .run()
            .await?;
        transaction.commit().await?;
        Ok(asked)
    }

    /// Lets go of the tables.
    pub async fn close(self) {
        self.db.close().await;
    }
}

type Kept = (String, i64, Uuid, String, i64, String, i64, i64, i64, bool);

pub(super) async fn read(db: &mut Rows<'_>) -> Result<Vec<Parked>, sqlx::Error> {
    let rows: Vec<Kept> = db.sql(include_str!("read_parked.sql")).all().await?;
    rows.into_iter().map(parked).collect()
}

fn parked(kept: Kept) -> Result<Parked, sqlx::Error> {
    let (stream, position, event_id, kind, schema_version, cause, attempts, first, last, wanted) =
        kept;
    let moment = |micros: i64| DateTime::from_timestamp_micros(micros).filter(|_| micros > 0);
    Ok(Parked {
        stream: StreamName::try_from(stream)
            .map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
        position: Position(position.unsigned_abs()),
        event_id: EventId(event_id),
        kind,
        schema_version: u16::try_from(schema_version).unwrap_or(u16::MAX),
        cause: cause
            .parse()
            .map_err(|error: CauseError| sqlx::Error::Decode(Box::new(error)))?,
        attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
        first_tried: moment(first),
        last_tried: moment(last),
        wanted,
    })
}

/// Keeps what is newly parked; of a stream that stands still already the first is kept.
pub(super) async fn keep(
    db: &mut Rows<'_>,
    parked: &[Parked],
    now: i64,
) -> Result<(), sqlx::Error> {
    for parked in parked {
        db.sql(include_str!("park.sql"))
            .bind(parked.stream.as_str())
            .bind(parked.position.0.cast_signed())
            .bind(parked.event_id.0)
            .bind(&*parked.kind)
            .bind(i64::from(parked.schema_version))
            .bind(parked.cause.code())
            .bind(i64::from(parked.attempts))
            .bind(now)
            .run()
            .await?;
    }
    Ok(())
}

/// Counts a try that is about to be made.
pub(super) async fn count_try(
    db: &mut Rows<'_>,
    stream: &StreamName,
    now: i64,
) -> Result<(), sqlx::Error> {
    db.sql(include_str!("count_try.sql"))
        .bind(stream.as_str())
        .bind(now)
        .run()
        .await
        .map(|_| ())
}

/// The try failed, for this reason.
pub(super) async fn tell_cause(
    db: &mut Rows<'_>,
    stream: &StreamName,
    cause: Cause,
) -> Result<(), sqlx::Error> {
    db.sql(include_str!("tell_cause.sql"))
        .bind(stream.as_str())
        .bind(cause.code())
        .run()
        .await
        .map(|_| ())
}

pub(super) async fn release(db: &mut Rows<'_>, stream: &StreamName) -> Result<(), sqlx::Error> {
    db.sql(include_str!("release.sql"))
        .bind(stream.as_str())
        .run()
        .await
        .map(|_| ())
}
