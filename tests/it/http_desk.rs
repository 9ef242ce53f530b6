//! The intake when many tell at once: what is written together is what it would be one by one.

use std::sync::Arc;

use domain::es::{Append, Expected, PersonKey, Role};
use futures::future::join_all;
use infra::event_store::{MemoryEventStore, contract};
use serde_json::{Value, json};
use tests::{Fault, FaultyLog, OSLO, Reply, SLEMDAL, TestApp};

fn proposed(id: &str, subject: &str) -> Value {
    json!({
        "specversion": "1.0", "id": id, "source": "/slemdal/journal", "subject": subject,
        "type": "no.stegspor.referral.referral-proposed.v1", "time": "2021-06-30T09:00:00Z",
        "data": {
            "from": SLEMDAL, "to": OSLO, "situation": "in-patient", "name": format!("Fiktiv {id}"),
            "consent_id": "0197f0a2-0000-7000-8000-0000000000c1",
        },
    })
}

fn withdrawn(id: &str, subject: &str) -> Value {
    json!({
        "specversion": "1.0", "id": id, "source": "/slemdal/journal", "subject": subject,
        "type": "no.stegspor.referral.referral-withdrawn.v1", "time": "2021-07-01T09:00:00Z",
        "data": { "by": "unit" },
    })
}

async fn send(app: &TestApp, media: &str, body: &Value) -> Reply {
    app.post("/v1/intake")
        .role_at(Role::Institution, SLEMDAL)
        .bytes(media, body.to_string().into_bytes())
        .await
}

async fn send_one(app: &TestApp, event: &Value) -> Reply {
    send(app, "application/cloudevents+json", event).await
}

async fn send_batch(app: &TestApp, events: &[Value]) -> Vec<Value> {
    let reply = send(app, "application/cloudevents-batch+json", &json!(events)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.body["items"].as_array().unwrap().clone()
}

/// A service over a log that fails when it is asked to.
async fn over_faulty_log() -> (TestApp, Arc<FaultyLog>) {
    let log = Arc::new(FaultyLog::over(Arc::new(MemoryEventStore::new())));
    let app = TestApp::over(log.clone()).await;
    for (unit, kind) in [(OSLO, "department"), (SLEMDAL, "treatment-institution")] {
        let register = format!("/v1/units/{unit}/register-unit");
        let told = json!({ "kind": kind, "offers_individual_tidgiver": true });
        let reply = app.post(&register).role(Role::NationalLead).json(&told);
        assert_eq!(reply.await.status, 201);
    }
    (app, log)
}

/// What an answer says stands where, stands there.
async fn must_be_true(app: &TestApp, answer: &Value) {
    let receipt = &answer["receipt"];
    let id = receipt["event_id"].as_str().unwrap().parse().unwrap();
    let found = app.service.app.log.find(id).await.unwrap().unwrap();
    assert_eq!(receipt["stream"], found.stream.as_str());
    assert_eq!(receipt["version"], found.version.0);
    assert_eq!(receipt["hash"], found.hash.to_string());
    assert_eq!(answer["position"], found.position.0);
}

#[tokio::test]
async fn each_of_many_that_tell_at_the_same_time_is_answered_as_if_it_were_alone() {
    let app = TestApp::new().await;
    let before = app.service.app.log.head().await.unwrap();
    // Each is sent three times, and one of four names a unit that is not there.
    let events: Vec<_> = (0..120)
        .map(|n| {
            let mut event = proposed(&(n % 40).to_string(), &format!("ref-{}", n % 40));
            if n % 4 == 3 {
                event["data"]["to"] = json!("nowhere");
            }
            event
        })
        .collect();
    let answers = join_all(events.iter().map(|event| send_one(&app, event))).await;
    let many = |status| {
        let those = answers.iter().filter(|answer| answer.status == status);
        those.count()
    };
    assert_eq!((many(201), many(200), many(422)), (30, 60, 30));
    assert_eq!(app.service.app.log.head().await.unwrap().0, before.0 + 30);
    for answer in answers.iter().filter(|answer| answer.status < 300) {
        must_be_true(&app, &answer.body).await;
        let person = PersonKey(answer.text_of("id").parse().unwrap());
        let kept = app.service.app.vault.of_person(person).await.unwrap();
        let mut fields: Vec<_> = kept.iter().map(|entry| entry.field.0.as_str()).collect();
        fields.sort_unstable();
        assert_eq!(fields, ["foreign_id", "name"]);
    }
}

#[tokio::test]
async fn where_somebody_else_writes_meanwhile_the_answers_say_where_things_stand() {
    let (app, log) = over_faulty_log().await;
    let other = contract::append(
        &contract::stream("elsewhere"),
        Expected::NoStream,
        vec![contract::event(1, "x")],
    );
    log.arm(Fault::Meddle(other));
    let items = send_batch(&app, &[proposed("1", "ref-1"), proposed("2", "ref-2")]).await;
    for (item, position) in items.iter().zip([4, 5]) {
        assert_eq!(
            (&item["status"], &item["position"]),
            (&json!(201), &json!(position))
        );
        must_be_true(&app, item).await;
    }
}

#[tokio::test]
async fn where_somebody_else_writes_to_the_same_record_each_is_taken_in_alone() {
    let (app, log) = over_faulty_log().await;
    let first = send_one(&app, &proposed("1", "ref-1")).await;
    let id = first.body["event_ids"][0]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let told = log_event(&app, id).await;
    // The patient takes it back right before the institution does.
    let mut taken_back = contract::event(2, "");
    taken_back.kind = "referral-withdrawn";
    taken_back.data = r#"{"by":"patient"}"#.to_owned();
    let other = Append {
        recorded_at: told.recorded_at,
        ..contract::append(&told.stream, Expected::Any, vec![taken_back])
    };
    log.arm(Fault::Meddle(other));
    let batch = [
        proposed("2", "ref-2"),
        withdrawn("3", "ref-1"),
        proposed("4", "ref-4"),
    ];
    let items = send_batch(&app, &batch).await;
    let statuses: Vec<_> = items.iter().map(|item| item["status"].clone()).collect();
    assert_eq!(statuses, [201, 200, 201]);
    assert!(items[1]["receipt"].is_null(), "it was so already");
    for item in [&items[0], &items[2]] {
        must_be_true(&app, item).await;
    }
    let again = send_batch(&app, &batch).await;
    assert_eq!(again[0]["status"], 200);
    assert_eq!(again[0]["receipt"], items[0]["receipt"]);
}

#[tokio::test]
async fn where_one_breaks_off_the_others_are_taken_in() {
    let (app, log) = over_faulty_log().await;
    log.arm(Fault::Panic);
    let items = send_batch(&app, &[proposed("1", "ref-1"), proposed("2", "ref-2")]).await;
    for item in &items {
        assert_eq!(item["status"], 201, "{item}");
        must_be_true(&app, item).await;
    }
    // And the desk is attended as before.
    assert_eq!(send_one(&app, &proposed("3", "ref-3")).await.status, 201);
}

async fn log_event(app: &TestApp, id: domain::es::EventId) -> domain::es::RecordedEvent {
    app.service.app.log.find(id).await.unwrap().unwrap()
}
