//! The id port: randomness is an argument everywhere else.
//!
//! Ids are ordered by time (UUID version 7): the log's index of event ids then grows at its end
//! instead of all over, and an append touches one page of it however long the log is.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use uuid::{Builder, Uuid};

use crate::clock::Clock;

/// Gives out ids, each once.
///
/// ```
/// use infra::ids::{IdSource, SeededIds};
///
/// let ids = SeededIds::new(7);
/// assert_ne!(ids.next(), ids.next());
/// assert_eq!(SeededIds::new(7).next(), SeededIds::new(7).next());
/// ```
pub trait IdSource: Send + Sync {
    /// A new id.
    fn next(&self) -> Uuid;
}

/// Ids of the clock's time and the machine's randomness.
///
/// Within a millisecond they count on from one random start, so that ids of one source are in the
/// order in which they were given out.
pub struct RandomIds {
    clock: Arc<dyn Clock>,
    last: Mutex<u128>,
}

/// The random bits of a version 7 UUID, as [`Builder`] takes them.
const RANDOM_BYTES: usize = 10;

impl RandomIds {
    /// Ids whose time is `clock`'s.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            last: Mutex::new(0),
        }
    }
}

impl IdSource for RandomIds {
    fn next(&self) -> Uuid {
        let millis = u64::try_from(self.clock.now().0.timestamp_millis()).unwrap_or(0);
        let mut random = [0; RANDOM_BYTES];
        getrandom::fill(&mut random).expect("the operating system has randomness");
        random[2] &= 0b0001_1111; // room to count on without touching the variant's bits
        let fresh = Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if fresh.as_u128() <= *last {
            let step = u32::from_le_bytes([random[0], random[1], random[2], random[3]]);
            *last += 1 + u128::from(step);
        } else {
            *last = fresh.as_u128();
        }
        Uuid::from_u128(*last)
    }
}

/// The same ids each time, from a seed: for tests and histories made by code.
#[derive(Debug)]
pub struct SeededIds {
    seed: u64,
    given: AtomicU64,
}

impl SeededIds {
    /// Ids of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            given: AtomicU64::new(0),
        }
    }
}

impl IdSource for SeededIds {
    fn next(&self) -> Uuid {
        let nth = self.given.fetch_add(1, Ordering::SeqCst);
        let mut input = [0; 16];
        input[..8].copy_from_slice(&self.seed.to_be_bytes());
        input[8..].copy_from_slice(&nth.to_be_bytes());
        let digest = blake3::hash(&input);
        let mut random = [0; RANDOM_BYTES];
        random.copy_from_slice(&digest.as_bytes()[..RANDOM_BYTES]);
        Builder::from_unix_timestamp_millis(nth, &random).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::FixedClock;

    #[test]
    fn ids_of_one_moment_are_in_the_order_given_out() {
        let clock = FixedClock::at("2021-07-01T10:00:00Z".parse().unwrap());
        let ids = RandomIds::new(Arc::new(clock));
        let given: Vec<_> = (0..1_000).map(|_| ids.next()).collect();
        assert!(given.is_sorted_by(|a, b| a < b));
        assert!(given.iter().all(|id| id.get_version_num() == 7));
    }

    #[test]
    fn seeds_tell_apart() {
        let (one, same, other) = (SeededIds::new(1), SeededIds::new(1), SeededIds::new(2));
        let (first, second) = (one.next(), one.next());
        assert_eq!(first, same.next());
        assert_ne!(first, second);
        assert_ne!(first, other.next());
    }
}
