//! What follows from a fact in another stream, carried out right after it.
//!
//! A reaction's id is derived from the event that caused it: carried out twice, it is recorded
//! once. One that a decider refuses is dropped; the log says by which rule.

use std::collections::VecDeque;

use domain::{
    es::{
        Actor, ActorId, CorrelationId, EventId, Executed, Metadata, OccurredAt, Position,
        RecordedAt, Role, SourceSystem, Told, TraceParent,
    },
    participant::Participant,
    policy::{self, Reaction},
    referral::Referral,
    words::ReferralId,
};
use infra::telemetry::trace;
use tracing::Instrument;
use uuid::Uuid;

use super::{Application, Command};

/// A command that follows from an event.
#[derive(Debug, Clone)]
pub(super) struct Consequence {
    cause: EventId,
    nth: usize,
    occurred_at: OccurredAt,
    reaction: Reaction,
}

impl Consequence {
    pub(super) fn of_participant(executed: &Executed<Participant>) -> Vec<Self> {
        executed
            .entries
            .iter()
            .flat_map(|entry| {
                let reactions = policy::after_participant(&executed.state, entry);
                Self::all(entry.id, entry.occurred_at, reactions)
            })
            .collect()
    }

    pub(super) fn of_referral(id: ReferralId, executed: &Executed<Referral>) -> Vec<Self> {
        executed
            .entries
            .iter()
            .flat_map(|entry| {
                let reactions = policy::after_referral(id, &executed.state, entry);
                Self::all(entry.id, entry.occurred_at, reactions)
            })
            .collect()
    }

    pub(super) fn all(
        cause: EventId,
        occurred_at: OccurredAt,
        reactions: Vec<Reaction>,
    ) -> impl Iterator<Item = Self> {
        reactions
            .into_iter()
            .enumerate()
            .map(move |(nth, reaction)| Self {
                cause,
                nth,
                occurred_at,
                reaction,
            })
    }
}

/// From when, and out of what, something follows.
#[derive(Debug, Clone)]
pub(super) struct Since {
    /// The time now.
    pub(super) now: RecordedAt,
    /// The request that set it in motion.
    pub(super) correlation_id: CorrelationId,
    /// The trace of what it follows from.
    pub(super) traceparent: Option<TraceParent>,
}

impl Application {
    /// Carries out what follows, and what follows from that. Answers the last position reached.
    pub(super) async fn carry_out(
        &self,
        consequences: Vec<Consequence>,
        since: Since,
    ) -> Option<Position> {
        let mut waiting = VecDeque::from(consequences);
        let mut reached = None;
        while let Some(consequence) = waiting.pop_front() {
            let span = tracing::info_span!("policy.react");
            trace::belong_to(&span, since.traceparent.as_ref());
            let told = Told {
                command_id: policy::reaction_id(consequence.cause, consequence.nth),
                occurred_at: consequence.occurred_at,
                now: since.now,
                metadata: Metadata {
                    actor: Actor {
                        id: ActorId(Uuid::nil()),
                        role: Role::System,
                    },
                    unit: None,
                    source: SourceSystem("stegspor".to_owned()),
                    correlation_id: since.correlation_id,
                    causation_id: Some(consequence.cause),
                    consent_id: None,
                    traceparent: trace::traceparent(&span).or_else(|| since.traceparent.clone()),
                    request_digest: None,
                },
                expected: None,
            };
            let command = match consequence.reaction {
                Reaction::Participant(id, command) => Command::Participant(id, command),
                Reaction::Referral(id, command) => Command::Referral(id, command),
            };
            match self.execute(command, &told, None).instrument(span).await {
                Ok(done) => {
                    reached = reached.max(done.position);
                    waiting.extend(done.consequences);
                }
                Err(failed) => tracing::warn!(
                    cause = %consequence.cause,
                    rule = failed.problem.rule_id(),
                    "what follows from an event was refused"
                ),
            }
        }
        reached
    }
}
