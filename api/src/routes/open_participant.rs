//! `POST /v1/participants`: records a person's first contact, under an id that the service makes.

use std::sync::Arc;

use axum::{extract::State, response::Response, routing::post};

use super::{
    Endpoint,
    record::{self, Told},
};
use crate::{app::Application, decode, problem::Problem};

const ROUTE: &str = "/v1/participants";

pub(super) fn endpoint() -> Endpoint {
    let kind =
        decode::by_command("participant", "make-first-contact").expect("the catalogue names it");
    Endpoint {
        route: ROUTE,
        methods: post(handle),
        operations: vec![record::operation(kind, ROUTE.to_owned(), "commands", &[])],
    }
}

async fn handle(State(app): State<Arc<Application>>, told: Told) -> Result<Response, Problem> {
    record::open(&app, told, "participant", "make-first-contact").await
}
