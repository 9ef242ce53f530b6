//! `stegspor migrate`: copies a log to another engine.

use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use domain::es::Position;
use infra::{
    event_store::{self, Log, OpenError},
    moving,
};

use super::{Ended, progress::Bar, store};

/// Copy a log to another engine
///
/// Every event keeps its id, its place, its times, its text and its hash: receipts stay valid. The
/// chain through the whole log is made anew where the target's engine keeps one. At the end every
/// event and the end of every stream are compared on both sides, and the copy is walked as
/// `stegspor verify` does.
///
/// The source is only read. The target must be empty, or hold a beginning of the source: a copy
/// that was broken off is simply run again, and goes on where it stopped.
///
/// Stop everything that writes to the source first. A log in a file is locked meanwhile; of one on
/// a server nobody can tell from here, so what still comes to it is copied as well, until both end
/// alike. Nothing else may write to the target.
///
/// Only the log is copied. Person vault, keys, settings and the secret of tokens stay in the data
/// folder and go on serving beside the new log: name it by --event-store, and keep the folder.
/// Read models are made anew from the log: name an empty place by --read-store, or let the service
/// choose one.
///
/// Examples:
///   stegspor migrate --from sqlite:stegspor-data/log.sqlite --to postgres://stegspor@db/stegspor
///   stegspor serve --event-store postgres://stegspor@db/stegspor
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
#[expect(clippy::doc_markdown, reason = "examples for a shell")]
pub(super) struct Migrate {
    /// The log to copy, as sqlite:PATH, postgres:URL or kurrentdb:URL
    #[arg(long, value_name = "URL")]
    from: String,
    /// Where to copy it, the same way
    #[arg(long, value_name = "URL")]
    to: String,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

impl Migrate {
    pub(super) async fn run(self) -> anyhow::Result<Ended> {
        for url in [&self.from, &self.to] {
            anyhow::ensure!(
                !url.starts_with("memory:"),
                "a log in memory ends with its process: it cannot be moved"
            );
        }
        anyhow::ensure!(self.from != self.to, "source and target are the same log");
        store::must_exist(&self.from)?;
        if !self.from.starts_with("sqlite:") {
            eprintln!(
                "Whether something writes to the source cannot be known from here: stop that first."
            );
        }
        let source = opened(&self.from, "the source could not be opened").await?;
        anyhow::ensure!(
            source.head().await? > Position::START,
            "there is no event in the source"
        );
        let target = opened(&self.to, "the target could not be opened").await?;
        let bar = Bar::new("events");
        let moved = moving::copy(&*source, &*target, |done, of| bar.show(done.0, of.0)).await;
        bar.done();
        let moved = moved?;
        drop(target);
        event_store::bring_to_rest(&self.to)
            .await
            .context("the copy could not be brought to rest")?;
        let hash = moved.log_hash.map(|hash| hash.to_string());
        if self.json {
            let answer = serde_json::json!({
                "events": moved.events,
                "streams": moved.streams,
                "copied": moved.events - moved.held_before,
                "log_hash": hash,
            });
            println!("{answer}");
            return Ok(Ended::Well);
        }
        println!(
            "Both logs hold the same {} events in {} streams; {} were copied now.",
            moved.events,
            moved.streams,
            moved.events - moved.held_before
        );
        if let Some(hash) = hash {
            println!("Hash at position {} of the copy: {hash}", moved.events);
        }
        Ok(Ended::Well)
    }
}

async fn opened(url: &str, failed: &'static str) -> anyhow::Result<Arc<dyn Log>> {
    event_store::open(url).await.map_err(|error| match error {
        OpenError::InUse { .. } => {
            anyhow::anyhow!("{error}; end that one first, so that the log does not move meanwhile")
        }
        error => anyhow::Error::from(error).context(failed),
    })
}
