//! What can happen to a referral, and the commands that tell of it.

use crate::{
    es::{ConsentId, Day, VaultEntryId},
    shape::{code, payload},
    words::{ParticipantId, Situation, UnitId},
};

code! {
    /// Why a department said "not now".
    DeclineReason {
        /// Another offer fits better now.
        OtherOfferFitsBetter,
        /// The person is not ready yet.
        NotReadyYet,
        /// Outside what the department can carry now.
        OutsideCapacity,
        /// The person lives elsewhere.
        LivesElsewhere,
    }
}
code! {
    /// Who took a referral back.
    WithdrawnBy {
        /// The patient.
        Patient,
        /// The unit that proposed it.
        Unit,
        /// The patient's consent was withdrawn.
        ConsentWithdrawn,
    }
}

payload! {
    /// A unit proposed that a person takes part. A proposal only (rule D4); without a consent it
    /// waits in quarantine and expires (rule D5).
    ReferralProposed {
        /// The unit that proposes.
        from: UnitId,
        /// The department it is proposed to.
        to: UnitId,
        /// Where the person stands in their treatment.
        situation: Situation,
        /// The consent it rests on, if there is one yet.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        consent_id: Option<ConsentId>,
        /// What the person is called: the vault's entry. Only with a consent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<VaultEntryId>,
        /// How the person wishes to be reached: the vault's entry. The one thing kept without
        /// a consent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        contact: Option<VaultEntryId>,
    }
}
payload! {
    /// The person said yes: now it is an inquiry.
    PatientAgreed {
        /// The person, under a pseudonym.
        participant_id: ParticipantId,
        /// The consent that the person gave.
        consent_id: ConsentId,
    }
}
payload! {
    /// Patient, therapist and Steg for Steg talked together (rule D8).
    JointConversationHeld {}
}
payload! {
    /// The department said welcome.
    ReferralAccepted {}
}
payload! {
    /// The department said "not now", with a way onward (rule D9).
    ReferralDeclined {
        /// Why.
        reason: DeclineReason,
        /// To which unit instead.
        onward_to: UnitId,
        /// From when the person is welcome back.
        welcome_back_from: Day,
    }
}
payload! {
    /// The referral was taken back.
    ReferralWithdrawn {
        /// By whom.
        by: WithdrawnBy,
    }
}
payload! {
    /// The person was admitted to treatment at the proposing unit.
    TreatmentAdmitted {}
}
payload! {
    /// The day of discharge was told (rule D7).
    DischargeDateTold {
        /// The day.
        on: Day,
    }
}
payload! {
    /// The treatment ended as planned.
    TreatmentEnded {}
}
payload! {
    /// The person left treatment before its end.
    TreatmentLeftEarly {}
}

crate::es::catalogue! {
    stream "referral";
    /// What can happen to a referral, in its order.
    facts ReferralFact;
    /// What can be asked to be recorded of a referral.
    commands ReferralCommand;

    /// A unit proposed that a person takes part.
    "referral-proposed" v 1 = ReferralProposed, asked by "propose-referral" ProposeReferral, personal ["name", "contact"];
    /// The person was admitted to treatment at the proposing unit.
    "treatment-admitted" v 1 = TreatmentAdmitted, asked by "admit-to-treatment" AdmitToTreatment;
    /// The person said yes: now it is an inquiry.
    "patient-agreed" v 1 = PatientAgreed, asked by "agree" Agree, names "participant_id";
    /// Patient, therapist and Steg for Steg talked together.
    "joint-conversation-held" v 1 = JointConversationHeld, asked by "hold-joint-conversation" HoldJointConversation;
    /// The department said welcome.
    "referral-accepted" v 1 = ReferralAccepted, asked by "accept-referral" AcceptReferral;
    /// The department said "not now", with a way onward.
    "referral-declined" v 1 = ReferralDeclined, asked by "decline-referral" DeclineReferral;
    /// The day of discharge was told.
    "discharge-date-told" v 1 = DischargeDateTold, asked by "tell-discharge-date" TellDischargeDate;
    /// The treatment ended as planned.
    "treatment-ended" v 1 = TreatmentEnded, asked by "end-treatment" EndTreatment;
    /// The person left treatment before its end.
    "treatment-left-early" v 1 = TreatmentLeftEarly, asked by "leave-treatment-early" LeaveTreatmentEarly;
    /// The referral was taken back.
    "referral-withdrawn" v 1 = ReferralWithdrawn, asked by "withdraw-referral" WithdrawReferral;
}
crate::es::catalogue!(@events ReferralFact, opened by ReferralProposed);
