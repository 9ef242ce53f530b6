//! Attempts: what is being tried is written down before it is tried.
//!
//! A process that dies at an event cannot say so any more. So whoever keeps read models up leaves a
//! note beforehand, share by share: from here on I am trying. It is written once when it begins and
//! taken away when it ends in an orderly way; as long as nothing goes wrong it stays as it is, and
//! costs nothing. Who finds the note of somebody who is gone goes on with [care](super::care), and
//! then the note says precisely which step is being tried.

use domain::es::Position;
use projections::Rows;
use uuid::Uuid;

use super::care::{ATTEMPTS, Attempt, Care, DEATHS, Stretch};

/// How far beyond where it stood a process may have come before it died: a batch, and what was
/// read ahead of it.
const AHEAD: u64 = 80_000;

/// What may have been tried by who stood there.
pub(super) fn ahead(beyond: Position, head: Position) -> Stretch {
    let up_to = Position(beyond.0 + AHEAD).min(head);
    Stretch { beyond, up_to }
}

/// The note of one share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Note {
    pub(super) share: String,
    pub(super) holder: Uuid,
    tried: Stretch,
    nth: u32,
}

/// What a note tells of who is gone.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// What comes next is gone through with care.
    GoWithCare(Care),
    /// Processes died at this event, alone, twice.
    DiedAt(Position),
}

impl Note {
    /// What it tells where the tables of the share stand at a position, and the log ends at
    /// `head`.
    pub(super) fn finding(&self, position: Position, head: Position) -> Finding {
        let once = ahead(position, head);
        let unfinished = self.tried.beyond <= position && position < self.tried.up_to;
        match self.nth {
            DEATHS if unfinished => Finding::DiedAt(self.tried.up_to),
            nth => Finding::GoWithCare(Care {
                once: Some(once),
                twice: (nth > 1 && unfinished).then_some(self.tried),
                alone: (nth == ATTEMPTS && unfinished).then_some(self.tried.up_to),
            }),
        }
    }
}

/// The notes of all shares.
pub(super) async fn read(db: &mut Rows<'_>) -> Result<Vec<Note>, sqlx::Error> {
    let rows: Vec<(String, Uuid, i64, i64, i64)> =
        db.sql(include_str!("read_attempts.sql")).all().await?;
    let note = |(share, holder, beyond, up_to, nth): (String, Uuid, i64, i64, i64)| Note {
        share,
        holder,
        tried: Stretch {
            beyond: Position(beyond.unsigned_abs()),
            up_to: Position(up_to.unsigned_abs()),
        },
        nth: u32::try_from(nth).unwrap_or(1),
    };
    Ok(rows.into_iter().map(note).collect())
}

/// Notes down what is about to be tried. Of a first attempt it is open how far it goes.
pub(super) async fn write(
    db: &mut Rows<'_>,
    holder: Uuid,
    shares: &[&'static str],
    beyond: Position,
    attempt: Attempt,
) -> Result<(), sqlx::Error> {
    let up_to = if attempt.nth > 1 { attempt.up_to.0 } else { 0 };
    let (beyond, up_to) = (beyond.0.cast_signed(), up_to.cast_signed());
    let moved = db
        .sql(include_str!("move_attempt.sql"))
        .bind(holder)
        .bind(beyond)
        .bind(up_to)
        .bind(i64::from(attempt.nth))
        .run()
        .await?;
    if moved == shares.len() as u64 {
        return Ok(());
    }
    for share in shares {
        db.sql(include_str!("write_attempt.sql"))
            .bind(holder)
            .bind(beyond)
            .bind(up_to)
            .bind(i64::from(attempt.nth))
            .bind(*share)
            .run()
            .await?;
    }
    Ok(())
}

/// Nothing is being tried any more.
pub(super) async fn end(db: &mut Rows<'_>, holder: Uuid) -> Result<(), sqlx::Error> {
    db.sql(include_str!("end_attempts.sql"))
        .bind(holder)
        .run()
        .await
        .map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(beyond: u64, up_to: u64, nth: u32) -> Note {
        Note {
            share: "participant".to_owned(),
            holder: Uuid::nil(),
            tried: stretch(beyond, up_to),
            nth,
        }
    }

    fn stretch(beyond: u64, up_to: u64) -> Stretch {
        Stretch {
            beyond: Position(beyond),
            up_to: Position(up_to),
        }
    }

    fn finding(note: &Note, position: u64) -> Finding {
        note.finding(Position(position), Position(1_000))
    }

    fn with_care(once: Stretch, twice: Option<Stretch>) -> Finding {
        Finding::GoWithCare(Care {
            once: Some(once),
            twice,
            alone: None,
        })
    }

    #[test]
    fn who_died_at_full_speed_died_somewhere_behind_the_tables() {
        assert_eq!(
            finding(&note(3, 0, 1), 700),
            with_care(stretch(700, 1_000), None)
        );
    }

    #[test]
    fn who_died_at_a_step_died_within_it() {
        assert_eq!(
            finding(&note(700, 900, 2), 700),
            with_care(stretch(700, 1_000), Some(stretch(700, 900)))
        );
        // It was done with that step, and had not yet begun the next.
        assert_eq!(
            finding(&note(700, 900, 2), 900),
            with_care(stretch(900, 1_000), None)
        );
    }

    #[test]
    fn who_died_at_one_event_alone_may_have_died_of_something_else() {
        let once = stretch(700, 1_000);
        let alone = stretch(700, 701);
        assert_eq!(
            finding(&note(700, 701, 3), 700),
            Finding::GoWithCare(Care {
                once: Some(once),
                twice: Some(alone),
                alone: Some(Position(701)),
            })
        );
    }

    #[test]
    fn who_died_at_one_event_alone_again_died_of_it() {
        assert_eq!(
            finding(&note(700, 701, 4), 700),
            Finding::DiedAt(Position(701))
        );
        assert_eq!(
            finding(&note(700, 701, 4), 701),
            with_care(stretch(701, 1_000), None)
        );
        // The tables were made anew since.
        assert_eq!(
            finding(&note(700, 701, 4), 0),
            with_care(stretch(0, 1_000), None)
        );
    }
}
