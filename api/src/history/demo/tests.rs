use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{Datelike as _, TimeDelta};
use domain::{
    cooperation::{CooperationFact, Setting},
    es::{EventStore as _, RecordedEvent},
    event::{DomainEvent, Recorded},
    participant::{EndReason, Learned, ParticipantFact as P, SentenceForm},
    tidgiver::TidgiverFact,
    unit::UnitFact,
};
use infra::event_store::MemoryEventStore;

use super::{
    super::counting::{
        Standing, Words, decode_all, facts, last_hash, log_of, partner_counts, standing,
    },
    *,
};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// The played demo, once for all tests here.
fn played() -> &'static (Vec<RecordedEvent>, Vec<domain::es::VaultEntry>) {
    static PLAYED: std::sync::OnceLock<(Vec<RecordedEvent>, Vec<domain::es::VaultEntry>)> =
        std::sync::OnceLock::new();
    PLAYED.get_or_init(play_once)
}

/// The played log, read once for all tests here.
fn decoded() -> &'static [Recorded] {
    static DECODED: std::sync::OnceLock<Vec<Recorded>> = std::sync::OnceLock::new();
    DECODED.get_or_init(|| decode_all(&played().0))
}

fn play_once() -> (Vec<RecordedEvent>, Vec<domain::es::VaultEntry>) {
    runtime().block_on(async {
        let store = MemoryEventStore::new();
        let words = Words::default();
        let mut seen = (0, 0);
        play(&store, &words, &mut |done, total| seen = (done, total))
            .await
            .unwrap_or_else(|error| {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                panic!("{error}: {cause:?}")
            });
        assert_eq!(seen.0, seen.1);
        (log_of(&store).await, words.0.into_inner().unwrap())
    })
}

fn end_of(day: Day) -> DateTime<Utc> {
    day.ends()
}

fn registered(as_of: Day, known_at: DateTime<Utc>) -> BTreeMap<String, usize> {
    standing(&facts(decoded(), as_of, known_at), as_of)
        .into_iter()
        .map(|(unit, standing)| (unit, standing.registered))
        .collect()
}

fn by_department(counts: [usize; 6]) -> BTreeMap<String, usize> {
    [
        units::OSLO,
        units::KRISTIANSAND,
        units::BERGEN,
        units::FREDRIKSTAD,
        units::DRAMMEN,
        units::STAVANGER,
    ]
    .map(str::to_owned)
    .into_iter()
    .zip(counts)
    .collect()
}

#[test]
fn the_list_of_new_year_as_known_then_held_80_more_in_oslo() {
    assert_eq!(
        registered(NEW_YEARS_EVE, end_of(NEW_YEARS_EVE)),
        by_department([190, 130, 55, 38, 45, 130])
    );
    assert_eq!(
        registered(NEW_YEARS_EVE, end_of(day(2021, 7, 1))),
        by_department([110, 130, 55, 38, 45, 130])
    );
}

#[test]
fn in_summer_oslo_has_65_active_9_on_their_way_in_and_36_passive() {
    let facts = facts(decoded(), SUMMER, cast().now);
    let standing = standing(&facts, SUMMER);
    assert_eq!(
        standing[units::OSLO],
        Standing {
            registered: 110,
            active: 65,
            incoming: 9,
            passive: 36,
            paused: 0
        }
    );
    let all: usize = standing.values().map(|unit| unit.registered).sum();
    assert_eq!(all, 508);
}

#[test]
fn the_review_of_spring_ended_80_with_no_contact_since_a_day_before_2021() {
    let ended: Vec<_> = facts(decoded(), SUMMER, cast().now)
        .into_iter()
        .filter(|fact| {
            matches!(
                &fact.event,
                DomainEvent::Participant(event) if matches!(
                    &event.fact,
                    P::ParticipationEnded(end)
                        if end.reason == EndReason::NoContactSince
                            && end.learned == Learned::ByReview
                )
            )
        })
        .collect();
    assert_eq!(ended.len(), 80);
    assert!(ended.iter().all(|fact| {
        fact.occurred_at.day() <= NEW_YEARS_EVE
            && fact.recorded_at.day() >= day(2021, 2, 1)
            && fact.recorded_at.day() <= day(2021, 5, 31)
    }));
}

#[test]
fn each_partner_and_steg_for_steg_count_what_they_published() {
    let facts = facts(decoded(), SUMMER, cast().now);
    let year_to_summer = (day(2020, 7, 1), SUMMER);
    let year_2020 = (day(2020, 1, 1), NEW_YEARS_EVE);
    assert_eq!(
        partner_counts(&facts, units::SLEMDAL, units::OSLO, year_to_summer),
        (4, 7)
    );
    assert_eq!(
        partner_counts(&facts, units::POLYCLINIC, units::OSLO, year_to_summer),
        (5, 14)
    );
    assert_eq!(
        partner_counts(&facts, units::LOLAND, units::KRISTIANSAND, year_2020),
        (37, 37)
    );
    let (_, ara) = partner_counts(&facts, units::ARA, units::KRISTIANSAND, year_2020);
    assert_eq!(ara, 27);
}

#[test]
fn in_kristiansand_31_served_in_2020_in_four_forms_and_19_went_on() {
    let facts = facts(decoded(), SUMMER, cast().now);
    let mut department = HashMap::new();
    let mut begun: HashMap<_, SentenceForm> = HashMap::new();
    let mut served = vec![];
    for fact in &facts {
        let DomainEvent::Participant(event) = &fact.event else {
            continue;
        };
        match &event.fact {
            P::FirstContactMade(made) => {
                department.insert(event.stay_id, made.department.clone());
            }
            P::SentenceServingBegun(serving) if fact.occurred_at.day().0.year() == 2020 => {
                begun.insert(event.stay_id, serving.form);
            }
            P::SentenceServingCompleted(completed)
                if fact.occurred_at.day().0.year() == 2020
                    && department[&event.stay_id].as_str() == units::KRISTIANSAND =>
            {
                served.push((begun[&event.stay_id], completed.continues));
            }
            _ => {}
        }
    }
    let begun_here = begun
        .keys()
        .filter(|stay| department[*stay].as_str() == units::KRISTIANSAND)
        .count();
    assert_eq!((begun_here, served.len()), (31, 31));
    assert_eq!(
        served.iter().filter(|(_, continues)| *continues).count(),
        19
    );
    let forms: HashSet<_> = served.iter().map(|(form, _)| *form).collect();
    assert_eq!(forms.len(), SentenceForm::ALL.len());
}

#[test]
fn tidgivere_at_new_year_are_counted_from_records_or_reported() {
    let facts = facts(decoded(), NEW_YEARS_EVE, cast().now);
    let mut department = HashMap::new();
    let mut there = HashSet::new();
    let mut reported = BTreeMap::new();
    for fact in &facts {
        let key = fact.stream.key();
        match &fact.event {
            DomainEvent::Tidgiver(TidgiverFact::TidgiverApplied(applied)) => {
                department.insert(key, applied.department.to_string());
            }
            DomainEvent::Tidgiver(TidgiverFact::TidgiverApproved(_)) => {
                there.insert(key);
            }
            DomainEvent::Tidgiver(TidgiverFact::TidgiverLeft(_)) => {
                there.remove(key);
            }
            DomainEvent::Unit(UnitFact::KeyFiguresReported(figures)) => {
                reported.insert(
                    key.to_owned(),
                    (
                        figures.employees,
                        figures.full_time_equivalents_hundredths,
                        figures.tidgivere,
                    ),
                );
            }
            _ => {}
        }
    }
    let mut counted: BTreeMap<String, u32> = BTreeMap::new();
    for key in there {
        *counted.entry(department[key].clone()).or_default() += 1;
    }
    let expected = [
        (units::OSLO, 70),
        (units::KRISTIANSAND, 7),
        (units::BERGEN, 44),
        (units::STAVANGER, 89),
    ];
    assert_eq!(
        counted,
        expected
            .map(|(unit, count)| (unit.to_owned(), count))
            .into()
    );
    let expected = [
        (units::OSLO, (4, 400, None)),
        (units::KRISTIANSAND, (8, 620, None)),
        (units::BERGEN, (4, 350, None)),
        (units::FREDRIKSTAD, (2, 200, Some(21))),
        (units::DRAMMEN, (3, 300, Some(36))),
        (units::STAVANGER, (4, 350, None)),
    ];
    assert_eq!(
        reported,
        expected
            .map(|(unit, figures)| (unit.to_owned(), figures))
            .into()
    );
}

fn visits(cooperation: &str) -> Vec<(Day, Setting)> {
    decoded()
        .iter()
        .filter(|event| event.stream.key() == cooperation)
        .filter_map(|fact| match &fact.event {
            DomainEvent::Cooperation(CooperationFact::PresenceHeld(held)) => {
                Some((fact.occurred_at.day(), held.setting))
            }
            _ => None,
        })
        .collect()
}

#[test]
fn slemdal_was_visited_on_wednesdays_and_loland_every_month_until_march_2020() {
    let slemdal = visits("slemdal~stegforsteg-oslo");
    assert!(slemdal.iter().all(|(on, setting)| {
        on.0.weekday() == chrono::Weekday::Wed && *setting == Setting::InformalPresence
    }));
    assert_eq!(slemdal.first().unwrap().0, day(2018, 10, 3));
    assert_eq!(slemdal.last().unwrap().0, day(2020, 2, 26));
    assert_eq!(slemdal.len(), 71);
    let loland = visits("loland~stegforsteg-kristiansand");
    let months: HashSet<_> = loland
        .iter()
        .map(|(on, _)| (on.0.year(), on.0.month()))
        .collect();
    assert_eq!((loland.len(), months.len()), (27, 27));
    assert_eq!(loland.last().unwrap().0, day(2020, 3, 12));
    let polyclinic: Vec<_> = visits("poliklinikk-oslo~stegforsteg-oslo")
        .into_iter()
        .map(|(on, setting)| (on.0.year(), setting))
        .collect();
    assert_eq!(
        polyclinic,
        [2018, 2019, 2020, 2021].map(|year| (year, Setting::StaffMeeting))
    );
}

#[test]
fn journeys_are_lives_and_not_clones() {
    let mut lives: HashMap<&str, Vec<&str>> = HashMap::new();
    let mut kinds: HashSet<&str> = HashSet::new();
    for event in &played().0 {
        if event.stream.category() == "participant" {
            let life = lives.entry(event.stream.key()).or_default();
            life.push(&event.kind);
            kinds.insert(&event.kind);
        }
    }
    let sequences: HashSet<_> = lives.values().collect();
    assert!(sequences.len() >= 200, "{}", sequences.len());
    assert_eq!(kinds.len(), P::KINDS.len(), "every kind happens");
    assert!(
        (20_000..=40_000).contains(&played().0.len()),
        "{}",
        played().0.len()
    );
}

#[test]
fn in_every_department_some_ends_are_learned_late() {
    let mut department = HashMap::new();
    let mut late: BTreeMap<String, usize> = BTreeMap::new();
    for fact in facts(decoded(), SUMMER, cast().now) {
        let DomainEvent::Participant(event) = &fact.event else {
            continue;
        };
        match &event.fact {
            P::FirstContactMade(made) => {
                department.insert(event.stay_id, made.department.to_string());
            }
            P::ReEntered(made) => {
                department.insert(event.stay_id, made.department.to_string());
            }
            P::Transferred(moved) => {
                department.insert(event.stay_id, moved.to.to_string());
            }
            P::ParticipationEnded(_)
                if fact.recorded_at.0 - fact.occurred_at.begins() > TimeDelta::days(21) =>
            {
                *late.entry(department[&event.stay_id].clone()).or_default() += 1;
            }
            _ => {}
        }
    }
    assert_eq!(late.len(), 6);
    assert!(late.values().all(|count| *count >= 3), "{late:?}");
}

#[test]
fn nothing_is_recorded_after_now_nor_before_it_happened() {
    let (log, _) = played();
    let now = cast().now;
    assert!(log.iter().all(|event| event.recorded_at.0 <= now));
    assert!(
        log.iter()
            .all(|event| event.occurred_at.begins() <= event.recorded_at.0)
    );
}

#[test]
fn the_log_holds_no_words_about_a_person() {
    let (log, words) = played();
    assert!(words.len() > 1500, "{}", words.len());
    // Each name, contact and goal is several words; what the log holds are codes, dates and ids,
    // and none of them has a space.
    assert!(words.iter().all(|entry| entry.text.contains(' ')));
    for event in log {
        assert!(!event.data.contains(' '), "{}", event.data);
        assert!(!event.metadata.contains(' '), "{}", event.metadata);
    }
}

#[test]
fn the_guides_participant_is_in_the_log_with_the_tidgiver() {
    let (log, _) = played();
    let cast = cast();
    let stream = format!("participant-{}", cast.participant_id);
    let kinds: Vec<_> = log
        .iter()
        .filter(|event| event.stream.as_str() == stream)
        .map(|event| event.kind.as_str())
        .collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "returned").count(), 2);
    assert!(kinds.contains(&"re-entered"));
    let matched = log.iter().any(|event| {
        event.stream.as_str() == stream && event.data.contains(&cast.tidgiver_id.to_string())
    });
    assert!(matched);
}

#[test]
fn every_play_gives_the_same_bytes() {
    let (log, words) = played();
    let (again, again_words) = play_once();
    assert_eq!(last_hash(&again), last_hash(log));
    let ids = |log: &[RecordedEvent]| log.iter().map(|event| event.hash).collect::<Vec<_>>();
    assert_eq!(ids(&again), ids(log));
    assert!(again_words == *words);
}

#[test]
fn a_play_that_broke_off_is_played_again_and_records_nothing_twice() {
    runtime().block_on(async {
        let store = MemoryEventStore::new();
        let mut player = Player::new(&store, None, SourceSystem("demo".to_owned()));
        for step in steps().into_iter().take(5000) {
            player.play(step).await.unwrap();
        }
        drop(player);
        play(&store, &Words::default(), &mut |_, _| {})
            .await
            .unwrap();
        let (log, _) = played();
        assert_eq!(store.head().await.unwrap().0, log.len() as u64);
    });
}
