//! `POST /v1/tidgivere/{tidgiver_id}/{command}`: records a command of one tidgiver.

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

const ROUTE: &str = "/v1/tidgivere/{tidgiver_id}/{command}";

pub(super) fn endpoint() -> Endpoint {
    let parameters = [Parameter::path("tidgiver_id", "The tidgiver.")];
    Endpoint {
        route: ROUTE,
        methods: post(handle),
        operations: record::operations("tidgiver", ROUTE, "commands", &parameters),
    }
}

async fn handle(
    State(app): State<Arc<Application>>,
    Path((id, command)): Path<(String, String)>,
    told: Told,
) -> Result<Response, Problem> {
    record::tell(&app, told, "tidgiver", &id, &command).await
}
