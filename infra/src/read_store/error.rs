//! What can go wrong with the read models.

use domain::es::{Position, ReadError};
use projections::AskError;

use super::{engine, parking::Cause};

/// Why the read store did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum ReadStoreError {
    /// A URL that names no read store.
    #[error("a read store is named sqlite:PATH or postgres://HOST/DATABASE")]
    Url,
    /// The folder for the file could not be made.
    #[error("the folder of the read store could not be made")]
    Folder(#[source] std::io::Error),
    /// A name that no read model has.
    #[error("there is no read model called {0}; there are {known}", known = super::read_models().join(", "))]
    NoSuchReadModel(String),
    /// The read models know more than the log holds.
    #[error(
        "the read models know the log up to position {checkpoint}, and it ends at {head}: it was restored from an older copy, or is another log. Restore a log that reaches position {checkpoint}, or have the read models made anew from this one: `stegspor forget-read-models`, with the same settings, and start again"
    )]
    AheadOfLog {
        /// Up to where the read models were folded.
        checkpoint: Position,
        /// Where the log ends.
        head: Position,
    },
    /// The read models were folded from another log.
    #[error(
        "the read models were folded from another log: the event at position {checkpoint} is not the one they know. Name the log that they were folded from, or have them made anew from this one: `stegspor forget-read-models`, with the same settings, and start again"
    )]
    AnotherLog {
        /// Up to where the read models were folded.
        checkpoint: Position,
    },
    /// Tables in a file cannot be kept up by another node.
    #[error("a read store in a file is kept up by the process that opens it")]
    NotShared,
    /// This node only asks.
    #[error("this node does not keep the read models up")]
    NotKeptUpHere,
    /// Another node keeps some of these read models up by now; what was not yet written is its to
    /// write.
    #[error("another node has taken over some of the read models")]
    TakenOver,
    /// Another table has taken the place of a read model's since it was last written.
    #[error("another table has taken the place of a read model's")]
    Switched,
    /// Somebody rebuilds already.
    #[error(
        "read models of this store are being rebuilt already, and one rebuild at a time goes on; if that one was killed, try again in a few seconds"
    )]
    RebuildUnderWay,
    /// A rebuild was suspended for so long that another began.
    #[error("another rebuild has begun since; this one has changed nothing")]
    RebuildTakenOver,
    /// Somebody held the tables all the time.
    #[error(
        "the tables were read or written without a pause, so that no others could take their place; nothing was changed: try again when less goes on"
    )]
    Busy,
    /// A stream that stood still when a rebuild began does so no more, or elsewhere.
    #[error(
        "a record that stood still has gone on since this rebuild began; nothing was changed: try again"
    )]
    ReleasedMeanwhile,
    /// There is no earlier table to go back to.
    #[error("no earlier table is kept of {0}")]
    NothingKept(String),
    /// The earlier table that is kept was made by an earlier release.
    #[error(
        "the earlier table of {0} was made by an earlier release and lacks what this one shows; nothing was changed: put that release back first, or name the read models to go back with, or drop what is kept with `stegspor rebuild --drop-old`"
    )]
    KeptByAnEarlierRelease(String),
    /// What is folded stream by stream could not be kept on the disk meanwhile.
    #[error(
        "the temporary file for rebuilding could not be written or read; it takes about as much as the log"
    )]
    Spill(#[source] std::io::Error),
    /// A read model gave up at something in the log: a fault of this program.
    #[error("a read model gave up at an event")]
    Panicked,
    /// The tables could not be read or written.
    #[error("the read store did not answer")]
    Tables(#[from] sqlx::Error),
    /// The tables could not be brought up to date.
    #[error("the tables of the read store could not be brought up to date")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// The tables of the past could not be made.
    #[error(transparent)]
    Past(std::sync::Arc<ReadStoreError>),
    /// The making of tables of the past ended before its end.
    #[error("the tables of the past could not be made")]
    BrokeOff,
    /// The question got no answer.
    #[error(transparent)]
    Ask(#[from] AskError),
}

impl ReadStoreError {
    /// What is wrong with an event, if that is what went wrong: the same would happen again. What
    /// the engine suffers from (no space, no connection) is nobody's fault and passes.
    pub(super) fn cause(&self) -> Option<Cause> {
        match self {
            Self::Panicked => Some(Cause::Panicked),
            Self::Tables(error) if engine::refuses_a_row(error) => Some(Cause::NotWritten),
            _ => None,
        }
    }
}
