//! Several nodes on one log.

use domain::es::{EventId, Expected};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::*;

async fn nodes(database: &ScratchDatabase, many: usize) -> Vec<Arc<PostgresEventStore>> {
    let mut nodes = Vec::new();
    for _ in 0..many {
        nodes.push(Arc::new(open(database).await));
    }
    nodes
}

fn nth(nodes: &[Arc<PostgresEventStore>], number: u32) -> &Arc<PostgresEventStore> {
    &nodes[usize::try_from(number).unwrap() % nodes.len()]
}

async fn everything(node: &PostgresEventStore) -> Vec<RecordedEvent> {
    node.read_all(Position::START, usize::MAX).await.unwrap()
}

/// Positions and versions without gaps, and both chains.
async fn assert_whole(node: &PostgresEventStore, events: u64) {
    let verified = node.verify().await.unwrap();
    assert_eq!(verified.head, Position(events));
    assert_eq!(node.head().await.unwrap(), Position(events));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_nodes_write_one_log_and_no_reader_skips_an_event() {
    let Some(database) = ScratchDatabase::make("three nodes").await else {
        return;
    };
    let nodes = nodes(&database, 3).await;
    let (clients, each) = (12_u32, 40);
    let total = clients * each;
    let mut writers = JoinSet::new();
    for client in 0..clients {
        let node = Arc::clone(nth(&nodes, client));
        writers.spawn(async move {
            for n in 0..each {
                // Streams of one node, and streams that all of them write to.
                let to = stream(if n % 2 == 0 { client } else { 100 + n % 5 });
                let id = u128::from(client * each + n + 1);
                let told = append(&to, Expected::Any, vec![event(id, "told")]);
                node.append(told).await.unwrap();
            }
        });
    }
    let mut readers = JoinSet::new();
    for node in &nodes {
        let node = Arc::clone(node);
        readers.spawn(async move {
            let mut seen = Vec::new();
            let mut last = Position::START;
            while last < Position(total.into()) {
                let page = node.read_all(last, 7).await.unwrap();
                last = page.last().map_or(last, |event| event.position);
                seen.extend(page.into_iter().map(|event| event.position.0));
            }
            seen
        });
    }
    writers.join_all().await;
    for seen in readers.join_all().await {
        assert_eq!(seen, (1..=u64::from(total)).collect::<Vec<_>>());
    }
    for node in &nodes {
        assert_whole(node, total.into()).await;
    }
    assert_eq!(everything(&nodes[0]).await, everything(&nodes[2]).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_sixteen_writers_on_three_nodes_one_wins_each_round() {
    let Some(database) = ScratchDatabase::make("writers racing on three nodes").await else {
        return;
    };
    let nodes = nodes(&database, 3).await;
    let to = stream("slemdal");
    for round in 0..12_u32 {
        let expected = match round {
            0 => Expected::NoStream,
            _ => Expected::Exactly(Version(round.into())),
        };
        let mut writers = JoinSet::new();
        for writer in 0..16_u32 {
            let node = Arc::clone(nth(&nodes, writer));
            let id = u128::from(round * 16 + writer + 1);
            let told = append(&to, expected, vec![event(id, "raced")]);
            writers.spawn(async move { node.append(told).await });
        }
        let mut won = 0;
        for outcome in writers.join_all().await {
            match outcome {
                Ok(appended) => {
                    assert_eq!(appended.version, Version(u64::from(round) + 1));
                    won += 1;
                }
                Err(AppendError::Conflict { actual, .. }) => {
                    assert_eq!(actual, Version(u64::from(round) + 1));
                }
                Err(error) => panic!("{error:?}"),
            }
        }
        assert_eq!(won, 1);
    }
    assert_whole(&nodes[1], 12).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_events_told_to_two_nodes_at_once_are_recorded_once() {
    let Some(database) = ScratchDatabase::make("the same events to two nodes").await else {
        return;
    };
    let nodes = nodes(&database, 2).await;
    let mut tellers = JoinSet::new();
    for id in 1..=100_u128 {
        for node in &nodes {
            let node = Arc::clone(node);
            let told = append(&stream(id % 3), Expected::Any, vec![event(id, "told")]);
            tellers.spawn(async move { (id, node.append(told).await.unwrap()) });
        }
    }
    let answers = tellers.join_all().await;
    let again = answers.iter().filter(|(_, one)| one.already_recorded);
    assert_eq!(again.count(), 100);
    for (id, appended) in answers {
        let found = nodes[0].find(EventId(Uuid::from_u128(id))).await.unwrap();
        assert_eq!(found.unwrap().position, appended.position);
    }
    assert_whole(&nodes[0], 100).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_start_at_once_make_the_tables_once() {
    let Some(database) = ScratchDatabase::make("nodes that start at once").await else {
        return;
    };
    let opened = futures::future::join_all((0..4).map(|_| open(&database))).await;
    for (node, id) in opened.iter().zip(1..) {
        let told = append(&stream(id), Expected::NoStream, vec![event(id, "told")]);
        node.append(told).await.unwrap();
    }
    assert_whole(&opened[0], 4).await;
}
