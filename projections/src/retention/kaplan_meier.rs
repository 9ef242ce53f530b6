//! How long stays last, when some are not over yet: the estimate of Kaplan and Meier (1958).

use schemars::JsonSchema;
use serde::Serialize;

/// One stay: how many days it has lasted, and whether it is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spell {
    /// Days.
    pub days: i64,
    /// Over; if not, it lasts at least so long (right-censored).
    pub ended: bool,
}

/// One day of the curve on which something happened.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct CurvePoint {
    /// Days since participation began.
    pub day: i64,
    /// Still in and still followed, just before.
    pub at_risk: i64,
    /// Ended on this day.
    pub ended: i64,
    /// Followed no longer than this day.
    pub censored: i64,
    /// Estimated share of those still in after this day.
    pub survival: f64,
    /// Lower bound of the 95 % interval.
    pub lower: f64,
    /// Upper bound of the 95 % interval.
    pub upper: f64,
}

/// The 97.5 % point of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// The curve, a point for each day on which a stay ended or was last followed. An end and a
/// censoring on the same day: the end comes first, so who is censored was at risk.
///
/// The interval has Greenwood's variance on the scale of log(−log S), which keeps it within 0 and
/// one. Before the first end it is 1 to 1. Once nobody is left, S is 0 and the variance is not
/// defined; the lower bound is 0, and the upper one stays where it was.
#[must_use]
pub fn curve(spells: &[Spell]) -> Vec<CurvePoint> {
    let mut spells = spells.to_vec();
    spells.sort_unstable();
    let mut points = vec![];
    let (mut survival, mut greenwood, mut upper) = (1.0_f64, 0.0_f64, 1.0_f64);
    let mut left = spells.as_slice();
    while let Some(first) = left.first() {
        let today = left.partition_point(|spell| spell.days == first.days);
        let ended = left[..today].iter().filter(|spell| spell.ended).count();
        let (n, d) = (as_f64(left.len()), as_f64(ended));
        survival *= (n - d) / n;
        let lower = if ended == left.len() {
            0.0
        } else {
            greenwood += d / (n * (n - d));
            let (low, high) = interval(survival, greenwood);
            upper = high;
            low
        };
        points.push(CurvePoint {
            day: first.days,
            at_risk: as_i64(left.len()),
            ended: as_i64(ended),
            censored: as_i64(today - ended),
            survival,
            lower,
            upper,
        });
        left = &left[today..];
    }
    points
}

/// Greenwood's 95 % interval on the scale of log(−log S).
pub(super) fn interval(survival: f64, greenwood: f64) -> (f64, f64) {
    if survival >= 1.0 {
        return (1.0, 1.0);
    }
    if survival <= 0.0 {
        return (0.0, 1.0);
    }
    let width = Z * greenwood.sqrt() / survival.ln().abs();
    (survival.powf(width.exp()), survival.powf((-width).exp()))
}

/// The first day after which at most half are still in.
#[must_use]
pub fn median_days(curve: &[CurvePoint]) -> Option<i64> {
    // A half made of thirds and quarters may miss 0.5 by a rounding.
    curve
        .iter()
        .find(|point| point.survival <= 0.5 + 1e-9)
        .map(|point| point.day)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "there are fewer stays than 2^52 by far"
)]
fn as_f64(count: usize) -> f64 {
    count as f64
}

fn as_i64(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spells(days: &[i64], censored: &[i64]) -> Vec<Spell> {
        let ended = days.iter().map(|days| (*days, true));
        let followed = censored.iter().map(|days| (*days, false));
        ended
            .chain(followed)
            .map(|(days, ended)| Spell { days, ended })
            .collect()
    }

    /// Weeks in remission of the 21 children given 6-mercaptopurine (Freireich and others 1963),
    /// which textbooks on survival analysis work through.
    #[test]
    fn the_textbooks_example_comes_out_as_printed() {
        let curve = curve(&spells(
            &[6, 6, 6, 7, 10, 13, 16, 22, 23],
            &[6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35],
        ));
        let expected = [
            (6, 21, 3, 1, 0.857_143, 0.619_718, 0.951_552),
            (7, 17, 1, 0, 0.806_723, 0.563_147, 0.922_809),
            (9, 16, 0, 1, 0.806_723, 0.563_147, 0.922_809),
            (10, 15, 1, 1, 0.752_941, 0.503_200, 0.889_362),
            (11, 13, 0, 1, 0.752_941, 0.503_200, 0.889_362),
            (13, 12, 1, 0, 0.690_196, 0.431_610, 0.849_066),
            (16, 11, 1, 0, 0.627_451, 0.367_511, 0.804_912),
            (17, 10, 0, 1, 0.627_451, 0.367_511, 0.804_912),
            (19, 9, 0, 1, 0.627_451, 0.367_511, 0.804_912),
            (20, 8, 0, 1, 0.627_451, 0.367_511, 0.804_912),
            (22, 7, 1, 0, 0.537_815, 0.267_779, 0.746_791),
            (23, 6, 1, 0, 0.448_179, 0.188_052, 0.680_143),
            (25, 5, 0, 1, 0.448_179, 0.188_052, 0.680_143),
            (32, 4, 0, 2, 0.448_179, 0.188_052, 0.680_143),
            (34, 2, 0, 1, 0.448_179, 0.188_052, 0.680_143),
            (35, 1, 0, 1, 0.448_179, 0.188_052, 0.680_143),
        ];
        assert_eq!(curve.len(), expected.len());
        for (point, (day, at_risk, ended, censored, survival, lower, upper)) in
            curve.iter().zip(expected)
        {
            assert_eq!(
                (point.day, point.at_risk, point.ended, point.censored),
                (day, at_risk, ended, censored)
            );
            for (found, printed) in [
                (point.survival, survival),
                (point.lower, lower),
                (point.upper, upper),
            ] {
                assert!(
                    (found - printed).abs() < 1e-6,
                    "day {day}: {found} {printed}"
                );
            }
        }
        assert_eq!(median_days(&curve), Some(23));
    }

    #[test]
    fn nobody_makes_no_curve() {
        assert_eq!(curve(&[]), []);
        assert_eq!(median_days(&[]), None);
    }

    #[test]
    fn without_an_end_everybody_is_still_in() {
        let curve = curve(&spells(&[], &[5, 9]));
        let point = |day, at_risk| CurvePoint {
            day,
            at_risk,
            ended: 0,
            censored: 1,
            survival: 1.0,
            lower: 1.0,
            upper: 1.0,
        };
        assert_eq!(curve, [point(5, 2), point(9, 1)]);
        assert_eq!(median_days(&curve), None);
    }

    #[test]
    fn when_the_last_one_ends_nobody_is_left_and_the_upper_bound_stays() {
        let curve = curve(&spells(&[3, 8], &[]));
        assert_eq!((curve[0].survival, median_days(&curve)), (0.5, Some(3)));
        let last = CurvePoint {
            day: 8,
            at_risk: 1,
            ended: 1,
            censored: 0,
            survival: 0.0,
            lower: 0.0,
            upper: curve[0].upper,
        };
        assert_eq!(curve[1], last);
    }

    #[test]
    fn who_is_censored_on_the_day_of_an_end_was_at_risk_of_it() {
        let curve = curve(&spells(&[4], &[4, 4, 4]));
        assert_eq!((curve[0].at_risk, curve[0].survival), (4, 0.75));
    }

    #[test]
    fn a_half_made_of_thirds_is_a_half() {
        // 5/6 of 4/5 of 3/4 is 1/2, if not quite so in binary.
        let curve = curve(&spells(&[1, 2, 3], &[9, 9, 9]));
        assert_eq!(median_days(&curve), Some(3));
    }
}
