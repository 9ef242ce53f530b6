//! What every event store promises, as tests that any adapter includes.
//!
//! ```text
//! infra::event_store_contract!(async || my_harness());
//! ```
//!
//! A [`Harness`] gives the suite an empty log and, where the engine outlives a process, another
//! handle on the same one: that is how stale views and restarts are tested.

use std::{collections::BTreeSet, sync::Arc};

use domain::es::{
    Actor, ActorId, Append, AppendError, Appended, CorrelationId, EventId, Expected, Fact,
    Metadata, NewEvent, Position, RecordedAt, RecordedEvent, Role, SourceSystem, StreamName,
    Version,
};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::Log;

/// One log, and ways to reach it.
#[expect(async_fn_in_trait, reason = "the suite awaits it where it stands")]
pub trait Harness {
    /// A handle on the log; each is as good as a process of its own. `None` if the engine can
    /// have only one, and one was given out.
    async fn open(&mut self) -> Option<Arc<dyn Log>>;
}

/// An event with an id of its own, that says `text`.
#[must_use]
pub fn event(id: u128, text: &str) -> NewEvent {
    NewEvent {
        id: EventId(Uuid::from_u128(id)),
        kind: "unit-registered",
        schema_version: 1,
        occurred_at: "2020-03-01".parse().expect("a date"),
        metadata: metadata(),
        data: serde_json::json!({ "text": text }).to_string(),
    }
}

/// A stream's name.
#[must_use]
pub fn stream(key: impl std::fmt::Display) -> StreamName {
    StreamName::new("unit", key)
}

/// An append at a time of recording that all tests share unless they say otherwise.
#[must_use]
pub fn append(stream: &StreamName, expected: Expected, events: Vec<NewEvent>) -> Append {
    Append {
        stream: stream.clone(),
        expected,
        events,
        recorded_at: moment("2021-01-01T10:00:00Z"),
    }
}

fn metadata() -> Metadata {
    Metadata {
        actor: Actor {
            id: ActorId(Uuid::from_u128(1)),
            role: Role::System,
        },
        unit: None,
        source: SourceSystem("contract".to_owned()),
        correlation_id: CorrelationId(Uuid::from_u128(2)),
        causation_id: None,
        consent_id: None,
        traceparent: None,
        request_digest: None,
    }
}

fn moment(text: &str) -> RecordedAt {
    RecordedAt(text.parse().expect("a moment"))
}

fn fresh(position: u64, version: u64) -> Appended {
    Appended {
        position: Position(position),
        version: Version(version),
        already_recorded: false,
    }
}

fn again(position: u64, version: u64) -> Appended {
    Appended {
        already_recorded: true,
        ..fresh(position, version)
    }
}

async fn first(harness: &mut impl Harness) -> Arc<dyn Log> {
    harness.open().await.expect("a harness opens at least once")
}

async fn everything(store: &dyn Log) -> Vec<RecordedEvent> {
    store
        .read_all(Position::START, usize::MAX)
        .await
        .expect("the log can be read")
}

async fn assert_whole(store: &dyn Log) {
    let events = everything(store).await;
    let positions: Vec<_> = events.iter().map(|event| event.position.0).collect();
    let gapless: Vec<_> = (1..=events.len() as u64).collect();
    assert_eq!(positions, gapless);
    assert!(events.is_sorted_by_key(|event| event.recorded_at));
    let verified = store.verify().await.expect("the chains fit");
    assert_eq!(verified.head, Position(events.len() as u64));
}

/// What was appended is read back, whole.
pub async fn an_event_is_read_back_as_it_was_appended(mut harness: impl Harness) {
    let store = first(&mut harness).await;
    let (slemdal, told) = (stream("slemdal"), event(1, "ærlig \"talt\"\n"));
    let appended = store
        .append(append(&slemdal, Expected::NoStream, vec![told.clone()]))
        .await;
    assert_eq!(appended.expect("it fits"), fresh(1, 1));
    let events = everything(store.as_ref()).await;
    let expected = RecordedEvent {
        id: told.id,
        stream: slemdal.clone(),
        version: Version(1),
        position: Position(1),
        kind: told.kind.to_owned(),
        schema_version: told.schema_version,
        occurred_at: told.occurred_at,
        recorded_at: moment("2021-01-01T10:00:00Z"),
        metadata: serde_json::to_string(&told.metadata).expect("JSON"),
        data: told.data.clone(),
        hash: events[0].hash,
    };
    assert_eq!(events, [expected]);
    assert_eq!(events[0].read_metadata().expect("JSON"), told.metadata);
    assert_eq!(
        store
            .read_stream(&slemdal, Version::NONE)
            .await
            .expect("read"),
        events
    );
    assert_eq!(
        store.find(told.id).await.expect("read"),
        Some(events[0].clone())
    );
    assert_whole(store.as_ref()).await;
}

/// Moments are kept to the microsecond, days as days.
pub async fn both_ways_of_saying_when_are_kept(mut harness: impl Harness) {
    let store = first(&mut harness).await;
    let fine = "2020-03-01T09:30:00.123456789Z".parse().expect("a moment");
    let events = vec![
        event(1, "day"),
        NewEvent {
            occurred_at: domain::es::OccurredAt::Moment(fine),
            ..event(2, "moment")
        },
    ];
    let at = append(&stream("slemdal"), Expected::Any, events);
    store.append(at.clone()).await.expect("it fits");
    let kept: Vec<_> = everything(store.as_ref())
        .await
        .iter()
        .map(|event| event.occurred_at.to_string())
        .collect();
    assert_eq!(kept, ["2020-03-01", "2020-03-01T09:30:00.123456Z"]);
    assert_eq!(store.append(at).await.expect("known"), again(2, 2));
    assert_whole(store.as_ref()).await;
}

/// What is not there is nothing, and no error.
pub async fn an_empty_log_holds_nothing(mut harness: impl Harness) {
    let store = first(&mut harness).await;
    assert_eq!(everything(store.as_ref()).await, []);
    assert_eq!(store.head().await.expect("read"), Position::START);
    let nowhere = store.read_stream(&stream("nowhere"), Version::NONE).await;
    assert_eq!(nowhere.expect("read"), []);
    let nothing = store.history(&stream("nowhere")).await;
    assert_eq!(nothing.expect("read"), []);
    let nothing = store.find(EventId(Uuid::from_u128(1))).await;
    assert_eq!(nothing.expect("read"), None);
    assert_whole(store.as_ref()).await;
}

/// Reading goes on where it stopped.
pub async fn the_log_and_a_stream_are_read_from_anywhere(mut harness: impl Harness) {
    let store = first(&mut harness).await;
    for n in 0..25 {
        let to = stream(n % 2);
        store
            .append(append(&to, Expected::Any, vec![event(n, "n")]))
            .await
            .expect("it fits");
    }
    let all = everything(store.as_ref()).await;
    let mut paged = Vec::new();
    loop {
        let after = paged
            .last()
            .map_or(Position::START, |e: &RecordedEvent| e.position);
        let page = store.read_all(after, 7).await.expect("read");
        assert!(page.len() <= 7);
        if page.is_empty() {
            break;
        }
        paged.extend(page);
    }
    assert_eq!(paged, all);
    let late = store
        .read_stream(&stream(0), Version(10))
        .await
        .expect("read");
    let versions: Vec<_> = late.iter().map(|event| event.version.0).collect();
    assert_eq!(versions, [11, 12, 13]);
    let history = store.history(&stream(0)).await.expect("read");
    let facts = all.into_iter().filter(|event| event.stream == stream(0));
    assert_eq!(history, facts.map(Fact::from).collect::<Vec<_>>());
    assert_eq!(history.len(), 13);
    assert_eq!(store.head().await.expect("read"), Position(25));
}

/// Each expectation fits what it says and nothing else; versions have more than one digit.
pub async fn expected_versions_are_checked(mut harness: impl Harness) {
    let store = first(&mut harness).await;
    let to = stream("slemdal");
    let mut id = 0;
    let mut tell = |expected| {
        id += 1;
        append(&to, expected, vec![event(id, "told")])
    };
    for version in 1..=12 {
        let expected = match version {
            1 => Expected::NoStream,
            _ => Expected::Exactly(Version(version - 1)),
        };
        let appended = store.append(tell(expected)).await.expect("it fits");
        assert_eq!(appended, fresh(version, version));
    }
    for wrong in [
        Expected::NoStream,
        Expected::Exactly(Version(0)),
        Expected::Exactly(Version(1)),
        Expected::Exactly(Version(11)),
        Expected::Exactly(Version(13)),
    ] {
        match store.append(tell(wrong)).await {
            Err(AppendError::Conflict { expected, actual }) => {
                assert_eq!((expected, actual), (wrong, Version(12)));
            }
            other => panic!("{wrong:?} came to {other:?}"),
        }
    }
    let elsewhere = append(
        &stream("elsewhere"),
        Expected::Exactly(Version(1)),
        vec![event(100, "told")],
    );
    assert!(matches!(
        store.append(elsewhere).await,
        Err(AppendError::Conflict {
            actual: Version::NONE,
            ..
        })
    ));
    let nothing_yet = append(
        &stream("elsewhere"),
        Expected::Exactly(Version::NONE),
        vec![event(101, "told")],
    );
    assert_eq!(
        store.append(nothing_yet).await.expect("it fits"),
        fresh(13, 1)
    );
    assert_eq!(
        store.append(tell(Expected::Any)).await.expect("it fits"),
        fresh(14, 13)
    );
    assert_whole(store.as_ref()).await;
}

/// Several facts of one append follow each other, all or none.
pub async fn an_append_is_all_or_nothing(mut harness: impl Harness) {
    let store = first(&mut harness).await;
    let to = stream("slemdal");
    let three = (1..=3).map(|n| event(n, "told")).collect();
    let appended = store.append(append(&to, Expected::NoStream, three)).await;
    assert_eq!(appended.expect("it fits"), fresh(3, 3));
    let half_new = vec![event(4, "new"), event(2, "another")];
    match store.append(append(&to, Expected::Any, half_new)).await {
        Err(AppendError::IdTaken { id }) => assert_eq!(id, event(2, "").id),
        other => panic!("{other:?}"),
    }
    let twice = vec![event(5, "new"), event(5, "new")];
    match store.append(append(&to, Expected::Any, twice)).await {
        Err(AppendError::IdTaken { id }) => assert_eq!(id, event(5, "").id),
        other => panic!("{other:?}"),
    }
    assert_eq!(everything(store.as_ref()).await.len(), 3);
    assert_whole(store.as_ref()).await;
}

/// More facts than any statement has room for.
pub async fn a_large_append_goes_in_whole(mut harness: impl Harness) {
    let store = first(&mut harness).await;
    let many = (1..=1_300).map(|n| event(n, "told")).collect();
    let appended = store
        .append(append(&stream("slemdal"), Expected::NoStream, many))
        .await;
    assert_eq!(appended.expect("it fits"), fresh(1_300, 1_300));
    assert_whole(store.as_ref()).await;
}

/// An append that says nothing is refused.
pub async fn an_empty_append_is_refused(mut harness: impl Harness) {
    let store = first(&mut harness).await;
    let nothing = append(&stream("slemdal"), Expected::NoStream, Vec::new());
    assert!(matches!(
        store.append(nothing.clone()).await,
        Err(AppendError::Empty)
    ));
    let outcomes = store.append_all(vec![nothing]).await;
    assert!(matches!(outcomes[..], [Err(AppendError::Empty)]));
    assert_eq!(store.head().await.expect("read"), Position::START);
}

/// The same facts again are answered as the first time, however far the stream has gone, and
/// whatever time and metadata they come with.
pub async fn telling_again_is_answered_as_the_first_time(mut harness: impl Harness) {
    let store = first(&mut harness).await;
    let to = stream("slemdal");
    let told = append(
        &to,
        Expected::NoStream,
        vec![event(1, "one"), event(2, "two")],
    );
    assert_eq!(
        store.append(told.clone()).await.expect("it fits"),
        fresh(2, 2)
    );
    assert_eq!(
        store.append(told.clone()).await.expect("known"),
        again(2, 2)
    );
    let other = append(&to, Expected::Exactly(Version(2)), vec![event(3, "three")]);
    assert_eq!(store.append(other).await.expect("it fits"), fresh(3, 3));
    let mut later = told;
    later.recorded_at = moment("2022-01-01T10:00:00Z");
    for event in &mut later.events {
        event.metadata.source = SourceSystem("retry".to_owned());
    }
    assert_eq!(
        store.append(later.clone()).await.expect("known"),
        again(2, 2)
    );
    later.expected = Expected::Any;
    assert_eq!(store.append(later).await.expect("known"), again(2, 2));
    assert_eq!(everything(store.as_ref()).await.len(), 3);
    assert_whole(store.as_ref()).await;
}

/// An id names one fact for ever: another fact, or another stream, does not get it.
pub async fn an_id_is_never_used_twice(mut harness: impl Harness) {
    let store = first(&mut harness).await;
    let to = stream("slemdal");
    let told = vec![event(1, "one"), event(2, "two")];
    let told = append(&to, Expected::NoStream, told);
    store.append(told.clone()).await.expect("it fits");
    let other_day = NewEvent {
        occurred_at: "2020-03-02".parse().expect("a date"),
        ..event(1, "one")
    };
    let other_kind = NewEvent {
        kind: "key-figures-reported",
        ..event(1, "one")
    };
    let other_version = NewEvent {
        schema_version: 2,
        ..event(1, "one")
    };
    for (other, taken) in [
        (append(&to, Expected::Any, vec![event(1, "other")]), 1),
        (append(&to, Expected::Any, vec![other_day]), 1),
        (append(&to, Expected::Any, vec![other_kind]), 1),
        (append(&to, Expected::Any, vec![other_version]), 1),
        (
            append(&stream("loland"), Expected::Any, vec![event(1, "one")]),
            1,
        ),
        (
            append(&to, Expected::Any, vec![event(2, "two"), event(1, "one")]),
            1,
        ),
        (
            append(&to, Expected::Any, vec![event(9, "new"), event(2, "two")]),
            2,
        ),
        (append(&to, Expected::NoStream, vec![event(2, "other")]), 2),
    ] {
        match store.append(other.clone()).await {
            Err(AppendError::IdTaken { id }) => assert_eq!(id, event(taken, "").id, "{other:?}"),
            outcome => panic!("{other:?} came to {outcome:?}"),
        }
    }
    assert_eq!(everything(store.as_ref()).await.len(), 2);
    assert_whole(store.as_ref()).await;
}

/// Of several appends each stands alone, in the order asked, also on one stream.
pub async fn one_refused_append_leaves_the_others_be(mut harness: impl Harness) {
    let store = first(&mut harness).await;
    let (slemdal, loland) = (stream("slemdal"), stream("loland"));
    let outcomes = store
        .append_all(vec![
            append(&slemdal, Expected::NoStream, vec![event(1, "one")]),
            append(
                &slemdal,
                Expected::Exactly(Version(1)),
                vec![event(2, "two")],
            ),
            append(
                &slemdal,
                Expected::Exactly(Version(1)),
                vec![event(3, "lost")],
            ),
            append(&loland, Expected::NoStream, vec![event(4, "four")]),
            append(
                &slemdal,
                Expected::Exactly(Version(2)),
                vec![event(5, "five")],
            ),
            append(&slemdal, Expected::Any, vec![event(1, "one")]),
            append(&loland, Expected::Any, vec![event(5, "taken")]),
            append(&loland, Expected::Any, Vec::new()),
            append(&loland, Expected::Any, vec![event(6, "six")]),
        ])
        .await;
    let outcomes: Vec<_> = outcomes
        .into_iter()
        .map(|outcome| match outcome {
            Ok(appended) => Ok(appended),
            Err(AppendError::Conflict { actual, .. }) => Err(format!("conflict at {actual}")),
            Err(error) => Err(error.to_string()),
        })
        .collect();
    assert_eq!(
        outcomes,
        [
            Ok(fresh(1, 1)),
            Ok(fresh(2, 2)),
            Err("conflict at 2".to_owned()),
            Ok(fresh(3, 1)),
            Ok(fresh(4, 3)),
            Ok(again(1, 1)),
            Err(format!(
                "event id {} is taken by another event",
                event(5, "").id
            )),
            Err("nothing to append".to_owned()),
            Ok(fresh(5, 2)),
        ]
    );
    assert_whole(store.as_ref()).await;
}

/// Sixteen who believe the same: one wins, fifteen learn what the stream is now.
pub async fn of_sixteen_racing_writers_one_wins(mut harness: impl Harness) {
    let store = first(&mut harness).await;
    let to = stream("slemdal");
    for round in 0..12 {
        let expected = match round {
            0 => Expected::NoStream,
            _ => Expected::Exactly(Version(round)),
        };
        let mut writers = JoinSet::new();
        for writer in 0..16 {
            let store = Arc::clone(&store);
            let id = u128::from(round) * 16 + writer + 1;
            let told = append(&to, expected, vec![event(id, "raced")]);
            writers.spawn(async move { store.append(told).await });
        }
        let (won, lost): (Vec<_>, Vec<_>) = writers
            .join_all()
            .await
            .into_iter()
            .partition(Result::is_ok);
        assert_eq!(won.len(), 1);
        for error in lost {
            match error {
                Err(AppendError::Conflict { actual, .. }) => {
                    assert_eq!(actual, Version(round + 1));
                }
                other => panic!("{other:?}"),
            }
        }
    }
    assert_whole(store.as_ref()).await;
}

/// Many clients on many streams, some of them refused: positions have no gaps, every answer is
/// true, and nothing is lost.
pub async fn positions_have_no_gaps_under_concurrency(mut harness: impl Harness) {
    let store = first(&mut harness).await;
    let mut clients = JoinSet::new();
    for client in 0..24_u128 {
        let store = Arc::clone(&store);
        clients.spawn(async move {
            let mut mine = Vec::new();
            for n in 0..20_u128 {
                let id = client * 1_000 + n + 1;
                let to = stream((client + n) % 7);
                let expected = match n % 3 {
                    0 => Expected::Exactly(Version(u64::try_from(n).expect("small"))),
                    _ => Expected::Any,
                };
                match store
                    .append(append(&to, expected, vec![event(id, "told")]))
                    .await
                {
                    Ok(appended) => mine.push((EventId(Uuid::from_u128(id)), appended)),
                    Err(AppendError::Conflict { .. }) => {}
                    Err(error) => panic!("{error:?}"),
                }
            }
            mine
        });
    }
    let answered: Vec<_> = clients.join_all().await.into_iter().flatten().collect();
    let events = everything(store.as_ref()).await;
    assert_eq!(events.len(), answered.len());
    for (id, appended) in answered {
        let position = usize::try_from(appended.position.0).expect("small");
        let event = &events[position - 1];
        assert_eq!((event.id, event.version), (id, appended.version));
    }
    assert_whole(store.as_ref()).await;
}

/// A reader that follows the log misses nothing: no position becomes readable before the ones
/// under it.
pub async fn a_reader_that_follows_misses_nothing(mut harness: impl Harness) {
    let store = first(&mut harness).await;
    let total = 16 * 25;
    let mut writers = JoinSet::new();
    for writer in 0..16_u128 {
        let store = Arc::clone(&store);
        writers.spawn(async move {
            for n in 0..25_u128 {
                let to = stream(writer);
                let told = append(
                    &to,
                    Expected::Any,
                    vec![event(writer * 100 + n + 1, "told")],
                );
                store.append(told).await.expect("it fits");
            }
        });
    }
    let mut seen = Vec::new();
    while seen.len() < total {
        let after = Position(seen.len() as u64);
        store.moved_past(after).await.expect("the log moves");
        let page = store.read_all(after, 10).await.expect("read");
        seen.extend(page.into_iter().map(|event| event.position.0));
    }
    writers.join_all().await;
    assert_eq!(seen, (1..=total as u64).collect::<Vec<_>>());
}

/// The order of positions is the order of commits, also when the later writer's clock is behind.
pub async fn times_of_recording_never_decrease(mut harness: impl Harness) {
    let store = first(&mut harness).await;
    for (id, at) in [
        (1, "2021-01-01T10:00:00Z"),
        (2, "2021-01-01T12:00:00.000001Z"),
        (3, "2021-01-01T11:00:00Z"),
        (4, "2021-01-02T00:00:00Z"),
    ] {
        let mut told = append(&stream(id), Expected::NoStream, vec![event(id, "told")]);
        told.recorded_at = moment(at);
        store.append(told).await.expect("it fits");
    }
    let times: Vec<_> = everything(store.as_ref())
        .await
        .iter()
        .map(|event| event.recorded_at.to_string())
        .collect();
    assert_eq!(
        times,
        [
            "2021-01-01T10:00:00Z",
            "2021-01-01T12:00:00.000001Z",
            "2021-01-01T12:00:00.000001Z",
            "2021-01-02T00:00:00Z",
        ]
    );
}

/// Who waits for the log to move is woken, and who need not wait does not.
pub async fn waiting_for_the_log_to_move_ends_when_it_does(mut harness: impl Harness) {
    let store = first(&mut harness).await;
    let waiting = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.moved_past(Position(1)).await }
    });
    for id in 1..=2 {
        store
            .append(append(
                &stream("slemdal"),
                Expected::Any,
                vec![event(id, "told")],
            ))
            .await
            .expect("it fits");
    }
    let moved = waiting.await.expect("no panic").expect("the log moves");
    assert_eq!(moved, Position(2));
    let at_once = store.moved_past(Position::START).await;
    assert_eq!(at_once.expect("it has moved"), Position(2));
}

/// A client that goes away hurts nobody, itself included: told again, it gets its answer.
pub async fn a_client_that_goes_away_hurts_nobody(mut harness: impl Harness) {
    let store = first(&mut harness).await;
    let to = stream("slemdal");
    let mut clients = JoinSet::new();
    for id in 1..=50 {
        let store = Arc::clone(&store);
        let told = append(&to, Expected::Any, vec![event(id, "told")]);
        let client = clients.spawn(async move { store.append(told).await });
        if id % 2 == 0 {
            client.abort();
        }
    }
    while let Some(outcome) = clients.join_next().await {
        if let Ok(appended) = outcome {
            assert!(!appended.expect("it fits").already_recorded);
        }
    }
    for id in 1..=50 {
        store
            .append(append(&to, Expected::Any, vec![event(id, "told")]))
            .await
            .expect("it is known, or it fits");
    }
    let ids: BTreeSet<_> = everything(store.as_ref())
        .await
        .into_iter()
        .map(|event| event.id)
        .collect();
    assert_eq!(ids.len(), 50);
    assert_whole(store.as_ref()).await;
}

/// Another process writes in between: what this one remembers is stale, and it notices.
pub async fn a_second_process_may_write_in_between(mut harness: impl Harness) {
    let one = first(&mut harness).await;
    let Some(two) = harness.open().await else {
        return;
    };
    let to = stream("slemdal");
    let tell = |expected, id| append(&to, expected, vec![event(id, "told")]);
    let at = |version| Expected::Exactly(Version(version));
    let appended = one.append(tell(Expected::NoStream, 1)).await;
    assert_eq!(appended.expect("it fits"), fresh(1, 1));
    let appended = two.append(tell(at(1), 2)).await;
    assert_eq!(appended.expect("it fits"), fresh(2, 2));
    match one.append(tell(at(1), 3)).await {
        Err(AppendError::Conflict { actual, .. }) => assert_eq!(actual, Version(2)),
        other => panic!("{other:?}"),
    }
    let appended = two.append(tell(at(2), 4)).await;
    assert_eq!(appended.expect("it fits"), fresh(3, 3));
    let appended = one.append(tell(at(3), 5)).await;
    assert_eq!(
        appended.expect("its view is stale, its belief is not"),
        fresh(4, 4)
    );
    let appended = two.append(tell(Expected::Any, 6)).await;
    assert_eq!(appended.expect("it fits"), fresh(5, 5));
    let appended = one.append(tell(Expected::Any, 2)).await;
    assert_eq!(appended.expect("known"), again(2, 2));
    let both = stream("loland");
    let appended = two
        .append(append(&both, Expected::NoStream, vec![event(7, "told")]))
        .await;
    assert_eq!(appended.expect("it fits"), fresh(6, 1));
    match one
        .append(append(&both, Expected::NoStream, vec![event(8, "told")]))
        .await
    {
        Err(AppendError::Conflict { actual, .. }) => assert_eq!(actual, Version(1)),
        other => panic!("{other:?}"),
    }
    let elsewhere = append(&stream("ara"), Expected::NoStream, vec![event(9, "told")]);
    assert_eq!(one.append(elsewhere).await.expect("it fits"), fresh(7, 1));
    assert_whole(one.as_ref()).await;
    assert_eq!(
        everything(one.as_ref()).await,
        everything(two.as_ref()).await
    );
}

/// Two processes at full speed: as good as one.
pub async fn two_processes_may_write_at_once(mut harness: impl Harness) {
    let one = first(&mut harness).await;
    let Some(two) = harness.open().await else {
        return;
    };
    let mut clients = JoinSet::new();
    for client in 0..8_u128 {
        let store = Arc::clone(if client % 2 == 0 { &one } else { &two });
        clients.spawn(async move {
            for n in 0..15_u128 {
                let to = stream((client + n) % 5);
                let told = append(
                    &to,
                    Expected::Any,
                    vec![event(client * 100 + n + 1, "told")],
                );
                store.append(told).await.expect("it fits");
            }
        });
    }
    clients.join_all().await;
    assert_eq!(everything(one.as_ref()).await.len(), 8 * 15);
    assert_whole(one.as_ref()).await;
}

/// Who waits is woken by another process's events too.
pub async fn waiting_ends_when_another_process_writes(mut harness: impl Harness) {
    let one = first(&mut harness).await;
    let Some(two) = harness.open().await else {
        return;
    };
    let waiting = tokio::spawn({
        let one = Arc::clone(&one);
        async move { one.moved_past(Position::START).await }
    });
    let told = append(&stream("slemdal"), Expected::Any, vec![event(1, "told")]);
    two.append(told).await.expect("it fits");
    let moved = waiting.await.expect("no panic").expect("the log moves");
    assert_eq!(moved, Position(1));
}

/// A log opened again goes on where it stood.
pub async fn a_restart_keeps_every_head(mut harness: impl Harness) {
    let store = first(&mut harness).await;
    for id in 1..=30 {
        let mut told = append(&stream(id % 3), Expected::Any, vec![event(id, "told")]);
        told.recorded_at = moment("2021-05-01T10:00:00Z");
        store.append(told).await.expect("it fits");
    }
    drop(store);
    let Some(store) = harness.open().await else {
        return;
    };
    let at = Expected::Exactly(Version(10));
    let next = append(&stream(0), at, vec![event(31, "told")]);
    assert_eq!(store.append(next).await.expect("it fits"), fresh(31, 11));
    let known = append(&stream(1), Expected::NoStream, vec![event(1, "told")]);
    assert_eq!(store.append(known).await.expect("known"), again(1, 1));
    let stale = append(
        &stream(2),
        Expected::Exactly(Version(9)),
        vec![event(32, "told")],
    );
    match store.append(stale).await {
        Err(AppendError::Conflict { actual, .. }) => assert_eq!(actual, Version(10)),
        other => panic!("{other:?}"),
    }
    let last = everything(store.as_ref()).await.pop().expect("31 events");
    assert_eq!(last.recorded_at, moment("2021-05-01T10:00:00Z"));
    assert_whole(store.as_ref()).await;
}

/// Writes the whole contract down as tests of one adapter. The expression makes a fresh
/// [`Harness`](crate::event_store::contract::Harness) each time.
#[macro_export]
macro_rules! event_store_contract {
    ($harness:expr) => {
        $crate::event_store_contract! { $harness;
            an_event_is_read_back_as_it_was_appended,
            both_ways_of_saying_when_are_kept,
            an_empty_log_holds_nothing,
            the_log_and_a_stream_are_read_from_anywhere,
            expected_versions_are_checked,
            an_append_is_all_or_nothing,
            a_large_append_goes_in_whole,
            an_empty_append_is_refused,
            telling_again_is_answered_as_the_first_time,
            an_id_is_never_used_twice,
            one_refused_append_leaves_the_others_be,
            of_sixteen_racing_writers_one_wins,
            positions_have_no_gaps_under_concurrency,
            a_reader_that_follows_misses_nothing,
            times_of_recording_never_decrease,
            waiting_for_the_log_to_move_ends_when_it_does,
            a_client_that_goes_away_hurts_nobody,
            a_second_process_may_write_in_between,
            two_processes_may_write_at_once,
            waiting_ends_when_another_process_writes,
            a_restart_keeps_every_head,
        }
    };
    ($harness:expr; $($promise:ident,)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                $crate::event_store::contract::$promise($harness).await;
            }
        )*
    };
}
