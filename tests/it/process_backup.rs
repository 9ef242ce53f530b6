//! The restore drill: a service under load is backed up, killed and restored elsewhere, with what it
//! had acknowledged, with the words about people, and without those of who was erased.

use std::{
    collections::HashSet,
    fs,
    io::Write,
    path::Path,
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use domain::es::{EventStore, PersonKey, PersonVault, Position};
use infra::{
    clock::SystemClock,
    event_store,
    postgres::ScratchDatabase,
    read_store::ReadStore,
    vault::{MasterKey, SqlitePersonVault},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::{OSLO, Serving, post, refused_to_serve, stegspor, text, token};
use tokio_util::sync::CancellationToken;

/// Who tell at the same time.
const TELLERS: usize = 3;
/// How many are told before the backup, and again after it.
const TOLD: usize = 40;

/// A service, two people it knows, and a leader who asks for them.
struct Drill {
    folder: TempDir,
    /// What says where log and read models lie, if not in the data folder.
    stores: Vec<String>,
    serving: Serving,
    leader: String,
    erased: String,
    kept: String,
}

impl Drill {
    fn begin(stores: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let serving = Serving::start(folder.path(), &[&["serve"], stores].concat());
        // The secret lies in the data folder, and a token needs the log: any will do.
        let lead = token_for(&folder, stores, "national-lead", None);
        let register = json!({ "kind": "department", "offers_individual_tidgiver": true });
        let path = format!("/v1/units/{OSLO}/register-unit");
        let (status, _) = serving.ask("POST", &path, &lead, &register.to_string());
        assert_eq!(status, 201);
        let leader = token_for(&folder, stores, "department-leader", Some(OSLO));
        let met = |name: &str| {
            let contact = json!({ "department": OSLO, "channels": ["other"], "name": name });
            let path = "/v1/participants";
            let (status, made) = serving.ask("POST", path, &leader, &contact.to_string());
            assert_eq!(status, 201);
            made["id"].as_str().unwrap().to_owned()
        };
        let (erased, kept) = (met("Kari Glemt"), met("Ola Husket"));
        Self {
            folder,
            stores: stores.iter().map(|&store| store.to_owned()).collect(),
            serving,
            leader,
            erased,
            kept,
        }
    }

    fn run(&self, arguments: &[&str]) -> String {
        let stores: Vec<_> = self.stores.iter().map(String::as_str).collect();
        done(self.folder.path(), &[arguments, &stores].concat())
    }

    /// Under load: `copies` makes the copies, then the service goes on until it is killed. Answers
    /// what was acknowledged before the copies were begun, by the ids of events.
    fn under_load(&mut self, copies: impl FnOnce(&Self)) -> Vec<String> {
        let address = self.serving.address().to_owned();
        let acknowledged = Mutex::new(vec![]);
        let stop = AtomicBool::new(false);
        let (telling, told) = mpsc::channel();
        let mut before = vec![];
        let leader = self.leader.clone();
        thread::scope(|scope| {
            for teller in 0..TELLERS {
                let (address, leader, telling) = (&address, &leader, telling.clone());
                let (acknowledged, stop) = (&acknowledged, &stop);
                scope.spawn(move || {
                    for n in 0.. {
                        let key = format!("{teller}-{n}");
                        let name = format!("Person {teller} {n}");
                        let contact =
                            json!({ "department": OSLO, "channels": ["other"], "name": name });
                        let body = contact.to_string();
                        let answer = post(address, "/v1/participants", leader, &key, &body);
                        match answer {
                            Some((201, answer)) => acknowledged.lock().unwrap().push(answer),
                            // It was killed.
                            None if stop.load(Ordering::Relaxed) => return,
                            other => panic!("{other:?}"),
                        }
                        telling.send(()).ok();
                    }
                });
            }
            for _ in 0..TOLD {
                told.recv().unwrap();
            }
            before.clone_from(&*acknowledged.lock().unwrap());
            copies(self);
            let so_many = || acknowledged.lock().unwrap().len();
            let enough = so_many() + TOLD;
            while so_many() < enough {
                told.recv().unwrap();
            }
            stop.store(true, Ordering::Relaxed);
            self.serving.kill();
        });
        before
            .iter()
            .flat_map(|answer| answer["event_ids"].as_array().unwrap())
            .map(|id| id.as_str().unwrap().to_owned())
            .collect()
    }

    /// Erases a person, beside the service.
    fn erase(&self, person: &str) {
        let data = self.folder.path().join("data");
        let person = PersonKey(person.parse().unwrap());
        wait_for(async move {
            let master = MasterKey::read(&data.join("master.key")).unwrap();
            let (entries, keys) = (data.join("vault.sqlite"), data.join("keys.sqlite"));
            let vault = SqlitePersonVault::open(&entries, &keys, &master, Arc::new(SystemClock));
            let vault = vault.await.unwrap();
            vault.erase(person).await.unwrap();
            vault.close().await;
        });
    }

    /// The name of somebody, as a service tells it to the leader of before.
    fn name(&self, serving: &Serving, person: &str) -> Value {
        let path = format!("/v1/participants/{person}");
        let (status, mut told) = serving.ask("GET", &path, &self.leader, "");
        assert_eq!(status, 200, "{told}");
        told["name"].take()
    }
}

fn token_for(folder: &TempDir, stores: &[&str], role: &str, unit: Option<&str>) -> String {
    if stores.is_empty() {
        return token(folder.path(), role, unit);
    }
    let unit = unit.map(|unit| ["--unit", unit]).unwrap_or_default();
    let unit: Vec<_> = unit.into_iter().filter(|word| !word.is_empty()).collect();
    let arguments = [&["token", "--role", role], &unit[..], stores].concat();
    done(folder.path(), &arguments).trim().to_owned()
}

/// What the binary prints, if it does as it is asked.
fn done(folder: &Path, arguments: &[&str]) -> String {
    let output = stegspor(folder, arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

fn wait_for<T>(what: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(what)
}

/// The ids of all events of a log.
fn ids(url: String) -> HashSet<String> {
    wait_for(async move {
        let log = event_store::open_to_read(&url).await.unwrap();
        let events = log.read_all(Position::START, usize::MAX >> 1).await;
        events
            .unwrap()
            .iter()
            .map(|event| event.id.to_string())
            .collect()
    })
}

/// Waits until the read models in a database show all of a log.
async fn shown(log: &str, read: &str) {
    let log: Arc<dyn EventStore> = event_store::open_to_read(log).await.unwrap();
    let head = log.head().await.unwrap();
    let asking = ReadStore::open_to_ask(read, log, Arc::new(SystemClock));
    let asking = asking.await.unwrap();
    let stop = CancellationToken::new();
    let shown = async {
        asking.wait_for(head, Duration::from_mins(1)).await.unwrap();
        stop.cancel();
    };
    tokio::join!(shown, asking.run(stop.cancelled()));
}

fn verified(folder: &Path, stores: &[&str]) -> Value {
    let answer = done(folder, &[&["verify", "--json"], stores].concat());
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["fits"], true);
    answer
}

#[test]
fn a_service_backed_up_under_load_and_killed_is_restored_with_all_it_had_acknowledged() {
    let mut drill = Drill::begin(&[]);
    let (erased, kept) = (drill.erased.clone(), drill.kept.clone());
    let acknowledged = drill.under_load(|drill| {
        let said = drill.run(&["backup", "--to", "backup"]);
        assert!(said.contains("--keys-to"), "{said}");
        drill.erase(&drill.erased);
        drill.run(&["backup", "--keys-to", "safe/keys"]);
    });
    let there = drill.folder.path();
    let manifest = fs::read_to_string(there.join("backup/manifest.json")).unwrap();
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    for name in ["log.sqlite", "vault.sqlite"] {
        let bytes = fs::read(there.join("backup").join(name)).unwrap();
        assert!(!bytes.windows(10).any(|part| part == b"Ola Husket"));
    }

    // Elsewhere, with the keys.
    let elsewhere = tempfile::tempdir().unwrap();
    let path = |name: &str| there.join(name).display().to_string();
    let (backup, keys) = (path("backup"), path("safe/keys"));
    let restore = ["restore", "--from", &backup, "--keys-from", &keys];
    let said = done(elsewhere.path(), &restore);
    assert!(said.contains("names 1 persons: 1 entries"), "{said}");
    let answer = verified(elsewhere.path(), &[]);
    assert_eq!(answer["position"], manifest["log"]["position"]);
    assert_eq!(answer["log_hash"], manifest["log"]["hash"]);
    let head = manifest["log"]["position"].as_u64().unwrap();
    let log = format!(
        "sqlite:{}",
        elsewhere.path().join("data/log.sqlite").display()
    );
    let restored = ids(log);
    assert!(acknowledged.iter().all(|id| restored.contains(id)));
    assert_eq!(restored.len() as u64, head);
    let mut serving = Serving::start(elsewhere.path(), &["serve"]);
    assert_eq!(drill.name(&serving, &kept), "Ola Husket");
    assert_eq!(drill.name(&serving, &erased), Value::Null);
    let list = "/v1/participants?min_position=1&limit=500";
    let (status, list) = serving.ask("GET", list, &drill.leader, "");
    assert_eq!(status, 200, "{list}");
    let people = list["participants"].as_array().unwrap();
    let named = people.iter().filter(|person| !person["name"].is_null());
    assert_eq!(
        named.count() as u64,
        head - 2,
        "all but the unit and who was erased"
    );
    // It goes on from there.
    let contact = json!({ "department": OSLO, "channels": ["other"] }).to_string();
    let (status, told) = serving.ask("POST", "/v1/participants", &drill.leader, &contact);
    assert_eq!((status, &told["position"]), (201, &json!(head + 1)));
    serving.ask_to_end();
    assert!(serving.ended().success());

    // Once more into the same folder: nothing is overwritten.
    let refused = stegspor(elsewhere.path(), &restore);
    assert!(!refused.status.success());
    assert!(text(&refused.stderr).contains("nothing is overwritten"));

    // Without the keys: not by accident, and then without a word about anybody.
    let wordless = tempfile::tempdir().unwrap();
    let refused = stegspor(wordless.path(), &["restore", "--from", &backup]);
    assert!(!refused.status.success());
    let said = text(&refused.stderr);
    assert!(
        said.contains("--keys-from") && said.contains("--without-words"),
        "{said}"
    );
    done(
        wordless.path(),
        &["restore", "--from", &backup, "--without-words"],
    );
    assert_eq!(verified(wordless.path(), &[])["position"], head);
    let serving = Serving::start(wordless.path(), &["serve"]);
    let leader = token(wordless.path(), "department-leader", Some(OSLO));
    let (status, person) = serving.ask("GET", &format!("/v1/participants/{kept}"), &leader, "");
    assert_eq!((status, &person["name"]), (200, &Value::Null));
}

#[test]
fn read_models_that_know_more_than_a_restored_log_are_refused_until_they_are_forgotten() {
    let mut drill = Drill::begin(&[]);
    let there = drill.folder.path().to_owned();
    drill.run(&["backup", "--to", "backup"]);
    for n in 0..3 {
        let contact = json!({ "department": OSLO, "channels": ["other"] }).to_string();
        let told = post(
            drill.serving.address(),
            "/v1/participants",
            &drill.leader,
            &n.to_string(),
            &contact,
        );
        assert_eq!(told.unwrap().0, 201);
    }
    let list = "/v1/participants?min_position=6";
    assert_eq!(drill.serving.ask("GET", list, &drill.leader, "").0, 200);
    drill.serving.kill();
    // Back to the backup, and the read models stay: by hand, since restoring refuses it.
    let data = there.join("data");
    for name in ["log.sqlite", "log.sqlite-wal", "log.sqlite-shm"] {
        fs::remove_file(data.join(name)).unwrap();
    }
    fs::copy(there.join("backup/log.sqlite"), data.join("log.sqlite")).unwrap();
    let said = refused_to_serve(&there, &["serve"]);
    assert!(
        said.contains("up to position 6, and it ends at 3"),
        "{said}"
    );
    assert!(said.contains("`stegspor forget-read-models`"), "{said}");
    // Nothing was written meanwhile.
    assert_eq!(verified(&there, &[])["position"], 3);

    drill.run(&["forget-read-models"]);
    let serving = Serving::start(&there, &["serve"]);
    let (status, list) = serving.ask("GET", "/v1/participants?min_position=3", &drill.leader, "");
    assert_eq!(status, 200);
    assert_eq!(list["participants"].as_array().unwrap().len(), 2);
}

/// One of PostgreSQL's own programs; says that the drill is skipped where it is not here.
fn postgres_has(program: &str) -> bool {
    let there = Command::new(program).arg("--version").output().is_ok();
    if !there {
        let mut stderr = std::io::stderr();
        writeln!(
            stderr,
            "skipped: the restore drill on PostgreSQL (no {program} here)"
        )
        .ok();
    }
    there
}

fn postgres(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(
        output.status.success(),
        "{program}: {}",
        text(&output.stderr)
    );
}

#[test]
fn a_log_in_postgresql_is_restored_from_a_dump_and_its_words_from_a_backup() {
    if !postgres_has("pg_dump") || !postgres_has("psql") {
        return;
    }
    let database = |what: &'static str| wait_for(async move { ScratchDatabase::make(what).await });
    let Some(before) = database("the restore drill") else {
        return;
    };
    let after = database("the restore drill").unwrap();
    // The read models in a database of their own, which is not restored.
    let read = database("the restore drill").unwrap();
    let stores = |log: &ScratchDatabase| {
        [
            "--event-store".to_owned(),
            log.url().to_owned(),
            "--read-store".to_owned(),
            read.url().to_owned(),
        ]
    };
    let before_stores = stores(&before);
    let before_stores: Vec<_> = before_stores.iter().map(String::as_str).collect();
    let mut drill = Drill::begin(&before_stores);
    let (erased, kept) = (drill.erased.clone(), drill.kept.clone());
    let there = drill.folder.path().to_owned();
    let path = |name: &str| there.join(name).display().to_string();
    let (dump, backup, keys) = (path("log.sql"), path("backup"), path("safe/keys"));
    let acknowledged = drill.under_load(|drill| {
        // The log first, then the words.
        postgres(
            "pg_dump",
            &["--no-owner", "--file", &dump, "--dbname", before.url()],
        );
        let said = drill.run(&["backup", "--to", &backup]);
        assert!(said.contains("The log lies elsewhere"), "{said}");
        drill.erase(&drill.erased);
        drill.run(&["backup", "--keys-to", &keys]);
    });

    let elsewhere = tempfile::tempdir().unwrap();
    let quiet = ["--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1"];
    let load = [
        "--output",
        "/dev/null",
        "--file",
        &dump,
        "--dbname",
        after.url(),
    ];
    postgres("psql", &[&quiet[..], &load].concat());
    let after_stores = stores(&after);
    let after_stores: Vec<_> = after_stores.iter().map(String::as_str).collect();
    let restore = ["restore", "--from", &backup, "--keys-from", &keys];
    done(elsewhere.path(), &[&restore[..], &after_stores].concat());
    let head = verified(elsewhere.path(), &after_stores)["position"]
        .as_u64()
        .unwrap();
    let restored = ids(after.url().to_owned());
    assert!(acknowledged.iter().all(|id| restored.contains(id)));
    assert_eq!(restored.len() as u64, head);

    // The read models know what the log has lost: no node serves them.
    for roles in ["api,projector", "api"] {
        let serve = [&["serve", "--roles", roles], &after_stores[..]].concat();
        let said = refused_to_serve(elsewhere.path(), &serve);
        assert!(said.contains(&format!("it ends at {head}")), "{said}");
        assert!(said.contains("`stegspor forget-read-models`"), "{said}");
    }
    done(
        elsewhere.path(),
        &[&["forget-read-models"], &after_stores[..]].concat(),
    );
    let serving = Serving::start(elsewhere.path(), &[&["serve"], &after_stores[..]].concat());
    // The node that was killed holds its share of them for some seconds more.
    wait_for(shown(after.url(), read.url()));
    assert_eq!(drill.name(&serving, &kept), "Ola Husket");
    assert_eq!(drill.name(&serving, &erased), Value::Null);
}
