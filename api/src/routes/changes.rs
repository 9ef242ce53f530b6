//! `GET /v1/changes`: a stream of server-sent events that says how far the log reaches, and never
//! what is in it. Whoever shows something asks again, with `min_position`.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, Uri},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
    routing::get,
};
use domain::es::Position;
use futures::Stream;

use super::{Answered, Callers, Endpoint, Operation, Parameter};
use crate::{
    app::Application,
    auth::{
        Principal, callers,
        rights::{self, Query},
    },
    problem::{Problem, Text, general},
};

const ROUTE: &str = "/v1/changes";
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Tells a proxy to pass each event on at once.
pub(super) const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");

pub(super) fn endpoint() -> Endpoint {
    Endpoint {
        route: ROUTE,
        methods: get(handle),
        operations: vec![Operation {
            method: "get",
            path: ROUTE.to_owned(),
            id: "changes".to_owned(),
            summary: "Server-sent events: the position of the log's head whenever it moves."
                .to_owned(),
            tag: "queries",
            parameters: vec![Parameter::header(
                "Last-Event-ID",
                "The position last seen: what moved since is told at once.",
            )],
            bodies: vec![],
            answered: vec![Answered {
                status: 200,
                doc: "Events whose id is a position, and whose data is `{\"position\": n}`.",
                media: "text/event-stream",
                shape: None,
                headers: &[],
            }],
            callers: Callers::Roles(callers::of_query(Query::Changes)),
        }],
    }
}

async fn handle(
    State(app): State<Arc<Application>>,
    principal: Principal,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    rights::may_see(&principal, Query::Changes).ok_or(&general::NOT_FOUND)?;
    if uri.query().is_some_and(|query| !query.is_empty()) {
        return Err(Problem::general(&general::INVALID_PARAMETER).at(
            "",
            Text::of(
                "there are no parameters here; Last-Event-ID is a header",
                "her er det ingen parametere; Last-Event-ID er et felt i hodet",
            ),
        ));
    }
    let seen = seen(&headers)?;
    let stream = Sse::new(positions(app, seen))
        .keep_alive(KeepAlive::new().interval(Duration::from_secs(15)));
    Ok(([(UNBUFFERED, "no")], stream).into_response())
}

/// The position last seen, where one was.
fn seen(headers: &HeaderMap) -> Result<Position, Problem> {
    let Some(told) = headers.get(LAST_EVENT_ID) else {
        return Ok(Position::START);
    };
    let position = told.to_str().ok().and_then(|text| text.parse().ok());
    position.map(Position).ok_or_else(|| {
        Problem::general(&general::INVALID_HEADER).at(
            "/Last-Event-ID",
            Text::of("a position in the log", "en posisjon i loggen"),
        )
    })
}

/// The head now, and whenever it has moved, until the service ends.
fn positions(
    app: Arc<Application>,
    seen: Position,
) -> impl Stream<Item = Result<Event, Infallible>> {
    futures::stream::unfold((app, seen), |(app, seen)| async move {
        let head = tokio::select! {
            biased;
            () = app.ending.cancelled() => return None,
            head = app.log.moved_past(seen) => head.ok()?,
        };
        let event = Event::default()
            .id(head.to_string())
            .data(format!("{{\"position\":{head}}}"));
        Some((Ok(event), (app, head)))
    })
}
