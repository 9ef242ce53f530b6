//! Counts of persons by department, with those of all departments: which of them may be told.
//! Rows add up to the first, and the parts of a row to its whole.

use std::collections::BTreeMap;

use domain::{
    es::Day,
    words::{UnitId, UnitKind},
};
use projections::{
    journey::{StandingNow, StandingView},
    unit::Units,
};

use super::{
    super::Service,
    asking::Asked,
    cells::{Cells, Sum},
};
use crate::problem::Problem;

/// Registered, active, incoming, passive, paused; ended; closed.
const COLUMNS: usize = 7;
/// Registered is the sum of those after it.
const WHOLE: usize = 0;
const PARTS: std::ops::Range<usize> = 1..5;
/// These only grow.
const GROWING: std::ops::Range<usize> = 5..7;

/// Of where persons stand, what may be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Told {
    /// Registered.
    pub(super) registered: Option<i64>,
    /// Active, incoming, passive, paused.
    pub(super) parts: [Option<i64>; 4],
    /// Ended and closed.
    pub(super) over: [Option<i64>; 2],
}

/// What may be told of each department, and of all (`None`).
pub(super) async fn told(
    service: &Service,
    asked: &Asked,
) -> Result<BTreeMap<Option<UnitId>, Told>, Problem> {
    let units = asked.answer(service, &Units).await?.view.units;
    let departments = units
        .into_iter()
        .filter(|unit| unit.kind == UnitKind::Department)
        .map(|unit| Some(unit.unit));
    let (mut names, mut rows) = (vec![], vec![]);
    for unit in std::iter::once(None).chain(departments) {
        let question = StandingNow {
            unit: unit.clone(),
            scope: projections::Scope::All,
            active_within_days: service.app.figures.active_within_days,
        };
        rows.push(row(&asked.answer(service, &question).await?.view));
        names.push(unit);
    }
    let mut hidden = hide(&rows);
    if !asked.is_of_last_month_end(today(service)) {
        for row in &mut hidden {
            row[GROWING].fill(true);
        }
    }
    let told = rows.iter().zip(hidden).map(|(row, hidden)| {
        let cell = |column: usize| (!hidden[column]).then_some(row[column]);
        Told {
            registered: cell(WHOLE),
            parts: [cell(1), cell(2), cell(3), cell(4)],
            over: [cell(5), cell(6)],
        }
    });
    Ok(names.into_iter().zip(told).collect())
}

fn today(service: &Service) -> Day {
    service.app.clock.now().day()
}

fn row(view: &StandingView) -> [i64; COLUMNS] {
    [
        view.registered,
        view.active,
        view.incoming,
        view.passive,
        view.paused,
        view.ended,
        view.closed,
    ]
}

/// Which cells are hidden; the first row is the sum of the others.
fn hide(rows: &[[i64; COLUMNS]]) -> Vec<Vec<bool>> {
    let of_row = |row: usize| Sum {
        whole: (row, WHOLE),
        parts: PARTS.map(|column| (row, column)).collect(),
    };
    let of_column = |column: usize| Sum {
        whole: (0, column),
        parts: (1..rows.len()).map(|row| (row, column)).collect(),
    };
    let parts = (0..rows.len()).flat_map(|row| PARTS.map(move |column| (row, column)));
    let cells = Cells {
        counts: rows.iter().map(|row| row.to_vec()).collect(),
        sums: (0..rows.len())
            .map(of_row)
            .chain((0..COLUMNS).map(of_column))
            .collect(),
        nested: parts.map(|part| ((0, WHOLE), part)).collect(),
    };
    cells.hide()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(departments: &[[i64; COLUMNS]]) -> Vec<[i64; COLUMNS]> {
        let mut rows = vec![[0; COLUMNS]];
        for department in departments {
            for (sum, count) in rows[0].iter_mut().zip(department) {
                *sum += count;
            }
            rows.push(*department);
        }
        rows
    }

    fn shown(departments: &[[i64; COLUMNS]]) -> Vec<[Option<i64>; COLUMNS]> {
        let rows = sum(departments);
        let hidden = hide(&rows);
        std::iter::zip(rows, hidden)
            .map(|(row, hidden)| {
                std::array::from_fn(|column| (!hidden[column]).then_some(row[column]))
            })
            .collect()
    }

    #[test]
    fn nothing_is_hidden_where_nothing_is_small() {
        let row = [60, 23, 0, 37, 0, 12, 5];
        assert_eq!(shown(&[row]), [row.map(Some), row.map(Some)]);
    }

    #[test]
    fn a_hidden_part_cannot_be_worked_out_from_the_sum() {
        let row = [60, 3, 20, 37, 0, 0, 0];
        let told = [Some(60), None, None, Some(37), Some(0), Some(0), Some(0)];
        assert_eq!(shown(&[row]), [told, told]);
    }

    #[test]
    fn a_hidden_department_cannot_be_worked_out_from_the_others() {
        let ended = |ended| [0, 0, 0, 0, 0, ended, 0];
        let told: Vec<_> = shown(&[ended(3), ended(9), ended(40)])
            .into_iter()
            .map(|row| row[5])
            .collect();
        assert_eq!(told, [Some(52), None, None, Some(40)]);
    }

    #[test]
    fn what_is_hidden_together_is_not_few() {
        let row = [42, 2, 1, 9, 30, 0, 0];
        let told = [Some(42), None, None, None, Some(30), Some(0), Some(0)];
        assert_eq!(shown(&[row])[1], told);
    }
}
