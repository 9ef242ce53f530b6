//! Why a command to a cooperation is refused.

use crate::{
    es::Broken,
    rules::{self, Rule},
    words::UnitId,
};

/// Why a command to a cooperation is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CooperationRejection {
    /// Rule D41.
    #[error("the cooperation has not begun: it begins with a named coordinator")]
    NotBegun,
    /// Rule G1.
    #[error("{unit} is not registered as what it is named as")]
    UnknownUnit {
        /// The unit that was named.
        unit: UnitId,
    },
    /// Rule G9.
    #[error("this is more than a unit can reach: at most {most} is taken")]
    TooMany {
        /// The most that is taken.
        most: u32,
    },
}

impl Broken for CooperationRejection {
    fn rule(&self) -> Rule {
        match self {
            Self::NotBegun => rules::D41,
            Self::UnknownUnit { .. } => rules::G1,
            Self::TooMany { .. } => rules::G9,
        }
    }
}
