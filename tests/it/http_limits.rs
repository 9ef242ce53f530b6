//! Clients that ask more often than they may.

use std::sync::Arc;

use api::auth::Limits;
use domain::es::Role;
use infra::event_store::MemoryEventStore;
use tests::{LOLAND, SLEMDAL, TestApp};

async fn twice_at_once() -> TestApp {
    let limits = Limits {
        per_minute: 2,
        at_once: 2.try_into().unwrap(),
    };
    TestApp::limited(Arc::new(MemoryEventStore::new()), limits).await
}

#[tokio::test]
async fn who_asks_too_often_hears_when_to_come_back_and_others_are_answered() {
    let app = twice_at_once().await;
    let ask = |unit: &'static str| app.get("/v1/units").role_at(Role::Institution, unit);
    assert_eq!(ask(SLEMDAL).await.status, 200);
    assert_eq!(ask(SLEMDAL).await.status, 200);
    let refused = ask(SLEMDAL).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.media(), Some("application/problem+json"));
    assert_eq!(refused.text_of("type"), "/problems/too-many-requests");
    let seconds: u32 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=30).contains(&seconds), "{seconds}");
    assert_eq!(ask(LOLAND).await.status, 200);
    // What needs no token has no client.
    for _ in 0..5 {
        assert_eq!(app.get("/openapi.json").await.status, 200);
    }
}

#[tokio::test]
async fn a_sender_that_asks_first_hears_how_often_it_may_deliver() {
    let app = twice_at_once().await;
    let granted = app
        .request("OPTIONS", "/v1/intake")
        .header("webhook-request-origin", "journal.slemdal.example")
        .header("webhook-request-rate", "600")
        .await;
    assert_eq!(granted.status, 200);
    assert_eq!(granted.header("webhook-allowed-rate"), Some("2"));
}
