//! The middle of some numbers of days.

/// The middle of some numbers of days, or of the two in the middle.
pub(crate) fn median(days: &mut [i64]) -> Option<f64> {
    days.sort_unstable();
    let middle = days.len() / 2;
    let as_f64 = |days: i64| i32::try_from(days).ok().map(f64::from);
    match days.len() {
        0 => None,
        odd if odd % 2 == 1 => as_f64(days[middle]),
        _ => Some(f64::midpoint(
            as_f64(days[middle - 1])?,
            as_f64(days[middle])?,
        )),
    }
}
