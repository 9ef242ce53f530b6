//! `stegspor rebuild`: makes read models anew beside those in use.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context;
use clap::Args;
use domain::es::{EventStore, Position};
use infra::{
    clock::SystemClock,
    ids::{IdSource, RandomIds},
    read_store::{Comparison, Difference, How, Rebuild as Made, Switched, drop_kept, read_models},
};
use uuid::Uuid;

use super::{Ended, Settings, progress::Bar, settings::Where, store};

/// Make read models anew from the log, while the service goes on
///
/// Folds the log into new tables beside those in use, compares the two, and puts the new ones in
/// their place, all at once. Whoever asks meanwhile gets answers as ever, and events go on being
/// shown. Needed after a mistake in a read model was mended, and before a program with a new read
/// model is started (see infra/README.md). The tables that were in use are kept.
///
/// With --dry-run nothing is switched: each row that would change is told, by its key, and the exit
/// status is 1 if there is one. Killed half-way, it has changed nothing, and is run again.
///
/// --roll-back takes the tables back into use that were last put aside, once they have caught up;
/// the ones in use are kept instead. If the program is to go back too, put that back first.
/// --drop-old drops the tables that are kept, for good.
///
/// Examples:
///   stegspor rebuild --all
///   stegspor rebuild journey_v1 timeline_v2 --dry-run
///   stegspor rebuild --roll-back
///   stegspor rebuild --drop-old
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
#[expect(clippy::doc_markdown, reason = "examples for a shell")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(super) struct Rebuild {
    /// The read models, by the names of their tables
    #[arg(value_name = "NAME", value_parser = known(), required_unless_present_any = ["all", "roll_back", "drop_old"])]
    names: Vec<String>,
    /// All read models
    #[arg(long, conflicts_with = "names")]
    all: bool,
    /// Only tell which rows would change
    #[arg(long, conflicts_with_all = ["roll_back", "drop_old"])]
    dry_run: bool,
    /// Take the tables back that were last put aside: of these read models, or of all
    #[arg(long, conflicts_with = "drop_old")]
    roll_back: bool,
    /// Drop the tables that are kept: of these read models, or of all
    #[arg(long)]
    drop_old: bool,
    #[command(flatten)]
    place: Where,
}

fn known() -> clap::builder::PossibleValuesParser {
    clap::builder::PossibleValuesParser::new(read_models())
}

impl Rebuild {
    pub(super) async fn run(self) -> anyhow::Result<Ended> {
        let settings = self.place.settings("stegspor-data")?;
        let node = RandomIds::new(Arc::new(SystemClock)).next();
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        if self.drop_old {
            let names = (!names.is_empty()).then_some(&*names);
            return drop_old(&settings, node, names).await;
        }
        let log: Arc<dyn EventStore> = store::existing_log(&settings).await?;
        if self.roll_back {
            let names = (!names.is_empty()).then_some(&*names);
            let made = Made::of_kept(&settings.read_store, log, node, names).await;
            let mut made = made.context("the tables could not be taken back")?;
            fold(&mut made).await?;
            tell_switched(&made.switch().await?);
            return Ok(Ended::Well);
        }
        let names = if self.all { read_models() } else { &names };
        let made = Made::begin(&settings.read_store, log, node, names).await;
        let mut made = made.context("the read models could not be made anew")?;
        let (position, took) = fold(&mut made).await?;
        println!(
            "Folded {position} events in {:.1} s ({:.0} events/s).",
            took.as_secs_f64(),
            rate(position, took),
        );
        let dry_run = self.dry_run;
        let compared = made.compare(|difference| {
            if dry_run {
                println!("{}", told(&difference));
            }
        });
        let compared = compared.await.context("the tables could not be compared")?;
        for comparison in &compared {
            println!("{}", outcome(comparison));
        }
        let differ = compared.iter().any(|one| one.differing > 0);
        if !dry_run {
            let switched = made.switch().await;
            tell_switched(&switched.context("the new tables could not be taken into use")?);
            return Ok(Ended::Well);
        }
        made.discard().await?;
        println!("Nothing was switched.");
        Ok(if differ {
            Ended::WithRefusals
        } else {
            Ended::Well
        })
    }
}

/// Folds, with a bar; answers how far it came and how long that took.
async fn fold(made: &mut Made) -> anyhow::Result<(Position, Duration)> {
    let bar = Bar::new("events");
    let started = Instant::now();
    let mut reached = Position::START;
    let folded = made.fold(|position, until| {
        reached = reached.max(position);
        bar.show(position.0, until.0);
    });
    folded.await.context("the log could not be folded")?;
    bar.done();
    Ok((reached, started.elapsed()))
}

async fn drop_old(
    settings: &Settings,
    node: Uuid,
    names: Option<&[&str]>,
) -> anyhow::Result<Ended> {
    let dropped = drop_kept(&settings.read_store, node, names).await;
    let dropped = dropped.context("the old tables could not be dropped")?;
    if dropped.is_empty() {
        println!("No old tables are kept.");
    } else {
        println!("Dropped {}.", dropped.join(", "));
    }
    Ok(Ended::Well)
}

fn told(difference: &Difference) -> String {
    let how = match difference.how {
        How::Changed => "changes",
        How::Added => "is added",
        How::Gone => "goes",
    };
    format!("{}: {} {how}", difference.read_model, difference.key)
}

fn outcome(comparison: &Comparison) -> String {
    let rows = comparison.made.rows;
    let verdict = match comparison.live {
        None => format!("{rows} rows; the one in use is at another position"),
        Some(live) if live == comparison.made => format!("{rows} rows, old and new agree"),
        Some(live) => {
            let differing = comparison.differing;
            format!("{rows} rows, {} before; {differing} differ", live.rows)
        }
    };
    format!(
        "{:<20} {verdict}, at position {}",
        comparison.read_model, comparison.position
    )
}

fn tell_switched(switched: &[Switched]) {
    let kept: Vec<_> = switched.iter().map(|one| one.kept.as_str()).collect();
    println!(
        "Switched. The tables that were in use are kept: {}.\n\
         `stegspor rebuild --roll-back` takes them back, `--drop-old` frees their space.",
        kept.join(", "),
    );
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn rate(events: Position, took: Duration) -> f64 {
    events.0 as f64 / took.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::cli::Cli;

    fn parsed(arguments: &[&str]) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(["stegspor", "rebuild"].iter().chain(arguments))
    }

    #[test]
    fn which_read_models_is_said_and_a_name_that_none_has_is_answered_with_the_names() {
        let refused = parsed(&["journey_v0"]).unwrap_err().to_string();
        assert!(refused.contains("journey_v1, "), "{refused}");
        for wrong in [
            &[][..],
            &["--dry-run"],
            &["--all", "journey_v1"],
            &["--all", "--dry-run", "--roll-back"],
            &["--roll-back", "--drop-old"],
        ] {
            assert!(parsed(wrong).is_err(), "{wrong:?}");
        }
        for right in [
            &["--all"][..],
            &["journey_v1", "timeline_v2", "--dry-run"],
            &["--roll-back"],
            &["--drop-old", "journey_v1"],
        ] {
            assert!(parsed(right).is_ok(), "{right:?}");
        }
    }
}
