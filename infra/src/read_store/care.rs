//! Care: how what follows a try that failed is tried again.
//!
//! Nobody knows beforehand at which event a try will fail, and the try of fifty thousand at once
//! must not pay for the one in a million that cannot be folded. So all is tried at full speed
//! first. Where that failed, or where the process died, the same part of the log is gone through in
//! steps of some hundred events, and the step that fails again event by event: of an event that
//! fails then as well, alone, it is known that it was its own fault, three times over.

use domain::es::Position;

/// How often an event is tried before its stream stands still: among all others, among a few
/// hundred, and alone. Each time narrows it down a hundredfold, so a batch needs no fourth.
pub(super) const ATTEMPTS: u32 = 3;

/// After how many attempts an event is given up at which the process dies: processes also die of
/// something else, so once alone is no proof, and twice is.
pub(super) const DEATHS: u32 = ATTEMPTS + 1;

/// Events of a step of the second try.
const STEP: u64 = 500;

/// A part of the log: beyond one position, up to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) beyond: Position,
    pub(super) up_to: Position,
}

/// What is tried next: from where the tables stand up to a position, and for which time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Attempt {
    pub(super) up_to: Position,
    pub(super) nth: u32,
}

/// Which parts of the log are gone through in steps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Care {
    /// Failed once.
    pub(super) once: Option<Stretch>,
    /// A step of it failed again.
    pub(super) twice: Option<Stretch>,
    /// The event at which a process ended when it was tried alone.
    pub(super) alone: Option<Position>,
}

impl Care {
    /// What to try next, on the way from one position to another.
    pub(super) fn next(&self, from: Position, until: Position) -> Attempt {
        if holds(self.twice, from) {
            let up_to = Position(from.0 + 1);
            let nth = if self.alone == Some(up_to) {
                DEATHS
            } else {
                ATTEMPTS
            };
            return Attempt { up_to, nth };
        }
        let (step, nth) = match self.once {
            Some(once) if holds(self.once, from) => {
                (Position(from.0 + STEP).min(once.up_to).min(until), 2)
            }
            _ => (until, 1),
        };
        // A part that asks for more care begins a step of its own.
        let begins = [self.once, self.twice].into_iter().flatten();
        let begins = begins.map(|part| part.beyond).filter(|at| *at > from);
        let up_to = begins.fold(step, Position::min);
        Attempt { up_to, nth }
    }

    /// Adds what is known from elsewhere: all that failed there is gone through in steps as well.
    pub(super) fn join(&mut self, other: Self) {
        self.once = match (self.once, other.once) {
            (Some(one), Some(other)) => Some(Stretch {
                beyond: one.beyond.min(other.beyond),
                up_to: one.up_to.max(other.up_to),
            }),
            (one, other) => one.or(other),
        };
        self.twice = other.twice.or(self.twice);
        self.alone = other.alone.or(self.alone);
    }

    /// Something in this part failed, for the nth time. Of the third time it is known at which
    /// event.
    pub(super) fn failed(&mut self, part: Stretch, nth: u32) {
        match nth {
            1 => self.once = Some(part),
            _ => self.twice = Some(part),
        }
    }
}

fn holds(part: Option<Stretch>, position: Position) -> bool {
    part.is_some_and(|part| part.beyond <= position && position < part.up_to)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goes through a log in which some events can never be folded: how often something was tried,
    /// and at which events it was given up.
    fn walk(care: &mut Care, until: u64, poison: &[u64]) -> (usize, Vec<u64>) {
        let (mut position, until) = (Position::START, Position(until));
        let (mut tries, mut parked) = (0, vec![]);
        while position < until {
            let attempt = care.next(position, until);
            tries += 1;
            let met = |event: &u64| position.0 < *event && *event <= attempt.up_to.0;
            let meets = poison
                .iter()
                .any(|event| met(event) && !parked.contains(event));
            if !meets {
                position = attempt.up_to;
            } else if attempt.nth == ATTEMPTS {
                parked.push(attempt.up_to.0);
            } else {
                let part = Stretch {
                    beyond: position,
                    up_to: attempt.up_to,
                };
                care.failed(part, attempt.nth);
            }
        }
        (tries, parked)
    }

    #[test]
    fn without_a_failure_all_is_tried_at_once() {
        assert_eq!(walk(&mut Care::default(), 50_000, &[]), (1, vec![]));
    }

    #[test]
    fn one_event_among_fifty_thousand_is_found_by_few_tries() {
        let (tries, parked) = walk(&mut Care::default(), 50_000, &[31_234]);
        assert_eq!(parked, [31_234]);
        // One of all, one of each step, and one of each event of the step that failed.
        assert!(tries <= 1 + 101 + 501, "{tries}");
    }

    #[test]
    fn several_are_found_wherever_they_stand() {
        let poison = [1, 2, 500, 501, 1_750, 49_999, 50_000];
        assert_eq!(walk(&mut Care::default(), 50_000, &poison).1, poison);
        assert_eq!(walk(&mut Care::default(), 1, &[1]).1, [1]);
    }

    #[test]
    fn what_failed_of_two_shares_is_gone_through_from_the_earlier_on() {
        let once = |beyond, up_to| Care {
            once: Some(Stretch {
                beyond: Position(beyond),
                up_to: Position(up_to),
            }),
            ..Care::default()
        };
        for (mut one, other) in [
            (once(100, 900), once(500, 1_000)),
            (once(500, 1_000), once(100, 900)),
        ] {
            one.join(other);
            assert_eq!(one, once(100, 1_000));
            one.join(Care::default());
            assert_eq!(one, once(100, 1_000));
        }
    }

    #[test]
    fn what_lies_around_a_part_that_failed_is_tried_at_full_speed() {
        let part = |beyond, up_to| Stretch {
            beyond: Position(beyond),
            up_to: Position(up_to),
        };
        let care = Care {
            once: Some(part(1_000, 2_000)),
            twice: Some(part(1_200, 1_202)),
            alone: Some(Position(1_202)),
        };
        let next = |from| {
            let attempt = care.next(Position(from), Position(9_000));
            (attempt.up_to.0, attempt.nth)
        };
        assert_eq!(next(0), (1_000, 1));
        assert_eq!(next(1_000), (1_200, 2));
        assert_eq!(next(1_200), (1_201, 3));
        assert_eq!(next(1_201), (1_202, 4));
        assert_eq!(next(1_202), (1_702, 2));
        assert_eq!(next(1_702), (2_000, 2));
        assert_eq!(next(2_000), (9_000, 1));
    }
}
