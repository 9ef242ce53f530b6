//! What headers tell along with a command.

use axum::http::{HeaderMap, HeaderName, header};
use domain::es::{TraceParent, Version};
use uuid::Uuid;

use crate::problem::{Problem, Text, general};

/// The id that the service gave a request; everything it sets in motion bears it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId(pub Uuid);

/// The header that names a request so that it may be repeated.
pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The header of the W3C trace context.
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// Characters of an idempotency key, at most.
const LONGEST_KEY: usize = 100;

/// The name of the request, if it has one.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else {
        return Ok(None);
    };
    value
        .to_str()
        .ok()
        .map(str::trim)
        .filter(|key| !key.is_empty() && key.len() <= LONGEST_KEY)
        .map(Some)
        .ok_or_else(|| {
            invalid(
                "/Idempotency-Key",
                Text::made(
                    format!("a key is 1 to {LONGEST_KEY} visible characters"),
                    format!("en nøkkel er 1 til {LONGEST_KEY} synlige tegn"),
                ),
            )
        })
}

/// The version that the sender saw: `If-Match: "7"`. `*` asks for nothing.
pub(super) fn if_match(headers: &HeaderMap) -> Result<Option<Version>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    text.strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .and_then(|text| text.parse().ok())
        .map(|version| Some(Version(version)))
        .ok_or_else(|| {
            invalid(
                "/If-Match",
                Text::of(
                    "one version is asked for, as an ETag showed it: \"7\"",
                    "det bes om én versjon, slik en ETag viste den: \"7\"",
                ),
            )
        })
}

/// The trace of the request. One that is malformed is left out, as its standard asks.
pub(super) fn traceparent(headers: &HeaderMap) -> Option<TraceParent> {
    let value = headers.get(TRACEPARENT)?.to_str().ok()?;
    TraceParent::try_from(value.to_owned()).ok()
}

/// Whether an answer in one form is asked for rather than in another (`Accept`).
pub(super) fn prefers(headers: &HeaderMap, form: &str, other: &str) -> bool {
    let accept = headers.get(header::ACCEPT);
    let accept = accept.and_then(|value| value.to_str().ok());
    let weight = |form: &str| {
        let asked = accept.unwrap_or_default().split(',').filter_map(|part| {
            let (range, parameters) = part.split_once(';').unwrap_or((part, ""));
            let weight = parameters
                .split(';')
                .find_map(|one| one.trim().strip_prefix("q="));
            let weight = weight.map_or(Some(1.0), |weight| weight.trim().parse::<f32>().ok());
            range.trim().eq_ignore_ascii_case(form).then_some(weight?)
        });
        asked.fold(0.0, f32::max)
    };
    weight(form) > weight(other)
}

fn invalid(pointer: &str, detail: Text) -> Problem {
    Problem::general(&general::INVALID_HEADER).at(pointer, detail)
}
