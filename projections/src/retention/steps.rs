//! How long stays last, by nothing but the steps of a curve that may be told.

use super::kaplan_meier::interval;

/// A step of a curve: what of a [`CurvePoint`](super::CurvePoint) is told where small counts are hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Still in and still followed, just before the last day of the step; at least two.
    pub at_risk: i64,
    /// Ended since the step before; at least one.
    pub ended: i64,
}

/// What is estimated of the day of a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Share of those still in after this day.
    pub survival: f64,
    /// Lower bound of the 95 % interval.
    pub lower: f64,
    /// Upper bound of the 95 % interval.
    pub upper: f64,
}

/// The curve that the steps alone tell of: whoever knows them can work it out, and so learns
/// nothing from it that they do not say.
///
/// The curve of all days would tell more. Its survival is a product of one fraction for each day
/// of an end: it gives away on how many days, and among how many at risk, the ends of a step fell,
/// and with that how many were followed no longer meanwhile.
///
/// Within a step as many leave those at risk as are missing at its end, and the ends are taken to
/// be spread evenly among them. Where nobody is censored within a step and no two end on one day,
/// this is the estimate of Kaplan and Meier, and the variance is Greenwood's. Of the first step it
/// is not known how many were at risk when it began: nobody is taken to be censored within it.
#[must_use]
pub fn curve_of_steps(steps: &[Step]) -> Vec<Estimate> {
    let (mut survival, mut greenwood) = (1.0_f64, 0.0_f64);
    let mut before = 0;
    let mut points = Vec::with_capacity(steps.len());
    for step in steps {
        let left_after = as_f64((step.at_risk - 1).max(1));
        let at_first = as_f64(before.max(step.at_risk + step.ended - 1));
        let share_of_ends = as_f64(step.ended) / (at_first - left_after).max(1.0);
        survival *= (left_after / at_first).powf(share_of_ends);
        greenwood += share_of_ends * (left_after.recip() - at_first.recip());
        let (lower, upper) = interval(survival, greenwood);
        points.push(Estimate {
            survival,
            lower,
            upper,
        });
        before = step.at_risk - 1;
    }
    points
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn as_f64(count: i64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Spell, curve},
        *,
    };

    fn close(one: f64, other: f64, to: f64) -> bool {
        (one - other).abs() < to
    }

    #[test]
    fn without_censoring_it_is_the_estimate_of_kaplan_and_meier() {
        let spells: Vec<_> = (1..=20).map(|days| Spell { days, ended: true }).collect();
        let exact = curve(&spells);
        let told = [(4, 16, 5), (9, 11, 5), (13, 7, 4)];
        let steps = told.map(|(_, at_risk, ended)| Step { at_risk, ended });
        for ((nth, ..), estimate) in told.into_iter().zip(curve_of_steps(&steps)) {
            let point = exact[nth];
            assert!(close(estimate.survival, point.survival, 1e-12));
            assert!(close(estimate.lower, point.lower, 1e-12));
            assert!(close(estimate.upper, point.upper, 1e-12));
        }
    }

    #[test]
    fn what_is_censored_evenly_hardly_matters() {
        // Every third of 300 ends, the others are censored.
        let spells: Vec<_> = (1..=300)
            .map(|days| Spell {
                days,
                ended: days % 3 == 0,
            })
            .collect();
        let exact = curve(&spells);
        let told: Vec<_> = exact.iter().skip(14).step_by(15).collect();
        let steps: Vec<_> = told
            .iter()
            .map(|point| Step {
                at_risk: point.at_risk,
                ended: 5,
            })
            .take_while(|step| step.at_risk >= 5)
            .collect();
        assert!(steps.len() > 15);
        for (point, estimate) in told.into_iter().zip(curve_of_steps(&steps)) {
            let survival = (estimate.survival, point.survival);
            assert!(close(survival.0, survival.1, 0.01), "{survival:?}");
            assert!(close(estimate.lower, point.lower, 0.02));
            assert!(close(estimate.upper, point.upper, 0.02));
        }
    }

    #[test]
    fn no_steps_make_no_curve() {
        assert_eq!(curve_of_steps(&[]), []);
    }
}
