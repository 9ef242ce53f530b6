//! `stegspor forget-read-models`: the way on with read models of another log.

use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use infra::{clock::SystemClock, read_store::ReadStore};

use super::{Ended, settings::Where, store};

/// Empty the read models: the service makes them anew when it starts
///
/// For a log that was restored from an older copy: read models that know more than the log are
/// refused, since they tell of what never happened there. Nothing is lost that the log does not
/// hold. Where log or read models lie in a file, end the service first; nodes that share a database
/// notice, and begin anew.
///
/// Example:
///   stegspor forget-read-models --data stegspor-data
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Forget {
    #[command(flatten)]
    place: Where,
}

impl Forget {
    pub(super) async fn run(self) -> anyhow::Result<Ended> {
        let settings = self.place.settings("stegspor-data")?;
        // In a file, both belong to one process.
        let _alone = if settings.log_is_shared() {
            None
        } else {
            store::existing_log(&settings).await?;
            Some(store::log(&settings).await?)
        };
        ReadStore::forget_all(&settings.read_store, Arc::new(SystemClock))
            .await
            .context("the read models could not be emptied")?;
        println!("The read models are empty: `stegspor serve` makes them anew from the log.");
        Ok(Ended::Well)
    }
}
