//! Small counts of persons are hidden: 1 to 4, and what they could be worked out from.

use serde_json::Value;

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
pub(super) fn few_apart(one: i64, other: i64) -> bool {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

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
}
