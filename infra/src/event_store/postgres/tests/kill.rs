//! Nodes killed at any time: the log holds all that was acknowledged.
//!
//! Two child processes, this very test binary, append with many clients and print what is
//! acknowledged; they are killed in the midst of it, again and again, on one log.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Command, Stdio},
};

use domain::es::EventId;
use uuid::Uuid;

use super::*;

/// Tells the child which database, and which ids it may give; without it the child has nothing to
/// do.
const DATABASE: &str = "STEGSPOR_TEST_KILL_DATABASE";
const FIRST_ID: &str = "STEGSPOR_TEST_KILL_FIRST_ID";
const CLIENTS: u128 = 12;
const ROUNDS: u128 = 3;
const ACKNOWLEDGED: usize = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() {
    let (Ok(url), Ok(first)) = (std::env::var(DATABASE), std::env::var(FIRST_ID)) else {
        return;
    };
    let first: u128 = first.parse().unwrap();
    let store = Arc::new(PostgresEventStore::open(&url).await.unwrap());
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..CLIENTS {
        let store = Arc::clone(&store);
        clients.spawn(async move {
            for n in 0.. {
                let id = first + n * CLIENTS + client;
                let told = vec![event(id, "told"), event(id + (1 << 100), "told")];
                // Half of them on streams of their own, so that streams are named all the time.
                let to = if n % 2 == 0 {
                    stream(client)
                } else {
                    stream(id)
                };
                let appended = store.append(append(&to, Expected::Any, told)).await;
                println!("ack {id} {}", appended.unwrap().position);
            }
        });
    }
    clients.join_all().await;
}

/// What a child acknowledged before it was killed.
fn acknowledged(url: &str, first: u128) -> Vec<(EventId, Position)> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "event_store::postgres::tests::kill::child",
            "--exact",
            "--nocapture",
        ])
        .env(DATABASE, url)
        .env(FIRST_ID, first.to_string())
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
    let Some(database) = ScratchDatabase::make("killed nodes").await else {
        return;
    };
    let store = open(&database).await;
    for round in 0..ROUNDS {
        let nodes = (0..2).map(|node| {
            let url = database.url().to_owned();
            let first = (2 * round + node + 1) << 64;
            tokio::task::spawn_blocking(move || acknowledged(&url, first))
        });
        for acknowledged in futures::future::join_all(nodes).await {
            let acknowledged = acknowledged.unwrap();
            assert!(acknowledged.len() + 10 >= ACKNOWLEDGED);
            for (id, position) in acknowledged {
                // An append is all or nothing: its last event stands where the child said.
                let last = EventId(Uuid::from_u128(id.0.as_u128() + (1 << 100)));
                let (id, last) = (store.find(id).await, store.find(last).await);
                assert_eq!(last.unwrap().unwrap().position, position);
                assert_eq!(id.unwrap().unwrap().position, Position(position.0 - 1));
            }
        }
        assert_eq!(store.verify().await.unwrap().head.0 % 2, 0);
    }
}
