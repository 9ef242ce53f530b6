//! Import: a file of events, taken in through the same decoder and the same rules as everybody.
//!
//! Lines are taken in batches. Each is decided on what all lines before it came to, as if it stood
//! alone; what a batch came to is written together ([`Staging`]). Where that fails, because
//! somebody else wrote to the log or the vault refuses one of the words, the lines of the batch are
//! taken one by one: each is recorded once, however often it is told.

mod lines;

use std::sync::Arc;

use domain::es::{Actor, ActorId, CorrelationId, EventId, RecordedAt, Role, SourceSystem};
use infra::staging::Staging;
use uuid::Uuid;

use crate::{
    app::{Application, By, Outcome, unavailable},
    cloud_event::CloudEvent,
    decode,
    problem::{self, Problem, Text, general},
};

pub use lines::{Line, Lines};

/// What came of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// There is nothing in it.
    Blank,
    /// It is recorded.
    Accepted,
    /// It was recorded before.
    AlreadyRecorded,
    /// It is so already: it adds nothing, and nothing of it is recorded.
    AlreadySo,
    /// It is not recorded.
    Refused(Problem),
}

impl From<Result<Option<Outcome>, Problem>> for Taken {
    fn from(outcome: Result<Option<Outcome>, Problem>) -> Self {
        match outcome {
            Ok(None) => Self::Blank,
            Ok(Some(outcome)) if outcome.event_ids.is_empty() => Self::AlreadySo,
            Ok(Some(outcome)) if outcome.already => Self::AlreadyRecorded,
            Ok(Some(_)) => Self::Accepted,
            Err(problem) => Self::Refused(problem),
        }
    }
}

/// Takes lines in.
pub struct Importer {
    app: Arc<Application>,
    staging: Staging,
    staged: Arc<Application>,
    trusted: bool,
    last: Option<RecordedAt>,
}

impl Importer {
    /// Takes lines in through `app`. A trusted history tells when its events became known: not
    /// before `last`, when the log's last one did.
    #[must_use]
    pub fn new(app: Arc<Application>, trusted: bool, last: Option<RecordedAt>) -> Self {
        let staging = Staging::before(Arc::clone(&app.log), Arc::clone(&app.vault));
        Self {
            staged: app.staged(&staging),
            app,
            staging,
            trusted,
            last,
        }
    }

    /// Takes lines in, and answers what came of each. What it answers is durable.
    pub async fn take(&mut self, lines: &[Line]) -> Vec<Taken> {
        let (staged, before) = (Arc::clone(&self.staged), self.last);
        let mut outcomes = Vec::with_capacity(lines.len());
        for line in lines {
            outcomes.push(self.tell(&staged, line).await);
        }
        if let Err(error) = self.staging.settle().await {
            tracing::warn!(%error, "a batch is taken line by line");
            self.staged = self.app.staged(&self.staging);
            self.last = before;
            let app = Arc::clone(&self.app);
            for (line, staged) in lines.iter().zip(&mut outcomes) {
                let outcome = self.tell(&app, line).await;
                *staged = match (outcome, &*staged) {
                    (Ok(Some(now)), Ok(Some(first))) => Ok(Some(now.after(first))),
                    (outcome, _) => outcome,
                };
            }
        }
        outcomes.into_iter().map(Taken::from).collect()
    }

    /// Tells what a line tells; `None` for an empty one.
    async fn tell(&mut self, app: &Application, line: &Line) -> Result<Option<Outcome>, Problem> {
        if line.cut {
            return Err(Problem::general(&general::TOO_LARGE));
        }
        if line.text.trim_ascii().is_empty() {
            return Ok(None);
        }
        let event = CloudEvent::structured(decode::json(&line.text)?)?;
        let recorded_at = self.recorded_at(app, &event).await?;
        let command_id = event.command_id(&app.secret);
        let to_keep = event.to_keep(&app.secret);
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
        let outcome = app.tell(event.telling(app, by)?).await?;
        app.remember(to_keep).await?;
        self.last = self.last.max(recorded_at);
        Ok(Some(outcome))
    }

    /// When the event became known, if that is taken from the file.
    async fn recorded_at(
        &self,
        app: &Application,
        event: &CloudEvent,
    ) -> Result<Option<RecordedAt>, Problem> {
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
        if told > app.clock.now() {
            return Err(problem::in_future("/recordedat"));
        }
        if self.last.is_none_or(|last| told >= last) {
            return Ok(Some(told));
        }
        let id = EventId(event.command_id(&app.secret));
        let known = app.log.find(id).await.map_err(|error| {
            unavailable(&error);
            Problem::general(&general::UNAVAILABLE)
        })?;
        if known.is_none() {
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
