//! Two pure functions are all there is to an aggregate.

use std::{borrow::Cow, error::Error, fmt::Debug};

use uuid::Uuid;

use super::{Day, EventData, EventId, OccurredAt};
use crate::rules::Rule;

/// Decides what a command adds to what has happened, and what is known after each fact.
///
/// ```text
/// history ──evolve*──▶ state ──decide(command)──▶ new facts │ rejection
/// ```
///
/// Both are pure and synchronous: dates and ids come in with the command, and what other streams
/// say comes in as [`Self::World`].
pub trait Decider: 'static {
    /// The first part of the stream's name, and of the wire type of its events.
    const CATEGORY: &'static str;
    /// What is known, as life stages. The default is "nothing has happened".
    type State: Default + Clone + Debug + Send + Sync;
    /// What somebody asks for. A fact decided anew is the command that asked for it.
    type Command: Clone + Debug + Send + Sync + From<Self::Event>;
    /// What has happened.
    type Event: EventData;
    /// Why not: one variant a rule.
    type Rejection: Broken;
    /// What the decision may rest on besides its own stream.
    type World: Clone + Send + Sync;

    /// The facts that `command` adds; none if it is already so.
    fn decide(
        state: &Self::State,
        command: Self::Command,
        context: &Context<'_, Self::World>,
    ) -> Result<Vec<Self::Event>, Self::Rejection>;

    /// What is known after one more fact. Total: a fact is never refused.
    fn evolve(state: Self::State, entry: &Entry<Self::Event>) -> Self::State;

    /// The world in which a whole history is decided anew: what was told by others is there too.
    fn of_all(world: &Self::World) -> Cow<'_, Self::World> {
        Cow::Borrowed(world)
    }

    /// Whether a fact may stand in an amended history where deciding it anew gives `anew`, or adds
    /// nothing.
    fn stands(fact: &Self::Event, anew: Option<&Self::Event>) -> Result<(), Self::Rejection> {
        let _ = (fact, anew);
        Ok(())
    }
}

/// A refusal that names the rule it rests on.
pub trait Broken: Error + Clone + PartialEq + Send + Sync + 'static {
    /// The rule of the domain that the command would break.
    fn rule(&self) -> Rule;
}

/// What comes in with a command.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a, W> {
    /// When what the command tells of happened.
    pub occurred_at: OccurredAt,
    /// The command's own id: what it brings into being may be named by it.
    pub command_id: Uuid,
    /// What other streams and the configuration say.
    pub world: &'a W,
}

impl<W> Context<'_, W> {
    /// The day on which it happened.
    #[must_use]
    pub fn day(&self) -> Day {
        self.occurred_at.day()
    }
}

/// A fact in its place in the world: the event, its name, and when it happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry<E> {
    /// The event's name for ever.
    pub id: EventId,
    /// When it happened.
    pub occurred_at: OccurredAt,
    /// What happened.
    pub event: E,
}

impl<E> Entry<E> {
    /// The day on which it happened.
    #[must_use]
    pub fn day(&self) -> Day {
        self.occurred_at.day()
    }
}
