//! Three processes on one PostgreSQL, killed at random under load: every acknowledged event is in the
//! log once, and in every read model once.

use std::{
    collections::HashMap,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use domain::es::{EventStore, Position, RecordedEvent};
use infra::{clock::SystemClock, event_store, postgres::ScratchDatabase, read_store::ReadStore};
use serde_json::{Value, json};
use tests::{OSLO, Serving, post, stegspor, text};

/// Who tell at the same time.
const TELLERS: usize = 4;
/// How often a node is killed.
const KILLS: usize = 6;
/// How many are told between two kills.
const BETWEEN: usize = 40;

struct Nodes {
    folder: tempfile::TempDir,
    url: String,
    running: Vec<Mutex<Serving>>,
}

impl Nodes {
    fn start(url: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // At once, in a folder and a database that hold nothing yet.
        let running = thread::scope(|scope| {
            let starting: Vec<_> = (0..3)
                .map(|_| scope.spawn(|| Mutex::new(Self::node(folder.path(), url))))
                .collect();
            let started = starting.into_iter().map(|node| node.join().unwrap());
            started.collect()
        });
        Self {
            folder,
            url: url.to_owned(),
            running,
        }
    }

    fn node(folder: &Path, url: &str) -> Serving {
        Serving::start(folder, &["serve", "--event-store", url])
    }

    fn address(&self, nth: usize) -> String {
        let node = self.running[nth % self.running.len()].lock().unwrap();
        node.address().to_owned()
    }

    /// Kills a node as the operating system does, and starts another in its place.
    fn kill(&self, nth: usize) {
        let mut node = self.running[nth % self.running.len()].lock().unwrap();
        node.kill();
        *node = Self::node(self.folder.path(), &self.url);
    }
}

fn token(nodes: &Nodes, role: &str, unit: Option<&str>) -> String {
    let mut arguments = vec!["token", "--role", role, "--event-store", &nodes.url];
    if let Some(unit) = unit {
        arguments.extend(["--unit", unit]);
    }
    let output = stegspor(nodes.folder.path(), &arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout).trim().to_owned()
}

/// Tells until told to stop. What was not answered is told again, to whichever node comes next, with
/// the same key.
fn tell(
    nodes: &Nodes,
    teller: usize,
    token: &str,
    stop: &AtomicBool,
    acknowledged: &Mutex<Vec<Value>>,
    told_again: &AtomicU64,
    telling: &mpsc::Sender<()>,
) {
    let body = json!({ "department": OSLO, "channels": ["other"] }).to_string();
    let mut nth = teller;
    for n in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let key = format!("{teller}-{n}");
        loop {
            nth += 1;
            match post(&nodes.address(nth), "/v1/participants", token, &key, &body) {
                Some((200 | 201, answer)) => {
                    acknowledged.lock().unwrap().push(answer);
                    telling.send(()).ok();
                    break;
                }
                Some((503, _)) | None => {
                    told_again.fetch_add(1, Ordering::Relaxed);
                }
                Some(other) => panic!("{other:?}"),
            }
        }
    }
}

async fn whole(log: &dyn EventStore) -> Vec<RecordedEvent> {
    let mut events = vec![];
    loop {
        let after = events
            .last()
            .map_or(Position::START, |last: &RecordedEvent| last.position);
        let page = log.read_all(after, 1_000).await.unwrap();
        if page.is_empty() {
            return events;
        }
        events.extend(page);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_nodes_killed_under_load_lose_nothing_and_double_nothing() {
    let Some(database) = ScratchDatabase::make("three processes killed under load").await else {
        return;
    };
    let url = database.url().to_owned();
    let nodes = tokio::task::spawn_blocking({
        let url = url.clone();
        move || Arc::new(Nodes::start(&url))
    })
    .await
    .unwrap();
    let (acknowledged, told_again) = tokio::task::spawn_blocking({
        let nodes = nodes.clone();
        move || {
            let lead = token(&nodes, "national-lead", None);
            let register = json!({ "kind": "department", "offers_individual_tidgiver": true });
            let registered = post(
                &nodes.address(0),
                &format!("/v1/units/{OSLO}/register-unit"),
                &lead,
                "register",
                &register.to_string(),
            );
            assert_eq!(registered.unwrap().0, 201);
            let veileder = token(&nodes, "veileder", Some(OSLO));
            let stop = AtomicBool::new(false);
            let acknowledged = Mutex::new(vec![]);
            let told_again = AtomicU64::new(0);
            let (telling, told) = mpsc::channel();
            thread::scope(|scope| {
                for teller in 0..TELLERS {
                    let (nodes, veileder) = (&nodes, &veileder);
                    let (stop, acknowledged, told_again) = (&stop, &acknowledged, &told_again);
                    let telling = telling.clone();
                    scope.spawn(move || {
                        tell(
                            nodes,
                            teller,
                            veileder,
                            stop,
                            acknowledged,
                            told_again,
                            &telling,
                        );
                    });
                }
                for kill in 0..KILLS {
                    for _ in 0..BETWEEN {
                        told.recv().unwrap();
                    }
                    nodes.kill(kill * 2 + 1);
                }
                stop.store(true, Ordering::Relaxed);
            });
            (acknowledged.into_inner().unwrap(), told_again.into_inner())
        }
    })
    .await
    .unwrap();
    assert!(acknowledged.len() >= KILLS * BETWEEN);

    // Once in the log.
    let log: Arc<dyn EventStore> = event_store::open_to_read(&url).await.unwrap();
    let events = whole(&*log).await;
    let mut times: HashMap<String, usize> = HashMap::new();
    for event in &events {
        *times.entry(event.id.to_string()).or_default() += 1;
    }
    for answer in &acknowledged {
        for id in answer["event_ids"].as_array().unwrap() {
            assert_eq!(times[id.as_str().unwrap()], 1, "{answer}");
        }
    }
    let opened = events
        .iter()
        .filter(|event| event.kind == "first-contact-made")
        .count();
    // What was told again is the same telling, whether its first answer was lost or never came.
    assert_eq!(opened, acknowledged.len(), "{told_again} were told again");

    // Once in each read model, on every node.
    let head = log.head().await.unwrap();
    let asking = ReadStore::open_to_ask(&url, log.clone(), Arc::new(SystemClock))
        .await
        .unwrap();
    let stop = tokio_util::sync::CancellationToken::new();
    let shown = async {
        asking.wait_for(head, Duration::from_mins(1)).await.unwrap();
        stop.cancel();
    };
    tokio::join!(shown, asking.run(stop.cancelled()));
    let folder = tempfile::tempdir().unwrap();
    let anew = format!("sqlite:{}", folder.path().join("anew.sqlite").display());
    let anew = ReadStore::open(&anew, log, Arc::new(SystemClock))
        .await
        .unwrap();
    anew.catch_up(|_, _| {}).await.unwrap();
    let sums = asking.sums().await.unwrap();
    assert_eq!(sums, anew.sums().await.unwrap());
    let journeys = sums.iter().find(|(name, _)| *name == "journey_v1").unwrap();
    assert_eq!(journeys.1.rows, acknowledged.len() as u64);

    let folder = nodes.folder.path().to_owned();
    let verified =
        tokio::task::spawn_blocking(move || stegspor(&folder, &["verify", "--event-store", &url]));
    let verified = verified.await.unwrap();
    assert!(verified.status.success(), "{}", text(&verified.stderr));
    tokio::task::spawn_blocking(move || drop(nodes))
        .await
        .unwrap();
}
