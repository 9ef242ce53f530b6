//! A tidgiver (volunteer, "time giver"): from the offer of time to the last day.

mod event;
mod rejection;
mod state;

pub use event::*;
pub use rejection::TidgiverRejection;
pub use state::{Preparation, TidgiverState};

use crate::{
    es::{Context, Decider, Entry, StreamName},
    words::{TidgiverId, World},
};

/// The decider of tidgivere.
#[derive(Debug, Clone)]
pub struct Tidgiver;

impl Tidgiver {
    /// The stream of one tidgiver.
    #[must_use]
    pub fn stream(tidgiver: TidgiverId) -> StreamName {
        StreamName::new(Self::CATEGORY, tidgiver)
    }
}

impl Decider for Tidgiver {
    const CATEGORY: &'static str = "tidgiver";
    type State = TidgiverState;
    type Command = TidgiverCommand;
    type Event = TidgiverFact;
    type Rejection = TidgiverRejection;
    type World = World;

    fn decide(
        state: &TidgiverState,
        command: TidgiverCommand,
        context: &Context<'_, World>,
    ) -> Result<Vec<TidgiverFact>, TidgiverRejection> {
        use TidgiverCommand as C;
        use TidgiverRejection as Why;
        use TidgiverState as S;
        let already = match (&command, state) {
            (C::Apply(application), S::Unknown | S::Left(..)) => {
                if !context.world.is_department(&application.department) {
                    return Err(Why::NotADepartment {
                        unit: application.department.clone(),
                    });
                }
                false
            }
            (C::Apply(application), S::Candidate(known) | S::Approved(known, _)) => {
                if application.department != known.department {
                    return Err(Why::AppliedElsewhere);
                }
                true
            }
            // Whether there is such an entry, the walk of the command has looked.
            (C::CorrectEntry(_) | C::RetractEntry(_), _) => false,
            (_, S::Unknown) => return Err(Why::NotKnown),
            (C::Leave(_), S::Left(..)) => true,
            (_, S::Left(..)) => return Err(Why::HasLeft),
            (C::Interview(_), S::Candidate(known) | S::Approved(known, _)) => known.interviewed,
            (C::Train(_), S::Candidate(known) | S::Approved(known, _)) => known.trained,
            (C::AcceptGroundRules(_), S::Candidate(known) | S::Approved(known, _)) => {
                known.ground_rules_accepted
            }
            (C::Approve(_), S::Approved(..)) => true,
            (C::Approve(_), S::Candidate(known)) => {
                if !(known.interviewed && known.trained) {
                    return Err(Why::NotInterviewedAndTrained);
                }
                if !known.ground_rules_accepted {
                    return Err(Why::GroundRulesNotAccepted);
                }
                false
            }
            (
                C::RecordInterests(_) | C::ChangeAvailability(_) | C::Leave(_),
                S::Candidate(_) | S::Approved(..),
            ) => false,
        };
        Ok(if already {
            vec![]
        } else {
            vec![command.into_fact()]
        })
    }

    fn evolve(state: TidgiverState, entry: &Entry<TidgiverFact>) -> TidgiverState {
        state.evolve(entry)
    }
}

#[cfg(test)]
mod tests;
