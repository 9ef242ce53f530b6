//! The command line: one subcommand a file.

mod backup;
mod demo;
mod forget;
mod health;
mod import;
mod migrate;
mod parked;
mod progress;
mod rebuild;
mod replay;
mod reporting;
mod restore;
mod serve;
mod settings;
mod simulate;
mod store;
mod token;
mod verify;

use std::collections::BTreeSet;

use clap::{CommandFactory, Parser, Subcommand};
use infra::telemetry;

pub use settings::{Settings, SettingsError};

/// One immutable log of the journeys through Steg for Steg, and answers from it.
///
/// Settings come from flags, then STEGSPOR_… variables, then a TOML file (stegspor.toml, or the
/// one that --config names).
///
/// To look around with made-up people:  stegspor demo
#[derive(Debug, Parser)]
#[command(name = "stegspor", version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Health(health::Health),
    Demo(demo::Demo),
    Import(import::Import),
    Rebuild(rebuild::Rebuild),
    Replay(replay::Replay),
    Verify(verify::Verify),
    Parked(parked::Parked),
    Migrate(migrate::Migrate),
    Simulate(simulate::Simulate),
    Token(token::Token),
    Backup(backup::Backup),
    Restore(restore::Restore),
    #[command(name = "forget-read-models")]
    Forget(forget::Forget),
}

/// How it ended, for the shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// As asked.
    Well,
    /// It did what it could, and something was refused or does not fit: it said what.
    WithRefusals,
}

impl Cli {
    /// What the command tells of itself while it works. Commands that are over soon write their log
    /// for people, and send nothing anywhere.
    pub fn telemetry(&self) -> Result<telemetry::Settings, SettingsError> {
        match &self.command {
            Command::Serve(serve) => serve.place.telemetry(&serve.reporting),
            Command::Demo(demo) => demo.place.telemetry(&demo.reporting),
            Command::Import(import) => import.place.telemetry(&import.reporting),
            Command::Health(_)
            | Command::Rebuild(_)
            | Command::Replay(_)
            | Command::Verify(_)
            | Command::Parked(_)
            | Command::Migrate(_)
            | Command::Simulate(_)
            | Command::Token(_)
            | Command::Backup(_)
            | Command::Restore(_)
            | Command::Forget(_) => Ok(telemetry::Settings::default()),
        }
    }

    /// Variables that look like settings, and are none: a misspelt one would change nothing, and
    /// nobody would know.
    #[must_use]
    pub fn misspelt() -> Vec<String> {
        fn names(command: &clap::Command, known: &mut BTreeSet<String>) {
            let of_arguments = command.get_arguments().filter_map(clap::Arg::get_env);
            known.extend(of_arguments.map(|name| name.to_string_lossy().into_owned()));
            for command in command.get_subcommands() {
                names(command, known);
            }
        }
        let mut known = BTreeSet::new();
        names(&Self::command(), &mut known);
        std::env::vars_os()
            .map(|(name, _)| name.to_string_lossy().into_owned())
            .filter(|name| name.starts_with("STEGSPOR_") && !name.starts_with("STEGSPOR_TEST_"))
            .filter(|name| !known.contains(name))
            .collect()
    }

    /// Does what was asked.
    pub async fn run(self) -> anyhow::Result<Ended> {
        match self.command {
            Command::Serve(serve) => serve.run().await,
            Command::Health(health) => health.run(),
            Command::Demo(demo) => demo.run().await,
            Command::Import(import) => import.run().await,
            Command::Rebuild(rebuild) => rebuild.run().await,
            Command::Replay(replay) => replay.run().await,
            Command::Verify(verify) => verify.run().await,
            Command::Parked(parked) => parked.run().await,
            Command::Migrate(migrate) => migrate.run().await,
            Command::Simulate(simulate) => simulate.run().await,
            Command::Token(token) => token.run().await,
            Command::Backup(backup) => backup.run().await,
            Command::Restore(restore) => restore.run().await,
            Command::Forget(forget) => forget.run().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
