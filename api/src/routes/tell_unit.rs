//! `POST /v1/units/{unit}/{command}`: records a command of one unit.

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

const ROUTE: &str = "/v1/units/{unit}/{command}";

pub(super) fn endpoint() -> Endpoint {
    let parameters = [Parameter::path("unit", "The unit.")];
    Endpoint {
        route: ROUTE,
        methods: post(handle),
        operations: record::operations("unit", ROUTE, "commands", &parameters),
    }
}

async fn handle(
    State(app): State<Arc<Application>>,
    Path((id, command)): Path<(String, String)>,
    told: Told,
) -> Result<Response, Problem> {
    record::tell(&app, told, "unit", &id, &command).await
}
