//! To be filled.
pub mod history;
