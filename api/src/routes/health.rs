//! `GET /health/live` and `/health/ready`: whether the process runs, and whether what it shows is
//! up to date.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use domain::es::Position;
use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;

use super::{Answered, Endpoint, Operation, Service};

/// Events that the read models may lie behind the log and still count as up to date: what arrives
/// between two of their looks.
const BEHIND: u64 = 1_000;

/// Whether what is shown is up to date.
#[derive(Debug, Serialize, JsonSchema)]
struct Readiness {
    /// Whether it is.
    ready: bool,
    /// The log's last position.
    log_position: Position,
    /// The position up to which the read models show it.
    shown_position: Position,
}

pub(super) fn live() -> Endpoint {
    Endpoint {
        route: "/health/live",
        methods: get(|| async { Json(serde_json::json!({ "live": true })) }),
        operations: vec![Operation::open(
            "/health/live",
            "live",
            "Whether the process runs.",
            "application/json",
        )],
    }
}

pub(super) fn ready() -> Endpoint {
    let mut operation = Operation::open(
        "/health/ready",
        "ready",
        "Whether the read models have caught up with the log: 503 until they have for the first time. How far they are then, `shown_position` says beside `log_position`.",
        "application/json",
    );
    operation.answered = vec![Answered {
        status: 200,
        doc: "They have.",
        media: "application/json",
        shape: Some(Box::new(SchemaGenerator::subschema_for::<Readiness>)),
        headers: &[],
    }];
    Endpoint {
        route: "/health/ready",
        methods: get(handle),
        operations: vec![operation],
    }
}

async fn handle(State(Service { app, read, .. }): State<Service>) -> Response {
    let log = app.log.head().await.ok();
    let shown_position = read.position();
    let ready = log.is_some_and(|log| log.0 <= shown_position.0 + BEHIND);
    let log_position = log.unwrap_or_default();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = Readiness {
        ready,
        log_position,
        shown_position,
    };
    (status, Json(body)).into_response()
}
