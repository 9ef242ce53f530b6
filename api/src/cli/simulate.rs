//! `stegspor simulate`: plays a made-up history of any size.

use clap::Args;
use domain::es::Position;
use infra::clock::SystemClock;

use super::{Ended, progress::Bar, settings::Where, store};
use crate::app;
use crate::history::simulate::{self, Size};

/// Play a made-up history of any size into an empty log
///
/// Everything follows from the seed: the same numbers give the same history. The people are
/// fictitious, and go through the same commands and rules as everybody.
///
/// Example:
///   stegspor simulate --participants 10000 --years 5 --seed 7 --data simulated
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Simulate {
    /// How many persons, 1 to 10000000
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    participants: u64,
    /// Over how many years, 1 to 50
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=50))]
    years: u64,
    /// What everything follows from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    place: Where,
}

impl Simulate {
    pub(super) async fn run(self) -> anyhow::Result<Ended> {
        let settings = self.place.settings("stegspor-data")?;
        let log = store::log(&settings).await?;
        anyhow::ensure!(
            log.head().await? == Position::START,
            "the log in {} is not empty: a simulation begins with an empty one",
            settings.data.display()
        );
        let clock = std::sync::Arc::new(SystemClock);
        store::belonging(&settings, log.as_ref(), false).await?;
        let vault = store::vault(&settings, clock).await?;
        let size = Size {
            participants: self.participants,
            years: self.years,
            seed: self.seed,
        };
        let bar = Bar::new("persons");
        simulate::play(log.as_ref(), Some(vault.as_ref()), size, &mut |done, of| {
            bar.show(done, of);
        })
        .await?;
        bar.done();
        app::swept(log.as_ref(), &settings.data).await?;
        store::bring_to_rest(&settings).await?;
        let events = log.head().await?;
        println!(
            "{events} events of {} persons in {}",
            self.participants,
            settings.data.display()
        );
        Ok(Ended::Well)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::cli::Cli;

    #[test]
    fn a_size_out_of_its_range_is_refused_and_the_range_is_told() {
        for (size, range) in [
            (["--participants=0", "--years=5"], "1..=10000000"),
            (["--participants=9", "--years=0"], "1..=50"),
            (["--participants=9", "--years=400"], "1..=50"),
        ] {
            let asked = ["stegspor", "simulate"].into_iter().chain(size);
            let refused = Cli::try_parse_from(asked).unwrap_err().to_string();
            assert!(refused.contains(range), "{refused}");
        }
        assert!(Cli::try_parse_from(["stegspor", "simulate", "--participants=1"]).is_ok());
    }
}
