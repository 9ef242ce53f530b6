//! The wire format: what was ever stored is read for ever, and has no room for words.

use std::collections::BTreeSet;

use schemars::SchemaGenerator;
use serde_json::Value;

use super::*;

/// Every shape ever stored, a line each. Lines are added; none is ever changed.
const GOLDEN: &str = include_str!("golden.ndjson");

fn golden() -> impl Iterator<Item = (String, String, u16, Value)> {
    GOLDEN.lines().map(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| line[name].as_str().unwrap().to_owned();
        let version = u16::try_from(line["schema_version"].as_u64().unwrap()).unwrap();
        (text("stream"), text("kind"), version, line["data"].clone())
    })
}

#[test]
fn every_shape_ever_stored_is_read_and_written_back_the_same() {
    for (stream, kind, version, data) in golden() {
        let event = DomainEvent::decode(&stream, &kind, version, &data.to_string())
            .unwrap_or_else(|error| panic!("{stream}.{kind}: {error:?}"));
        assert_eq!(event.kind(), kind);
        let written: Value = serde_json::from_str(event.to_json().get()).unwrap();
        assert_eq!(written, data, "{stream}.{kind}");
    }
}

#[test]
fn every_kind_of_the_catalogue_has_its_line() {
    let known: BTreeSet<_> = golden()
        .map(|(stream, kind, version, _)| (stream, kind, version))
        .collect();
    let declared: BTreeSet<_> = kinds()
        .map(|kind| {
            (
                kind.stream.to_owned(),
                kind.kind.to_owned(),
                kind.schema_version,
            )
        })
        .collect();
    assert_eq!(known, declared);
}

#[test]
fn a_kind_a_version_or_a_field_that_is_not_known_is_refused() {
    let read = |kind, version, data| DomainEvent::decode("unit", kind, version, data);
    assert!(matches!(
        read("unit-closed", 1, "{}"),
        Err(DecodeError::UnknownKind { .. })
    ));
    assert!(matches!(
        read("unit-registered", 2, "{}"),
        Err(DecodeError::UnknownKind { .. })
    ));
    let extra = r#"{"kind":"department","offers_individual_tidgiver":true,"diagnosis":"F10"}"#;
    assert!(matches!(
        read("unit-registered", 1, extra),
        Err(DecodeError::Data { .. })
    ));
}

/// Rules D16 and D24, and the promise that the log holds no personal data: every text in every
/// payload is an id, a date, a unit or a word of a closed list. Nothing else can be stored.
#[test]
fn d24_no_payload_has_room_for_free_text() {
    for kind in kinds() {
        let mut generator = SchemaGenerator::default();
        (kind.schema)(&mut generator);
        for (name, schema) in generator.take_definitions(true) {
            let mut texts = vec![];
            collect_texts(&schema, &name, &mut texts);
            for (path, text) in texts {
                let closed = ["format", "enum", "const", "pattern", "anyOf"]
                    .iter()
                    .any(|word| text.get(word).is_some());
                assert!(closed, "{}: {path} is free text", kind.wire_type());
            }
        }
    }
}

fn collect_texts<'a>(schema: &'a Value, path: &str, found: &mut Vec<(String, &'a Value)>) {
    match schema {
        Value::Object(object) => {
            let is_text = match object.get("type") {
                Some(Value::String(name)) => name == "string",
                Some(Value::Array(names)) => names.iter().any(|name| name == "string"),
                _ => false,
            };
            if is_text {
                found.push((path.to_owned(), schema));
            }
            for (name, inner) in object {
                collect_texts(inner, &format!("{path}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for item in items {
                collect_texts(item, path, found);
            }
        }
        _ => {}
    }
}

mod any_history {
    //! No command on any history panics, and evolve takes every fact in every order.

    use proptest::prelude::*;

    use super::*;
    use crate::{
        cooperation::Cooperation,
        es::{Context, Decider, Entry, spec::nth_id},
        participant::Participant,
        referral::Referral,
        tidgiver::Tidgiver,
        unit::Unit,
        words::{UnitKind, UnitTraits, World},
    };

    /// The facts of the golden file that belong to a decider's stream.
    fn facts<D: Decider>() -> Vec<D::Event> {
        golden()
            .filter(|(stream, ..)| stream == D::CATEGORY)
            .map(|(_, kind, version, data)| {
                EventData::from_json(&kind, version, &data.to_string()).unwrap()
            })
            .collect()
    }

    fn world() -> World {
        let traits = |kind| UnitTraits {
            kind,
            offers_individual_tidgiver: true,
        };
        let units = [
            ("stegforsteg-oslo", UnitKind::Department),
            ("stegforsteg-bergen", UnitKind::Department),
            ("slemdal", UnitKind::TreatmentInstitution),
            ("kommune", UnitKind::Other),
        ];
        let units = units.map(|(id, kind)| (id.parse().unwrap(), traits(kind)));
        World {
            units: std::sync::Arc::new(units.into()),
            ..World::default()
        }
    }

    fn no_command_panics<D>(
        steps: &[(prop::sample::Index, u64)],
        command_of: impl Fn(D::Event) -> D::Command,
    ) where
        D: Decider<World = World>,
    {
        let (facts, world) = (facts::<D>(), world());
        let first_day: crate::es::Day = "2018-01-01".parse().unwrap();
        let mut state = D::State::default();
        for (n, (index, days)) in steps.iter().enumerate() {
            let fact = index.get(&facts).clone();
            let occurred_at = OccurredAt::Day(first_day.plus(*days));
            let context = Context {
                occurred_at,
                command_id: nth_id(n),
                world: &world,
            };
            if let Ok(events) = D::decide(&state, command_of(fact.clone()), &context) {
                assert!(events.len() <= 1, "one command, one fact at most");
            }
            state = D::evolve(
                state,
                &Entry {
                    id: EventId(nth_id(n)),
                    occurred_at,
                    event: fact,
                },
            );
        }
    }

    proptest! {
        #[test]
        fn of_a_participant(steps in prop::collection::vec((any::<prop::sample::Index>(), 0..2000_u64), 1..60)) {
            no_command_panics::<Participant>(&steps, |event| event.fact.into());
        }

        #[test]
        fn of_a_referral(steps in prop::collection::vec((any::<prop::sample::Index>(), 0..2000_u64), 1..30)) {
            no_command_panics::<Referral>(&steps, Into::into);
        }

        #[test]
        fn of_a_tidgiver(steps in prop::collection::vec((any::<prop::sample::Index>(), 0..2000_u64), 1..30)) {
            no_command_panics::<Tidgiver>(&steps, Into::into);
        }

        #[test]
        fn of_a_cooperation(steps in prop::collection::vec((any::<prop::sample::Index>(), 0..2000_u64), 1..30)) {
            no_command_panics::<Cooperation>(&steps, Into::into);
        }

        #[test]
        fn of_a_unit(steps in prop::collection::vec((any::<prop::sample::Index>(), 0..2000_u64), 1..30)) {
            no_command_panics::<Unit>(&steps, Into::into);
        }
    }
}
