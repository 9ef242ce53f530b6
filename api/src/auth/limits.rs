//! How often one client may ask: a token bucket for each, by who shows the token.
//!
//! Each node counts for itself.

use std::{num::NonZeroU32, time::Duration};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    state::keyed::HashMapStateStore,
};
use serde::Deserialize;

use super::Principal;
use crate::problem::{Problem, general};

/// How often one client may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Requests a minute, in the long run; 0 for as many as it likes.
    pub per_minute: u32,
    /// Requests that may come at once, after a rest.
    pub at_once: NonZeroU32,
}

impl Default for Limits {
    /// More than people and their systems ask, and less than a mistaken loop does.
    fn default() -> Self {
        Self {
            per_minute: 6_000,
            at_once: NonZeroU32::new(1_000).expect("more than none"),
        }
    }
}

impl Limits {
    /// As many as it likes.
    pub const NONE: Self = Self {
        per_minute: 0,
        at_once: NonZeroU32::MIN,
    };
}

/// From how many clients on those that have long been quiet are forgotten.
const MANY: usize = 10_000;

type Buckets = RateLimiter<Principal, HashMapStateStore<Principal>, DefaultClock>;

/// Counts what each client asks.
pub(crate) struct Gate {
    /// None, where there is no limit.
    buckets: Option<Buckets>,
    pub(crate) limits: Limits,
}

impl Gate {
    pub(crate) fn of(limits: Limits) -> Self {
        let quota = NonZeroU32::new(limits.per_minute)
            .map(|per_minute| Quota::per_minute(per_minute).allow_burst(limits.at_once));
        Self {
            buckets: quota.map(|quota| {
                RateLimiter::new(quota, HashMapStateStore::default(), DefaultClock::default())
            }),
            limits,
        }
    }

    /// Lets one request of a client through, or says when to come back.
    pub(crate) fn pass(&self, who: &Principal) -> Result<(), Problem> {
        let Some(buckets) = &self.buckets else {
            return Ok(());
        };
        if buckets.len() > MANY {
            buckets.retain_recent();
        }
        buckets.check_key(who).map_err(|not_until| {
            let wait = not_until.wait_time_from(buckets.clock().now());
            Problem::general(&general::TOO_MANY_REQUESTS).retry_after(in_seconds(wait))
        })
    }
}

/// Whole seconds, no fewer than the time.
fn in_seconds(wait: Duration) -> u32 {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    u32::try_from(seconds.max(1)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use domain::es::{ActorId, Role};
    use uuid::Uuid;

    use super::*;

    fn client(subject: u128) -> Principal {
        Principal {
            subject: ActorId(Uuid::from_u128(subject)),
            role: Role::Institution,
            unit: Some("slemdal".parse().unwrap()),
        }
    }

    #[test]
    fn each_client_has_its_own_measure_and_hears_when_to_come_back() {
        let gate = Gate::of(Limits {
            per_minute: 1,
            at_once: NonZeroU32::new(3).unwrap(),
        });
        for _ in 0..3 {
            gate.pass(&client(1)).unwrap();
        }
        let refused = gate.pass(&client(1)).unwrap_err();
        assert_eq!(refused.slug(), general::TOO_MANY_REQUESTS.slug);
        gate.pass(&client(2)).unwrap();
        let none = Gate::of(Limits::NONE);
        assert!((0..10_000).all(|_| none.pass(&client(1)).is_ok()));
    }

    #[test]
    fn a_part_of_a_second_is_a_whole_one() {
        let waits = [0, 1, 999, 1_000, 1_001].map(Duration::from_millis);
        assert_eq!(waits.map(in_seconds), [1, 1, 1, 1, 2]);
    }
}
