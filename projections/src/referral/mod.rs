//! Referrals: one row a unit's proposal that a person takes part, with the days of its steps.

mod view;

pub use view::{
    Between, OneReferral, OneReferralView, ReferralStatus, ReferralTold, Referrals, ReferralsView,
};

use domain::{
    es::Day,
    event::DomainEvent,
    referral::{DeclineReason, ReferralFact as F, WithdrawnBy},
    words::{ParticipantId, ReferralId, Situation, UnitId},
};

use crate::{Happened, Projection, row::row};

row! {
    /// One referral.
    ReferralRow in "referral_v1" of referral_id, named by [referral_id] {
        /// Its name.
        referral_id: ReferralId,
        /// The unit that proposed it.
        from_unit: UnitId,
        /// The department it was proposed to.
        to_unit: UnitId,
        /// Where the person stood in their treatment.
        situation: Situation,
        /// Whether it came with a consent; without, it waits in quarantine (rule D5).
        with_consent: bool,
        /// The person, once they said yes.
        participant_id: Option<ParticipantId>,
        /// Day of the proposal.
        proposed: Day,
        /// Day of the person's yes.
        agreed: Option<Day>,
        /// Day of the joint conversation.
        joint_conversation: Option<Day>,
        /// Day on which the department said welcome.
        accepted: Option<Day>,
        /// Day on which it said "not now".
        declined: Option<Day>,
        /// Why.
        decline_reason: Option<DeclineReason>,
        /// To which unit instead.
        onward_to: Option<UnitId>,
        /// From when the person is welcome back.
        welcome_back: Option<Day>,
        /// Day on which it was taken back.
        withdrawn: Option<Day>,
        /// By whom.
        withdrawn_by: Option<WithdrawnBy>,
        /// Day of the admission to treatment.
        admitted: Option<Day>,
        /// The told day of discharge.
        discharge: Option<Day>,
        /// Day on which the treatment ended, or was left.
        treatment_over: Option<Day>,
        /// Whether it was left before its end.
        left_early: bool,
    }
}

/// Folds referrals.
#[derive(Debug)]
pub struct Referral;

impl Projection for Referral {
    const CATEGORY: &'static str = "referral";
    type Row = ReferralRow;

    fn apply(rows: &mut Vec<ReferralRow>, happened: &Happened<'_>) {
        let DomainEvent::Referral(fact) = &happened.event.event else {
            return;
        };
        let day = happened.day;
        if let F::ReferralProposed(proposal) = fact {
            let Ok(referral_id) = happened.event.stream.key().parse() else {
                return;
            };
            if rows.is_empty() {
                rows.push(ReferralRow {
                    referral_id,
                    from_unit: proposal.from.clone(),
                    to_unit: proposal.to.clone(),
                    situation: proposal.situation,
                    with_consent: proposal.consent_id.is_some(),
                    participant_id: None,
                    proposed: day,
                    agreed: None,
                    joint_conversation: None,
                    accepted: None,
                    declined: None,
                    decline_reason: None,
                    onward_to: None,
                    welcome_back: None,
                    withdrawn: None,
                    withdrawn_by: None,
                    admitted: None,
                    discharge: None,
                    treatment_over: None,
                    left_early: false,
                });
            }
            return;
        }
        let Some(row) = rows.first_mut() else {
            return;
        };
        match fact {
            F::PatientAgreed(yes) => {
                row.participant_id = Some(yes.participant_id);
                row.agreed = row.agreed.or(Some(day));
            }
            F::JointConversationHeld(_) => {
                row.joint_conversation = row.joint_conversation.or(Some(day));
            }
            F::ReferralAccepted(_) => row.accepted = row.accepted.or(Some(day)),
            F::ReferralDeclined(declined) => {
                row.declined = Some(day);
                row.decline_reason = Some(declined.reason);
                row.onward_to = Some(declined.onward_to.clone());
                row.welcome_back = Some(declined.welcome_back_from);
            }
            F::ReferralWithdrawn(withdrawn) => {
                row.withdrawn = Some(day);
                row.withdrawn_by = Some(withdrawn.by);
            }
            F::TreatmentAdmitted(_) => row.admitted = Some(day),
            F::DischargeDateTold(told) => row.discharge = Some(told.on),
            F::TreatmentEnded(_) => row.treatment_over = Some(day),
            F::TreatmentLeftEarly(_) => {
                row.treatment_over = Some(day);
                row.left_early = true;
            }
            F::ReferralProposed(_) | F::EntryCorrected(_) | F::EntryRetracted(_) => {}
        }
    }
}
