//! `stegspor backup`: copies what the data folder holds, beside who serves it.

use std::path::{Path, PathBuf};

use clap::Args;
use infra::{
    backup::{self, Manifest},
    clock::SystemClock,
};

use super::{Ended, settings::Where, store};

/// Back up log and vault, while the service runs
///
/// Copies the log and the words about people, sealed as they are, into a new folder, and checks the
/// log in it. Nobody has to wait: a running service goes on meanwhile. Give --to a name of its own
/// each time.
///
/// The keys that open the words are not in it. --keys-to copies them, the register of erasures and
/// the secret of the tokens to another folder, in the place of the copy that is there. Keep that
/// folder elsewhere, and keep one copy only: whoever has both reads everything, and an old copy of
/// the keys opens what was erased since. Without the keys no word about anybody can be restored.
///
/// Where the log lies in PostgreSQL or KurrentDB, the vault alone is copied: copy the log first, by
/// the means of that engine (see infra/BACKUP.md).
///
/// Examples:
///   stegspor backup --to /backup/stegspor-2026-11-25
///   stegspor backup --to /backup/stegspor-2026-11-25 --keys-to /safe/stegspor-keys
///   stegspor backup --keys-to /safe/stegspor-keys    after each erasure
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Backup {
    /// The folder for log and vault; it must not be there yet
    #[arg(long, value_name = "DIR", required_unless_present = "keys_to")]
    to: Option<PathBuf>,
    /// The folder for keys and register of erasures; a copy of them that is there is replaced
    #[arg(long, value_name = "DIR")]
    keys_to: Option<PathBuf>,
    /// Print what was copied as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Where,
}

impl Backup {
    pub(super) async fn run(self) -> anyhow::Result<Ended> {
        let settings = self.place.settings("stegspor-data")?;
        let layout = store::layout(&settings)?;
        if let (Some(to), Some(keys_to)) = (&self.to, &self.keys_to) {
            anyhow::ensure!(
                to != keys_to,
                "backup and keys go into two folders: whoever has both reads everything"
            );
            if lie_together(to, keys_to) {
                eprintln!(
                    "WARNING: backup and keys lie in one place. Whoever takes both reads every word about \
                     everybody. Move the keys elsewhere."
                );
            }
        }
        // The keys come last: they must not be older than what they open.
        let backup = match &self.to {
            Some(to) => Some(backup::take(&layout, to, &SystemClock).await?),
            None => None,
        };
        let keys = match &self.keys_to {
            Some(to) => Some(backup::take_keys(&layout, to, &SystemClock).await?),
            None => None,
        };
        if self.json {
            println!("{}", serde_json::json!({ "backup": backup, "keys": keys }));
            return Ok(Ended::Well);
        }
        if let (Some(to), Some(backup)) = (&self.to, &backup) {
            tell(to, backup);
        }
        if let (Some(to), Some(keys)) = (&self.keys_to, &keys) {
            tell(to, keys);
        } else {
            println!("The keys are not in it: copy them elsewhere by --keys-to.");
        }
        Ok(Ended::Well)
    }
}

fn tell(to: &Path, manifest: &Manifest) {
    let to = to.display();
    match (&manifest.log, manifest.entries, &manifest.keys) {
        (Some(log), Some(entries), _) => println!(
            "{to}: {} events in {} streams, {entries} entries of the vault. The log fits.\n\
             Hash at position {}: {}",
            log.position, log.streams, log.position, log.hash
        ),
        (None, Some(entries), _) => println!(
            "{to}: {entries} entries of the vault. The log lies elsewhere, and is not in it."
        ),
        (_, _, Some(keys)) => println!(
            "{to}: the keys of {} persons, and the register of {} erasures.",
            keys.persons, keys.erasures
        ),
        _ => {}
    }
}

/// Whether two folders are in one folder, or one is in the other.
fn lie_together(one: &Path, other: &Path) -> bool {
    let place = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let (one, other) = (place(one), place(other));
    one.parent() == other.parent() || one.starts_with(&other) || other.starts_with(&one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_folders_in_one_place_are_told_from_two_places() {
        let together = |one: &str, other: &str| lie_together(Path::new(one), Path::new(other));
        assert!(together("/backup/monday", "/backup/keys"));
        assert!(together("monday", "keys"));
        assert!(together("/backup/monday", "/backup/monday/keys"));
        assert!(together("/backup/keys/monday", "/backup/keys"));
        assert!(!together("/backup/monday", "/safe/keys"));
        assert!(!together("/backup/monday", "/backup-of-keys/keys"));
    }
}
