//! A record that stands still: seen by whoever runs the service, told of in answers, released.

use domain::{
    es::{EventId, Role},
    participant::Participant,
};
use serde_json::{Value, json};
use tests::{BERGEN, OSLO, TestApp};
use uuid::Uuid;

const POISON: EventId = EventId(Uuid::from_u128(0x66));

/// Two participants of Oslo, of whom one's record stands still; their ids.
async fn scene() -> (TestApp, String, String) {
    let app = TestApp::new().await;
    let still = app.participant(OSLO, "2021-06-01", "Kari Eksempel").await;
    let other = app.participant(OSLO, "2021-06-01", "Ola Eksempel").await;
    let stream = Participant::stream(still.parse().unwrap());
    app.unreadable_of(stream, POISON).await;
    let told = json!({ "channel": "sms", "with": "veileder" });
    app.told(&other, OSLO, &[("hold-contact", told)]).await;
    app.caught_up().await;
    (app, still, other)
}

#[tokio::test]
async fn whoever_runs_the_service_sees_what_stands_still_by_reference_only() {
    let (app, still, _) = scene().await;
    let listed = app.get("/v1/parked").role(Role::Operator).await;
    assert_eq!(listed.status, 200, "{listed:?}");
    let one = &listed.body["parked"][0];
    assert_eq!(
        listed.body,
        json!({ "parked": [{
            "event_id": POISON, "stream": format!("participant-{still}"), "position": 14,
            "kind": "became-invisible", "schema_version": 1, "cause": "unreadable",
            "attempts": 1, "first_tried": one["first_tried"], "last_tried": one["first_tried"],
            "retry_asked": false,
        }] })
    );
    let worklist = app.get("/v1/worklist").role(Role::Operator).await;
    assert_eq!(worklist.body["parked"], listed.body["parked"]);
    assert_eq!(worklist.body["items"], json!([]));
    for question in ["parked", "worklist"] {
        let then = app.get(&format!("/v1/{question}?as_of=2021-06-01"));
        let then = then.role(Role::Operator).await;
        assert_eq!(
            (then.status, then.text_of("rule")),
            (422, "invalid-parameter".to_owned())
        );
    }
    // The service is up to date with all that can be taken in.
    assert_eq!(app.get("/health/ready").await.status, 200);
}

#[tokio::test]
async fn no_answer_about_what_stands_still_passes_for_a_whole_one() {
    let (app, still, other) = scene().await;
    let ask = async |path: &str| -> Value {
        let reply = app.get(path).leader(OSLO).await;
        assert_eq!(reply.status, 200, "{path}: {reply:?}");
        reply.body
    };
    for part in ["", "/timeline", "/plan"] {
        for (id, missing) in [(&still, json!(1)), (&other, Value::Null)] {
            for past in ["", "?as_of=2021-06-30"] {
                let answer = ask(&format!("/v1/participants/{id}{part}{past}")).await;
                assert_eq!(answer["standing_still"], missing, "{part}{past}");
            }
        }
    }
    let list = ask("/v1/participants").await;
    assert_eq!(list["standing_still"], 1);
    for one in list["participants"].as_array().unwrap() {
        let stands = one["participant_id"] == still.as_str();
        assert_eq!(one["standing_still"] == true, stands);
    }
    for figures in ["standing", "retention", "flows", "worklist", "key-figures"] {
        let answer = ask(&format!("/v1/{figures}")).await;
        assert_eq!(answer["standing_still"], 1, "{figures}");
    }
    // What no such record has a part in is whole.
    assert_eq!(ask("/v1/units").await["standing_still"], Value::Null);
}

#[tokio::test]
async fn a_record_is_released_by_the_event_at_which_it_stands_still() {
    let (app, _, _) = scene().await;
    let release = |id: &str| app.post(&format!("/v1/parked/{id}/release"));
    let asked = release(&POISON.0.to_string()).role(Role::Operator).await;
    assert_eq!(
        (asked.status, &asked.body["retry_asked"]),
        (202, &json!(true))
    );
    // No program can read it yet: it stands still again, and the try is counted.
    app.caught_up().await;
    let listed = app.get("/v1/parked").role(Role::Operator).await;
    let one = &listed.body["parked"][0];
    assert_eq!(
        (&one["attempts"], &one["retry_asked"]),
        (&json!(2), &json!(false))
    );
    assert_eq!(one["event_id"], json!(POISON));
    for unknown in ["x", &Uuid::from_u128(1).to_string()] {
        let asked = release(unknown).role(Role::Operator).await;
        assert_eq!(asked.status, 404);
    }
    let asked = release(&POISON.0.to_string()).leader(BERGEN).await;
    assert_eq!(asked.status, 404);
}
