//! `stegspor replay`: one journey, event by event, from the log itself.

use std::{collections::BTreeSet, io::Write};

use clap::Args;
use domain::{
    es::{Day, EventId, EventStore, OccurredAt, RecordedAt, Version, amend},
    event::{DomainEvent, Recorded},
    participant::Participant,
    words::ParticipantId,
};
use serde_json::{Value, json};

use super::{Ended, demo, settings::Where, store};
use crate::app::consents;

/// Tell one participant's journey, event by event
///
/// Reads the log itself, not the read models. The journey is told as it counts, in the order in
/// which things happened: what was corrected is marked and told as corrected, what was retracted
/// is left out. --known-at tells it as it was known at a moment, --as-of up to a day.
/// --as-recorded tells each event as it was recorded, in the order of the log, corrections and
/// retractions among them. What is told of a treatment by a consent that is withdrawn by now is
/// left out of all of them.
///
/// Examples:
///   stegspor replay 0197f0a2-… --data stegspor-data/demo
///   stegspor replay 0197f0a2-… --as-of 2020-12-31 --known-at 2021-01-01 --json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Replay {
    /// The participant's id
    participant: ParticipantId,
    /// Up to this day in the world, inclusive
    #[arg(long, value_name = "DAY")]
    as_of: Option<Day>,
    /// As known at this moment, or at the end of this day
    #[arg(long, value_name = "MOMENT")]
    known_at: Option<OccurredAt>,
    /// Every event as it was recorded, with corrections and retractions
    #[arg(long)]
    as_recorded: bool,
    /// Print one JSON object an event
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Where,
}

impl Replay {
    pub(super) async fn run(self) -> anyhow::Result<Ended> {
        let settings = self.place.settings("stegspor-data")?;
        let log = store::existing_log(&settings).await?;
        let today = demo::clock(&settings, log.as_ref()).await?.now().day();
        let known_on = self.known_at.map(OccurredAt::day);
        for day in [self.as_of, known_on].into_iter().flatten() {
            anyhow::ensure!(day <= today, "{day} has not come yet: today is {today}");
        }
        let mut history = shown(log.as_ref(), self.participant).await?;
        let until = self.known_at.map(|known_at| match known_at {
            OccurredAt::Day(day) => RecordedAt(day.ends()),
            OccurredAt::Moment(moment) => RecordedAt(moment),
        });
        history.retain(|event| until.is_none_or(|until| event.recorded_at <= until));
        anyhow::ensure!(!history.is_empty(), "no such participant is known");
        let amended: Vec<_> = history
            .iter()
            .filter_map(|event| event.event.amendment())
            .map(|amendment| amendment.entry())
            .collect();
        let mut journey = if self.as_recorded {
            history
        } else {
            as_it_counts(history)
        };
        journey.retain(|event| {
            self.as_of
                .is_none_or(|as_of| event.occurred_at.day() <= as_of)
        });
        let mut out = std::io::stdout().lock();
        for event in &journey {
            let amended = amended.contains(&event.id);
            let line = if self.json {
                // Of what counts, only what was corrected is amended.
                let mark = if self.as_recorded {
                    "amended"
                } else {
                    "corrected"
                };
                as_json(event, (mark, amended)).to_string()
            } else {
                let mark = if self.as_recorded {
                    "amended later"
                } else {
                    "corrected"
                };
                as_text(event, amended.then_some(mark))
            };
            // A reader that has seen enough ends the telling.
            if writeln!(out, "{line}").is_err() {
                break;
            }
        }
        Ok(Ended::Well)
    }
}

/// All that is recorded of a participant, without what rests on a consent that is withdrawn by now
/// (rule D5), and without the amendments of that.
async fn shown(log: &dyn EventStore, participant: ParticipantId) -> anyhow::Result<Vec<Recorded>> {
    let stream = Participant::stream(participant);
    let events = log.read_stream(&stream, Version::NONE).await?;
    let events = events.into_iter().map(Recorded::decode);
    let mut history = events.collect::<Result<Vec<_>, _>>()?;
    let counts = amend::effective(history.clone());
    let withdrawn = consents::withdrawn_in(&counts);
    let rests = |event: &&Recorded| {
        consents::of_treatment(event).is_some_and(|consent| withdrawn.contains(&consent))
    };
    // As it was recorded, and as it was corrected since: neither is shown.
    let hidden: BTreeSet<EventId> = history
        .iter()
        .chain(&counts)
        .filter(rests)
        .map(|event| event.id)
        .collect();
    history.retain(|event| {
        let amended = event.event.amendment().map(|amendment| amendment.entry());
        !hidden.contains(&event.id) && amended.is_none_or(|entry| !hidden.contains(&entry))
    });
    Ok(history)
}

/// What counts, in the order in which it happened.
fn as_it_counts(history: Vec<Recorded>) -> Vec<Recorded> {
    let mut journey = amend::effective(history);
    journey.sort_by_key(|event| {
        (
            event.event.stands_at(event.occurred_at).begins(),
            event.event.rank(),
            event.id,
        )
    });
    journey
}

fn fact(event: &Recorded) -> Value {
    let data = serde_json::from_str(event.event.to_json().get());
    let mut data: Value = data.unwrap_or_default();
    match event.event {
        DomainEvent::Participant(_) => data["fact"].take(),
        _ => data,
    }
}

fn as_json(event: &Recorded, (mark, marked): (&str, bool)) -> Value {
    json!({
        "id": event.id,
        "position": event.position,
        "version": event.version,
        "occurred_at": event.occurred_at,
        "recorded_at": event.recorded_at,
        "kind": event.event.kind(),
        mark: marked,
        "data": fact(event),
    })
}

fn as_text(event: &Recorded, mark: Option<&str>) -> String {
    let fields = match fact(event) {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| match value {
                Value::String(text) => format!(" {name}={text}"),
                value => format!(" {name}={value}"),
            })
            .collect(),
        _ => String::new(),
    };
    format!(
        "{}  {}{fields}{}  [known {}, position {}]",
        event.occurred_at.day(),
        event.event.kind(),
        mark.map_or_else(String::new, |mark| format!(" ({mark})")),
        event.recorded_at.day(),
        event.position
    )
}
