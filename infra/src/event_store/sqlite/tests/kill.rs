//! Killed at any time, the log holds all that was acknowledged.
//!
//! A child process, this very test binary, appends with many clients and prints what is
//! acknowledged; it is killed in the midst of it, again and again, on one file.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Command, Stdio},
};

use domain::es::AppendError;
use uuid::Uuid;

use super::*;

/// Tells the child which file; without it the child has nothing to do.
const FILE: &str = "STEGSPOR_TEST_KILL_FILE";
const CLIENTS: u128 = 24;
const ROUNDS: usize = 4;
const ACKNOWLEDGED: usize = 400;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() {
    let Ok(path) = std::env::var(FILE) else {
        return;
    };
    let store = Arc::new(SqliteEventStore::open(path.as_ref()).await.unwrap());
    let start = u128::from(store.head().await.unwrap().0) << 64;
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..CLIENTS {
        let store = Arc::clone(&store);
        clients.spawn(async move {
            for n in 0.. {
                let id = start + n * CLIENTS + client;
                let told = vec![event(id, "told"), event(id + (1 << 100), "told")];
                // Half of them on streams of their own, so that streams are named all the time.
                let to = if n % 2 == 0 {
                    stream(client)
                } else {
                    stream(id)
                };
                match store.append(append(&to, Expected::Any, told)).await {
                    Ok(appended) => println!("ack {id} {}", appended.position),
                    Err(AppendError::IdTaken { .. }) => panic!("ids are new each time"),
                    Err(error) => panic!("{error:?}"),
                }
            }
        });
    }
    clients.join_all().await;
}

/// What a child acknowledged before it was killed.
fn acknowledged(path: &Path) -> Vec<(EventId, Position)> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "event_store::sqlite::tests::kill::child",
            "--exact",
            "--nocapture",
        ])
        .env(FILE, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut text = String::new();
    for _ in 0..ACKNOWLEDGED {
        assert_ne!(output.read_line(&mut text).unwrap(), 0, "the child ended");
    }
    child.kill().unwrap(); // SIGKILL: no destructor runs
    output.read_to_string(&mut text).unwrap();
    child.wait().unwrap();
    let whole_lines = text.rfind('\n').map_or("", |end| &text[..end]);
    whole_lines
        .lines()
        .filter_map(|line| line.split_once("ack "))
        .map(|(_, told)| {
            let (id, position) = told.split_once(' ').unwrap();
            (
                EventId(Uuid::from_u128(id.parse().unwrap())),
                Position(position.parse().unwrap()),
            )
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_time_the_log_holds_all_that_was_acknowledged() {
    let file = File::new();
    for _ in 0..ROUNDS {
        let path = file.path();
        let acknowledged = tokio::task::spawn_blocking(move || acknowledged(&path))
            .await
            .unwrap();
        assert!(acknowledged.len() + 10 >= ACKNOWLEDGED);
        let store = file.store().await;
        for (id, position) in acknowledged {
            // An append is all or nothing: its last event stands where the child said.
            let last = EventId(Uuid::from_u128(id.0.as_u128() + (1 << 100)));
            assert_eq!(store.find(last).await.unwrap().unwrap().position, position);
            assert_eq!(
                store.find(id).await.unwrap().unwrap().position,
                Position(position.0 - 1)
            );
        }
        let verified = store.verify().await.unwrap();
        assert_eq!(verified.head.0 % 2, 0);
        store.close().await;
    }
}
