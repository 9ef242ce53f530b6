//! Who is who in the demo history: the same in every play.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::{
    es::ActorId,
    words::{ParticipantId, TidgiverId, UnitId},
};

use super::{moment, units};
use crate::history::scene::{self, DepartmentStaff, pseudonym, unit_pseudonym};

/// Who is who in the demo history, and what time it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoCast {
    /// Where the demo's clock starts.
    pub now: DateTime<Utc>,
    /// A participant in Oslo with a long way behind them, and an open stay.
    pub participant_id: ParticipantId,
    /// The tidgiver of that participant's oppdrag.
    pub tidgiver_id: TidgiverId,
    /// The employees of each department.
    pub staff: BTreeMap<UnitId, DepartmentStaff>,
    /// Under which pseudonym each institution told what it told.
    pub institutions: BTreeMap<UnitId, ActorId>,
    /// The national lead.
    pub national_lead: ActorId,
}

/// The cast, without a play.
#[must_use]
pub fn cast() -> DemoCast {
    DemoCast {
        now: moment("2021-07-01T10:00:00Z"),
        participant_id: ParticipantId(pseudonym("the participant of the guided tour")),
        tidgiver_id: TidgiverId(pseudonym("the tidgiver of the guided tour")),
        staff: scene::staff(),
        institutions: [units::LOLAND, units::SLEMDAL, units::POLYCLINIC]
            .map(|name| {
                let unit = units::unit(name);
                let actor = ActorId(unit_pseudonym(&unit));
                (unit, actor)
            })
            .into(),
        national_lead: ActorId(scene::national_lead()),
    }
}
