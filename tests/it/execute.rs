//! The walk of a command, over the stores as they are: told twice is recorded once, a decision
//! rests on what the stream holds, and others who write in between do not get in the way.

use std::sync::Arc;

use domain::{
    es::{
        Actor, ActorId, CorrelationId, EventId, EventStore, ExecuteError, Executed, Metadata,
        RecordedAt, Role, SourceSystem, Told, Version,
        amend::{EntryCorrected, EntryRetracted, RetractionReason},
        execute, load,
        spec::nth_id,
    },
    unit::{
        KeyFiguresReported, Unit, UnitCommand, UnitFact, UnitKind, UnitRegistered, UnitRejection,
        UnitState,
    },
    words::{UnitId, World},
};
use tokio::task::JoinSet;

type Outcome = Result<Executed<Unit>, ExecuteError<UnitRejection>>;

async fn stores(folder: &tempfile::TempDir) -> Vec<Arc<dyn EventStore>> {
    let url = format!("sqlite:{}", folder.path().join("log.sqlite").display());
    vec![
        infra::event_store::open("memory:").await.unwrap(),
        infra::event_store::open(&url).await.unwrap(),
    ]
}

fn slemdal() -> UnitId {
    "slemdal".parse().unwrap()
}

fn told(n: usize) -> Told {
    Told {
        command_id: nth_id(n),
        occurred_at: "2021-01-10".parse().unwrap(),
        now: RecordedAt::new("2021-01-10T12:00:00Z".parse().unwrap()),
        metadata: Metadata {
            actor: Actor {
                id: ActorId(nth_id(900)),
                role: Role::NationalLead,
            },
            unit: None,
            source: SourceSystem("stegspor".to_owned()),
            correlation_id: CorrelationId(nth_id(901)),
            causation_id: None,
            consent_id: None,
            traceparent: None,
            request_digest: None,
        },
        expected: None,
    }
}

fn register() -> UnitCommand {
    UnitCommand::RegisterUnit(UnitRegistered {
        kind: UnitKind::TreatmentInstitution,
        offers_individual_tidgiver: false,
    })
}

fn report(employees: u32) -> UnitCommand {
    UnitCommand::ReportKeyFigures(KeyFiguresReported {
        on: "2020-12-31".parse().unwrap(),
        employees,
        full_time_equivalents_hundredths: 100,
        tidgivere: None,
    })
}

async fn tell(store: &dyn EventStore, command: UnitCommand, told: &Told) -> Outcome {
    execute(
        store,
        &Unit::stream(&slemdal()),
        command,
        told,
        &World::default(),
    )
    .await
}

async fn version(store: &dyn EventStore) -> Version {
    load::<Unit>(store, &Unit::stream(&slemdal()))
        .await
        .unwrap()
        .version
}

#[tokio::test]
async fn a_command_adds_its_fact_and_says_where() {
    let folder = tempfile::tempdir().unwrap();
    for store in stores(&folder).await {
        let executed = tell(&*store, register(), &told(1)).await.unwrap();
        assert_eq!(executed.version, Version(1));
        assert_eq!(executed.entries[0].id, EventId(nth_id(1)));
        assert!(matches!(executed.state, UnitState::Registered(_)));
        let unneeded = tell(&*store, register(), &told(2)).await.unwrap();
        assert_eq!((unneeded.appended, unneeded.version), (None, Version(1)));
    }
}

#[tokio::test]
async fn a_command_told_twice_is_recorded_once_and_answered_the_same() {
    let folder = tempfile::tempdir().unwrap();
    for store in stores(&folder).await {
        tell(&*store, register(), &told(1)).await.unwrap();
        let first = tell(&*store, report(4), &told(2)).await.unwrap();
        tell(&*store, report(5), &told(3)).await.unwrap();
        let again = tell(&*store, report(4), &told(2)).await.unwrap();
        assert_eq!(again.version, first.version);
        assert_eq!(again.entries, first.entries);
        let (first, again) = (first.appended.unwrap(), again.appended.unwrap());
        assert_eq!(again.position, first.position);
        assert!(again.already_recorded && !first.already_recorded);
        assert_eq!(version(&*store).await, Version(3));
    }
}

#[tokio::test]
async fn an_id_that_told_something_else_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for store in stores(&folder).await {
        tell(&*store, register(), &told(1)).await.unwrap();
        let digest = |text: &str| Some(text.to_owned());
        let mut first = told(2);
        first.metadata.request_digest = digest("one body");
        tell(&*store, report(4), &first).await.unwrap();
        let mut other = told(2);
        other.metadata.request_digest = digest("another body");
        let refused = tell(&*store, report(5), &other).await;
        assert!(matches!(refused, Err(ExecuteError::IdTaken(id)) if id == EventId(nth_id(2))));
        assert_eq!(version(&*store).await, Version(2));
    }
}

#[tokio::test]
async fn a_rejection_names_the_rule_and_adds_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for store in stores(&folder).await {
        let refused = tell(&*store, report(4), &told(1)).await;
        assert!(matches!(
            refused,
            Err(ExecuteError::Rejected(UnitRejection::NotRegistered))
        ));
        assert_eq!(version(&*store).await, Version::NONE);
    }
}

#[tokio::test]
async fn a_decision_rests_on_the_version_that_its_teller_saw() {
    let folder = tempfile::tempdir().unwrap();
    for store in stores(&folder).await {
        tell(&*store, register(), &told(1)).await.unwrap();
        let saw = |version| Told {
            expected: Some(Version(version)),
            ..told(2)
        };
        let stale = tell(&*store, report(4), &saw(0)).await;
        assert!(matches!(
            stale,
            Err(ExecuteError::Stale {
                expected: Version(0),
                actual: Version(1)
            })
        ));
        assert!(tell(&*store, report(4), &saw(1)).await.is_ok());
    }
}

#[tokio::test]
async fn nothing_is_told_of_a_day_that_has_not_come() {
    let folder = tempfile::tempdir().unwrap();
    for store in stores(&folder).await {
        let tomorrow = Told {
            occurred_at: "2021-01-11".parse().unwrap(),
            ..told(1)
        };
        let refused = tell(&*store, register(), &tomorrow).await;
        assert!(matches!(refused, Err(ExecuteError::InFuture { .. })));
    }
}

#[tokio::test]
async fn sixteen_who_write_at_once_are_all_recorded() {
    let folder = tempfile::tempdir().unwrap();
    for store in stores(&folder).await {
        tell(&*store, register(), &told(100)).await.unwrap();
        let mut tellers = JoinSet::new();
        for n in 0..16 {
            let store = Arc::clone(&store);
            tellers.spawn(async move {
                loop {
                    match tell(&*store, report(n), &told(n as usize)).await {
                        Err(ExecuteError::Contended) => {}
                        outcome => break outcome.unwrap().version,
                    }
                }
            });
        }
        let mut versions: Vec<u64> = tellers.join_all().await.iter().map(|v| v.0).collect();
        versions.sort_unstable();
        assert_eq!(versions, (2..=17).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn an_amendment_names_an_entry_of_the_stream_and_has_its_shape() {
    let folder = tempfile::tempdir().unwrap();
    for store in stores(&folder).await {
        tell(&*store, register(), &told(1)).await.unwrap();
        let retract = |entry| {
            let reason = RetractionReason::DidNotHappen;
            UnitCommand::RetractEntry(EntryRetracted { entry, reason })
        };
        let unknown = tell(&*store, retract(EventId(nth_id(77))), &told(2)).await;
        assert!(matches!(unknown, Err(ExecuteError::NoSuchEntry { .. })));

        let correct = |data| {
            UnitCommand::CorrectEntry(EntryCorrected {
                entry: EventId(nth_id(1)),
                occurred_at: "2021-01-09".parse().unwrap(),
                schema_version: 1,
                data,
            })
        };
        let misshapen = serde_json::json!({ "kind": "department" });
        let refused = tell(&*store, correct(misshapen), &told(3)).await;
        assert!(matches!(refused, Err(ExecuteError::Correction(_))));

        let department = UnitRegistered {
            kind: UnitKind::Department,
            offers_individual_tidgiver: true,
        };
        let data = serde_json::to_value(&department).unwrap();
        let corrected = tell(&*store, correct(data), &told(4)).await.unwrap();
        assert_eq!(corrected.state, UnitState::Registered(department));

        let retracted = tell(&*store, retract(EventId(nth_id(1))), &told(5))
            .await
            .unwrap();
        assert_eq!(retracted.state, UnitState::Unknown);
        let again = tell(&*store, retract(EventId(nth_id(1))), &told(6)).await;
        assert!(matches!(again, Err(ExecuteError::RetractedAlready { .. })));
        let facts = retracted.entries.iter().map(|entry| &entry.event);
        assert!(facts.eq([&UnitFact::EntryRetracted(EntryRetracted {
            entry: EventId(nth_id(1)),
            reason: RetractionReason::DidNotHappen,
        })]));
    }
}
