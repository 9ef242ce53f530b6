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
}

impl Broken for CooperationRejection {
    fn rule(&self) -> Rule {
        match self {
            Self::NotBegun => rules::D41,
            Self::UnknownUnit { .. } => rules::G1,
        }
    }
}
