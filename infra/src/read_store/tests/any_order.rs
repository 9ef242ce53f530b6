//! In whatever order facts arrive, and however often the runner is stopped between them, the rows
//! are the same.

use chrono::{DateTime, Utc};
use domain::es::EventStore;

use super::{
    kit::{self, Dice, Telling, World, day},
    runner::dump_of,
};

/// A fact, or an amendment with the fact it amends: what amends follows what it amends.
type Told = Vec<Telling>;

/// All was learned on one day: the day of learning is part of a row, and is not what is shuffled.
fn learned() -> DateTime<Utc> {
    day("2021-06-30").ends()
}

/// A history with late facts, corrections and retractions.
async fn history(seed: u64) -> Vec<Told> {
    let draft = World::on("2021-07-01");
    let mut dice = Dice::new(seed);
    let mut told: Vec<Told> = vec![];
    for (_, fact) in kit::tellings(&draft, 8, &mut dice) {
        // The draft holds this one fact of its stream when it is amended, so it is what is meant.
        if dice.roll(8) == 0 {
            let alone = World::on("2021-07-01");
            alone.tell(learned(), fact.clone()).await;
            let mut amendment =
                kit::amendment(&mut dice, &alone, learned(), fact.stream.clone()).await;
            amendment.id = draft.new_id();
            told.push(vec![fact, amendment]);
        } else {
            told.push(vec![fact]);
        }
    }
    told
}

fn shuffle<T>(dice: &mut Dice, items: &mut [T]) {
    for at in (1..items.len()).rev() {
        let other = usize::try_from(dice.roll(at as u64 + 1)).unwrap();
        items.swap(at, other);
    }
}

/// In an order of its own; of a pair, something else may stand between the two.
fn in_some_order(dice: &mut Dice, told: &[Told]) -> Vec<Telling> {
    let mut places: Vec<usize> = told
        .iter()
        .enumerate()
        .flat_map(|(at, told)| vec![at; told.len()])
        .collect();
    shuffle(dice, &mut places);
    let mut rest: Vec<_> = told.iter().map(|told| told.iter()).collect();
    places
        .into_iter()
        .map(|at| rest[at].next().unwrap().clone())
        .collect()
}

/// The rows without their places in the log, which differ from order to order.
async fn rows(world: &World) -> Vec<String> {
    let mut lines: Vec<String> = dump_of(world, "read.sqlite")
        .await
        .into_iter()
        .filter(|line| !line.starts_with("checkpoint_v1"))
        .map(|line| {
            let columns = line
                .split(' ')
                .filter(|text| !text.starts_with("position="));
            columns.collect::<Vec<_>>().join(" ")
        })
        .collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn facts_that_arrive_in_any_order_and_batches_of_any_size_make_the_same_rows() {
    for seed in 1..=12 {
        let told = history(seed).await;
        let plain = World::on("2021-07-01");
        for telling in told.iter().flatten() {
            plain.tell(learned(), telling.clone()).await;
        }
        let store = plain.open().await.unwrap();
        store.catch_up(|_, _| {}).await.unwrap();
        store.close().await;
        let expected = rows(&plain).await;
        assert!(expected.len() > 60, "{} rows", expected.len());

        let mut dice = Dice::new(seed + 1_000);
        for _ in 0..3 {
            let world = World::on("2021-07-01");
            let mut store = world.open().await.unwrap();
            let mut left = 0;
            for telling in in_some_order(&mut dice, &told) {
                world.tell(learned(), telling).await;
                if left > 0 {
                    left -= 1;
                    continue;
                }
                left = dice.roll(25);
                store.catch_up(|_, _| {}).await.unwrap();
                if dice.roll(3) == 0 {
                    store.close().await;
                    store = world.open().await.unwrap();
                }
            }
            store.catch_up(|_, _| {}).await.unwrap();
            assert_eq!(store.position(), world.log.head().await.unwrap());
            store.close().await;
            assert_eq!(rows(&world).await, expected, "seed {seed}");
        }
    }
}
