//! What touches the outside: the clock and randomness, the event stores, the read store, the
//! person vault, their backups, the staging of what is told in bulk, the moving of a log between
//! engines, what the service tells of itself, how it takes memory, and files brought to rest.
//!
//! Everything here stands behind a port of the domain, and nothing here knows a rule.

pub mod arenas;
pub mod at_rest;
pub mod backup;
pub mod clock;
pub mod event_store;
pub mod ids;
pub mod moving;
pub mod postgres;
pub mod private;
pub mod read_store;
pub mod staging;
pub mod telemetry;
pub mod vault;
