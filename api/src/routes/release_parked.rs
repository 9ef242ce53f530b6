//! `POST /v1/parked/{event_id}/release`: another try of a record that stands still.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    routing::post,
};
use domain::es::EventId;
use projections::worklist::ParkedRecord;
use schemars::SchemaGenerator;

use super::{
    Answered, Callers, Endpoint, Operation, Parameter, Service,
    queries::parked::{record, unread},
};
use crate::{
    auth::{
        Principal, callers,
        rights::{self, Query},
    },
    problem::{Problem, general},
};

const ROUTE: &str = "/v1/parked/{event_id}/release";

pub(super) fn endpoint() -> Endpoint {
    Endpoint {
        route: ROUTE,
        methods: post(handle),
        operations: vec![Operation {
            method: "post",
            path: ROUTE.to_owned(),
            id: "release-parked".to_owned(),
            summary: "Asks for another try of a record that stands still, from its whole history. \
                      Whichever node keeps it up makes the try within a second; what fails again \
                      stands still again, with one attempt more."
                .to_owned(),
            tag: "operation",
            parameters: vec![Parameter::path(
                "event_id",
                "The event at which it stands still.",
            )],
            bodies: vec![],
            answered: vec![Answered {
                status: 202,
                doc: "The try will be made.",
                media: "application/json",
                shape: Some(Box::new(SchemaGenerator::subschema_for::<ParkedRecord>)),
                headers: &[],
            }],
            callers: Callers::Roles(callers::of_query(Query::Parked)),
        }],
    }
}

async fn handle(
    State(service): State<Service>,
    Path(id): Path<String>,
    who: Principal,
) -> Result<(StatusCode, Json<ParkedRecord>), Problem> {
    rights::may_see(&who, Query::Parked).ok_or(&general::NOT_FOUND)?;
    let event_id = id.parse().map(EventId).map_err(|_| &general::NOT_FOUND)?;
    let read = &service.read;
    let parked = read.parked().await.map_err(|error| unread(&error))?;
    let mut parked = parked.into_iter();
    let mut parked = parked
        .find(|parked| parked.event_id == event_id)
        .ok_or(&general::NOT_FOUND)?;
    let asked = read.release(&parked.stream).await;
    parked.wanted = asked.map_err(|error| unread(&error))?;
    if !parked.wanted {
        return Err(Problem::general(&general::NOT_FOUND));
    }
    Ok((StatusCode::ACCEPTED, Json(record(parked))))
}
