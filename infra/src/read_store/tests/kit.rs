//! Histories to fold: told fact by fact, or grown from a seed.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    cooperation::{CooperationFact, CooperationId},
    es::{
        Actor, ActorId, Append, Appended, CorrelationId, Day, EventData, EventId, EventStore,
        Expected, Metadata, NewEvent, OccurredAt, RecordedAt, Role, SourceSystem, StreamName,
        amend::{EntryCorrected, EntryRetracted, RetractionReason},
    },
    event::Recorded,
    participant::{
        BecamePassive, Channel, ContactChannel, ContactHeld, ContactWith, EndReason,
        FirstContactMade, FirstConversationHeld, KartleggingDone, Learned, Participant,
        ParticipantEvent, ParticipantFact, ParticipationBegun, ParticipationEnded, ReEntered,
        RelapseContactMade, RelapseReported, Returned, Transferred,
    },
    referral::{
        PatientAgreed, Referral, ReferralAccepted, ReferralFact, ReferralProposed,
        ReferralWithdrawn, WithdrawnBy,
    },
    tidgiver::{Tidgiver, TidgiverFact},
    unit::UnitFact,
    words::{ParticipantId, ReferralId, Situation, StayId, TidgiverId, UnitId},
};
use uuid::Uuid;

use crate::{
    clock::FixedClock,
    event_store::MemoryEventStore,
    read_store::{ReadStore, ReadStoreError},
};

pub(super) const OSLO: &str = "stegforsteg-oslo";
pub(super) const BERGEN: &str = "stegforsteg-bergen";
pub(super) const SLEMDAL: &str = "slemdal";

pub(super) fn unit(name: &str) -> UnitId {
    name.parse().unwrap()
}

pub(super) fn day(text: &str) -> Day {
    text.parse().unwrap()
}

pub(super) fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

/// A log, and a folder for read stores beside it.
pub(super) struct World {
    pub(super) log: Arc<MemoryEventStore>,
    pub(super) folder: tempfile::TempDir,
    pub(super) clock: Arc<FixedClock>,
    next: std::sync::atomic::AtomicU64,
}

/// A fact to be told.
#[derive(Clone)]
pub(super) struct Telling {
    pub(super) stream: StreamName,
    pub(super) id: EventId,
    pub(super) kind: &'static str,
    pub(super) occurred_at: OccurredAt,
    pub(super) data: String,
}

impl World {
    /// An empty log, on a day.
    pub(super) fn on(today: &str) -> Self {
        Self {
            log: Arc::new(MemoryEventStore::new()),
            folder: tempfile::tempdir().unwrap(),
            clock: Arc::new(FixedClock::at(day(today).ends())),
            next: 1.into(),
        }
    }

    pub(super) fn url(&self) -> String {
        format!(
            "sqlite:{}",
            self.folder.path().join("read.sqlite").display()
        )
    }

    /// The read store as it was left.
    pub(super) async fn open(&self) -> Result<ReadStore, ReadStoreError> {
        ReadStore::open(&self.url(), self.log.clone(), self.clock.clone()).await
    }

    /// Makes the tables anew in a file of their own.
    pub(super) async fn rebuild_into(&self, file: &str) {
        let url = format!("sqlite:{}", self.folder.path().join(file).display());
        let store = ReadStore::open(&url, self.log.clone(), self.clock.clone())
            .await
            .unwrap();
        store.catch_up(|_, _| {}).await.unwrap();
        store.close().await;
    }

    pub(super) async fn tell(&self, recorded_at: DateTime<Utc>, telling: Telling) -> Appended {
        let metadata = Metadata {
            actor: Actor {
                id: ActorId(id(1)),
                role: Role::Veileder,
            },
            unit: None,
            source: SourceSystem("test".to_owned()),
            correlation_id: CorrelationId(id(2)),
            causation_id: None,
            consent_id: None,
            traceparent: None,
            request_digest: None,
        };
        self.log
            .append(Append {
                stream: telling.stream,
                expected: Expected::Any,
                events: vec![NewEvent {
                    id: telling.id,
                    kind: telling.kind,
                    schema_version: 1,
                    occurred_at: telling.occurred_at,
                    metadata,
                    data: telling.data,
                }],
                recorded_at: RecordedAt::new(recorded_at),
            })
            .await
            .unwrap()
    }

    pub(super) fn new_id(&self) -> EventId {
        let n = self.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        EventId(Uuid::new_v5(&Uuid::nil(), &n.to_be_bytes()))
    }

    /// Tells a fact on a stream of its own kind, as known at the end of a day.
    pub(super) async fn tell_fact<E: EventData>(
        &self,
        stream: StreamName,
        occurred: &str,
        recorded: &str,
        fact: &E,
    ) -> EventId {
        let id = self.new_id();
        let telling = Telling {
            stream,
            id,
            kind: fact.kind(),
            occurred_at: occurred.parse().unwrap(),
            data: fact.to_json(),
        };
        self.tell(day(recorded).ends(), telling).await;
        id
    }

    /// Tells a fact about a person, on the day it happens.
    pub(super) async fn person(&self, n: u128, occurred: &str, fact: ParticipantFact) -> EventId {
        self.person_late(n, occurred, occurred, fact).await
    }

    pub(super) async fn person_late(
        &self,
        n: u128,
        occurred: &str,
        recorded: &str,
        fact: ParticipantFact,
    ) -> EventId {
        self.stay(n, n, occurred, recorded, fact).await
    }

    pub(super) async fn stay(
        &self,
        person: u128,
        stay: u128,
        occurred: &str,
        recorded: &str,
        fact: ParticipantFact,
    ) -> EventId {
        let event = ParticipantEvent {
            stay_id: StayId(id(stay)),
            referral_id: None,
            fact,
        };
        let stream = Participant::stream(ParticipantId(id(person)));
        self.tell_fact(stream, occurred, recorded, &event).await
    }

    pub(super) async fn referral(&self, n: u128, occurred: &str, fact: ReferralFact) -> EventId {
        let stream = Referral::stream(ReferralId(id(n)));
        self.tell_fact(stream, occurred, occurred, &fact).await
    }

    pub(super) async fn cooperation(&self, occurred: &str, fact: CooperationFact) -> EventId {
        let cooperation = CooperationId {
            unit: unit(SLEMDAL),
            department: unit(OSLO),
        };
        let stream = StreamName::new("cooperation", cooperation);
        self.tell_fact(stream, occurred, occurred, &fact).await
    }

    pub(super) async fn tidgiver(&self, n: u128, occurred: &str, fact: TidgiverFact) -> EventId {
        let stream = Tidgiver::stream(TidgiverId(id(n)));
        self.tell_fact(stream, occurred, occurred, &fact).await
    }

    pub(super) async fn unit(&self, name: &str, occurred: &str, fact: UnitFact) -> EventId {
        let stream = StreamName::new("unit", name);
        self.tell_fact(stream, occurred, occurred, &fact).await
    }
}

pub(super) fn first_contact(department: &str) -> ParticipantFact {
    ParticipantFact::FirstContactMade(FirstContactMade {
        department: unit(department),
        channels: vec![Channel::OtherParticipants],
        through: None,
        situation: None,
        referral_id: None,
        name: None,
        contact: None,
    })
}

pub(super) fn conversation() -> ParticipantFact {
    ParticipantFact::FirstConversationHeld(FirstConversationHeld {})
}

pub(super) fn kartlegging() -> ParticipantFact {
    ParticipantFact::KartleggingDone(KartleggingDone {
        wishes: vec![],
        network_mapped: false,
    })
}

pub(super) fn begun() -> ParticipantFact {
    ParticipantFact::ParticipationBegun(ParticipationBegun {})
}

pub(super) fn contact() -> ParticipantFact {
    ParticipantFact::ContactHeld(ContactHeld {
        channel: ContactChannel::Sms,
        with: ContactWith::Veileder,
        arena: None,
    })
}

pub(super) fn ended() -> ParticipantFact {
    ParticipantFact::ParticipationEnded(ParticipationEnded {
        reason: EndReason::NoContactSince,
        learned: Learned::ByReview,
    })
}

pub(super) fn retracted(entry: EventId) -> ParticipantFact {
    ParticipantFact::EntryRetracted(EntryRetracted {
        entry,
        reason: RetractionReason::DidNotHappen,
    })
}

/// The entry happened on another day.
pub(super) fn moved(entry: EventId, to: &str, fact: &ParticipantFact) -> ParticipantFact {
    let event = ParticipantEvent {
        stay_id: StayId(id(0)),
        referral_id: None,
        fact: fact.clone(),
    };
    let data: serde_json::Value = serde_json::from_str(&event.to_json()).unwrap();
    ParticipantFact::EntryCorrected(EntryCorrected {
        entry,
        occurred_at: to.parse().unwrap(),
        schema_version: 1,
        data: data["fact"].clone(),
    })
}

/// Numbers from a seed.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(super) fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// A history of persons and referrals over three years: facts in any order, told late, corrected
/// and retracted, on purpose beyond what the deciders would let pass.
pub(super) async fn grow(world: &World, persons: u128, seed: u64) {
    let mut dice = Dice::new(seed);
    for (recorded, telling) in tellings(world, persons, &mut dice) {
        let stream = telling.stream.clone();
        world.tell(recorded, telling).await;
        if dice.roll(12) == 0 {
            let telling = amendment(&mut dice, world, recorded, stream).await;
            world.tell(recorded, telling).await;
        }
    }
}

/// The facts of such a history, in the order in which they become known, each with its moment.
pub(super) fn tellings(
    world: &World,
    persons: u128,
    dice: &mut Dice,
) -> Vec<(DateTime<Utc>, Telling)> {
    let first = day("2018-01-01");
    let mut tellings: Vec<(DateTime<Utc>, Telling)> = vec![];
    for person in 1..=persons {
        let opened = first.plus(dice.roll(900));
        for (happened, event) in life(dice, person, opened) {
            let stream = Participant::stream(ParticipantId(id(person)));
            tellings.push(telling(dice, world, stream, happened, &event));
        }
        if dice.roll(3) == 0 {
            for (happened, event) in way(dice, person, opened) {
                let stream = Referral::stream(ReferralId(id(person)));
                tellings.push(telling(dice, world, stream, happened, &event));
            }
        }
    }
    tellings.sort_by_key(|(recorded, telling)| (*recorded, telling.id));
    tellings
}

fn telling<E: EventData>(
    dice: &mut Dice,
    world: &World,
    stream: StreamName,
    happened: Day,
    event: &E,
) -> (DateTime<Utc>, Telling) {
    let late = if dice.roll(4) == 0 { dice.roll(200) } else { 0 };
    let moment = happened.begins() + TimeDelta::minutes(i64::try_from(dice.roll(1_400)).unwrap());
    let occurred_at = if dice.roll(5) == 0 {
        OccurredAt::Moment(moment)
    } else {
        OccurredAt::Day(happened)
    };
    let telling = Telling {
        stream,
        id: world.new_id(),
        kind: event.kind(),
        occurred_at,
        data: event.to_json(),
    };
    (happened.plus(late).ends(), telling)
}

fn life(dice: &mut Dice, person: u128, opened: Day) -> Vec<(Day, ParticipantEvent)> {
    use ParticipantFact as F;
    let department = |dice: &mut Dice| if dice.roll(2) == 0 { OSLO } else { BERGEN };
    let at = department(dice);
    let mut facts = vec![(opened, person, first_contact(at))];
    let mut when = opened;
    for fact in [conversation(), kartlegging(), begun()] {
        if dice.roll(8) > 0 {
            when = when.plus(dice.roll(40));
            facts.push((when, person, fact));
        }
    }
    for _ in 0..dice.roll(12) {
        when = when.plus(dice.roll(60));
        let fact = match dice.roll(10) {
            0 => F::RelapseReported(RelapseReported {}),
            1 => F::RelapseContactMade(RelapseContactMade {
                reached: dice.roll(2) == 0,
            }),
            2 => F::Returned(Returned {}),
            3 => F::BecamePassive(BecamePassive {}),
            4 if dice.roll(3) == 0 => F::Transferred(Transferred {
                to: unit(department(dice)),
            }),
            5 if dice.roll(2) == 0 => ended(),
            _ => contact(),
        };
        let over = matches!(fact, F::ParticipationEnded(_));
        facts.push((when, person, fact));
        if over {
            break;
        }
    }
    if dice.roll(4) == 0 {
        when = when.plus(dice.roll(200));
        let again = F::ReEntered(ReEntered {
            department: unit(department(dice)),
            channels: vec![Channel::Other],
            through: None,
            situation: None,
            referral_id: None,
        });
        facts.push((when, person + 1_000_000, again));
        facts.push((when.plus(3), person + 1_000_000, contact()));
    }
    facts
        .into_iter()
        .map(|(happened, stay, fact)| {
            let event = ParticipantEvent {
                stay_id: StayId(id(stay)),
                referral_id: None,
                fact,
            };
            (happened, event)
        })
        .collect()
}

fn way(dice: &mut Dice, person: u128, opened: Day) -> Vec<(Day, ReferralFact)> {
    let mut when = opened.minus(dice.roll(30));
    let proposed = ReferralFact::ReferralProposed(ReferralProposed {
        from: unit(SLEMDAL),
        to: unit(OSLO),
        situation: Situation::OutPatient,
        consent_id: None,
        name: None,
        contact: None,
    });
    let mut facts = vec![(when, proposed)];
    let steps = [
        ReferralFact::PatientAgreed(PatientAgreed {
            participant_id: ParticipantId(id(person)),
            consent_id: domain::es::ConsentId(id(person)),
        }),
        ReferralFact::ReferralAccepted(ReferralAccepted {}),
        ReferralFact::ReferralWithdrawn(ReferralWithdrawn {
            by: WithdrawnBy::Patient,
        }),
    ];
    for step in steps {
        if dice.roll(5) > 0 {
            when = when.plus(dice.roll(20));
            facts.push((when, step));
        }
    }
    facts
}

/// That an earlier entry of a stream was mistaken.
pub(super) async fn amendment(
    dice: &mut Dice,
    world: &World,
    recorded: DateTime<Utc>,
    stream: StreamName,
) -> Telling {
    let history = world
        .log
        .read_stream(&stream, domain::es::Version::NONE)
        .await
        .unwrap();
    let target = dice.roll(history.len() as u64);
    let target = Recorded::decode(history[usize::try_from(target).unwrap()].clone()).unwrap();
    let corrects = dice.roll(2) == 0 && target.event.amendment().is_none();
    let (kind, data) = if corrects {
        let moved = target.occurred_at.day().minus(60).plus(dice.roll(120));
        let told: serde_json::Value = serde_json::from_str(target.event.to_json().get()).unwrap();
        let correction = EntryCorrected {
            entry: target.id,
            occurred_at: OccurredAt::Day(moved),
            schema_version: 1,
            data: told.get("fact").cloned().unwrap_or(told),
        };
        ("entry-corrected", serde_json::to_value(correction).unwrap())
    } else {
        let retraction = EntryRetracted {
            entry: target.id,
            reason: RetractionReason::Duplicate,
        };
        ("entry-retracted", serde_json::to_value(retraction).unwrap())
    };
    let data = if stream.category() == "participant" {
        serde_json::json!({ "stay_id": id(0), "fact": data })
    } else {
        data
    };
    Telling {
        stream,
        id: world.new_id(),
        kind,
        occurred_at: OccurredAt::Day(Day::of(recorded)),
        data: data.to_string(),
    }
}
