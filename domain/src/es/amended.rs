//! Whether an amendment may be made.
//!
//! Corrections and retractions are decided like the facts they amend: one is permitted if the
//! amended history could have been told. Each of its entries is decided anew, first where it was
//! recorded, then where it happened ([`amend::in_place`]): what was corrected to another day meets
//! there what was recorded after it, such as the end of its stay. An entry that could not be told
//! again as things stand (the world has changed since) is in no amendment's way.

use std::collections::HashMap;

use super::{
    Context, Decider, Entry, EventData, EventId, ExecuteError, RecordedAt,
    amend::{self, Amendment},
    execute::may_have_happened,
};

/// Checks `new`, if it is an amendment, against the entries of its stream.
pub(super) fn may_be_amended<D: Decider>(
    entries: &[Entry<D::Event>],
    new: &Entry<D::Event>,
    now: RecordedAt,
    world: &D::World,
) -> Result<(), ExecuteError<D::Rejection>> {
    let Some(amendment) = new.event.amendment() else {
        return Ok(());
    };
    let entry = amendment.entry();
    let target = entries
        .iter()
        .find(|known| known.id == entry)
        .ok_or(ExecuteError::NoSuchEntry { entry })?;
    if amend::is_retracted(entries, entry) {
        return Err(ExecuteError::RetractedAlready { entry });
    }
    let is_fact = target.event.amendment().is_none();
    if let Amendment::Corrected(correction) = amendment {
        if !is_fact {
            return Err(ExecuteError::NotCorrectable { entry });
        }
        may_have_happened(correction.occurred_at, now)?;
        target
            .event
            .corrected(correction.schema_version, &correction.data)
            .map_err(ExecuteError::Correction)?;
    }
    let fact = fact_of(entries, target);
    let amended: Vec<_> = entries.iter().chain([new]).cloned().collect();
    let world = &*D::of_all(world);
    let recorded = |history: &[Entry<D::Event>]| amend::effective(history.to_vec());
    let broken = broken_by::<D>(&recorded(entries), &recorded(&amended), fact, world);
    let in_place = || {
        let (before, after) = (amend::in_place(entries), amend::in_place(&amended));
        broken_by::<D>(&before, &after, fact, world)
    };
    let Some((broken, why)) = broken.or_else(in_place) else {
        return Ok(());
    };
    Err(match amendment {
        Amendment::Corrected(_) if broken == entry => ExecuteError::Corrected(why),
        Amendment::Retracted(_) if is_fact => ExecuteError::RestedOn { by: broken, why },
        _ => ExecuteError::WouldBreak { entry: broken, why },
    })
}

/// The fact that an entry comes to: itself, or what it amends in the end.
fn fact_of<'a, E: EventData>(entries: &'a [Entry<E>], mut entry: &'a Entry<E>) -> EventId {
    while let Some(amendment) = entry.event.amendment() {
        let mut earlier = entries.iter().take_while(|known| known.id != entry.id);
        match earlier.find(|known| known.id == amendment.entry()) {
            Some(known) => entry = known,
            None => return amendment.entry(),
        }
    }
    entry.id
}

/// The first entry of the amended history that breaks a rule, and broke none before; of all the
/// amended fact itself. Of that one, another rule than before counts too.
fn broken_by<D: Decider>(
    before: &[Entry<D::Event>],
    after: &[Entry<D::Event>],
    fact: EventId,
    world: &D::World,
) -> Option<(EventId, D::Rejection)> {
    let before: HashMap<_, _> = decided_anew::<D>(before, world).into_iter().collect();
    let mut broken: Vec<_> = decided_anew::<D>(after, world)
        .into_iter()
        .filter_map(|(entry, decided)| Some((entry, decided.err()?)))
        .filter(|(entry, why)| match before.get(entry) {
            Some(Err(known)) => *entry == fact && known != why,
            Some(Ok(())) | None => true,
        })
        .collect();
    let first = broken.iter().position(|(entry, _)| *entry == fact);
    (!broken.is_empty()).then(|| broken.swap_remove(first.unwrap_or(0)))
}

/// Each entry with what becomes of it if the command that asked for it is decided where it stands.
fn decided_anew<D: Decider>(
    entries: &[Entry<D::Event>],
    world: &D::World,
) -> Vec<(EventId, Result<(), D::Rejection>)> {
    let mut state = D::State::default();
    let anew = entries.iter().map(|entry| {
        let context = Context {
            occurred_at: entry.occurred_at,
            // What it brought into being is named by it.
            command_id: entry.id.0,
            world,
        };
        let decided = D::decide(&state, entry.event.clone().into(), &context)
            .and_then(|anew| D::stands(&entry.event, anew.first()));
        state = D::evolve(std::mem::take(&mut state), entry);
        (entry.id, decided)
    });
    anew.collect()
}
