//! A referral: one person's way from a unit to a department.
//!
//! It is a proposal until the person says yes (rule D4). Before that nobody is told anything of
//! them (rule D5), and it waits in quarantine if it came without a consent.

mod event;
mod rejection;
mod state;

pub use event::*;
pub use rejection::ReferralRejection;
pub use state::{Proposal, ReferralState, Yes};

use crate::{
    es::{Context, Day, Decider, Entry, StreamName},
    words::{ReferralId, Situation, World},
};

/// The decider of referrals.
#[derive(Debug, Clone)]
pub struct Referral;

impl Referral {
    /// The stream of one referral.
    #[must_use]
    pub fn stream(referral: ReferralId) -> StreamName {
        StreamName::new(Self::CATEGORY, referral)
    }
}

impl Decider for Referral {
    const CATEGORY: &'static str = "referral";
    type State = ReferralState;
    type Command = ReferralCommand;
    type Event = ReferralFact;
    type Rejection = ReferralRejection;
    type World = World;

    fn decide(
        state: &ReferralState,
        command: ReferralCommand,
        context: &Context<'_, World>,
    ) -> Result<Vec<ReferralFact>, ReferralRejection> {
        use ReferralCommand as C;
        use ReferralRejection as Why;
        use ReferralState as S;
        let unneeded = match (&command, state) {
            (C::ProposeReferral(proposal), S::Unknown) => {
                may_be_proposed(proposal, context.world)?;
                false
            }
            (C::ProposeReferral(proposal), known) => {
                if known
                    .proposal()
                    .is_none_or(|known| known.from != proposal.from || known.to != proposal.to)
                {
                    return Err(Why::AlreadyProposed);
                }
                true
            }
            // Whether there is such an entry, the walk of the command has looked.
            (C::CorrectEntry(_) | C::RetractEntry(_), _) => false,
            (_, S::Unknown) => return Err(Why::NotProposed),
            (command, known)
                if known
                    .begun_for(command)
                    .is_some_and(|on| context.day() < on) =>
            {
                let begun = known.begun_for(command).unwrap_or(context.day());
                return Err(Why::BeforeItsBeginning { begun });
            }
            (C::WithdrawReferral(_), S::Withdrawn(..)) => true,
            (C::WithdrawReferral(_), _) => false,
            (_, S::Withdrawn(..)) => return Err(Why::Withdrawn),

            (C::Agree(_), S::Proposed(proposal)) => {
                let figures = context.world.figures;
                if proposal.consent_id.is_none()
                    && context.day() > proposal.on.plus(figures.quarantine_days)
                {
                    return Err(Why::Expired);
                }
                false
            }
            (C::Agree(yes), S::Agreed(_, known) | S::Accepted(_, known)) => {
                if yes.participant_id != known.participant_id {
                    return Err(Why::AnotherPerson);
                }
                true
            }

            (C::HoldJointConversation(_), S::Agreed(..) | S::Accepted(..)) => false,
            (C::AcceptReferral(_), S::Agreed(proposal, yes)) => {
                if proposal.situation == Situation::InPatient && !yes.joint_conversation {
                    return Err(Why::NoJointConversation);
                }
                false
            }
            (C::AcceptReferral(_), S::Accepted(..)) | (C::DeclineReferral(_), S::Declined(..)) => {
                true
            }
            (C::DeclineReferral(decline), S::Proposed(proposal) | S::Agreed(proposal, _)) => {
                if context.world.unit(&decline.onward_to).is_none() {
                    return Err(Why::UnknownUnit {
                        unit: decline.onward_to.clone(),
                    });
                }
                if decline.onward_to == proposal.to {
                    return Err(Why::NoWayOnward);
                }
                if decline.welcome_back_from < context.day() {
                    return Err(Why::WelcomeBackInThePast);
                }
                false
            }
            (C::DeclineReferral(_), S::Accepted(..)) => return Err(Why::AlreadyAccepted),

            (C::TellDischargeDate(told), S::Agreed(..) | S::Accepted(..))
                if told.on < context.day() =>
            {
                return Err(Why::BeforeItsBeginning {
                    begun: context.day(),
                });
            }
            (
                C::AdmitToTreatment(_)
                | C::TellDischargeDate(_)
                | C::EndTreatment(_)
                | C::LeaveTreatmentEarly(_),
                S::Agreed(..) | S::Accepted(..),
            ) => false,
            (C::AcceptReferral(_), S::Proposed(_)) => return Err(Why::PatientHasNotAgreed),
            (
                C::HoldJointConversation(_)
                | C::AdmitToTreatment(_)
                | C::TellDischargeDate(_)
                | C::EndTreatment(_)
                | C::LeaveTreatmentEarly(_),
                S::Proposed(_),
            ) => return Err(Why::NoConsent),
            (
                C::Agree(_)
                | C::HoldJointConversation(_)
                | C::AcceptReferral(_)
                | C::AdmitToTreatment(_)
                | C::TellDischargeDate(_)
                | C::EndTreatment(_)
                | C::LeaveTreatmentEarly(_),
                S::Declined(..),
            ) => return Err(Why::Declined),
        };
        Ok(if unneeded {
            vec![]
        } else {
            vec![command.into_fact()]
        })
    }

    fn evolve(state: ReferralState, entry: &Entry<ReferralFact>) -> ReferralState {
        state.evolve(entry)
    }
}

impl ReferralState {
    /// The day that a fact of this kind cannot lie before: that of the proposal, or of the yes. An
    /// admission may lie before both, and a withdrawn consent stops everything whenever it was.
    fn begun_for(&self, command: &ReferralCommand) -> Option<Day> {
        use ReferralCommand as C;
        match command {
            C::ProposeReferral(_)
            | C::AdmitToTreatment(_)
            | C::CorrectEntry(_)
            | C::RetractEntry(_)
            | C::WithdrawReferral(ReferralWithdrawn {
                by: WithdrawnBy::ConsentWithdrawn,
            }) => None,
            C::Agree(_) | C::DeclineReferral(_) | C::WithdrawReferral(_) => {
                self.proposal().map(|proposal| proposal.on)
            }
            C::HoldJointConversation(_)
            | C::AcceptReferral(_)
            | C::TellDischargeDate(_)
            | C::EndTreatment(_)
            | C::LeaveTreatmentEarly(_) => self.yes().map(|yes| yes.on),
        }
    }
}

fn may_be_proposed(proposal: &ReferralProposed, world: &World) -> Result<(), ReferralRejection> {
    if world.unit(&proposal.from).is_none() {
        return Err(ReferralRejection::UnknownUnit {
            unit: proposal.from.clone(),
        });
    }
    if !world.is_department(&proposal.to) {
        return Err(ReferralRejection::UnknownUnit {
            unit: proposal.to.clone(),
        });
    }
    if proposal.consent_id.is_none() && proposal.name.is_some() {
        return Err(ReferralRejection::MoreThanContact);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
