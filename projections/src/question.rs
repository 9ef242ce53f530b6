//! What is asked of the rows, and how the answer says what it shows.

use std::{collections::BTreeSet, future::Future};

use domain::{
    es::{Day, Position, RecordedAt, StreamName},
    words::UnitId,
};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{CursorError, Row, Rows};

/// Why a question got no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The rows could not be read.
    #[error("the read models did not answer")]
    Rows(#[from] sqlx::Error),
    /// The place to go on from is not one that a list has given.
    #[error("the cursor cannot be read")]
    Cursor(#[from] CursorError),
}

/// Something that can be asked of the read models, live or as they were.
pub trait Question: Send + Sync {
    /// What the answer holds, besides what it shows.
    type View: Serialize + JsonSchema + Send + 'static;

    /// The tables that it reads: only these are made when the past is asked.
    const TABLES: &'static [&'static str];

    /// The streams whose rows it reads, if they are few: of the past, the rows of no others are
    /// made then.
    fn streams(&self) -> Option<Vec<StreamName>> {
        None
    }

    /// Reads the answer, as of a day, from rows that hold no fact after it.
    fn ask(
        &self,
        rows: &mut Rows<'_>,
        as_of: Day,
    ) -> impl Future<Output = Result<Self::View, AskError>> + Send;
}

/// When the question is about, and what the answer must at least know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ask {
    /// A day in the world, inclusive; today unless told.
    pub as_of: Option<Day>,
    /// What was known at this moment; all that is known unless told.
    pub known_at: Option<RecordedAt>,
}

/// Streams that stand still, so that an answer lacks what came last in them. Who asks is told how
/// many.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Missing(pub Vec<StreamName>);

impl Missing {
    /// Whether nothing is missing.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Missing {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.len().serialize(serializer)
    }
}

impl JsonSchema for Missing {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Missing".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "minimum": 1 })
    }
}

/// An answer, with what it shows.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Answer<V> {
    /// The place in the log up to which it shows.
    pub position: Position,
    /// How many records the answer is not complete about, of those that it could rest on: they
    /// stand still at an event that could not be taken in, and what came after it is missing here.
    /// Left out if there are none.
    #[serde(default, skip_serializing_if = "Missing::is_none")]
    pub standing_still: Missing,
    /// The day in the world (Europe/Oslo, inclusive).
    pub as_of: Day,
    /// The moment of knowledge.
    pub known_at: RecordedAt,
    /// The rest.
    #[serde(flatten)]
    pub view: V,
}

impl<V> Answer<Option<V>> {
    /// The answer about something, if it is there for the asker.
    #[must_use]
    pub fn transpose(self) -> Option<Answer<V>> {
        Some(Answer {
            position: self.position,
            standing_still: self.standing_still,
            as_of: self.as_of,
            known_at: self.known_at,
            view: self.view?,
        })
    }
}

/// Of which departments' persons the asker may hear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All.
    All,
    /// These only.
    Departments(BTreeSet<UnitId>),
}

impl Scope {
    /// One department only.
    #[must_use]
    pub fn department(unit: UnitId) -> Self {
        Self::Departments(BTreeSet::from([unit]))
    }

    /// As one text to bind: every `.sql` file asks
    /// `($n = '*' OR $n LIKE '%,' || department || ',%')`. The ids of units hold neither a comma
    /// nor a wild card, and the same text works on every engine.
    pub(crate) fn to_bind(&self) -> String {
        match self {
            Self::All => "*".to_owned(),
            Self::Departments(units) => units
                .iter()
                .fold(",".to_owned(), |list, unit| list + unit.as_str() + ","),
        }
    }
}

/// The name of a row's table, for [`Question::TABLES`].
pub(crate) const fn table<R: Row>() -> &'static str {
    R::TABLE
}

/// An optional unit as text to bind: empty is any.
pub(crate) fn unit_to_bind(unit: Option<&UnitId>) -> String {
    unit.map_or_else(String::new, |unit| unit.as_str().to_owned())
}
