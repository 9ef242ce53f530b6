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

fn interval(survival: f64, greenwood: f64) -> (f64, f64) {
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
