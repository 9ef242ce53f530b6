//! The read models tell the same as a naive refold of the log, whatever the day and the moment that
//! is asked for. The refold keeps nothing, knows no SQL and no code of the read models: plain
//! structs, and loops over the log.

mod difference;
mod figures;
mod flow;
mod lives;
mod log;
mod persons;
mod plans;
mod referrals;
mod retention;
mod then;
mod tidgivere;
mod worklist;

use std::{collections::BTreeSet, sync::Arc};

use chrono::TimeDelta;
use domain::{
    es::{Day, EventStore, Position, RecordedAt},
    words::{Figures, ParticipantId, UnitId},
};
use infra::{clock::FixedClock, event_store::MemoryEventStore, read_store::ReadStore};
use projections::{
    Ask, PageSize, Scope,
    flow::Flows,
    journey::{Participants, StandingNow},
    key_figures::KeyFigures,
    oppdrag::OppdragOfTidgiver,
    participant::ParticipantDetail,
    plan::PlansOf,
    referral::{Between, OneReferral, Referrals},
    retention::Retention,
    sentence::SentenceServing,
    tidgiver::Tidgivere,
    timeline::TimelineOf,
    worklist::{Task, Worklist},
};
use serde_json::{Value, json};

use self::{
    log::Log,
    persons::By,
    then::{Everything, Then},
};
use crate::history::{self, Dice};

const DEPARTMENTS: [&str; 6] = [
    "stegforsteg-oslo",
    "stegforsteg-kristiansand",
    "stegforsteg-bergen",
    "stegforsteg-fredrikstad",
    "stegforsteg-drammen",
    "stegforsteg-stavanger",
];
const PARTNERS: [&str; 4] = [
    "slemdal",
    "loland",
    "poliklinikk-oslo",
    "sorlandet-sykehus-ara",
];

fn unit(name: &str) -> UnitId {
    name.parse().unwrap()
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// All answers at one point of the two times. Answers which tasks were due.
async fn compare(then: &Then<'_>, log: &Log, dice: &mut Dice) -> BTreeSet<Task> {
    let as_of = log.as_of;
    let lives = lives::lives(log);
    let ways = referrals::ways(log);
    let department = unit(dice.pick::<&str>(&DEPARTMENTS));
    let partner = unit(dice.pick::<&str>(&PARTNERS));
    for unit in [None, Some(department.clone())] {
        let question = StandingNow {
            unit: unit.clone(),
            scope: Scope::All,
            active_within_days: 90,
        };
        let expected = figures::standing(&lives, unit.as_ref(), as_of);
        then.same("standing", &question, &expected).await;
    }
    let expected = figures::key_figures(log, &lives);
    then.same("key figures", &KeyFigures { unit: None }, &expected)
        .await;
    sentences(then, &lives, &department).await;
    flows(then, log, (&lives, &ways), dice).await;
    for (unit, by) in [
        (None, None),
        (Some(department.clone()), None),
        (None, Some(partner.clone())),
        (Some(department.clone()), Some(partner)),
    ] {
        let question = Retention {
            unit: unit.clone(),
            introduced_by: by.clone(),
            scope: Scope::All,
        };
        let which = (unit.as_ref(), by.as_ref());
        let expected = retention::retention(&lives, &ways, which, as_of);
        then.same("retention", &question, &expected).await;
    }
    let tasks = worklist::worklist(log, &lives, &ways);
    due(then, &tasks).await;
    for by in [None, Some(&department)] {
        participants(then, by, &persons::list(&lives, by, as_of)).await;
    }
    let people: Vec<_> = lives.keys().copied().collect();
    for _ in 0..people.len().min(4) {
        one_person(then, log, &lives, *dice.pick(&people)).await;
    }
    // Of those who were somewhere else too, each department sees its part.
    let moved = lives::moved(&lives);
    for _ in 0..moved.len().min(2) {
        one_person(then, log, &lives, *dice.pick(&moved)).await;
    }
    for (person, life) in &lives {
        plans(then, *person, None, &plans::plans(log, life, *person, None)).await;
    }
    referred(then, &ways, (&department, &unit(PARTNERS[0])), &tasks).await;
    let question = Tidgivere {
        unit: None,
        scope: Scope::department(department.clone()),
        after: None,
        size: PageSize::new(500),
    };
    let expected = tidgivere::list(log, &lives, &department);
    let expected = json!({ "tidgivere": expected, "next_cursor": null });
    then.same("tidgivere", &question, &expected).await;
    for tidgiver_id in tidgivere::tidgivere(log, &lives) {
        let expected = tidgivere::oppdrag(&lives, tidgiver_id);
        let question = OppdragOfTidgiver { tidgiver_id };
        then.same(&format!("tidgiver {tidgiver_id}"), &question, &expected)
            .await;
    }
    tasks
        .iter()
        .map(|item| serde_json::from_value(item["task"].clone()).unwrap())
        .collect()
}

fn scope(by: By<'_>) -> Scope {
    by.map_or(Scope::All, |department| {
        Scope::department(department.clone())
    })
}

/// One person, as all see them who may, and as each department does.
async fn one_person(then: &Then<'_>, log: &Log, lives: &lives::Lives, person: ParticipantId) {
    let life = &lives[&person];
    let departments = DEPARTMENTS.map(unit);
    let by_each = departments.iter().map(Some);
    for by in std::iter::once(None).chain(by_each) {
        let question = ParticipantDetail {
            participant_id: person,
            scope: scope(by),
            active_within_days: 90,
        };
        let expected = persons::detail(life, person, by, log.as_of);
        then.same(&format!("participant {person}"), &question, &expected)
            .await;
        let facts = persons::timeline(log, life, person, by);
        let facts = (!expected.is_null()).then_some(facts);
        timeline(then, person, by, facts.as_deref()).await;
        let expected = plans::plans(log, life, person, by);
        plans(then, person, by, &expected).await;
    }
}

/// The referrals to a department, and those from a unit, page by page.
async fn referred(
    then: &Then<'_>,
    ways: &[referrals::Way],
    (department, partner): (&UnitId, &UnitId),
    tasks: &[Value],
) {
    for between in [(None, Some(department)), (Some(partner), None)] {
        let mut question = Referrals {
            between: Between {
                from: between.0.cloned(),
                to: between.1.cloned(),
            },
            after: None,
            size: PageSize::new(20),
            figures: Figures::default(),
        };
        let mut found = vec![];
        loop {
            let page = json!(then.answer(&question).await);
            found.extend(page["referrals"].as_array().unwrap().clone());
            match page["next_cursor"].as_str() {
                None => break,
                Some(next) => question.after = Some(next.parse().unwrap()),
            }
        }
        for due in found.iter_mut().filter_map(|one| one["due"].as_array_mut()) {
            for item in due {
                item.as_object_mut().unwrap().remove("why");
            }
        }
        let expected = referrals::list(ways, between, tasks, then.ask.as_of.unwrap());
        if let Some(last) = expected.last() {
            let one = OneReferral {
                referral_id: serde_json::from_value(last["referral_id"].clone()).unwrap(),
                between: question.between.clone(),
                figures: question.figures,
            };
            let mut one = json!(then.answer(&one).await);
            one["due"].take();
            let mut last = last.clone();
            last["due"].take();
            then.compare("one referral", one, &last);
        }
        then.compare("referrals", json!(found), &json!(expected));
    }
}

async fn plans(then: &Then<'_>, participant_id: ParticipantId, by: By<'_>, expected: &Value) {
    let mut view = then
        .answer(&PlansOf {
            participant_id,
            scope: scope(by),
        })
        .await;
    let plans = view.iter_mut().flat_map(|view| &mut view.plans);
    for goal in plans.flat_map(|plan| &mut plan.goals) {
        // The read models hold no wording, only where it lies.
        assert_eq!(goal.text, None);
        goal.text = Some(goal.wording.to_string());
    }
    then.compare(&format!("plans of {participant_id}"), json!(view), expected);
}

async fn sentences(then: &Then<'_>, lives: &lives::Lives, department: &UnitId) {
    let as_of = then.ask.as_of.unwrap();
    for (unit, year) in [
        (None, None),
        (None, Some(2020)),
        (Some(unit("stegforsteg-kristiansand")), Some(2019)),
        (Some(department.clone()), None),
    ] {
        let window = year.map_or((day("1970-01-01"), as_of), |year| {
            (day(&format!("{year}-01-01")), day(&format!("{year}-12-31")))
        });
        let expected = figures::sentence_serving(lives, (unit.as_ref(), year), window);
        let question = SentenceServing {
            unit,
            scope: Scope::All,
            year,
        };
        then.same("sentences", &question, &expected).await;
    }
}

async fn flows(
    then: &Then<'_>,
    log: &Log,
    (lives, ways): (&lives::Lives, &[referrals::Way]),
    dice: &mut Dice,
) {
    let first = day("2016-08-01").plus(dice.roll(1_500));
    let last = first.plus(dice.roll(500));
    for (since, until) in [(None, None), (Some(first), Some(last))] {
        let question = Flows {
            from: None,
            to: None,
            scope: Scope::All,
            since,
            until,
        };
        let window = (
            since.unwrap_or(day("1970-01-01")),
            until.map_or(log.as_of, |until| until.min(log.as_of)),
        );
        let answer = json!(then.answer(&question).await);
        assert_eq!(answer["until"], json!(window.1));
        let expected = flow::flows(log, lives, ways, window);
        then.compare("flows", answer["flows"].clone(), &expected);
    }
}

async fn due(then: &Then<'_>, expected: &[Value]) {
    let mut items = vec![];
    let mut question = Worklist {
        unit: None,
        scope: Scope::All,
        after: None,
        size: PageSize::new(90),
        figures: Figures::default(),
    };
    loop {
        let page = json!(then.answer(&question).await);
        items.extend(page["items"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            None => break,
            Some(next) => question.after = Some(next.parse().unwrap()),
        }
    }
    assert!(
        items.is_sorted_by_key(|item| item["due_on"].as_str().unwrap().to_owned()),
        "the most pressing first"
    );
    for item in &mut items {
        let why = item.as_object_mut().unwrap().remove("why");
        assert!(why.is_some_and(|why| why.as_str().is_some_and(|why| why.len() > 10)));
    }
    let sorted = |items: &[Value]| {
        let mut items = items.to_vec();
        items.sort_by_key(ToString::to_string);
        json!(items)
    };
    then.compare("worklist", sorted(&items), &sorted(expected));
}

async fn participants(then: &Then<'_>, by: By<'_>, expected: &[Value]) {
    let mut found = vec![];
    let mut question = Participants {
        unit: None,
        scope: scope(by),
        open_only: false,
        after: None,
        size: PageSize::new(40),
        active_within_days: 90,
    };
    loop {
        let page = json!(then.answer(&question).await);
        found.extend(page["participants"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            None => break,
            Some(next) => question.after = Some(next.parse().unwrap()),
        }
    }
    then.compare("participants", json!(found), &json!(expected));
}

async fn timeline(then: &Then<'_>, person: ParticipantId, by: By<'_>, expected: Option<&[Value]>) {
    let mut facts = vec![];
    let mut question = TimelineOf {
        participant_id: person,
        scope: scope(by),
        kinds: None,
        after: None,
        size: PageSize::new(10),
    };
    loop {
        let page = json!(then.answer(&question).await);
        if page.is_null() {
            assert_eq!(expected, None, "{}: timeline of {person}", then.what);
            return;
        }
        facts.extend(page["facts"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            None => break,
            Some(next) => question.after = Some(next.parse().unwrap()),
        }
    }
    then.compare(
        &format!("timeline of {person}"),
        json!(facts),
        &json!(expected),
    );
}

/// What was met on the way.
struct Met {
    /// At how many points less was known than now of the same day.
    known_later: usize,
    tasks: BTreeSet<Task>,
}

fn now() -> RecordedAt {
    RecordedAt::new("2022-06-01T10:00:00Z".parse().unwrap())
}

/// Compares at some random points of the two times, and now.
async fn at_random(log: Arc<MemoryEventStore>, points: usize, seed: u64) -> Met {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("read.sqlite").display());
    let now = now();
    let clock = FixedClock::at(now.0);
    let store = ReadStore::open(&url, log.clone(), Arc::new(clock))
        .await
        .unwrap();
    store.catch_up(|_, _| {}).await.unwrap();
    let mut dice = Dice::new(seed);
    let first = day("2017-01-01");
    let mut met = Met {
        known_later: 0,
        tasks: BTreeSet::new(),
    };
    for point in 0..=points {
        let as_of = first.plus(dice.roll(1_760));
        let hours = dice.roll(24 * 1_900).cast_signed();
        let known_at = RecordedAt::new(first.begins() + TimeDelta::hours(hours));
        // Now and then all is known; and last, the live tables answer.
        let (as_of, known_at) = match point {
            last if last == points => (now.day(), now),
            _ if dice.roll(4) == 0 => (as_of, now),
            _ => (as_of, known_at),
        };
        let then = Then {
            store: &store,
            ask: Ask {
                as_of: Some(as_of),
                known_at: Some(known_at),
            },
            what: format!("as of {as_of}, known at {known_at}"),
        };
        // Most are asked of all tables; some of those that each question says it reads.
        if point % 10 != 0 {
            then.answer(&Everything).await;
        }
        let then_known = Log::read(&*log, as_of, known_at).await;
        let due = compare(&then, &then_known, &mut dice).await;
        met.tasks.extend(due);
        let all = Log::read(&*log, as_of, now).await;
        met.known_later += usize::from(all.facts() != then_known.facts());
    }
    met
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_told_late_and_amended_is_the_same_as_its_naive_refold() {
    let demo = history::of_the_demo().await;
    let log = history::retold(&*demo, 5).await;
    let events = log.read_all(Position::START, usize::MAX).await.unwrap();
    let kinds: BTreeSet<_> = events
        .iter()
        .map(|event| (event.stream.category(), event.kind.as_str()))
        .collect();
    // It must hold whatever is counted: nothing is missing but what nobody counts.
    let missing: Vec<_> = domain::event::kinds()
        .filter(|kind| !kinds.contains(&(kind.stream, kind.kind)))
        .filter(|kind| !kind.kind.starts_with("entry-"))
        .map(|kind| kind.kind)
        .collect();
    assert_eq!(missing, ["treatment-admitted"]);
    let whole = Log::read(&*log, now().day(), now()).await;
    let ended_late = lives::ended_after_their_stay(&lives::lives(&whole));
    assert!(ended_late > 3, "{ended_late} oppdrag were ended late");
    let moved = lives::moved(&lives::lives(&whole)).len();
    assert!(moved > 3, "{moved} came back to another department");
    let met = at_random(log, 100, 11).await;
    // Knowing more about the same day must often change the answer, or nothing was tested.
    assert!(met.known_later > 33, "{} of 100", met.known_later);
    assert_eq!(
        met.tasks,
        Task::ALL.iter().copied().collect(),
        "each task was due at some point"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demos_history_is_the_same_as_its_naive_refold() {
    at_random(history::of_the_demo().await, 4, 5).await;
}
