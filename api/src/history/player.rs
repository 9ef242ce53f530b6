//! Plays a planned history into an event store, through the domain's own deciders.
//!
//! Each stream's aggregate is kept in memory, from an empty log on, so that a command costs one
//! decision and no reading; facts are appended in batches, in order. Steps have ids of their own:
//! a play that broke off is played again from the start, and nothing is recorded twice.

use std::{collections::HashMap, sync::Arc};

use domain::{
    cooperation::Cooperation,
    es::{
        Actor, ActorId, Aggregate, Append, AppendError, ConsentId, CorrelationId, Decider, Entry,
        EventId, EventStore, ExecuteError, Expected, Metadata, OccurredAt, PersonVault, RecordedAt,
        Role, SourceSystem, StreamName, Told, VaultEntry, VaultError, Version, new_events,
    },
    participant::{
        DischargePlanned, Participant, ParticipantCommand, TreatmentLeftEarly,
        TreatmentPhaseEntered,
    },
    policy::{self, Reaction},
    referral::{Referral, ReferralCommand},
    tidgiver::Tidgiver,
    unit::{Unit, UnitState},
    words::{UnitTraits, World},
};
use uuid::Uuid;

use super::{Deed, Step};

/// Events appended at once.
const BATCH: usize = 400;

/// Why a history was not played to its end.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// The plan breaks a rule: it is wrong.
    #[error("the plan is wrong: {command} on {stream} at {occurred_at} breaks {rule}")]
    Refused {
        /// The stream it speaks to.
        stream: StreamName,
        /// The command.
        command: &'static str,
        /// When it would have happened.
        occurred_at: OccurredAt,
        /// The rule's id.
        rule: &'static str,
        /// What the decider says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The plan cannot be decided at all.
    #[error("the plan is wrong: {command} on {stream} at {occurred_at} cannot be decided")]
    Undecided {
        /// The stream it speaks to.
        stream: StreamName,
        /// The command.
        command: &'static str,
        /// When it would have happened.
        occurred_at: OccurredAt,
        /// Why not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The event store refused or failed.
    #[error("the history could not be appended")]
    Append(#[from] AppendError),
    /// The person vault failed.
    #[error("the history's words could not be kept")]
    Vault(#[from] VaultError),
}

/// What is known of the streams that the plan still speaks to.
#[derive(Default)]
struct Known {
    units: HashMap<StreamName, Aggregate<Unit>>,
    tidgivere: HashMap<StreamName, Aggregate<Tidgiver>>,
    cooperations: HashMap<StreamName, Aggregate<Cooperation>>,
    referrals: HashMap<StreamName, Aggregate<Referral>>,
    participants: HashMap<StreamName, Aggregate<Participant>>,
}

/// A decider whose streams a history speaks to.
trait Played: Decider<World = World> {
    fn known(known: &mut Known) -> &mut HashMap<StreamName, Aggregate<Self>>
    where
        Self: Sized;
    fn name(command: &Self::Command) -> &'static str;
}

macro_rules! played {
    ($($Decider:ty, $field:ident;)+) => {$(
        impl Played for $Decider {
            fn known(known: &mut Known) -> &mut HashMap<StreamName, Aggregate<Self>> {
                &mut known.$field
            }
            fn name(command: &Self::Command) -> &'static str {
                let index = command.clone().into_fact().index();
                domain::event::kinds()
                    .filter(|kind| kind.stream == Self::CATEGORY)
                    .nth(index)
                    .map_or("a command", |kind| kind.command)
            }
        }
    )+};
}
played! {
    Unit, units;
    Tidgiver, tidgivere;
    Cooperation, cooperations;
    Referral, referrals;
    Participant, participants;
}

/// Plays steps, given in ascending order of the time of telling.
pub struct Player<'a> {
    store: &'a dyn EventStore,
    vault: Option<&'a dyn PersonVault>,
    source: SourceSystem,
    world: World,
    known: Known,
    batch: Vec<Append>,
    waiting: usize,
    words: Vec<VaultEntry>,
}

/// A command on its way, with what its facts will carry.
struct Telling {
    id: Uuid,
    occurred_at: OccurredAt,
    recorded_at: RecordedAt,
    metadata: Metadata,
}

impl<'a> Player<'a> {
    /// A player for an empty log. Without a vault the words are let go.
    #[must_use]
    pub fn new(
        store: &'a dyn EventStore,
        vault: Option<&'a dyn PersonVault>,
        source: SourceSystem,
    ) -> Self {
        Self {
            store,
            vault,
            source,
            world: World::default(),
            known: Known::default(),
            batch: vec![],
            waiting: 0,
            words: vec![],
        }
    }

    /// Plays one step, and the reactions that follow from it.
    pub async fn play(&mut self, step: Step) -> Result<(), PlayError> {
        if self.vault.is_some() {
            self.words.extend(step.words);
        }
        let mut telling = Telling {
            id: step.id,
            occurred_at: step.occurred_at,
            recorded_at: step.recorded_at,
            metadata: Metadata {
                actor: step.teller.actor,
                unit: step.teller.unit,
                source: self.source.clone(),
                correlation_id: CorrelationId(step.id),
                causation_id: None,
                consent_id: None,
                traceparent: None,
                request_digest: None,
            },
        };
        let mut reactions = self.tell(step.deed, &mut telling)?;
        while !reactions.is_empty() {
            let mut next = vec![];
            for (cause, n, reaction) in reactions {
                let mut telling = Telling {
                    id: policy::reaction_id(cause, n),
                    occurred_at: telling.occurred_at,
                    recorded_at: telling.recorded_at,
                    metadata: Metadata {
                        actor: Actor {
                            id: ActorId(Uuid::nil()),
                            role: Role::System,
                        },
                        unit: None,
                        causation_id: Some(cause),
                        consent_id: None,
                        ..telling.metadata.clone()
                    },
                };
                let deed = match reaction {
                    Reaction::Participant(id, command) => Deed::Participant(id, command),
                    Reaction::Referral(id, command) => Deed::Referral(id, command),
                };
                next.extend(self.tell(deed, &mut telling)?);
            }
            reactions = next;
        }
        for stream in step.closes {
            self.known.participants.remove(&stream);
            self.known.referrals.remove(&stream);
        }
        if self.waiting >= BATCH {
            self.flush().await?;
        }
        Ok(())
    }

    /// Appends what waits.
    pub async fn flush(&mut self) -> Result<(), PlayError> {
        if let Some(vault) = self.vault
            && !self.words.is_empty()
        {
            vault.keep(std::mem::take(&mut self.words)).await?;
        }
        self.waiting = 0;
        if self.batch.is_empty() {
            return Ok(());
        }
        let batch = std::mem::take(&mut self.batch);
        for appended in self.store.append_all(batch).await {
            appended?;
        }
        Ok(())
    }

    fn tell(
        &mut self,
        deed: Deed,
        telling: &mut Telling,
    ) -> Result<Vec<(EventId, usize, Reaction)>, PlayError> {
        Ok(match deed {
            Deed::Unit(id, command) => {
                let stream = Unit::stream(&id);
                self.decide::<Unit>(&stream, command, telling)?;
                if let Some(UnitState::Registered(traits)) =
                    self.known.units.get(&stream).map(|known| &known.state)
                {
                    let traits = UnitTraits {
                        kind: traits.kind,
                        offers_individual_tidgiver: traits.offers_individual_tidgiver,
                    };
                    Arc::make_mut(&mut self.world.units).insert(id, traits);
                }
                vec![]
            }
            Deed::Tidgiver(id, command) => {
                let stream = Tidgiver::stream(id);
                self.decide::<Tidgiver>(&stream, command, telling)?;
                let known = self.known.tidgivere.get(&stream);
                match known.and_then(|known| known.state.credentials()) {
                    Some(credentials) => self.world.tidgivere.insert(id, credentials),
                    None => self.world.tidgivere.remove(&id),
                };
                vec![]
            }
            Deed::Cooperation(id, command) => {
                let stream = Cooperation::stream(&id);
                self.decide::<Cooperation>(&stream, command, telling)?;
                vec![]
            }
            Deed::Referral(id, command) => {
                telling.metadata.consent_id = referral_consent(&command);
                let stream = Referral::stream(id);
                let entries = self.decide::<Referral>(&stream, command, telling)?;
                let state = self.known.referrals.get(&stream).map(|known| &known.state);
                follow(&entries, |entry| {
                    state.map_or_else(Vec::new, |state| policy::after_referral(id, state, entry))
                })
            }
            Deed::Participant(id, command) => {
                telling.metadata.consent_id = participant_consent(&command);
                let stream = Participant::stream(id);
                let entries = self.decide::<Participant>(&stream, command, telling)?;
                let state = self
                    .known
                    .participants
                    .get(&stream)
                    .map(|known| &known.state);
                follow(&entries, |entry| {
                    state.map_or_else(Vec::new, |state| policy::after_participant(state, entry))
                })
            }
        })
    }

    fn decide<D: Played>(
        &mut self,
        stream: &StreamName,
        command: D::Command,
        telling: &Telling,
    ) -> Result<Vec<Entry<D::Event>>, PlayError> {
        let aggregate = D::known(&mut self.known).remove(stream).unwrap_or_default();
        let told = Told {
            command_id: telling.id,
            occurred_at: telling.occurred_at,
            now: telling.recorded_at,
            metadata: telling.metadata.clone(),
            expected: None,
        };
        let name = D::name(&command);
        let entries = aggregate
            .decide(command, &told, &self.world)
            .map_err(|error| wrong_plan(stream, name, telling.occurred_at, error))?;
        if entries.is_empty() {
            D::known(&mut self.known).insert(stream.clone(), aggregate);
            return Ok(entries);
        }
        self.waiting += entries.len();
        self.batch.push(Append {
            stream: stream.clone(),
            expected: match aggregate.version {
                Version::NONE => Expected::NoStream,
                version => Expected::Exactly(version),
            },
            events: new_events(&entries, &told.metadata),
            recorded_at: telling.recorded_at,
        });
        D::known(&mut self.known).insert(stream.clone(), aggregate.after(&entries));
        Ok(entries)
    }
}

/// The reactions to each entry, numbered as whoever carries them out numbers them.
fn follow<E>(
    entries: &[Entry<E>],
    reactions: impl Fn(&Entry<E>) -> Vec<Reaction>,
) -> Vec<(EventId, usize, Reaction)> {
    entries
        .iter()
        .flat_map(|entry| {
            reactions(entry)
                .into_iter()
                .enumerate()
                .map(|(n, reaction)| (entry.id, n, reaction))
        })
        .collect()
}

fn wrong_plan<R: domain::es::Broken>(
    stream: &StreamName,
    command: &'static str,
    occurred_at: OccurredAt,
    error: ExecuteError<R>,
) -> PlayError {
    let stream = stream.clone();
    match error {
        ExecuteError::Rejected(rejection) => PlayError::Refused {
            stream,
            command,
            occurred_at,
            rule: rejection.rule().id,
            source: Box::new(rejection),
        },
        error => PlayError::Undecided {
            stream,
            command,
            occurred_at,
            source: Box::new(error),
        },
    }
}

/// The consent that a fact about a participant rests on.
fn participant_consent(command: &ParticipantCommand) -> Option<ConsentId> {
    match command {
        ParticipantCommand::EnterTreatmentPhase(TreatmentPhaseEntered { consent_id, .. })
        | ParticipantCommand::PlanDischarge(DischargePlanned { consent_id, .. })
        | ParticipantCommand::LeaveTreatmentEarly(TreatmentLeftEarly { consent_id, .. }) => {
            Some(*consent_id)
        }
        _ => None,
    }
}

/// The consent that a fact about a referral rests on.
fn referral_consent(command: &ReferralCommand) -> Option<ConsentId> {
    match command {
        ReferralCommand::ProposeReferral(proposed) => proposed.consent_id,
        ReferralCommand::Agree(agreed) => Some(agreed.consent_id),
        _ => None,
    }
}
