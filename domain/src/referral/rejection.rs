//! Why a command to a referral is refused.

use crate::{
    es::{Broken, Day},
    rules::{self, Rule},
    words::UnitId,
};

/// Why a command to a referral is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReferralRejection {
    /// Rule G1.
    #[error("{unit} is not registered as what it is named as")]
    UnknownUnit {
        /// The unit that was named.
        unit: UnitId,
    },
    /// Rule G2.
    #[error("this lies before {begun}, when what it belongs to began")]
    BeforeItsBeginning {
        /// When it began.
        begun: Day,
    },
    /// Rule G3.
    #[error("this referral was proposed between other units")]
    AlreadyProposed,
    /// Rule G4.
    #[error("no such referral was proposed")]
    NotProposed,
    /// Rule D4.
    #[error("the person has not said yes: a referral is a proposal")]
    PatientHasNotAgreed,
    /// Rule G3.
    #[error("another person said yes to this referral")]
    AnotherPerson,
    /// Rule D5.
    #[error("without a consent only a way to reach the person is kept")]
    MoreThanContact,
    /// Rule D5.
    #[error("nothing is told of a patient without their consent")]
    NoConsent,
    /// Rule D5.
    #[error("the referral waited too long without a consent and has expired")]
    Expired,
    /// Rule D5.
    #[error("the referral was withdrawn: nothing more is told")]
    Withdrawn,
    /// Rule D8.
    #[error("contact with an in-patient starts with a joint conversation")]
    NoJointConversation,
    /// Rule D9.
    #[error("a declined referral points onward to another unit")]
    NoWayOnward,
    /// Rule D9.
    #[error("the day from which the person is welcome back has passed already")]
    WelcomeBackInThePast,
    /// Rule D9.
    #[error("the answer was \"not now\": propose anew when the person is welcome back")]
    Declined,
    /// Rule D4.
    #[error("the referral was accepted already")]
    AlreadyAccepted,
}

impl Broken for ReferralRejection {
    fn rule(&self) -> Rule {
        match self {
            Self::UnknownUnit { .. } => rules::G1,
            Self::BeforeItsBeginning { .. } => rules::G2,
            Self::AlreadyProposed | Self::AnotherPerson => rules::G3,
            Self::NotProposed => rules::G4,
            Self::PatientHasNotAgreed | Self::AlreadyAccepted => rules::D4,
            Self::MoreThanContact | Self::NoConsent | Self::Expired | Self::Withdrawn => rules::D5,
            Self::NoJointConversation => rules::D8,
            Self::NoWayOnward | Self::WelcomeBackInThePast | Self::Declined => rules::D9,
        }
    }
}
