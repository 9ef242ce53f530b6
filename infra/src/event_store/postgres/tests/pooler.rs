//! Behind `PgBouncer` in transaction mode. `STEGSPOR_TEST_PGBOUNCER` names a database behind one,
//! to be filled and emptied, such as
//! `postgres://postgres@127.0.0.1:6432/scratch?statement-cache-capacity=0`.

use std::io::Write;

use domain::es::{EventId, StreamName};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::*;

const POOLER: &str = "STEGSPOR_TEST_PGBOUNCER";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_pooler_in_transaction_mode_two_nodes_write_one_log() {
    let Ok(url) = std::env::var(POOLER) else {
        writeln!(
            std::io::stderr(),
            "skipped: PgBouncer ({POOLER} is not set)"
        )
        .ok();
        return;
    };
    let nodes = [
        Arc::new(PostgresEventStore::open(&url).await.unwrap()),
        Arc::new(PostgresEventStore::open(&url).await.unwrap()),
    ];
    // What earlier runs have left there stays there.
    let before = nodes[0].head().await.unwrap();
    let id = move |n: u128| (u128::from(before.0) << 64) + n;
    let key = move |n: u128| -> StreamName { stream(format!("{before}-{n}")) };
    let (clients, each) = (8_u128, 25_u128);
    let mut appending = JoinSet::new();
    for client in 0..clients {
        let node = Arc::clone(&nodes[usize::from(client % 2 == 0)]);
        appending.spawn(async move {
            for n in 0..each {
                let to = key(n % 5);
                let told = vec![event(id(client * each + n), "told")];
                node.append(append(&to, Expected::Any, told)).await.unwrap();
                let read = node.read_stream(&to, Version::NONE).await.unwrap();
                assert!(read.iter().all(|event| event.stream == to));
            }
        });
    }
    let total = Position(before.0 + u64::try_from(clients * each).unwrap());
    // Without hearing of it from each other: behind such a pooler one looks.
    let mut head = before;
    while head < total {
        head = nodes[0].moved_past(head).await.unwrap();
    }
    appending.join_all().await;
    let again = append(&key(0), Expected::Any, vec![event(id(0), "told")]);
    assert!(nodes[1].append(again).await.unwrap().already_recorded);
    let found = nodes[1]
        .find(EventId(Uuid::from_u128(id(0))))
        .await
        .unwrap();
    assert_eq!(found.unwrap().stream, key(0));
    assert_eq!(nodes[1].verify().await.unwrap().head, total);
}
