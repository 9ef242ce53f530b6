//! Several nodes keep the same tables up, each its share.

use std::{sync::Arc, time::Duration};

use domain::es::{EventStore, Position};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio_util::sync::CancellationToken;

use super::kit::{self, World};
use crate::{
    postgres::ScratchDatabase,
    read_store::{ReadStore, ReadStoreError, Sum},
};

struct Nodes {
    world: World,
    database: ScratchDatabase,
}

impl Nodes {
    async fn make(what_for: &str) -> Option<Self> {
        Some(Self {
            world: World::on("2021-07-01"),
            database: ScratchDatabase::make(what_for).await?,
        })
    }

    async fn node(&self) -> ReadStore {
        let (log, clock) = (self.world.log.clone(), self.world.clock.clone());
        ReadStore::open(self.database.url(), log, clock)
            .await
            .unwrap()
    }

    async fn sql(&self, text: &'static str) -> u64 {
        let mut db = PgConnection::connect(self.database.url()).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(text))
            .execute(&mut db)
            .await
            .unwrap()
            .rows_affected()
    }

    /// Time goes by, and nobody who is gone says anything.
    async fn leases_end(&self) {
        self.sql("UPDATE lease_v1 SET expires = 0; DELETE FROM node_v1")
            .await;
    }

    /// What the tables hold if one process folds the whole log.
    async fn expected(&self) -> Vec<(&'static str, Sum)> {
        let embedded = self.world.open().await.unwrap();
        embedded.catch_up(|_, _| {}).await.unwrap();
        embedded.sums().await.unwrap()
    }

    async fn head(&self) -> Position {
        self.world.log.head().await.unwrap()
    }
}

#[tokio::test]
async fn what_a_node_left_is_taken_up_when_its_leases_end() {
    let Some(nodes) = Nodes::make("nodes that take over").await else {
        return;
    };
    kit::grow(&nodes.world, 5, 3).await;
    let one = nodes.node().await;
    one.catch_up(|_, _| {}).await.unwrap();
    assert_eq!(one.position(), nodes.head().await);
    kit::grow(&nodes.world, 6, 4).await;
    let other = nodes.node().await;
    other.catch_up(|_, _| {}).await.unwrap();
    assert!(
        other.position() < nodes.head().await,
        "the first holds all leases"
    );

    nodes.leases_end().await;
    other.catch_up(|_, _| {}).await.unwrap();
    assert_eq!(other.position(), nodes.head().await);
    assert_eq!(other.sums().await.unwrap(), nodes.expected().await);
}

#[tokio::test]
async fn who_slept_while_its_leases_went_to_another_writes_nothing() {
    let Some(nodes) = Nodes::make("a node that lost its leases").await else {
        return;
    };
    kit::grow(&nodes.world, 5, 3).await;
    let asleep = nodes.node().await;
    asleep.catch_up(|_, _| {}).await.unwrap();
    nodes.leases_end().await;
    let awake = nodes.node().await;
    awake.catch_up(|_, _| {}).await.unwrap();
    kit::grow(&nodes.world, 6, 4).await;

    // It has not noticed, and folds what it believes to be its share.
    let before = asleep.sums().await.unwrap();
    asleep.catch_up(|_, _| {}).await.unwrap();
    assert_eq!(asleep.sums().await.unwrap(), before);

    awake.catch_up(|_, _| {}).await.unwrap();
    assert_eq!(awake.sums().await.unwrap(), nodes.expected().await);
}

#[tokio::test]
async fn a_lease_that_ended_and_that_nobody_took_is_still_ones_own() {
    let Some(nodes) = Nodes::make("a lease that ended").await else {
        return;
    };
    kit::grow(&nodes.world, 5, 3).await;
    let node = nodes.node().await;
    node.catch_up(|_, _| {}).await.unwrap();
    nodes.sql("UPDATE lease_v1 SET expires = 0").await;
    kit::grow(&nodes.world, 6, 4).await;
    node.catch_up(|_, _| {}).await.unwrap();
    assert_eq!(node.position(), nodes.head().await);
    assert_eq!(node.sums().await.unwrap(), nodes.expected().await);
}

#[tokio::test]
async fn who_closes_gives_its_leases_back_at_once() {
    let Some(nodes) = Nodes::make("leases given back").await else {
        return;
    };
    kit::grow(&nodes.world, 5, 3).await;
    let one = nodes.node().await;
    one.catch_up(|_, _| {}).await.unwrap();
    one.close().await;
    kit::grow(&nodes.world, 6, 4).await;
    let other = nodes.node().await;
    other.catch_up(|_, _| {}).await.unwrap();
    assert_eq!(other.position(), nodes.head().await);
}

#[tokio::test]
async fn every_node_refuses_read_models_of_another_log_until_they_are_forgotten() {
    let Some(nodes) = Nodes::make("read models ahead of the log").await else {
        return;
    };
    kit::grow(&nodes.world, 6, 3).await;
    let node = nodes.node().await;
    node.catch_up(|_, _| {}).await.unwrap();
    node.close().await;
    let url = nodes.database.url().to_owned();
    let restored = Nodes {
        world: World::on("2021-07-01"),
        ..nodes
    };
    kit::grow(&restored.world, 3, 5).await;
    let (log, clock) = (&restored.world.log, &restored.world.clock);
    for refused in [
        ReadStore::open(&url, log.clone(), clock.clone())
            .await
            .err(),
        ReadStore::open_to_ask(&url, log.clone(), clock.clone())
            .await
            .err(),
    ] {
        assert!(matches!(refused, Some(ReadStoreError::AheadOfLog { .. })));
    }

    ReadStore::forget_all(&url, clock.clone()).await.unwrap();
    let node = restored.node().await;
    node.catch_up(|_, _| {}).await.unwrap();
    assert_eq!(node.sums().await.unwrap(), restored.expected().await);
}

#[tokio::test]
async fn a_node_notices_that_what_it_keeps_up_was_forgotten_and_begins_anew() {
    let Some(nodes) = Nodes::make("read models forgotten beside a node").await else {
        return;
    };
    kit::grow(&nodes.world, 5, 3).await;
    let node = nodes.node().await;
    node.catch_up(|_, _| {}).await.unwrap();
    ReadStore::forget_all(nodes.database.url(), nodes.world.clock.clone())
        .await
        .unwrap();
    kit::grow(&nodes.world, 6, 4).await;
    // The first time it finds its leases gone, and takes them again.
    node.catch_up(|_, _| {}).await.unwrap();
    node.catch_up(|_, _| {}).await.unwrap();
    assert_eq!(node.sums().await.unwrap(), nodes.expected().await);
}

#[tokio::test]
async fn nodes_that_run_share_the_work_and_every_node_sees_how_far_it_is() {
    let Some(nodes) = Nodes::make("nodes that run side by side").await else {
        return;
    };
    let stop = CancellationToken::new();
    let mut running = vec![];
    let mut stores = vec![];
    for _ in 0..3 {
        let store = Arc::new(nodes.node().await);
        let (told, run) = (stop.clone(), store.clone());
        running.push(tokio::spawn(async move {
            run.run(told.cancelled_owned()).await;
        }));
        stores.push(store);
    }
    let (log, clock) = (nodes.world.log.clone(), nodes.world.clock.clone());
    let asking = Arc::new(
        ReadStore::open_to_ask(nodes.database.url(), log, clock)
            .await
            .unwrap(),
    );
    let (told, run) = (stop.clone(), asking.clone());
    running.push(tokio::spawn(async move {
        run.run(told.cancelled_owned()).await;
    }));
    kit::grow(&nodes.world, 12, 5).await;
    let head = nodes.head().await;
    for store in stores.iter().chain([&asking]) {
        store.wait_for(head, Duration::from_mins(1)).await.unwrap();
    }
    let holders: Vec<(uuid::Uuid,)> = {
        let mut db = PgConnection::connect(nodes.database.url()).await.unwrap();
        sqlx::query_as("SELECT DISTINCT holder FROM lease_v1")
            .fetch_all(&mut db)
            .await
            .unwrap()
    };
    assert!(!holders.is_empty());
    assert_eq!(asking.sums().await.unwrap(), nodes.expected().await);
    assert!(matches!(
        asking.forget().await,
        Err(ReadStoreError::NotKeptUpHere)
    ));
    stop.cancel();
    for run in running {
        run.await.unwrap();
    }
}
