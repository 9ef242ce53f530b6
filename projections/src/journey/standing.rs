//! How many are registered, and where they stand.

use domain::{es::Day, words::UnitId};
use schemars::JsonSchema;
use serde::Serialize;

use super::{JourneyRow, defined_within};
use crate::{
    AskError, Question, Rows, Scope,
    question::{table, unit_to_bind},
    row::selected,
};

/// Asks where the persons of a unit stand.
#[derive(Debug, Clone)]
pub struct StandingNow {
    /// One department; all in scope if not told.
    pub unit: Option<UnitId>,
    /// Of which departments the asker may hear.
    pub scope: Scope,
    /// Within how many days a contact makes a participant active.
    pub active_within_days: u64,
}

/// Where the persons stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StandingView {
    /// How it is counted.
    pub definition: String,
    /// On the list: an inquiry open or a stay begun, not closed or ended.
    pub registered: i64,
    /// Participants with a contact in the last days.
    pub active: i64,
    /// On their way in.
    pub incoming: i64,
    /// Registered, and neither active nor incoming nor paused.
    pub passive: i64,
    /// Paused after a relapse.
    pub paused: i64,
    /// Participations that ended.
    pub ended: i64,
    /// Inquiries that came to nothing.
    pub closed: i64,
}

const DEFINITION: &str = "Stays, by their standing at the end of the day as_of. registered: an \
    inquiry open or participation begun, neither closed nor ended. incoming: registered, \
    participation not yet begun. paused: after a relapse, until returned. active: participant, not \
    paused, not passive by agreement, with a contact-held or oppdrag-meeting-held within {days} days \
    (a parameter) up to as_of. passive: registered and neither active, incoming nor paused. ended: \
    participations ended. closed: inquiries closed. registered = active + incoming + passive + \
    paused.";

struct Counted {
    registered: i64,
    active: i64,
    incoming: i64,
    paused: i64,
    ended: i64,
    closed: i64,
}
selected!(Counted {
    registered,
    active,
    incoming,
    paused,
    ended,
    closed
});

impl Question for StandingNow {
    type View = StandingView;
    const TABLES: &'static [&'static str] = &[table::<JourneyRow>()];

    async fn ask(&self, rows: &mut Rows<'_>, as_of: Day) -> Result<StandingView, AskError> {
        let counted: Counted = rows
            .sql(include_str!("count_standing.sql"))
            .bind(unit_to_bind(self.unit.as_ref()))
            .bind(self.scope.to_bind())
            .bind(as_of.minus(self.active_within_days).0)
            .one()
            .await?;
        Ok(StandingView {
            definition: defined_within(DEFINITION, self.active_within_days),
            registered: counted.registered,
            active: counted.active,
            incoming: counted.incoming,
            passive: counted.registered - counted.active - counted.incoming - counted.paused,
            paused: counted.paused,
            ended: counted.ended,
            closed: counted.closed,
        })
    }
}
