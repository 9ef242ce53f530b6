//! How typed values become columns: the few types that every SQL engine keeps alike.

use chrono::NaiveDate;
use domain::{
    cooperation::{Agreement, Anchoring, PauseReason, Rhythm, Setting},
    es::{ConsentId, Day, EventId, VaultEntryId},
    participant::{
        CancelledBy, Channel, EndReason, Learned, OppdragEnd, OppdragKind, PlanForm, Progress,
        Readiness, SentenceForm, SupportWish, TreatmentPhase,
    },
    referral::{DeclineReason, WithdrawnBy},
    tidgiver::{Language, LeaveReason},
    words::{
        ConcernId, GoalId, OppdragId, ParticipantId, ReferralId, Situation, StaffId, StayId,
        TidgiverId, UnitId, UnitKind,
    },
};
use serde::{Deserialize, Serialize, de::value::StrDeserializer};
use sqlx::{ColumnIndex, Decode, Row, Type};
use uuid::Uuid;

/// What a column holds is not a value of its type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} does not hold such a value")]
pub struct ColumnError {
    /// The type that was asked for.
    pub what: &'static str,
}

/// A type that one column keeps.
pub trait Column: Sized {
    /// What the engine keeps: a UUID, text, a whole number, a truth value or a date.
    type Stored;
    /// As the engine keeps it.
    fn store(&self) -> Self::Stored;
    /// From what the engine keeps.
    fn load(stored: Self::Stored) -> Result<Self, ColumnError>;
}

/// Reads one column of a row; an error names the column.
pub fn column<'r, C: Column, R: Row>(row: &'r R, name: &str) -> Result<C, sqlx::Error>
where
    C::Stored: Decode<'r, R::Database> + Type<R::Database>,
    for<'n> &'n str: ColumnIndex<R>,
{
    C::load(row.try_get(name)?).map_err(|source| sqlx::Error::ColumnDecode {
        index: name.to_owned(),
        source: Box::new(source),
    })
}

macro_rules! kept_as_it_is {
    ($($type:ty),+) => { $(
        impl Column for $type {
            type Stored = Self;
            fn store(&self) -> Self { self.clone() }
            fn load(stored: Self) -> Result<Self, ColumnError> { Ok(stored) }
        }
    )+ };
}
kept_as_it_is!(i64, bool, f64, String, Uuid);

macro_rules! kept_as_uuid {
    ($($id:ident),+) => { $(
        impl Column for $id {
            type Stored = Uuid;
            fn store(&self) -> Uuid { self.0 }
            fn load(stored: Uuid) -> Result<Self, ColumnError> { Ok(Self(stored)) }
        }
    )+ };
}
kept_as_uuid!(
    EventId,
    ConsentId,
    VaultEntryId,
    ParticipantId,
    StayId,
    ReferralId,
    TidgiverId,
    StaffId,
    GoalId,
    OppdragId,
    ConcernId
);

impl Column for Day {
    type Stored = NaiveDate;
    fn store(&self) -> NaiveDate {
        self.0
    }
    fn load(stored: NaiveDate) -> Result<Self, ColumnError> {
        Ok(Self(stored))
    }
}

impl Column for UnitId {
    type Stored = String;
    fn store(&self) -> String {
        self.as_str().to_owned()
    }
    fn load(stored: String) -> Result<Self, ColumnError> {
        stored.parse().map_err(|_| ColumnError { what: "UnitId" })
    }
}

impl<C: Column> Column for Option<C> {
    type Stored = Option<C::Stored>;
    fn store(&self) -> Option<C::Stored> {
        self.as_ref().map(Column::store)
    }
    fn load(stored: Option<C::Stored>) -> Result<Self, ColumnError> {
        stored.map(C::load).transpose()
    }
}

/// A word of a closed list, as it stands on the wire.
pub(crate) fn word<T: Serialize>(value: &T) -> String {
    struct Word<'a, T>(&'a T);
    impl<T: Serialize> std::fmt::Display for Word<'_, T> {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            self.0.serialize(f)
        }
    }
    Word(value).to_string()
}

pub(crate) fn from_word<'de, T: Deserialize<'de>>(
    text: &'de str,
    what: &'static str,
) -> Result<T, ColumnError> {
    T::deserialize(StrDeserializer::<serde::de::value::Error>::new(text))
        .map_err(|_| ColumnError { what })
}

/// Lets closed lists of words be kept in columns, one or several of them.
macro_rules! kept_as_word {
    ($($code:ident),+ $(,)?) => { $(
        impl $crate::Column for $code {
            type Stored = String;
            fn store(&self) -> String { $crate::column::word(self) }
            fn load(stored: String) -> Result<Self, $crate::ColumnError> {
                $crate::column::from_word(&stored, stringify!($code))
            }
        }
        impl $crate::Column for Vec<$code> {
            type Stored = String;
            fn store(&self) -> String {
                self.iter().map($crate::column::word).collect::<Vec<_>>().join(",")
            }
            fn load(stored: String) -> Result<Self, $crate::ColumnError> {
                stored
                    .split(',')
                    .filter(|word| !word.is_empty())
                    .map(|word| $crate::column::from_word(word, stringify!($code)))
                    .collect()
            }
        }
    )+ };
}

pub(crate) use kept_as_word;

// The read models' own words are kept where they are declared.
kept_as_word!(
    Agreement,
    Anchoring,
    CancelledBy,
    Channel,
    DeclineReason,
    EndReason,
    Language,
    Learned,
    LeaveReason,
    OppdragEnd,
    OppdragKind,
    PauseReason,
    PlanForm,
    Progress,
    Readiness,
    Rhythm,
    SentenceForm,
    Setting,
    Situation,
    SupportWish,
    TreatmentPhase,
    UnitKind,
    WithdrawnBy,
);
