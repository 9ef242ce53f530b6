//! What stands around every address: panics are caught, waiting ends, answers are compressed for
//! those who ask.

use std::{io::Read, sync::Arc, time::Duration};

use domain::es::Role;
use flate2::read::GzDecoder;
use infra::event_store::MemoryEventStore;
use serde_json::json;
use tests::{Fault, FaultyLog, OSLO, TestApp};

const MADE: &str = "/v1/participants";

fn contact() -> serde_json::Value {
    json!({ "department": OSLO, "channels": ["other"], "name": "Kari Eksempel" })
}

/// A service over a log that can fail, with one department.
async fn faulty() -> (Arc<FaultyLog>, TestApp) {
    let log = Arc::new(FaultyLog::over(Arc::new(MemoryEventStore::new())));
    let app = TestApp::over(log.clone()).await;
    let reply = app
        .post(&format!("/v1/units/{OSLO}/register-unit"))
        .role(Role::NationalLead)
        .json(&json!({ "kind": "department", "offers_individual_tidgiver": true }))
        .await;
    assert_eq!(reply.status, 201, "{reply:?}");
    (log, app)
}

#[tokio::test]
async fn a_handler_that_panics_is_answered_for_and_the_service_goes_on() {
    let (log, app) = faulty().await;
    log.arm(Fault::Panic);
    let told = app.post(MADE).leader(OSLO).json(&contact()).await;
    assert_eq!(told.media(), Some("application/problem+json"));
    assert_eq!(
        (told.status, told.body),
        (
            500,
            json!({
                "type": "/problems/internal-error",
                "title": "Something is wrong with the service.",
                "status": 500,
                "rule": "internal-error",
            })
        )
    );
    assert!(told.headers.contains_key("x-request-id"));
    let again = app.post(MADE).leader(OSLO).json(&contact()).await;
    assert_eq!(again.status, 201, "{again:?}");
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_a_problem_that_says_when_to_try_again() {
    let (log, app) = faulty().await;
    let app = app.answering_within(Duration::ZERO);
    log.arm(Fault::Hang);
    let told = app
        .post(MADE)
        .leader(OSLO)
        .header("accept-language", "nb")
        .json(&contact())
        .await;
    assert_eq!(told.media(), Some("application/problem+json"));
    assert_eq!(told.header("retry-after"), Some("5"));
    assert_eq!(
        (told.status, told.body),
        (
            503,
            json!({
                "type": "/problems/took-too-long",
                "title": "Svaret tok for lang tid.",
                "status": 503,
                "rule": "took-too-long",
            })
        )
    );
}

#[tokio::test]
async fn an_answer_is_compressed_for_those_who_ask_for_it() {
    let app = TestApp::empty().await;
    let plain = app.get("/openapi.json").await;
    assert_eq!(plain.header("content-encoding"), None);
    for refusing in ["identity", "gzip;q=0", "br"] {
        let reply = app
            .get("/openapi.json")
            .header("accept-encoding", refusing)
            .await;
        assert_eq!(reply.header("content-encoding"), None, "{refusing}");
        assert_eq!(reply.text, plain.text);
    }
    let response = app
        .get("/openapi.json")
        .header("accept-encoding", "br;q=0.5, gzip")
        .streamed()
        .await;
    let header = |name: &str| response.headers().get(name).cloned();
    assert_eq!(header("content-encoding").unwrap(), "gzip");
    assert_eq!(header("vary").unwrap(), "accept-encoding");
    assert_eq!(header("content-length"), None);
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX)
        .await
        .unwrap();
    assert!(bytes.len() * 4 < plain.text.len());
    let mut unpacked = String::new();
    GzDecoder::new(&bytes[..])
        .read_to_string(&mut unpacked)
        .unwrap();
    assert_eq!(unpacked, plain.text);
}
