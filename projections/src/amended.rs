//! Whatever is told and amended, the decider and the read model agree on where a person stands.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    es::{
        Actor, ActorId, Aggregate, CorrelationId, Day, Entry, EventData, EventId, Metadata,
        OccurredAt, Position, RecordedAt, Role, SourceSystem, Told, Version,
        amend::{EntryCorrected, EntryRetracted, RetractionReason},
    },
    event::{DomainEvent, Recorded},
    participant::{
        BecameActive, BecamePassive, Channel, ContactChannel, ContactHeld, ContactWith, EndReason,
        FirstContactMade, FirstConversationHeld, InquiryClosed, InquiryClosure, KartleggingDone,
        Learned, Participant, ParticipantCommand as C, ParticipantEvent, ParticipantState,
        ParticipationBegun, ParticipationEnded, RelapseContactMade, RelapseReported, Returned,
        Stage, Stay, Transferred, VeilederAssigned,
    },
    words::{ParticipantId, StaffId, UnitId, UnitKind, UnitTraits, World},
};
use proptest::{prelude::*, sample::Index};
use uuid::Uuid;

use crate::{
    fold,
    journey::{Journey, JourneyRow, Standing},
};

const OSLO: &str = "stegforsteg-oslo";
const BERGEN: &str = "stegforsteg-bergen";

fn unit(name: &str) -> UnitId {
    name.parse().unwrap()
}

fn world() -> World {
    let department = UnitTraits {
        kind: UnitKind::Department,
        offers_individual_tidgiver: true,
    };
    let units = [OSLO, BERGEN].map(|name| (unit(name), department));
    World {
        units: Arc::new(BTreeMap::from(units)),
        ..World::default()
    }
}

fn contact(department: &str) -> FirstContactMade {
    FirstContactMade {
        department: unit(department),
        channels: vec![Channel::Other],
        through: None,
        situation: None,
        referral_id: None,
        name: None,
        contact: None,
    }
}

/// The way in, which every person of the test is told to have gone.
fn way_in() -> Vec<C> {
    vec![
        C::MakeFirstContact(contact(OSLO)),
        C::HoldFirstConversation(FirstConversationHeld {}),
        C::CompleteKartlegging(KartleggingDone {
            wishes: vec![],
            network_mapped: false,
        }),
        C::BeginParticipation(ParticipationBegun {}),
    ]
}

/// All that moves a standing, and some that does not.
fn commands() -> Vec<C> {
    let end = |reason| {
        C::EndParticipation(ParticipationEnded {
            reason,
            learned: Learned::ByReview,
        })
    };
    let veileder = |n| {
        C::AssignVeileder(VeilederAssigned {
            veileder: StaffId(Uuid::from_u128(n)),
        })
    };
    let mut commands = way_in();
    commands.extend([
        C::MakeFirstContact(contact(BERGEN)),
        C::ReEnter(contact(BERGEN).into()),
        C::CloseInquiry(InquiryClosed {
            reason: InquiryClosure::ALL[0],
        }),
        C::HoldContact(ContactHeld {
            channel: ContactChannel::Sms,
            with: ContactWith::Veileder,
            arena: None,
        }),
        C::ReportRelapse(RelapseReported {}),
        C::MakeRelapseContact(RelapseContactMade { reached: true }),
        C::Return(Returned {}),
        C::BecomePassive(BecamePassive {}),
        C::BecomeActive(BecameActive {}),
        C::Transfer(Transferred { to: unit(OSLO) }),
        C::Transfer(Transferred { to: unit(BERGEN) }),
        veileder(1),
        veileder(2),
        end(EndReason::FadedOut),
        end(EndReason::Relapse),
    ]);
    commands
}

/// What is done to the record next.
#[derive(Debug, Clone)]
enum Next {
    /// A command is told, of a day some days after all that was told.
    Tell(Index, u64),
    /// An entry is retracted, perhaps an amendment.
    Retract(Index),
    /// An entry is corrected to another day, and to what another of its kind says.
    Correct(Index, Index, Index),
}

fn next() -> impl Strategy<Value = Next> {
    let index = any::<Index>;
    prop_oneof![
        5 => (index(), 1_u64..9).prop_map(|(which, days)| Next::Tell(which, days)),
        2 => index().prop_map(Next::Retract),
        3 => (index(), index(), index()).prop_map(|(n, day, data)| Next::Correct(n, day, data)),
    ]
}

/// A record, as it grows.
struct Record {
    known: Aggregate<Participant>,
    entries: Vec<Entry<ParticipantEvent>>,
    first: Day,
    last: Day,
    amended: usize,
}

impl Record {
    fn new() -> Self {
        let first = "2020-01-01".parse().unwrap();
        Self {
            known: Aggregate::default(),
            entries: vec![],
            first,
            last: first,
            amended: 0,
        }
    }

    /// Whether the command was taken.
    fn tell(&mut self, on: Day, command: C) -> bool {
        let id = Uuid::from_u128(1000 + self.entries.len() as u128);
        let told = Told {
            command_id: id,
            occurred_at: OccurredAt::Day(on),
            now: RecordedAt::new("2029-01-01".parse::<Day>().unwrap().begins()),
            metadata: Metadata {
                actor: Actor {
                    id: ActorId(id),
                    role: Role::Veileder,
                },
                unit: None,
                source: SourceSystem("test".to_owned()),
                correlation_id: CorrelationId(id),
                causation_id: None,
                consent_id: None,
                traceparent: None,
                request_digest: None,
            },
            expected: None,
        };
        let Ok(entries) = self.known.decide(command, &told, &world()) else {
            return false;
        };
        self.known = std::mem::take(&mut self.known).after(&entries);
        self.entries.extend_from_slice(&entries);
        !entries.is_empty()
    }

    fn take(&mut self, next: &Next) {
        match next {
            Next::Tell(which, days) => {
                self.last = self.last.plus(*days);
                self.tell(self.last, which.get(&commands()).clone());
            }
            Next::Retract(n) => {
                let retraction = EntryRetracted {
                    entry: n.get(&self.entries).id,
                    reason: RetractionReason::DidNotHappen,
                };
                let done = self.tell(self.last, C::RetractEntry(retraction));
                self.amended += usize::from(done);
            }
            Next::Correct(n, day, data) => {
                let entry = n.get(&self.entries);
                let alike: Vec<_> = self
                    .entries
                    .iter()
                    .filter(|other| other.event.kind() == entry.event.kind())
                    .collect();
                let said: serde_json::Value =
                    serde_json::from_str(&data.get(&alike).event.to_json()).unwrap();
                let days = usize::try_from(self.last.days_since(self.first)).unwrap() + 1;
                let correction = EntryCorrected {
                    entry: entry.id,
                    occurred_at: OccurredAt::Day(self.first.plus(day.index(days) as u64)),
                    schema_version: 1,
                    data: said["fact"].clone(),
                };
                let done = self.tell(self.last, C::CorrectEntry(correction));
                self.amended += usize::from(done);
            }
        }
    }

    fn journey(&self) -> Vec<JourneyRow> {
        let place = |n: usize| n as u64 + 1;
        let recorded = self.entries.iter().enumerate().map(|(n, entry)| Recorded {
            id: entry.id,
            stream: Participant::stream(ParticipantId(Uuid::from_u128(1))),
            version: Version(place(n)),
            position: Position(place(n)),
            occurred_at: entry.occurred_at,
            recorded_at: RecordedAt::new(self.last.begins()),
            event: DomainEvent::Participant(entry.event.clone()),
        });
        fold::<Journey>(recorded.collect(), None)
    }

    /// Each stay as the decider knows it and as the read model shows it.
    fn agrees(&self) -> Result<(), TestCaseError> {
        let mut decided: Vec<_> = match &self.known.state {
            ParticipantState::Unknown => vec![],
            ParticipantState::Known(person) => {
                let stays = person.earlier.iter().chain([&person.stay]);
                stays.map(of_stay).collect()
            }
        };
        let mut shown: Vec<_> = self.journey().iter().map(of_row).collect();
        decided.sort();
        shown.sort();
        prop_assert_eq!(decided, shown);
        Ok(())
    }
}

type Stands = (
    EventId,
    &'static str,
    [Option<Day>; 4],
    UnitId,
    Option<StaffId>,
);

fn of_stay(stay: &Stay) -> Stands {
    let (standing, over) = match stay.stage {
        Stage::Inquiry => ("inquiry", None),
        Stage::Conversation => ("conversation", None),
        Stage::Mapped => ("mapped", None),
        Stage::Participant => ("participant", None),
        Stage::Paused => ("paused", None),
        Stage::Over(on) => ("over", Some(on)),
    };
    let passive = stay.passive.filter(|_| over.is_none());
    (
        EventId(stay.id.0),
        standing,
        [Some(stay.opened), stay.begun, passive, over],
        stay.department.clone(),
        stay.veileder,
    )
}

fn of_row(row: &JourneyRow) -> Stands {
    let standing = match row.standing {
        Standing::Inquiry => "inquiry",
        Standing::Conversation => "conversation",
        Standing::Mapped => "mapped",
        Standing::Participant => "participant",
        Standing::Paused => "paused",
        Standing::Ended | Standing::Closed => "over",
    };
    (
        EventId(row.stay_id.0),
        standing,
        [Some(row.opened), row.begun, row.passive_since, row.ended],
        row.department.clone(),
        row.veileder,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Told in the order in which it happened; amended to any day in between, by any kind of
    /// amendment, amendments of amendments among them.
    #[test]
    fn decider_and_journey_agree_on_where_a_person_stands(
        nexts in proptest::collection::vec(next(), 1..50)
    ) {
        let mut record = Record::new();
        for command in way_in() {
            record.last = record.last.plus(3);
            prop_assert!(record.tell(record.last, command));
        }
        for next in &nexts {
            record.take(next);
            record.agrees()?;
        }
    }
}

#[test]
fn enough_amendments_are_made_for_the_agreement_to_mean_something() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let (mut amended, mut stays) = (0, 0);
    for _ in 0..100 {
        let nexts = proptest::collection::vec(next(), 40..50);
        let mut record = Record::new();
        for command in way_in() {
            record.last = record.last.plus(3);
            record.tell(record.last, command);
        }
        for next in nexts.new_tree(&mut runner).unwrap().current() {
            record.take(&next);
        }
        amended += record.amended;
        stays += record.journey().len();
    }
    assert!(amended > 500 && stays > 110, "{amended} in {stays} stays");
}
