//! `stegspor restore`: puts a backup into a data folder.

use std::{path::PathBuf, sync::Arc};

use clap::Args;
use infra::{
    backup::{self, Keys, Outcome, Restored},
    clock::SystemClock,
};

use super::{Ended, settings::Where, store};

/// Restore a backup into a data folder that holds no log
///
/// Checks every file against its checksum and the log against its chains, and destroys again the
/// words of those who were erased since the backup was made. Nothing is overwritten, and nothing is
/// in place until all is. The read models are made anew from the log when the service starts.
///
/// The words need their keys. Where the data folder still holds them (keys.sqlite, master.key),
/// move log.sqlite, vault.sqlite and read.sqlite with what lies beside them away, and restore
/// without --keys-from: these keys know of every erasure. Else name the copy of the keys.
///
/// Examples:
///   stegspor restore --from /backup/stegspor-2026-11-25 --keys-from /safe/stegspor-keys --data DIR
///   stegspor restore --from /backup/stegspor-2026-11-25 --data DIR    DIR holds its keys still
///   stegspor restore --from /backup/stegspor-2026-11-25 --without-words --data DIR
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Restore {
    /// The folder that `stegspor backup --to` made
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// The folder that `stegspor backup --keys-to` made [default: the data folder's own keys]
    #[arg(long, value_name = "DIR")]
    keys_from: Option<PathBuf>,
    /// The keys are lost: restore the log alone. All words about people are lost with them
    #[arg(long, conflicts_with = "keys_from")]
    without_words: bool,
    #[command(flatten)]
    place: Where,
}

impl Restore {
    pub(super) async fn run(self) -> anyhow::Result<Ended> {
        let settings = self.place.settings("stegspor-data")?;
        let layout = store::layout(&settings)?;
        let keys = match &self.keys_from {
            _ if self.without_words => Keys::Lost,
            Some(copy) => Keys::Copied(copy),
            None => Keys::Kept,
        };
        let outcome = backup::restore(&layout, &self.from, keys, Arc::new(SystemClock)).await;
        let outcome = outcome.map_err(|error| match error {
            backup::BackupError::NoKeys => anyhow::anyhow!(
                "{error} by --keys-from; if there is none any more, --without-words restores the log alone"
            ),
            error => error.into(),
        })?;
        match outcome {
            Outcome::Restored(restored) => {
                if self.without_words {
                    store::vault(&settings, Arc::new(SystemClock)).await?;
                    store::secret(&settings)?;
                }
                self.tell(&restored, &settings);
            }
            Outcome::Finished => println!(
                "An earlier restore into {} had been interrupted at its very end; it is finished now.",
                settings.data.display()
            ),
        }
        Ok(Ended::Well)
    }

    fn tell(&self, restored: &Restored, settings: &super::Settings) {
        let Restored {
            backup,
            keys,
            erasures,
            destroyed,
            keyless,
        } = restored;
        println!(
            "Restored into {}, as it was at {}.",
            settings.data.display(),
            backup.taken_at
        );
        if let Some(log) = &backup.log {
            println!(
                "The log fits: {} events in {} streams. Hash at position {}: {}",
                log.position, log.streams, log.position, log.hash
            );
        } else {
            println!("The log is not in this backup: restore it by the means of its engine.");
        }
        if self.without_words {
            println!(
                "No words about people are restored. Keys and secret are made anew: tokens of before are not \
                 valid any more, and events from outside that are sent again are recorded again."
            );
            return;
        }
        let entries = backup.entries.unwrap_or_default();
        println!(
            "{} of {entries} entries of the vault. The register of erasures names {erasures} persons: \
             {destroyed} entries in this backup told of them, and were destroyed.",
            entries.saturating_sub(destroyed + keyless)
        );
        if *keyless > 0 {
            eprintln!(
                "WARNING: the keys are older than the backup: {keyless} entries tell of people who were first \
                 met in between, and were left out, since no key opens them."
            );
        }
        if keys.is_some() {
            println!(
                "Persons who were erased after the keys were copied are not known here: erase them again."
            );
        }
    }
}
