//! Oslo: 110 registered at the end of 2020 and in summer 2021, the 80 whom the review of spring
//! 2021 ended, and the few whom Slemdal and the polyclinic know.

use domain::{
    es::Day,
    participant::{EndReason, Learned},
};

use super::{
    Lives, day,
    departments::{
        Patient, Quota, Tie, active, fill, incoming, left_in_spring, passive,
        some_day_before_new_year, write, write_patient,
    },
    units::{OSLO, POLYCLINIC, SLEMDAL},
};
use crate::history::{
    dice::Dice,
    plans::some_end,
    stay::{Ended, Fate},
};

/// Ended by the review of spring 2021.
const REVIEWED: u64 = 80;

/// In summer 2021: 65 active, 9 on their way in, 36 passive. One of the active is the guide's.
const ACTIVE: u64 = 65;
const INCOMING: u64 = 9;
const PASSIVE: u64 = 36;
/// Of the active, so many came in spring 2021. With those on their way in they are as many as left.
const NEW_AND_ACTIVE: u64 = 5;

pub(super) fn live(lives: &mut Lives<'_>, dice: &mut Dice) {
    let known_to_partners = partners(lives, dice);
    let guide = 1;
    for _ in 0..ACTIVE - NEW_AND_ACTIVE - known_to_partners.active - guide {
        let opens = some_day_before_new_year(dice);
        let fate = active(dice);
        write(lives, dice, OSLO, opens, fate);
    }
    for _ in 0..PASSIVE - known_to_partners.passive {
        let opens = some_day_before_new_year(dice);
        let fate = passive(dice, opens);
        write(lives, dice, OSLO, opens, fate);
    }
    for _ in 0..INCOMING {
        let (opens, fate) = incoming(dice);
        write(lives, dice, OSLO, opens, fate);
    }
    for _ in 0..NEW_AND_ACTIVE - known_to_partners.new_and_active {
        let opens = dice.day(day(2021, 1, 5), day(2021, 4, 1));
        let fate = recent(dice);
        write(lives, dice, OSLO, opens, fate);
    }
    for _ in 0..NEW_AND_ACTIVE + INCOMING - known_to_partners.left {
        let opens = some_day_before_new_year(dice);
        let fate = left_in_spring(dice, opens);
        write(lives, dice, OSLO, opens, fate);
    }
    for _ in 0..REVIEWED {
        let opens = dice.day(day(2016, 9, 1), day(2019, 12, 20));
        let fate = ended_by_review(dice, opens);
        write(lives, dice, OSLO, opens, fate);
    }
    let long_gone = Quota {
        stayed: 0,
        left: 0,
        came: 0,
        past: 34,
        passed: 3,
    };
    fill(lives, dice, OSLO, long_gone);
}

fn recent(dice: &mut Dice) -> Fate {
    Fate::Active {
        last_contact: dice.day(day(2021, 6, 12), day(2021, 6, 29)),
    }
}

/// No contact since: the day of the last contact, or the end of a month after it, all before 2021;
/// told in spring 2021.
fn ended_by_review(dice: &mut Dice, opens: Day) -> Fate {
    let last_contact = dice.day(opens.plus(75), day(2020, 9, 30));
    let on = if dice.chance(60) {
        last_contact
    } else {
        dice.pick(&[
            day(2020, 9, 30),
            day(2020, 10, 31),
            day(2020, 11, 30),
            day(2020, 12, 31),
        ])
    };
    Fate::Ended(Ended {
        on,
        last_contact,
        told: dice.day(day(2021, 2, 15), day(2021, 5, 28)),
        reason: EndReason::NoContactSince,
        learned: Learned::ByReview,
    })
}

/// How many of each sort the two institutions know.
struct Known {
    active: u64,
    new_and_active: u64,
    passive: u64,
    left: u64,
}

/// In the year to summer 2021 Slemdal counts 4 of its patients here and Oslo counts 7; the
/// polyclinic counts 5, and Oslo 14. The difference are those whose treatment lies further back, or
/// who came by themselves.
fn partners(lives: &mut Lives<'_>, dice: &mut Dice) -> Known {
    let mut tell = |lives: &mut Lives<'_>, of, opens, fate, tie| {
        write_patient(
            lives,
            dice,
            OSLO,
            Patient {
                of,
                tie,
                opens,
                fate,
                contacts: vec![],
            },
        );
    };
    let active_until = |month, date| Fate::Active {
        last_contact: day(2021, month, date),
    };
    // Patients of the year, referred by the institution.
    let of_the_year = [
        (SLEMDAL, day(2020, 7, 20), active_until(6, 21), 95),
        (SLEMDAL, day(2020, 9, 14), active_until(5, 4), 140),
        (SLEMDAL, day(2020, 11, 9), active_until(6, 8), 70),
        (SLEMDAL, day(2021, 2, 15), active_until(6, 23), 160),
        (POLYCLINIC, day(2020, 7, 13), active_until(6, 17), 210),
        (POLYCLINIC, day(2020, 9, 28), active_until(5, 25), 180),
        (POLYCLINIC, day(2020, 11, 23), active_until(6, 25), 250),
    ];
    for (of, opens, fate, days) in of_the_year {
        tell(lives, of, opens, fate, Tie::Referral(days));
    }
    for (opens, on) in [
        (day(2020, 7, 27), day(2021, 3, 19)),
        (day(2020, 8, 24), day(2021, 5, 7)),
    ] {
        let fate = Fate::Ended(Ended {
            on,
            last_contact: on.minus(12),
            told: on.plus(20),
            reason: EndReason::GoalsReachedOrMovedOn,
            learned: Learned::FromParticipant,
        });
        tell(lives, POLYCLINIC, opens, fate, Tie::Referral(150));
    }
    // Patients of earlier years, still here.
    for (of, opens, fate, tie) in [
        (
            SLEMDAL,
            day(2019, 4, 8),
            active_until(6, 3),
            Tie::Referral(110),
        ),
        (
            SLEMDAL,
            day(2018, 11, 19),
            active_until(5, 18),
            Tie::Told(day(2019, 2, 11), day(2019, 8, 30)),
        ),
        (
            SLEMDAL,
            day(2019, 8, 5),
            active_until(6, 28),
            Tie::Told(day(2019, 11, 4), day(2020, 4, 17)),
        ),
        (
            POLYCLINIC,
            day(2018, 9, 3),
            active_until(4, 27),
            Tie::Referral(200),
        ),
        (
            POLYCLINIC,
            day(2019, 5, 20),
            active_until(6, 15),
            Tie::Referral(170),
        ),
        (
            POLYCLINIC,
            day(2017, 10, 9),
            active_until(5, 11),
            Tie::Told(day(2018, 2, 5), day(2018, 12, 14)),
        ),
        (
            POLYCLINIC,
            day(2018, 6, 11),
            active_until(6, 9),
            Tie::Told(day(2018, 9, 17), day(2019, 5, 3)),
        ),
        (
            POLYCLINIC,
            day(2019, 1, 14),
            active_until(6, 24),
            Tie::Told(day(2019, 4, 15), day(2020, 1, 31)),
        ),
        (
            POLYCLINIC,
            day(2019, 9, 2),
            active_until(5, 28),
            Tie::Told(day(2019, 11, 25), day(2020, 5, 8)),
        ),
    ] {
        tell(lives, of, opens, fate, tie);
    }
    let quiet_since = |year, month, date| Fate::Passive {
        since: day(year, month, date),
        agreed: true,
    };
    for (opens, fate, tie) in [
        (
            day(2018, 2, 12),
            quiet_since(2020, 9, 11),
            Tie::Referral(190),
        ),
        (
            day(2018, 10, 22),
            quiet_since(2020, 11, 27),
            Tie::Told(day(2019, 1, 21), day(2019, 6, 28)),
        ),
        (
            day(2019, 6, 17),
            quiet_since(2021, 2, 5),
            Tie::Told(day(2019, 9, 16), day(2020, 3, 27)),
        ),
    ] {
        tell(lives, POLYCLINIC, opens, fate, tie);
    }
    long_gone(lives, dice);
    Known {
        active: 3 + 3 + 3 + 6,
        new_and_active: 1,
        passive: 3,
        left: 2,
    }
}

/// Patients of earlier years who are long gone: nothing of them lies in the year that is counted.
fn long_gone(lives: &mut Lives<'_>, dice: &mut Dice) {
    for n in 0..26 {
        let of = if n < 14 { SLEMDAL } else { POLYCLINIC };
        let opens = dice.day(day(2018, 10, 15), day(2019, 6, 20));
        let on = opens.plus(dice.between(100, 300));
        let fate = Fate::Ended(some_end(dice, opens, on, day(2020, 6, 1)));
        let tie = if n % 6 == 5 {
            Tie::Told(opens.plus(60), opens.plus(dice.between(70, 90)))
        } else {
            Tie::Referral(dice.between(30, 80))
        };
        write_patient(
            lives,
            dice,
            OSLO,
            Patient {
                of,
                tie,
                opens,
                fate,
                contacts: vec![],
            },
        );
    }
}
