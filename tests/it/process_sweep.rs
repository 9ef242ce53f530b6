//! Killed between an event and what follows from it, the service carries that out at its next
//! start: once.
//!
//! A child process, this very test binary, tells of a patient's yes and is killed as soon as that
//! is durable, before the inquiry that follows from it is opened.

use std::{
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};

use api::{
    app::{Application, By, Parts},
    auth::{Limits, Secret},
    cloud_event::CloudEvent,
};
use domain::{
    es::{Actor, ActorId, CorrelationId, Role, SourceSystem},
    words::Figures,
};
use infra::{
    clock::SystemClock,
    event_store,
    ids::RandomIds,
    vault::{MasterKey, SqlitePersonVault},
};
use serde_json::{Value, json};
use tests::{Fault, FaultyLog, OSLO, SLEMDAL, Serving, line, stegspor, text};
use uuid::Uuid;

/// Tells the child which folder; without it the child has nothing to do.
const FOLDER: &str = "STEGSPOR_TEST_SWEEP_FOLDER";
const PARTICIPANT: &str = "0197f0a2-0000-7000-8000-000000000002";
const REFERRAL: &str = "0197f0a2-0000-7000-8000-000000000003";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let data = Path::new(&folder).join("data");
    let path = |name: &str| data.join(name);
    let url = format!("sqlite:{}", path("log.sqlite").display());
    let log = Arc::new(FaultyLog::over(event_store::open(&url).await.unwrap()));
    let master = MasterKey::read_or_make(&path("master.key")).unwrap();
    let clock = Arc::new(SystemClock);
    let (entries, keys) = (path("vault.sqlite"), path("keys.sqlite"));
    let vault = SqlitePersonVault::open(&entries, &keys, &master, clock.clone()).await;
    let app = Application::new(Parts {
        log: log.clone(),
        vault: Arc::new(vault.unwrap()),
        ids: Arc::new(RandomIds::new(clock.clone())),
        clock,
        secret: Secret::load_or_create(&data).unwrap(),
        figures: Figures::default(),
        limits: Limits::NONE,
    });
    let unit = |kind| json!({ "kind": kind, "offers_individual_tidgiver": true });
    let proposed = json!({ "from": SLEMDAL, "to": OSLO, "situation": "in-patient" });
    let agreed = json!({ "consent_id": Uuid::from_u128(9), "participant_id": PARTICIPANT });
    let registered = "unit.unit-registered";
    for (n, (kind, subject, data)) in [
        (registered, OSLO, unit("department")),
        (registered, SLEMDAL, unit("treatment-institution")),
        ("referral.referral-proposed", REFERRAL, proposed),
        ("referral.patient-agreed", REFERRAL, agreed),
    ]
    .into_iter()
    .enumerate()
    {
        if kind == "referral.patient-agreed" {
            log.arm(Fault::Die);
        }
        let line = line(&n.to_string(), kind, subject, "2021-01-01T09:00:00Z", &data);
        let event = CloudEvent::structured(serde_json::from_str(&line).unwrap()).unwrap();
        let by = By {
            principal: None,
            actor: Actor {
                id: ActorId(Uuid::nil()),
                role: Role::Operator,
            },
            unit: None,
            source: SourceSystem("import".to_owned()),
            correlation_id: CorrelationId(Uuid::nil()),
            traceparent: None,
            recorded_at: None,
        };
        app.tell(event.telling(&app, by).unwrap()).await.unwrap();
    }
}

fn position(folder: &Path) -> Value {
    let verified = stegspor(folder, &["verify", "--json"]);
    let mut verified: Value = serde_json::from_slice(&verified.stdout).unwrap();
    verified["position"].take()
}

fn journey(folder: &Path) -> Vec<String> {
    let replayed = stegspor(folder, &["replay", PARTICIPANT, "--json"]);
    text(&replayed.stdout)
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|event| event["kind"].as_str().unwrap().to_owned())
        .collect()
}

fn killed(folder: &Path) {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["process_sweep::child", "--exact"])
        .env(FOLDER, folder)
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert_eq!(child.signal(), Some(9), "the child is killed, not done");
    assert_eq!(position(folder), 4, "the yes is durable");
    assert!(journey(folder).is_empty(), "nothing has followed yet");
}

const FOLLOWS: [&str; 3] = [
    "first-contact-made",
    "consent-given",
    "treatment-phase-entered",
];

#[test]
fn what_should_have_followed_is_carried_out_at_the_next_start_and_once() {
    let folder = tempfile::tempdir().unwrap();
    killed(folder.path());
    for _ in 0..3 {
        let mut serving = Serving::start(folder.path(), &["serve"]);
        serving.ask_to_end();
        assert!(serving.ended().success());
        assert_eq!(position(folder.path()), 7);
        let mut kinds = journey(folder.path());
        kinds.sort_by_key(|kind| FOLLOWS.iter().position(|known| known == kind));
        assert_eq!(kinds, FOLLOWS);
        // Should it not be known how far policies have come, all of the log is gone through.
        std::fs::remove_file(folder.path().join("data/policies.position")).unwrap();
    }
}

#[test]
fn a_log_restored_from_before_what_was_swept_is_swept_anew() {
    let folder = tempfile::tempdir().unwrap();
    killed(folder.path());
    std::fs::write(folder.path().join("data/policies.position"), "5").unwrap();
    let mut serving = Serving::start(folder.path(), &["serve"]);
    serving.ask_to_end();
    assert!(serving.ended().success());
    assert_eq!(position(folder.path()), 7);
}

#[test]
fn an_import_carries_out_what_should_have_followed_before_it_begins() {
    let folder = tempfile::tempdir().unwrap();
    killed(folder.path());
    std::fs::write(folder.path().join("none.ndjson"), "").unwrap();
    for _ in 0..2 {
        let imported = stegspor(folder.path(), &["import", "none.ndjson"]);
        assert!(imported.status.success(), "{}", text(&imported.stderr));
        assert_eq!(position(folder.path()), 7);
    }
}
