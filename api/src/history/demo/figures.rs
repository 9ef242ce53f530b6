//! What the departments report of themselves each year.

use chrono::TimeDelta;
use domain::{
    es::{Day, OccurredAt, RecordedAt, Role},
    unit::{KeyFiguresReported, UnitCommand},
};

use super::{day, units, units::unit};
use crate::history::{Deed, Step, Teller, dice::Dice, scene::Scene};

/// Employees and hundredths of full-time equivalents at the end of 2020, and tidgivere where the
/// department keeps no records of them.
const AT_THE_END_OF_2020: [(&str, u32, u32, Option<u32>); 6] = [
    (units::OSLO, 4, 400, None),
    (units::KRISTIANSAND, 8, 620, None),
    (units::BERGEN, 4, 350, None),
    (units::FREDRIKSTAD, 2, 200, Some(21)),
    (units::DRAMMEN, 3, 300, Some(36)),
    (units::STAVANGER, 4, 350, None),
];

pub(super) fn key_figures(dice: &mut Dice, scene: &Scene) -> Vec<Step> {
    let mut steps = vec![];
    for (department, employees, hundredths, tidgivere) in AT_THE_END_OF_2020 {
        for (on, told, fewer) in [
            (day(2018, 12, 31), day(2019, 1, 16), 1),
            (day(2019, 12, 31), day(2020, 1, 15), 0),
            (day(2020, 12, 31), day(2021, 1, 14), 0),
        ] {
            let years_before = u32::try_from(day(2020, 12, 31).days_since(on) / 365).unwrap_or(0);
            let department = unit(department);
            let figures = KeyFiguresReported {
                on,
                employees: employees - fewer,
                full_time_equivalents_hundredths: hundredths - 50 * years_before,
                tidgivere: tidgivere.map(|count| count - 4 * years_before),
            };
            let leader = scene.at(&department).leader.0;
            steps.push(Step {
                id: dice.uuid(),
                recorded_at: at(told, 10, dice),
                occurred_at: OccurredAt::Day(on),
                teller: Teller::new(leader, Role::DepartmentLeader, &department),
                deed: Deed::Unit(department, UnitCommand::ReportKeyFigures(figures)),
                words: vec![],
                closes: vec![],
            });
        }
    }
    steps
}

/// A moment of the hour after `hour` on a day.
pub(super) fn at(day: Day, hour: i64, dice: &mut Dice) -> RecordedAt {
    let seconds = dice.between(0, 3599).cast_signed();
    RecordedAt::new(day.begins() + TimeDelta::hours(hour) + TimeDelta::seconds(seconds))
}
