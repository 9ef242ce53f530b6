//! From bytes to a JSON value, with nothing that could hurt: text that is not UTF-8, nesting that
//! would exhaust the stack, and anything after the end are refused first.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::unique::{self, NotUnique};
use crate::problem::{Problem, Text, general};

/// How deep JSON may be nested.
const DEEPEST: usize = 64;

/// Reads bytes as JSON.
pub fn json(bytes: &[u8]) -> Result<Value, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        Problem::general(&general::INVALID_UTF8).at(
            "",
            Text::made(
                format!("the byte at offset {at} belongs to no character"),
                format!("byten på plass {at} hører ikke til noe tegn"),
            ),
        )
    })?;
    if nested_too_deeply(text) {
        return Err(Problem::general(&general::TOO_DEEP).at(
            "",
            Text::made(
                format!("brackets may be nested {DEEPEST} deep"),
                format!("klammer kan nøstes {DEEPEST} nivåer"),
            ),
        ));
    }
    unique::read(text).map_err(|refused| {
        let error = match refused {
            NotUnique::Twice(pointer) => return told_twice(pointer),
            NotUnique::Malformed(error) => error,
        };
        let (line, column) = (error.line(), error.column());
        Problem::general(&general::MALFORMED_JSON).at(
            "",
            Text::made(
                format!("not JSON from line {line}, column {column}"),
                format!("ikke JSON fra linje {line}, kolonne {column}"),
            ),
        )
    })
}

/// The problem of a field that is told twice.
#[must_use]
pub fn told_twice(pointer: String) -> Problem {
    Problem::general(&general::DUPLICATE_FIELD).at(
        pointer,
        Text::of("this is told already", "dette er fortalt allerede"),
    )
}

/// The fields of a JSON object.
pub fn object(value: Value, pointer: &str) -> Result<Map<String, Value>, Problem> {
    match value {
        Value::Object(fields) => Ok(fields),
        _ => Err(Problem::general(&general::INVALID_DATA).at(
            Cow::from(pointer),
            Text::of(
                "a JSON object is asked for here",
                "her bes det om et JSON-objekt",
            ),
        )),
    }
}

fn nested_too_deeply(text: &str) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => {
                depth += 1;
                if depth > DEEPEST {
                    return true;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_json_is_told_apart() {
        let bomb = [b'['; 10_000];
        for (bytes, slug) in [
            (&b"{\"a\":"[..], "malformed-json"),
            (&b"{} {}"[..], "malformed-json"),
            (&b"\"\xff\""[..], "invalid-utf-8"),
            (&bomb[..], "too-deeply-nested"),
        ] {
            assert_eq!(json(bytes).unwrap_err().slug(), slug);
        }
    }

    #[test]
    fn brackets_in_strings_do_not_count() {
        let text = format!("\"{}\\\"[\"", "[".repeat(100));
        assert!(json(text.as_bytes()).is_ok());
    }
}
