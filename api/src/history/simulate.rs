//! A simulated history of any size: plausible lives, the same for the same seed, written as they
//! are asked for. Only lives that have begun and are not told to their end are in memory.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    vec::IntoIter,
};

use chrono::{DateTime, TimeDelta, Utc};
use domain::es::{Day, EventStore, OccurredAt, PersonVault, RecordedAt, Role, SourceSystem};

use super::{
    Deed, PlayError, Player, Step, Teller,
    dice::Dice,
    pen::Pen,
    plans::some_stay,
    scene::{self, Scene},
    stay::Fate,
    tidgivere::{self, Crowd},
    units::{self, unit},
};

/// How large a history, over how long, from which seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Persons.
    pub participants: u64,
    /// Years, of which the last ends where the history does.
    pub years: u64,
    /// What everything follows from.
    pub seed: u64,
}

/// Plays a simulated history into an empty log. Without a vault its words are let go. `progress`
/// is told how many of the persons have come, and how many will. Answers the number of steps.
pub async fn play(
    store: &dyn EventStore,
    vault: Option<&dyn PersonVault>,
    size: Size,
    progress: &mut (dyn FnMut(u64, u64) + Send),
) -> Result<u64, PlayError> {
    let mut player = Player::new(store, vault, SourceSystem("simulate".to_owned()));
    let mut steps = simulate(size);
    let mut count = 0;
    while let Some(step) = steps.next() {
        player.play(step).await?;
        count += 1;
        if count % 1000 == 0 {
            progress(steps.begun(), size.participants);
        }
    }
    player.flush().await?;
    progress(size.participants, size.participants);
    Ok(count)
}

/// The steps of a simulated history, in the order in which they are told.
#[must_use]
pub fn simulate(size: Size) -> Simulated {
    Simulated::new(size)
}

/// A simulated history, step by step.
pub struct Simulated {
    size: Size,
    scene: Scene,
    first: Day,
    next: u64,
    open: BinaryHeap<Reverse<Thread>>,
}

/// The rest of one life; the one whose next step is told first comes first.
struct Thread {
    at: RecordedAt,
    life: u64,
    next: Step,
    rest: IntoIter<Step>,
}

impl Thread {
    fn new(life: u64, mut rest: IntoIter<Step>) -> Option<Self> {
        rest.next().map(|next| Self {
            at: next.recorded_at,
            life,
            next,
            rest,
        })
    }
}

impl PartialEq for Thread {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.life) == (other.at, other.life)
    }
}
impl Eq for Thread {}
impl PartialOrd for Thread {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Thread {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.life).cmp(&(other.at, other.life))
    }
}

/// The moment at which every simulated history ends.
fn end() -> DateTime<Utc> {
    DateTime::from_timestamp(1_625_133_600, 0).expect("2021-07-01T10:00Z is a moment")
}

/// Days before the first life in which units and tidgivere come.
const PREPARATION: u64 = 200;

impl Simulated {
    fn new(size: Size) -> Self {
        let horizon = Day::of(end()).minus(1);
        let days = size.years.clamp(1, 100) * 365;
        let first = horizon.minus(days);
        let mut scene = Scene {
            seed: size.seed,
            staff: scene::staff(),
            volunteers: BTreeMap::new(),
            turnover: first.plus(days / 2),
            lines: vec![end() - TimeDelta::hours(1)],
            horizon,
        };
        // Streams of the generator: 0 for what all share, one for each life after it.
        let mut dice = Dice::new(size.seed, 0);
        let mut steps = register(&mut dice, first.minus(PREPARATION));
        let there = (size.participants / 30).clamp(3, 300);
        for (department, staff) in scene.staff.clone() {
            let (volunteers, told) = tidgivere::crowd(
                &mut dice,
                &department,
                &staff,
                Crowd {
                    there,
                    gone: there / 5,
                    newcomers: there / 10,
                    candidates: 2,
                    approved: (first.minus(60), horizon.minus(days / 4)),
                    still_there: horizon.minus(days / 5),
                    horizon,
                },
            );
            scene.volunteers.insert(department, volunteers);
            steps.extend(told);
        }
        steps.sort_by_key(|step| step.recorded_at);
        let open = Thread::new(0, steps.into_iter())
            .map(Reverse)
            .into_iter()
            .collect();
        Self {
            size,
            scene,
            first,
            next: 1,
            open,
        }
    }

    /// How many persons have come so far.
    #[must_use]
    pub fn begun(&self) -> u64 {
        self.next - 1
    }

    /// The first day of which the life of this number, or a later one, may tell.
    fn arrival(&self, life: u64) -> Day {
        let days = u64::try_from(self.scene.horizon.days_since(self.first)).unwrap_or(0);
        let day = (life - 1) * days.saturating_sub(20) / self.size.participants.max(1);
        self.first.plus(day)
    }

    fn write(&self, life: u64) -> Vec<Step> {
        let mut dice = Dice::new(self.size.seed ^ 0x5175, life);
        let names: Vec<_> = units::DEPARTMENTS
            .iter()
            .map(|(name, _)| unit(name))
            .collect();
        let department = dice.pick(&names);
        let mut pen = Pen::new(&self.scene, life, &department);
        let horizon = self.scene.horizon;
        let mut opens = self.arrival(life).plus(20).min(horizon.minus(1));
        loop {
            let stay = some_stay(&mut dice, opens, horizon, &department);
            pen.live(&stay);
            let over = match stay.fate {
                Fate::Ended(end) => end.told,
                Fate::Closed { on, .. } => on,
                _ => break,
            };
            // One in six comes back.
            opens = over.max(pen.known()).plus(dice.between(30, 500));
            if opens > horizon.minus(10) || !dice.chance(16) {
                break;
            }
        }
        pen.put_down()
    }
}

impl Iterator for Simulated {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        // Every life that may have something to tell before the next step is written first.
        while self.next <= self.size.participants {
            let arrival = self.arrival(self.next).begins();
            if let Some(Reverse(thread)) = self.open.peek()
                && thread.at.0 < arrival
            {
                break;
            }
            let steps = self.write(self.next);
            self.open
                .extend(Thread::new(self.next, steps.into_iter()).map(Reverse));
            self.next += 1;
        }
        let Reverse(mut thread) = self.open.pop()?;
        match thread.rest.next() {
            None => Some(thread.next),
            Some(next) => {
                thread.at = next.recorded_at;
                let step = std::mem::replace(&mut thread.next, next);
                self.open.push(Reverse(thread));
                Some(step)
            }
        }
    }
}

/// The registration of every unit, by the national lead.
pub(super) fn register(dice: &mut Dice, day: Day) -> Vec<Step> {
    units::registrations()
        .into_iter()
        .enumerate()
        .map(|(n, deed)| {
            let minutes = TimeDelta::minutes(i64::try_from(n).unwrap_or(0));
            let mut teller =
                Teller::new(scene::national_lead(), Role::NationalLead, &unit("other"));
            teller.unit = match &deed {
                Deed::Unit(unit, _) => Some(unit.clone()),
                _ => None,
            };
            Step {
                id: dice.uuid(),
                recorded_at: RecordedAt::new(day.begins() + TimeDelta::hours(9) + minutes),
                occurred_at: OccurredAt::Day(day),
                teller,
                deed,
                words: vec![],
                closes: vec![],
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use domain::es::RecordedEvent;
    use infra::event_store::MemoryEventStore;

    use super::*;
    use crate::history::counting::log_of;

    const SMALL: Size = Size {
        participants: 150,
        years: 3,
        seed: 7,
    };

    fn played(size: Size) -> Vec<RecordedEvent> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(async {
            let store = MemoryEventStore::new();
            play(&store, None, size, &mut |_, _| {}).await.unwrap();
            log_of(&store).await
        })
    }

    #[test]
    fn a_simulated_history_passes_the_deciders_and_is_the_same_for_the_same_seed() {
        let log = played(SMALL);
        let persons: HashSet<_> = log
            .iter()
            .filter(|event| event.stream.category() == "participant")
            .map(|event| event.stream.key())
            .collect();
        assert_eq!(persons.len(), 150);
        assert!(log.len() > 150 * 12, "{}", log.len());
        let again = played(SMALL);
        assert_eq!(again.last().unwrap().hash, log.last().unwrap().hash);
        let other = played(Size { seed: 8, ..SMALL });
        assert_ne!(other.last().unwrap().hash, log.last().unwrap().hash);
    }

    #[test]
    fn steps_come_in_the_order_in_which_they_are_told_and_memory_is_let_go() {
        let mut steps = simulate(Size {
            participants: 2000,
            years: 10,
            seed: 1,
        });
        let mut told = None;
        let mut most_open = 0;
        while let Some(step) = steps.next() {
            assert!(told.is_none_or(|told| told <= step.recorded_at));
            told = Some(step.recorded_at);
            most_open = most_open.max(steps.open.len());
        }
        assert!((50..900).contains(&most_open), "{most_open}");
    }

    #[test]
    fn the_smallest_histories_are_histories_too() {
        for participants in [0, 1] {
            let log = played(Size {
                participants,
                years: 0,
                seed: 3,
            });
            assert!(!log.is_empty());
        }
    }
}
