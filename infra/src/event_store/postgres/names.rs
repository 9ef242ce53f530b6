//! The names of streams by their numbers, as far as they were met. A name never changes, and to look
//! it up again for each event takes the server three times as long as to read the event.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, PoisonError},
};

use domain::es::StreamName;

/// How many names are kept: some 10 MB.
const MOST: usize = 100_000;

/// Names by number.
pub(super) type Named = HashMap<i64, StreamName>;

#[derive(Debug, Default)]
pub(super) struct Names(Mutex<Named>);

impl Names {
    /// The names of some streams that are known, and the numbers of the others.
    pub(super) fn of(&self, streams: &HashSet<i64>) -> (Named, Vec<i64>) {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut named = Named::with_capacity(streams.len());
        let mut unknown = vec![];
        for id in streams {
            match known.get(id) {
                Some(name) => drop(named.insert(*id, name.clone())),
                None => unknown.push(*id),
            }
        }
        (named, unknown)
    }

    /// Keeps what was looked up. With too many to keep, it begins anew.
    pub(super) fn keep(&self, found: &[(i64, StreamName)]) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() + found.len() > MOST {
            known.clear();
        }
        known.extend(found.iter().cloned());
    }
}
