//! `POST /v1/cooperations/{unit}/{department}/{command}`: records a command of one cooperation.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    response::Response,
    routing::post,
};

use super::{
    Endpoint, Parameter,
    record::{self, Told},
};
use crate::{app::Application, problem::Problem};

const ROUTE: &str = "/v1/cooperations/{unit}/{department}/{command}";

pub(super) fn endpoint() -> Endpoint {
    let parameters = [
        Parameter::path("unit", "The unit."),
        Parameter::path("department", "The department."),
    ];
    Endpoint {
        route: ROUTE,
        methods: post(handle),
        operations: record::operations("cooperation", ROUTE, "commands", &parameters),
    }
}

async fn handle(
    State(app): State<Arc<Application>>,
    Path((unit, department, command)): Path<(String, String, String)>,
    told: Told,
) -> Result<Response, Problem> {
    record::tell(
        &app,
        told,
        "cooperation",
        &format!("{unit}~{department}"),
        &command,
    )
    .await
}
