//! Where two answers differ.

use serde_json::Value;

/// No more lines than this, and none longer than so many characters, are told of a difference.
const LINES: usize = 12;
const WIDTH: usize = 400;

/// A line for each entry that differs; `None` if none does.
pub(super) fn difference(answer: &Value, expected: &Value, path: &str) -> Option<String> {
    let all = lines(answer, expected, path);
    let mut told: Vec<String> = all
        .iter()
        .take(LINES)
        .map(|line| line.chars().take(WIDTH).collect())
        .collect();
    if all.len() > LINES {
        told.push(format!("and {} more", all.len() - LINES));
    }
    (!told.is_empty()).then(|| told.join("\n"))
}

/// Estimates may differ in their last digits.
fn lines(answer: &Value, expected: &Value, path: &str) -> Vec<String> {
    let same = match (answer, expected) {
        (Value::Object(one), Value::Object(other)) => {
            let only_expected = other.keys().filter(|key| !one.contains_key(*key));
            return one
                .keys()
                .chain(only_expected)
                .flat_map(|key| lines(&answer[key], &expected[key], &format!("{path}.{key}")))
                .collect();
        }
        (Value::Array(one), Value::Array(other)) => return entries(one, other, path),
        (Value::Number(one), Value::Number(other)) => {
            (one.as_f64().unwrap() - other.as_f64().unwrap()).abs() <= 1e-9
        }
        _ => answer == expected,
    };
    if same {
        vec![]
    } else {
        vec![format!("{path}: {answer} is not {expected}")]
    }
}

fn entries(answer: &[Value], expected: &[Value], path: &str) -> Vec<String> {
    let same = |one: &Value, other: &Value| lines(one, other, path).is_empty();
    let mut missing: Vec<_> = expected.iter().enumerate().collect();
    let mut surplus = vec![];
    for (at, entry) in answer.iter().enumerate() {
        match missing.iter().position(|(_, other)| same(entry, other)) {
            Some(found) => drop(missing.remove(found)),
            None => surplus.push((at, entry)),
        }
    }
    let in_place = |((here, _), (there, _)): (&(usize, _), &(usize, _))| here == there;
    if surplus.len() == missing.len() && surplus.iter().zip(&missing).all(in_place) {
        if surplus.is_empty() {
            let moved = (0..answer.len()).find(|at| !same(&answer[*at], &expected[*at]));
            return Vec::from_iter(moved.map(|at| format!("{path}[{at}]: in another order")));
        }
        return surplus
            .iter()
            .zip(&missing)
            .flat_map(|((at, one), (_, other))| lines(one, other, &format!("{path}[{at}]")))
            .collect();
    }
    let surplus = surplus
        .iter()
        .map(|(at, entry)| format!("{path}[{at}]: {entry} is too much"));
    let missing = missing
        .iter()
        .map(|(at, entry)| format!("{path}[{at}]: {entry} is missing"));
    surplus.chain(missing).collect()
}

mod tests {
    use serde_json::{Value, json};

    use super::difference;

    fn told(answer: &Value, expected: &Value) -> String {
        difference(answer, expected, "list").unwrap_or_default()
    }

    #[test]
    fn only_the_entries_that_differ_are_told() {
        let all = json!([{ "id": 1, "of": "a" }, { "id": 2, "of": "b" }, { "id": 3, "of": "c" }]);
        assert_eq!(told(&all, &all), "");
        let changed =
            json!([{ "id": 1, "of": "a" }, { "id": 2, "of": "x" }, { "id": 3, "of": "c" }]);
        assert_eq!(told(&changed, &all), r#"list[1].of: "x" is not "b""#);
        let fewer = json!([{ "id": 1, "of": "a" }, { "id": 3, "of": "c" }]);
        assert_eq!(
            told(&fewer, &all),
            r#"list[1]: {"id":2,"of":"b"} is missing"#
        );
        assert_eq!(
            told(&all, &fewer),
            r#"list[1]: {"id":2,"of":"b"} is too much"#
        );
        let twice = json!([1, 1, 2]);
        assert_eq!(
            told(&twice, &json!([1, 2])),
            "list[1]: 1 is too much",
            "as often as it is expected"
        );
        assert_eq!(
            told(&json!([1, 2]), &json!([2, 1])),
            "list[0]: in another order"
        );
    }

    #[test]
    fn a_field_that_is_not_there_differs_and_an_estimates_last_digits_do_not() {
        let lacking = json!({ "share": 0.5 });
        let whole = json!({ "share": 0.5 + 1e-12, "of": 2 });
        assert_eq!(told(&lacking, &whole), "list.of: null is not 2");
        assert_eq!(told(&whole, &lacking), "list.of: 2 is not null");
    }

    #[test]
    fn what_is_told_is_short() {
        let many: Vec<usize> = (0..100).collect();
        let lines = told(&json!(many), &json!([]));
        assert_eq!(lines.lines().count(), 13);
        assert!(lines.ends_with("and 88 more"));
        let long = "long".repeat(1_000);
        assert_eq!(told(&json!(long), &Value::Null).len(), 400);
    }
}
