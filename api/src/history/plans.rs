//! Plans of stays, drawn at random.

use domain::{
    es::Day,
    participant::{EndReason, InquiryClosure, Learned},
    words::{Situation, UnitId},
};

use super::{
    dice::Dice,
    referral::Referred,
    stay::{Ended, Fate, Incoming, Musts, Stay, WayIn},
    units::{self, unit},
};

/// Any stay that opens on a day, in a history that ends on `horizon`.
pub(super) fn some_stay(dice: &mut Dice, opens: Day, horizon: Day, department: &UnitId) -> Stay {
    let way_in = if dice.chance(12) {
        let from = dice.pick(&[units::LOLAND, units::SLEMDAL, units::POLYCLINIC, units::ARA]);
        let days = dice.between(30, 200);
        from_treatment(dice, from, days)
    } else {
        some_way_in(dice, department)
    };
    Stay {
        opens,
        way_in,
        fate: some_fate(dice, opens, horizon),
        musts: Musts::default(),
    }
}

fn some_fate(dice: &mut Dice, opens: Day, horizon: Day) -> Fate {
    if dice.chance(12) && opens.plus(60) < horizon {
        let on = opens.plus(dice.between(15, 55));
        let reason = dice.pick(&InquiryClosure::ALL[..4]);
        return Fate::Closed { on, reason };
    }
    let length = dice.weigh(&[(35, (90, 250)), (40, (200, 700)), (25, (500, 1800))]);
    let on = opens.plus(dice.between(length.0, length.1));
    if on < horizon {
        return Fate::Ended(some_end(dice, opens, on, horizon));
    }
    if opens.plus(80) > horizon {
        return Fate::Incoming(dice.pick(&[
            Incoming::Contacted,
            Incoming::Booked,
            Incoming::Talked,
            Incoming::Mapped,
        ]));
    }
    match dice.below(10) {
        0..6 => Fate::Active {
            last_contact: horizon.minus(dice.between(2, 25)),
        },
        6..9 => Fate::Passive {
            since: dice.day(opens.plus(70), horizon.minus(8)),
            agreed: dice.chance(40),
        },
        _ => Fate::Paused {
            since: dice.day(opens.plus(70), horizon.minus(1)),
            contacted: dice.chance(80),
        },
    }
}

/// An end on `on`, of a stay that has lasted long enough to have begun; some are learned late.
pub(super) fn some_end(dice: &mut Dice, opens: Day, on: Day, by: Day) -> Ended {
    let reason = dice.weigh(&[
        (35, EndReason::GoalsReachedOrMovedOn),
        (25, EndReason::FadedOut),
        (12, EndReason::Relapse),
        (6, EndReason::Illness),
        (8, EndReason::NotForMe),
        (10, EndReason::OtherOffer),
        (2, EndReason::Death),
    ]);
    let late = dice.chance(30);
    let learned = match reason {
        EndReason::FadedOut | EndReason::Relapse => Learned::ByUnansweredContact,
        EndReason::Death => Learned::FromNextOfKin,
        _ if late => dice.pick(&[
            Learned::FromTidgiver,
            Learned::FromUnit,
            Learned::FromNextOfKin,
        ]),
        _ => Learned::FromParticipant,
    };
    let silence = match reason {
        EndReason::GoalsReachedOrMovedOn | EndReason::NotForMe | EndReason::Death => {
            dice.between(0, 14)
        }
        _ => dice.between(5, 80),
    };
    let lag = if late {
        dice.between(25, 200)
    } else {
        dice.between(0, 6)
    };
    Ended {
        on,
        last_contact: on.minus(silence).max(opens.plus(60).min(on)),
        told: on.plus(lag).min(by),
        reason,
        learned,
    }
}

/// The units from which a department's participants come.
fn neighbours(department: &UnitId) -> &'static [&'static str] {
    units::DEPARTMENTS
        .iter()
        .find(|(name, _)| *name == department.as_str())
        .map_or(&["other"][..], |(_, near)| near)
}

/// A referral by a treatment institution, of somebody whose treatment goes on for some days.
pub(super) fn from_treatment(dice: &mut Dice, from: &str, days: u64) -> WayIn {
    WayIn::Referred(Referred {
        from: unit(from),
        situation: if from == units::POLYCLINIC {
            Situation::OutPatient
        } else {
            Situation::InPatient
        },
        treatment_days: Some(days),
        leaves_early: dice.chance(18),
    })
}

/// Any way into a department but through a treatment institution.
pub(super) fn some_way_in(dice: &mut Dice, department: &UnitId) -> WayIn {
    let near = neighbours(department);
    match dice.below(100) {
        0..12 => WayIn::Referred(Referred {
            from: unit(dice.pick(near)),
            situation: dice.pick(&[
                Situation::Untreated,
                Situation::AfterSentence,
                Situation::MildMentalIllness,
            ]),
            treatment_days: None,
            leaves_early: false,
        }),
        12..40 => WayIn::Own {
            through: Some(unit(dice.pick(near))),
        },
        _ => WayIn::Own { through: None },
    }
}
