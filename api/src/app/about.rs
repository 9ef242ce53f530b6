//! What a command is about, as far as a right rests on it: read from the stream it is for.

use domain::{
    es::{Aggregate, Position, RecordedEvent, Version, amend::Kind},
    participant::{
        Participant, ParticipantEvent, ParticipantFact, ParticipantState, Person, Stage,
    },
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

impl Application {
    /// What a command is about; `None` if there is nothing yet, and the command does not say.
    pub(super) async fn about(
        &self,
        target: &Target,
        kind: &Kind,
        fields: &Map<String, Value>,
        opens: bool,
    ) -> Result<Option<About>, Problem> {
        let named = |field: &str| -> Option<UnitId> { fields.get(field)?.as_str()?.parse().ok() };
        Ok(match target {
            Target::Participant(id) => {
                let events = self.events(target).await?;
                let aggregate = Aggregate::<Participant>::fold(&events)
                    .map_err(|error| failed(error, &Value::Null).problem)?;
                let left_at = match &aggregate.state {
                    ParticipantState::Known(person) => left_at(person, kind, fields),
                    ParticipantState::Unknown => None,
                };
                let department = match aggregate.state {
                    // Who has left may come back anywhere: then it is about where they come.
                    ParticipantState::Known(person)
                        if opens && matches!(person.stay.stage, Stage::Over(_)) =>
                    {
                        named("department")
                    }
                    ParticipantState::Known(person) => Some(person.stay.department),
                    ParticipantState::Unknown if opens => named("department"),
                    ParticipantState::Unknown => None,
                };
                department.map(|department| About::Participant {
                    id: *id,
                    department,
                    left_at,
                    tidgiver: tidgiver_of(&events, fields),
                })
            }
            Target::Referral(_) => {
                let state = Aggregate::<Referral>::fold(&self.events(target).await?)
                    .map_err(|error| failed(error, &Value::Null).problem)?
                    .state;
                about_referral(&state).or_else(|| {
                    opens.then_some(About::Referral {
                        from: named("from")?,
                        to: named("to")?,
                        participant: None,
                    })
                })
            }
            Target::Tidgiver(_) => {
                let state = Aggregate::<Tidgiver>::fold(&self.events(target).await?)
                    .map_err(|error| failed(error, &Value::Null).problem)?
                    .state;
                let department = match state {
                    TidgiverState::Candidate(known) | TidgiverState::Approved(known, _) => {
                        Some(known.department)
                    }
                    TidgiverState::Unknown | TidgiverState::Left if opens => named("department"),
                    TidgiverState::Unknown | TidgiverState::Left => None,
                };
                department.map(|department| About::Tidgiver {
                    department: Some(department),
                })
            }
            Target::Cooperation(id) => Some(About::Cooperation {
                unit: id.unit.clone(),
                department: id.department.clone(),
            }),
            Target::Unit(id) => Some(About::Unit { id: id.clone() }),
        })
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

    pub(super) async fn events(&self, target: &Target) -> Result<Vec<RecordedEvent>, Problem> {
        self.log
            .read_stream(&target.stream(), Version::NONE)
            .await
            .map_err(|error| {
                unavailable(&error);
                Problem::general(&general::UNAVAILABLE)
            })
    }
}

/// The department of the earlier stay in which what a command names began.
fn left_at(person: &Person, kind: &Kind, fields: &Map<String, Value>) -> Option<UnitId> {
    let named = |name: &str| fields.get(name)?.as_str();
    if kind.command == "acknowledge-safety-concern" {
        let concern = named("concern_id")?.parse().ok()?;
        let stay = person.earlier_stay(person.concerns.get(&concern)?.stay)?;
        return Some(stay.department.clone());
    }
    let oppdrag = named("oppdrag_id").and_then(|id| id.parse().ok());
    let goal = named("goal_id").and_then(|id| id.parse().ok());
    let stay = oppdrag
        .and_then(|id| person.earlier_stay_with(id))
        .or_else(|| person.earlier_stay_aiming_at(goal?))?;
    Some(stay.department.clone())
}

fn about_referral(state: &ReferralState) -> Option<About> {
    let proposal = state.proposal()?;
    Some(About::Referral {
        from: proposal.from.clone(),
        to: proposal.to.clone(),
        participant: state.yes().map(|yes| yes.participant_id),
    })
}

/// The tidgiver of the oppdrag that a command names.
fn tidgiver_of(events: &[RecordedEvent], fields: &Map<String, Value>) -> Option<TidgiverId> {
    let named: OppdragId = fields.get("oppdrag_id")?.as_str()?.parse().ok()?;
    events
        .iter()
        .rev()
        .filter(|event| event.kind == "tidgiver-matched")
        .find_map(|event| {
            let event: ParticipantEvent =
                domain::es::EventData::from_json(&event.kind, event.schema_version, &event.data)
                    .ok()?;
            match event.fact {
                ParticipantFact::TidgiverMatched(matched) if matched.oppdrag_id == named => {
                    Some(matched.tidgiver)
                }
                _ => None,
            }
        })
}
