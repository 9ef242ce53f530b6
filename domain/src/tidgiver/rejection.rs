//! Why a command to a tidgiver's stream is refused.

use crate::{
    es::Broken,
    rules::{self, Rule},
    words::UnitId,
};

/// Why a command to a tidgiver's stream is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TidgiverRejection {
    /// Rule G4.
    #[error("this tidgiver has not applied")]
    NotKnown,
    /// Rule G4.
    #[error("this tidgiver has left")]
    HasLeft,
    /// Rule G1.
    #[error("{unit} is not a registered department")]
    NotADepartment {
        /// The unit that was named.
        unit: UnitId,
    },
    /// Rule G3.
    #[error("this tidgiver gives time in another department already")]
    AppliedElsewhere,
    /// Rule D30.
    #[error("a tidgiver is interviewed and trained before being approved")]
    NotInterviewedAndTrained,
    /// Rule D29.
    #[error("a tidgiver accepts the ground rules before being approved")]
    GroundRulesNotAccepted,
}

impl Broken for TidgiverRejection {
    fn rule(&self) -> Rule {
        match self {
            Self::NotKnown | Self::HasLeft => rules::G4,
            Self::NotADepartment { .. } => rules::G1,
            Self::AppliedElsewhere => rules::G3,
            Self::NotInterviewedAndTrained => rules::D30,
            Self::GroundRulesNotAccepted => rules::D29,
        }
    }
}
