//! What the read store promises.

mod kit;
mod naive;
mod past;
mod questions;
mod rows;
mod runner;
