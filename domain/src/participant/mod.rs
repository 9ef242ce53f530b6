//! A participant's way: from the first contact, through kartlegging, plan and oppdrag, through
//! relapse and return, to an end, and perhaps back.
//!
//! One stream is one person. A person has *stays*, one at a time; every event names the stay it
//! belongs to. A fact told late belongs to the stay that was open when it happened.

mod codes;
mod event;
mod oppdrag;
mod rejection;
mod state;

pub use codes::*;
pub use event::*;
pub use rejection::ParticipantRejection;
pub use state::{Concern, Consent, Oppdrag, ParticipantState, Person, Plan, Relapse, Stage, Stay};

use std::borrow::Cow;

use crate::{
    es::{Context, Day, Decider, Entry, EventData, StreamName},
    words::{ParticipantId, StayId, UnitId, World},
};

/// The decider of participants.
#[derive(Debug, Clone)]
pub struct Participant;

impl Participant {
    /// The stream of one person.
    #[must_use]
    pub fn stream(participant: ParticipantId) -> StreamName {
        StreamName::new(Self::CATEGORY, participant)
    }
}

impl Decider for Participant {
    const CATEGORY: &'static str = "participant";
    type State = ParticipantState;
    type Command = ParticipantCommand;
    type Event = ParticipantEvent;
    type Rejection = ParticipantRejection;
    type World = World;

    fn decide(
        state: &ParticipantState,
        command: ParticipantCommand,
        context: &Context<'_, World>,
    ) -> Result<Vec<ParticipantEvent>, ParticipantRejection> {
        match state {
            ParticipantState::Unknown => match command {
                // The first contact may have been retracted, and that by mistake. Whether there is
                // such an entry, the walk of the command has looked.
                C::CorrectEntry(_) | C::RetractEntry(_) => Ok(vec![ParticipantEvent {
                    stay_id: StayId(context.command_id),
                    referral_id: None,
                    fact: command.into_fact(),
                }]),
                command => make_first_contact(command, context),
            },
            ParticipantState::Known(person) => person.decide(command, context),
        }
    }

    fn evolve(state: ParticipantState, entry: &Entry<ParticipantEvent>) -> ParticipantState {
        state.evolve(entry)
    }

    fn of_all(world: &World) -> Cow<'_, World> {
        Cow::Owned(World {
            asking: None,
            ..world.clone()
        })
    }

    /// A fact remains in its stay, and what opened a stay still does.
    fn stands(
        fact: &ParticipantEvent,
        anew: Option<&ParticipantEvent>,
    ) -> Result<(), ParticipantRejection> {
        let opens = |event: &ParticipantEvent| event.opens().then(|| event.kind());
        match anew {
            None if opens(fact).is_some() => Err(Why::StayIsOpen),
            None => Ok(()),
            Some(anew) if anew.stay_id == fact.stay_id && opens(anew) == opens(fact) => Ok(()),
            Some(_) => Err(Why::InAnotherStay),
        }
    }
}

use ParticipantCommand as C;
use ParticipantRejection as Why;

/// Whether a permitted command still changes anything.
enum Permit {
    /// It adds its fact.
    Record,
    /// It is so already.
    Unneeded,
}

impl Permit {
    fn unless(already: bool) -> Self {
        if already {
            Self::Unneeded
        } else {
            Self::Record
        }
    }
}

fn make_first_contact(
    command: C,
    context: &Context<'_, World>,
) -> Result<Vec<ParticipantEvent>, Why> {
    let C::MakeFirstContact(made) = command else {
        return Err(Why::NotKnown);
    };
    let opening: ReEntered = made.clone().into();
    may_open_a_stay(&opening, context.world)?;
    Ok(vec![ParticipantEvent {
        stay_id: StayId(context.command_id),
        referral_id: made.referral_id,
        fact: ParticipantFact::FirstContactMade(made),
    }])
}

/// Rules D1 and D3: nothing is asked but how the person came, and a department to come to.
fn may_open_a_stay(opening: &ReEntered, world: &World) -> Result<(), Why> {
    if opening.channels.is_empty() {
        return Err(Why::NoChannel);
    }
    must_be_department(&opening.department, world)?;
    opening
        .through
        .as_ref()
        .map_or(Ok(()), |unit| must_be_registered(unit, world))
}

fn must_be_department(unit: &UnitId, world: &World) -> Result<(), Why> {
    if world.is_department(unit) {
        Ok(())
    } else {
        Err(Why::UnknownUnit { unit: unit.clone() })
    }
}

fn must_be_registered(unit: &UnitId, world: &World) -> Result<(), Why> {
    if world.unit(unit).is_some() {
        Ok(())
    } else {
        Err(Why::UnknownUnit { unit: unit.clone() })
    }
}

impl Person {
    fn decide(
        &self,
        command: C,
        context: &Context<'_, World>,
    ) -> Result<Vec<ParticipantEvent>, Why> {
        let command = match command {
            // Who made contact before and comes again after an end, returns (rule D15).
            C::MakeFirstContact(made) => match self.stay.stage {
                Stage::Over(_) => C::ReEnter(made.into()),
                _ if self.as_known_to(context.world.asking.as_ref()).is_none() => {
                    return Err(Why::NotKnown);
                }
                // It is so already; a yes to another referral opens no second stay either.
                _ if made.referral_id.is_some() || context.day() == self.stay.opened => {
                    return Ok(vec![]);
                }
                _ => return Err(Why::StayIsOpen),
            },
            command => command,
        };
        if let C::ReEnter(opening) = command {
            return self.re_enter(opening, context);
        }
        let known = self.as_known_to(context.world.asking.as_ref());
        let known = known.ok_or(Why::NotKnown)?;
        let stay = known.stay_of(&command, context.day());
        if self.names_already(&command, stay.id) {
            return Err(Why::NameTaken);
        }
        let permit = match known.permit_of_person(&command, context)? {
            Some(permit) => permit,
            None => stay.permit(&command, context)?,
        };
        match permit {
            Permit::Unneeded => Ok(vec![]),
            Permit::Record => Ok(vec![ParticipantEvent {
                stay_id: stay.id,
                referral_id: stay.referral_id,
                fact: command.into_fact(),
            }]),
        }
    }

    /// The stay that a command belongs to. What names an oppdrag, a goal or a worry belongs where
    /// that began, anything else to the stay that was open on the day: so a fact told late is
    /// taken alike whether the person came back meanwhile or not.
    fn stay_of(&self, command: &C, day: Day) -> &Stay {
        let earlier = match command {
            C::HoldStartConversation(StartConversationHeld { oppdrag_id })
            | C::HoldOppdragMeeting(OppdragMeetingHeld { oppdrag_id, .. })
            | C::CancelOppdragMeeting(OppdragMeetingCancelled { oppdrag_id, .. })
            | C::ReviewOppdrag(OppdragReviewed { oppdrag_id, .. })
            | C::ExtendOppdrag(OppdragExtended { oppdrag_id, .. })
            | C::EndOppdrag(OppdragEnded { oppdrag_id, .. })
            | C::RaiseSafetyConcern(SafetyConcernRaised {
                oppdrag_id: Some(oppdrag_id),
                ..
            }) => self.earlier_stay_with(*oppdrag_id),
            C::AcknowledgeSafetyConcern(SafetyConcernAcknowledged { concern_id }) => {
                let concern = self.concerns.get(concern_id);
                concern.and_then(|concern| self.earlier_stay(concern.stay))
            }
            C::ReportGoalProgress(GoalProgressReported { goal_id, .. })
            | C::ReachGoal(GoalReached { goal_id })
            | C::DropGoal(GoalDropped { goal_id }) => self.earlier_stay_aiming_at(*goal_id),
            _ => self.earlier_stay_on(day),
        };
        earlier.unwrap_or(&self.stay)
    }

    fn re_enter(
        &self,
        opening: ReEntered,
        context: &Context<'_, World>,
    ) -> Result<Vec<ParticipantEvent>, Why> {
        let asking = context.world.asking.as_ref();
        let elsewhere = asking.is_some_and(|asking| *asking != self.stay.department);
        match self.stay.stage {
            Stage::Over(ended) if elsewhere && context.day() < ended => {
                return Err(Why::BeforeAnEarlierEnd);
            }
            Stage::Over(ended) => not_before(ended, context.day())?,
            _ if elsewhere => return Err(Why::NotKnown),
            _ => return Err(Why::StayIsOpen),
        }
        may_open_a_stay(&opening, context.world)?;
        Ok(vec![ParticipantEvent {
            stay_id: StayId(context.command_id),
            referral_id: opening.referral_id,
            fact: ParticipantFact::ReEntered(opening),
        }])
    }

    /// Whether what a command brings into being bears a name that is taken in another stay than
    /// its own, whoever held that.
    fn names_already(&self, command: &C, stay: StayId) -> bool {
        let mut others = self.stays().filter(|other| other.id != stay);
        match command {
            C::SetGoal(goal) => others.any(|other| other.goals.contains_key(&goal.goal_id)),
            C::MatchTidgiver(matched) => {
                others.any(|other| other.oppdrag.contains_key(&matched.oppdrag_id))
            }
            C::RaiseSafetyConcern(raised) => self.concerns.contains_key(&raised.concern_id),
            _ => false,
        }
    }

    /// Rule D35: a worry can always be raised, also after an end and about what is over.
    fn may_raise(&self, raised: &SafetyConcernRaised) -> Result<Permit, Why> {
        match raised.oppdrag_id {
            Some(id)
                if !self.stay.oppdrag.contains_key(&id) && self.earlier_stay_with(id).is_none() =>
            {
                Err(Why::NoSuchOppdrag)
            }
            _ => Ok(Permit::Record),
        }
    }

    /// What is the person's, whichever stay it is in: consents, safety concerns, what rests on them, and the record.
    /// `None` leaves it to the stay.
    fn permit_of_person(
        &self,
        command: &C,
        context: &Context<'_, World>,
    ) -> Result<Option<Permit>, Why> {
        match command {
            C::GiveConsent(given) => {
                must_be_registered(&given.unit, context.world)?;
                match self.consents.get(&given.consent_id) {
                    None => Ok(Some(Permit::Record)),
                    Some(known) if known.given == *given && known.holds => {
                        Ok(Some(Permit::Unneeded))
                    }
                    Some(_) => Err(Why::NameTaken),
                }
            }
            C::WithdrawConsent(withdrawn) => {
                let known = self
                    .consents
                    .get(&withdrawn.consent_id)
                    .ok_or(Why::NoSuchConsent)?;
                Ok(Some(Permit::unless(!known.holds)))
            }
            C::RaiseSafetyConcern(raised) => self.may_raise(raised).map(Some),
            C::AcknowledgeSafetyConcern(known) => {
                let concern = self
                    .concerns
                    .get(&known.concern_id)
                    .ok_or(Why::NoSuchConcern)?;
                not_before(concern.raised, context.day())?;
                Ok(Some(Permit::unless(concern.acknowledged)))
            }
            C::CorrectEntry(_) | C::RetractEntry(_) => Ok(Some(Permit::Record)),
            C::EnterTreatmentPhase(TreatmentPhaseEntered {
                unit, consent_id, ..
            })
            | C::PlanDischarge(DischargePlanned {
                unit, consent_id, ..
            })
            | C::LeaveTreatmentEarly(TreatmentLeftEarly { unit, consent_id })
                if !self.consents_to(*consent_id, unit) =>
            {
                Err(Why::NoConsent)
            }
            _ => Ok(None),
        }
    }
}

impl Stay {
    fn permit(&self, command: &C, context: &Context<'_, World>) -> Result<Permit, Why> {
        self.was_open_on(command, context.day())?;
        match command {
            // The way in (rule D11).
            C::BookFirstConversation(booked) => {
                not_before(context.day(), booked.on)?;
                match self.conversation {
                    Some(on) if on < context.day() => Err(Why::ToldAlready { on }),
                    _ => Ok(Permit::Record),
                }
            }
            C::HoldFirstConversation(_) => once(self.conversation, context.day()),
            C::CompleteKartlegging(_) => match self.stage {
                Stage::Inquiry => Err(Why::NoConversationYet),
                _ => Ok(Permit::Record),
            },
            C::BeginParticipation(_) => match self.stage {
                Stage::Inquiry | Stage::Conversation => Err(Why::NotMappedYet),
                Stage::Mapped | Stage::Participant | Stage::Paused | Stage::Over(_) => {
                    once(self.begun, context.day())
                }
            },
            C::CloseInquiry(_) => match self.stage {
                Stage::Participant | Stage::Paused => Err(Why::NoLongerAnInquiry),
                _ => Ok(Permit::Record),
            },
            C::AssignVeileder(assigned) => {
                Ok(Permit::unless(self.veileder == Some(assigned.veileder)))
            }

            // Plan and goals.
            C::MakePlan(_) | C::DeclinePlan(_) if !self.mapped() => Err(Why::KartleggingComesFirst),
            C::MakePlan(_) => Ok(Permit::Record),
            C::DeclinePlan(_) => Ok(Permit::unless(self.plan == Plan::Declined)),
            C::SetGoal(goal) => {
                if !self.mapped() {
                    return Err(Why::KartleggingComesFirst);
                }
                if !goal.participant_agreed {
                    return Err(Why::GoalNotAgreed);
                }
                if self.goals.contains_key(&goal.goal_id) {
                    return Err(Why::NameTaken);
                }
                Ok(Permit::Record)
            }
            C::ReportGoalProgress(GoalProgressReported { goal_id, .. })
            | C::ReachGoal(GoalReached { goal_id })
            | C::DropGoal(GoalDropped { goal_id }) => match self.goals.get(goal_id) {
                Some(true) => Ok(Permit::Record),
                Some(false) | None => Err(Why::NoSuchGoal),
            },

            // Contact and standing.
            C::HoldContact(_) => Ok(Permit::Record),
            C::BecomePassive(_) | C::BecomeActive(_) if self.begun.is_none() => {
                Err(Why::NotAParticipant)
            }
            C::BecomePassive(_) => Ok(Permit::unless(self.passive.is_some())),
            C::BecomeActive(_) => match self.passive {
                None => Ok(Permit::Unneeded),
                Some(since) => not_before(since, context.day()).map(|()| Permit::Record),
            },
            C::Transfer(transfer) => {
                must_be_department(&transfer.to, context.world)?;
                Ok(Permit::unless(transfer.to == self.department))
            }
            C::EndParticipation(end) => self.may_end(end, context.day()),

            // Relapse (rule D12).
            C::ReportRelapse(_) => Ok(Permit::unless(
                self.relapse.reported() == Some(context.day()),
            )),
            C::MakeRelapseContact(_) | C::Return(_) => match self.relapse {
                Relapse::None => Err(Why::NoRelapse),
                Relapse::Reported(on) | Relapse::Contacted(on) => {
                    not_before(on, context.day()).map(|()| Permit::Record)
                }
            },

            // Treatment: consent was asked for already. Sentence (rule D42).
            C::EnterTreatmentPhase(_) | C::PlanDischarge(_) | C::LeaveTreatmentEarly(_) => {
                Ok(Permit::Record)
            }
            C::BeginServingSentence(_) => match self.serving {
                Some(since) if since != context.day() => Err(Why::ServingAlready { since }),
                serving => Ok(Permit::unless(serving.is_some())),
            },
            C::CompleteServingSentence(_) => {
                let begun = self.serving.ok_or(Why::NotServing)?;
                not_before(begun, context.day()).map(|()| Permit::Record)
            }

            // Tidgiver and oppdrag.
            C::AssessTidgiverReadiness(_) => Ok(Permit::Record),
            C::MatchTidgiver(matched) => self.may_be_matched(matched, context),
            C::HoldStartConversation(_)
            | C::HoldOppdragMeeting(_)
            | C::CancelOppdragMeeting(_)
            | C::ReviewOppdrag(_)
            | C::ExtendOppdrag(_)
            | C::EndOppdrag(_) => self.permit_in_oppdrag(command, context),

            // Decided by the person, before the stay is asked.
            C::MakeFirstContact(_)
            | C::ReEnter(_)
            | C::GiveConsent(_)
            | C::WithdrawConsent(_)
            | C::RaiseSafetyConcern(_)
            | C::AcknowledgeSafetyConcern(_)
            | C::CorrectEntry(_)
            | C::RetractEntry(_) => Ok(Permit::Unneeded),
        }
    }

    /// A stay takes facts of the days from its first contact on, and, once over, up to its end. A
    /// treatment may have begun before it, and an oppdrag that was left open ends when somebody
    /// sees to it (rule D27).
    fn was_open_on(&self, command: &C, day: Day) -> Result<(), Why> {
        if !matches!(command, C::EnterTreatmentPhase(_)) {
            not_before(self.opened, day)?;
        }
        match self.stage {
            Stage::Over(_) if matches!(command, C::EndOppdrag(_)) => Ok(()),
            Stage::Over(on) if day > on => Err(Why::StayEnded { on }),
            Stage::Over(on) if changes_the_standing(command) => Err(Why::StandingIsSettled { on }),
            _ => Ok(()),
        }
    }

    fn may_end(&self, end: &ParticipationEnded, day: Day) -> Result<Permit, Why> {
        let Some(begun) = self.begun else {
            return Err(Why::NotAParticipant);
        };
        not_before(begun, day)?;
        if end.reason == EndReason::Relapse && !matches!(self.relapse, Relapse::Contacted(_)) {
            return Err(Why::NoContactTriedAfterRelapse);
        }
        Ok(Permit::Record)
    }
}

/// What would open a stay again that is over: told late, it needs a correction instead.
fn changes_the_standing(command: &C) -> bool {
    matches!(
        command,
        C::BeginParticipation(_) | C::CloseInquiry(_) | C::EndParticipation(_) | C::Transfer(_)
    )
}

/// What happens once: of the same day it is so already, of another it is refused (rule G8).
fn once(told: Option<Day>, day: Day) -> Result<Permit, Why> {
    match told {
        None => Ok(Permit::Record),
        Some(on) if on == day => Ok(Permit::Unneeded),
        Some(on) => Err(Why::ToldAlready { on }),
    }
}

fn not_before(begun: Day, day: Day) -> Result<(), Why> {
    if day < begun {
        Err(Why::BeforeItsBeginning { begun })
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
