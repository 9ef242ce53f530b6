//! Real clients of the intake: the SDKs of CloudEvents for Python and JavaScript, a library for JOSE
//! and a validator of JSON Schema.

use domain::es::{PersonKey, Role};
use serde_json::Value;
use tests::{SLEMDAL, TestApp, peer};
use uuid::Uuid;

/// Runs a script against the service; what came of each of its deliveries.
async fn deliveries(app: &TestApp, script: &'static str) -> Option<Vec<Value>> {
    let serving = app.on_loopback().await;
    let token = app.token(Role::Institution, Some(SLEMDAL), Uuid::from_u128(2));
    let service = format!("http://{}", serving.address());
    let run = move || peer(script, &[&service, &token]);
    tokio::task::spawn_blocking(run).await.unwrap()
}

/// What was delivered, by what the script calls it, and with which status.
fn told(deliveries: &[Value]) -> Vec<(&str, u64)> {
    let told = deliveries.iter().map(|delivery| {
        let (name, status) = (delivery["name"].as_str(), delivery["status"].as_u64());
        (name.unwrap(), status.unwrap())
    });
    told.collect()
}

/// The extensions that the vault keeps of a referral.
async fn extensions(app: &TestApp, delivery: &Value) -> String {
    let referral = delivery["body"]["id"].as_str().unwrap().parse().unwrap();
    let kept = app.service.app.vault.of_person(PersonKey(referral)).await;
    let kept = kept.unwrap().into_iter();
    let mut extensions = kept.filter(|entry| entry.field.0 == "extensions");
    extensions.next().unwrap().text
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_python_sdk_sends_is_taken_in() {
    let app = TestApp::new().await;
    let Some(deliveries) = deliveries(&app, "intake.py").await else {
        return;
    };
    let told = told(&deliveries);
    let expected = [
        ("structured", 201),
        ("structured without datacontenttype", 201),
        ("structured with bytes", 201),
        ("binary", 201),
        ("binary without datacontenttype", 201),
        ("v1 structured", 201),
        ("v1 binary", 201),
        ("batch", 200),
    ];
    assert_eq!(told, expected, "{deliveries:#?}");
    let items = deliveries[7]["body"]["items"].as_array().unwrap();
    assert_eq!(
        (&items[0]["status"], &items[1]["status"]),
        (&200.into(), &201.into())
    );
    // The letters came through, in headers too.
    for (nth, ward) in [(0, "Å 100%"), (3, "Å 100%"), (5, "Å"), (6, "Å")] {
        let kept = extensions(&app, &deliveries[nth]).await;
        assert_eq!(kept, format!(r#"{{"ward":"{ward}"}}"#), "{}", told[nth].0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_javascript_sdk_emits_is_taken_in() {
    let app = TestApp::new().await;
    let Some(deliveries) = deliveries(&app, "intake.cjs").await else {
        return;
    };
    let expected = [
        ("emitter, binary", 201),
        ("emitter, structured", 201),
        ("emitter, structured, again", 200),
    ];
    assert_eq!(told(&deliveries), expected, "{deliveries:#?}");
    assert_eq!(deliveries[0]["body"], deliveries[2]["body"]);
    assert_eq!(extensions(&app, &deliveries[0]).await, r#"{"ward":"B2"}"#);
}
