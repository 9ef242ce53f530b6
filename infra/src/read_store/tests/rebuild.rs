//! Tables made anew beside those in use.

use std::{
    future::{Future, poll_fn},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
    time::Duration,
};

use domain::es::{Day, EventStore, Position};
use projections::{Ask, AskError, Projection, Question, Rows, journey, timeline};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, PgConnection, Row, sqlite::SqliteConnectOptions,
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::kit::{self, OSLO, World, contact, first_contact};
use crate::{
    postgres::ScratchDatabase,
    read_store::{
        Comparison, Difference, How, ReadStore, ReadStoreError, Rebuild, Sum, drop_kept,
        read_models, rebuild::courtesy,
    },
};

const ONE: Uuid = Uuid::from_u128(1);
const OTHER: Uuid = Uuid::from_u128(2);
const JOURNEY: &str = <journey::Journey as Projection>::NAME;

/// A log, and a store of its read models in one of the engines.
struct Ground {
    world: World,
    url: String,
    database: Option<ScratchDatabase>,
}

impl Ground {
    /// One of each engine that is there.
    async fn all(what_for: &str) -> Vec<Self> {
        let world = World::on("2021-07-01");
        let mut grounds = vec![Self {
            url: world.url(),
            world,
            database: None,
        }];
        if let Some(database) = ScratchDatabase::make(what_for).await {
            grounds.push(Self {
                world: World::on("2021-07-01"),
                url: database.url().to_owned(),
                database: Some(database),
            });
        }
        grounds
    }

    async fn store(&self) -> ReadStore {
        let (log, clock) = (self.world.log.clone(), self.world.clock.clone());
        ReadStore::open(&self.url, log, clock).await.unwrap()
    }

    async fn begin(&self, node: Uuid, names: &[&str]) -> Result<Rebuild, ReadStoreError> {
        Rebuild::begin(&self.url, self.world.log.clone(), node, names).await
    }

    async fn go_back(&self, names: Option<&[&str]>) -> Result<Rebuild, ReadStoreError> {
        Rebuild::of_kept(&self.url, self.world.log.clone(), ONE, names).await
    }

    /// From the first step to the last.
    async fn rebuild(&self, names: &[&str]) -> Vec<Comparison> {
        let mut rebuild = self.begin(ONE, names).await.unwrap();
        rebuild.fold(|_, _| {}).await.unwrap();
        let compared = rebuild.compare(|_| {}).await.unwrap();
        let switched = rebuild.switch().await.unwrap();
        assert_eq!(switched.len(), names.len());
        compared
    }

    async fn head(&self) -> Position {
        self.world.log.head().await.unwrap()
    }

    /// What the tables hold if one process folds the whole log.
    async fn expected(&self) -> Vec<(&'static str, Sum)> {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("fresh.sqlite").display());
        let (log, clock) = (self.world.log.clone(), self.world.clock.clone());
        let fresh = ReadStore::open(&url, log, clock).await.unwrap();
        fresh.catch_up(|_, _| {}).await.unwrap();
        let sums = fresh.sums().await.unwrap();
        fresh.close().await;
        sums
    }

    async fn sql(&self, text: &str) {
        let text = AssertSqlSafe(text.to_owned());
        if self.database.is_some() {
            let mut db = PgConnection::connect(&self.url).await.unwrap();
            sqlx::raw_sql(text).execute(&mut db).await.unwrap();
        } else {
            let mut db = self.sqlite().await;
            sqlx::raw_sql(text).execute(&mut db).await.unwrap();
            db.close().await.unwrap();
        }
    }

    async fn sqlite(&self) -> sqlx::SqliteConnection {
        let file = self.world.folder.path().join("read.sqlite");
        SqliteConnectOptions::new()
            .filename(file)
            .connect()
            .await
            .unwrap()
    }

    /// A UUID as it stands in a statement.
    fn uuid(&self, n: u128) -> String {
        if self.database.is_some() {
            format!("'{}'", Uuid::from_u128(n))
        } else {
            format!("x'{}'", Uuid::from_u128(n).simple())
        }
    }

    async fn number(&self, text: &str) -> i64 {
        let text = AssertSqlSafe(text.to_owned());
        if self.database.is_some() {
            let mut db = PgConnection::connect(&self.url).await.unwrap();
            sqlx::query(text).fetch_one(&mut db).await.unwrap().get(0)
        } else {
            let mut db = self.sqlite().await;
            sqlx::query(text).fetch_one(&mut db).await.unwrap().get(0)
        }
    }

    /// The tables that a read model has had, without the one in use.
    async fn others(&self, read_model: &str) -> Vec<String> {
        let (tables, column) = if self.database.is_some() {
            ("pg_tables", "tablename")
        } else {
            ("sqlite_master", "name")
        };
        let kind = if self.database.is_some() {
            "schemaname = 'public'"
        } else {
            "type = 'table'"
        };
        let text = AssertSqlSafe(format!(
            "SELECT {column} FROM {tables} WHERE {kind} AND {column} LIKE '{read_model}@_g%' \
             ESCAPE '@' ORDER BY {column}"
        ));
        if self.database.is_some() {
            let mut db = PgConnection::connect(&self.url).await.unwrap();
            let rows = sqlx::query_scalar(text).fetch_all(&mut db).await;
            rows.unwrap()
        } else {
            let mut db = self.sqlite().await;
            let rows = sqlx::query_scalar(text).fetch_all(&mut db).await;
            rows.unwrap()
        }
    }

    /// Time goes by, and who is gone says nothing.
    async fn leases_end(&self) {
        self.sql("UPDATE lease_v1 SET expires = 0; DELETE FROM node_v1")
            .await;
    }
}

fn agree(compared: &[Comparison]) -> bool {
    compared
        .iter()
        .all(|one| one.live == Some(one.made) && one.differing == 0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_made_anew_while_events_arrive_are_those_that_living_with_the_log_has_made() {
    for ground in Ground::all("a rebuild while events arrive").await {
        kit::grow(&ground.world, 30, 3).await;
        let store = Arc::new(ground.store().await);
        store.catch_up(|_, _| {}).await.unwrap();
        let stop = CancellationToken::new();
        let (run, told) = (store.clone(), stop.clone());
        let running = tokio::spawn(async move { run.run(told.cancelled_owned()).await });

        let done = AtomicBool::new(false);
        let telling = async {
            let mut person = 1_000;
            while !done.load(Ordering::Relaxed) {
                person += 1;
                let opening = first_contact(OSLO);
                ground.world.person(person, "2020-01-01", opening).await;
                ground.world.person(person, "2020-02-01", contact()).await;
                let head = ground.head().await;
                store.wait_for(head, Duration::from_mins(2)).await.unwrap();
            }
        };
        let rebuilding = async {
            for _ in 0..3 {
                assert!(agree(&ground.rebuild(read_models()).await));
            }
            done.store(true, Ordering::Relaxed);
        };
        tokio::join!(telling, rebuilding);
        // And what is told after the last switch.
        kit::grow(&ground.world, 5, 7).await;
        let head = ground.head().await;
        store.wait_for(head, Duration::from_mins(2)).await.unwrap();
        assert_eq!(store.sums().await.unwrap(), ground.expected().await);
        stop.cancel();
        running.await.unwrap();
    }
}

#[tokio::test]
async fn a_rebuild_dropped_anywhere_leaves_the_tables_in_use_as_they_are() {
    for ground in Ground::all("a rebuild dropped anywhere").await {
        kit::grow(&ground.world, 12, 5).await;
        let store = ground.store().await;
        store.catch_up(|_, _| {}).await.unwrap();
        let expected = ground.expected().await;
        // Each attempt is dropped after so many steps, wherever that is, until one comes to its end.
        let mut limit = 0;
        loop {
            let attempt = async {
                let mut rebuild = ground.begin(ONE, &[JOURNEY, "unit_v1"]).await?;
                rebuild.fold(|_, _| {}).await?;
                rebuild.compare(|_| {}).await?;
                rebuild.switch().await
            };
            let mut attempt = Box::pin(attempt);
            let mut steps = 0;
            let ended = poll_fn(|context| {
                steps += 1;
                if steps > limit {
                    return Poll::Ready(None);
                }
                attempt.as_mut().poll(context).map(Some)
            });
            let ended = ended.await;
            drop(attempt);
            assert_eq!(store.sums().await.unwrap(), expected, "after {limit} steps");
            ground.leases_end().await;
            if let Some(switched) = ended {
                assert_eq!(switched.unwrap().len(), 2);
                break;
            }
            limit += 1 + limit / 8;
        }
        assert!(limit > 20, "{limit} steps");
        drop_kept(&ground.url, OTHER, None).await.unwrap();
        assert_eq!(ground.others(JOURNEY).await, Vec::<String>::new());
        kit::grow(&ground.world, 12, 6).await;
        store.catch_up(|_, _| {}).await.unwrap();
        assert_eq!(store.sums().await.unwrap(), ground.expected().await);
    }
}

/// Reads, and lets others act before it reads on.
struct ReadsTwice<'t> {
    has_begun: &'t Notify,
    goes_on: &'t Notify,
}

impl Question for ReadsTwice<'_> {
    type View = (i64, i64);
    const TABLES: &'static [&'static str] = &[JOURNEY, <timeline::Timeline as Projection>::NAME];

    async fn ask(&self, rows: &mut Rows<'_>, _: Day) -> Result<(i64, i64), AskError> {
        self.has_begun.notify_one();
        self.goes_on.notified().await;
        let mut count = async |text| -> Result<i64, AskError> {
            let (count,): (i64,) = rows.sql(text).one().await?;
            Ok(count)
        };
        let journeys = count("SELECT COUNT(*) FROM journey_v1").await?;
        let facts = count("SELECT COUNT(*) FROM timeline_v2").await?;
        Ok((journeys, facts))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_sees_the_tables_before_a_switch_or_after_it() {
    for ground in Ground::all("a question during a switch").await {
        kit::grow(&ground.world, 12, 5).await;
        let store = ground.store().await;
        store.catch_up(|_, _| {}).await.unwrap();
        let (has_begun, goes_on) = (Notify::new(), Notify::new());
        let question = ReadsTwice {
            has_begun: &has_begun,
            goes_on: &goes_on,
        };
        // Every connection that asks has asked before, and keeps its statement.
        goes_on.notify_one();
        let whole = store.ask(&question, Ask::default()).await.unwrap();
        has_begun.notified().await;
        assert!(whole.view.0 > 5 && whole.view.1 > whole.view.0);

        // Rows that were spoilt, so that before and after can be told apart.
        ground
            .sql("DELETE FROM timeline_v2 WHERE position > 60")
            .await;
        goes_on.notify_one();
        let before = store.ask(&question, Ask::default()).await.unwrap();
        has_begun.notified().await;
        assert!((1..whole.view.1).contains(&before.view.1), "{before:?}");
        let mut rebuild = ground.begin(ONE, read_models()).await.unwrap();
        // It begins to ask when the new tables are still empty.
        let asking = store.ask(&question, Ask::default());
        let acting = async {
            has_begun.notified().await;
            rebuild.fold(|_, _| {}).await.unwrap();
            let mut switching = Box::pin(rebuild.switch());
            // The switch is over, or waits for who asks: either way it can be met half-way.
            loop {
                tokio::select! {
                    switched = &mut switching => {
                        goes_on.notify_one();
                        break switched.unwrap();
                    }
                    waits = waits_for_a_lock(&ground) => if waits {
                        goes_on.notify_one();
                        break switching.await.unwrap();
                    }
                }
            }
        };
        let (answer, switched) = tokio::join!(asking, acting);
        assert_eq!(switched.len(), read_models().len());
        let answer = answer.unwrap();
        assert_eq!(
            (answer.position, answer.view),
            (whole.position, before.view)
        );
        goes_on.notify_one();
        let answer = store.ask(&question, Ask::default()).await.unwrap();
        assert_eq!((answer.position, answer.view), (whole.position, whole.view));
    }
}

async fn waits_for_a_lock(ground: &Ground) -> bool {
    if ground.database.is_none() {
        return std::future::pending().await;
    }
    let waiting = "SELECT COUNT(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database \
                   WHERE d.datname = current_database() AND NOT l.granted";
    ground.number(waiting).await > 0
}

#[tokio::test]
async fn a_row_that_was_spoilt_is_found_and_nothing_is_switched_without_being_told_to() {
    for ground in Ground::all("a row that was spoilt").await {
        for n in [1, 2, 3] {
            ground
                .world
                .person(n, "2020-01-01", first_contact(OSLO))
                .await;
            ground.world.person(n, "2020-02-01", contact()).await;
        }
        let store = ground.store().await;
        store.catch_up(|_, _| {}).await.unwrap();
        let whole = store.sums().await.unwrap();
        let stay = |n: u128| Uuid::from_u128(n).to_string();
        ground
            .sql(&format!(
                "UPDATE journey_v1 SET contacts = 7 WHERE stay_id = {}",
                ground.uuid(1)
            ))
            .await;
        ground
            .sql(&format!(
                "DELETE FROM journey_v1 WHERE stay_id = {}",
                ground.uuid(2)
            ))
            .await;
        ground
            .sql(&format!(
                "UPDATE journey_v1 SET stay_id = {} WHERE stay_id = {}",
                ground.uuid(4),
                ground.uuid(3)
            ))
            .await;
        let spoilt = store.sums().await.unwrap();

        let mut rebuild = ground.begin(ONE, read_models()).await.unwrap();
        rebuild.fold(|_, _| {}).await.unwrap();
        let mut found = vec![];
        let compared = rebuild
            .compare(|difference| found.push(difference))
            .await
            .unwrap();
        found.sort_by(|one, other| one.key.cmp(&other.key));
        let difference = |n, how| Difference {
            read_model: JOURNEY,
            key: format!("stay_id {}", stay(n)),
            how,
        };
        assert_eq!(
            found,
            [
                difference(1, How::Changed),
                difference(2, How::Added),
                difference(3, How::Added),
                difference(4, How::Gone),
            ]
        );
        for one in &compared {
            let expected = if one.read_model == JOURNEY { 4 } else { 0 };
            assert_eq!(
                (one.position, one.differing),
                (ground.head().await, expected)
            );
        }
        rebuild.discard().await.unwrap();
        assert_eq!(store.sums().await.unwrap(), spoilt);
        assert_eq!(ground.others(JOURNEY).await, Vec::<String>::new());

        ground.rebuild(&[JOURNEY]).await;
        assert_eq!(store.sums().await.unwrap(), whole);
    }
}

#[tokio::test]
async fn a_table_put_aside_is_gone_back_to_and_no_name_is_given_twice() {
    for ground in Ground::all("going back to a table").await {
        kit::grow(&ground.world, 12, 5).await;
        let store = ground.store().await;
        store.catch_up(|_, _| {}).await.unwrap();
        let nothing = ground.go_back(None).await.err().unwrap();
        assert!(matches!(nothing, ReadStoreError::NothingKept(_)));

        // A mark in the table that is put aside.
        ground.sql("UPDATE journey_v1 SET matches = 77").await;
        let marked = "SELECT COUNT(*) FROM journey_v1 WHERE matches >= 77";
        let marks = ground.number(marked).await;
        assert!(marks > 5);
        ground.rebuild(&[JOURNEY, "contact_v1"]).await;
        let first = ground.others(JOURNEY).await;
        assert_eq!(first.len(), 1);
        assert_eq!(ground.number(marked).await, 0);
        kit::grow(&ground.world, 3, 8).await;
        store.catch_up(|_, _| {}).await.unwrap();

        let mut back = ground.go_back(Some(&[JOURNEY])).await.unwrap();
        back.fold(|_, _| {}).await.unwrap();
        let switched = back.switch().await.unwrap();
        assert_eq!(
            (switched[0].read_model, switched[0].position),
            (JOURNEY, ground.head().await)
        );
        assert!(ground.number(marked).await > 0);
        let second = ground.others(JOURNEY).await;
        assert_eq!(second, [switched[0].kept.clone()]);
        assert_ne!(second, first);
        // What came meanwhile is in it, and what comes is folded into it.
        kit::grow(&ground.world, 3, 9).await;
        store.catch_up(|_, _| {}).await.unwrap();
        let without_the_marks = store.sums().await.unwrap();
        let expected = ground.expected().await;
        for (one, other) in without_the_marks.iter().zip(&expected) {
            assert_eq!(one.1.rows, other.1.rows, "{}", one.0);
            assert_eq!(one.0 == JOURNEY, one.1 != other.1, "{}", one.0);
        }

        // Made anew again and again: each table has a name of its own, until they are dropped.
        let mut names = vec![second[0].clone()];
        for _ in 0..3 {
            ground.rebuild(&[JOURNEY]).await;
            let now = ground.others(JOURNEY).await;
            names.extend(
                now.into_iter()
                    .filter(|name| !names.contains(name))
                    .collect::<Vec<_>>(),
            );
        }
        assert_eq!(names.len(), 4, "{names:?}");
        let mut dropped = drop_kept(&ground.url, ONE, Some(&[JOURNEY])).await.unwrap();
        names.sort();
        dropped.sort();
        assert_eq!(dropped, names);
        ground.rebuild(&[JOURNEY]).await;
        let after = ground.others(JOURNEY).await;
        assert!(
            after.iter().all(|name| !names.contains(name)),
            "{after:?} {names:?}"
        );
        assert_eq!(ground.others("contact_v1").await.len(), 1);
        store.catch_up(|_, _| {}).await.unwrap();
        assert_eq!(store.sums().await.unwrap(), ground.expected().await);
    }
}

#[tokio::test]
async fn a_table_that_an_earlier_release_made_is_not_gone_back_to() {
    for ground in Ground::all("a table of an earlier release").await {
        kit::grow(&ground.world, 12, 5).await;
        let store = ground.store().await;
        store.catch_up(|_, _| {}).await.unwrap();
        ground.rebuild(&[JOURNEY, "contact_v1"]).await;
        let kept = ground.others(JOURNEY).await;
        let older = format!("ALTER TABLE {} DROP COLUMN phase_unit", kept[0]);
        ground.sql(&older).await;
        for names in [None, Some(&[JOURNEY][..])] {
            let refused = ground.go_back(names).await.err().unwrap();
            let meant = ReadStoreError::KeptByAnEarlierRelease(JOURNEY.to_owned());
            assert_eq!(refused.to_string(), meant.to_string());
        }
        // Nothing was changed, and nobody has to wait for who was refused.
        let back = ground.go_back(Some(&["contact_v1"])).await.unwrap();
        assert_eq!(back.switch().await.unwrap().len(), 1);
        assert_eq!(ground.others(JOURNEY).await, kept);
        assert_eq!(store.sums().await.unwrap(), ground.expected().await);
    }
}

#[tokio::test]
async fn a_read_model_that_is_new_is_made_before_anybody_waits_for_it() {
    for ground in Ground::all("a read model that is new").await {
        kit::grow(&ground.world, 12, 5).await;
        let store = ground.store().await;
        store.catch_up(|_, _| {}).await.unwrap();
        store.close().await;
        ground
            .sql(
                "DELETE FROM journey_v1; DELETE FROM checkpoint_v1 WHERE read_model = 'journey_v1'",
            )
            .await;
        let compared = ground.rebuild(&[JOURNEY]).await;
        assert_eq!(
            (compared[0].position, compared[0].live),
            (ground.head().await, None)
        );
        // Opened, the store is as far as the log.
        let store = ground.store().await;
        assert_eq!(store.position(), ground.head().await);
        assert_eq!(store.sums().await.unwrap(), ground.expected().await);
    }
}

#[tokio::test]
async fn who_slept_through_a_switch_goes_on_in_the_new_table_from_its_checkpoint() {
    for ground in Ground::all("a projector that slept").await {
        kit::grow(&ground.world, 12, 5).await;
        let asleep = ground.store().await;
        asleep.catch_up(|_, _| {}).await.unwrap();
        // Another node has come further meanwhile, and the new table with it.
        kit::grow(&ground.world, 6, 6).await;
        ground.leases_end().await;
        let other = ground.store().await;
        other.catch_up(|_, _| {}).await.unwrap();
        other.close().await;
        ground.rebuild(read_models()).await;
        let marked = "UPDATE journey_v1 SET matches = 77";
        ground.sql(marked).await;
        kit::grow(&ground.world, 1, 7).await;
        asleep.catch_up(|_, _| {}).await.unwrap();
        asleep.catch_up(|_, _| {}).await.unwrap();
        assert_eq!(asleep.position(), ground.head().await);
        // What was told before the switch is not folded once more.
        let person = ground.uuid(1);
        let folded = format!("participant_id <> {person} AND matches <> 77");
        let others = format!("participant_id <> {person}");
        for (which, expected) in [(folded, 0..1), (others, 5..100)] {
            let count = format!("SELECT COUNT(*) FROM journey_v1 WHERE {which}");
            let count = ground.number(&count).await;
            assert!(expected.contains(&count), "{count} with {which}");
        }
        ground.rebuild(read_models()).await;
        assert_eq!(asleep.sums().await.unwrap(), ground.expected().await);
    }
}

#[tokio::test]
async fn one_rebuild_goes_on_at_a_time_and_what_died_is_taken_over() {
    for ground in Ground::all("two rebuilds at once").await {
        kit::grow(&ground.world, 12, 5).await;
        let store = ground.store().await;
        store.catch_up(|_, _| {}).await.unwrap();
        let mut first = ground.begin(ONE, &[JOURNEY]).await.unwrap();
        for refused in [
            ground.begin(OTHER, &["unit_v1"]).await.err(),
            drop_kept(&ground.url, OTHER, None).await.err(),
        ] {
            assert!(matches!(refused, Some(ReadStoreError::RebuildUnderWay)));
        }
        // It was suspended for longer than its lease, which somebody else had meanwhile.
        ground
            .sql("UPDATE lease_v1 SET expires = 0, fence = fence + 1 WHERE share = 'rebuild'")
            .await;
        let second = ground.begin(OTHER, &[JOURNEY]).await.unwrap();
        let error = first.fold(|_, _| {}).await.err().unwrap();
        assert!(
            matches!(error, ReadStoreError::RebuildTakenOver),
            "{error:?}"
        );
        assert!(matches!(
            first.switch().await,
            Err(ReadStoreError::RebuildTakenOver)
        ));
        second.switch().await.unwrap();
        assert_eq!(ground.others(JOURNEY).await.len(), 1);
        assert_eq!(store.sums().await.unwrap(), ground.expected().await);
        let unknown = ground.begin(ONE, &["journey_v0"]).await.err().unwrap();
        assert!(unknown.to_string().contains("journey_v1"), "{unknown}");
    }
}

#[tokio::test]
async fn what_analysts_were_given_on_a_table_they_have_on_the_new_one() {
    for ground in Ground::all("views and rights on a table").await {
        if ground.database.is_none() {
            continue;
        }
        kit::grow(&ground.world, 12, 5).await;
        let store = ground.store().await;
        store.catch_up(|_, _| {}).await.unwrap();
        ground
            .sql(
                "CREATE SCHEMA analysts;
                 CREATE VIEW analysts.stays WITH (security_barrier = true)
                     AS SELECT stay_id, standing, contacts FROM journey_v1;
                 CREATE VIEW analysts.active AS SELECT stay_id FROM analysts.stays;
                 GRANT SELECT ON journey_v1 TO pg_monitor",
            )
            .await;
        ground.sql("DELETE FROM journey_v1").await;
        ground.rebuild(&[JOURNEY]).await;
        let stays = ground.number("SELECT COUNT(*) FROM journey_v1").await;
        assert!(stays > 5);
        let seen = ground.number("SELECT COUNT(*) FROM analysts.active").await;
        assert_eq!(seen, stays);
        let rights = "SELECT COUNT(*) FROM pg_class \
                      WHERE (relname = 'journey_v1' AND relkind = 'r' \
                             AND has_table_privilege('pg_monitor', oid, 'SELECT')) \
                         OR (relname = 'stays' AND reloptions = '{security_barrier=true}')";
        assert_eq!(ground.number(rights).await, 2);
        let dropped = drop_kept(&ground.url, ONE, None).await.unwrap();
        // One that was kept, and one that only earlier releases knew.
        assert_eq!(dropped.len(), 2);
        assert_eq!(dropped[1], "timeline_v1");
        assert!(drop_kept(&ground.url, ONE, None).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_rebuild_goes_last_while_the_tables_in_use_are_late_but_not_for_ever() {
    let world = World::on("2021-07-01");
    let contact = || first_contact(OSLO);
    world.person(1, "2020-03-01", contact()).await;
    let live = world.open().await.unwrap();
    live.catch_up(|_, _| {}).await.unwrap();
    let (tell, mut late) = tokio::sync::watch::channel(false);
    let _watching = courtesy::watch(world.log.clone(), live.readers.clone(), tell);
    let mut hears = async |is_so: bool| {
        let heard = late.wait_for(|late| *late == is_so);
        let heard = tokio::time::timeout(Duration::from_secs(30), heard).await;
        heard.expect("it is told in time").unwrap();
    };
    // Somebody keeps the tables up.
    world.person(2, "2020-03-02", contact()).await;
    live.catch_up(|_, _| {}).await.unwrap();
    world.person(3, "2020-03-03", contact()).await;
    hears(true).await;
    live.catch_up(|_, _| {}).await.unwrap();
    hears(false).await;
    // Nobody takes the next one in.
    world.person(4, "2020-03-04", contact()).await;
    hears(true).await;
    hears(false).await;
}
