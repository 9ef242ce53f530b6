//! Integration tests over the real router and the real engines, in one binary.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod analytics;
mod compose;
mod execute;
mod history;
mod http_amendments;
mod http_bad_input;
mod http_binary;
mod http_changes;
mod http_commands;
mod http_desk;
mod http_export;
mod http_intake;
mod http_limits;
mod http_parked;
mod http_progress;
mod http_queries;
mod http_reach;
mod http_rights;
mod http_service;
mod http_standing_around;
mod import;
mod kurrentdb;
mod moving;
mod past;
mod peers_intake;
mod process_backup;
mod process_belonging;
mod process_histories;
mod process_import;
mod process_nodes;
mod process_rebuild;
mod process_shutdown;
#[cfg(unix)]
mod process_sweep;
mod published_figures;
mod released;
mod telemetry;
