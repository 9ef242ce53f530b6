//! What the read store promises.

mod any_order;
mod kit;
mod nodes;
mod parked;
mod past;
pub(super) mod poison;
mod postgres;
mod questions;
mod rebuild;
mod rows;
mod runner;
