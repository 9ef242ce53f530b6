//! Reading what was sent, up to a limit.

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, header},
};
use futures::StreamExt;

use crate::problem::{Problem, Text, general};

/// Bytes of a command, at most.
pub(super) const COMMAND: usize = 256 * 1024;
/// Bytes of a batch of events, at most.
pub(super) const BATCH: usize = 4 * 1024 * 1024;

/// Bytes that are read and thrown away of a body that is too long: many clients read the answer
/// only after they have sent all, and would otherwise see a broken connection.
const DISCARDED: usize = 64 * 1024 * 1024;

/// The whole body, if it is no longer than `most`.
pub(super) async fn read(headers: &HeaderMap, body: Body, most: usize) -> Result<Bytes, Problem> {
    if let Some(encoding) = headers.get(header::CONTENT_ENCODING)
        && !encoding.as_bytes().eq_ignore_ascii_case(b"identity")
    {
        return Err(Problem::general(&general::UNSUPPORTED_MEDIA).at(
            "/Content-Encoding",
            Text::of(
                "bodies are taken as they are, without compression",
                "innhold tas imot som det er, uten komprimering",
            ),
        ));
    }
    let told = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<usize>().ok());
    let too_long = told.is_some_and(|length| length > most);
    if too_long && headers.contains_key(header::EXPECT) {
        // It waits to be asked for the body.
        return Err(too_large(most));
    }
    let mut taken = Vec::new();
    let mut discarded = 0;
    let mut parts = body.into_data_stream();
    while let Some(part) = parts.next().await {
        // What breaks off has nobody there to be told.
        let part = part.map_err(|_| too_large(most))?;
        if !too_long && discarded == 0 && taken.len() + part.len() <= most {
            taken.extend_from_slice(&part);
            continue;
        }
        taken = Vec::new();
        discarded += part.len();
        if discarded > DISCARDED {
            break;
        }
    }
    if too_long || discarded > 0 {
        Err(too_large(most))
    } else {
        Ok(taken.into())
    }
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
