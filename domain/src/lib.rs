//! What Steg for Steg is, as pure functions: the words, the events that can happen, the rules
//! that hold, and the ports through which the outside is reached.
//!
//! Start at [`es`] for the kernel (decider, envelope, ports), at [`rules`] for the list of
//! rules by id, and at [`participant`] for the journey that everything else serves. Nothing in
//! this crate reads a clock, draws a random number or knows a database.

pub mod cooperation;
pub mod es;
pub mod event;
pub mod participant;
pub mod policy;
pub mod referral;
pub mod rules;
mod shape;
pub mod tidgiver;
pub mod unit;
pub mod words;
