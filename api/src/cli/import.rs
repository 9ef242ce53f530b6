//! `stegspor import`: takes a file of events in, and reports on it line by line.

mod bin;

use std::{
    fs::File,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::Args;
use serde::Serialize;

use super::{Ended, demo, progress::Bar, reporting::Reporting, settings::Where, store};
use crate::{
    app::Recording,
    import::{Importer, Lines, Taken},
    problem::{Language, Problem},
};
use bin::Bin;

/// Take a file of events in
///
/// The file holds one event a line (NDJSON of CloudEvents 1.0), of any kind in the catalogue (see /docs or
/// /openapi.json of a running service). Each is recorded once, however often it is imported. Lines
/// that tell what is so already add nothing, and are told with their number. Lines
/// that are refused are told with their number and rule, and written, as they were, to
/// FILE.refused.ndjson; the exit status is 1 then. `-` reads standard input.
///
/// Interrupted, it is run again: what was recorded stays so. No other process may write to the log
/// meanwhile; a running service takes events over HTTP.
///
/// In the folder of a demo the demo's clock goes on.
///
/// A line names another of the same `source` by its `id`: an entry that is corrected or retracted, an
/// oppdrag, a goal, a consent or a worry that was told without an id of its own. A person, a referral
/// or a tidgiver is named by the `subject` of the lines about them. What is a UUID is taken for an id
/// of ours.
///
/// With --trusted-history the time at which an event became known is taken from its attribute
/// `recordedat`; it never decreases from line to line, and a line without it is refused.
///
/// Examples:
///   stegspor import events.ndjson
///   zcat archive.ndjson.gz | stegspor import - --trusted-history
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Import {
    /// The file, or - for standard input
    file: PathBuf,
    /// Take the times of recording from the file
    #[arg(long)]
    trusted_history: bool,
    /// Where refused lines go [default: FILE.refused.ndjson]
    #[arg(long, value_name = "PATH")]
    refused: Option<PathBuf>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    pub(super) place: Where,
    #[command(flatten)]
    pub(super) reporting: Reporting,
}

/// What came of the file.
#[derive(Debug, Default, Serialize)]
struct Report {
    accepted: u64,
    already_recorded: u64,
    /// The numbers of the lines that told what is so already.
    already_so: Vec<u64>,
    refused: Vec<Refused>,
}

/// A line that was refused.
#[derive(Debug, Serialize)]
struct Refused {
    line: u64,
    rule: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<String>,
    detail: String,
}

impl Import {
    pub(super) async fn run(self) -> anyhow::Result<Ended> {
        let settings = self.place.settings("stegspor-data")?;
        let log = store::log(&settings).await?;
        store::belonging(&settings, log.as_ref(), false).await?;
        let clock = demo::clock(&settings, log.as_ref()).await?;
        let app = store::application(&settings, log, clock).await?;
        let recording = if self.trusted_history {
            Recording::AsItsCause
        } else {
            Recording::Now
        };
        app.sweep(&settings.data, recording).await?;

        let standard_input = self.file == Path::new("-");
        let (source, length): (Box<dyn Read>, u64) = if standard_input {
            (Box::new(std::io::stdin()), 0)
        } else {
            let file = File::open(&self.file)
                .with_context(|| format!("{} cannot be read", self.file.display()))?;
            let length = file.metadata()?.len();
            (Box::new(file), length)
        };
        let refused = self.refused_path(standard_input);
        anyhow::ensure!(
            standard_input || !same_file(&self.file, &refused),
            "the refused lines would take the place of {}: name another file by --refused",
            self.file.display()
        );
        let mut bin = Bin::new(refused, standard_input);
        let mut lines = Lines::new(source);
        let last = store::last_recorded(app.log.as_ref()).await?;
        let mut importer = Importer::new(app.clone(), self.trusted_history, last);
        let mut report = Report::default();
        let bar = Bar::new("bytes");
        loop {
            let batch = lines.batch()?;
            if batch.is_empty() {
                break;
            }
            for (line, taken) in batch.iter().zip(importer.take(&batch).await) {
                match taken {
                    Taken::Blank => {}
                    Taken::Accepted => report.accepted += 1,
                    Taken::AlreadyRecorded => report.already_recorded += 1,
                    Taken::AlreadySo => report.already_so.push(line.number),
                    Taken::Refused(problem) => {
                        bin.keep(line, &mut lines)?;
                        report.refused.push(told(line.number, &problem));
                    }
                }
            }
            bar.show(lines.read(), length.max(lines.read()));
        }
        bar.done();
        bin.close()?;
        store::swept(&settings, &app).await?;
        store::bring_to_rest(&settings).await?;
        self.tell(&report, &bin)?;
        Ok(if report.refused.is_empty() {
            Ended::Well
        } else {
            Ended::WithRefusals
        })
    }

    fn refused_path(&self, standard_input: bool) -> PathBuf {
        self.refused.clone().unwrap_or_else(|| {
            let mut path = if standard_input {
                "import".into()
            } else {
                self.file.clone().into_os_string()
            };
            path.push(".refused.ndjson");
            path.into()
        })
    }

    fn tell(&self, report: &Report, bin: &Bin) -> anyhow::Result<()> {
        let mut out = io::stdout().lock();
        // A reader that has seen enough ends the telling.
        let told = if self.json {
            writeln!(out, "{}", serde_json::to_string(report)?)
        } else {
            Self::tell_lines(&mut out, report, bin)
        };
        match told {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
            _ => Ok(()),
        }
    }

    fn tell_lines(out: &mut impl Write, report: &Report, bin: &Bin) -> io::Result<()> {
        writeln!(
            out,
            "accepted {}, already recorded {}, already so {}, refused {}",
            report.accepted,
            report.already_recorded,
            report.already_so.len(),
            report.refused.len()
        )?;
        for line in &report.already_so {
            writeln!(out, "line {line}: is so already, nothing to record")?;
        }
        for refused in &report.refused {
            let pointer = refused.pointer.as_deref().unwrap_or_default();
            writeln!(
                out,
                "line {}: {} {pointer} {}",
                refused.line, refused.rule, refused.detail
            )?;
        }
        if !report.refused.is_empty() {
            writeln!(out, "The refused lines are kept in {}.", bin.path.display())?;
        }
        Ok(())
    }
}

fn told(line: u64, problem: &Problem) -> Refused {
    let told = problem.told(Language::English);
    let detail = told
        .detail
        .or_else(|| told.errors.first().map(|at| at.detail.clone()))
        .unwrap_or(told.title);
    Refused {
        line,
        rule: told.rule,
        pointer: told.pointer,
        detail,
    }
}

/// Whether two paths lead to one file, if both are there.
fn same_file(one: &Path, other: &Path) -> bool {
    one.canonicalize()
        .and_then(|one| Ok(one == other.canonicalize()?))
        .unwrap_or(false)
}
