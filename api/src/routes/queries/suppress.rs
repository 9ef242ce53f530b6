//! Small counts of persons are hidden: 1 to 4, and what they could be worked out from.

use serde_json::{Value, json};

use super::cells::small;

pub(super) fn count(value: &Value) -> Option<i64> {
    value.as_i64()
}

fn is_small(value: &Value) -> bool {
    count(value).is_some_and(small)
}

/// Hides a count that is small.
pub(super) fn hide_small(value: &mut Value) {
    if is_small(value) {
        *value = Value::Null;
    }
}

/// Whether two counts shown would tell a small one: one group may be a part of the other.
fn few_apart(one: i64, other: i64) -> bool {
    small((one - other).abs())
}

/// Hides counts each of which is a part of the one before, and of `wider` ones that were told
/// elsewhere: where one is small, or leaves few of them out.
pub(super) fn hide_nested(answer: &mut Value, names: &[&str], wider: &[i64]) {
    let mut shown = wider.to_vec();
    for name in names {
        hide_among(&mut answer[*name], &mut shown);
    }
}

/// Whether the count may be told beside those shown; then it is one of them.
fn hide_among(value: &mut Value, shown: &mut Vec<i64>) {
    let Some(now) = count(value) else {
        return;
    };
    if small(now) || shown.iter().any(|before| few_apart(*before, now)) {
        *value = Value::Null;
    } else {
        shown.push(now);
    }
}

/// The counts of some fields.
pub(super) fn counts(answer: &Value, names: &[&str]) -> Vec<i64> {
    names
        .iter()
        .filter_map(|name| count(&answer[*name]))
        .collect()
}

/// A curve in steps at which at least five ended, as long as at least five are at risk. Of `wider`
/// curves, which hold these persons among others, no step may leave few of the others.
pub(super) fn coarsen(curve: &mut Value, wider: &[&Value]) {
    let Some(points) = curve.as_array() else {
        return;
    };
    let (mut kept, mut ended, mut after) = (Vec::new(), 0, -1);
    for point in points {
        ended += count(&point["ended"]).unwrap_or(0);
        let (day, at_risk) = (day_of(point), count(&point["at_risk"]).unwrap_or(0));
        if at_risk < 5 {
            break;
        }
        let told_apart = wider.iter().any(|wider| {
            few_apart(ended_within(wider, after, day), ended)
                || few_apart(at_risk_on(wider, day), at_risk)
        });
        if ended >= 5 && !told_apart {
            let mut point = point.clone();
            point["ended"] = json!(ended);
            // Who was followed no longer could be worked out from those at risk: nobody is told.
            point["censored"] = Value::Null;
            kept.push(point);
            (ended, after) = (0, day);
        }
    }
    *curve = Value::Array(kept);
}

fn day_of(point: &Value) -> i64 {
    count(&point["day"]).unwrap_or(0)
}

fn points(curve: &Value) -> &[Value] {
    curve.as_array().map_or(&[], Vec::as_slice)
}

fn ended_within(curve: &Value, after: i64, until: i64) -> i64 {
    points(curve)
        .iter()
        .filter(|point| (after + 1..=until).contains(&day_of(point)))
        .filter_map(|point| count(&point["ended"]))
        .sum()
}

fn at_risk_on(curve: &Value, day: i64) -> i64 {
    points(curve)
        .iter()
        .find(|point| day_of(point) >= day)
        .and_then(|point| count(&point["at_risk"]))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_left_out_is_hidden_too() {
        let mut answer = json!({ "served": 31, "continued": 29 });
        hide_nested(&mut answer, &["served", "continued"], &[]);
        assert_eq!(answer, json!({ "served": 31, "continued": null }));
    }

    #[test]
    fn who_is_left_out_of_a_wider_count_is_hidden_too() {
        let mut answer = json!({ "served": 20, "continued": 12 });
        hide_nested(&mut answer, &["served", "continued"], &[23]);
        assert_eq!(answer, json!({ "served": null, "continued": 12 }));
    }

    #[test]
    fn a_curve_leaves_few_out_of_no_wider_one() {
        let point = |day, at_risk, ended| json!({ "day": day, "at_risk": at_risk, "ended": ended });
        let mut curve = json!([point(1, 20, 5), point(2, 15, 5), point(3, 10, 5)]);
        let wider = json!([point(1, 40, 7), point(2, 33, 12), point(3, 21, 6)]);
        coarsen(&mut curve, &[&wider]);
        // Two more ended on the first day, and one on the third.
        let told: Vec<_> = curve
            .as_array()
            .unwrap()
            .iter()
            .map(|point| (&point["day"], &point["ended"]))
            .collect();
        assert_eq!(told, [(&json!(2), &json!(10))]);
    }

    #[test]
    fn a_curve_is_told_in_steps_of_five_and_more() {
        let point = |day, at_risk, ended| json!({ "day": day, "at_risk": at_risk, "ended": ended, "censored": null, "survival": 0.5 });
        let mut curve = json!([
            point(1, 20, 3),
            point(2, 17, 3),
            point(3, 14, 11),
            point(4, 3, 3)
        ]);
        coarsen(&mut curve, &[]);
        assert_eq!(curve, json!([point(2, 17, 6), point(3, 14, 11)]));
    }
}
