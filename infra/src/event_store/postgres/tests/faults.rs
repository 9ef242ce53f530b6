//! What goes wrong around the log: nothing acknowledged is lost, nothing is doubled.

use std::time::{Duration, Instant};

use domain::es::EventId;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::*;

/// Somebody else at the same database.
pub(super) async fn other(database: &ScratchDatabase) -> PgConnection {
    Database::named(database.url())
        .unwrap()
        .connect()
        .await
        .unwrap()
}

pub(super) async fn run(connection: &mut PgConnection, sql: impl Into<String>) {
    sqlx::raw_sql(AssertSqlSafe(sql.into()))
        .execute(connection)
        .await
        .unwrap();
}

fn tell(id: u128) -> Append {
    append(&stream(id % 7), Expected::Any, vec![event(id, "told")])
}

/// Ends every other session of the database.
const END_ALL: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                       WHERE datname = current_database() AND pid <> pg_backend_pid()";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_commits_later_stands_later() {
    let Some(database) = ScratchDatabase::make("writers in reverse order").await else {
        return;
    };
    let store = Arc::new(open(&database).await);
    store.append(tell(1)).await.unwrap();
    // Another writer has taken the tail and does not commit yet.
    let mut early = other(&database).await;
    run(&mut early, "BEGIN; UPDATE log_tail SET position = position").await;
    let late = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.append(tell(2)).await }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!late.is_finished(), "it waits for the one before it");
    assert_eq!(store.read_all(Position(1), 10).await.unwrap(), []);
    run(&mut early, "COMMIT").await;
    assert_eq!(late.await.unwrap().unwrap().position, Position(2));
    assert_eq!(store.verify().await.unwrap().head, Position(2));
}

#[tokio::test]
async fn who_is_idle_in_a_transaction_and_holds_nothing_of_ours_stops_nobody() {
    let Some(database) = ScratchDatabase::make("an idle transaction").await else {
        return;
    };
    let store = open(&database).await;
    let mut idle = other(&database).await;
    run(
        &mut idle,
        "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM log_events;
         CREATE TABLE elsewhere (n integer)",
    )
    .await;
    let begun = Instant::now();
    for id in 1..=20 {
        store.append(tell(id)).await.unwrap();
    }
    assert!(begun.elapsed() < Duration::from_secs(4));
    assert_eq!(store.verify().await.unwrap().head, Position(20));
}

#[tokio::test]
async fn who_holds_the_tail_for_long_makes_the_store_unavailable_and_then_it_recovers() {
    let Some(database) = ScratchDatabase::make("a tail that is held").await else {
        return;
    };
    let store = open(&database).await;
    store.append(tell(1)).await.unwrap();
    let mut holder = other(&database).await;
    run(&mut holder, "BEGIN; SELECT * FROM log_tail FOR UPDATE").await;
    let begun = Instant::now();
    match store.append(tell(2)).await {
        Err(AppendError::Unavailable(_)) => {}
        outcome => panic!("{outcome:?}"),
    }
    assert!(
        begun.elapsed() < Duration::from_secs(9),
        "the wait is bounded"
    );
    assert_eq!(store.read_all(Position::START, 10).await.unwrap().len(), 1);
    run(&mut holder, "ROLLBACK").await;
    let appended = store.append(tell(2)).await.unwrap();
    assert_eq!(
        (appended.position, appended.already_recorded),
        (Position(2), false)
    );
    assert_eq!(store.verify().await.unwrap().head, Position(2));
}

#[tokio::test]
async fn a_connection_that_broke_between_appends_is_made_again() {
    let Some(database) = ScratchDatabase::make("connections ended between appends").await else {
        return;
    };
    let store = open(&database).await;
    let mut ender = other(&database).await;
    for id in 1..=6 {
        store.append(tell(id)).await.unwrap();
        store.read_stream(&stream(1), Version::NONE).await.unwrap();
        store.read_all(Position::START, 10).await.unwrap();
        run(&mut ender, END_ALL).await;
    }
    let appended = store.append(tell(7)).await.unwrap();
    assert_eq!(appended.position, Position(7));
    assert_eq!(store.verify().await.unwrap().head, Position(7));
}

/// Sessions are ended as fast as they are made, while many append: whoever is told that the store
/// did not answer tells the same again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_break_in_the_midst_lose_and_double_nothing() {
    let Some(database) = ScratchDatabase::make("connections ended amid appends").await else {
        return;
    };
    let store = Arc::new(open(&database).await);
    let mut clients = JoinSet::new();
    let (many, each) = (16_u128, 60_u128);
    for client in 0..many {
        let store = Arc::clone(&store);
        clients.spawn(async move {
            let mut answers = Vec::new();
            for n in 0..each {
                let id = client * each + n + 1;
                loop {
                    match store.append(tell(id)).await {
                        Ok(appended) => break answers.push((id, appended)),
                        Err(AppendError::Unavailable(_)) => {}
                        Err(error) => panic!("{error:?}"),
                    }
                }
            }
            answers
        });
    }
    let mut ender = other(&database).await;
    let mut answers = Vec::new();
    let mut ends = tokio::time::interval(Duration::from_millis(15));
    while !clients.is_empty() {
        tokio::select! {
            _ = ends.tick() => run(&mut ender, END_ALL).await,
            Some(client) = clients.join_next() => answers.extend(client.unwrap()),
        }
    }
    let verified = store.verify().await.unwrap();
    assert_eq!(u128::from(verified.head.0), many * each);
    for (id, appended) in answers {
        let found = store.find(EventId(Uuid::from_u128(id))).await.unwrap();
        assert_eq!(found.unwrap().position, appended.position);
    }
}

/// The statement goes through, and the answer is lost with the connection. Under a lock that
/// outlasts the writer's patience the outcome stays unknown; told again, it is recorded once.
#[tokio::test]
async fn an_append_of_unknown_outcome_is_unavailable_and_told_again_recorded_once() {
    let Some(database) = ScratchDatabase::make("appends of unknown outcome").await else {
        return;
    };
    let store = open(&database).await;
    store.append(tell(1)).await.unwrap();
    let mut other = other(&database).await;
    // Whatever is added ends its own session, before or after it is added.
    run(
        &mut other,
        "CREATE FUNCTION end_session() RETURNS trigger LANGUAGE plpgsql AS
         'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END';
         CREATE TRIGGER ends AFTER INSERT ON log_events EXECUTE FUNCTION end_session()",
    )
    .await;
    match store.append(tell(2)).await {
        Err(AppendError::Unavailable(_)) => {}
        outcome => panic!("{outcome:?}"),
    }
    run(&mut other, "DROP TRIGGER ends ON log_events").await;
    let appended = store.append(tell(2)).await.unwrap();
    assert_eq!(appended.position, Position(2));
    let again = store.append(tell(2)).await.unwrap();
    assert_eq!(
        (again.position, again.already_recorded),
        (Position(2), true)
    );
    assert_eq!(store.verify().await.unwrap().head, Position(2));
}

/// As if the commit went through and its answer did not: the ids stand in the log already.
#[tokio::test]
async fn what_another_node_recorded_meanwhile_is_answered_as_the_first_time() {
    let Some(database) = ScratchDatabase::make("appends recorded meanwhile").await else {
        return;
    };
    let (one, two) = (open(&database).await, open(&database).await);
    one.append(tell(1)).await.unwrap();
    let first = two.append(tell(2)).await.unwrap();
    run(&mut other(&database).await, END_ALL).await;
    let again = one.append(tell(2)).await.unwrap();
    assert_eq!(
        (again.position, again.already_recorded),
        (first.position, true)
    );
}

/// A server that makes every transaction serializable refuses where others make wait.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stricter_transactions_by_default_change_nothing() {
    let Some(database) = ScratchDatabase::make("serializable transactions").await else {
        return;
    };
    let mut admin = other(&database).await;
    let name: String = sqlx::query_scalar("SELECT current_database()::text")
        .fetch_one(&mut admin)
        .await
        .unwrap();
    let strict = "SET default_transaction_isolation = 'serializable'";
    run(&mut admin, format!("ALTER DATABASE {name} {strict}")).await;
    admin.close().await.unwrap();
    let nodes = [open(&database).await, open(&database).await];
    let appends = (1..=200_u128).map(|id| nodes[usize::from(id % 2 == 0)].append(tell(id)));
    for outcome in futures::future::join_all(appends).await {
        outcome.unwrap();
    }
    assert_eq!(nodes[0].verify().await.unwrap().head, Position(200));
}

#[tokio::test]
async fn who_waits_for_the_log_to_move_hears_of_other_nodes_soon() {
    let Some(database) = ScratchDatabase::make("news between nodes").await else {
        return;
    };
    let (one, two) = (open(&database).await, open(&database).await);
    // Until it hears, a node looks by itself: so several times, and the fastest counts.
    let mut waits = Vec::new();
    for id in 1..=20_u64 {
        two.append(tell(id.into())).await.unwrap();
        let begun = Instant::now();
        assert_eq!(
            one.moved_past(Position(id - 1)).await.unwrap(),
            Position(id)
        );
        waits.push(begun.elapsed());
    }
    waits.sort();
    assert!(waits[10] < LOOK / 2, "{waits:?}");
    // The listener's connection is made again when it is lost.
    run(&mut other(&database).await, END_ALL).await;
    two.append(tell(21)).await.unwrap();
    assert_eq!(one.moved_past(Position(20)).await.unwrap(), Position(21));
}
