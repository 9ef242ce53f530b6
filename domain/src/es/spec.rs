//! Given / when / then: a decider's test reads as the rule it checks.
//!
//! ```
//! use domain::es::spec::given;
//! use domain::unit::{self, UnitCommand, UnitFact, UnitKind, UnitRegistered};
//!
//! let slemdal = UnitRegistered { kind: UnitKind::TreatmentInstitution, offers_individual_tidgiver: false };
//! given::<unit::Unit>([])
//!     .when("2020-01-01", UnitCommand::RegisterUnit(slemdal.clone()))
//!     .then([UnitFact::UnitRegistered(slemdal)]);
//! ```

use std::fmt::Debug;

use uuid::Uuid;

use super::{
    Actor, ActorId, Aggregate, Context, CorrelationId, Decider, Entry, EventId, ExecuteError,
    Metadata, OccurredAt, RecordedAt, Role, SourceSystem, Told, amend,
};

/// A history.
pub struct Given<D: Decider> {
    history: Vec<Entry<D::Event>>,
}

/// A command told to a history.
pub struct When<D: Decider> {
    outcome: Result<Vec<D::Event>, D::Rejection>,
}

/// The id that the n-th event of a test's history bears, and the command after n events.
#[must_use]
pub fn nth_id(n: usize) -> Uuid {
    Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0000 + n as u128)
}

/// What has happened: each with the day on which it did.
#[must_use]
pub fn given<D: Decider>(events: impl IntoIterator<Item = (&'static str, D::Event)>) -> Given<D> {
    let history = events
        .into_iter()
        .enumerate()
        .map(|(n, (occurred_at, event))| Entry {
            id: EventId(nth_id(n)),
            occurred_at: parse(occurred_at),
            event,
        })
        .collect();
    Given { history }
}

fn parse(occurred_at: &str) -> OccurredAt {
    occurred_at.parse().expect("a test's dates are well formed")
}

impl<D: Decider> Given<D> {
    /// What is known after the history.
    #[must_use]
    pub fn state(self) -> D::State {
        amend::in_place(&self.history)
            .iter()
            .fold(D::State::default(), D::evolve)
    }

    /// Tells a command of something that happened on a day, in the world as it is by default.
    #[must_use]
    pub fn when(self, occurred_at: &str, command: D::Command) -> When<D>
    where
        D::World: Default,
    {
        self.when_in(&D::World::default(), occurred_at, command)
    }

    /// Tells an amendment in a world of the test's own; what speaks against it, if anything does.
    #[must_use]
    pub fn amend_in(
        self,
        world: &D::World,
        command: D::Command,
    ) -> Option<ExecuteError<D::Rejection>> {
        let told = Told {
            command_id: nth_id(self.history.len()),
            occurred_at: parse("2021-07-01"),
            now: RecordedAt::new(parse("2021-07-01").begins()),
            metadata: Metadata {
                actor: Actor {
                    id: ActorId(nth_id(0)),
                    role: Role::System,
                },
                unit: None,
                source: SourceSystem("test".to_owned()),
                correlation_id: CorrelationId(nth_id(0)),
                causation_id: None,
                consent_id: None,
                traceparent: None,
                request_digest: None,
            },
            expected: None,
        };
        let known = Aggregate::<D>::default().after(&self.history);
        known.decide(command, &told, world).err()
    }

    /// Tells a command in a world of the test's own.
    #[must_use]
    pub fn when_in(self, world: &D::World, occurred_at: &str, command: D::Command) -> When<D> {
        let command_id = nth_id(self.history.len());
        let context = Context {
            occurred_at: parse(occurred_at),
            command_id,
            world,
        };
        When {
            outcome: D::decide(&self.state(), command, &context),
        }
    }
}

impl<D: Decider> When<D>
where
    D::Event: Debug + PartialEq,
{
    /// Exactly these facts are added.
    ///
    /// # Panics
    /// If others are, or none.
    pub fn then(self, expected: impl IntoIterator<Item = D::Event>) {
        match self.outcome {
            Ok(events) => assert_eq!(events, expected.into_iter().collect::<Vec<_>>()),
            Err(rejection) => panic!("rejected: {rejection}"),
        }
    }

    /// What became of the command, to be compared with that of another.
    pub fn outcome(self) -> Result<Vec<D::Event>, D::Rejection> {
        self.outcome
    }

    /// It is already so: nothing is added.
    ///
    /// # Panics
    /// If something is.
    pub fn then_nothing(self) {
        self.then([]);
    }

    /// The command is refused, for exactly this reason.
    ///
    /// # Panics
    /// If it is not, or for another.
    pub fn then_rejected(self, expected: &D::Rejection) {
        match self.outcome {
            Ok(events) => panic!("not rejected: {events:?}"),
            Err(rejection) => assert_eq!(&rejection, expected),
        }
    }
}
