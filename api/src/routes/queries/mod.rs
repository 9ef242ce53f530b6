//! The questions, one a file.

mod cells;
mod cooperations;
mod flows;
mod flows_by_year;
mod key_figures;
pub(super) mod parked;
mod participant;
mod participants;
mod plan;
mod referral;
mod referrals;
mod retention;
mod sentence_serving;
mod standing;
mod steps;
mod suppress;
mod table;
mod tidgiver;
mod tidgivere;
mod timeline;
mod units;
mod withheld;
mod worklist;

use domain::words::UnitId;
use projections::{Answer, Scope};
use serde::Serialize;
use serde_json::Value;

use super::{Endpoint, asking};
use crate::{
    auth::rights::{Of, Sight},
    problem::{Problem, general},
};

/// Every question.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        key_figures::endpoint(),
        standing::endpoint(),
        flows::endpoint(),
        retention::endpoint(),
        sentence_serving::endpoint(),
        participants::endpoint(),
        participant::endpoint(),
        timeline::endpoint(),
        plan::endpoint(),
        referrals::endpoint(),
        referral::endpoint(),
        tidgivere::endpoint(),
        tidgiver::endpoint(),
        worklist::endpoint(),
        cooperations::endpoint(),
        units::endpoint(),
        parked::endpoint(),
    ]
}

/// The unit to answer for; nothing is here if the asker asks for another's.
fn seen(sight: &Sight, asked: Option<&UnitId>) -> Result<Option<UnitId>, Problem> {
    sight
        .unit(asked)
        .ok_or_else(|| Problem::general(&general::NOT_FOUND))
}

/// Of which departments' persons the asker may hear.
fn scope(sight: &Sight) -> Scope {
    match &sight.of {
        Of::Unit(unit) => Scope::department(unit.clone()),
        Of::All | Of::Myself(_) | Of::MyOppdrag(_) => Scope::All,
    }
}

/// An answer as JSON, to be shown in part.
fn json<V: Serialize>(answer: &Answer<V>) -> Value {
    serde_json::to_value(answer).expect("answers are plain data")
}
