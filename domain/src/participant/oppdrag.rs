//! The rules of the bounded assignment of a tidgiver with a participant (rules D25 to D31, D38).

use std::collections::BTreeMap;

use super::{
    C, Oppdrag, Permit, Readiness, Stay, TidgiverMatched, TreatmentPhase, Why, not_before, once,
};
use crate::{
    es::{Context, Day},
    words::{OppdragId, Situation, World},
};

impl Stay {
    pub(super) fn may_be_matched(
        &self,
        matched: &TidgiverMatched,
        context: &Context<'_, World>,
    ) -> Result<Permit, Why> {
        let (day, world) = (context.day(), context.world);
        if !self.mapped() {
            return Err(Why::KartleggingComesFirst);
        }
        // Readiness and approval come before the match, in the world too.
        let ready_by_then = self.readiness_on.is_some_and(|on| on <= day);
        if self.readiness != Some(Readiness::Ready) || !ready_by_then {
            return Err(Why::NotReady);
        }
        if self.is_in_patient() && !self.institution_agrees {
            return Err(Why::InstitutionHasNotAgreed);
        }
        if matched.because.is_empty() {
            return Err(Why::NoMatchReason);
        }
        let individual = world
            .unit(&self.department)
            .is_some_and(|unit| unit.offers_individual_tidgiver);
        if !individual && !matched.by_exception {
            return Err(Why::NoIndividualTidgiver);
        }
        let tidgiver = world
            .tidgivere
            .get(&matched.tidgiver)
            .filter(|known| known.approved_on.is_some_and(|on| on <= day))
            .ok_or(Why::TidgiverNotApproved)?;
        if tidgiver.department != self.department {
            return Err(Why::TidgiverElsewhere);
        }
        if !(matched.ground_rules_accepted && tidgiver.ground_rules_accepted) {
            return Err(Why::GroundRulesNotAccepted);
        }
        is_bounded(
            matched.begins,
            matched.begins,
            matched.review,
            matched.ends,
            world,
        )?;
        // Several at once or over time are normal (rule D31), each under a name of its own.
        if self.oppdrag.contains_key(&matched.oppdrag_id) {
            return Err(Why::NameTaken);
        }
        let mut oppdrag = self.oppdrag.iter();
        match oppdrag.find(|(_, known)| known.is_told_again_by(matched, day)) {
            Some((id, _)) => Err(Why::OppdragToldAlready { under: *id }),
            None => Ok(Permit::Record),
        }
    }

    pub(super) fn permit_in_oppdrag(
        &self,
        command: &C,
        context: &Context<'_, World>,
    ) -> Result<Permit, Why> {
        let day = context.day();
        match command {
            C::HoldStartConversation(held) => {
                let oppdrag = self.open_oppdrag(held.oppdrag_id, day)?;
                once(oppdrag.started, day)
            }
            C::HoldOppdragMeeting(held) => {
                let oppdrag = self.open_oppdrag(held.oppdrag_id, day)?;
                not_before(oppdrag.begins, day)?;
                if oppdrag.started.is_some() {
                    Ok(Permit::Record)
                } else {
                    Err(Why::NoStartConversation)
                }
            }
            C::CancelOppdragMeeting(cancelled) => self
                .open_oppdrag(cancelled.oppdrag_id, day)
                .map(|_| Permit::Record),
            C::ReviewOppdrag(reviewed) => {
                let oppdrag = self.open_oppdrag(reviewed.oppdrag_id, day)?;
                if let Some(next) = reviewed.next_review {
                    is_bounded(oppdrag.counts_from, day, next, oppdrag.ends, context.world)?;
                }
                Ok(Permit::Record)
            }
            C::ExtendOppdrag(extended) => {
                self.open_oppdrag(extended.oppdrag_id, day)?;
                is_bounded(day, day, extended.review, extended.ends, context.world)?;
                Ok(Permit::Record)
            }
            C::EndOppdrag(ended) => may_end(&self.oppdrag, ended.oppdrag_id, day),
            _ => Ok(Permit::Unneeded),
        }
    }

    fn open_oppdrag(&self, id: OppdragId, day: Day) -> Result<&Oppdrag, Why> {
        open_on(&self.oppdrag, id, day)
    }

    fn is_in_patient(&self) -> bool {
        match self.phase {
            Some(TreatmentPhase::During | TreatmentPhase::Discharge) => true,
            Some(TreatmentPhase::Before | TreatmentPhase::After) => false,
            None => self.situation == Some(Situation::InPatient),
        }
    }
}

/// Whether an oppdrag of a stay may be ended on a day: from its match on, since it may be called
/// off, and also when the stay itself is over. It ends once; another day or reason is a correction.
pub(super) fn may_end(
    oppdrag: &BTreeMap<OppdragId, Oppdrag>,
    id: OppdragId,
    day: Day,
) -> Result<Permit, Why> {
    match open_on(oppdrag, id, day)?.ended {
        Some(on) => Err(Why::OppdragEnded { on }),
        None => Ok(Permit::Record),
    }
}

fn open_on(
    oppdrag: &BTreeMap<OppdragId, Oppdrag>,
    id: OppdragId,
    day: Day,
) -> Result<&Oppdrag, Why> {
    let oppdrag = oppdrag.get(&id).ok_or(Why::NoSuchOppdrag)?;
    not_before(oppdrag.matched, day)?;
    match oppdrag.ended {
        Some(on) if day > on => Err(Why::OppdragEnded { on }),
        _ => Ok(oppdrag),
    }
}

/// Rule D27: `decided` ≤ review ≤ end, the review soon after the decision, the end within the most
/// that an assignment may last from `begins`.
fn is_bounded(begins: Day, decided: Day, review: Day, ends: Day, world: &World) -> Result<(), Why> {
    if review < decided {
        return Err(Why::ReviewTooEarly { review, decided });
    }
    if ends < review {
        return Err(Why::EndBeforeReview { ends, review });
    }
    let figures = world.figures;
    let last_review = decided.plus(figures.review_within_days);
    if review > last_review {
        return Err(Why::ReviewTooLate {
            review,
            last: last_review,
        });
    }
    let last_day = begins.plus(figures.oppdrag_within_days);
    if ends > last_day {
        return Err(Why::EndTooLate {
            ends,
            last: last_day,
        });
    }
    Ok(())
}
