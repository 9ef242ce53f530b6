//! Why a command to a participant's stream is refused.

use crate::{
    es::{Broken, Day},
    rules::{self, Rule},
    words::{OppdragId, UnitId},
};

/// Why a command to a participant's stream is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParticipantRejection {
    /// Rule G4.
    #[error("this person has not made contact")]
    NotKnown,
    /// Rule G1.
    #[error("{unit} is not registered as what it is named as")]
    UnknownUnit {
        /// The unit that was named.
        unit: UnitId,
    },
    /// Rule D3.
    #[error("how the person came into contact is not told")]
    NoChannel,
    /// Rule D11.
    #[error("the first conversation comes before the kartlegging")]
    NoConversationYet,
    /// Rule D11.
    #[error("the kartlegging comes before participation")]
    NotMappedYet,
    /// Rule D11.
    #[error("the person is not a participant")]
    NotAParticipant,
    /// Rule D11.
    #[error("the person is a participant: a participation ends, an inquiry is closed")]
    NoLongerAnInquiry,
    /// Rule D14.
    #[error("this stay ended on {on}")]
    StayEnded {
        /// The day it ended.
        on: Day,
    },
    /// Rule D14.
    #[error("this stay ended on {on}: what would change where it stood is told as a correction")]
    StandingIsSettled {
        /// The day it ended.
        on: Day,
    },
    /// Rule G8.
    #[error("this was told already, of {on}")]
    ToldAlready {
        /// The day that it was told of.
        on: Day,
    },
    /// Rule G8.
    #[error("the same oppdrag is open already: it was told under the id {under}")]
    OppdragToldAlready {
        /// Its name.
        under: OppdragId,
    },
    /// Rule D14.
    #[error("relapse ends no participation unless contact was tried first")]
    NoContactTriedAfterRelapse,
    /// Rule D15.
    #[error("a stay is open: nobody returns who has not left")]
    StayIsOpen,
    /// Rule G2. Of a stay that another department held, its end is not told.
    #[error("this lies before the end of an earlier stay")]
    BeforeAnEarlierEnd,
    /// Rule G2.
    #[error("on this day it belongs to another stay: retract the entry, and tell it anew")]
    InAnotherStay,
    /// Rule D12.
    #[error("no relapse is known that this could follow")]
    NoRelapse,
    /// Rule D17.
    #[error("the kartlegging comes before plan, match and oppdrag")]
    KartleggingComesFirst,
    /// Rule D18.
    #[error("a goal is the participant's own: it is set when they agree")]
    GoalNotAgreed,
    /// Rule G4.
    #[error("no open goal of this id is known")]
    NoSuchGoal,
    /// Rule D5.
    #[error("no consent of this id holds towards this unit")]
    NoConsent,
    /// Rule G4.
    #[error("no consent of this id is known")]
    NoSuchConsent,
    /// Rule G3.
    #[error("this id names something else already")]
    NameTaken,
    /// Rule D25.
    #[error("a match says what it rests on")]
    NoMatchReason,
    /// Rule D26.
    #[error("the participant has not said to be ready for a tidgiver")]
    NotReady,
    /// Rule D26.
    #[error("the participant is an in-patient: the institution says yes too")]
    InstitutionHasNotAgreed,
    /// Rule G2.
    #[error("the review is set to {review}, which is before {decided}, from when it counts")]
    ReviewTooEarly {
        /// The day of review that was told.
        review: Day,
        /// The day from which it counts: the first day, or that of the decision.
        decided: Day,
    },
    /// Rule G2.
    #[error("the end is set to {ends}, which is before the review on {review}")]
    EndBeforeReview {
        /// The last day that was told.
        ends: Day,
        /// The day of review.
        review: Day,
    },
    /// Rule D27.
    #[error("the review is set to {review}, which is too late: {last} is the last day for it")]
    ReviewTooLate {
        /// The day of review that was told.
        review: Day,
        /// The last day that it may be.
        last: Day,
    },
    /// Rule D27.
    #[error("the end is set to {ends}, which is too late: {last} is the last day for it")]
    EndTooLate {
        /// The last day that was told.
        ends: Day,
        /// The last day that it may be.
        last: Day,
    },
    /// Rule D27.
    #[error("the oppdrag ended on {on}: more is a new decision")]
    OppdragEnded {
        /// The day it ended.
        on: Day,
    },
    /// Rule G4.
    #[error("no oppdrag of this id is known")]
    NoSuchOppdrag,
    /// Rule D28.
    #[error("the conversation of three comes before the first meeting")]
    NoStartConversation,
    /// Rule D29.
    #[error("participant and tidgiver both accept the ground rules first")]
    GroundRulesNotAccepted,
    /// Rule D30.
    #[error("the tidgiver is not interviewed, trained and approved")]
    TidgiverNotApproved,
    /// Rule D38.
    #[error("the department offers no tidgiver of one's own by default")]
    NoIndividualTidgiver,
    /// Rule D38.
    #[error("the tidgiver gives time in another department")]
    TidgiverElsewhere,
    /// Rule G4.
    #[error("no safety concern of this id is known")]
    NoSuchConcern,
    /// Rule D42.
    #[error("the person is not serving a sentence here")]
    NotServing,
    /// Rule D42.
    #[error("the person has been serving a sentence since {since}: that is completed first")]
    ServingAlready {
        /// The day on which that began.
        since: Day,
    },
    /// Rule G2.
    #[error("this lies before {begun}, when what it belongs to began")]
    BeforeItsBeginning {
        /// When it began.
        begun: Day,
    },
}

impl Broken for ParticipantRejection {
    fn rule(&self) -> Rule {
        match self {
            Self::UnknownUnit { .. } => rules::G1,
            Self::BeforeItsBeginning { .. }
            | Self::BeforeAnEarlierEnd
            | Self::InAnotherStay
            | Self::ReviewTooEarly { .. }
            | Self::EndBeforeReview { .. } => rules::G2,
            Self::NameTaken => rules::G3,
            Self::NotKnown
            | Self::NoSuchGoal
            | Self::NoSuchConsent
            | Self::NoSuchOppdrag
            | Self::NoSuchConcern => rules::G4,
            Self::NoChannel => rules::D3,
            Self::NoConsent => rules::D5,
            Self::NoConversationYet
            | Self::NotMappedYet
            | Self::NotAParticipant
            | Self::NoLongerAnInquiry => rules::D11,
            Self::NoRelapse => rules::D12,
            Self::StayEnded { .. }
            | Self::StandingIsSettled { .. }
            | Self::NoContactTriedAfterRelapse => rules::D14,
            Self::StayIsOpen => rules::D15,
            Self::KartleggingComesFirst => rules::D17,
            Self::GoalNotAgreed => rules::D18,
            Self::NoMatchReason => rules::D25,
            Self::NotReady | Self::InstitutionHasNotAgreed => rules::D26,
            Self::ReviewTooLate { .. } | Self::EndTooLate { .. } | Self::OppdragEnded { .. } => {
                rules::D27
            }
            Self::NoStartConversation => rules::D28,
            Self::GroundRulesNotAccepted => rules::D29,
            Self::TidgiverNotApproved => rules::D30,
            Self::NoIndividualTidgiver | Self::TidgiverElsewhere => rules::D38,
            Self::NotServing | Self::ServingAlready { .. } => rules::D42,
            Self::ToldAlready { .. } | Self::OppdragToldAlready { .. } => rules::G8,
        }
    }
}
