//! Histories that code has made up: the demo's, and simulated ones of any size.
//!
//! A history is a plan: [`Step`]s in the order in which they become known, each a command with the
//! day it tells of, the moment it is told, and who tells it. Nothing here writes an event. The
//! [`Player`] asks the domain's own deciders, as the API does, and what they refuse is an error in
//! the plan.
//!
//! ```text
//! dice ──▶ plans of stays ──▶ pen: steps of one life ──▶ merged by the time of telling ──▶ player
//! ```
//!
//! Everything follows from a seed: the same seed gives the same bytes.

mod course;
pub mod demo;
mod dice;
mod names;
mod pen;
mod plans;
mod player;
mod referral;
mod scene;
pub mod simulate;
mod stay;
mod step;
mod tidgivere;
mod units;

pub use player::{PlayError, Player};
pub use scene::DepartmentStaff;
pub use step::{Deed, Step, Teller};

#[cfg(test)]
mod counting;
