//! What the read store promises.

mod any_order;
mod kit;
mod nodes;
mod postgres;
mod questions;
mod rows;
mod runner;
