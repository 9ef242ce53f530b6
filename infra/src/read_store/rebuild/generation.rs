//! Generations: the tables that a read model has had.
//!
//! The table in use bears the read model's name; any other is called `NAME_gNUMBER`. The number is the
//! fence of the lease under which the table was made, so it is never given again, and a name means
//! one table for ever.

use domain::es::Position;
use projections::Rows;
use uuid::Uuid;

use crate::read_store::checkpoint::Checkpoint;

/// What a table is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// A rebuild makes it.
    Making,
    /// In use.
    Live,
    /// Put aside, to go back to.
    Kept,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Making => "making",
            Self::Live => "live",
            Self::Kept => "kept",
        }
    }
}

/// One table of a read model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Generation {
    pub(super) read_model: String,
    pub(super) number: i64,
    pub(super) state: State,
    /// The switch that put it aside, and where it was folded then.
    pub(super) put_aside: i64,
    pub(super) checkpoint: Checkpoint,
}

impl Generation {
    /// A table that is being made.
    pub(super) fn making(read_model: &str, number: i64) -> Self {
        Self {
            read_model: read_model.to_owned(),
            number,
            state: State::Making,
            put_aside: 0,
            checkpoint: Checkpoint::default(),
        }
    }

    /// What it is called while it is not in use.
    pub(super) fn table(&self) -> String {
        table(&self.read_model, self.number)
    }

    /// Writes it down.
    pub(super) async fn write(&self, db: &mut Rows<'_>) -> Result<(), sqlx::Error> {
        db.sql(include_str!("write_generation.sql"))
            .bind(self.read_model.clone())
            .bind(self.number)
            .bind(self.state.word())
            .bind(self.put_aside)
            .bind(self.checkpoint.position.0.cast_signed())
            .bind(self.checkpoint.event_id)
            .run()
            .await
            .map(|_| ())
    }

    /// Forgets it: the table is gone.
    pub(super) async fn forget(&self, db: &mut Rows<'_>) -> Result<(), sqlx::Error> {
        db.sql(include_str!("forget_generation.sql"))
            .bind(self.read_model.clone())
            .bind(self.number)
            .run()
            .await
            .map(|_| ())
    }
}

/// What a table that is not in use is called.
pub(super) fn table(read_model: &str, number: i64) -> String {
    format!("{read_model}_g{number}")
}

/// All tables that are told of, the last put aside first.
pub(super) async fn read(db: &mut Rows<'_>) -> Result<Vec<Generation>, sqlx::Error> {
    let rows: Vec<(String, i64, String, i64, i64, Uuid)> =
        db.sql(include_str!("read_generations.sql")).all().await?;
    let generations = rows
        .into_iter()
        // What is read here becomes the name of a table.
        .filter(|(read_model, ..)| {
            let is_of_a_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
            read_model
                .bytes()
                .all(|byte| is_of_a_name(byte) || byte == b'_')
        })
        .filter_map(
            |(read_model, number, state, put_aside, position, event_id)| {
                let states = [State::Making, State::Live, State::Kept];
                Some(Generation {
                    read_model,
                    number,
                    state: states.into_iter().find(|known| known.word() == state)?,
                    put_aside,
                    checkpoint: Checkpoint {
                        position: Position(position.unsigned_abs()),
                        event_id,
                        fence: put_aside,
                    },
                })
            },
        );
    Ok(generations.collect())
}
