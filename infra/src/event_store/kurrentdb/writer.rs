//! Appending: decided here, checked by the server.
//!
//! A link of a stream's chain rests on the one before, so an event can be made only by who knows
//! how its stream ends; and the server is always told the exact revision that this is. If it knows
//! better, the index is brought up to date and the append decided again.
//!
//! The server's answer says where its own log puts the event. Which position that is shows when
//! the index has counted it: an append is answered after one call to append and one look at the
//! log, which all appends under way share.
//!
//! The same ids told again are found in the index. Two who tell them at the same moment are told
//! apart by the event that stands in the log: the server takes a second telling for the first,
//! without reading it, as long as it remembers the first; so what stands there is compared by its
//! hash with what was sent. What the server does not see is the same id in **two streams** from
//! two nodes at the same moment: both stand in the log then, and the id names the first. Commands
//! name their stream, so it takes a client that gives one id to two of them.

use std::{collections::HashMap, sync::Arc};

use domain::es::{
    Append, AppendError, Appended, EventId, Expected, RecordedAt, RecordedEvent, StreamName,
};
use eventstore::{AppendToStreamOptions, Error, EventData, StreamState};
use tokio::time::{Instant, timeout_at};

use super::{
    follower::{BREATH, Shared},
    index::{Head, Seen},
    line::Failure,
    unavailable,
};
use crate::event_store::{
    admission::{self, Draft, Known},
    chain::{self, Covered},
};

/// An append on its way.
pub(super) struct Job {
    stream: StreamName,
    expected: Expected,
    drafts: Vec<Draft>,
    ids: Vec<EventId>,
    recorded_at: RecordedAt,
}

impl From<Append> for Job {
    fn from(append: Append) -> Self {
        let drafts: Vec<Draft> = append.events.into_iter().map(Draft::from).collect();
        Self {
            stream: append.stream,
            expected: append.expected,
            ids: drafts.iter().map(|draft| draft.id).collect(),
            drafts,
            recorded_at: RecordedAt::new(append.recorded_at.0),
        }
    }
}

/// Events that others do not send meanwhile.
struct Sending<'a> {
    shared: &'a Shared,
    ids: &'a [EventId],
}

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        self.shared.index().send_no_more(self.ids);
    }
}

/// What the index says to an append.
enum View {
    /// Some of its events stand in the log.
    Known,
    /// Some of its events are on their way already.
    UnderWay,
    /// It is to go after this event.
    After(Head, RecordedAt),
    /// It does not fit a stream that ends so.
    Misfit(Head),
}

impl Shared {
    /// Appends, and waits until the position is known.
    pub(super) async fn append(&self, job: &Job) -> Result<Appended, AppendError> {
        self.filled().await.map_err(unavailable)?;
        let deadline = Instant::now() + self.line.patience();
        let mut fresh = false;
        loop {
            match self.view(job) {
                View::Known => return self.told_before(job).await,
                View::UnderWay => tokio::time::sleep(BREATH).await,
                View::Misfit(head) if fresh => {
                    return Err(AppendError::Conflict {
                        expected: job.expected,
                        actual: head.version,
                    });
                }
                View::Misfit(_) => {
                    self.catch_up().await.map_err(unavailable)?;
                    fresh = true;
                    continue;
                }
                View::After(head, recorded_at) => {
                    let _sending = Sending {
                        shared: self,
                        ids: &job.ids,
                    };
                    admission::told_before(&job.stream, &job.drafts, &HashMap::new())?;
                    if let Some(appended) = self.send(job, head, recorded_at, deadline).await? {
                        return Ok(appended);
                    }
                }
            }
            fresh = false;
            if Instant::now() > deadline {
                return Err(unavailable(Arc::new(Failure::Crowded)));
            }
        }
    }

    fn view(&self, job: &Job) -> View {
        let mut index = self.index();
        if job.ids.iter().any(|id| index.position(*id).is_some()) {
            return View::Known;
        }
        let head = index.stream(&job.stream);
        if !admission::fits(job.expected, head.version) {
            return View::Misfit(head);
        }
        if index.send(&job.ids) {
            View::After(head, index.recorded_at(job.recorded_at))
        } else {
            View::UnderWay
        }
    }

    /// Sends the events; `None` if the server's stream does not end as the index says, or holds
    /// other events of these ids.
    async fn send(
        &self,
        job: &Job,
        head: Head,
        recorded_at: RecordedAt,
        deadline: Instant,
    ) -> Result<Option<Appended>, AppendError> {
        let (events, end) =
            links(job, head, recorded_at).map_err(|error| unavailable(Arc::new(error)))?;
        let state = match head.version.0.checked_sub(1) {
            None => StreamState::NoStream,
            Some(revision) => StreamState::StreamRevision(revision),
        };
        let stream = [&self.prefix, job.stream.as_str()].concat();
        let options = AppendToStreamOptions::default().stream_state(state);
        let answer = self
            .line
            .call(|client| async move { client.append_to_stream(stream, &options, events).await })
            .await
            .map_err(|error| unavailable(Arc::new(error)))?;
        match answer {
            Ok(_) => {
                let seen = self.seen(job, deadline).await?;
                Ok((seen.hash == Some(end.hash)).then_some(Appended {
                    position: seen.position,
                    version: end.version,
                    already_recorded: false,
                }))
            }
            Err(Error::WrongExpectedVersion { .. }) => {
                self.learn(job, head, deadline).await?;
                Ok(None)
            }
            Err(error) => Err(unavailable(Arc::new(Failure::Call(Box::new(error))))),
        }
    }

    /// Waits until the index has counted the last event of the job.
    async fn seen(&self, job: &Job, deadline: Instant) -> Result<Seen, AppendError> {
        let last = *job.ids.last().expect("an empty append came no further");
        let seen = self.index().seen(last);
        let told = match seen {
            Ok(seen) => return Ok(seen),
            Err(told) => told,
        };
        self.ask().map_err(unavailable)?;
        let told = timeout_at(deadline, told).await.unwrap_or_else(|_late| {
            let unseen = Failure::Unseen(self.line.patience());
            Ok(Err(Arc::new(unseen)))
        });
        told.unwrap_or_else(|_| Err(Arc::new(Failure::Closed)))
            .map_err(unavailable)
    }

    /// Waits until the index, too, knows that the stream goes on.
    async fn learn(&self, job: &Job, head: Head, deadline: Instant) -> Result<(), AppendError> {
        loop {
            self.catch_up().await.map_err(unavailable)?;
            if self.index().stream(&job.stream) != head {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(unavailable(Arc::new(Failure::Unseen(self.line.patience()))));
            }
            tokio::time::sleep(BREATH).await;
        }
    }

    /// The answer to facts of which some stand in the log.
    async fn told_before(&self, job: &Job) -> Result<Appended, AppendError> {
        let mut known = HashMap::new();
        for id in &job.ids {
            let position = self.index().position(*id);
            if let Some(position) = position {
                let event = self.event_at(position).await;
                let event = event.map_err(|error| AppendError::Unavailable(Box::new(error)))?;
                known.insert(*id, describe(event));
            }
        }
        let first = admission::told_before(&job.stream, &job.drafts, &known)?;
        Ok(first.expect("one of them is known"))
    }
}

/// The events as the server is to take them, and how their stream ends after them.
fn links(
    job: &Job,
    mut head: Head,
    recorded_at: RecordedAt,
) -> Result<(Vec<EventData>, Head), Failure> {
    let mut events = Vec::with_capacity(job.drafts.len());
    for draft in &job.drafts {
        head.version = head.version.plus(1);
        head.hash = chain::stream_link(
            head.hash,
            &Covered {
                stream: job.stream.as_str(),
                version: head.version,
                id: draft.id,
                kind: draft.kind,
                schema_version: draft.schema_version,
                occurred_at: &draft.occurred_at,
                recorded_at,
                metadata: &draft.metadata,
                data: &draft.data,
            },
        );
        events.push(super::wire::pack(draft, recorded_at, head.hash)?);
    }
    Ok((events, head))
}

fn describe(event: RecordedEvent) -> Known {
    Known {
        stream: event.stream,
        version: event.version,
        position: event.position,
        kind: event.kind,
        schema_version: event.schema_version,
        occurred_at: event.occurred_at.to_string(),
        data: event.data,
    }
}
