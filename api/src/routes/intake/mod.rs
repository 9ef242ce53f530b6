//! `POST /v1/intake`: events that institutions' own systems tell, as CloudEvents 1.0 in any of
//! their three forms. Each is stored once however often it is sent, and answered with a receipt.

mod answer;
mod event;
mod handshake;

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, Request, State},
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::post,
};
use domain::{
    es::{Actor, CorrelationId, Role, SourceSystem, amend::Kind},
    words::UnitId,
};
use schemars::{SchemaGenerator, json_schema};
use serde_json::Value;

use self::{
    answer::{Batch, Item, TakenIn},
    event::Event,
};
use super::{
    Answered, Body, Callers, Endpoint, Operation, Parameter, RequestId,
    body::{self, BATCH, COMMAND},
    endpoint::ETAG,
    headers,
};
use crate::{
    app::{Application, By, Delivery, Outcome, Received},
    auth::{Principal, callers},
    cloud_event::{self, CloudEvent},
    decode,
    problem::{self, Language, Problem, Text, general},
};

const ROUTE: &str = "/v1/intake";
const STRUCTURED: &str = "application/cloudevents+json";
const BATCHED: &str = "application/cloudevents-batch+json";
/// The streams that other systems may tell of here.
const STREAMS: [&str; 2] = ["referral", "cooperation"];

const DRY_RUN: Parameter = Parameter::query(
    "dry_run",
    "`true`: says what would come of it, and records nothing.",
    "",
);

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
        methods: post(handle).options(handshake::handle),
        operations: vec![
            handshake::operation(),
            Operation {
                method: "post",
                path: ROUTE.to_owned(),
                id: "intake".to_owned(),
                summary: "Takes CloudEvents 1.0 of referral and cooperation kinds: structured, \
                      batched, or binary (`ce-` headers). Each is stored once."
                    .to_owned(),
                tag: "intake",
                parameters: vec![DRY_RUN],
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
                        "Stored before; or a batch: what came of each of its events; or a dry run.",
                    ),
                ],
                callers: Callers::Roles(roles()),
            },
        ],
    }
}

/// The kinds that other systems may tell.
pub(super) fn kinds() -> impl Iterator<Item = &'static Kind> {
    domain::event::kinds().filter(|kind| STREAMS.contains(&kind.stream))
}

/// Who may tell any of them.
fn roles() -> Vec<Role> {
    let mut roles: Vec<Role> = kinds().flat_map(callers::of_command).collect();
    roles.sort_unstable();
    roles.dedup();
    roles
}

async fn handle(
    State(app): State<Arc<Application>>,
    principal: Principal,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let headers = parts.headers;
    let dry_run = is_dry_run(&parts.uri)?;
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
    let app = if dry_run { app.rehearsal() } else { app };
    let intake = Intake { app, by, dry_run };
    match body::media_type(&headers).as_deref() {
        Some(BATCHED) => {
            let bytes = body::read(&headers, body, BATCH).await?;
            let Value::Array(events) = decode::json(&bytes)? else {
                return Err(Problem::general(&general::INVALID_DATA).at(
                    "",
                    Text::of(
                        "an array of events is asked for here",
                        "her bes det om en liste med hendelser",
                    ),
                ));
            };
            Ok(intake.batch(events, &headers).await)
        }
        Some(STRUCTURED) => {
            let bytes = body::read(&headers, body, COMMAND).await?;
            let event = CloudEvent::structured(decode::json(&bytes)?)?;
            intake.alone(event).await
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
            intake.alone(CloudEvent::binary(&headers, data)?).await
        }
        _ => Err(body::unsupported(
            "application/cloudevents+json, application/cloudevents-batch+json, ce- headers",
        )),
    }
}

/// Whether the sender only wants to know what would come of it.
fn is_dry_run(uri: &Uri) -> Result<bool, Problem> {
    let told = Query::<Vec<(String, String)>>::try_from_uri(uri);
    let told = told.map_or_else(|_| vec![], |Query(told)| told);
    match told.as_slice() {
        [] if uri.query().is_none_or(str::is_empty) => Ok(false),
        [(name, value)] if name == DRY_RUN.name && value == "true" => Ok(true),
        [(name, value)] if name == DRY_RUN.name && value == "false" => Ok(false),
        _ => Err(Problem::general(&general::INVALID_PARAMETER).at(
            "/dry_run",
            Text::of(
                "dry_run=true, dry_run=false, or nothing",
                "dry_run=true, dry_run=false, eller ingenting",
            ),
        )),
    }
}

/// What is sent by one request.
struct Intake {
    /// What is told to: a rehearsal, where it is a dry run.
    app: Arc<Application>,
    by: By,
    dry_run: bool,
}

impl Intake {
    /// What an event tells, if it may be told here.
    fn delivery(&self, event: CloudEvent) -> Result<Delivery, Problem> {
        if !STREAMS.contains(&event.kind.stream) {
            return Err(Problem::general(&general::UNKNOWN_KIND).at(
                "/type",
                Text::of(
                    "referral and cooperation events are taken in here",
                    "her tas det imot hendelser om henvisninger og samarbeid",
                ),
            ));
        }
        speaks_for_its_sender(&event, &self.by)?;
        Ok(Delivery {
            to_keep: event.to_keep(&self.app.secret),
            telling: event.telling(&self.app, self.by.clone())?,
        })
    }

    /// What came of each.
    async fn received(&self, deliveries: Vec<Delivery>) -> Vec<Result<Received, Problem>> {
        if !self.dry_run {
            return self.app.receive(deliveries).await;
        }
        let mut received = Vec::with_capacity(deliveries.len());
        for one in deliveries {
            let outcome = self.app.tell(one.telling).await;
            received.push(outcome.map(|outcome| Received {
                outcome,
                receipt: None,
            }));
        }
        received
    }

    async fn alone(&self, event: CloudEvent) -> Result<Response, Problem> {
        let delivery = self.delivery(event)?;
        let id = delivery.telling.target.to_string();
        let mut received = self.received(vec![delivery]).await;
        let lost = || Problem::general(&general::INTERNAL);
        let Received { outcome, receipt } = received.pop().ok_or_else(lost)?.map_err(not_there)?;
        let status = status(&outcome);
        let etag = format!("\"{}\"", outcome.version);
        let taken = TakenIn {
            id,
            position: (!self.dry_run).then_some(outcome.position),
            version: outcome.version,
            event_ids: outcome.event_ids,
            ids: outcome.ids,
            receipt,
            would_answer: self.dry_run.then_some(status.as_u16()),
        };
        Ok(if self.dry_run {
            Json(taken).into_response()
        } else {
            (status, [(header::ETAG, etag)], Json(taken)).into_response()
        })
    }

    async fn batch(&self, events: Vec<Value>, headers: &HeaderMap) -> Response {
        let language = Language::of_headers(headers).unwrap_or(Language::English);
        let (mut told, mut deliveries) = (vec![], vec![]);
        for event in events {
            let id = event.get("id").and_then(Value::as_str).map(str::to_owned);
            let delivery = CloudEvent::structured(event).and_then(|event| self.delivery(event));
            told.push((id, delivery.map(|delivery| deliveries.push(delivery))));
        }
        let mut received = self.received(deliveries).await.into_iter();
        let of_each = told.into_iter().enumerate();
        let items = of_each.map(|(index, (id, told))| {
            let lost = || Err(Problem::general(&general::INTERNAL));
            let received = told.and_then(|()| received.next().unwrap_or_else(lost));
            match received.map_err(not_there) {
                Ok(Received { outcome, receipt }) => Item {
                    index,
                    id,
                    status: status(&outcome).as_u16(),
                    position: (!self.dry_run).then_some(outcome.position),
                    ids: Some(outcome.ids),
                    receipt,
                    problem: None,
                },
                Err(problem) => Item {
                    index,
                    id,
                    status: problem.status().as_u16(),
                    position: None,
                    ids: None,
                    receipt: None,
                    problem: Some(problem.told(language)),
                },
            }
        });
        let (items, dry_run) = (items.collect(), self.dry_run);
        Json(Batch { items, dry_run }).into_response()
    }
}

fn status(outcome: &Outcome) -> StatusCode {
    if outcome.already {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    }
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
