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
    /// Rule G9.
    #[error("this is more than a unit can reach: at most {most} is taken")]
    TooMany {
        /// The field that says so.
        field: &'static str,
        /// The most that is taken there.
        most: u32,
    },
}

impl Broken for UnitRejection {
    fn rule(&self) -> Rule {
        match self {
            Self::NotRegistered => rules::G1,
            Self::FiguresOfTheFuture => rules::G2,
            Self::TooMany { .. } => rules::G9,
        }
    }
}
