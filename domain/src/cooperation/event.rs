//! What can happen between a unit and a department, and the commands that tell of it.

use crate::{
    shape::{code, payload},
    words::{StaffId, UnitId},
};

code! {
    /// How firmly a cooperation is anchored.
    Anchoring {
        /// Weak.
        Weak,
        /// Medium.
        Medium,
        /// Strong.
        Strong,
    }
}
code! {
    /// How often Steg for Steg is present at the unit.
    Rhythm {
        /// Every week.
        Weekly,
        /// Every month.
        Monthly,
        /// Every year.
        Yearly,
        /// When it suits.
        Irregular,
        /// Not at all.
        None,
    }
}
code! {
    /// What a visit is made of, and where information is given.
    Setting {
        /// Informal presence.
        InformalPresence,
        /// Inside the unit's teaching.
        TeachingProgramme,
        /// At a staff meeting.
        StaffMeeting,
        /// In the intake conversation.
        IntakeConversation,
        /// By the therapists.
        Therapists,
        /// In the same building.
        SameBuilding,
        /// An activity day outside the unit.
        ActivityDay,
        /// In the discharge phase.
        DischargePhase,
    }
}
code! {
    /// What came of the talk about an agreement.
    Agreement {
        /// A written agreement was signed.
        Signed,
        /// The two work together without one, knowingly.
        WithoutByChoice,
    }
}
code! {
    /// Why a cooperation paused.
    PauseReason {
        /// Infection control.
        InfectionControl,
        /// No staff to carry it.
        Staffing,
        /// The unit wished it.
        UnitsWish,
        /// The department wished it.
        DepartmentsWish,
    }
}

payload! {
    /// A unit and a department began to work together, or began again.
    CooperationBegun {
        /// The unit.
        unit: UnitId,
        /// The department.
        department: UnitId,
        /// Who coordinates it at the department (rule D41).
        coordinator: StaffId,
    }
}
payload! {
    /// An agreement was signed, or knowingly not.
    AgreementSigned {
        /// Which of the two.
        agreement: Agreement,
    }
}
payload! {
    /// How the two work together, from now on.
    StructureDescribed {
        /// How often Steg for Steg is present.
        rhythm: Rhythm,
        /// Where and how.
        settings: Vec<Setting>,
    }
}
payload! {
    /// Steg for Steg was present at the unit. Visits are facts, so their effect can be compared.
    PresenceHeld {
        /// What the visit was.
        setting: Setting,
    }
}
payload! {
    /// Patients were told of Steg for Steg: a head count (rule D10: nobody is a person here).
    PatientsInformed {
        /// How many.
        count: u32,
    }
}
payload! {
    /// Patients showed interest: a head count (rule D10).
    InterestShown {
        /// How many.
        count: u32,
    }
}
payload! {
    /// The unit's staff were told of Steg for Steg.
    StaffInformed {
        /// How many.
        count: u32,
    }
}
payload! {
    /// How firmly the cooperation is anchored now (rule D41).
    AnchoringAssessed {
        /// In the leadership.
        leadership: Anchoring,
        /// In the treatment.
        treatment: Anchoring,
    }
}
payload! {
    /// The cooperation paused.
    CooperationPaused {
        /// Why.
        reason: PauseReason,
    }
}

crate::es::catalogue! {
    stream "cooperation";
    /// What can happen between a unit and a department.
    facts CooperationFact;
    /// What can be asked to be recorded of a cooperation.
    commands CooperationCommand;

    /// A unit and a department began to work together, or began again.
    "cooperation-begun" v 1 = CooperationBegun, asked by "begin-cooperation" BeginCooperation;
    /// An agreement was signed, or knowingly not.
    "agreement-signed" v 1 = AgreementSigned, asked by "sign-agreement" SignAgreement;
    /// How the two work together, from now on.
    "structure-described" v 1 = StructureDescribed, asked by "describe-structure" DescribeStructure;
    /// How firmly the cooperation is anchored now.
    "anchoring-assessed" v 1 = AnchoringAssessed, asked by "assess-anchoring" AssessAnchoring;
    /// Steg for Steg was present at the unit.
    "presence-held" v 1 = PresenceHeld, asked by "hold-presence" HoldPresence;
    /// Patients were told of Steg for Steg: a head count.
    "patients-informed" v 1 = PatientsInformed, asked by "inform-patients" InformPatients;
    /// Patients showed interest: a head count.
    "interest-shown" v 1 = InterestShown, asked by "show-interest" ShowInterest;
    /// The unit's staff were told of Steg for Steg.
    "staff-informed" v 1 = StaffInformed, asked by "inform-staff" InformStaff;
    /// The cooperation paused.
    "cooperation-paused" v 1 = CooperationPaused, asked by "pause-cooperation" PauseCooperation;
}
crate::es::catalogue!(@events CooperationFact);
