//! Small counts of persons are hidden: 1 to 4, and what they could be worked out from.

use serde_json::{Value, json};

/// Counts of persons that could point somebody out.
fn small(count: i64) -> bool {
    (1..=4).contains(&count)
}

fn count(value: &Value) -> Option<i64> {
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

/// Hides the small ones among the parts of a sum; where only one is hidden, the smallest other one
/// too, or it could be worked out; and the sum, if it is small.
pub(super) fn hide_parts(answer: &mut Value, sum: &str, parts: &[&str]) {
    if is_small(&answer[sum]) {
        for name in parts.iter().chain([&sum]) {
            answer[*name] = Value::Null;
        }
        return;
    }
    let hidden: Vec<&str> = parts
        .iter()
        .copied()
        .filter(|part| is_small(&answer[*part]))
        .collect();
    let mut others: Vec<(i64, &str)> = parts
        .iter()
        .copied()
        .filter(|part| !hidden.contains(part))
        .filter_map(|part| Some((count(&answer[part])?, part)))
        .collect();
    others.sort_by_key(|(count, _)| (*count == 0, *count));
    if let ([_], Some((_, other))) = (hidden.as_slice(), others.first()) {
        answer[*other] = Value::Null;
    }
    for part in hidden {
        answer[part] = Value::Null;
    }
}

/// Hides counts each of which is a part of the one before, where it is small or leaves few out.
pub(super) fn hide_nested(answer: &mut Value, names: &[&str]) {
    let mut shown: Option<i64> = None;
    for name in names {
        let Some(now) = count(&answer[*name]) else {
            continue;
        };
        let few_left_out = shown.is_some_and(|before| small(before - now));
        if small(now) || few_left_out {
            answer[*name] = Value::Null;
        } else {
            shown = Some(now);
        }
    }
}

/// The stages of a flow: head counts each for itself, then the referrals, each a part of the
/// proposed.
pub(super) fn hide_stages(stages: &mut Value) {
    let Some(stages) = stages.as_array_mut() else {
        return;
    };
    let mut shown: Vec<i64> = Vec::new();
    for stage in stages {
        let heads = matches!(stage["stage"].as_str(), Some("informed" | "interested"));
        let Some(now) = count(&stage["count"]) else {
            continue;
        };
        let few_left_out = !heads && shown.iter().any(|before| small((before - now).abs()));
        if small(now) || few_left_out {
            stage["count"] = Value::Null;
            stage["median_days_from_previous"] = Value::Null;
        } else if !heads {
            shown.push(now);
        }
    }
}

/// A curve in steps at which at least five ended, as long as at least five are at risk.
pub(super) fn coarsen(curve: &mut Value) {
    let Some(points) = curve.as_array() else {
        return;
    };
    let (mut kept, mut ended, mut censored) = (Vec::new(), 0, 0);
    for point in points {
        ended += count(&point["ended"]).unwrap_or(0);
        censored += count(&point["censored"]).unwrap_or(0);
        if count(&point["at_risk"]).unwrap_or(0) < 5 {
            break;
        }
        if ended >= 5 {
            let mut point = point.clone();
            point["ended"] = json!(ended);
            point["censored"] = json!(censored);
            hide_small(&mut point["censored"]);
            kept.push(point);
            (ended, censored) = (0, 0);
        }
    }
    *curve = Value::Array(kept);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hidden_part_cannot_be_worked_out_from_the_sum() {
        let mut answer = json!({ "all": 60, "a": 3, "b": 20, "c": 37 });
        hide_parts(&mut answer, "all", &["a", "b", "c"]);
        assert_eq!(answer, json!({ "all": 60, "a": null, "b": null, "c": 37 }));
    }

    #[test]
    fn nothing_is_hidden_where_nothing_is_small() {
        let mut answer = json!({ "all": 60, "a": 0, "b": 23, "c": 37 });
        hide_parts(&mut answer, "all", &["a", "b", "c"]);
        assert_eq!(answer, json!({ "all": 60, "a": 0, "b": 23, "c": 37 }));
    }

    #[test]
    fn who_is_left_out_is_hidden_too() {
        let mut answer = json!({ "served": 31, "continued": 29 });
        hide_nested(&mut answer, &["served", "continued"]);
        assert_eq!(answer, json!({ "served": 31, "continued": null }));
    }

    #[test]
    fn a_curve_is_told_in_steps_of_five_and_more() {
        let point = |day, at_risk, ended| json!({ "day": day, "at_risk": at_risk, "ended": ended, "censored": 0, "survival": 0.5 });
        let mut curve = json!([
            point(1, 20, 3),
            point(2, 17, 3),
            point(3, 14, 11),
            point(4, 3, 3)
        ]);
        coarsen(&mut curve);
        assert_eq!(curve, json!([point(2, 17, 6), point(3, 14, 11)]));
    }
}
