//! The event-sourcing kernel.
//!
//! An aggregate is nothing but two pure functions ([`Decider`]): `decide` says which facts a
//! command adds to what is already known, `evolve` says what is known after a fact. Facts are
//! kept by an [`EventStore`] as [`RecordedEvent`]s, in one global order; [`execute`] walks a
//! command through: read the stream, fold it, decide, append with the expected version.
//!
//! Mistakes are never edited: [`amend`] reads a history *with* its corrections and retractions.

pub mod amend;
mod amended;
mod catalogue;
mod decider;
mod envelope;
mod execute;
mod id;
pub mod spec;
mod store;
mod time;
mod vault;

pub use catalogue::{DecodeError, EventData, Misshape};
pub(crate) use catalogue::{catalogue, check};
pub use decider::{Broken, Context, Decider, Entry};
pub use envelope::{
    Actor, Fact, Hash, Metadata, NewEvent, RecordedEvent, Role, SourceSystem, StreamName,
    StreamNameError, TraceParent,
};
pub use execute::{Aggregate, ExecuteError, Executed, Told, execute, load, new_events};
pub(crate) use id::uuid_id;
pub use id::{ActorId, ConsentId, CorrelationId, EventId, Position, VaultEntryId, Version};
pub use store::{Append, AppendError, Appended, EventStore, Expected, ReadError};
pub use time::{Day, OccurredAt, OccurredAtError, RecordedAt};
pub use vault::{Field, PersonKey, PersonVault, VaultEntry, VaultError};
