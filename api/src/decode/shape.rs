//! What the reader says of data that do not fit, in words of our own: where, and what is asked for.

use domain::es::Misshape;

use crate::problem::{Problem, Text, general};

/// The problem of data that do not have their kind's shape.
#[must_use]
pub fn misshapen(misshape: &Misshape, prefix: &str) -> Problem {
    let (field, detail) = explain(&misshape.what);
    let mut pointer = format!("{prefix}{}", misshape.pointer);
    if let Some(field) = field
        && !pointer.ends_with(&format!("/{field}"))
    {
        pointer.push('/');
        pointer.push_str(&field.replace('~', "~0").replace('/', "~1"));
    }
    Problem::general(&general::INVALID_DATA).at(pointer, detail)
}

/// Which field of the place is meant, if one is named, and what is wrong.
fn explain(what: &str) -> (Option<&str>, Text) {
    if let Some(field) = quoted_after(what, "missing field ") {
        let text = Text::of("this field is needed", "dette feltet trengs");
        (Some(field), text)
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
