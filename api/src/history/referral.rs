//! The way in through a referral: proposal, yes, joint conversation, answer, treatment.

use domain::{
    es::{ConsentId, Day},
    referral::{
        DischargeDateTold, JointConversationHeld, PatientAgreed, ReferralAccepted, ReferralCommand,
        ReferralProposed, TreatmentEnded, TreatmentLeftEarly,
    },
    words::{ReferralId, Situation, UnitId},
};

use super::{names, pen::Pen};

/// A referral that the person says yes to.
#[derive(Debug, Clone)]
pub(super) struct Referred {
    pub(super) from: UnitId,
    pub(super) situation: Situation,
    /// Days from the yes to the end of the treatment, if it ends in the history.
    pub(super) treatment_days: Option<u64>,
    /// Whether the person leaves before its end.
    pub(super) leaves_early: bool,
}

/// A referral on its way, with the consent it rests on.
#[derive(Debug, Clone)]
pub(super) struct OpenReferral {
    pub(super) id: ReferralId,
    pub(super) from: UnitId,
    pub(super) consent_id: ConsentId,
}

impl Pen<'_> {
    /// A unit proposes; the person says yes on `day`.
    pub(super) fn be_referred(&mut self, day: Day, referred: &Referred) -> OpenReferral {
        let id = ReferralId(self.name());
        let consent_id = ConsentId(self.name());
        let proposed = day.minus(self.dice.between(1, 12));
        let (name, contact) = names::person(&mut self.dice, id.0, &mut self.words);
        self.tell_of_referral(
            proposed,
            id,
            &referred.from,
            ReferralCommand::ProposeReferral(ReferralProposed {
                from: referred.from.clone(),
                to: self.department.clone(),
                situation: referred.situation,
                consent_id: Some(consent_id),
                name: Some(name),
                contact: Some(contact),
            }),
        );
        self.tell_of_referral(
            day,
            id,
            &referred.from,
            ReferralCommand::Agree(PatientAgreed {
                participant_id: self.person,
                consent_id,
            }),
        );
        OpenReferral {
            id,
            from: referred.from.clone(),
            consent_id,
        }
    }

    /// Patient, therapist and Steg for Steg talk together, and the department says welcome.
    pub(super) fn be_welcomed(&mut self, day: Day, referral: &OpenReferral, situation: Situation) {
        if situation == Situation::InPatient || self.dice.chance(30) {
            self.tell_of_referral(
                day,
                referral.id,
                &referral.from,
                ReferralCommand::HoldJointConversation(JointConversationHeld {}),
            );
        }
        let accepted = day.plus(self.dice.between(0, 4)).min(self.scene.horizon);
        self.tell_of_referral(
            accepted,
            referral.id,
            &referral.from,
            ReferralCommand::AcceptReferral(ReferralAccepted {}),
        );
    }

    /// The institution tells when the person will be discharged.
    pub(super) fn hear_of_discharge(&mut self, day: Day, referral: &OpenReferral, on: Day) {
        self.tell_of_referral(
            day,
            referral.id,
            &referral.from,
            ReferralCommand::TellDischargeDate(DischargeDateTold { on }),
        );
    }

    /// The treatment is over, as planned or before its time.
    pub(super) fn leave_treatment(&mut self, day: Day, referral: &OpenReferral, early: bool) {
        let command = if early {
            ReferralCommand::LeaveTreatmentEarly(TreatmentLeftEarly {})
        } else {
            ReferralCommand::EndTreatment(TreatmentEnded {})
        };
        self.tell_of_referral(day, referral.id, &referral.from, command);
    }
}
