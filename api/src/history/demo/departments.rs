//! Quotas: how many lives of which sort a department holds, and what each sort means on the two
//! days that the published figures name.

use domain::{
    es::Day,
    participant::{InquiryClosure, SentenceForm},
};

use super::{Lives, NEW_YEARS_EVE, SUMMER, day, units};
use crate::history::{
    dice::Dice,
    plans::{from_treatment, some_end, some_way_in},
    referral::Referred,
    stay::{Fate, Incoming, Musts, Stay, WayIn},
    units::unit,
};
use domain::words::Situation;

/// How many lives of which sort.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quota {
    /// Registered at the end of 2020, and in summer 2021.
    pub(super) stayed: u64,
    /// Registered at the end of 2020; ended in spring 2021.
    pub(super) left: u64,
    /// Came in spring 2021, and is registered in summer.
    pub(super) came: u64,
    /// Came and went before the end of 2020.
    pub(super) past: u64,
    /// Came in spring 2021, and nothing came of it.
    pub(super) passed: u64,
}

pub(super) fn live(lives: &mut Lives<'_>, dice: &mut Dice) {
    for (department, stayed, left, past) in [
        (units::BERGEN, 46, 9, 35),
        (units::FREDRIKSTAD, 31, 7, 25),
        (units::DRAMMEN, 38, 7, 30),
        (units::STAVANGER, 110, 20, 70),
    ] {
        let quota = Quota {
            stayed,
            left,
            came: left,
            past,
            passed: 2,
        };
        fill(lives, dice, department, quota);
    }
}

/// Writes as many lives of each sort as the quota asks for.
pub(super) fn fill(lives: &mut Lives<'_>, dice: &mut Dice, department: &str, quota: Quota) {
    for _ in 0..quota.stayed {
        let opens = some_day_before_new_year(dice);
        let fate = standing(dice, opens);
        write(lives, dice, department, opens, fate);
    }
    for _ in 0..quota.left {
        let opens = some_day_before_new_year(dice);
        let fate = left_in_spring(dice, opens);
        write(lives, dice, department, opens, fate);
    }
    for n in 0..quota.came {
        let (opens, fate) = newcomer(dice);
        if n == 0 && matches!(department, units::BERGEN | units::STAVANGER) {
            unanswered(lives, dice, department);
        } else {
            write(lives, dice, department, opens, fate);
        }
    }
    for _ in 0..quota.past {
        let opens = dice.day(day(2016, 9, 1), day(2020, 6, 15));
        let fate = over_before_new_year(dice, opens);
        write(lives, dice, department, opens, fate);
    }
    for _ in 0..quota.passed {
        let opens = dice.day(day(2021, 1, 6), day(2021, 5, 5));
        let fate = Fate::Closed {
            on: opens.plus(dice.between(12, 45)),
            reason: dice.pick(&InquiryClosure::ALL[..4]),
        };
        write(lives, dice, department, opens, fate);
    }
}

/// One life of a sort, with what chance adds: an earlier stay, a move between departments, a
/// sentence.
pub(super) fn write(
    lives: &mut Lives<'_>,
    dice: &mut Dice,
    department: &str,
    opens: Day,
    fate: Fate,
) {
    let home = unit(department);
    let settled = match fate {
        Fate::Active { last_contact } => last_contact,
        Fate::Passive { since, .. } | Fate::Paused { since, .. } => since,
        Fate::Ended(end) => end.last_contact,
        Fate::Incoming(_) | Fate::Closed { .. } => opens,
    };
    let mut musts = Musts::default();
    let mut way_in = some_way_in(dice, &home);
    let mut first_department = department;
    if opens < day(2020, 3, 1) && settled > opens.plus(200) && dice.chance(5) {
        first_department = dice.pick(&units::DEPARTMENTS.map(|(name, _)| name));
        if first_department != department {
            let moved = dice.day(opens.plus(100), opens.plus(190).min(day(2020, 11, 20)));
            musts.move_to = Some((moved, home.clone()));
            way_in = WayIn::Own { through: None };
        }
    } else if department != units::KRISTIANSAND && settled > opens.plus(260) && dice.chance(4) {
        let from = opens.plus(dice.between(70, 110));
        let until = from.plus(dice.between(30, 120));
        let form = dice.pick(SentenceForm::ALL);
        musts.sentence = Some((form, from, until, true));
    }
    let mut pen = lives.pen(first_department);
    if opens > day(2018, 12, 1) && dice.chance(10) {
        let earlier = opens.minus(dice.between(420, 800));
        let on = earlier.plus(dice.between(100, 300));
        let stay = Stay {
            opens: earlier,
            way_in: WayIn::Own { through: None },
            fate: Fate::Ended(some_end(dice, earlier, on, opens.minus(20))),
            musts: Musts::default(),
        };
        pen.live(&stay);
    }
    pen.live(&Stay {
        opens,
        way_in,
        fate,
        musts,
    });
    lives.write(pen);
}

/// A referral that the department has not answered.
fn unanswered(lives: &mut Lives<'_>, dice: &mut Dice, department: &str) {
    let mut pen = lives.pen(department);
    pen.live(&Stay {
        opens: dice.day(day(2021, 6, 18), day(2021, 6, 27)),
        way_in: WayIn::Referred(Referred {
            from: unit("kommune"),
            situation: Situation::Untreated,
            treatment_days: None,
            leaves_early: false,
        }),
        fate: Fate::Incoming(Incoming::Unanswered),
        musts: Musts::default(),
    });
    lives.write(pen);
}

/// More came of late than long ago.
pub(super) fn some_day_before_new_year(dice: &mut Dice) -> Day {
    let (first, last) = dice.weigh(&[
        (40, (day(2020, 7, 1), day(2020, 12, 16))),
        (45, (day(2018, 6, 1), day(2020, 6, 30))),
        (15, (day(2016, 9, 1), day(2018, 5, 31))),
    ]);
    dice.day(first, last)
}

/// How somebody stands in summer 2021 who was there at the end of 2020.
fn standing(dice: &mut Dice, opens: Day) -> Fate {
    match dice.below(100) {
        0..58 => active(dice),
        58..88 => passive(dice, opens),
        _ => Fate::Paused {
            since: dice.day(opens.plus(70).max(day(2020, 10, 1)), SUMMER.minus(1)),
            contacted: dice.chance(75),
        },
    }
}

/// In contact within 90 days before summer 2021, and not only just.
pub(super) fn active(dice: &mut Dice) -> Fate {
    Fate::Active {
        last_contact: dice.day(day(2021, 4, 20), day(2021, 6, 28)),
    }
}

/// Without contact for more than 90 days before summer 2021.
pub(super) fn passive(dice: &mut Dice, opens: Day) -> Fate {
    let earliest = opens.plus(70).max(day(2020, 2, 1));
    Fate::Passive {
        since: dice.day(earliest, day(2021, 3, 15)),
        agreed: dice.chance(40),
    }
}

/// An end in spring 2021, told by summer.
pub(super) fn left_in_spring(dice: &mut Dice, opens: Day) -> Fate {
    let on = dice.day(opens.plus(92).max(day(2021, 1, 11)), day(2021, 6, 10));
    Fate::Ended(some_end(dice, opens, on, SUMMER))
}

/// An end before the end of 2020, told before it too.
fn over_before_new_year(dice: &mut Dice, opens: Day) -> Fate {
    if dice.chance(13) {
        return Fate::Closed {
            on: opens.plus(dice.between(12, 60)),
            reason: dice.pick(InquiryClosure::ALL),
        };
    }
    let on = opens.plus(dice.between(95, 900)).min(day(2020, 12, 18));
    Fate::Ended(some_end(dice, opens, on, NEW_YEARS_EVE))
}

/// Somebody who came in spring 2021.
fn newcomer(dice: &mut Dice) -> (Day, Fate) {
    if dice.chance(45) {
        return incoming(dice);
    }
    let opens = dice.day(day(2021, 1, 5), day(2021, 4, 1));
    let fate = if dice.chance(85) {
        Fate::Active {
            last_contact: dice.day(day(2021, 6, 12), day(2021, 6, 29)),
        }
    } else {
        Fate::Paused {
            since: dice.day(day(2021, 6, 12), day(2021, 6, 29)),
            contacted: dice.chance(50),
        }
    };
    (opens, fate)
}

/// Somebody on their way in, in summer 2021.
pub(super) fn incoming(dice: &mut Dice) -> (Day, Fate) {
    let so_far = dice.pick(&[
        Incoming::Contacted,
        Incoming::Booked,
        Incoming::Talked,
        Incoming::Mapped,
    ]);
    let opens = match so_far {
        Incoming::Unanswered | Incoming::Contacted | Incoming::Booked => {
            dice.day(day(2021, 6, 8), day(2021, 6, 28))
        }
        Incoming::Talked | Incoming::Mapped => dice.day(day(2021, 5, 3), day(2021, 6, 4)),
    };
    (opens, Fate::Incoming(so_far))
}

/// Somebody whom an institution has as its patient.
pub(super) struct Patient {
    pub(super) of: &'static str,
    pub(super) tie: Tie,
    pub(super) opens: Day,
    pub(super) fate: Fate,
    /// Days of contact, besides what chance brings.
    pub(super) contacts: Vec<Day>,
}

/// How Steg for Steg knows that somebody is an institution's patient.
pub(super) enum Tie {
    /// It referred them; the treatment goes on for so many days.
    Referral(u64),
    /// The person told it, and consented that it is recorded: first and last day.
    Told(Day, Day),
}

/// Writes the life of somebody whom an institution has as its patient.
pub(super) fn write_patient(
    lives: &mut Lives<'_>,
    dice: &mut Dice,
    department: &str,
    patient: Patient,
) {
    let mut musts = Musts {
        contacts: patient.contacts,
        ..Musts::default()
    };
    let way_in = match patient.tie {
        Tie::Referral(days) => from_treatment(dice, patient.of, days),
        Tie::Told(from, until) => {
            musts.treatment = Some((unit(patient.of), from, until));
            WayIn::Own { through: None }
        }
    };
    let mut pen = lives.pen(department);
    pen.live(&Stay {
        opens: patient.opens,
        way_in,
        fate: patient.fate,
        musts,
    });
    lives.write(pen);
}
