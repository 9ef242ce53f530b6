//! The time machine keeps what it made, makes it once, and never disagrees with a making from
//! nothing.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use domain::{
    es::{
        Append, AppendError, Appended, Day, EventId, EventStore, Position, ReadError, RecordedAt,
        RecordedEvent, StreamName, Version,
    },
    words::ParticipantId,
};
use projections::{
    Ask, AskError, PageSize, Question, Rows, Scope, participant::ParticipantDetail, plan::PlansOf,
    timeline::TimelineOf,
};
use sqlx::Row;
use tokio::sync::watch;

use super::kit::{self, World, day, id};
use crate::read_store::{Keep, Progress, ReadStore, ReadStoreError, engine, models, read_models};

/// A log that counts who reads pages of it, and can make them wait.
struct Watched {
    log: Arc<dyn EventStore>,
    pages: AtomicUsize,
    events: AtomicUsize,
    /// How many wait.
    waiting: watch::Sender<usize>,
    open: watch::Sender<bool>,
    fails: Mutex<bool>,
}

impl Watched {
    fn over(world: &World) -> Arc<Self> {
        Arc::new(Self {
            log: world.log.clone(),
            pages: AtomicUsize::new(0),
            events: AtomicUsize::new(0),
            waiting: watch::Sender::new(0),
            open: watch::Sender::new(true),
            fails: Mutex::new(false),
        })
    }

    /// How many pages were read since the last time.
    fn pages(&self) -> usize {
        self.pages.swap(0, Ordering::SeqCst)
    }

    async fn until_waiting(&self, many: impl Fn(usize) -> bool) {
        let mut waiting = self.waiting.subscribe();
        waiting.wait_for(|waiting| many(*waiting)).await.unwrap();
    }
}

struct Waits<'w>(&'w watch::Sender<usize>);

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|waiting| *waiting -= 1);
    }
}

#[async_trait]
impl EventStore for Watched {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.log.append(append).await
    }

    async fn append_all(&self, appends: Vec<Append>) -> Vec<Result<Appended, AppendError>> {
        self.log.append_all(appends).await
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        after: Version,
    ) -> Result<Vec<RecordedEvent>, ReadError> {
        self.log.read_stream(stream, after).await
    }

    async fn read_all(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, ReadError> {
        // One event at a time is looked at to find a moment.
        if limit == 1 {
            return self.log.read_all(after, limit).await;
        }
        self.waiting.send_modify(|waiting| *waiting += 1);
        let _waits = Waits(&self.waiting);
        let mut open = self.open.subscribe();
        open.wait_for(|open| *open).await.unwrap();
        self.pages.fetch_add(1, Ordering::SeqCst);
        if *self.fails.lock().unwrap() {
            return Err(ReadError::Unavailable("a test says so".into()));
        }
        let page = self.log.read_all(after, limit).await?;
        self.events.fetch_add(page.len(), Ordering::SeqCst);
        Ok(page)
    }

    async fn find(&self, id: EventId) -> Result<Option<RecordedEvent>, ReadError> {
        self.log.find(id).await
    }

    async fn head(&self) -> Result<Position, ReadError> {
        self.log.head().await
    }

    async fn moved_past(&self, position: Position) -> Result<Position, ReadError> {
        self.log.moved_past(position).await
    }
}

/// What all tables hold.
struct Sums;

impl Question for Sums {
    type View = Vec<String>;
    const TABLES: &'static [&'static str] = read_models();

    async fn ask(&self, rows: &mut Rows<'_>, _: Day) -> Result<Vec<String>, AskError> {
        let mut sums = vec![];
        for model in models::all() {
            let sum = model.sum(rows, model.name()).await?;
            sums.push(format!("{} {} {sum}", model.name(), sum.rows));
        }
        Ok(sums)
    }
}

fn as_of(day: Day) -> Ask {
    Ask {
        as_of: Some(day),
        known_at: None,
    }
}

fn known_at(text: &str) -> Ask {
    Ask {
        as_of: None,
        known_at: Some(RecordedAt(day(text).ends())),
    }
}

async fn store(world: &World, log: Arc<dyn EventStore>, file: &str, keep: Keep) -> ReadStore {
    let url = format!("sqlite:{}", world.folder.path().join(file).display());
    let store = ReadStore::open(&url, log, world.clock.clone()).await;
    store.unwrap().keeping(keep)
}

async fn sums(store: &ReadStore, ask: Ask) -> Vec<String> {
    store.ask(&Sums, ask).await.unwrap().view
}

#[tokio::test]
async fn tables_that_went_on_are_those_made_from_nothing() {
    for seed in 1..=5 {
        let world = World::on("2021-07-01");
        let log = Watched::over(&world);
        let going_on = store(&world, log.clone(), "on.sqlite", Keep::default()).await;
        let days = [day("2019-06-01").plus(seed * 71), day("2021-06-30")];
        let mut before = vec![vec![]; 2];
        let mut moved = 0;
        for step in 0..4 {
            // The same persons again, so that what is told is often late, or amends.
            kit::grow(&world, 6, seed * 3 + step % 2).await;
            for (day, before) in days.into_iter().zip(&mut before) {
                let found = sums(&going_on, as_of(day)).await;
                let anew = store(&world, world.log.clone(), "anew.sqlite", Keep::default()).await;
                assert_eq!(found, sums(&anew, as_of(day)).await, "{seed} {step} {day}");
                moved += usize::from(found != *before);
                *before = found;
            }
        }
        assert!(moved > 4, "{moved} of 8 steps changed what is told");
        // Each event was read once for each of the days.
        let events = usize::try_from(world.log.head().await.unwrap().0).unwrap();
        assert_eq!(log.events.load(Ordering::SeqCst), 2 * events);
    }
}

#[tokio::test]
async fn many_who_ask_for_one_day_wait_for_one_making() {
    let world = World::on("2021-07-01");
    kit::grow(&world, 9, 3).await;
    let log = Watched::over(&world);
    let store = store(&world, log.clone(), "read.sqlite", Keep::default()).await;
    let asks = (0..20).map(|_| sums(&store, as_of(day("2020-12-31"))));
    let answers = futures::future::join_all(asks).await;
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(log.pages(), 1);
}

#[tokio::test]
async fn who_is_answered_from_what_is_kept_waits_for_no_making() {
    let world = World::on("2021-07-01");
    kit::grow(&world, 9, 3).await;
    let log = Watched::over(&world);
    let store = store(&world, log.clone(), "read.sqlite", Keep::default()).await;
    let kept = sums(&store, as_of(day("2020-12-31"))).await;
    log.open.send_replace(false);
    let other = sums(&store, as_of(day("2019-12-31")));
    tokio::pin!(other);
    tokio::select! {
        biased;
        _ = &mut other => panic!("the log lets nobody read"),
        () = log.until_waiting(|waiting| waiting > 0) => {}
    }
    assert_eq!(sums(&store, as_of(day("2020-12-31"))).await, kept);
    log.open.send_replace(true);
    assert_ne!(other.await, kept);
}

#[tokio::test]
async fn who_goes_away_leaves_no_work_behind_and_ends_no_work_that_another_waits_for() {
    let world = World::on("2021-07-01");
    kit::grow(&world, 9, 3).await;
    let log = Watched::over(&world);
    let store = Arc::new(store(&world, log.clone(), "read.sqlite", Keep::default()).await);
    let ask = || {
        let store = store.clone();
        tokio::spawn(async move { sums(&store, as_of(day("2020-12-31"))).await })
    };
    log.open.send_replace(false);
    let (first, second) = (ask(), ask());
    log.until_waiting(|waiting| waiting == 1).await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    assert_eq!(*log.waiting.borrow(), 1);
    log.open.send_replace(true);
    assert_eq!(second.await.unwrap().len(), read_models().len());
    assert_eq!(log.pages(), 1);

    // Nobody else waits for this one.
    kit::grow(&world, 2, 4).await;
    log.open.send_replace(false);
    let only = ask();
    log.until_waiting(|waiting| waiting == 1).await;
    only.abort();
    log.until_waiting(|waiting| waiting == 0).await;
    assert_eq!(log.pages(), 0);
    // What it went on from is not kept half-way.
    log.open.send_replace(true);
    let anew = self::store(&world, world.log.clone(), "anew.sqlite", Keep::default()).await;
    let expected = sums(&anew, as_of(day("2020-12-31"))).await;
    assert_eq!(ask().await.unwrap(), expected);
}

#[tokio::test]
async fn no_more_is_kept_than_was_told() {
    let world = World::on("2021-07-01");
    kit::grow(&world, 9, 3).await;
    let log = Watched::over(&world);
    let read = async |store: &ReadStore, day: Day| {
        log.pages();
        sums(store, as_of(day)).await;
        log.pages()
    };
    let (first, second, third) = (day("2019-12-31"), day("2020-06-30"), day("2020-12-31"));
    let keep = Keep {
        moments: 2,
        megabytes: 1_000,
    };
    let few = store(&world, log.clone(), "few.sqlite", keep).await;
    for (day, pages) in [
        (first, 1),
        (second, 1),
        (first, 0),
        // The one asked for longest ago goes.
        (third, 1),
        (first, 0),
        (second, 1),
    ] {
        assert_eq!(read(&few, day).await, pages, "{day}");
    }
    let keep = Keep {
        moments: 9,
        megabytes: 0,
    };
    let small = store(&world, log.clone(), "small.sqlite", keep).await;
    for (day, pages) in [(first, 1), (first, 0), (second, 1), (first, 1)] {
        assert_eq!(read(&small, day).await, pages, "{day}");
    }
}

#[tokio::test]
async fn a_moment_that_is_kept_is_not_lost_when_the_log_goes_on() {
    let world = World::on("2021-07-01");
    kit::grow(&world, 9, 3).await;
    let log = Watched::over(&world);
    let store = store(&world, log.clone(), "read.sqlite", Keep::default()).await;
    let then = sums(&store, known_at("2020-06-30")).await;
    kit::grow(&world, 9, 4).await;
    sums(&store, known_at("2020-09-30")).await;
    log.pages();
    assert_eq!(sums(&store, known_at("2020-06-30")).await, then);
    assert_eq!(log.pages(), 0);
}

#[tokio::test]
async fn a_question_about_one_person_reads_no_more_than_their_stream() {
    let world = World::on("2021-07-01");
    kit::grow(&world, 9, 3).await;
    let log = Watched::over(&world);
    let alone = store(&world, log.clone(), "alone.sqlite", Keep::default()).await;
    let all = store(&world, log.clone(), "all.sqlite", Keep::default()).await;
    let (scope, size) = (Scope::All, PageSize::new(100));
    for ask in [as_of(day("2020-10-01")), known_at("2020-10-01")] {
        sums(&all, ask).await;
        log.pages();
        let mut told = 0;
        for n in 0..12 {
            let participant_id = ParticipantId(id(n));
            let (detail, timeline, plans) = (
                ParticipantDetail {
                    participant_id,
                    scope: scope.clone(),
                    active_within_days: 90,
                },
                TimelineOf {
                    participant_id,
                    scope: scope.clone(),
                    kinds: None,
                    after: None,
                    size,
                },
                PlansOf {
                    participant_id,
                    scope: scope.clone(),
                },
            );
            told += same(&alone, &all, &detail, ask).await;
            told += same(&alone, &all, &timeline, ask).await;
            told += same(&alone, &all, &plans, ask).await;
        }
        assert!(told > 9, "{told} answers");
        assert_eq!(log.pages(), 0);
    }
}

/// Whether there was an answer, which must be the same from both.
async fn same<Q: Question<View = Option<V>>, V: serde::Serialize>(
    one: &ReadStore,
    other: &ReadStore,
    question: &Q,
    ask: Ask,
) -> usize {
    let one = one.ask(question, ask).await.unwrap();
    let other = other.ask(question, ask).await.unwrap();
    assert_eq!(one.position, other.position);
    assert_eq!(
        serde_json::to_value(&one.view).unwrap(),
        serde_json::to_value(&other.view).unwrap()
    );
    usize::from(one.view.is_some())
}

#[tokio::test]
async fn a_log_that_cannot_be_read_fails_all_who_wait_and_the_next_try_may_succeed() {
    let world = World::on("2021-07-01");
    kit::grow(&world, 9, 3).await;
    let log = Watched::over(&world);
    let store = store(&world, log.clone(), "read.sqlite", Keep::default()).await;
    *log.fails.lock().unwrap() = true;
    let ask = || store.ask(&Sums, as_of(day("2020-12-31")));
    let (one, other) = tokio::join!(ask(), ask());
    for answer in [one, other] {
        let error = answer.unwrap_err();
        assert!(matches!(error, ReadStoreError::Past(_)), "{error:?}");
        assert_eq!(error.to_string(), "the event store did not answer");
    }
    *log.fails.lock().unwrap() = false;
    assert!(ask().await.is_ok());
}

#[tokio::test]
async fn it_is_told_how_far_the_tables_are() {
    let world = World::on("2021-07-01");
    kit::grow(&world, 9, 3).await;
    let store = store(&world, world.log.clone(), "read.sqlite", Keep::default()).await;
    let head = world.log.head().await.unwrap();
    let told = Mutex::new(vec![]);
    let tell = |progress: Progress| told.lock().unwrap().push(progress);
    let ask = as_of(day("2020-12-31"));
    store.ask_telling(&Sums, ask, &tell).await.unwrap();
    let first = std::mem::take(&mut *told.lock().unwrap());
    assert!(!first.is_empty());
    assert!(first.is_sorted_by_key(|progress| progress.position));
    assert!(first.iter().all(|progress| progress.until == head));
    // What is at hand needs no waiting, and nothing is told.
    store.ask_telling(&Sums, ask, &tell).await.unwrap();
    assert!(told.lock().unwrap().is_empty());
}

#[tokio::test]
async fn tables_of_the_past_have_the_indexes_of_the_live_ones() {
    async fn indexes<'e>(db: impl sqlx::SqliteExecutor<'e>) -> Vec<String> {
        let sql = "SELECT name FROM sqlite_master WHERE type = 'index' ORDER BY name";
        let rows = sqlx::query(sql).fetch_all(db).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }
    let world = World::on("2021-07-01");
    world.open().await.unwrap().close().await;
    let path = world.folder.path().join("read.sqlite");
    let live = sqlx::SqlitePool::connect(&format!("sqlite:{}", path.display()))
        .await
        .unwrap();
    let scratch = engine::scratch().await.unwrap();
    let mut db = scratch.acquire().await.unwrap();
    engine::index(&mut db).await.unwrap();
    let mut expected = indexes(&live).await;
    expected.retain(|name| !name.contains("_sqlx_migrations"));
    assert!(expected.len() > 9);
    assert_eq!(indexes(&mut *db).await, expected);
}
