//! `POST /v1/referrals`: records a unit's proposal, under an id that the service makes.

use std::sync::Arc;

use axum::{extract::State, response::Response, routing::post};

use super::{
    Endpoint,
    record::{self, Told},
};
use crate::{app::Application, decode, problem::Problem};

const ROUTE: &str = "/v1/referrals";

pub(super) fn endpoint() -> Endpoint {
    let kind = decode::by_command("referral", "propose-referral").expect("the catalogue names it");
    Endpoint {
        route: ROUTE,
        methods: post(handle),
        operations: vec![record::operation(kind, ROUTE.to_owned(), "commands", &[])],
    }
}

async fn handle(State(app): State<Arc<Application>>, told: Told) -> Result<Response, Problem> {
    record::open(&app, told, "referral", "propose-referral").await
}
