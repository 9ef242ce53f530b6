//! Events at which a read model gives up, or the process ends. The folding of these tests asks here;
//! that of no other program does.

use std::{
    collections::BTreeSet,
    process,
    sync::{Mutex, OnceLock, PoisonError},
};

use domain::{es::EventId, event::Recorded};

/// Names the event at which this process ends.
pub(super) const DIES_AT: &str = "STEGSPOR_TEST_DIES_AT";

static POISON: Mutex<BTreeSet<EventId>> = Mutex::new(BTreeSet::new());

/// No read model can take this event in any more.
pub(super) fn make(event: EventId) {
    let mut poison = POISON.lock().unwrap_or_else(PoisonError::into_inner);
    poison.insert(event);
}

/// The fault is mended.
pub(super) fn mend(event: EventId) {
    let mut poison = POISON.lock().unwrap_or_else(PoisonError::into_inner);
    poison.remove(&event);
}

/// A read model meets an event.
pub(in crate::read_store) fn meet(event: &Recorded) {
    static DIES: OnceLock<Option<String>> = OnceLock::new();
    let dies = DIES.get_or_init(|| std::env::var(DIES_AT).ok());
    if dies
        .as_ref()
        .is_some_and(|at| *at == event.id.0.to_string())
    {
        process::abort();
    }
    let is_poison = {
        let poison = POISON.lock().unwrap_or_else(PoisonError::into_inner);
        poison.contains(&event.id)
    };
    assert!(!is_poison, "this test says so");
}
