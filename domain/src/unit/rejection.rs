//! Why a command to a unit is refused.

use crate::{
    es::Broken,
    rules::{self, Rule},
};

/// Why a command to a unit is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnitRejection {
    /// Rule G1.
    #[error("the unit is not registered")]
    NotRegistered,
    /// Rule G2.
    #[error("the figures are told before the day they hold for")]
    FiguresOfTheFuture,
}

impl Broken for UnitRejection {
    fn rule(&self) -> Rule {
        match self {
            Self::NotRegistered => rules::G1,
            Self::FiguresOfTheFuture => rules::G2,
        }
    }
}
