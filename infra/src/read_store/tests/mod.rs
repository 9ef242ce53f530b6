//! What the read store promises.

mod any_order;
mod kit;
mod naive;
mod past;
mod questions;
mod rows;
mod runner;
