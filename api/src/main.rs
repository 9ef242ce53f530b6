//! The binary `stegspor`.

use std::{
    io::{self, IsTerminal},
    process::ExitCode,
};

use api::cli::{Cli, Ended};
use clap::Parser;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    // What the log of the process shows is chosen by RUST_LOG; nothing personal is in it.
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,api=info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(in_colour())
        .init();
    match Cli::parse().run().await {
        Ok(Ended::Well) => ExitCode::SUCCESS,
        Ok(Ended::WithRefusals) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("stegspor: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Colours are for a terminal, and for who has not said otherwise (`NO_COLOR`).
fn in_colour() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|said| !said.is_empty());
    io::stderr().is_terminal() && !refused
}
