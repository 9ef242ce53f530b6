//! A tidgiver's own oppdrag.

use std::collections::BTreeSet;

use domain::words::TidgiverId;
use serde_json::{Value, json};

use super::{
    lives::{Lives, stay},
    log::Log,
};

/// All that anything is told of.
pub(super) fn tidgivere(log: &Log, lives: &Lives) -> BTreeSet<TidgiverId> {
    let matched = lives
        .values()
        .flat_map(|life| life.oppdrag.iter().map(|one| one.agreed.tidgiver));
    log.tidgivere.keys().copied().chain(matched).collect()
}

pub(super) fn oppdrag(lives: &Lives, tidgiver: TidgiverId) -> Value {
    let mut own: Vec<_> = lives
        .iter()
        .flat_map(|(person, life)| life.oppdrag.iter().map(move |one| (person, one)))
        .filter(|(_, one)| one.agreed.tidgiver == tidgiver)
        .collect();
    own.sort_by_key(|(_, one)| (one.agreed.begins, one.id));
    let told = own.iter().map(|(person, one)| {
        let stay = stay(lives, one.stay);
        json!({
            "participant_id": person,
            "oppdrag_id": one.id,
            "kind": one.kind,
            "purpose": one.agreed.purpose,
            "begins": one.agreed.begins,
            "review": one.review,
            "ends": one.ends,
            "started": one.started,
            "meetings": one.meetings,
            "cancellations": one.cancelled.len(),
            "ended": one.ended.as_ref().map(|ended| ended.0),
            "left_open": match &one.ended {
                None => stay.and_then(|stay| stay.ended),
                Some(_) => None,
            },
        })
    });
    json!({ "participants": told.collect::<Vec<_>>() })
}
