//! `GET /v1/changes`: positions, and nothing else; it ends first when the service ends.

use domain::es::Role;
use futures::StreamExt;
use tests::{OSLO, TestApp};

#[tokio::test]
async fn positions_are_told_as_the_log_moves_until_the_service_ends() {
    let app = TestApp::new().await;
    let response = app
        .get("/v1/changes")
        .veileder(OSLO)
        .header("last-event-id", "3")
        .header("accept-encoding", "gzip")
        .streamed()
        .await;
    assert_eq!(response.status(), 200);
    let header = |name: &str| {
        response
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap())
    };
    assert_eq!(header("content-type"), Some("text/event-stream"));
    assert_eq!(header("x-accel-buffering"), Some("no"));
    assert_eq!(header("content-encoding"), None);
    let mut stream = response.into_body().into_data_stream();
    let mut next = async || {
        let bytes = stream.next().await?.unwrap();
        Some(String::from_utf8(bytes.to_vec()).unwrap())
    };
    let told = |position: u64| {
        Some(format!(
            "id: {position}\ndata: {{\"position\":{position}}}\n\n"
        ))
    };
    assert_eq!(next().await, told(5));
    app.contact_made(OSLO, "2021-06-01", "Ola").await;
    assert_eq!(next().await, told(6));
    app.service.app.ending.cancel();
    assert_eq!(next().await, None);
}

#[tokio::test]
async fn nobody_hears_of_changes_without_a_token() {
    let app = TestApp::empty().await;
    assert_eq!(app.get("/v1/changes").await.status, 401);
    assert_eq!(
        app.get("/v1/changes")
            .role(Role::Operator)
            .streamed()
            .await
            .status(),
        200
    );
}
