//! An event that cannot be taken in pauses its own stream, and nothing else.

use std::{process::Command, sync::Arc, time::Duration};

use domain::{
    es::{Day, EventData, EventId, EventStore, OccurredAt, Position, StreamName, Version},
    participant::{Participant, ParticipantEvent, ParticipantFact},
    words::{ParticipantId, StayId},
};
use projections::{Ask, Scope, journey::StandingNow, participant::ParticipantDetail};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use tokio_util::sync::CancellationToken;

use super::{
    kit::{
        self, OSLO, Telling, World, begun, contact, conversation, day, first_contact, id,
        kartlegging,
    },
    poison,
};
use crate::{
    postgres::ScratchDatabase,
    read_store::{Cause, Parked, ReadStore, ReadStoreError, StandingStill, Sum},
};

/// A read store of a world's log, on one of the engines.
struct Place<'w> {
    world: &'w World,
    url: String,
    _database: Option<ScratchDatabase>,
}

/// One on each engine that is at hand.
async fn places<'w>(world: &'w World, what_for: &str) -> Vec<Place<'w>> {
    let mut places = vec![Place {
        world,
        url: world.url(),
        _database: None,
    }];
    if let Some(database) = ScratchDatabase::make(what_for).await {
        places.push(Place {
            world,
            url: database.url().to_owned(),
            _database: Some(database),
        });
    }
    places
}

impl Place<'_> {
    async fn open(&self) -> ReadStore {
        let (log, clock) = (self.world.log.clone(), self.world.clock.clone());
        ReadStore::open(&self.url, log, clock).await.unwrap()
    }

    async fn caught_up(&self) -> ReadStore {
        let store = self.open().await;
        store.catch_up(|_, _| {}).await.unwrap();
        assert_eq!(store.position(), self.world.log.head().await.unwrap());
        store
    }

    /// A statement, told for each engine.
    async fn sql(&self, sqlite: &str, postgres: &str) {
        if let Some(path) = self.url.strip_prefix("sqlite:") {
            let url = format!("sqlite://{path}");
            let mut db = SqliteConnection::connect(&url).await.unwrap();
            let done = sqlx::raw_sql(AssertSqlSafe(sqlite)).execute(&mut db).await;
            done.unwrap();
        } else {
            let mut db = PgConnection::connect(&self.url).await.unwrap();
            let done = sqlx::raw_sql(AssertSqlSafe(postgres))
                .execute(&mut db)
                .await;
            done.unwrap();
        }
    }
}

/// What the tables hold where these streams stand still from the beginning, each at its event: no
/// read model has met any of these events.
async fn without(world: &World, still: &[Parked]) -> Vec<(&'static str, Sum)> {
    let file = world.folder.path().join(format!("{}.sqlite", still.len()));
    let url = format!("sqlite:{}", file.display());
    let open = async || {
        ReadStore::open(&url, world.log.clone(), world.clock.clone())
            .await
            .unwrap()
    };
    open().await.close().await;
    let mut db = SqliteConnection::connect(&url).await.unwrap();
    for still in still {
        let park = "INSERT INTO parked_v1 (stream, position, event_id, kind, schema_version, cause) \
                    VALUES ($1, $2, $3, '', 1, 'died')";
        sqlx::query(park)
            .bind(still.stream.as_str())
            .bind(still.position.0.cast_signed())
            .bind(still.event_id.0)
            .execute(&mut db)
            .await
            .unwrap();
    }
    let store = open().await;
    store.catch_up(|_, _| {}).await.unwrap();
    let sums = store.sums().await.unwrap();
    store.close().await;
    std::fs::remove_file(file).unwrap();
    sums
}

/// How many shares somebody notes to be trying.
async fn notes(place: &Place<'_>) -> i64 {
    let count = "SELECT COUNT(*) FROM attempt_v1";
    let (notes,): (i64,) = if let Some(path) = place.url.strip_prefix("sqlite:") {
        let mut db = SqliteConnection::connect(&format!("sqlite://{path}"))
            .await
            .unwrap();
        sqlx::query_as(count).fetch_one(&mut db).await.unwrap()
    } else {
        let mut db = PgConnection::connect(&place.url).await.unwrap();
        sqlx::query_as(count).fetch_one(&mut db).await.unwrap()
    };
    notes
}

/// Somebody whose events bear ids that no other test uses.
struct Person(u128);

impl Person {
    fn stream(&self) -> StreamName {
        Participant::stream(ParticipantId(id(self.0)))
    }

    async fn tell(&self, world: &World, occurred: &str, fact: ParticipantFact) -> EventId {
        let stay = StayId(id(self.0));
        self.tell_of(stay, world, occurred, fact).await
    }

    async fn tell_of(
        &self,
        stay_id: StayId,
        world: &World,
        occurred: &str,
        fact: ParticipantFact,
    ) -> EventId {
        let stream = self.stream();
        let told = world.log.read_stream(&stream, Version::NONE).await.unwrap();
        let event_id = EventId(id(self.0 * 1_000 + told.len() as u128));
        let event = ParticipantEvent {
            stay_id,
            referral_id: None,
            fact,
        };
        let day: Day = day(occurred);
        let telling = Telling {
            stream,
            id: event_id,
            kind: event.kind(),
            occurred_at: OccurredAt::Day(day),
            data: event.to_json(),
        };
        world.tell(day.ends(), telling).await;
        event_id
    }

    /// Makes contact, and has a conversation and a kartlegging: the events of all three.
    async fn begin(&self, world: &World) -> [EventId; 3] {
        let first = self.tell(world, "2021-01-01", first_contact(OSLO)).await;
        let second = self.tell(world, "2021-01-02", conversation()).await;
        [
            first,
            second,
            self.tell(world, "2021-01-03", kartlegging()).await,
        ]
    }
}

fn standing() -> StandingNow {
    StandingNow {
        unit: None,
        scope: Scope::All,
        active_within_days: 90,
    }
}

/// What is kept of parked streams, but for the times.
fn told(parked: &[Parked]) -> Vec<(EventId, Cause, u32)> {
    let told = parked.iter();
    told.map(|parked| (parked.event_id, parked.cause, parked.attempts))
        .collect()
}

#[tokio::test]
async fn events_at_which_a_read_model_gives_up_stop_their_own_streams_only_until_released() {
    let world = World::on("2021-07-01");
    kit::grow(&world, 20, 3).await;
    let mut events = vec![];
    for (seed, person) in (11..).zip([0x11_01, 0x11_02, 0x11_03]) {
        events.push(Person(person).begin(&world).await);
        kit::grow(&world, 5, seed).await;
    }
    // In the midst of a stream, at its beginning, and at its end.
    let given_up = [events[0][1], events[1][0], events[2][2]];
    let whole = without(&world, &[]).await;
    for event in given_up {
        poison::make(event);
    }
    for place in places(&world, "events that panic").await {
        let store = place.caught_up().await;
        let parked = store.parked().await.unwrap();
        assert_eq!(
            told(&parked),
            given_up.map(|event| (event, Cause::Panicked, 3))
        );
        assert_eq!(store.sums().await.unwrap(), without(&world, &parked).await);
        store.close().await;

        // Opened again it is as it was: nothing is tried that nobody asks for.
        let store = place.caught_up().await;
        assert_eq!(store.parked().await.unwrap(), parked);
        // One is mended, and all are released: the others stand still again, and are counted.
        poison::mend(given_up[0]);
        for parked in &parked {
            assert!(store.release(&parked.stream).await.unwrap());
        }
        store.catch_up(|_, _| {}).await.unwrap();
        let again = store.parked().await.unwrap();
        let expected = [given_up[1], given_up[2]].map(|event| (event, Cause::Panicked, 4));
        assert_eq!(told(&again), expected);
        assert_eq!(again[0].first_tried, parked[1].first_tried);
        assert!(again[0].last_tried > parked[1].last_tried);
        assert_eq!(store.sums().await.unwrap(), without(&world, &again).await);
        poison::mend(given_up[1]);
        poison::mend(given_up[2]);
        for parked in &again {
            assert!(store.release(&parked.stream).await.unwrap());
        }
        store.catch_up(|_, _| {}).await.unwrap();
        assert_eq!(store.parked().await.unwrap(), []);
        assert_eq!(store.sums().await.unwrap(), whole);
        assert!(!store.release(&Person(0x11_01).stream()).await.unwrap());
        store.close().await;
        for event in given_up {
            poison::make(event);
        }
    }
}

#[tokio::test]
async fn a_row_that_the_tables_refuse_stops_its_own_stream_only_until_released() {
    let world = World::on("2021-07-01");
    kit::grow(&world, 20, 5).await;
    let refused = Person(0x12_01).begin(&world).await[1];
    kit::grow(&world, 20, 6).await;
    let whole = without(&world, &[]).await;
    for place in places(&world, "rows that are refused").await {
        place.open().await.close().await;
        place
            .sql(
                "CREATE TRIGGER refuse BEFORE INSERT ON journey_v1 \
                 WHEN NEW.conversation = '2021-01-02' BEGIN SELECT RAISE(ABORT, 'refused'); END",
                "ALTER TABLE journey_v1 ADD CONSTRAINT refuse CHECK (conversation <> '2021-01-02')",
            )
            .await;
        let store = place.caught_up().await;
        let parked = store.parked().await.unwrap();
        assert_eq!(told(&parked), [(refused, Cause::NotWritten, 3)]);
        assert_eq!(store.sums().await.unwrap(), without(&world, &parked).await);

        store.release(&parked[0].stream).await.unwrap();
        store.catch_up(|_, _| {}).await.unwrap();
        let again = store.parked().await.unwrap();
        assert_eq!(told(&again), [(refused, Cause::NotWritten, 4)]);
        place
            .sql(
                "DROP TRIGGER refuse",
                "ALTER TABLE journey_v1 DROP CONSTRAINT refuse",
            )
            .await;
        store.release(&parked[0].stream).await.unwrap();
        store.catch_up(|_, _| {}).await.unwrap();
        assert_eq!(store.parked().await.unwrap(), []);
        assert_eq!(store.sums().await.unwrap(), whole);
        store.close().await;
    }
}

#[tokio::test]
async fn what_the_engine_suffers_from_is_no_fault_of_an_event() {
    let world = World::on("2021-07-01");
    kit::grow(&world, 5, 3).await;
    let whole = without(&world, &[]).await;
    for place in places(&world, "an engine that fails").await {
        let store = place.open().await;
        let lost = "ALTER TABLE relapse_v1 RENAME TO lost";
        place.sql(lost, lost).await;
        let failed = store.catch_up(|_, _| {}).await;
        assert!(matches!(failed, Err(ReadStoreError::Tables(_))));
        assert_eq!(store.parked().await.unwrap(), []);
        let found = "ALTER TABLE lost RENAME TO relapse_v1";
        place.sql(found, found).await;
        store.catch_up(|_, _| {}).await.unwrap();
        assert_eq!(store.sums().await.unwrap(), whole);
        store.close().await;
    }
}

#[tokio::test]
async fn a_stream_that_is_released_stands_still_at_the_next_event_that_fails() {
    let world = World::on("2021-07-01");
    let person = Person(0x13_01);
    let [_, second, third] = person.begin(&world).await;
    for day in 10..28 {
        person
            .tell(&world, &format!("2021-02-{day}"), contact())
            .await;
    }
    let late = person.tell(&world, "2021-03-01", contact()).await;
    for place in places(&world, "two in one stream").await {
        for event in [second, late] {
            poison::make(event);
        }
        let store = place.caught_up().await;
        poison::mend(second);
        store.release(&person.stream()).await.unwrap();
        store.catch_up(|_, _| {}).await.unwrap();
        let parked = store.parked().await.unwrap();
        assert_eq!(told(&parked), [(late, Cause::Panicked, 4)]);
        assert_eq!(store.sums().await.unwrap(), without(&world, &parked).await);
        poison::mend(late);
        // What fails now is earlier than what failed then.
        poison::make(third);
        store.release(&person.stream()).await.unwrap();
        store.catch_up(|_, _| {}).await.unwrap();
        assert_eq!(
            told(&store.parked().await.unwrap()),
            [(late, Cause::Panicked, 5)]
        );
        poison::mend(third);
        store.release(&person.stream()).await.unwrap();
        store.catch_up(|_, _| {}).await.unwrap();
        assert_eq!(store.parked().await.unwrap(), []);
        store.close().await;
    }
}

#[tokio::test]
async fn two_rows_of_one_name_keep_nobody_standing() {
    let world = World::on("2021-07-01");
    let (person, other, third) = (Person(0x15_01), Person(0x15_02), Person(0x15_03));
    person.begin(&world).await;
    // As an import might have it whose author copied a line.
    let stay = StayId(id(person.0));
    let began = other.tell_of(stay, &world, "2021-01-01", first_contact(OSLO));
    began.await;
    third.begin(&world).await;
    for place in places(&world, "two rows of one name").await {
        let store = place.caught_up().await;
        assert_eq!(store.position(), world.log.head().await.unwrap());
        assert_eq!(store.parked().await.unwrap(), []);
        let now = store.ask(&standing(), Ask::default()).await.unwrap();
        assert_eq!(now.view.registered, 2);
        store.close().await;
    }
}

#[tokio::test]
async fn an_answer_says_that_it_is_not_complete_now_and_then() {
    let world = World::on("2021-07-01");
    let (person, other) = (Person(0x14_01), Person(0x14_02));
    let [_, second, _] = person.begin(&world).await;
    other.begin(&world).await;
    poison::make(second);
    for place in places(&world, "answers that lack something").await {
        let store = place.caught_up().await;
        let now = store.ask(&standing(), Ask::default()).await.unwrap();
        assert_eq!(now.standing_still.0, [person.stream()]);
        assert_eq!((now.view.registered, now.view.incoming), (2, 2));
        let then = Ask {
            as_of: Some(day("2021-06-01")),
            known_at: None,
        };
        let then = store.ask(&standing(), then).await.unwrap();
        assert_eq!(then.standing_still.0, [person.stream()]);
        // Before that event was known nothing was missing.
        let before = Ask {
            as_of: None,
            known_at: Some(domain::es::RecordedAt(day("2021-01-01").ends())),
        };
        let before = store.ask(&standing(), before).await.unwrap();
        assert_eq!(
            (before.position, before.standing_still.0.len()),
            (Position(1), 0)
        );
        for (who, missing) in [(&person, 1), (&other, 0)] {
            let question = ParticipantDetail {
                participant_id: ParticipantId(id(who.0)),
                scope: Scope::All,
                active_within_days: 90,
            };
            for as_of in [None, Some(day("2021-06-01"))] {
                let ask = Ask {
                    as_of,
                    known_at: None,
                };
                let answer = store.ask(&question, ask).await.unwrap();
                assert_eq!(answer.standing_still.0.len(), missing);
                assert!(answer.view.is_some());
            }
        }
        store.close().await;
    }
}

#[tokio::test]
async fn whoever_asks_from_beside_is_heard_by_who_keeps_the_stream_up() {
    let world = World::on("2021-07-01");
    let person = Person(0x15_01);
    let [_, second, _] = person.begin(&world).await;
    for place in places(&world, "a release from beside").await {
        poison::make(second);
        let stop = CancellationToken::new();
        let (mut stores, mut running) = (vec![], vec![]);
        let nodes = if place.url.starts_with("sqlite:") {
            1
        } else {
            2
        };
        for _ in 0..nodes {
            let store = Arc::new(place.open().await);
            let (run, told) = (store.clone(), stop.clone());
            running.push(tokio::spawn(async move {
                run.run(told.cancelled_owned()).await;
            }));
            stores.push(store);
        }
        let mut beside = StandingStill::open(&place.url).await.unwrap();
        while beside.all().await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        poison::mend(second);
        assert_eq!(beside.release_all().await.unwrap(), 1);
        while !beside.all().await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        beside.close().await;
        // It goes on with what comes.
        person.tell(&world, "2021-06-29", begun()).await;
        person.tell(&world, "2021-06-30", contact()).await;
        let head = world.log.head().await.unwrap();
        stores[0]
            .wait_for(head, Duration::from_mins(1))
            .await
            .unwrap();
        let answer = stores[0].ask(&standing(), Ask::default()).await.unwrap();
        assert_eq!((answer.view.active, answer.standing_still.0.len()), (1, 0));
        stop.cancel();
        for run in running {
            run.await.unwrap();
        }
        assert_eq!(stores[0].sums().await.unwrap(), without(&world, &[]).await);
        assert_eq!(notes(&place).await, 0);
    }
}

/// Tells the child which store to keep up.
const URL: &str = "STEGSPOR_TEST_PARKED_URL";
const DOOMED: u128 = 0x16_01;

async fn world_of_the_doomed() -> (World, EventId) {
    let world = World::on("2021-07-01");
    kit::grow(&world, 8, 3).await;
    let [_, second, _] = Person(DOOMED).begin(&world).await;
    kit::grow(&world, 8, 4).await;
    (world, second)
}

#[tokio::test]
async fn child() {
    let Ok(url) = std::env::var(URL) else {
        return;
    };
    let (world, _) = world_of_the_doomed().await;
    let store = ReadStore::open(&url, world.log.clone(), world.clock.clone())
        .await
        .unwrap();
    store.catch_up(|_, _| {}).await.unwrap();
    store.close().await;
}

fn lives(url: &str, dies_at: EventId) -> bool {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["read_store::tests::parked::child", "--exact"])
        .env(URL, url)
        .env(poison::DIES_AT, dies_at.0.to_string())
        .output()
        .unwrap();
    child.status.success()
}

#[tokio::test]
async fn an_event_at_which_the_process_ends_is_given_up_once_it_did_so_alone_twice() {
    let (world, doomed) = world_of_the_doomed().await;
    for place in places(&world, "processes that die").await {
        let mut deaths = 0;
        while !lives(&place.url, doomed) {
            deaths += 1;
            assert!(deaths <= 4, "it dies again and again");
            // Nobody waits for the leases of who is gone.
            place
                .sql(
                    "SELECT 1",
                    "UPDATE lease_v1 SET expires = 0; DELETE FROM node_v1",
                )
                .await;
        }
        assert_eq!(deaths, 4);
        let store = place.caught_up().await;
        let parked = store.parked().await.unwrap();
        assert_eq!(told(&parked), [(doomed, Cause::Died, 4)]);
        assert_eq!(store.sums().await.unwrap(), without(&world, &parked).await);
        // A process that dies at another try starts again, and tries no more by itself.
        store.release(&parked[0].stream).await.unwrap();
        store.close().await;
        assert!(!lives(&place.url, doomed));
        place
            .sql(
                "SELECT 1",
                "UPDATE lease_v1 SET expires = 0; DELETE FROM node_v1",
            )
            .await;
        assert!(lives(&place.url, doomed));
        let store = place.caught_up().await;
        let parked = store.parked().await.unwrap();
        assert_eq!(told(&parked), [(doomed, Cause::Died, 5)]);
        // Here nothing is wrong with it.
        store.release(&parked[0].stream).await.unwrap();
        store.catch_up(|_, _| {}).await.unwrap();
        assert_eq!(store.parked().await.unwrap(), []);
        assert_eq!(store.sums().await.unwrap(), without(&world, &[]).await);
        store.close().await;
    }
}
