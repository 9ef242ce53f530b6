//! The read store: the tables that questions are asked of, kept up with the log.
//!
//! The rows of a stream follow from its history alone, so there is one way to make them:
//! [fold](folding) a history. The [`Projector`] does it for all streams, batch after batch, and writes a
//! batch's rows together with the position reached in one transaction: each fact counts exactly
//! once, whenever the process dies. A correction, a retraction or a fact told late makes the projector
//! fold that stream's history anew. The time machine does the same for a part of the log into a
//! scratch database, and asks it the same SQL.
//!
//! A [`Rebuild`] makes tables anew beside those in use, and puts them in their place.
//!
//! Nothing here is more than a copy: the file can be deleted at any time, and is made anew from the
//! log. So it is written in WAL mode with `synchronous = NORMAL`: a loss of power may cost the
//! last commits, which the runner then makes again, and never tears one apart.

mod attempts;
mod beginning;
mod care;
mod changes;
mod checkpoint;
mod engine;
mod error;
mod folding;
mod lag;
mod lease;
mod models;
mod parking;
mod projector;
mod reading;
mod rebuild;
mod releasing;
mod spill;
mod store;
mod sum;
mod time_machine;
mod write;
mod writing;

#[cfg(test)]
mod tests;

pub use error::ReadStoreError;
pub use models::read_models;
pub use parking::{Cause, Parked, StandingStill};
pub use projector::Projector;
pub use rebuild::{Comparison, Difference, How, Rebuild, Switched, drop_kept};
pub use store::{Behind, ReadStore};
pub use sum::Sum;
pub use time_machine::{Keep, Progress, Tell};
