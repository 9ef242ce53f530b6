//! The log in KurrentDB: the contract over the protocol's double, and over a server where
//! `STEGSPOR_TEST_KURRENTDB` names one; each promise broken once; and what only a server on a
//! network does.

use std::{io::Write, sync::Arc, time::Duration};

use domain::es::{AppendError, EventStore, Expected, Position, ReadError, RecordedAt, Version};
use infra::{
    clock::SystemClock,
    event_store::{
        self, KurrentEventStore, Log, Verify,
        contract::{Harness, append, event, stream},
    },
    ids::{IdSource, RandomIds},
};
use tests::kurrentdb::{Broken, Double};

/// How long a test waits for a double that does not answer.
const SHORTLY: Duration = Duration::from_millis(400);

fn store(url: &str) -> KurrentEventStore {
    KurrentEventStore::open_with(url, Duration::from_secs(10)).unwrap()
}

impl Harness for Served {
    async fn open(&mut self) -> Option<Arc<dyn Log>> {
        let store = KurrentEventStore::open_with(&self.url, self.patience);
        Some(Arc::new(store.unwrap()))
    }
}

/// A server's log, which any number of handles reach.
struct Served {
    url: String,
    patience: Duration,
    _double: Option<Double>,
}

impl Served {
    fn by(double: Double, patience: Duration) -> Self {
        Self {
            url: double.url(),
            patience,
            _double: Some(double),
        }
    }
}

mod contract {
    use super::*;

    infra::event_store_contract!(Served::by(Double::start(), Duration::from_secs(10)));
}

/// Each promise of the contract, and a promise of the server that it rests on.
macro_rules! each_promise {
    ($each:ident) => {
        $each! {
            an_event_is_read_back_as_it_was_appended: ChangesData,
            both_ways_of_saying_when_are_kept: ChangesMetadata,
            an_empty_log_holds_nothing: IgnoresTheFilter,
            the_log_and_a_stream_are_read_from_anywhere: IgnoresWhereToStart,
            expected_versions_are_checked: CountsFromOne,
            an_append_is_all_or_nothing: KeepsTheFirstOnly,
            a_large_append_goes_in_whole: GivesEqualPlaces,
            an_empty_append_is_refused: IgnoresTheFilter,
            telling_again_is_answered_as_the_first_time: ChangesIds,
            an_id_is_never_used_twice: ChangesIds,
            one_refused_append_leaves_the_others_be: LosesWhatItAcknowledged,
            of_sixteen_racing_writers_one_wins: LosesWhatItAcknowledged,
            positions_have_no_gaps_under_concurrency: AnswersOutOfOrder,
            a_reader_that_follows_misses_nothing: HidesTheLast,
            times_of_recording_never_decrease: ChangesMetadata,
            waiting_for_the_log_to_move_ends_when_it_does: HidesTheLast,
            a_client_that_goes_away_hurts_nobody: LosesWhatItAcknowledged,
            a_second_process_may_write_in_between: IgnoresTheExpectedRevision,
            two_processes_may_write_at_once: IgnoresTheExpectedRevision,
            waiting_ends_when_another_process_writes: HidesTheLast,
            a_restart_keeps_every_head: ForgetsTheLast,
        }
    };
}

macro_rules! notices {
    ($($promise:ident: $broken:ident,)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                let server = Served::by(Double::broken(Broken::$broken), SHORTLY);
                let test = tokio::spawn(event_store::contract::$promise(server));
                let outcome = tokio::time::timeout(Duration::from_secs(10), test).await;
                let failed = outcome.map_or(true, |ended| ended.is_err());
                assert!(failed, "it holds on a server that {:?}", Broken::$broken);
            }
        )*
    };
}

/// Each test of the contract fails on a server that breaks one promise: none holds merely because
/// the double and the adapter agree.
mod a_broken_promise_is_noticed_by {
    use super::*;

    each_promise!(notices);
}

macro_rules! on_a_server {
    ($($promise:ident: $broken:ident,)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                match a_server() {
                    Some(server) => event_store::contract::$promise(server).await,
                    None => skip(stringify!($promise)),
                }
            }
        )*
    };
}

/// The contract on a server, in a log of its own for each test.
mod on_a_server {
    use super::*;

    each_promise!(on_a_server);
}

fn a_server() -> Option<Served> {
    let url = std::env::var("STEGSPOR_TEST_KURRENTDB").ok()?;
    let id = RandomIds::new(Arc::new(SystemClock)).next();
    let separator = if url.contains('?') { '&' } else { '?' };
    Some(Served {
        url: format!("{url}{separator}log=test-{id}"),
        patience: Duration::from_secs(10),
        _double: None,
    })
}

/// The test harness keeps what a test that passes prints; this it does not.
fn skip(what: &str) {
    let told = "STEGSPOR_TEST_KURRENTDB names no server";
    let line = format!("skipped: {what}: {told}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

fn told(id: u128) -> domain::es::Append {
    append(&stream("slemdal"), Expected::Any, vec![event(id, "told")])
}

/// Appends until the server takes it.
async fn patiently(store: &KurrentEventStore, id: u128) -> domain::es::Appended {
    for _ in 0..200 {
        match store.append(told(id)).await {
            Ok(appended) => return appended,
            Err(AppendError::Unavailable(_)) => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(error) => panic!("{error:?}"),
        }
    }
    panic!("the server is back, and the log does not notice")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_goes_away_and_comes_back_is_found_again() {
    let mut double = Double::start();
    let store = Arc::new(store(&double.url()));
    store.append(told(1)).await.unwrap();
    for id in 2..=4 {
        let before = store.head().await.unwrap();
        let waiting = tokio::spawn({
            let store = Arc::clone(&store);
            async move { store.moved_past(before).await }
        });
        double.stop();
        let error = store.append(told(id)).await.unwrap_err();
        assert!(matches!(error, AppendError::Unavailable(_)), "{error:?}");
        let error = store.read_all(Position::START, 10).await;
        assert!(matches!(error, Err(ReadError::Unavailable(_))), "{error:?}");
        double.start_again();
        let appended = patiently(&store, id).await;
        assert_eq!(appended.version, Version(u64::try_from(id).unwrap()));
        assert_eq!(waiting.await.unwrap().unwrap(), appended.position);
    }
    assert_eq!(store.verify().await.unwrap().head, Position(4));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_not_there_yet_is_found_once_it_is() {
    let mut double = Double::start();
    double.stop();
    let store = store(&double.url());
    let error = store.head().await.unwrap_err();
    assert_eq!(error.to_string(), "the event store did not answer");
    let ReadError::Unavailable(cause) = error else {
        panic!("{error:?}")
    };
    assert!(cause.to_string().contains("KurrentDB"), "{cause}");
    double.start_again();
    assert_eq!(patiently(&store, 1).await.position, Position(1));
}

/// What was acknowledged is not told twice by who did not hear it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_forgets_what_was_told_before_does_no_harm() {
    let server = || {
        let double = Double::broken(Broken::ForgetsWhatWasToldBefore);
        Served::by(double, Duration::from_secs(10))
    };
    event_store::contract::telling_again_is_answered_as_the_first_time(server()).await;
    event_store::contract::a_client_that_goes_away_hurts_nobody(server()).await;
    event_store::contract::a_second_process_may_write_in_between(server()).await;
}

/// Positions are counted: once an event is gone, those who counted it do not show others for it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_from_which_an_event_is_taken_is_read_no_more() {
    let double = Double::broken(Broken::ForgetsTheLast);
    let one = store(&double.url());
    for id in 1..=2 {
        one.append(told(id)).await.unwrap();
    }
    assert_eq!(one.read_all(Position::START, 10).await.unwrap().len(), 2);
    let other = store(&double.url());
    assert_eq!(other.head().await.unwrap(), Position(1));
    let error = one.read_all(Position::START, 10).await.unwrap_err();
    let ReadError::Unavailable(cause) = error else {
        panic!("{error:?}")
    };
    assert!(cause.to_string().contains("another log"), "{cause}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_logs_lie_beside_each_other() {
    let double = Double::start();
    let one = store(&double.url());
    let other = store(&format!("{}&log=pilot", double.url()));
    for id in 1..=5 {
        one.append(told(id)).await.unwrap();
        let appended = other.append(told(id)).await.unwrap();
        assert_eq!(appended.position.0, u64::try_from(id).unwrap());
        assert!(!appended.already_recorded);
    }
    assert_eq!(one.head().await.unwrap(), Position(5));
    assert_eq!(other.verify().await.unwrap().head, Position(5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_cluster_the_nodes_that_are_there_are_asked() {
    let double = Double::start();
    let mut gone = Double::start();
    gone.stop();
    let url = format!(
        "esdb://{},{}?tls=false&discoveryInterval=1",
        gone.address(),
        double.address()
    );
    let store = store(&url);
    assert_eq!(patiently(&store, 1).await.position, Position(1));
}

/// Two nodes write at the same moment, and the second in the log does not know of the first: read
/// on any node, times of recording do not decrease all the same, and the chains fit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_earlier_time_of_recording_is_lifted_to_the_one_before_it() {
    let double = Double::start();
    let (one, two) = (store(&double.url()), store(&double.url()));
    let at = |minute: u128, second| {
        let moment = format!("2021-01-01T10:{minute:02}:{second:02}Z");
        RecordedAt(moment.parse().unwrap())
    };
    for round in 0..10_u128 {
        let late = domain::es::Append {
            recorded_at: at(round, 30),
            ..append(&stream("a"), Expected::Any, vec![event(2 * round, "late")])
        };
        let early = domain::es::Append {
            recorded_at: at(round, 10),
            ..append(
                &stream("b"),
                Expected::Any,
                vec![event(2 * round + 1, "early")],
            )
        };
        one.append(late).await.unwrap();
        two.append(early).await.unwrap();
    }
    let events = one.read_all(Position::START, 100).await.unwrap();
    let times: Vec<_> = events.iter().map(|event| event.recorded_at).collect();
    let expected: Vec<_> = (0..20).map(|n| at(n / 2, 30)).collect();
    assert_eq!(times, expected);
    assert_eq!(two.read_all(Position::START, 100).await.unwrap(), events);
    let of_b = two.read_stream(&stream("b"), Version::NONE).await.unwrap();
    let in_log: Vec<_> = events
        .iter()
        .filter(|event| event.stream == stream("b"))
        .collect();
    assert_eq!(of_b.iter().collect::<Vec<_>>(), in_log);
    let lifted = in_log.iter().scan(domain::es::Hash::ROOT, |before, event| {
        let fits = event.hash == event_store::expected_hash(*before, event);
        *before = event.hash;
        Some(!fits)
    });
    assert!(
        lifted.filter(|lifted| *lifted).count() > 0,
        "none was lifted"
    );
    assert_eq!(one.verify().await.unwrap().head, Position(20));
    assert_eq!(two.verify().await.unwrap().head, Position(20));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_in_the_address_is_told_nobody() {
    let mut double = Double::start();
    double.stop();
    let address = double.address();
    let url = format!("esdb://ada:hemmelig@{address}?tls=false&discoveryInterval=1");
    let store = store(&url);
    let error = store.append(told(1)).await.unwrap_err();
    let told = format!("{error} {error:?}");
    assert!(!told.contains("hemmelig"), "{told}");
    for wrong in [
        format!("esdb://ada:hemmelig@{address}?tlsCaFile=/no/such/file"),
        "esdb://ada:hemmelig@a:b".to_owned(),
        format!("esdb://ada:hemmelig@{address}?tls=perhaps"),
    ] {
        let error = event_store::open(&wrong).await.err().unwrap();
        let told = format!("{error} {error:?}");
        assert!(!told.contains("hemmelig"), "{told}");
    }
}
