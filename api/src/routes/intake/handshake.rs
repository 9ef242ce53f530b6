//! `OPTIONS /v1/intake`: the handshake of the webhook binding of CloudEvents. A sender asks whether
//! it may deliver here before it does, so that nobody is made to flood somebody else. That it says
//! who it is comes with each delivery, by its token.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{Answered, Callers, Operation, ROUTE};
use crate::{
    app::Application,
    problem::{Problem, Text, general},
    routes::{Parameter, endpoint::Header},
};

const ORIGIN: HeaderName = HeaderName::from_static("webhook-request-origin");
const RATE: HeaderName = HeaderName::from_static("webhook-request-rate");
const ALLOWED_ORIGIN: HeaderName = HeaderName::from_static("webhook-allowed-origin");
const ALLOWED_RATE: HeaderName = HeaderName::from_static("webhook-allowed-rate");
/// What may be done at the address.
const METHODS: HeaderValue = HeaderValue::from_static("POST, OPTIONS");
/// Characters of a host's name in DNS, at most.
const LONGEST: usize = 253;

pub(super) fn operation() -> Operation {
    Operation {
        method: "options",
        path: ROUTE.to_owned(),
        id: "intake_handshake".to_owned(),
        summary:
            "Whether a sender may deliver here (the handshake of HTTP 1.1 Web Hooks for Event \
                  Delivery)."
                .to_owned(),
        tag: "intake",
        parameters: vec![
            Parameter::header(
                "WebHook-Request-Origin",
                "The sender's system, as a name in DNS.",
            ),
            Parameter::header(
                "WebHook-Request-Rate",
                "How many requests a minute it asks for.",
            ),
        ],
        bodies: vec![],
        answered: vec![Answered {
            status: 200,
            doc: "It may, with a token.",
            media: "text/plain",
            shape: None,
            headers: &[
                Header {
                    name: "WebHook-Allowed-Origin",
                    doc: "The sender's system, as it asked.",
                },
                Header {
                    name: "WebHook-Allowed-Rate",
                    doc: "How many requests a minute it may send; `*` as many as it likes.",
                },
            ],
        }],
        callers: Callers::Everybody,
    }
}

pub(super) async fn handle(
    State(app): State<Arc<Application>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let allow = [(header::ALLOW, METHODS)];
    let Some(origin) = headers.get(ORIGIN) else {
        return Ok((StatusCode::OK, allow).into_response());
    };
    let rate = headers.get(RATE);
    if !is_name(origin) {
        return Err(refused(
            "/WebHook-Request-Origin",
            Text::of("a name in DNS", "et navn i DNS"),
        ));
    }
    if !rate.is_none_or(is_rate) {
        return Err(refused(
            "/WebHook-Request-Rate",
            Text::of("a whole number above 0", "et helt tall over 0"),
        ));
    }
    let granted = [
        (ALLOWED_ORIGIN, origin.clone()),
        (ALLOWED_RATE, granted_rate(app.gate.limits.per_minute)),
    ];
    Ok((StatusCode::OK, allow, granted).into_response())
}

fn granted_rate(per_minute: u32) -> HeaderValue {
    match per_minute {
        0 => HeaderValue::from_static("*"),
        per_minute => per_minute.into(),
    }
}

fn is_name(origin: &HeaderValue) -> bool {
    let of_names = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
    (1..=LONGEST).contains(&origin.len()) && origin.as_bytes().iter().copied().all(of_names)
}

fn is_rate(rate: &HeaderValue) -> bool {
    let rate = rate.to_str().ok().and_then(|rate| rate.parse::<u32>().ok());
    rate.is_some_and(|rate| rate > 0)
}

fn refused(pointer: &str, detail: Text) -> Problem {
    Problem::general(&general::INVALID_HEADER).at(pointer, detail)
}
