//! `stegspor parked`: what stands still, and its release.

use anyhow::Context;
use clap::Args;
use domain::es::{RecordedAt, StreamName};
use infra::read_store::{Parked as Still, StandingStill};
use serde_json::{Value, json};

use super::{Ended, settings::Where, store};

/// List the records that stand still, and release them
///
/// An event that cannot be taken into the read models pauses the one record it belongs to: all
/// others go on, and answers about it say that it stands still. It was tried several times, each
/// time counted beforehand. What is listed names the event and what goes wrong with it, nothing
/// else: unreadable (this program does not know its kind, version or shape), panicked (a read
/// model gave up at it: a fault of the program), not-written (the tables refuse a row that it
/// makes), died (the process ended at it).
///
/// Once the fault is mended, --release asks for another try, from the record's whole history. The
/// running service makes it within a second, without a restart; if none runs, the next one makes
/// it when it starts. What fails again stands still again.
///
/// Works beside a running service.
///
/// Examples:
///   stegspor parked
///   stegspor parked --release participant-0197f0a2-…
///   stegspor parked --release --all
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Parked {
    /// Ask for another try of this record's stream; of all, with --all
    #[arg(long, value_name = "STREAM", num_args = 0..=1)]
    #[expect(clippy::option_option, reason = "the flag may stand without a stream")]
    release: Option<Option<StreamName>>,
    /// Ask for another try of all that stand still
    #[arg(long, requires = "release")]
    all: bool,
    /// Print one JSON object a record
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Where,
}

impl Parked {
    pub(super) async fn run(self) -> anyhow::Result<Ended> {
        let settings = self.place.settings("stegspor-data")?;
        store::existing_read_models(&settings)?;
        let mut still = StandingStill::open(&settings.read_store)
            .await
            .context("the read models could not be opened")?;
        let ended = match (&self.release, self.all) {
            (None, _) => {
                list(&still.all().await?, self.json);
                Ended::Well
            }
            (Some(None), true) => {
                let asked = still.release_all().await?;
                println!("Another try was asked for, of {asked} that stand still.");
                Ended::Well
            }
            (Some(Some(stream)), false) => {
                if still.release(stream).await? {
                    println!("Another try of {stream} was asked for.");
                    Ended::Well
                } else {
                    println!("{stream} does not stand still.");
                    Ended::WithRefusals
                }
            }
            (Some(_), _) => anyhow::bail!("release one stream, or --all of them"),
        };
        still.close().await;
        Ok(ended)
    }
}

fn list(parked: &[Still], as_json: bool) {
    if as_json {
        for one in parked {
            println!("{}", in_json(one));
        }
        return;
    }
    if parked.is_empty() {
        println!("Nothing stands still.");
    }
    for one in parked {
        println!("{}", in_text(one));
    }
}

fn in_json(one: &Still) -> Value {
    json!({
        "stream": one.stream,
        "position": one.position,
        "event_id": one.event_id,
        "kind": one.kind,
        "schema_version": one.schema_version,
        "cause": one.cause.code(),
        "attempts": one.attempts,
        "first_tried": one.first_tried.map(RecordedAt::new),
        "last_tried": one.last_tried.map(RecordedAt::new),
        "retry_asked": one.wanted,
    })
}

fn in_text(one: &Still) -> String {
    let last = one.last_tried.map(RecordedAt::new);
    format!(
        "{}  {} at position {} ({} v{}, event {})  [tried {} times{}{}]",
        one.stream,
        one.cause.code(),
        one.position,
        one.kind,
        one.schema_version,
        one.event_id.0,
        one.attempts,
        last.map_or_else(String::new, |last| format!(", last {last}")),
        if one.wanted {
            "; another try is asked for"
        } else {
            ""
        },
    )
}
