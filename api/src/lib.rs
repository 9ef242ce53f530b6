//! The service: HTTP, command line, demo history.

pub mod app;
pub mod auth;
pub mod cli;
pub mod cloud_event;
pub mod decode;
pub mod history;
pub mod import;
pub mod problem;
pub mod routes;
