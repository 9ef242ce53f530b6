//! `POST /v1/referrals/{referral_id}/{command}`: records a command of one referral.

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

const ROUTE: &str = "/v1/referrals/{referral_id}/{command}";

pub(super) fn endpoint() -> Endpoint {
    let parameters = [Parameter::path("referral_id", "The referral.")];
    Endpoint {
        route: ROUTE,
        methods: post(handle),
        operations: record::operations("referral", ROUTE, "commands", &parameters),
    }
}

async fn handle(
    State(app): State<Arc<Application>>,
    Path((id, command)): Path<(String, String)>,
    told: Told,
) -> Result<Response, Problem> {
    record::tell(&app, told, "referral", &id, &command).await
}
