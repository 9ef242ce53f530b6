//! Kristiansand: 130 registered, the patients of Loland and of the hospital's ward (ARA), and those
//! who serve a sentence.

use domain::{
    es::Day,
    participant::{EndReason, Learned, SentenceForm},
};

use super::{
    Lives, day,
    departments::{Patient, Quota, Tie, active, fill, left_in_spring, passive, write_patient},
    units::{ARA, KRISTIANSAND, LOLAND},
};
use crate::history::{
    dice::Dice,
    plans::some_end,
    referral::Referred,
    stay::{Ended, Fate, Incoming, Musts, Stay, WayIn},
    units::unit,
};
use domain::words::Situation;

/// How a life of 2020 went on.
#[derive(Debug, Clone, Copy)]
enum After {
    /// Registered at the end of 2020 and in summer 2021.
    Stayed,
    /// Ended in spring 2021.
    Left,
    /// Ended in 2020.
    Ended,
}

fn each(stayed: usize, left: usize, ended: usize) -> impl Iterator<Item = After> {
    std::iter::repeat_n(After::Stayed, stayed)
        .chain(std::iter::repeat_n(After::Left, left))
        .chain(std::iter::repeat_n(After::Ended, ended))
}

pub(super) fn live(lives: &mut Lives<'_>, dice: &mut Dice) {
    loland(lives, dice);
    ara(lives, dice);
    sentences(lives, dice);
    let others = Quota {
        stayed: 112 - 26 - 18 - 16,
        left: 18 - 5 - 4 - 3,
        came: 18 - 5,
        past: 50,
        passed: 2,
    };
    fill(lives, dice, KRISTIANSAND, others);
}

fn fate_after(dice: &mut Dice, after: After, opens: Day) -> Fate {
    match after {
        After::Stayed if dice.chance(60) => active(dice),
        After::Stayed => passive(dice, opens),
        After::Left => left_in_spring(dice, opens),
        After::Ended => {
            let on = dice.day(opens.plus(95).max(day(2020, 6, 1)), day(2020, 12, 16));
            Fate::Ended(some_end(dice, opens, on, day(2020, 12, 31)))
        }
    }
}

/// 37 of Loland's patients of 2020 took part, all referred by Loland; others came before and after.
fn loland(lives: &mut Lives<'_>, dice: &mut Dice) {
    for after in each(26, 5, 6) {
        let (last, days) = match after {
            After::Stayed | After::Left => (day(2020, 9, 10), dice.between(90, 220)),
            After::Ended => (day(2020, 7, 20), dice.between(60, 85)),
        };
        // Those of the last weeks of 2019 are patients well into 2020.
        let opens = dice.day(day(2019, 11, 18), last);
        let fate = fate_after(dice, after, opens);
        let contact = opens.plus(dice.between(58, 68));
        write_patient(
            lives,
            dice,
            KRISTIANSAND,
            Patient {
                of: LOLAND,
                tie: Tie::Referral(days),
                opens,
                fate,
                contacts: vec![contact],
            },
        );
    }
    for _ in 0..15 {
        let opens = dice.day(day(2018, 1, 15), day(2019, 2, 28));
        let on = opens.plus(dice.between(95, 240));
        let fate = Fate::Ended(some_end(dice, opens, on, day(2019, 12, 20)));
        let days = dice.between(40, 85);
        write_patient(
            lives,
            dice,
            KRISTIANSAND,
            Patient {
                of: LOLAND,
                tie: Tie::Referral(days),
                opens,
                fate,
                contacts: vec![],
            },
        );
    }
    for n in 0..5 {
        let (opens, fate) = match n {
            0 => (day(2021, 6, 22), Fate::Incoming(Incoming::Unanswered)),
            1 => (day(2021, 6, 10), Fate::Incoming(Incoming::Booked)),
            _ => (
                dice.day(day(2021, 1, 8), day(2021, 3, 30)),
                Fate::Active {
                    last_contact: dice.day(day(2021, 6, 12), day(2021, 6, 29)),
                },
            ),
        };
        // Some are to be discharged in the days to come.
        let days = dice.between(100, 175);
        write_patient(
            lives,
            dice,
            KRISTIANSAND,
            Patient {
                of: LOLAND,
                tie: Tie::Referral(days),
                opens,
                fate,
                contacts: vec![],
            },
        );
    }
}

/// 27 who are or have been patients of the hospital's ward and were in contact in 2020.
fn ara(lives: &mut Lives<'_>, dice: &mut Dice) {
    for (n, after) in each(18, 4, 5).enumerate() {
        let opens = dice.day(day(2019, 6, 10), day(2020, 7, 31));
        let fate = fate_after(dice, after, opens);
        let contact = if opens < day(2019, 11, 10) {
            dice.day(day(2020, 1, 8), day(2020, 1, 31))
        } else {
            opens.plus(dice.between(58, 68))
        };
        let tie = if n % 9 < 5 {
            Tie::Referral(dice.between(55, 85))
        } else {
            Tie::Told(opens.plus(60), opens.plus(dice.between(70, 90)))
        };
        write_patient(
            lives,
            dice,
            KRISTIANSAND,
            Patient {
                of: ARA,
                tie,
                opens,
                fate,
                contacts: vec![contact],
            },
        );
    }
}

/// 31 serve a sentence in 2020, in all four forms, and 19 of them go on by choice. Others served in
/// the years before.
fn sentences(lives: &mut Lives<'_>, dice: &mut Dice) {
    for (form, after) in SentenceForm::ALL.iter().cycle().zip(each(16, 3, 12)) {
        let opens = dice.day(day(2019, 3, 4), day(2020, 5, 29));
        let from = dice.day(opens.plus(60).max(day(2020, 1, 8)), day(2020, 9, 1));
        let until = from.plus(dice.between(30, 90));
        let continues = matches!(after, After::Stayed | After::Left);
        let fate = if continues {
            let since = until.plus(dice.between(5, 100)).min(day(2021, 3, 15));
            match fate_after(dice, after, opens) {
                Fate::Passive { agreed, .. } => Fate::Passive { since, agreed },
                other => other,
            }
        } else {
            let on = until.plus(dice.between(0, 15));
            Fate::Ended(Ended {
                on,
                last_contact: until.minus(2),
                told: on.plus(dice.between(0, 3)),
                reason: dice.pick(&[EndReason::NotForMe, EndReason::OtherOffer]),
                learned: Learned::FromParticipant,
            })
        };
        serve(lives, opens, (*form, from, until, continues), fate);
    }
    for n in 0..9 {
        let year = 2017 + n % 3;
        let opens = dice.day(day(year, 1, 10), day(year, 3, 30));
        let from = opens.plus(60);
        let until = from.plus(dice.between(30, 90));
        let on = until.plus(dice.between(20, 70));
        let form = dice.pick(SentenceForm::ALL);
        let fate = Fate::Ended(some_end(dice, opens, on, day(2020, 1, 31)));
        serve(lives, opens, (form, from, until, on > until.plus(40)), fate);
    }
}

fn serve(lives: &mut Lives<'_>, opens: Day, sentence: (SentenceForm, Day, Day, bool), fate: Fate) {
    let mut pen = lives.pen(KRISTIANSAND);
    pen.live(&Stay {
        opens,
        way_in: WayIn::Referred(Referred {
            from: unit("kriminalomsorgen"),
            situation: Situation::ServingSentence,
            treatment_days: None,
            leaves_early: false,
        }),
        fate,
        musts: Musts {
            sentence: Some(sentence),
            ..Musts::default()
        },
    });
    lives.write(pen);
}
