//! The time machine tells the same as a naive refold of the log.

use chrono::TimeDelta;
use domain::{
    es::{Day, RecordedAt},
    words::UnitId,
};
use projections::{
    Ask, Scope,
    flow::{Flows, FlowsView},
    journey::{StandingNow, StandingView},
    retention::{Retention, Spell, curve},
};

use super::{
    kit::{self, BERGEN, Dice, OSLO, World, day, unit},
    naive::{self, Naive},
};

fn standing(unit: Option<UnitId>) -> StandingNow {
    StandingNow {
        unit,
        scope: Scope::All,
        active_within_days: 90,
    }
}

fn naive_standing(naive: &Naive, unit: &UnitId, as_of: Day) -> [i64; 6] {
    let mut counted = [0; 6];
    for stay in naive.stays.values().filter(|stay| stay.department == *unit) {
        let recent = stay
            .last_contact
            .is_some_and(|last| as_of.days_since(last) <= 90);
        let counts = match stay.stage {
            "ended" => [0, 0, 0, 0, 0, 1],
            "paused" => [1, 0, 0, 0, 1, 0],
            "participant" if recent && !stay.passive => [1, 1, 0, 0, 0, 0],
            "participant" => [1, 0, 0, 1, 0, 0],
            _ => [1, 0, 1, 0, 0, 0],
        };
        for (sum, one) in counted.iter_mut().zip(counts) {
            *sum += one;
        }
    }
    counted
}

fn told(view: &StandingView) -> [i64; 6] {
    [
        view.registered,
        view.active,
        view.incoming,
        view.passive,
        view.paused,
        view.ended,
    ]
}

/// proposed, agreed, accepted, kartlegging, participant, in-at-3-months, withdrawn
fn naive_flow(naive: &Naive, as_of: Day) -> Vec<i64> {
    let mut counted = vec![0; 7];
    for way in &naive.referrals {
        let stay = way.agreed.and_then(|(person, agreed)| {
            naive
                .stays
                .values()
                .filter(|stay| stay.person == person)
                .filter(|stay| stay.ended.is_none_or(|ended| ended >= agreed))
                .min_by_key(|stay| stay.opened)
        });
        let in_after_91 = stay.is_some_and(|stay| {
            stay.begun.is_some_and(|begun| {
                let then = begun.plus(91);
                then <= as_of && stay.ended.is_none_or(|ended| ended > then)
            })
        });
        let reached = [
            true,
            way.agreed.is_some(),
            way.accepted,
            stay.is_some_and(|stay| stay.kartlegging.is_some()),
            stay.is_some_and(|stay| stay.begun.is_some()),
            in_after_91,
            way.withdrawn,
        ];
        for (sum, one) in counted.iter_mut().zip(reached) {
            *sum += i64::from(one);
        }
    }
    counted
}

fn told_flow(view: &FlowsView) -> Vec<i64> {
    let stages = [
        "proposed",
        "agreed",
        "accepted",
        "kartlegging",
        "participant",
        "in-at-3-months",
        "withdrawn",
    ];
    let count = |name: &str| {
        view.flows
            .iter()
            .flat_map(|flow| &flow.stages)
            .filter(|stage| stage.stage == name)
            .map(|stage| stage.count)
            .sum()
    };
    stages.map(count).to_vec()
}

fn naive_spells(naive: &Naive, as_of: Day) -> Vec<Spell> {
    naive
        .stays
        .values()
        .filter_map(|stay| {
            let begun = stay.begun?;
            Some(Spell {
                days: stay.ended.unwrap_or(as_of).days_since(begun).max(0),
                ended: stay.ended.is_some(),
            })
        })
        .collect()
}

#[tokio::test]
async fn the_past_is_the_same_as_a_naive_refold_of_the_log() {
    let world = World::on("2021-07-01");
    kit::grow(&world, 60, 7).await;
    let store = world.open().await.unwrap();
    store.catch_up(|_, _| {}).await.unwrap();
    let mut dice = Dice::new(11);
    let first = day("2018-01-01");
    let (mut amended, mut people) = (0, 0);
    for _ in 0..100 {
        let as_of = first.plus(dice.roll(1_200));
        let hours = i64::try_from(dice.roll(24 * 1_200)).unwrap();
        let known_at = RecordedAt::new(first.begins() + TimeDelta::hours(hours));
        let ask = Ask {
            as_of: Some(as_of),
            known_at: Some(known_at),
        };
        let naive = naive::refold(&*world.log, as_of, known_at).await;
        people += naive.stays.len();
        for name in [OSLO, BERGEN] {
            let answer = store.ask(&standing(Some(unit(name))), ask).await.unwrap();
            assert_eq!((answer.as_of, answer.known_at), (as_of, known_at));
            assert_eq!(
                told(&answer.view),
                naive_standing(&naive, &unit(name), as_of),
                "{name} as of {as_of}, known at {known_at}"
            );
        }
        let flows = Flows {
            from: None,
            to: None,
            scope: Scope::All,
            since: None,
            until: None,
        };
        let answer = store.ask(&flows, ask).await.unwrap();
        assert_eq!(told_flow(&answer.view), naive_flow(&naive, as_of));
        let retention = Retention {
            unit: None,
            introduced_by: None,
            scope: Scope::All,
        };
        let answer = store.ask(&retention, ask).await.unwrap();
        assert_eq!(answer.view.curve, curve(&naive_spells(&naive, as_of)));
        let of_stays = |relapse: &&(_, _, _, _)| naive.stays.contains_key(&relapse.0);
        let relapses: Vec<_> = naive.relapses.iter().filter(of_stays).collect();
        let with =
            |days: Vec<Option<Day>>| i64::try_from(days.into_iter().flatten().count()).unwrap();
        assert_eq!(
            [
                answer.view.relapses.reported,
                answer.view.relapses.contacted,
                answer.view.relapses.returned
            ],
            [
                with(relapses.iter().map(|relapse| Some(relapse.1)).collect()),
                with(relapses.iter().map(|relapse| relapse.2).collect()),
                with(relapses.iter().map(|relapse| relapse.3).collect())
            ]
        );
        // Knowing more about the same day must sometimes change the answer, or nothing was tested.
        let now = naive::refold(
            &*world.log,
            as_of,
            RecordedAt::new(day("2022-01-01").ends()),
        )
        .await;
        amended += usize::from(now.stays != naive.stays);
    }
    assert!(amended > 50, "{amended} of 100 known differently later");
    assert!(people > 1_000, "{people} stays compared");
}

#[tokio::test]
async fn the_present_is_the_same_as_the_past_known_now() {
    let world = World::on("2021-07-01");
    kit::grow(&world, 40, 3).await;
    let store = world.open().await.unwrap();
    store.catch_up(|_, _| {}).await.unwrap();
    let live = store.ask(&standing(None), Ask::default()).await.unwrap();
    let naive = naive::refold(&*world.log, day("2021-07-01"), live.known_at).await;
    let mut sum = naive_standing(&naive, &unit(OSLO), day("2021-07-01"));
    for (sum, one) in sum
        .iter_mut()
        .zip(naive_standing(&naive, &unit(BERGEN), day("2021-07-01")))
    {
        *sum += one;
    }
    assert_eq!(told(&live.view), sum);
}
