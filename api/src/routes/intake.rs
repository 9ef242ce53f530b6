//! `POST /v1/intake`: events that institutions' own systems tell, as CloudEvents 1.0 in any of
//! their three forms. Each is stored once however often it is sent.

use std::{borrow::Cow, sync::Arc};

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use domain::es::{
    Actor, CorrelationId, EventId, OccurredAt, Position, Role, SourceSystem, Version, amend::Kind,
};
use domain::words::UnitId;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    Answered, Body, Callers, Endpoint, Operation, RequestId,
    body::{self, BATCH, COMMAND},
    endpoint::ETAG,
    headers, shape,
};
use crate::{
    app::{Application, By, Ids, Outcome},
    auth::{Principal, callers},
    cloud_event::{self, CloudEvent},
    decode,
    problem::{self, Language, Problem, Text, Told, general},
};

const ROUTE: &str = "/v1/intake";
const STRUCTURED: &str = "application/cloudevents+json";
const BATCHED: &str = "application/cloudevents-batch+json";
/// The streams that other systems may tell of here.
const STREAMS: [&str; 2] = ["referral", "cooperation"];

pub(super) fn endpoint() -> Endpoint {
    let answer = |status, doc| Answered {
        status,
        doc,
        media: "application/json",
        shape: Some(Box::new(|generator: &mut SchemaGenerator| {
            let one = generator.subschema_for::<TakenIn>();
            let batch = generator.subschema_for::<Batch>();
            json_schema!({ "anyOf": [one, batch] })
        })),
        headers: &[ETAG],
    };
    Endpoint {
        route: ROUTE,
        methods: post(handle),
        operations: vec![Operation {
            method: "post",
            path: ROUTE.to_owned(),
            id: "intake".to_owned(),
            summary: "Takes CloudEvents 1.0 of referral and cooperation kinds: structured, \
                      batched, or binary (`ce-` headers). Each is stored once."
                .to_owned(),
            tag: "intake",
            parameters: vec![],
            bodies: vec![
                Body {
                    media: STRUCTURED,
                    shape: Box::new(SchemaGenerator::subschema_for::<Event>),
                },
                Body {
                    media: BATCHED,
                    shape: Box::new(|generator| {
                        let event = generator.subschema_for::<Event>();
                        json_schema!({
                            "type": "array",
                            "items": event,
                            "description": "A list of such events. Each stands alone: the answer says what came of each."
                        })
                    }),
                },
                Body {
                    media: "application/json",
                    shape: Box::new(|_| {
                        json_schema!({
                            "type": "object",
                            "description": "What is told in `data`, where the attributes are headers: `ce-id`, `ce-type`, …."
                        })
                    }),
                },
            ],
            answered: vec![
                answer(201, "Stored."),
                answer(
                    200,
                    "Stored before; or a batch: what came of each of its events.",
                ),
            ],
            callers: Callers::Roles(roles()),
        }],
    }
}

/// Who may tell any of the kinds that are taken in.
fn roles() -> Vec<Role> {
    let mut roles: Vec<Role> = domain::event::kinds()
        .filter(|kind| STREAMS.contains(&kind.stream))
        .flat_map(callers::of_command)
        .collect();
    roles.sort_unstable();
    roles.dedup();
    roles
}

/// An event as it is told: the shape of what is sent.
struct Event;

impl JsonSchema for Event {
    fn schema_name() -> Cow<'static, str> {
        "CloudEvent".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let kinds: Vec<Value> = domain::event::kinds()
            .filter(|kind| STREAMS.contains(&kind.stream))
            .map(|kind| of_kind(kind, generator))
            .collect();
        json_schema!({
            "type": "object",
            "description": "An event, as CloudEvents 1.0 has it.",
            "required": ["specversion", "id", "source", "type", "subject"],
            "properties": {
                "specversion": { "const": "1.0", "description": "The version of CloudEvents." },
                "id": {
                    "type": "string",
                    "description": "The event's id in the sender's system: sent again, it is stored once."
                },
                "source": {
                    "type": "string",
                    "format": "uri-reference",
                    "description": "The sender's system."
                },
                "type": { "type": "string", "description": "What kind of fact it is: see below." },
                "subject": {
                    "type": "string",
                    "description": "Of what: a referral's id, ours or the sender's own; or `unit~department`."
                },
                "time": OccurredAt::json_schema(generator),
                "traceparent": {
                    "type": "string",
                    "description": "The trace it belongs to (W3C trace context)."
                },
                "datacontenttype": {
                    "const": "application/json",
                    "description": "The form of `data`."
                },
                "data": {
                    "type": "object",
                    "description": "What it tells; its fields depend on the type. What it names, it names by our id (a UUID), or by the sender's own: the `id` of the event of the same `source` that told of it first; of a person, a referral or a tidgiver, the `subject`."
                }
            },
            "oneOf": kinds,
        })
    }
}

fn of_kind(kind: &Kind, generator: &mut SchemaGenerator) -> Value {
    let data = shape::payload(kind, generator).to_value();
    let needs_data = data["required"]
        .as_array()
        .is_some_and(|all| !all.is_empty());
    let required: &[&str] = if needs_data {
        &["type", "data"]
    } else {
        &["type"]
    };
    json!({
        "title": kind.wire_type(),
        "description": kind.doc.trim(),
        "required": required,
        "x-roles": callers::of_command(kind),
        "properties": { "type": { "const": kind.wire_type() }, "data": data },
    })
}

/// What came of one event.
#[derive(Debug, Serialize, JsonSchema)]
struct TakenIn {
    /// Of what it was told, by our id.
    id: String,
    /// Ask a query for `min_position` of this, and it shows what was stored.
    position: Position,
    /// The record's version.
    version: Version,
    /// The events it added, now or when it was sent first.
    event_ids: Vec<EventId>,
    /// What it was told to, and what it brought into being, by the names that later requests ask
    /// for.
    ids: Ids,
}

/// What came of each event of a batch.
#[derive(Debug, Serialize, JsonSchema)]
struct Batch {
    /// In the order sent.
    items: Vec<Item>,
}

/// What came of one event of a batch.
#[derive(Debug, Serialize, JsonSchema)]
struct Item {
    /// Its place in the batch, from 0.
    index: usize,
    /// Its id, as sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// 201 stored, 200 stored before, or the problem's status.
    status: u16,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<Position>,
    /// What it was told to, and what it brought into being.
    #[serde(skip_serializing_if = "Option::is_none")]
    ids: Option<Ids>,
    /// What was wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Told>,
}

async fn handle(
    State(app): State<Arc<Application>>,
    principal: Principal,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let headers = parts.headers;
    let request_id = parts.extensions.get::<RequestId>().map(|id| id.0);
    let by = By {
        actor: Actor {
            id: principal.subject,
            role: principal.role,
        },
        unit: principal.unit.clone(),
        source: SourceSystem(
            principal
                .unit
                .as_ref()
                .map_or_else(|| "intake".to_owned(), ToString::to_string),
        ),
        principal: Some(principal),
        correlation_id: CorrelationId(request_id.unwrap_or_else(|| app.ids.next())),
        traceparent: headers::traceparent(&headers),
        recorded_at: None,
    };
    match body::media_type(&headers).as_deref() {
        Some(BATCHED) => {
            let bytes = body::read(&headers, body, BATCH).await?;
            let Value::Array(events) = decode::json(&bytes)? else {
                return Err(Problem::general(&general::INVALID_DATA)
                    .at("", Text::of("a batch is an array", "en bunke er en liste")));
            };
            Ok(batch(&app, events, &by, &headers).await)
        }
        Some(STRUCTURED) => {
            let bytes = body::read(&headers, body, COMMAND).await?;
            let event = CloudEvent::structured(decode::json(&bytes)?)?;
            one(&app, event, by).await.map(answer)
        }
        media if cloud_event::is_binary(&headers) => {
            if media.is_some_and(|media| !cloud_event::is_json(media)) {
                return Err(body::unsupported("application/json"));
            }
            let bytes = body::read(&headers, body, COMMAND).await?;
            let data = if bytes.is_empty() {
                Value::Null
            } else {
                decode::json(&bytes)?
            };
            one(&app, CloudEvent::binary(&headers, data)?, by)
                .await
                .map(answer)
        }
        _ => Err(body::unsupported(
            "application/cloudevents+json, application/cloudevents-batch+json, ce- headers",
        )),
    }
}

/// Takes one event in.
async fn one(app: &Application, event: CloudEvent, by: By) -> Result<(String, Outcome), Problem> {
    if !STREAMS.contains(&event.kind.stream) {
        return Err(Problem::general(&general::UNKNOWN_KIND).at(
            "/type",
            Text::of(
                "referral and cooperation events are taken in here",
                "her tas det imot hendelser om henvisninger og samarbeid",
            ),
        ));
    }
    speaks_for_its_sender(&event, &by)?;
    let to_keep = event.to_keep(&app.secret);
    let telling = event.telling(app, by)?;
    let id = telling.target.to_string();
    let outcome = app.tell(telling).await.map_err(not_there)?;
    app.remember(to_keep).await?;
    Ok((id, outcome))
}

/// An institution's token tells of what goes out from it. Who sends both knows both already.
fn speaks_for_its_sender(event: &CloudEvent, by: &By) -> Result<(), Problem> {
    let Some(own) = by
        .unit
        .as_ref()
        .filter(|_| by.actor.role == Role::Institution)
    else {
        return Ok(());
    };
    let (pointer, told) = match event.kind.stream {
        "referral" => ("/data/from", event.data.get("from").and_then(Value::as_str)),
        _ => (
            "/subject",
            event.subject.split_once('~').map(|(unit, _)| unit),
        ),
    };
    // What is no unit's name is refused where its shape is.
    let Some(told) = told.and_then(|told| told.parse::<UnitId>().ok()) else {
        return Ok(());
    };
    if told == *own {
        return Ok(());
    }
    Err(problem::for_another(own, &told, pointer))
}

/// It is the subject that is not there, or not the sender's; the address is.
fn not_there(problem: Problem) -> Problem {
    if problem.slug() != general::NOT_FOUND.slug {
        return problem;
    }
    let detail = Text::of(
        "there is nothing by this id that the token may tell of",
        "det finnes ikke noe med denne id-en som adgangstegnet kan fortelle om",
    );
    problem.at("/subject", detail)
}

fn answer((id, outcome): (String, Outcome)) -> Response {
    let status = status(&outcome);
    let etag = format!("\"{}\"", outcome.version);
    let taken = TakenIn {
        id,
        position: outcome.position,
        version: outcome.version,
        event_ids: outcome.event_ids,
        ids: outcome.ids,
    };
    (status, [(header::ETAG, etag)], Json(taken)).into_response()
}

fn status(outcome: &Outcome) -> StatusCode {
    if outcome.already {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    }
}

async fn batch(app: &Application, events: Vec<Value>, by: &By, headers: &HeaderMap) -> Response {
    let accept = headers.get(header::ACCEPT_LANGUAGE);
    let language = Language::preferred(accept.and_then(|value| value.to_str().ok()));
    let mut items = Vec::with_capacity(events.len());
    for (index, event) in events.into_iter().enumerate() {
        let id = event.get("id").and_then(Value::as_str).map(str::to_owned);
        let taken = match CloudEvent::structured(event) {
            Ok(event) => one(app, event, by.clone()).await,
            Err(problem) => Err(problem),
        };
        items.push(match taken {
            Ok((_, outcome)) => Item {
                index,
                id,
                status: status(&outcome).as_u16(),
                position: Some(outcome.position),
                ids: Some(outcome.ids),
                problem: None,
            },
            Err(problem) => Item {
                index,
                id,
                status: problem.status().as_u16(),
                position: None,
                ids: None,
                problem: Some(problem.told(language)),
            },
        });
    }
    Json(Batch { items }).into_response()
}
