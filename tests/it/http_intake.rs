//! The intake: CloudEvents in all three forms, each stored once.

use domain::es::{PersonKey, Role};
use serde_json::{Value, json};
use tests::{LOLAND, OSLO, Reply, SLEMDAL, TestApp};

const STRUCTURED: &str = "application/cloudevents+json";
const BATCH: &str = "application/cloudevents-batch+json";

fn proposed(id: &str, subject: &str) -> Value {
    json!({
        "specversion": "1.0", "id": id, "source": "/slemdal/journal", "subject": subject,
        "type": "no.stegspor.referral.referral-proposed.v1", "time": "2021-06-30T09:00:00Z",
        "data": { "from": SLEMDAL, "to": OSLO, "situation": "in-patient" },
    })
}

async fn send(app: &TestApp, unit: &str, media: &str, body: &Value) -> Reply {
    app.post("/v1/intake")
        .role_at(Role::Institution, unit)
        .bytes(media, body.to_string().into_bytes())
        .await
}

#[tokio::test]
async fn an_event_is_stored_once_however_often_it_is_sent() {
    let app = TestApp::new().await;
    let before = app.service.app.log.head().await.unwrap();
    let first = send(&app, SLEMDAL, STRUCTURED, &proposed("4711", "ref-17")).await;
    assert_eq!(first.status, 201, "{first:?}");
    let second = send(&app, SLEMDAL, STRUCTURED, &proposed("4711", "ref-17")).await;
    assert_eq!(second.status, 200);
    assert_eq!(first.body, second.body);
    assert_eq!(first.body["position"], before.0 + 1);
    assert_eq!(app.service.app.log.head().await.unwrap().0, before.0 + 1);

    let mut other = proposed("4711", "ref-17");
    other["data"]["situation"] = json!("out-patient");
    let other = send(&app, SLEMDAL, STRUCTURED, &other).await;
    assert_eq!((other.status, other.text_of("rule")), (409, "G3".into()));
}

#[tokio::test]
async fn a_foreign_id_stays_out_of_the_log_and_is_kept_in_the_vault() {
    let app = TestApp::new().await;
    let before = app.service.app.log.head().await.unwrap();
    let reply = send(
        &app,
        SLEMDAL,
        STRUCTURED,
        &proposed("4711", "journal-010190"),
    )
    .await;
    let referral = reply.text_of("id");
    let events = app.service.app.log.read_all(before, 10).await.unwrap();
    let stored = format!("{events:?}");
    assert!(
        !stored.contains("journal-010190") && !stored.contains("4711"),
        "{stored}"
    );
    let person = PersonKey(referral.parse().unwrap());
    let kept = app.service.app.vault.of_person(person).await.unwrap();
    let [entry] = kept.as_slice() else {
        panic!("one entry")
    };
    assert_eq!(
        (entry.field.0.as_str(), entry.text.as_str()),
        ("foreign_id", "journal-010190")
    );

    // The same foreign id, or ours, leads to the same referral.
    for (id, subject) in [("4712", "journal-010190"), ("4713", referral.as_str())] {
        let told = json!({
            "specversion": "1.0", "id": id, "source": "/slemdal/journal", "subject": subject,
            "type": "no.stegspor.referral.referral-withdrawn.v1", "data": { "by": "unit" },
        });
        let reply = send(&app, SLEMDAL, STRUCTURED, &told).await;
        assert_eq!(reply.text_of("id"), referral);
    }
}

#[tokio::test]
async fn the_binary_form_is_taken_in() {
    let app = TestApp::new().await;
    let reply = app
        .post("/v1/intake")
        .role_at(Role::Institution, SLEMDAL)
        .header("ce-specversion", "1.0")
        .header("ce-id", "4711")
        .header("ce-source", "/slemdal/journal")
        .header("ce-subject", "ref%2017")
        .header("ce-type", "no.stegspor.referral.referral-proposed.v1")
        .header("ce-time", "2021-06-30T09:00:00Z")
        .json(&json!({ "from": SLEMDAL, "to": OSLO, "situation": "in-patient" }))
        .await;
    assert_eq!(reply.status, 201, "{reply:?}");
    // It is the same event as in the structured form.
    let again = send(&app, SLEMDAL, STRUCTURED, &proposed("4711", "ref 17")).await;
    assert_eq!((again.status, &again.body), (200, &reply.body));
}

#[tokio::test]
async fn a_batch_is_answered_event_by_event() {
    let app = TestApp::new().await;
    let mut unknown = proposed("3", "ref-3");
    unknown["type"] = json!("no.stegspor.referral.referral-sold.v1");
    let mut not_theirs = proposed("4", "ref-4");
    not_theirs["data"]["from"] = json!(LOLAND);
    let mut wrong_unit = proposed("5", "ref-5");
    wrong_unit["data"]["to"] = json!("nowhere");
    let mut ahead = proposed("6", "ref-6");
    ahead["time"] = json!("2022-01-01T00:00:00Z");
    let cooperation = json!({
        "specversion": "1.0", "id": "7", "source": "/slemdal/journal",
        "subject": format!("{SLEMDAL}~{OSLO}"),
        "type": "no.stegspor.cooperation.cooperation-begun.v1",
        "data": {
            "unit": SLEMDAL, "department": OSLO,
            "coordinator": "0197f0a2-0000-7000-8000-000000000009",
        },
    });
    let batch = json!([
        proposed("1", "ref-1"),
        proposed("1", "ref-1"),
        unknown,
        not_theirs,
        wrong_unit,
        ahead,
        cooperation,
        "no event",
    ]);
    let reply = send(&app, SLEMDAL, BATCH, &batch).await;
    assert_eq!(reply.status, 200);
    let told: Vec<_> = reply.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            json!([
                item["index"],
                item["id"],
                item["status"],
                item["problem"]["rule"],
                item["problem"]["pointer"],
            ])
        })
        .collect();
    assert_eq!(
        json!(told),
        json!([
            [0, "1", 201, null, null],
            [1, "1", 200, null, null],
            [2, "3", 422, "unknown-kind", "/type"],
            [3, "4", 403, "speaks-for-another", "/data/from"],
            [4, "5", 422, "G1", "/data/to"],
            [5, "6", 422, "G5", "/time"],
            [6, "7", 201, null, null],
            [7, null, 422, "invalid-data", ""],
        ])
    );
}

#[tokio::test]
async fn what_is_no_event_of_the_intake_is_refused() {
    let app = TestApp::new().await;
    let plain = send(&app, SLEMDAL, "application/json", &proposed("1", "ref-1")).await;
    assert_eq!(
        (plain.status, plain.text_of("rule")),
        (415, "unsupported-media-type".into())
    );
    let mut of_a_participant = proposed("1", "ref-1");
    of_a_participant["type"] = json!("no.stegspor.participant.relapse-reported.v1");
    let reply = send(&app, SLEMDAL, STRUCTURED, &of_a_participant).await;
    assert_eq!(
        (reply.status, reply.text_of("rule")),
        (422, "unknown-kind".into())
    );
    let nobody = app
        .post("/v1/intake")
        .bytes(STRUCTURED, proposed("1", "ref-1").to_string().into_bytes())
        .await;
    assert_eq!(nobody.status, 401);
    let loland = send(&app, LOLAND, STRUCTURED, &proposed("1", "ref-1")).await;
    assert_eq!(loland.status, 403);
}

#[tokio::test]
async fn a_token_that_speaks_for_another_is_told_so_and_a_referral_not_its_own_is_not_there() {
    let app = TestApp::new().await;
    let event = |id: &str, kind: &str, data: Value| {
        json!({
            "specversion": "1.0", "id": id, "source": "/slemdal/journal", "subject": "ref-1",
            "type": format!("no.stegspor.referral.{kind}.v1"), "time": "2021-06-30T09:00:00Z",
            "data": data,
        })
    };
    let proposed = event(
        "1",
        "referral-proposed",
        json!({ "from": SLEMDAL, "to": OSLO, "situation": "in-patient" }),
    );
    let send = |event: &Value, unit| {
        app.post("/v1/intake")
            .role_at(Role::Institution, unit)
            .bytes(
                "application/cloudevents+json",
                event.to_string().into_bytes(),
            )
    };
    let another = send(&proposed, "loland").await;
    assert_eq!(
        (
            another.status,
            another.text_of("rule"),
            another.text_of("pointer")
        ),
        (403, "speaks-for-another".into(), "/data/from".into())
    );
    assert_eq!(
        another.text_of("detail"),
        "the token speaks for loland, the event for slemdal"
    );
    let own = send(&proposed, SLEMDAL).await;
    assert_eq!(own.status, 201, "{own:?}");
    let withdrawn = event("2", "referral-withdrawn", json!({}));
    let hidden = send(&withdrawn, "loland").await;
    assert_eq!(
        (hidden.status, hidden.text_of("pointer")),
        (404, "/subject".into())
    );
}

#[tokio::test]
async fn an_unknown_version_is_told_apart_from_an_unknown_kind() {
    let app = TestApp::new().await;
    for (kind, rule, said) in [
        (
            "no.stegspor.referral.referral-proposed.v9",
            "unknown-version",
            "no.stegspor.referral.referral-proposed.v1",
        ),
        ("no.stegspor.referral.sold.v1", "unknown-kind", "/docs"),
    ] {
        let event = json!({
            "specversion": "1.0", "id": "1", "source": "/slemdal/journal", "subject": "ref-1",
            "type": kind, "data": {},
        });
        let reply = app
            .post("/v1/intake")
            .role_at(Role::Institution, SLEMDAL)
            .bytes(
                "application/cloudevents+json",
                event.to_string().into_bytes(),
            )
            .await;
        assert_eq!((reply.status, reply.text_of("rule")), (422, rule.into()));
        let detail = reply.body["errors"][0]["detail"].as_str().unwrap();
        assert!(detail.contains(said), "{detail}");
    }
}

#[tokio::test]
async fn an_event_names_another_of_its_source_by_its_id() {
    let app = TestApp::new().await;
    let first = send(&app, SLEMDAL, STRUCTURED, &proposed("4711", "ref-17")).await;
    assert_eq!(first.status, 201, "{first:?}");
    let retracted = |id: &str, entry: &str| {
        let mut event = proposed(id, "ref-17");
        event["type"] = json!("no.stegspor.referral.entry-retracted.v1");
        event["data"] = json!({ "entry": entry, "reason": "wrong-person" });
        event
    };
    let unknown = send(&app, SLEMDAL, STRUCTURED, &retracted("4712", "4710")).await;
    assert_eq!(
        (
            unknown.status,
            &unknown.body["rule"],
            &unknown.body["pointer"]
        ),
        (409, &json!("G4"), &json!("/data/entry"))
    );
    let known = send(&app, SLEMDAL, STRUCTURED, &retracted("4713", "4711")).await;
    assert_eq!(known.status, 201, "{known:?}");
    app.caught_up().await;
    let path = format!("/v1/referrals/{}", first.text_of("id"));
    let gone = app.get(&path).role_at(Role::Institution, SLEMDAL).await;
    assert_eq!(gone.status, 404);
}
