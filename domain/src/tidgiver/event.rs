//! What can happen on a tidgiver's way, and the commands that tell of it.

use crate::{
    es::VaultEntryId,
    participant::SupportWish,
    shape::{code, payload},
    words::UnitId,
};

code! {
    /// A language that a tidgiver speaks.
    Language {
        /// Norwegian.
        Norwegian,
        /// English.
        English,
        /// Polish.
        Polish,
        /// Arabic.
        Arabic,
        /// Somali.
        Somali,
        /// Tigrinya.
        Tigrinya,
        /// Ukrainian.
        Ukrainian,
        /// Any other.
        Other,
    }
}
code! {
    /// Why a tidgiver left.
    LeaveReason {
        /// Their own wish.
        OwnWish,
        /// They moved.
        Moved,
        /// No time any more.
        NoTime,
        /// The ground rules were broken.
        GroundRulesBroken,
        /// Death.
        Death,
    }
}

payload! {
    /// Somebody offered their time.
    TidgiverApplied {
        /// To which department.
        department: UnitId,
        /// What they are called: the vault's entry.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<VaultEntryId>,
        /// How they are reached: the vault's entry.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        contact: Option<VaultEntryId>,
    }
}
payload! {
    /// They were interviewed.
    TidgiverInterviewed {}
}
payload! {
    /// They were trained.
    TidgiverTrained {}
}
payload! {
    /// They accepted the ground rules (rule D29).
    TidgiverGroundRulesAccepted {}
}
payload! {
    /// They were approved (rule D30).
    TidgiverApproved {}
}
payload! {
    /// What they like to give time to, and the languages they speak.
    TidgiverInterestsRecorded {
        /// In the words of the support wishes.
        interests: Vec<SupportWish>,
        /// Languages.
        languages: Vec<Language>,
    }
}
payload! {
    /// How many participants they have time for now.
    TidgiverAvailabilityChanged {
        /// Assignments at once; 0 is a pause.
        capacity: u8,
    }
}
payload! {
    /// They left.
    TidgiverLeft {
        /// Why.
        reason: LeaveReason,
    }
}

crate::es::catalogue! {
    stream "tidgiver";
    /// What can happen on a tidgiver's way, in its order.
    facts TidgiverFact;
    /// What can be asked to be recorded of a tidgiver.
    commands TidgiverCommand;

    /// Somebody offered their time.
    "tidgiver-applied" v 1 = TidgiverApplied, asked by "apply" Apply, personal ["name", "contact"];
    /// They were interviewed.
    "tidgiver-interviewed" v 1 = TidgiverInterviewed, asked by "interview" Interview;
    /// They were trained.
    "tidgiver-trained" v 1 = TidgiverTrained, asked by "train" Train;
    /// They accepted the ground rules.
    "tidgiver-ground-rules-accepted" v 1 = TidgiverGroundRulesAccepted, asked by "accept-ground-rules" AcceptGroundRules;
    /// They were approved.
    "tidgiver-approved" v 1 = TidgiverApproved, asked by "approve" Approve;
    /// What they like to give time to, and the languages they speak.
    "tidgiver-interests-recorded" v 1 = TidgiverInterestsRecorded, asked by "record-interests" RecordInterests;
    /// How many participants they have time for now.
    "tidgiver-availability-changed" v 1 = TidgiverAvailabilityChanged, asked by "change-availability" ChangeAvailability;
    /// They left.
    "tidgiver-left" v 1 = TidgiverLeft, asked by "leave" Leave;
}
crate::es::catalogue!(@events TidgiverFact);
