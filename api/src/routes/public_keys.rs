//! `GET /.well-known/jwks.json`: the keys by which anybody checks what this service signed.

use std::sync::Arc;

use axum::{Json, extract::State, http::header, response::IntoResponse, routing::get};

use super::{Endpoint, Operation};
use crate::app::Application;

const ROUTE: &str = "/.well-known/jwks.json";
const MEDIA: &str = "application/jwk-set+json";

pub(super) fn endpoint() -> Endpoint {
    Endpoint {
        route: ROUTE,
        methods: get(|State(app): State<Arc<Application>>| async move {
            let keys = Json(app.signing.public());
            ([(header::CONTENT_TYPE, MEDIA)], keys).into_response()
        }),
        operations: vec![Operation::open(
            ROUTE,
            "public_keys",
            "The public keys of what the service signs, as a JSON Web Key Set (RFC 7517).",
            MEDIA,
        )],
    }
}
