//! A question about the past asked with `Accept: text/event-stream`: positions while its tables are
//! made, and the same rights as ever.

use std::sync::Arc;

use domain::es::Role;
use futures::StreamExt;
use infra::event_store::MemoryEventStore;
use serde_json::{Value, json};
use tests::{BERGEN, Fault, FaultyLog, OSLO, Request, TestApp};

const THEN: &str = "/v1/standing?unit=stegforsteg-oslo&as_of=2021-06-20";

fn by_events(request: Request<'_>) -> Request<'_> {
    request.header("accept", "text/event-stream")
}

/// The names and data of a whole stream.
fn events(text: &str) -> Vec<(String, Value)> {
    text.split_terminator("\n\n")
        .map(|event| {
            let of = |name: &str| {
                let mut lines = event.lines();
                lines.find_map(|line| line.strip_prefix(name)).unwrap()
            };
            let data = serde_json::from_str(of("data: ")).unwrap();
            (of("event: ").to_owned(), data)
        })
        .collect()
}

/// A service over a log that can fail, with a participant in Oslo.
async fn peopled() -> (Arc<FaultyLog>, TestApp) {
    let log = Arc::new(FaultyLog::over(Arc::new(MemoryEventStore::new())));
    let app = TestApp::over(log.clone()).await;
    for unit in [OSLO, BERGEN] {
        let reply = app
            .post(&format!("/v1/units/{unit}/register-unit"))
            .role(Role::NationalLead)
            .json(&json!({ "kind": "department", "offers_individual_tidgiver": true }))
            .await;
        assert_eq!(reply.status, 201, "{reply:?}");
    }
    app.participant(OSLO, "2021-06-01", "Kari Eksempel").await;
    app.caught_up().await;
    (log, app)
}

#[tokio::test]
async fn positions_are_told_until_the_tables_are_at_hand_and_then_it_is_answered_at_once() {
    let (log, app) = peopled().await;
    let told = by_events(app.get(THEN).leader(OSLO)).await;
    assert_eq!(
        (told.status, told.media()),
        (200, Some("text/event-stream"))
    );
    assert_eq!(told.header("x-accel-buffering"), Some("no"));
    let mut told = events(&told.text);
    assert_eq!(told.pop(), Some(("ready".to_owned(), json!({}))));
    assert!(!told.is_empty());
    for (name, data) in &told {
        assert_eq!(name, "progress");
        assert_eq!(data["until"], 6);
        assert!(data["position"].as_u64().unwrap() <= 6);
        assert_eq!(data.as_object().unwrap().len(), 2);
    }
    // Whoever read pages of the log now would wait for ever.
    log.arm(Fault::HangPages);
    let answer = app.get(THEN).leader(OSLO).await;
    assert_eq!(answer.body["registered"], 1, "{answer:?}");
    let again = by_events(app.get(THEN).leader(OSLO)).await;
    assert_eq!(events(&again.text), [("ready".to_owned(), json!({}))]);
}

#[tokio::test]
async fn a_question_about_now_is_ready_at_once() {
    let (_, app) = peopled().await;
    let told = by_events(app.get("/v1/participants").leader(OSLO)).await;
    assert_eq!(told.text, "event: ready\ndata: {}\n\n");
}

#[tokio::test]
async fn what_fails_on_the_way_is_told_as_a_problem_in_the_askers_language() {
    let (log, app) = peopled().await;
    log.arm(Fault::RefusePages);
    let told = by_events(app.get(THEN).leader(OSLO))
        .header("accept-language", "nb")
        .await;
    let told = events(&told.text);
    let (name, problem) = told.last().unwrap();
    assert_eq!(name, "problem");
    assert_eq!(problem["type"], "/problems/unavailable");
    assert_eq!(problem["status"], 503);
    assert!(
        problem["title"].as_str().unwrap().contains("ikke"),
        "{problem}"
    );
    // The next try goes well.
    let told = by_events(app.get(THEN).leader(OSLO)).await;
    assert_eq!(events(&told.text).last().unwrap().0, "ready");
}

#[tokio::test]
async fn the_stream_ends_when_the_service_ends() {
    let (log, app) = peopled().await;
    log.arm(Fault::HangPages);
    let response = by_events(app.get(THEN).leader(OSLO)).streamed().await;
    let mut stream = response.into_body().into_data_stream();
    let first = stream.next().await.unwrap().unwrap();
    assert!(first.starts_with(b"event: progress\n"), "{first:?}");
    app.service.app.ending.cancel();
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn whoever_may_not_ask_hears_the_same_as_ever() {
    let (_, app) = peopled().await;
    let document = app.get("/openapi.json").await.body;
    let mut asked = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        let content = &operations["get"]["responses"]["200"]["content"];
        if content["text/event-stream"].is_null() || content["application/json"].is_null() {
            continue;
        }
        asked += 1;
        let path = ["{participant_id}", "{referral_id}", "{tidgiver_id}"]
            .iter()
            .fold(path.clone(), |path, name| {
                path.replace(name, "01890000-0000-7000-8000-000000000000")
            });
        let as_of = format!("{path}?as_of=2021-06-20");
        let misspelt = format!("{path}?as_off=2021-06-20");
        let early = format!("{path}?min_position=99");
        for path in [&as_of, &misspelt, &early] {
            // Nobody, a role that sees nothing of it, and others who may see something.
            for role in [None, Some(Role::Operator), Some(Role::Analyst)] {
                let get = || match role {
                    None => app.get(path),
                    Some(role) => app.get(path).role(role),
                };
                let (usual, by_events) = (get().await, by_events(get()).await);
                assert_eq!(usual.status, by_events.status, "{path} {role:?}");
                if usual.status != 200 {
                    assert_eq!(usual.text, by_events.text, "{path} {role:?}");
                }
            }
        }
    }
    assert_eq!(asked, 16);
}

#[tokio::test]
async fn each_question_can_be_tried_from_the_page_of_the_interface() {
    let app = TestApp::empty().await;
    let page = app.get("/docs?lang=en").await;
    assert!(page.text.contains(r#"<form data-path="/v1/standing""#));
    assert!(!page.text.contains("<form data-path=\"/v1/changes\""));
    let script = app.get("/docs/try.js").await;
    assert_eq!(script.media(), Some("text/javascript; charset=utf-8"));
}
