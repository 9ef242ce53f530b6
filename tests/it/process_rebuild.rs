//! Read models made anew by a process of its own, beside a service that is told things meanwhile,
//! killed half-way and run again.

use std::{
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use infra::postgres::ScratchDatabase;
use serde_json::{Value, json};
use tests::{OSLO, Serving, binary, stegspor, text};

/// A service, and how to name its stores on the command line.
struct Service {
    folder: tempfile::TempDir,
    stores: Vec<String>,
    _database: Option<ScratchDatabase>,
}

impl Service {
    fn run(&self, arguments: &[&str]) -> (bool, String) {
        let stores = self.stores.iter().map(String::as_str);
        let arguments: Vec<_> = arguments.iter().copied().chain(stores).collect();
        let output = stegspor(self.folder.path(), &arguments);
        let told = text(&output.stdout) + &text(&output.stderr);
        (output.status.success(), told)
    }

    fn token(&self, role: &str, unit: &[&str]) -> String {
        let (made, token) = self.run(&[&["token", "--role", role], unit].concat());
        assert!(made, "{token}");
        token.trim().to_owned()
    }

    fn start(&self) -> Serving {
        let stores = self.stores.iter().map(String::as_str);
        let arguments: Vec<_> = ["serve"].into_iter().chain(stores).collect();
        Serving::start(self.folder.path(), &arguments)
    }
}

fn registered(serving: &Serving, token: &str, position: u64) -> Value {
    let path = format!("/v1/standing?min_position={position}");
    let (status, standing) = serving.ask("GET", &path, token, "");
    assert_eq!(status, 200, "{standing}");
    standing["registered"].clone()
}

fn tell_on_and_rebuild(service: &Service) {
    let serving = service.start();
    let lead = service.token("national-lead", &[]);
    let register = json!({ "kind": "department", "offers_individual_tidgiver": true }).to_string();
    let path = format!("/v1/units/{OSLO}/register-unit");
    assert_eq!(serving.ask("POST", &path, &lead, &register).0, 201);
    let leader = service.token("department-leader", &["--unit", OSLO]);
    let contact = json!({ "department": OSLO, "channels": ["other"] }).to_string();
    let stop = AtomicBool::new(false);
    let told = thread::scope(|scope| {
        let telling = scope.spawn(|| {
            let mut told = 0_u64;
            while !stop.load(Ordering::Relaxed) || told < 10 {
                let (status, made) = serving.ask("POST", "/v1/participants", &leader, &contact);
                assert_eq!(status, 201, "{made}");
                told += 1;
                // Every answer in between is whole, whichever tables it comes from.
                let position = made["position"].as_u64().unwrap();
                assert_eq!(registered(&serving, &leader, position), told);
            }
            told
        });
        // Killed as the operating system does, wherever it is then; the service notices nothing.
        for _ in 0..3 {
            let mut killed = Command::new(binary())
                .current_dir(service.folder.path())
                .args(["rebuild", "--all", "--data", "data"])
                .args(&service.stores)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            serving_answers(&serving, &leader);
            killed.kill().unwrap();
            killed.wait().unwrap();
        }
        // Whoever died holds the turn for a few seconds.
        let mut switched = 0;
        while switched < 2 {
            let (done, printed) = service.run(&["rebuild", "--all"]);
            if done {
                assert!(printed.contains("Switched."), "{printed}");
                assert!(!printed.contains("differ"), "{printed}");
                switched += 1;
            } else {
                assert!(printed.contains("being rebuilt already"), "{printed}");
            }
        }
        let (done, printed) = service.run(&["rebuild", "--roll-back", "journey_v1"]);
        assert!(done, "{printed}");
        stop.store(true, Ordering::Relaxed);
        telling.join().unwrap()
    });
    let (agrees, printed) = service.run(&["rebuild", "--all", "--dry-run"]);
    assert!(agrees, "{printed}");
    assert!(printed.contains("Nothing was switched."), "{printed}");
    assert!(
        printed.contains(&format!("{told} rows, old and new agree")),
        "{printed}"
    );
    let (done, printed) = service.run(&["rebuild", "--drop-old"]);
    assert!(done && printed.contains("journey_v1_g"), "{printed}");
    assert_eq!(registered(&serving, &leader, told + 1), told);
}

fn serving_answers(serving: &Serving, token: &str) {
    for _ in 0..5 {
        registered(serving, token, 1);
    }
}

#[test]
fn read_models_in_a_file_are_made_anew_beside_the_service() {
    tell_on_and_rebuild(&Service {
        folder: tempfile::tempdir().unwrap(),
        stores: vec![],
        _database: None,
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn read_models_in_postgresql_are_made_anew_beside_the_service() {
    let Some(database) = ScratchDatabase::make("a rebuild beside the service").await else {
        return;
    };
    let service = Service {
        folder: tempfile::tempdir().unwrap(),
        stores: vec!["--event-store".to_owned(), database.url().to_owned()],
        _database: Some(database),
    };
    tokio::task::spawn_blocking(move || tell_on_and_rebuild(&service))
        .await
        .unwrap();
}
