//! `stegspor import`: takes a file of events in, line by line, through the same decoder and the
//! same rules as everybody.

mod lines;

use std::{
    fs::{File, OpenOptions},
    io::{BufReader, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::Args;
use domain::es::{Actor, ActorId, CorrelationId, EventId, RecordedAt, Role, SourceSystem};
use serde::Serialize;
use uuid::Uuid;

use super::{Ended, demo, progress::Bar, settings::Where, store};
use crate::{
    app::{Application, By, Outcome},
    cloud_event::CloudEvent,
    decode,
    problem::{self, Language, Problem, Text, general},
};
use lines::{Line, Lines};

/// Take a file of events in
///
/// The file holds one event a line (NDJSON of CloudEvents 1.0), of any kind in the catalogue (see /docs or
/// /openapi.json of a running service). Each is recorded once, however often it is imported. Lines
/// that are refused are told with their number and rule, and written, as they were, to
/// FILE.refused.ndjson; the exit status is 1 then. `-` reads standard input.
///
/// In the folder of a demo the demo's clock goes on.
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
    place: Where,
}

/// What came of the file.
#[derive(Debug, Default, Serialize)]
struct Report {
    accepted: u64,
    already_recorded: u64,
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
        let clock = demo::clock(&settings, log.as_ref()).await?;
        let app = store::application(&settings, log, clock).await?;
        app.sweep(&settings.data).await?;

        let standard_input = self.file == Path::new("-");
        let (source, length): (Box<dyn Read>, u64) = if standard_input {
            (Box::new(std::io::stdin()), 0)
        } else {
            let file = File::open(&self.file)
                .with_context(|| format!("{} cannot be read", self.file.display()))?;
            let length = file.metadata()?.len();
            (Box::new(file), length)
        };
        let mut bin = Bin::new(self.refused_path(standard_input), standard_input);
        let mut lines = Lines::new(BufReader::new(source));
        let mut importer = Importer {
            app: &app,
            trusted: self.trusted_history,
            last: store::last_recorded(app.log.as_ref()).await?,
        };
        let mut report = Report::default();
        let bar = Bar::new("bytes");
        while let Some(line) = lines.next()? {
            match importer.take(&line).await {
                Ok(None) => {}
                Ok(Some(outcome)) if outcome.already => report.already_recorded += 1,
                Ok(Some(_)) => report.accepted += 1,
                Err(problem) => {
                    bin.keep(&line, &mut lines)?;
                    report.refused.push(told(line.number, &problem));
                }
            }
            bar.show(lines.read(), length.max(lines.read()));
        }
        bar.done();
        bin.close()?;
        app.swept(&settings.data).await?;
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
        if self.json {
            println!("{}", serde_json::to_string(report)?);
            return Ok(());
        }
        println!(
            "accepted {}, already recorded {}, refused {}",
            report.accepted,
            report.already_recorded,
            report.refused.len()
        );
        for refused in &report.refused {
            let pointer = refused.pointer.as_deref().unwrap_or_default();
            println!(
                "line {}: {} {pointer} {}",
                refused.line, refused.rule, refused.detail
            );
        }
        if !report.refused.is_empty() {
            println!("The refused lines are kept in {}.", bin.path.display());
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

/// Takes lines in.
struct Importer<'a> {
    app: &'a Application,
    trusted: bool,
    last: Option<RecordedAt>,
}

impl Importer<'_> {
    /// Takes one line in; `None` for an empty one.
    async fn take(&mut self, line: &Line) -> Result<Option<Outcome>, Problem> {
        if line.cut {
            return Err(Problem::general(&general::TOO_LARGE));
        }
        if line.text.trim_ascii().is_empty() {
            return Ok(None);
        }
        let event = CloudEvent::structured(decode::json(&line.text)?)?;
        let recorded_at = self.recorded_at(&event).await?;
        let command_id = event.command_id(&self.app.secret);
        let foreign_id = event.foreign_id(&self.app.secret);
        let by = By {
            principal: None,
            actor: Actor {
                id: ActorId(Uuid::nil()),
                role: Role::Operator,
            },
            unit: None,
            source: SourceSystem("import".to_owned()),
            correlation_id: CorrelationId(command_id),
            traceparent: None,
            recorded_at,
        };
        let outcome = self.app.tell(event.telling(self.app, by)?).await?;
        if let Some(entry) = foreign_id {
            self.app.remember(entry).await?;
        }
        self.last = self.last.max(recorded_at);
        Ok(Some(outcome))
    }

    /// When the event became known, if that is taken from the file.
    async fn recorded_at(&self, event: &CloudEvent) -> Result<Option<RecordedAt>, Problem> {
        if !self.trusted {
            return Ok(None);
        }
        let Some(told) = event.recorded_at else {
            return Err(Problem::general(&general::INVALID_DATA).at(
                "/recordedat",
                Text::of(
                    "a trusted history tells of each event when it became known",
                    "en historikk en stoler på, forteller når hver hendelse ble kjent",
                ),
            ));
        };
        if told > self.app.clock.now() {
            return Err(problem::in_future("/recordedat"));
        }
        let id = EventId(event.command_id(&self.app.secret));
        let known = self.app.log.find(id).await;
        let known = known.map_err(|_| Problem::general(&general::UNAVAILABLE))?;
        if known.is_none() && self.last.is_some_and(|last| told < last) {
            return Err(Problem::general(&general::TIME_RUNS_BACKWARDS).at(
                "/recordedat",
                Text::of(
                    "this lies before what was recorded last",
                    "dette ligger før det som sist ble registrert",
                ),
            ));
        }
        Ok(Some(told))
    }
}

/// Where refused lines go, as they were.
struct Bin {
    path: PathBuf,
    append: bool,
    file: Option<BufWriter<File>>,
}

impl Bin {
    fn new(path: PathBuf, append: bool) -> Self {
        Self {
            path,
            append,
            file: None,
        }
    }

    /// Keeps a line, with the rest of one that was too long to be held.
    fn keep<R: std::io::BufRead>(
        &mut self,
        line: &Line,
        lines: &mut Lines<R>,
    ) -> anyhow::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                let mut options = OpenOptions::new();
                options
                    .create(true)
                    .write(true)
                    .append(self.append)
                    .truncate(!self.append);
                // There may be names in it: its owner alone reads it.
                #[cfg(unix)]
                std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
                let file = options
                    .open(&self.path)
                    .with_context(|| format!("{} cannot be written", self.path.display()))?;
                none.insert(BufWriter::new(file))
            }
        };
        file.write_all(&line.text)?;
        if line.cut {
            lines.copy_rest(file)?;
        } else {
            file.write_all(b"\n")?;
        }
        Ok(())
    }

    fn close(&mut self) -> anyhow::Result<()> {
        if let Some(file) = &mut self.file {
            file.flush()?;
            file.get_ref().sync_all()?;
        }
        Ok(())
    }
}
