//! The intake: CloudEvents in all three forms, each stored once.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::es::{EventId, PersonKey, Role};
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

#[tokio::test]
async fn a_receipt_says_what_stands_in_the_log_and_is_the_same_again() {
    let app = TestApp::new().await;
    let first = send(&app, SLEMDAL, STRUCTURED, &proposed("4711", "ref-17")).await;
    let receipt = &first.body["receipt"];
    let id: EventId = serde_json::from_value(first.body["event_ids"][0].clone()).unwrap();
    let event = app.service.app.log.find(id).await.unwrap().unwrap();
    let recorded = json!({
        "event_id": event.id, "stream": event.stream, "version": event.version,
        "hash": event.hash.to_string(), "recorded_at": event.recorded_at,
    });
    let signature = receipt["signature"].as_str().unwrap();
    let parts: Vec<_> = signature.split('.').collect();
    let read = |part: &str| -> Value {
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    };
    assert_eq!(read(parts[1]), recorded);
    let keys = app.get("/.well-known/jwks.json").await;
    assert_eq!(keys.media(), Some("application/jwk-set+json"));
    assert_eq!(
        read(parts[0]),
        json!({ "alg": "EdDSA", "kid": keys.body["keys"][0]["kid"], "typ": "stegspor-receipt+jws" })
    );
    let mut shown = receipt.clone();
    shown.as_object_mut().unwrap().remove("signature");
    assert_eq!(shown, recorded);

    let batch = json!([proposed("4711", "ref-17"), proposed("4712", "ref-18")]);
    let items = send(&app, SLEMDAL, BATCH, &batch).await.body["items"].clone();
    assert_eq!(items[0]["receipt"], *receipt);
    assert_ne!(items[1]["receipt"]["event_id"], receipt["event_id"]);
}

#[tokio::test]
async fn a_dry_run_says_what_would_come_of_it_and_leaves_no_trace() {
    let app = TestApp::new().await;
    let told = |query: &str, media: &str, body: &Value| {
        app.post(&format!("/v1/intake{query}"))
            .role_at(Role::Institution, SLEMDAL)
            .bytes(media, body.to_string().into_bytes())
    };
    let head = app.service.app.log.head().await.unwrap();
    let mut event = proposed("4711", "ref-17");
    event["ward"] = json!("B2");
    let dry = told("?dry_run=true", STRUCTURED, &event).await;
    assert_eq!((dry.status, &dry.body["would_answer"]), (200, &json!(201)));
    assert_eq!(
        (dry.body.get("receipt"), dry.body.get("position")),
        (None, None)
    );
    // What comes first in a batch counts for what comes after it.
    let mut withdrawn = proposed("4712", "ref-17");
    withdrawn["type"] = json!("no.stegspor.referral.referral-withdrawn.v1");
    withdrawn["data"] = json!({ "by": "unit" });
    let mut wrong = proposed("4713", "ref-18");
    wrong["data"]["to"] = json!("nowhere");
    let batch = json!([event, withdrawn, wrong, event]);
    let dry_batch = told("?dry_run=true", BATCH, &batch).await;
    let statuses = |reply: &Reply| -> Vec<Value> {
        let items = reply.body["items"].as_array().unwrap();
        items.iter().map(|item| item["status"].clone()).collect()
    };
    assert_eq!(statuses(&dry_batch), [201, 201, 422, 200]);
    assert_eq!(dry_batch.body["dry_run"], true);
    assert_eq!(app.service.app.log.head().await.unwrap(), head);
    let person = PersonKey(dry.text_of("id").parse().unwrap());
    let kept = app.service.app.vault.of_person(person).await.unwrap();
    assert!(kept.is_empty(), "{kept:?}");

    // Told in earnest, the same comes of it.
    let told_batch = told("?dry_run=false", BATCH, &batch).await;
    assert_eq!(statuses(&told_batch), statuses(&dry_batch));
    let told_again = told("?dry_run=true", STRUCTURED, &event).await;
    assert_eq!(told_again.body["would_answer"], 200);
    assert_eq!(told_again.body["event_ids"], dry.body["event_ids"]);

    for query in [
        "?dry_run",
        "?dry_run=1",
        "?dryrun=true",
        "?dry_run=true&x=1",
    ] {
        let refused = told(query, STRUCTURED, &event).await;
        assert_eq!(
            (refused.status, refused.text_of("pointer")),
            (422, "/dry_run".into()),
            "{query}"
        );
    }
}

#[tokio::test]
async fn what_means_nothing_here_is_kept_in_the_vault_and_nowhere_else() {
    let app = TestApp::new().await;
    let before = app.service.app.log.head().await.unwrap();
    let mut event = proposed("4711", "ref-17");
    event["journal"] = json!("010190 Kari");
    let reply = send(&app, SLEMDAL, STRUCTURED, &event).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    let events = app.service.app.log.read_all(before, 10).await.unwrap();
    assert!(!format!("{events:?}").contains("010190"));
    let person = PersonKey(reply.text_of("id").parse().unwrap());
    let kept = app.service.app.vault.of_person(person).await.unwrap();
    let extensions = kept
        .iter()
        .find(|entry| entry.field.0 == "extensions")
        .unwrap();
    assert_eq!(extensions.text, r#"{"journal":"010190 Kari"}"#);
}

#[tokio::test]
async fn headers_are_read_as_clients_send_them() {
    let app = TestApp::new().await;
    let sent = |subject: &[u8]| {
        app.post("/v1/intake")
            .role_at(Role::Institution, SLEMDAL)
            .header("ce-specversion", "1.0")
            .header("ce-id", "4711")
            .header("ce-source", "\"/slemdal/journal\"")
            .header_bytes("ce-subject", subject)
            .header("ce-type", "no.stegspor.referral.referral-proposed.v1")
            .header("ce-time", "2021-06-30T09:00:00Z")
    };
    let data = json!({ "from": SLEMDAL, "to": OSLO, "situation": "in-patient" });
    let text = data.to_string().into_bytes();
    let first = sent(b"s\xf8knad 17")
        .bytes("TEXT/JSON; charset=utf-8", text.clone())
        .await;
    assert_eq!(first.status, 201, "{first:?}");
    for subject in [
        "søknad 17".as_bytes(),
        b"s%C3%B8knad%2017",
        b"\"s%c3%b8knad 17\"",
    ] {
        let again = sent(subject).bytes("application/json", text.clone()).await;
        assert_eq!((again.status, &again.body), (200, &first.body));
    }
    // Without a content type it is JSON.
    let bare = sent(b"s%C3%B8knad%2017").body(text.clone()).await;
    assert_eq!((bare.status, &bare.body), (200, &first.body));
    let broken = sent(b"s%F8knad")
        .bytes("application/json", text.clone())
        .await;
    assert_eq!(
        (broken.status, broken.text_of("pointer")),
        (422, "/subject".into())
    );
    for media in ["application/xml", "application/cloudevents+avro"] {
        assert_eq!(sent(b"17").bytes(media, text.clone()).await.status, 415);
    }
    let structured = "Application/CloudEvents+JSON; charset=UTF-8";
    let as_one = send(&app, SLEMDAL, structured, &proposed("4711", "søknad 17")).await;
    assert_eq!((as_one.status, &as_one.body), (200, &first.body));
}

#[tokio::test]
async fn a_sender_asks_first_whether_it_may_deliver() {
    let app = TestApp::new().await;
    let asked = app
        .request("OPTIONS", "/v1/intake")
        .header("webhook-request-origin", "journal.slemdal.example")
        .header("webhook-request-rate", "120")
        .await;
    assert_eq!(asked.status, 200);
    assert_eq!(
        asked.header("webhook-allowed-origin"),
        Some("journal.slemdal.example")
    );
    assert_eq!(asked.header("webhook-allowed-rate"), Some("*"));
    assert_eq!(asked.header("allow"), Some("POST, OPTIONS"));
    let plain = app.request("OPTIONS", "/v1/intake").await;
    assert_eq!(
        (plain.status, plain.header("webhook-allowed-origin")),
        (200, None)
    );
    for (name, value) in [
        ("webhook-request-origin", "a b"),
        ("webhook-request-origin", ""),
        ("webhook-request-rate", "many"),
    ] {
        let mut request = app.request("OPTIONS", "/v1/intake").header(name, value);
        if name == "webhook-request-rate" {
            request = request.header("webhook-request-origin", "x.example");
        }
        assert_eq!(request.await.status, 400, "{name}: {value}");
    }
}

#[tokio::test]
async fn each_kind_has_its_schema_at_an_address_of_its_own() {
    let app = TestApp::new().await;
    let document = app.get("/openapi.json").await.body;
    let kinds = document["components"]["schemas"]["CloudEvent"]["oneOf"]
        .as_array()
        .unwrap();
    assert!(kinds.len() > 15);
    for kind in kinds {
        let address = kind["x-schema"].as_str().unwrap();
        let schema = app.get(address).await;
        assert_eq!(
            (schema.status, schema.media()),
            (200, Some("application/schema+json"))
        );
        assert_eq!(schema.body["$id"], address);
        assert_eq!(
            schema.body["$schema"],
            "https://json-schema.org/draft/2020-12/schema"
        );
        assert_eq!(schema.body["title"], kind["title"]);
        assert_eq!(schema.body["type"], "object");
        // It stands by itself, and holds nothing that it does not refer to.
        for name in schema.body["$defs"].as_object().into_iter().flatten() {
            let reference = format!("#/$defs/{}", name.0);
            let referred = references(&schema.body);
            assert!(
                referred.contains(&reference.as_str()),
                "{address}: {reference}"
            );
        }
        for reference in references(&schema.body) {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(
                schema.body.pointer(pointer).is_some(),
                "{address}: {reference}"
            );
        }
    }
    let unknown = app
        .get("/schemas/no.stegspor.participant.relapse-reported.v1")
        .await;
    assert_eq!(unknown.status, 404);
}

/// Everything that a schema refers to.
fn references(schema: &Value) -> Vec<&str> {
    match schema {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| match value {
                Value::String(text) if name == "$ref" => vec![text.as_str()],
                value => references(value),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => vec![],
    }
}
