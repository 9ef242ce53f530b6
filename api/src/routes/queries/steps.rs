//! Survival curves for who sees figures in part: in steps at which nobody can be pointed out.

use projections::retention::{Step, curve_of_steps};
use serde_json::{Value, json};

use super::suppress::{count, few_apart};

/// A curve in steps at which at least five ended, as long as at least five are at risk. Of `wider`
/// curves, which hold these persons among others, no step may leave few of the others. What is
/// estimated, is estimated by these steps alone.
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
    estimate(&mut kept);
    *curve = Value::Array(kept);
}

/// The survival of all days would tell how the ends of a step fell, and among how many.
fn estimate(kept: &mut [Value]) {
    let steps: Vec<_> = kept
        .iter()
        .map(|point| Step {
            at_risk: count(&point["at_risk"]).unwrap_or(0),
            ended: count(&point["ended"]).unwrap_or(0),
        })
        .collect();
    for (point, estimate) in kept.iter_mut().zip(curve_of_steps(&steps)) {
        point["survival"] = json!(estimate.survival);
        point["lower"] = json!(estimate.lower);
        point["upper"] = json!(estimate.upper);
    }
}

/// The first day of a coarsened curve after which at most half are still in.
pub(super) fn median_days(curve: &Value) -> Option<i64> {
    let half = |point: &&Value| point["survival"].as_f64().is_some_and(|share| share <= 0.5);
    points(curve).iter().find(half).map(day_of)
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
        let told: Vec<_> = points(&curve)
            .iter()
            .map(|point| {
                (
                    day_of(point),
                    point["at_risk"].clone(),
                    point["ended"].clone(),
                )
            })
            .collect();
        assert_eq!(told, [(2, json!(17), json!(6)), (3, json!(14), json!(11))]);
    }

    #[test]
    fn what_is_estimated_follows_from_what_is_told() {
        let point = |day, at_risk, ended, survival| json!({ "day": day, "at_risk": at_risk, "ended": ended, "survival": survival });
        // The same steps are told of both; only in the second was somebody censored on the way.
        let mut one = json!([point(1, 16, 1, 0.94), point(3, 12, 4, 0.69)]);
        let mut other = json!([point(1, 17, 1, 0.94), point(3, 12, 4, 0.72)]);
        coarsen(&mut one, &[]);
        coarsen(&mut other, &[]);
        assert_eq!(one, other);
        assert_eq!(points(&one).len(), 1);
    }

    #[test]
    fn the_median_is_that_of_the_steps() {
        let point = |day, survival| json!({ "day": day, "survival": survival });
        let curve = json!([point(90, 0.7), point(200, 0.5), point(300, 0.2)]);
        assert_eq!(median_days(&curve), Some(200));
        assert_eq!(median_days(&json!([])), None);
    }
}
