//! The tables in PostgreSQL are those in SQLite.

use std::sync::Arc;

use domain::es::{EventStore, Position};
use projections::{
    Ask, Projection, Scope,
    journey::{Journey, StandingNow},
};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqlSafeStr};

use super::{
    kit::{self, OSLO, World, day},
    rows::statements,
};
use crate::{
    postgres::ScratchDatabase,
    read_store::{Projector, ReadStore},
};

async fn open(world: &World, database: &ScratchDatabase) -> ReadStore {
    ReadStore::open(database.url(), world.log.clone(), world.clock.clone())
        .await
        .unwrap()
}

#[tokio::test]
async fn every_sql_file_prepares() {
    let Some(database) = ScratchDatabase::make("every statement of the read models").await else {
        return;
    };
    let world = World::on("2021-07-01");
    open(&world, &database).await.close().await;
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    for (path, sql) in statements() {
        let prepared = connection.prepare(AssertSqlSafe(sql).into_sql_str()).await;
        assert!(prepared.is_ok(), "{path}: {:?}", prepared.err());
    }
}

#[tokio::test]
async fn the_same_log_gives_the_same_rows_in_whatever_steps_it_is_folded() {
    let Some(database) = ScratchDatabase::make("the rows of the read models").await else {
        return;
    };
    let world = World::on("2021-07-01");
    let stored = open(&world, &database).await;
    // Told step by step, with the store closed and opened between.
    kit::grow(&world, 8, 3).await;
    stored.catch_up(|_, _| {}).await.unwrap();
    stored.close().await;
    kit::grow(&world, 12, 9).await;
    let stored = open(&world, &database).await;
    stored.catch_up(|_, _| {}).await.unwrap();

    let embedded = world.open().await.unwrap();
    embedded.catch_up(|_, _| {}).await.unwrap();
    let sums = embedded.sums().await.unwrap();
    assert!(sums.iter().any(|(_, sum)| sum.rows > 20), "{sums:?}");
    assert_eq!(stored.sums().await.unwrap(), sums);
    assert_eq!(stored.position(), world.log.head().await.unwrap());

    stored.forget().await.unwrap();
    assert_eq!(stored.position(), Position::START);
    stored.catch_up(|_, _| {}).await.unwrap();
    assert_eq!(stored.sums().await.unwrap(), sums);
    stored.close().await;

    // One of them is behind the others, which come to what they hold already.
    let log = world.log.clone();
    let one = Projector::open(database.url(), log, &[Journey::NAME]).await;
    let mut one = one.unwrap();
    one.forget().await.unwrap();
    one.close().await;
    kit::grow(&world, 12, 14).await;
    for store in [&open(&world, &database).await, &embedded] {
        store.catch_up(|_, _| {}).await.unwrap();
    }
    let stored = open(&world, &database).await;
    assert_eq!(stored.sums().await.unwrap(), embedded.sums().await.unwrap());
}

#[tokio::test]
async fn a_question_has_the_same_answer_now_and_then() {
    let Some(database) = ScratchDatabase::make("questions to the read models").await else {
        return;
    };
    let world = World::on("2021-07-01");
    kit::grow(&world, 12, 9).await;
    let stored = open(&world, &database).await;
    let embedded = world.open().await.unwrap();
    let question = StandingNow {
        unit: Some(kit::unit(OSLO)),
        scope: Scope::All,
        active_within_days: 90,
    };
    for store in [&stored, &embedded] {
        store.catch_up(|_, _| {}).await.unwrap();
    }
    for as_of in [None, Some(day("2020-06-01"))] {
        let ask = Ask {
            as_of,
            known_at: None,
        };
        assert_eq!(
            stored.ask(&question, ask).await.unwrap(),
            embedded.ask(&question, ask).await.unwrap()
        );
    }
}

#[tokio::test]
async fn a_connection_that_was_lost_is_made_again() {
    let Some(database) = ScratchDatabase::make("a lost connection of the read store").await else {
        return;
    };
    let world = World::on("2021-07-01");
    kit::grow(&world, 3, 3).await;
    let stored = Arc::new(open(&world, &database).await);
    stored.catch_up(|_, _| {}).await.unwrap();
    let mut other = PgConnection::connect(database.url()).await.unwrap();
    sqlx::query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    .execute(&mut other)
    .await
    .unwrap();
    kit::grow(&world, 5, 4).await;
    // The first may meet the dead connection; what keeps the store up tries again.
    if stored.catch_up(|_, _| {}).await.is_err() {
        stored.catch_up(|_, _| {}).await.unwrap();
    }
    assert_eq!(stored.position(), world.log.head().await.unwrap());
}
