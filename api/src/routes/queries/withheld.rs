//! What an answer holds back says so: a list left empty must not look like none.
//!
//! It is told of fields by their names and by what the answer shows, never by what was hidden, so
//! that nothing follows from it.

use axum::{
    Json,
    http::header,
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::problem::{Language, Text};

/// Figures, and what of them is withheld.
#[derive(Serialize, JsonSchema)]
pub(super) struct Figures<V> {
    #[serde(flatten)]
    view: V,
    /// What is withheld, where small counts are hidden from the asker.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    withheld: Vec<Withheld>,
}

/// A field that is withheld.
#[derive(Serialize, JsonSchema)]
struct Withheld {
    /// The field, by its names from the outside in: `flows.stages.count`.
    field: &'static str,
    /// By which rule it is withheld.
    because: String,
}

/// Why a field may be withheld.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// Where it is null, it is small, or something small could be worked out from it.
    Small,
    /// Its parts would add up to what is hidden: it is never told.
    AddsUp,
    /// A curve is told in steps at which nobody could be pointed out.
    Steps,
    /// An estimate rests on the steps that are told, not on all days.
    BySteps,
}

impl Rule {
    fn because(self) -> Text {
        match self {
            Self::Small => Text::of(
                "counts of 1 to 4 persons are hidden, and what they could be worked out from",
                "antall fra 1 til 4 personer er skjult, og det de kunne regnes ut fra",
            ),
            Self::AddsUp => Text::of(
                "what is hidden could be worked out from it: it is told only to who sees all \
                 counts",
                "det som er skjult, kunne regnes ut fra dette: det fortelles bare til dem som ser \
                 alle antall",
            ),
            Self::Steps => Text::of(
                "only steps at which at least five ended and five are at risk are told",
                "bare trinn der minst fem sluttet og fem fortsatt følges, fortelles",
            ),
            Self::BySteps => Text::of(
                "estimated, with its bounds, by the steps that are told alone, with the ends of a \
                 step spread evenly over it: the exact value would tell how many were followed no \
                 longer",
                "anslått, med grensene, bare ut fra trinnene som fortelles, der de som sluttet i et \
                 trinn, er fordelt jevnt over det: den nøyaktige verdien ville røpet hvor mange som \
                 ikke lenger følges",
            ),
        }
    }
}

/// Which fields of a question are withheld from who sees figures in part.
pub(super) type Fields = [(&'static str, Rule)];

/// The answer to who sees figures in part.
pub(super) fn in_part(mut answer: Value, fields: &Fields, language: Language) -> Response {
    let withheld = fields
        .iter()
        .filter(|(field, rule)| *rule != Rule::Small || holds_null(&answer, field))
        .map(|(field, rule)| {
            let because = rule.because();
            json!({ "field": field, "because": because.in_language(language) })
        });
    answer["withheld"] = withheld.collect();
    ([(header::VARY, "accept-language")], Json(answer)).into_response()
}

/// Whether something by this name is null, in one of the items where it is in a list.
fn holds_null(value: &Value, field: &str) -> bool {
    if let Some(items) = value.as_array() {
        return items.iter().any(|item| holds_null(item, field));
    }
    let (name, rest) = match field.split_once('.') {
        Some((name, rest)) => (name, Some(rest)),
        None => (field, None),
    };
    match (value.get(name), rest) {
        (None, _) => false,
        (Some(value), None) => value.is_null(),
        (Some(value), Some(rest)) => holds_null(value, rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_null_is_found_in_lists_and_below_names() {
        let answer = json!({ "flows": [{ "count": 7 }, { "count": null, "months": [] }] });
        assert!(holds_null(&answer, "flows.count"));
        assert!(!holds_null(&answer, "flows.months"));
        assert!(!holds_null(&answer, "flows.stages.count"));
    }
}
