//! The stages of a flow by calendar year, with those of all time: which of them may be told.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    cells::{Cell, Cells, Sum},
    suppress::count,
};

/// Heads are nobody's yet, each count for itself; every later stage is a part of the proposed.
const HEADS: usize = 2;

/// Hides stages of a flow, of a year or of all time. `of_all_time` is the same flow of all time.
pub(super) fn hide(stages: &mut Value, year: Option<&str>, of_all_time: &Value) {
    let Some(stages) = stages.as_array_mut() else {
        return;
    };
    let (years, rows) = rows(of_all_time);
    let row = year.map_or(Some(0), |year| {
        let place = years.iter().position(|known| known == year);
        place.map(|place| place + 1)
    });
    // In a year without a row, nothing happened.
    let Some(row) = row else {
        return;
    };
    let hidden = cells(rows).hide();
    for (stage, hidden) in stages.iter_mut().zip(&hidden[row]) {
        if *hidden {
            stage["count"] = Value::Null;
            stage["median_days_from_previous"] = Value::Null;
        }
    }
}

/// All time, then the years in which a proposal was made or heads were counted.
fn rows(of_all_time: &Value) -> (Vec<String>, Vec<Vec<i64>>) {
    let list = |field: &str| of_all_time[field].as_array().map_or(&[][..], Vec::as_slice);
    let names: Vec<String> = list("stages")
        .iter()
        .filter_map(|stage| Some(stage["stage"].as_str()?.replace('-', "_")))
        .collect();
    let mut by_year: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for month in list("months") {
        let year = month["month"].as_str().and_then(|month| month.get(..4));
        let row = by_year
            .entry(year.unwrap_or_default().to_owned())
            .or_insert_with(|| vec![0; names.len()]);
        for (sum, name) in row.iter_mut().zip(&names) {
            *sum += count(&month[name]).unwrap_or(0);
        }
    }
    let all = list("stages")
        .iter()
        .map(|stage| count(&stage["count"]).unwrap_or(0))
        .collect();
    let (years, mut rows): (Vec<_>, Vec<_>) = by_year.into_iter().unzip();
    rows.insert(0, all);
    (years, rows)
}

fn cells(rows: Vec<Vec<i64>>) -> Cells {
    let columns = rows[0].len();
    let sums = (0..columns).map(|column| Sum {
        whole: (0, column),
        parts: (1..rows.len()).map(|row| (row, column)).collect(),
    });
    let mut nested: Vec<(Cell, Cell)> = vec![];
    for row in 0..rows.len() {
        for column in HEADS..columns {
            nested.extend((HEADS..column).map(|before| ((row, before), (row, column))));
            if row > 0 {
                nested.extend((HEADS..=column).map(|before| ((0, before), (row, column))));
            }
        }
    }
    Cells {
        sums: sums.collect(),
        nested,
        counts: rows,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(year: Option<&str>, all: [i64; 4], months: &[(&str, [i64; 4])]) -> Value {
        let names = ["informed", "interested", "proposed", "agreed"];
        let stages = |counts: [i64; 4]| -> Value {
            let stage = |(name, count): (&str, i64)| json!({ "stage": name, "count": count });
            std::iter::zip(names, counts).map(stage).collect()
        };
        let months: Vec<Value> = months
            .iter()
            .map(|(month, counts)| {
                let mut told = json!({ "month": month });
                for (name, count) in std::iter::zip(names, counts) {
                    told[name] = json!(count);
                }
                told
            })
            .collect();
        let of = |wanted: &str| {
            let of_year = months
                .iter()
                .filter(|told| told["month"].as_str().unwrap().starts_with(wanted));
            of_year.fold([0; 4], |mut sum, told| {
                for (sum, name) in sum.iter_mut().zip(names) {
                    *sum += told[name].as_i64().unwrap();
                }
                sum
            })
        };
        let mut answer = stages(year.map_or(all, of));
        hide(
            &mut answer,
            year,
            &json!({ "stages": stages(all), "months": months }),
        );
        answer
            .as_array()
            .unwrap()
            .iter()
            .map(|stage| stage["count"].clone())
            .collect()
    }

    #[test]
    fn a_year_that_is_hidden_cannot_be_worked_out_from_the_others() {
        let months = [
            ("2018-03", [0, 0, 9, 0]),
            ("2019-03", [0, 0, 20, 0]),
            ("2020-03", [0, 0, 3, 0]),
        ];
        let all = [0, 0, 32, 0];
        let years = [None, Some("2018"), Some("2019"), Some("2020"), Some("2021")];
        let proposed = years.map(|year| told(year, all, &months)[2].clone());
        assert_eq!(json!(proposed), json!([32, null, 20, null, 0]));
    }

    #[test]
    fn who_did_not_agree_is_not_told_by_those_who_did() {
        let months = [("2018-03", [60, 31, 22, 20]), ("2019-03", [30, 7, 30, 8])];
        let all = [90, 38, 52, 28];
        assert_eq!(told(None, all, &months), json!([90, 38, 52, 28]));
        assert_eq!(told(Some("2018"), all, &months), json!([60, 31, 22, null]));
        assert_eq!(told(Some("2019"), all, &months), json!([30, 7, 30, null]));
    }
}
