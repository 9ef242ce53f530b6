//! What the reader says of data that do not fit, in words of our own: where, and what is asked for.
//!
//! The reader stops at the first thing that does not fit. Which fields are needed besides, the
//! schema says: all that are missing are told at once.

use domain::es::{Misshape, amend::Kind};
use schemars::SchemaGenerator;
use serde_json::{Map, Value};

use crate::problem::{Problem, Text, general};

const NEEDED: Text = Text::of("this field is needed", "dette feltet trengs");

/// That data have their kind's shape. Pointers begin with `prefix`.
pub fn checked(kind: &Kind, data: &Value, prefix: &str) -> Result<(), Problem> {
    let Err(misshape) = (kind.check)(data) else {
        return Ok(());
    };
    let (first, detail) = explained(&misshape);
    let problem = Problem::general(&general::INVALID_DATA).at(format!("{prefix}{first}"), detail);
    let others = missing(kind, data).into_iter();
    Err(others
        .filter(|pointer| *pointer != first)
        .fold(problem, |problem, pointer| {
            problem.at(format!("{prefix}{pointer}"), NEEDED)
        }))
}

/// Where the data part from their shape, and what is wrong there.
fn explained(misshape: &Misshape) -> (String, Text) {
    let (field, detail) = explain(&misshape.what);
    let mut pointer = misshape.pointer.clone();
    if let Some(field) = field
        && !pointer.ends_with(&format!("/{field}"))
    {
        pointer = below(&pointer, field);
    }
    (pointer, detail)
}

/// The place of a field in an object.
fn below(pointer: &str, field: &str) -> String {
    format!("{pointer}/{}", field.replace('~', "~0").replace('/', "~1"))
}

/// The fields that a kind's schema asks for, and the data do not have.
fn missing(kind: &Kind, data: &Value) -> Vec<String> {
    let mut generator = SchemaGenerator::default();
    let schema = (kind.schema)(&mut generator).to_value();
    let mut missing = vec![];
    miss(&schema, generator.definitions(), data, "", &mut missing);
    missing
}

fn miss(
    schema: &Value,
    shapes: &Map<String, Value>,
    data: &Value,
    pointer: &str,
    missing: &mut Vec<String>,
) {
    let shape = schema["$ref"].as_str();
    let shape = shape.and_then(|shape| shapes.get(shape.rsplit('/').next()?));
    let schema = shape.unwrap_or(schema);
    match data {
        Value::Object(fields) => {
            let needed = schema["required"].as_array().into_iter().flatten();
            let needed = needed.filter_map(Value::as_str);
            let lacking = needed.filter(|field| !fields.contains_key(*field));
            missing.extend(lacking.map(|field| below(pointer, field)));
            for (name, value) in fields {
                let place = below(pointer, name);
                miss(&schema["properties"][name], shapes, value, &place, missing);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let place = format!("{pointer}/{index}");
                miss(&schema["items"], shapes, item, &place, missing);
            }
        }
        _ => {}
    }
}

/// Which field of the place is meant, if one is named, and what is wrong.
fn explain(what: &str) -> (Option<&str>, Text) {
    if let Some(field) = quoted_after(what, "missing field ") {
        (Some(field), NEEDED)
    } else if let Some(field) = quoted_after(what, "unknown field ") {
        let text = Text::of(
            "there is no such field here",
            "det finnes ikke noe slikt felt her",
        );
        (Some(field), text)
    } else if what.starts_with("unknown variant ") {
        (None, words_that_fit(what))
    } else {
        let text = Text::of(
            "this does not have the form that is asked for: see the schema",
            "dette har ikke formen det bes om: se skjemaet",
        );
        (None, text)
    }
}

/// The closed list that a word was not found in.
fn words_that_fit(what: &str) -> Text {
    let listed = what.split_once(", expected ").map_or("", |(_, list)| list);
    let words: Vec<_> = listed.split('`').skip(1).step_by(2).collect();
    let words = words.join(", ");
    Text::made(
        format!("one of these is asked for: {words}"),
        format!("det bes om én av disse: {words}"),
    )
}

fn quoted_after<'a>(what: &'a str, start: &str) -> Option<&'a str> {
    let rest = what.strip_prefix(start)?.strip_prefix('`')?;
    rest.split_once('`').map(|(field, _)| field)
}
