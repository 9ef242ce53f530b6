//! What the read store promises.

mod any_order;
mod kit;
mod nodes;
mod past;
mod postgres;
mod questions;
mod rebuild;
mod rows;
mod runner;
