//! The clock port: the time is an argument everywhere else.
//!
//! A program that reads the clock wherever it likes can neither be tested at a date nor replayed.
//! Here are the only lines that read it.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Instant,
};

use chrono::{DateTime, TimeDelta, Utc};
use domain::es::RecordedAt;

/// Tells the time.
///
/// ```
/// use infra::clock::{Clock, FixedClock};
///
/// let clock = FixedClock::at("2021-07-01T10:00:00Z".parse().unwrap());
/// assert_eq!(clock.now().to_string(), "2021-07-01T10:00:00Z");
/// ```
pub trait Clock: Send + Sync {
    /// The time now, to the microsecond.
    fn now(&self) -> RecordedAt;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the time"
    )]
    fn now(&self) -> RecordedAt {
        RecordedAt::new(Utc::now())
    }
}

/// A clock that was set to a moment when it was made, and ticks from there: the demo's.
#[derive(Debug, Clone, Copy)]
pub struct TickingClock {
    set_to: DateTime<Utc>,
    set_at: Instant,
}

impl TickingClock {
    /// A clock that shows `moment` now.
    #[must_use]
    pub fn starting_at(moment: DateTime<Utc>) -> Self {
        Self {
            set_to: moment,
            set_at: Instant::now(),
        }
    }
}

impl Clock for TickingClock {
    fn now(&self) -> RecordedAt {
        let elapsed = TimeDelta::from_std(self.set_at.elapsed()).unwrap_or(TimeDelta::MAX);
        RecordedAt::new(
            self.set_to
                .checked_add_signed(elapsed)
                .unwrap_or(DateTime::<Utc>::MAX_UTC),
        )
    }
}

/// A clock that shows what it was last set to: for tests, and for histories that are played.
#[derive(Debug)]
pub struct FixedClock {
    micros: AtomicI64,
}

impl FixedClock {
    /// A clock that stands at `moment`.
    #[must_use]
    pub fn at(moment: DateTime<Utc>) -> Self {
        Self {
            micros: AtomicI64::new(moment.timestamp_micros()),
        }
    }

    /// Moves the hands.
    pub fn set(&self, moment: DateTime<Utc>) {
        self.micros
            .store(moment.timestamp_micros(), Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> RecordedAt {
        let micros = self.micros.load(Ordering::SeqCst);
        RecordedAt(
            DateTime::from_timestamp_micros(micros)
                .expect("it was set to a moment, and so holds one"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_clock_shows_what_it_was_set_to() {
        let clock = FixedClock::at("2021-07-01T10:00:00Z".parse().unwrap());
        let later = "2021-07-02T10:00:00.000001Z".parse().unwrap();
        clock.set(later);
        assert_eq!(clock.now(), RecordedAt(later));
    }

    #[test]
    fn a_ticking_clock_starts_where_it_was_set_and_never_goes_back() {
        let start = "2021-07-01T10:00:00Z".parse().unwrap();
        let clock = TickingClock::starting_at(start);
        let first = clock.now();
        assert!(RecordedAt(start) <= first);
        assert!(first <= clock.now());
    }
}
