//! A history read with its corrections and retractions.
//!
//! The log is never edited. That an entry was mistaken is itself a fact, learned at its own time:
//! whoever reads the log up to a moment before it sees what was believed then.

use std::collections::{HashMap, HashSet};

pub use super::catalogue::{EntryCorrected, EntryRetracted, Kind, RetractionReason};
use super::{Entry, EventData, EventId, OccurredAt};

/// Something that stands in a history and may be amended.
pub trait Amendable: Sized {
    /// Its name.
    fn id(&self) -> EventId;
    /// If it says that an earlier entry was mistaken: which, and what holds instead.
    fn amendment(&self) -> Option<Amendment<'_>>;
    /// What the correction makes of it. A correction is checked when it is decided; one that
    /// cannot be read changes nothing.
    #[must_use]
    fn corrected(self, correction: &EntryCorrected) -> Self;
}

impl<E: EventData> Amendable for Entry<E> {
    fn id(&self) -> EventId {
        self.id
    }
    fn amendment(&self) -> Option<Amendment<'_>> {
        self.event.amendment()
    }
    fn corrected(self, correction: &EntryCorrected) -> Self {
        match self
            .event
            .corrected(correction.schema_version, &correction.data)
        {
            Ok(event) => Self {
                event,
                occurred_at: correction.occurred_at,
                ..self
            },
            Err(_) => self,
        }
    }
}

/// What an event says about an earlier entry.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Amendment<'a> {
    /// It should have said something else.
    Corrected(&'a EntryCorrected),
    /// It should not have been made.
    Retracted(EventId),
}

impl Amendment<'_> {
    /// The entry it is about.
    #[must_use]
    pub fn entry(&self) -> EventId {
        match self {
            Self::Corrected(correction) => correction.entry,
            Self::Retracted(entry) => *entry,
        }
    }
}

/// Whether an entry of the history does not count any more.
#[must_use]
pub fn is_retracted<T: Amendable>(history: &[T], entry: EventId) -> bool {
    let mut retracted: HashSet<EventId> = HashSet::new();
    for later in history.iter().rev() {
        if let Some(Amendment::Retracted(target)) = later.amendment()
            && !retracted.contains(&later.id())
        {
            retracted.insert(target);
        }
    }
    retracted.contains(&entry)
}

/// The entries that count, in the order in which they were recorded, each as its last correction
/// says; amendments themselves are left out.
///
/// An amendment may be amended: of two corrections of one entry the later holds, and retracting a
/// retraction brings the entry back. Which amendments count is read from the end of the history,
/// since only a later entry can be about an earlier one.
#[must_use]
pub fn effective<T: Amendable>(history: Vec<T>) -> Vec<T> {
    if history.iter().all(|entry| entry.amendment().is_none()) {
        return history;
    }
    let mut retracted: HashSet<EventId> = HashSet::new();
    let mut corrections: HashMap<EventId, EntryCorrected> = HashMap::new();
    for entry in history.iter().rev() {
        if retracted.contains(&entry.id()) {
            continue;
        }
        match entry.amendment() {
            None => {}
            Some(Amendment::Retracted(target)) => {
                retracted.insert(target);
            }
            Some(Amendment::Corrected(correction)) => {
                corrections
                    .entry(correction.entry)
                    .or_insert_with(|| correction.clone());
            }
        }
    }
    history
        .into_iter()
        .filter(|entry| entry.amendment().is_none() && !retracted.contains(&entry.id()))
        .map(|entry| match corrections.get(&entry.id()) {
            None => entry,
            Some(correction) => entry.corrected(correction),
        })
        .collect()
}

/// The entries that count, as a decider folds them: in the order in which they were recorded, but
/// what was corrected to another time stands where it would if it had been told so.
///
/// On its way there an entry passes those that happened between the time it was said to have
/// happened and the time it did; it does not pass one that happened later than itself.
#[must_use]
pub fn in_place<E: EventData>(history: &[Entry<E>]) -> Vec<Entry<E>> {
    let told: HashMap<EventId, Place> = history
        .iter()
        .map(|entry| (entry.id, place(entry)))
        .collect();
    let mut placed: Vec<(Place, Entry<E>)> = effective(history.to_vec())
        .into_iter()
        .map(|entry| (told[&entry.id], entry))
        .collect();
    let moved: Vec<EventId> = placed
        .iter()
        .filter(|(told, entry)| *told != place(entry))
        .map(|(_, entry)| entry.id)
        .collect();
    for id in moved {
        let Some(at) = placed.iter().position(|(_, entry)| entry.id == id) else {
            continue;
        };
        let (from, entry) = placed.remove(at);
        let to = place(&entry);
        let mut there = at;
        if before(from, to) {
            let after = placed.iter().enumerate().skip(at);
            for (index, (other, _)) in after.take_while(|(_, (other, _))| before(*other, to)) {
                if before(from, *other) {
                    there = index + 1;
                }
            }
        } else {
            let earlier = placed.iter().enumerate().take(at).rev();
            for (index, (other, _)) in earlier.take_while(|(_, (other, _))| before(to, *other)) {
                if before(*other, from) {
                    there = index;
                }
            }
        }
        placed.insert(there, (to, entry));
    }
    placed.into_iter().map(|(_, entry)| entry).collect()
}

/// Where an entry stands among others in the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    at: OccurredAt,
    opens: bool,
    rank: u16,
    id: EventId,
}

fn place<E: EventData>(entry: &Entry<E>) -> Place {
    Place {
        at: entry.occurred_at,
        opens: entry.event.opens(),
        rank: entry.event.rank(),
        id: entry.id,
    }
}

/// Whether one stands before the other, as the read models order them. Of a day and a moment
/// within it nobody knows which was first: there the order of recording remains. It does on a day
/// on which a stay opens, too: what belongs to it was told after.
fn before(one: Place, other: Place) -> bool {
    let by_day = |place: Place| matches!(place.at, OccurredAt::Day(_));
    let unlike = by_day(one) != by_day(other) || one.opens || other.opens;
    let unknown = unlike && one.at.day() == other.at.day();
    let order = |place: Place| (place.at.begins(), place.rank, place.id);
    !unknown && order(one) < order(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        es::{Day, spec::nth_id},
        unit::{KeyFiguresReported, UnitFact},
    };

    fn entry(n: usize, event: UnitFact) -> Entry<UnitFact> {
        let occurred_at: OccurredAt = "2021-01-10".parse().unwrap();
        Entry {
            id: EventId(nth_id(n)),
            occurred_at,
            event,
        }
    }

    fn figures(employees: u32) -> UnitFact {
        UnitFact::KeyFiguresReported(KeyFiguresReported {
            on: "2020-12-31".parse::<Day>().unwrap(),
            employees,
            full_time_equivalents_hundredths: 100,
            tidgivere: None,
        })
    }

    fn corrected(target: usize, employees: u32) -> UnitFact {
        UnitFact::EntryCorrected(EntryCorrected {
            entry: EventId(nth_id(target)),
            occurred_at: "2021-01-11".parse().unwrap(),
            schema_version: 1,
            data: serde_json::from_str(&figures(employees).to_json()).unwrap(),
        })
    }

    fn retracted(target: usize) -> UnitFact {
        let entry = EventId(nth_id(target));
        UnitFact::EntryRetracted(EntryRetracted {
            entry,
            reason: RetractionReason::Duplicate,
        })
    }

    /// What counts of a history: of each entry its place, its day and its employees.
    fn counts(history: Vec<UnitFact>) -> Vec<(usize, String, u32)> {
        let history = history
            .into_iter()
            .enumerate()
            .map(|(n, event)| entry(n, event))
            .collect();
        effective(history)
            .into_iter()
            .map(|entry| {
                let UnitFact::KeyFiguresReported(figures) = &entry.event else {
                    panic!("figures")
                };
                let place = (0..10).find(|n| EventId(nth_id(*n)) == entry.id).unwrap();
                (place, entry.occurred_at.to_string(), figures.employees)
            })
            .collect()
    }

    fn day(text: &str) -> String {
        text.to_owned()
    }

    #[test]
    fn a_history_without_amendments_counts_as_it_stands() {
        let both = vec![(0, day("2021-01-10"), 1), (1, day("2021-01-10"), 2)];
        assert_eq!(counts(vec![figures(1), figures(2)]), both);
    }

    #[test]
    fn of_two_corrections_the_later_holds_with_its_own_day() {
        let history = vec![figures(1), corrected(0, 2), corrected(0, 3)];
        assert_eq!(counts(history), vec![(0, day("2021-01-11"), 3)]);
    }

    #[test]
    fn a_retracted_correction_brings_back_what_held_before_it() {
        let history = vec![figures(1), corrected(0, 2), corrected(0, 3), retracted(2)];
        assert_eq!(counts(history), vec![(0, day("2021-01-11"), 2)]);
    }

    #[test]
    fn a_retracted_entry_is_gone_however_it_was_corrected() {
        assert_eq!(
            counts(vec![figures(1), corrected(0, 2), retracted(0)]),
            vec![]
        );
        assert_eq!(
            counts(vec![figures(1), retracted(0), corrected(0, 2)]),
            vec![]
        );
    }

    #[test]
    fn a_retracted_retraction_does_not_count() {
        let history = vec![figures(1), retracted(0), retracted(1)];
        assert_eq!(counts(history), vec![(0, day("2021-01-10"), 1)]);
    }

    /// The places of the entries in the order in which a decider folds them; each is told of a
    /// time, and perhaps corrected to another.
    fn folded(told: &[(&str, Option<&str>)]) -> Vec<usize> {
        let at = |time: &str| time.parse::<OccurredAt>().unwrap();
        let mut history: Vec<_> = told
            .iter()
            .enumerate()
            .map(|(n, (time, _))| Entry {
                occurred_at: at(time),
                ..entry(n, figures(1))
            })
            .collect();
        for (n, (_, moved)) in told.iter().enumerate() {
            if let Some(time) = moved {
                let UnitFact::EntryCorrected(correction) = corrected(n, 1) else {
                    panic!("a correction")
                };
                let correction = EntryCorrected {
                    occurred_at: at(time),
                    ..correction
                };
                let id = history.len();
                history.push(entry(id, UnitFact::EntryCorrected(correction)));
            }
        }
        let place = |entry: &Entry<UnitFact>| (0..9).find(|n| EventId(nth_id(*n)) == entry.id);
        in_place(&history).iter().filter_map(place).collect()
    }

    #[test]
    fn what_is_moved_passes_what_happened_in_between_and_nothing_else() {
        let plain = |time| (time, None);
        let [first, second, third] = ["2021-01-01", "2021-01-05", "2021-01-09"];
        assert_eq!(
            folded(&[(first, Some("2021-01-07")), plain(second), plain(third)]),
            [1, 0, 2]
        );
        assert_eq!(
            folded(&[plain(first), plain(second), (third, Some("2021-01-02"))]),
            [0, 2, 1]
        );
        // Told late, it stays where it was recorded.
        assert_eq!(
            folded(&[plain(second), plain(first), plain(third)]),
            [0, 1, 2]
        );
        assert_eq!(
            folded(&[(second, Some("2021-01-06")), plain(first), plain(third)]),
            [0, 1, 2]
        );
        // Two that change places.
        assert_eq!(
            folded(&[(first, Some(third)), plain(second), (third, Some(first))]),
            [2, 1, 0]
        );
    }

    #[test]
    fn of_a_day_and_a_moment_within_it_the_order_of_recording_remains() {
        let morning = "2021-01-05T09:00:00Z";
        let noon = ("2021-01-05T12:00:00Z", Some("2021-01-05"));
        assert_eq!(folded(&[(morning, None), noon]), [0, 1]);
    }
}
