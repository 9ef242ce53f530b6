//! Every read model, and one's rows on their way to the table.

use std::{borrow::Cow, collections::HashMap};

use async_trait::async_trait;
use domain::es::{Position, StreamName};
use foldhash::fast::RandomState;
use projections::{
    Happened, Projection, Row, Rows, contact, cooperation, journey, key_figures, oppdrag, patient,
    plan, referral, relapse, safety, sentence, tidgiver, timeline, unit,
};

use super::{
    changes::{Changed, ChangedRows},
    error::ReadStoreError,
    sum::{self, Sum, Take},
    write,
};

macro_rules! all {
    ($($projection:ty),+ $(,)?) => {
        /// The names of all read models, which are the names of their tables.
        #[must_use]
        pub const fn read_models() -> &'static [&'static str] {
            &[$(<$projection as Projection>::NAME),+]
        }

        /// All read models, without rows.
        pub(super) fn all() -> Vec<Box<dyn ReadModel>> {
            vec![$(Box::new(AtHand::<$projection>::default())),+]
        }
    };
}

/// Tables of read models that earlier releases had. Nodes of such a release may still keep them up;
/// they are dropped with the tables that are kept to go back to.
pub(super) const FORMER: &[&str] = &["timeline_v1"];

/// Some read models, without rows.
pub(super) fn named(names: &[&str]) -> Result<Vec<Box<dyn ReadModel>>, ReadStoreError> {
    let unknown = names.iter().find(|name| !read_models().contains(name));
    if let Some(unknown) = unknown {
        return Err(ReadStoreError::NoSuchReadModel((*unknown).to_owned()));
    }
    let mut models = all();
    models.retain(|model| names.contains(&model.name()));
    Ok(models)
}

/// The read models of some categories of streams, without rows.
pub(super) fn of(categories: &[&str]) -> Vec<Box<dyn ReadModel>> {
    let mut models = all();
    models.retain(|model| categories.contains(&model.category()));
    models
}

/// The categories of the streams that some tables are folded from.
pub(super) fn categories(tables: &[&str]) -> Vec<&'static str> {
    let models = all().into_iter();
    let mut categories: Vec<_> = models
        .filter(|model| tables.contains(&model.name()))
        .map(|model| model.category())
        .collect();
    categories.sort_unstable();
    categories.dedup();
    categories
}

all!(
    contact::Contact,
    cooperation::Cooperation,
    cooperation::HeadCounts,
    cooperation::Visits,
    journey::Journey,
    key_figures::ReportedFigures,
    oppdrag::Oppdrag,
    patient::Patient,
    plan::Goals,
    plan::Plans,
    referral::Referral,
    relapse::Relapse,
    safety::SafetyConcern,
    sentence::Sentence,
    tidgiver::Tidgiver,
    timeline::Timeline,
    unit::Unit,
);

/// One read model, whatever its rows: the rows at hand, stream by stream.
#[async_trait]
pub(super) trait ReadModel: Send + Sync {
    fn name(&self) -> &'static str;
    fn category(&self) -> &'static str;
    /// The columns that its rows have.
    fn columns(&self) -> &'static [&'static str];
    /// Whether a fact adds rows that depend on nothing but it.
    fn only_adds(&self) -> bool;
    /// Another table than the one in use is folded.
    fn set_table(&mut self, table: String);
    /// Up to where the table was folded when it was opened: a batch before that is not written.
    fn set_position(&mut self, position: Position);
    fn position(&self) -> Position;
    /// A fact that stands after all others of its stream.
    fn apply(&mut self, stream: &StreamName, happened: &Happened<'_>);
    /// All facts of a stream, in the order of the world: its rows are folded from nothing.
    fn refold(&mut self, stream: &StreamName, facts: &[Happened<'_>]);
    /// Lets go of a stream's rows, which must have been written.
    fn let_go(&mut self, stream: &StreamName);
    /// Takes what changed, to be written into a table that holds so much of it.
    fn take_changed(&mut self, there: There) -> Option<Box<dyn Changed>>;
    /// What a table of these rows holds.
    async fn sum(&self, db: &mut Rows<'_>, table: &str) -> Result<Sum, sqlx::Error>;
    /// Each row of a table of these rows.
    async fn each(
        &self,
        db: &mut Rows<'_>,
        table: &str,
        take: &mut Take<'_>,
    ) -> Result<(), sqlx::Error>;
    /// Empties the table.
    async fn clear(&mut self, db: &mut Rows<'_>) -> Result<(), sqlx::Error>;
}

/// What a table may hold of the rows that are to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum There {
    /// Nothing of their streams.
    Nothing,
    /// What was written from here.
    Known,
    /// Any of them.
    Maybe,
}

/// The rows of one stream.
struct Slot<R> {
    rows: Vec<R>,
    /// Something is to be written.
    changed: bool,
    /// Rows may have vanished: the stream's rows are deleted before these are written.
    anew: bool,
    /// Rows were written: the table holds some of the stream.
    written: bool,
}

impl<R> Default for Slot<R> {
    fn default() -> Self {
        Self {
            rows: vec![],
            changed: false,
            anew: false,
            written: false,
        }
    }
}

struct AtHand<P: Projection> {
    table: Cow<'static, str>,
    position: Position,
    slots: HashMap<StreamName, Slot<P::Row>, RandomState>,
    changed: Vec<StreamName>,
}

impl<P: Projection> Default for AtHand<P> {
    fn default() -> Self {
        Self {
            table: Cow::Borrowed(P::NAME),
            position: Position::START,
            slots: HashMap::default(),
            changed: vec![],
        }
    }
}

#[async_trait]
impl<P: Projection> ReadModel for AtHand<P> {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn category(&self) -> &'static str {
        P::CATEGORY
    }

    fn columns(&self) -> &'static [&'static str] {
        P::Row::COLUMNS
    }

    fn only_adds(&self) -> bool {
        P::ONLY_ADDS
    }

    fn set_table(&mut self, table: String) {
        self.table = Cow::Owned(table);
    }

    fn set_position(&mut self, position: Position) {
        self.position = position;
    }

    fn position(&self) -> Position {
        self.position
    }

    fn apply(&mut self, stream: &StreamName, happened: &Happened<'_>) {
        let Some(slot) = self.slots.get_mut(stream) else {
            let mut rows = vec![];
            P::apply(&mut rows, happened);
            if !rows.is_empty() {
                let slot = Slot {
                    rows,
                    changed: true,
                    ..Slot::default()
                };
                self.slots.insert(stream.clone(), slot);
                self.changed.push(stream.clone());
            }
            return;
        };
        if slot.changed {
            P::apply(&mut slot.rows, happened);
            return;
        }
        let before = slot.rows.clone();
        P::apply(&mut slot.rows, happened);
        if slot.rows != before {
            slot.changed = true;
            self.changed.push(stream.clone());
        }
    }

    fn refold(&mut self, stream: &StreamName, facts: &[Happened<'_>]) {
        let slot = self.slots.entry(stream.clone()).or_default();
        slot.rows.clear();
        for fact in facts {
            P::apply(&mut slot.rows, fact);
        }
        slot.anew = true;
        if !slot.changed {
            slot.changed = true;
            self.changed.push(stream.clone());
        }
    }

    fn let_go(&mut self, stream: &StreamName) {
        self.slots.remove(stream);
    }

    fn take_changed(&mut self, there: There) -> Option<Box<dyn Changed>> {
        let mut changed = ChangedRows {
            table: self.table.clone(),
            rows: vec![],
            gone: vec![],
            there: vec![],
            apart: P::ONLY_ADDS || there == There::Nothing,
            maybe_there: there == There::Maybe,
        };
        // Rows that lie side by side in the index are written one after the other.
        self.changed.sort_unstable();
        for stream in self.changed.drain(..) {
            let Some(slot) = self.slots.get_mut(&stream) else {
                continue;
            };
            match there {
                There::Nothing => {}
                _ if slot.anew => changed.gone.push(stream.clone()),
                _ if slot.written => changed.there.push(stream.clone()),
                _ => {}
            }
            if P::ONLY_ADDS || slot.rows.is_empty() {
                changed.rows.append(&mut slot.rows);
                self.slots.remove(&stream);
            } else {
                changed.rows.extend_from_slice(&slot.rows);
                slot.changed = false;
                slot.anew = false;
                slot.written = true;
            }
        }
        let any = !(changed.rows.is_empty() && changed.gone.is_empty());
        any.then(|| Box::new(changed) as Box<dyn Changed>)
    }

    async fn sum(&self, db: &mut Rows<'_>, table: &str) -> Result<Sum, sqlx::Error> {
        sum::of::<P::Row>(db, table).await
    }

    async fn each(
        &self,
        db: &mut Rows<'_>,
        table: &str,
        take: &mut Take<'_>,
    ) -> Result<(), sqlx::Error> {
        sum::each::<P::Row>(db, table, take).await
    }

    async fn clear(&mut self, db: &mut Rows<'_>) -> Result<(), sqlx::Error> {
        self.position = Position::START;
        self.slots.clear();
        self.changed.clear();
        write::clear(db, &self.table).await
    }
}
