//! Histories to compare on: the demo's, and a part of it told anew: late, in another order, now and
//! then twice, with corrections and retractions, on purpose beyond what the deciders would let pass.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use api::history::{Player, demo};
use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    es::{
        Append, EventId, EventStore, Expected, NewEvent, OccurredAt, Position, RecordedAt,
        RecordedEvent, SourceSystem, StreamName,
        amend::{EntryCorrected, EntryRetracted, RetractionReason},
    },
    event::kinds,
};
use infra::event_store::MemoryEventStore;
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use uuid::Uuid;

/// The demo's history, in memory.
pub(crate) async fn of_the_demo() -> Arc<MemoryEventStore> {
    static DEMO: OnceCell<Arc<MemoryEventStore>> = OnceCell::const_new();
    let play = async || {
        let store = MemoryEventStore::new();
        let mut player = Player::new(&store, None, SourceSystem("demo".to_owned()));
        for step in demo::steps() {
            player.play(step).await.unwrap();
        }
        player.flush().await.unwrap();
        drop(player);
        Arc::new(store)
    };
    DEMO.get_or_init(play).await.clone()
}

/// Numbers from a seed.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[usize::try_from(self.roll(items.len() as u64)).unwrap()]
    }

    fn id(&mut self) -> EventId {
        EventId(Uuid::from_u64_pair(
            self.roll(u64::MAX),
            self.roll(u64::MAX),
        ))
    }
}

/// What few lives hold: more of these are kept.
const RARE: &[&str] = &[
    "re-entered",
    "transferred",
    "sentence-serving-completed",
    "safety-concern-raised",
    "treatment-left-early",
    "oppdrag-extended",
    "inquiry-closed",
];

/// Streams of which a part is kept: some persons with their referrals and their tidgivere, some other
/// tidgivere, all the rest.
fn some(all: &[RecordedEvent]) -> HashSet<StreamName> {
    let mut rare: HashMap<&StreamName, u128> = HashMap::new();
    for event in all
        .iter()
        .filter(|event| RARE.contains(&event.kind.as_str()))
    {
        rare.insert(&event.stream, 3);
    }
    let number = |stream: &StreamName| stream.key().parse::<Uuid>().map_or(0, |id| id.as_u128());
    let mut kept = HashSet::new();
    for event in all {
        let stream = &event.stream;
        let one_in = match stream.category() {
            "participant" => rare.get(stream).copied().unwrap_or(16),
            "referral" => 1,
            "tidgiver" => 6,
            _ => 1,
        };
        if number(stream).is_multiple_of(one_in) {
            kept.insert(stream.clone());
            let data: Value = serde_json::from_str(&event.data).unwrap();
            if let Some(referral) = data["referral_id"].as_str() {
                kept.insert(StreamName::new("referral", referral));
            }
            if let Some(tidgiver) = data["fact"]["tidgiver"].as_str() {
                kept.insert(StreamName::new("tidgiver", tidgiver));
            }
        }
    }
    kept
}

/// A part of a history, told anew.
pub(crate) async fn retold(log: &dyn EventStore, seed: u64) -> Arc<MemoryEventStore> {
    let mut dice = Dice::new(seed);
    let all = log.read_all(Position::START, usize::MAX).await.unwrap();
    let kept = some(&all);
    let mut tellings: Vec<(DateTime<Utc>, RecordedEvent)> = vec![];
    for mut event in all {
        if !kept.contains(&event.stream) || event.kind.starts_with("entry-") {
            continue;
        }
        // Some referrals come without a consent, and wait.
        if event.kind == "referral-proposed" && dice.roll(3) == 0 {
            let mut data: Value = serde_json::from_str(&event.data).unwrap();
            data.as_object_mut().unwrap().remove("consent_id");
            event.data = data.to_string();
        }
        // Some come back to another department than the one they left.
        if event.kind == "re-entered" && event.position.0 % 2 == 0 {
            let mut data: Value = serde_json::from_str(&event.data).unwrap();
            data["fact"]["department"] = json!("stegforsteg-bergen");
            event.data = data.to_string();
        }
        // Some have less time than they give.
        if event.kind == "tidgiver-availability-changed" && event.position.0 % 2 == 0 {
            event.data = json!({ "capacity": 0 }).to_string();
        }
        // Some oppdrag are left open at the end of a stay, and ended when somebody sees to it.
        if event.kind == "oppdrag-ended" && dice.roll(3) == 0 {
            event.occurred_at = OccurredAt::Day(event.occurred_at.day().plus(300));
            event.recorded_at = RecordedAt::new(event.recorded_at.0 + TimeDelta::days(300));
        }
        // Now and then a fact is told twice, of two days.
        if dice.roll(25) == 0 || event.kind == "key-figures-reported" {
            let again = again(&mut dice, &event);
            tellings.push((late(&mut dice, &again), again));
        }
        tellings.push((late(&mut dice, &event), event));
    }
    tellings.sort_by_key(|(recorded, event)| (*recorded, event.position));
    let store = MemoryEventStore::new();
    let mut told: BTreeMap<StreamName, Vec<RecordedEvent>> = BTreeMap::new();
    for (recorded, event) in tellings {
        append(&store, recorded, &event).await;
        let so_far = told.entry(event.stream.clone()).or_default();
        so_far.push(event);
        if dice.roll(12) == 0
            && let Some(amendment) = amendment(&mut dice, so_far)
        {
            append(&store, recorded, &amendment).await;
            so_far.push(amendment);
        }
    }
    Arc::new(store)
}

/// When it becomes known: one in four late, by up to 200 days.
fn late(dice: &mut Dice, event: &RecordedEvent) -> DateTime<Utc> {
    let days = if dice.roll(4) == 0 { dice.roll(200) } else { 0 };
    event.recorded_at.0 + TimeDelta::days(days.cast_signed())
}

fn again(dice: &mut Dice, event: &RecordedEvent) -> RecordedEvent {
    let day = event.occurred_at.day().minus(20).plus(dice.roll(40));
    let mut data: Value = serde_json::from_str(&event.data).unwrap();
    // A second report for a day says something else.
    if let Some(employees) = data["employees"].as_u64() {
        data["employees"] = json!(employees + 1);
    }
    RecordedEvent {
        id: dice.id(),
        occurred_at: OccurredAt::Day(day),
        data: data.to_string(),
        ..event.clone()
    }
}

async fn append(store: &MemoryEventStore, recorded: DateTime<Utc>, event: &RecordedEvent) {
    let kind = kinds()
        .find(|kind| kind.stream == event.stream.category() && kind.kind == event.kind)
        .unwrap();
    let appended = store
        .append(Append {
            stream: event.stream.clone(),
            expected: Expected::Any,
            events: vec![NewEvent {
                id: event.id,
                kind: kind.kind,
                schema_version: event.schema_version,
                occurred_at: event.occurred_at,
                metadata: event.read_metadata().unwrap(),
                data: event.data.clone(),
            }],
            recorded_at: RecordedAt::new(recorded),
        })
        .await;
    appended.unwrap();
}

/// That some earlier entry of the stream, perhaps an amendment itself, was mistaken.
fn amendment(dice: &mut Dice, so_far: &[RecordedEvent]) -> Option<RecordedEvent> {
    let target = dice.pick(so_far);
    // That a unit is there is not taken back: all others lean on it.
    if target.kind == "unit-registered" {
        return None;
    }
    let is_person = target.stream.category() == "participant";
    let (kind, what) = if dice.roll(5) < 3 && !target.kind.starts_with("entry-") {
        // On another day, and perhaps as another of its kind says.
        let alike: Vec<_> = so_far
            .iter()
            .filter(|event| event.kind == target.kind)
            .collect();
        let data: Value = serde_json::from_str(&dice.pick(&alike).data).unwrap();
        let correction = EntryCorrected {
            entry: target.id,
            occurred_at: OccurredAt::Day(target.occurred_at.day().minus(60).plus(dice.roll(120))),
            schema_version: 1,
            data: if is_person {
                data["fact"].clone()
            } else {
                data
            },
        };
        ("entry-corrected", json!(correction))
    } else {
        let retraction = EntryRetracted {
            entry: target.id,
            reason: RetractionReason::Duplicate,
        };
        ("entry-retracted", json!(retraction))
    };
    let stay = &serde_json::from_str::<Value>(&target.data).unwrap()["stay_id"];
    Some(RecordedEvent {
        id: EventId(Uuid::from_u64_pair(
            dice.roll(u64::MAX),
            dice.roll(u64::MAX),
        )),
        kind: kind.to_owned(),
        data: if is_person {
            json!({ "stay_id": stay, "fact": what }).to_string()
        } else {
            what.to_string()
        },
        ..target.clone()
    })
}
