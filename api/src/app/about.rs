//! What a command is about, as far as a right rests on it: read from the stream it is for.

use std::collections::BTreeSet;

use domain::{
    es::{Aggregate, EventData, EventId, Fact, Position, ReadError, RecordedEvent, Version},
    participant::{Participant, ParticipantEvent, ParticipantFact, ParticipantState, Stage},
    referral::{Referral, ReferralState},
    tidgiver::{Tidgiver, TidgiverState},
    words::{OppdragId, TidgiverId, UnitId},
};
use serde_json::{Map, Value};

use super::{
    Application, Target,
    execute::{failed, unavailable},
};
use crate::{
    auth::rights::About,
    problem::{Problem, general},
};

/// What the log holds of what a command is told to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum There {
    /// Nothing.
    Nothing,
    /// Somebody who has left: they may come back anywhere, by what the command says itself.
    Free,
    /// Something that is somebody's.
    Held(About),
}

impl Application {
    /// What a command is about.
    pub(super) async fn about(
        &self,
        target: &Target,
        fields: &Map<String, Value>,
        opens: bool,
    ) -> Result<There, Problem> {
        Ok(match target {
            Target::Participant(id) => {
                let facts = self.facts(target).await?;
                let state = Aggregate::<Participant>::fold(&facts)
                    .map_err(|error| failed(error, &Value::Null).problem)?
                    .state;
                match state {
                    ParticipantState::Unknown => There::Nothing,
                    ParticipantState::Known(person) => {
                        let departments: BTreeSet<UnitId> = match person.stay.stage {
                            Stage::Over(_) if opens => return Ok(There::Free),
                            _ if opens => BTreeSet::from([person.stay.department]),
                            _ => person.stays().map(|stay| stay.department.clone()).collect(),
                        };
                        There::Held(About::Participant {
                            id: *id,
                            departments,
                            tidgiver: tidgiver_of(&facts, fields),
                        })
                    }
                }
            }
            Target::Referral(_) => {
                let state = Aggregate::<Referral>::fold(&self.facts(target).await?)
                    .map_err(|error| failed(error, &Value::Null).problem)?
                    .state;
                about_referral(&state).map_or(There::Nothing, There::Held)
            }
            Target::Tidgiver(_) => {
                let state = Aggregate::<Tidgiver>::fold(&self.facts(target).await?)
                    .map_err(|error| failed(error, &Value::Null).problem)?
                    .state;
                match state {
                    TidgiverState::Left(..) if opens => There::Free,
                    TidgiverState::Candidate(known)
                    | TidgiverState::Approved(known, _)
                    | TidgiverState::Left(known, _) => There::Held(About::Tidgiver {
                        department: known.department,
                    }),
                    TidgiverState::Unknown => There::Nothing,
                }
            }
            Target::Cooperation(id) => There::Held(About::Cooperation {
                unit: id.unit.clone(),
                department: id.department.clone(),
            }),
            Target::Unit(id) => There::Held(About::Unit { id: id.clone() }),
        })
    }

    /// Whether a command names an entry of a stay that a department does not hold. Such an entry
    /// is not there for it.
    pub(super) async fn is_of_anothers_stay(
        &self,
        target: &Target,
        fields: &Map<String, Value>,
        department: &UnitId,
    ) -> Result<bool, Problem> {
        let Some(entry) = entry_in(fields) else {
            return Ok(false);
        };
        let facts = self.facts(target).await?;
        let Some(named) = facts.iter().find(|fact| fact.id == entry) else {
            return Ok(false);
        };
        let state = Aggregate::<Participant>::fold(&facts)
            .map_err(|error| failed(error, &Value::Null).problem)?
            .state;
        let (ParticipantState::Known(person), Some(event)) = (state, of_participant(named)) else {
            return Ok(true);
        };
        let held = person.as_known_to(Some(department));
        Ok(!held.is_some_and(|held| held.stays().any(|stay| stay.id == event.stay_id)))
    }

    /// The version of a record at a place in the log; `NONE` if nothing was told of it by then.
    pub(crate) async fn version_at(
        &self,
        target: &Target,
        position: Position,
    ) -> Result<Version, Problem> {
        let events = self.events(target).await?;
        let seen = events.iter().rev().find(|event| event.position <= position);
        Ok(seen.map_or(Version::NONE, |event| event.version))
    }

    async fn facts(&self, target: &Target) -> Result<Vec<Fact>, Problem> {
        or_unavailable(self.log.history(&target.stream()).await)
    }

    pub(super) async fn events(&self, target: &Target) -> Result<Vec<RecordedEvent>, Problem> {
        let stream = target.stream();
        or_unavailable(self.log.read_stream(&stream, Version::NONE).await)
    }
}

fn or_unavailable<T>(read: Result<T, ReadError>) -> Result<T, Problem> {
    read.map_err(|error| {
        unavailable(&error);
        Problem::general(&general::UNAVAILABLE)
    })
}

/// What a command that opens something says itself of whose it is to be; `None` if it does not.
pub(super) fn as_told(target: &Target, fields: &Map<String, Value>) -> Option<About> {
    opened(target, |field| fields.get(field)?.as_str()?.parse().ok())
}

/// What something that is opened would be about, if it were all of one unit.
pub(super) fn at_ones_own(target: &Target, unit: Option<&UnitId>) -> Option<About> {
    opened(target, |_| unit.cloned())
}

fn opened(target: &Target, named: impl Fn(&str) -> Option<UnitId>) -> Option<About> {
    match target {
        Target::Participant(id) => Some(About::Participant {
            id: *id,
            departments: BTreeSet::from([named("department")?]),
            tidgiver: None,
        }),
        Target::Referral(_) => Some(About::Referral {
            from: named("from")?,
            to: named("to")?,
            participant: None,
        }),
        Target::Tidgiver(_) => Some(About::Tidgiver {
            department: named("department")?,
        }),
        Target::Cooperation(_) | Target::Unit(_) => None,
    }
}

fn about_referral(state: &ReferralState) -> Option<About> {
    let proposal = state.proposal()?;
    Some(About::Referral {
        from: proposal.from.clone(),
        to: proposal.to.clone(),
        participant: state.yes().map(|yes| yes.participant_id),
    })
}

/// The entry that a correction or a retraction names.
fn entry_in(fields: &Map<String, Value>) -> Option<EventId> {
    fields.get("entry")?.as_str()?.parse().ok()
}

/// The tidgiver of the oppdrag that a command names.
fn tidgiver_of(facts: &[Fact], fields: &Map<String, Value>) -> Option<TidgiverId> {
    let named: OppdragId = fields.get("oppdrag_id")?.as_str()?.parse().ok()?;
    facts
        .iter()
        .rev()
        .filter(|fact| fact.kind == "tidgiver-matched")
        .find_map(|fact| match of_participant(fact)?.fact {
            ParticipantFact::TidgiverMatched(matched) if matched.oppdrag_id == named => {
                Some(matched.tidgiver)
            }
            _ => None,
        })
}

fn of_participant(fact: &Fact) -> Option<ParticipantEvent> {
    EventData::from_json(&fact.kind, fact.schema_version, &fact.data).ok()
}
