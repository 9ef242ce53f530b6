//! `GET /v1/parked`: the records that stand still, by reference only.

use axum::{Json, extract::State, routing::get};
use domain::es::RecordedAt;
use infra::read_store::{self, ReadStoreError};
use projections::{
    Answer, Missing,
    worklist::{ParkedRecord, WorklistView},
};
use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;

use super::super::{Answered, Callers, Endpoint, Operation, Service, asking::Asked};
use crate::{
    auth::{callers, rights::Query},
    problem::{Problem, general},
};

const ROUTE: &str = "/v1/parked";

/// What stands still.
#[derive(Debug, Serialize, JsonSchema)]
struct ParkedView {
    /// The records, in the order of the log.
    parked: Vec<ParkedRecord>,
}

pub(super) fn endpoint() -> Endpoint {
    Endpoint {
        route: ROUTE,
        methods: get(handle),
        operations: vec![Operation {
            method: "get",
            path: ROUTE.to_owned(),
            id: "parked".to_owned(),
            summary: "The records that stand still at an event that could not be taken in, by \
                      reference only. All others go on."
                .to_owned(),
            tag: "operation",
            parameters: vec![],
            bodies: vec![],
            answered: vec![Answered {
                status: 200,
                doc: "As they are now.",
                media: "application/json",
                shape: Some(Box::new(SchemaGenerator::subschema_for::<ParkedView>)),
                headers: &[],
            }],
            callers: Callers::Roles(callers::of_query(Query::Parked)),
        }],
    }
}

async fn handle(
    State(service): State<Service>,
    mut asked: Asked,
) -> Result<Json<ParkedView>, Problem> {
    asked.sight(Query::Parked)?;
    asked.only_now()?;
    let parked = parked(&service).await?;
    Ok(Json(ParkedView { parked }))
}

/// What stands still, as the worklist of who runs the service.
pub(super) async fn worklist(
    service: &Service,
    asked: &Asked,
) -> Result<Answer<WorklistView>, Problem> {
    asked.only_now()?;
    let now = service.app.clock.now();
    let parked = parked(service).await?;
    let standing_still = parked.iter().map(|parked| parked.stream.clone());
    Ok(Answer {
        position: service.read.position(),
        standing_still: Missing(standing_still.collect()),
        as_of: now.day(),
        known_at: now,
        view: WorklistView::of_parked(parked),
    })
}

async fn parked(service: &Service) -> Result<Vec<ParkedRecord>, Problem> {
    let parked = service
        .read
        .parked()
        .await
        .map_err(|error| unread(&error))?;
    Ok(parked.into_iter().map(record).collect())
}

/// The read models did not answer.
pub(in crate::routes) fn unread(error: &ReadStoreError) -> Problem {
    crate::app::unavailable(error);
    Problem::general(&general::UNAVAILABLE)
}

/// As it is told.
pub(in crate::routes) fn record(parked: read_store::Parked) -> ParkedRecord {
    ParkedRecord {
        event_id: parked.event_id,
        stream: parked.stream,
        position: parked.position,
        kind: parked.kind,
        schema_version: parked.schema_version,
        cause: parked.cause.code(),
        attempts: parked.attempts,
        first_tried: parked.first_tried.map(RecordedAt::new),
        last_tried: parked.last_tried.map(RecordedAt::new),
        retry_asked: parked.wanted,
    }
}
