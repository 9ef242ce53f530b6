//! Reading what was sent, up to a limit.

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, header},
};

use crate::problem::{Problem, Text, general};

/// Bytes of a command, at most.
pub(super) const COMMAND: usize = 256 * 1024;
/// Bytes of a batch of events, at most.
pub(super) const BATCH: usize = 4 * 1024 * 1024;

/// The whole body, if it is no longer than `most`.
pub(super) async fn read(headers: &HeaderMap, body: Body, most: usize) -> Result<Bytes, Problem> {
    let told = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<usize>().ok());
    if told.is_some_and(|length| length > most) {
        return Err(too_large(most));
    }
    // What breaks off is either too long or a connection that ended: nobody is there to be told.
    axum::body::to_bytes(body, most)
        .await
        .map_err(|_| too_large(most))
}

fn too_large(most: usize) -> Problem {
    let kib = most / 1024;
    Problem::general(&general::TOO_LARGE).at(
        "",
        Text::made(
            format!("at most {kib} KiB are taken here"),
            format!("her tas det imot høyst {kib} KiB"),
        ),
    )
}

/// The media type that a request says its body has, without parameters.
pub(super) fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let (media, _) = value.split_once(';').unwrap_or((value, ""));
    Some(media.trim().to_ascii_lowercase())
}

/// The problem of a media type that is not among those understood.
pub(super) fn unsupported(understood: &str) -> Problem {
    Problem::general(&general::UNSUPPORTED_MEDIA).at(
        "/Content-Type",
        Text::made(
            format!("understood here: {understood}"),
            format!("forstås her: {understood}"),
        ),
    )
}
