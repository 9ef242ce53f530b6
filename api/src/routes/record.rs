//! Recording a command: what all the addresses of commands share.

use axum::{
    Json,
    body::Body as RequestBody,
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{
    es::{Actor, CorrelationId, EventId, OccurredAt, Position, SourceSystem, Version, amend::Kind},
    event,
};
use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{
    Answered, Body, Callers, Header, Operation, Parameter, RequestId, Service,
    body::{self, COMMAND},
    endpoint::ETAG,
    headers, shape,
};
use crate::{
    app::{Application, By, Ids, Outcome, Target, Telling},
    auth::{Principal, Purpose, callers},
    decode,
    problem::{Problem, Text, general},
};

const ANSWERED_WITH: [Header; 2] = [
    ETAG,
    Header {
        name: "Location",
        doc: "The address of what the command was told to.",
    },
];

/// What is answered to a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Recorded {
    /// Of what it was told.
    id: String,
    /// Ask a query for `min_position` of this, and it shows what was recorded.
    position: Position,
    /// The record's version, for `If-Match`.
    version: Version,
    /// The events it added, now or when it was told first; none if it was so already.
    event_ids: Vec<EventId>,
    /// What it was told to, and what it brought into being, by the names that later requests ask
    /// for.
    ids: Ids,
}

/// A request that tells a command.
pub(super) struct Told {
    principal: Principal,
    headers: HeaderMap,
    request_id: Uuid,
    fields: Map<String, Value>,
}

impl FromRequest<Service> for Told {
    type Rejection = Problem;

    async fn from_request(request: Request, service: &Service) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let principal = Principal::from_request_parts(&mut parts, service).await?;
        let fields = fields(&parts.headers, body).await?;
        let request_id = parts.extensions.get::<RequestId>().map(|id| id.0);
        Ok(Self {
            principal,
            request_id: request_id.unwrap_or_else(|| service.app.ids.next()),
            headers: parts.headers,
            fields,
        })
    }
}

/// The body's fields. A command without any may be sent without a body.
async fn fields(headers: &HeaderMap, body: RequestBody) -> Result<Map<String, Value>, Problem> {
    let bytes = body::read(headers, body, COMMAND).await?;
    let media = body::media_type(headers);
    if bytes.is_empty()
        && media
            .as_deref()
            .is_none_or(|media| media == "application/json")
    {
        return Ok(Map::new());
    }
    if media.as_deref() != Some("application/json") {
        return Err(body::unsupported("application/json"));
    }
    decode::object(decode::json(&bytes)?, "")
}

/// Records a command that brings something new into being: its id is the same however often the
/// request is sent.
pub(super) async fn open(
    app: &Application,
    told: Told,
    stream: &'static str,
    command: &str,
) -> Result<Response, Problem> {
    let command_id = command_id(app, &told)?;
    let id = app.secret.id(
        Purpose::NewThing,
        &[stream.as_bytes(), command_id.as_bytes()],
    );
    let target = Target::of(stream, &id.to_string()).ok_or(&general::NOT_FOUND)?;
    let kind = decode::by_command(stream, command).ok_or(&general::NOT_FOUND)?;
    record(app, told, (target, false), kind, command_id).await
}

/// Records a command to something that is addressed by its id.
pub(super) async fn tell(
    app: &Application,
    told: Told,
    stream: &str,
    key: &str,
    command: &str,
) -> Result<Response, Problem> {
    let target = Target::of(stream, key).ok_or(&general::NOT_FOUND)?;
    let kind = decode::by_command(stream, command).ok_or(&general::NOT_FOUND)?;
    let command_id = command_id(app, &told)?;
    record(app, told, (target, true), kind, command_id).await
}

fn command_id(app: &Application, told: &Told) -> Result<Uuid, Problem> {
    let key = headers::idempotency_key(&told.headers)?;
    Ok(key.map_or_else(
        || app.ids.next(),
        |key| {
            let subject = told.principal.subject.0;
            app.secret.id(
                Purpose::IdempotencyKey,
                &[subject.as_bytes(), key.as_bytes()],
            )
        },
    ))
}

async fn record(
    app: &Application,
    told: Told,
    (target, addressed): (Target, bool),
    kind: &'static Kind,
    command_id: Uuid,
) -> Result<Response, Problem> {
    let mut fields = told.fields;
    let occurred_at = occurred_at(kind, &mut fields)?;
    let location = location(&target);
    let id = target.to_string();
    let outcome = app
        .tell(Telling {
            target,
            kind,
            fields,
            prefix: "",
            occurred_at,
            command_id,
            expected: headers::if_match(&told.headers)?,
            addressed,
            by: By {
                actor: Actor {
                    id: told.principal.subject,
                    role: told.principal.role,
                },
                unit: told.principal.unit.clone(),
                principal: Some(told.principal),
                source: SourceSystem("stegspor".to_owned()),
                correlation_id: CorrelationId(told.request_id),
                traceparent: headers::traceparent(&told.headers),
                recorded_at: None,
            },
        })
        .await?;
    Ok(answer(id, location, outcome))
}

/// When it happened, as the body says beside the payload. A correction has a field of that name of
/// its own: when the corrected fact really happened.
fn occurred_at(
    kind: &Kind,
    fields: &mut Map<String, Value>,
) -> Result<Option<OccurredAt>, Problem> {
    if kind.kind == "entry-corrected" {
        return Ok(None);
    }
    let Some(told) = fields.remove("occurred_at") else {
        return Ok(None);
    };
    told.as_str()
        .and_then(|text| text.parse().ok())
        .map(Some)
        .ok_or_else(|| {
            Problem::general(&general::INVALID_DATA).at(
                "/occurred_at",
                Text::of(
                    "a date (2020-03-01) or a moment with its time zone (2020-03-01T09:30:00Z)",
                    "en dato (2020-03-01) eller et tidspunkt med tidssone (2020-03-01T09:30:00Z)",
                ),
            )
        })
}

fn location(target: &Target) -> String {
    match target {
        Target::Participant(id) => format!("/v1/participants/{id}"),
        Target::Referral(id) => format!("/v1/referrals/{id}"),
        Target::Tidgiver(id) => format!("/v1/tidgivere/{id}"),
        Target::Cooperation(id) => format!("/v1/cooperations/{}/{}", id.unit, id.department),
        Target::Unit(id) => format!("/v1/units/{id}"),
    }
}

fn answer(id: String, location: String, outcome: Outcome) -> Response {
    let status = if outcome.already {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let etag = format!("\"{}\"", outcome.version);
    let recorded = Recorded {
        id,
        position: outcome.position,
        version: outcome.version,
        event_ids: outcome.event_ids,
        ids: outcome.ids,
    };
    (
        status,
        [(header::ETAG, etag), (header::LOCATION, location)],
        Json(recorded),
    )
        .into_response()
}

/// The operations of a stream's commands, for the documentation: one for each command.
pub(super) fn operations(
    stream: &'static str,
    path: &'static str,
    tag: &'static str,
    parameters: &[Parameter],
) -> Vec<Operation> {
    event::kinds()
        .filter(|kind| kind.stream == stream)
        .map(|kind| {
            operation(
                kind,
                path.replace("{command}", kind.command),
                tag,
                parameters,
            )
        })
        .collect()
}

/// The operation of one command.
pub(super) fn operation(
    kind: &'static Kind,
    path: String,
    tag: &'static str,
    parameters: &[Parameter],
) -> Operation {
    let mut parameters = parameters.to_vec();
    parameters.extend([
        Parameter::header(
            "Idempotency-Key",
            "Names the request: sent again with the same key, it is recorded once.",
        ),
        Parameter::header(
            "If-Match",
            "The version that was seen (`\"7\"`): another one is refused with 412.",
        ),
    ]);
    let id = if path.contains('{') {
        format!("{}-{}", kind.stream, kind.command)
    } else {
        kind.command.to_owned()
    };
    Operation {
        method: "post",
        path,
        id,
        summary: kind.doc.trim().to_owned(),
        tag,
        parameters,
        bodies: vec![Body {
            media: "application/json",
            shape: Box::new(move |generator| shape::command(kind, generator)),
        }],
        answered: vec![
            Answered {
                status: 201,
                doc: "Recorded.",
                media: "application/json",
                shape: Some(Box::new(SchemaGenerator::subschema_for::<Recorded>)),
                headers: &ANSWERED_WITH,
            },
            Answered {
                status: 200,
                doc: "Recorded before, or so already.",
                media: "application/json",
                shape: Some(Box::new(SchemaGenerator::subschema_for::<Recorded>)),
                headers: &ANSWERED_WITH,
            },
        ],
        callers: Callers::Roles(callers::of_command(kind)),
    }
}
