//! At start-up: what should have followed from the last events, and did not because the service
//! ended in between, is carried out now.

use std::{fs, io, path::Path};

use domain::{
    es::{CorrelationId, Entry, EventId, EventStore, OccurredAt, Position, ReadError, load},
    event::{DomainEvent, Recorded},
    participant::Participant,
    policy,
    referral::Referral,
};

use infra::private;

use super::{
    Application,
    policies::{Consequence, Since},
};

/// The file in the data folder that says up to where all that followed is carried out.
pub(crate) const REACHED: &str = "policies.position";
const PAGE: usize = 2_000;

/// When what follows from an event became known, if it is carried out late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recording {
    /// Now.
    Now,
    /// With the event: in a history that brings its own times.
    AsItsCause,
}

/// Why the log's tail could not be swept.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The log could not be read.
    #[error("the log could not be read")]
    Read(#[from] ReadError),
    /// The position reached could not be kept.
    #[error("the position that policies reached could not be kept")]
    Keep(#[from] io::Error),
}

impl Application {
    /// Carries out what follows from the events after the position kept in `directory`, and keeps
    /// the position reached.
    pub async fn sweep(&self, directory: &Path, recording: Recording) -> Result<(), SweepError> {
        let mut reached = kept(directory);
        let head = self.log.head().await?;
        if reached > head {
            // The log was restored from an older copy. What is carried out twice is recorded once.
            tracing::warn!(%reached, %head, "the log ends before what was swept: it is swept anew");
            reached = Position::START;
        }
        while reached < head {
            let events = self.log.read_all(reached, PAGE).await?;
            let Some(last) = events.last() else { break };
            reached = last.position;
            for event in events {
                let id = event.id;
                let metadata = event.read_metadata().ok();
                let traceparent = metadata.and_then(|known| known.traceparent);
                if let Ok(event) = Recorded::decode(event) {
                    let now = match recording {
                        Recording::Now => self.clock.now(),
                        Recording::AsItsCause => event.recorded_at,
                    };
                    let since = Since {
                        now,
                        correlation_id: CorrelationId(event.id.0),
                        traceparent,
                    };
                    self.react_to(event, since).await;
                } else {
                    tracing::warn!(event = %id, "an event cannot be read");
                }
            }
        }
        keep(directory, reached)?;
        Ok(())
    }

    /// Takes note that what followed up to the log's head is carried out.
    pub async fn swept(&self, directory: &Path) -> Result<(), SweepError> {
        swept(self.log.as_ref(), directory).await
    }

    async fn react_to(&self, event: Recorded, since: Since) {
        let log = self.log.as_ref();
        let key = event.stream.key();
        let reactions = match event.event {
            DomainEvent::Referral(fact) => {
                let (Ok(id), Ok(known)) = (key.parse(), load::<Referral>(log, &event.stream).await)
                else {
                    return;
                };
                let entry = entry(event.id, event.occurred_at, fact);
                policy::after_referral(id, &known.state, &entry)
            }
            DomainEvent::Participant(fact) if fact.referral_id.is_some() => {
                let entry = entry(event.id, event.occurred_at, fact);
                if !matches!(
                    entry.event.fact,
                    domain::participant::ParticipantFact::ConsentWithdrawn(_)
                ) {
                    return;
                }
                let Ok(known) = load::<Participant>(log, &event.stream).await else {
                    return;
                };
                policy::after_participant(&known.state, &entry)
            }
            DomainEvent::Participant(_)
            | DomainEvent::Tidgiver(_)
            | DomainEvent::Cooperation(_)
            | DomainEvent::Unit(_) => return,
        };
        let consequences = Consequence::all(event.id, event.occurred_at, reactions).collect();
        self.carry_out(consequences, since).await;
    }
}

/// Takes note that what followed from all of a log is carried out: whoever played a history into it
/// did that too.
pub async fn swept(log: &dyn EventStore, directory: &Path) -> Result<(), SweepError> {
    let head = log.head().await?;
    private::folder(directory)?;
    keep(directory, head)?;
    Ok(())
}

fn entry<E>(id: EventId, occurred_at: OccurredAt, event: E) -> Entry<E> {
    Entry {
        id,
        occurred_at,
        event,
    }
}

fn kept(directory: &Path) -> Position {
    fs::read_to_string(directory.join(REACHED))
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .map_or(Position::START, Position)
}

fn keep(directory: &Path, position: Position) -> io::Result<()> {
    private::put(&directory.join(REACHED), position.to_string().as_bytes())
}
