//! The binary `stegspor`.

use std::{
    io::{self, IsTerminal},
    process::ExitCode,
};

use api::cli::{Cli, Ended};
use clap::Parser;
use infra::{arenas, telemetry};

fn main() -> ExitCode {
    arenas::limit();
    match run() {
        Ok(Ended::Well) => ExitCode::SUCCESS,
        Ok(Ended::WithRefusals) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("stegspor: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What it tells of itself begins before all else, and ends after it: outside of the runtime, since
/// the last of it is waited for.
fn run() -> anyhow::Result<Ended> {
    let cli = Cli::parse();
    for name in Cli::misspelt() {
        eprintln!("stegspor: {name} is no setting that is known: it is passed over");
    }
    let telemetry = telemetry::start(&cli.telemetry()?, in_colour())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let ended = runtime.block_on(cli.run());
    drop(runtime);
    telemetry.end();
    ended
}

/// Colours are for a terminal, and for who has not said otherwise (`NO_COLOR`).
fn in_colour() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|said| !said.is_empty());
    io::stderr().is_terminal() && !refused
}
