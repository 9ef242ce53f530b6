//! Everything that is kept about a person, as they are told it.

use domain::es::Role;
use serde_json::{Value, json};
use tests::{BERGEN, OSLO, Reply, SLEMDAL, TestApp};
use uuid::Uuid;

/// Somebody whom an institution introduced, with a goal of their own, and a mistake in their record.
async fn somebody(app: &TestApp) -> String {
    let proposed = json!({
        "specversion": "1.0", "id": "4711", "source": "/slemdal/journal", "subject": "journal-17",
        "type": "no.stegspor.referral.referral-proposed.v1", "time": "2021-06-01", "ward": "B2",
        "data": {
            "from": SLEMDAL, "to": OSLO, "situation": "in-patient", "name": "Kari Fiktiv",
            "consent_id": "0197f0a2-0000-7000-8000-0000000000c1",
        },
    });
    let taken = app
        .post("/v1/intake")
        .role_at(Role::Institution, SLEMDAL)
        .bytes(
            "application/cloudevents+json",
            proposed.to_string().into_bytes(),
        )
        .await;
    let referral = taken.text_of("id");
    let person = Uuid::from_u128(0x77).to_string();
    let consent = "0197f0a2-0000-7000-8000-0000000000c1";
    for (command, told) in [
        (
            "agree",
            json!({ "participant_id": person, "consent_id": consent }),
        ),
        ("hold-joint-conversation", json!({})),
        ("accept-referral", json!({})),
    ] {
        let told = app
            .post(&format!("/v1/referrals/{referral}/{command}"))
            .veileder(OSLO)
            .json(&told)
            .await;
        assert_eq!(told.status, 201, "{told:?}");
    }
    let tell = async |command: &str, told: Value| {
        let reply = app
            .post(&format!("/v1/participants/{person}/{command}"))
            .veileder(OSLO)
            .json(&told)
            .await;
        assert!(reply.status < 300, "{command}: {reply:?}");
        reply
    };
    tell("hold-first-conversation", json!({})).await;
    let mapped = json!({ "wishes": ["housing"], "network_mapped": false });
    tell("complete-kartlegging", mapped).await;
    tell("begin-participation", json!({})).await;
    tell("make-plan", json!({ "form": "oral" })).await;
    let goal = json!({ "text": "Et sted å bo", "participant_agreed": true });
    tell("set-goal", goal).await;
    let contact = json!({ "channel": "sms", "with": "veileder" });
    let mistaken = tell("hold-contact", contact).await;
    let entry = mistaken.body["event_ids"][0].clone();
    let retraction = json!({ "entry": entry, "reason": "did-not-happen" });
    tell("retract-entry", retraction).await;
    person
}

async fn export(app: &TestApp, person: &str, role: Role, unit: Option<&str>) -> Reply {
    let path = format!("/v1/participants/{person}/export");
    let subject = if role == Role::Participant {
        person.parse().unwrap()
    } else {
        Uuid::from_u128(1)
    };
    let token = app.token(role, unit, subject);
    app.get(&path).token(&token).await
}

#[tokio::test]
async fn a_person_is_told_everything_in_their_own_words() {
    let app = TestApp::new().await;
    let person = somebody(&app).await;
    let told = export(&app, &person, Role::Participant, None).await;
    assert_eq!(told.status, 200, "{told:?}");
    let entries = told.body["entries"].as_array().unwrap();
    let log = &app.service.app.log;
    let mut stored = 0;
    for event in log.read_all(domain::es::Position(5), 1_000).await.unwrap() {
        stored += 1;
        let id = event.id.to_string();
        assert!(
            entries.iter().any(|entry| entry["event_id"] == id),
            "{event:?}"
        );
    }
    assert_eq!(entries.len(), stored);
    let of = |kind: &str| entries.iter().find(|entry| entry["kind"] == kind).unwrap();
    assert_eq!(of("referral-proposed")["data"]["name"], "Kari Fiktiv");
    assert_eq!(of("referral-proposed")["told_by"]["unit"], SLEMDAL);
    assert_eq!(of("goal-set")["data"]["text"], "Et sted å bo");
    assert_eq!(of("contact-held")["retracted"], true);
    assert_eq!(of("plan-made")["retracted"], false);
    let besides: Vec<_> = told.body["kept_besides"]
        .as_array()
        .unwrap()
        .iter()
        .collect();
    let texts: Vec<_> = besides
        .iter()
        .map(|one| one["text"].as_str().unwrap())
        .collect();
    assert_eq!(texts.len(), 2);
    assert!(
        texts.contains(&"journal-17") && texts.contains(&r#"{"ward":"B2"}"#),
        "{texts:?}"
    );
}

#[tokio::test]
async fn a_department_tells_of_what_it_holds_and_nobody_else_of_anything() {
    let app = TestApp::new().await;
    let person = somebody(&app).await;
    let told = export(&app, &person, Role::DepartmentLeader, Some(OSLO)).await;
    assert_eq!((told.status, &told.body["held_by"]), (200, &json!(OSLO)));
    assert_eq!(told.body["kept_besides"], json!([]));
    let transferred = app
        .post(&format!("/v1/participants/{person}/transfer"))
        .leader(OSLO)
        .json(&json!({ "to": BERGEN }))
        .await;
    assert_eq!(transferred.status, 201, "{transferred:?}");
    let told = export(&app, &person, Role::DepartmentLeader, Some(BERGEN)).await;
    let records = told.body["entries"].as_array().unwrap().iter();
    assert!(records.clone().count() > 5);
    assert!(
        records
            .clone()
            .all(|entry| entry["record"] == "participant"),
        "the referral was to another department"
    );
    for (role, unit) in [
        (Role::DepartmentLeader, Some(OSLO)),
        (Role::Veileder, Some(BERGEN)),
        (Role::NationalLead, None),
        (Role::Analyst, None),
        (Role::Institution, Some(SLEMDAL)),
        (Role::Operator, None),
    ] {
        let told = export(&app, &person, role, unit).await;
        assert_eq!(told.status, 404, "{role:?}");
    }
    let another = app.token(Role::Participant, None, Uuid::from_u128(8));
    let path = format!("/v1/participants/{person}/export");
    assert_eq!(app.get(&path).token(&another).await.status, 404);
}

#[tokio::test]
async fn what_was_about_somebody_else_is_told_to_nobody() {
    let app = TestApp::new().await;
    let person = somebody(&app).await;
    let tell = async |command: &str, told: Value| {
        app.post(&format!("/v1/participants/{person}/{command}"))
            .veileder(OSLO)
            .json(&told)
            .await
    };
    let goal = json!({ "text": "Noen andres mål", "participant_agreed": true });
    let mistaken = tell("set-goal", goal).await;
    let entry = mistaken.body["event_ids"][0].clone();
    let retraction = json!({ "entry": entry, "reason": "wrong-person" });
    assert_eq!(tell("retract-entry", retraction).await.status, 201);
    for (role, unit) in [
        (Role::Participant, None),
        (Role::DepartmentLeader, Some(OSLO)),
    ] {
        let told = export(&app, &person, role, unit).await;
        assert_eq!(told.status, 200, "{told:?}");
        assert!(told.text.contains("Et sted å bo"));
        let entry = entry.as_str().unwrap();
        for hidden in ["Noen andres mål", entry, "wrong-person"] {
            assert!(!told.text.contains(hidden), "{role:?}: {hidden}");
        }
    }
}

/// Whose referral was taken for this person's: it is not followed.
#[tokio::test]
async fn a_referral_that_led_elsewhere_is_not_followed() {
    let app = TestApp::new().await;
    let person = somebody(&app).await;
    let told = export(&app, &person, Role::Participant, None).await;
    let contact = told.body["entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["record"] == "participant" && !entry["referral_id"].is_null())
        .filter(|entry| entry["retracted"] == false && entry["kind"] != "entry-retracted");
    let led = contact.map(|entry| entry["event_id"].clone());
    for entry in led.collect::<Vec<_>>().into_iter().rev() {
        let retraction = json!({ "entry": entry, "reason": "wrong-person" });
        let retracted = app
            .post(&format!("/v1/participants/{person}/retract-entry"))
            .leader(OSLO)
            .json(&retraction)
            .await;
        assert!(retracted.status < 300, "{retracted:?}");
    }
    let told = export(&app, &person, Role::Participant, None).await;
    assert_eq!(told.status, 200, "{told:?}");
    for hidden in ["Kari Fiktiv", "journal-17", "B2"] {
        assert!(!told.text.contains(hidden), "{hidden}: {told:?}");
    }
}

#[tokio::test]
async fn a_department_is_told_nothing_of_treatment_when_the_consent_is_withdrawn() {
    let app = TestApp::new().await;
    let person = somebody(&app).await;
    let told = export(&app, &person, Role::Participant, None).await;
    let entries = told.body["entries"].as_array().unwrap();
    let referral = entries
        .iter()
        .find(|entry| entry["kind"] == "referral-proposed")
        .unwrap()["referral_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let admitted = app
        .post(&format!("/v1/referrals/{referral}/admit-to-treatment"))
        .role_at(Role::Institution, SLEMDAL)
        .json(&json!({}))
        .await;
    assert_eq!(admitted.status, 201, "{admitted:?}");
    let kinds = async |role: Role, unit: Option<&str>| {
        let told = export(&app, &person, role, unit).await;
        assert_eq!(told.status, 200, "{told:?}");
        let entries = told.body["entries"].as_array().unwrap();
        let kinds = entries.iter().map(|entry| entry["kind"].clone());
        kinds.collect::<Vec<_>>()
    };
    let of_treatment = json!("treatment-admitted");
    let leader = (Role::DepartmentLeader, Some(OSLO));
    assert!(kinds(leader.0, leader.1).await.contains(&of_treatment));
    let token = app.token(Role::Participant, None, person.parse().unwrap());
    let withdrawn = app
        .post(&format!("/v1/participants/{person}/withdraw-consent"))
        .token(&token)
        .json(&json!({ "consent_id": "0197f0a2-0000-7000-8000-0000000000c1" }))
        .await;
    assert_eq!(withdrawn.status, 201, "{withdrawn:?}");
    assert!(!kinds(leader.0, leader.1).await.contains(&of_treatment));
    assert!(kinds(Role::Participant, None).await.contains(&of_treatment));
}

#[tokio::test]
async fn the_page_says_it_in_the_readers_language() {
    let app = TestApp::new().await;
    let person = somebody(&app).await;
    let path = format!("/v1/participants/{person}/export");
    let token = app.token(Role::Participant, None, person.parse().unwrap());
    let page = async |language: &str| {
        app.get(&path)
            .token(&token)
            .header("accept", "text/html,application/json;q=0.9")
            .header("accept-language", language)
            .await
    };
    let norwegian = page("nb").await;
    assert_eq!(
        norwegian.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let text = &norwegian.text;
    for said in [
        "<html lang=\"nb\">",
        "Alt som er lagret om deg",
        "Kari Fiktiv",
        "Et sted å bo",
        "Trukket tilbake",
        "journal-17",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    for unsaid in [
        "vault",
        "How the person",
        "What the person",
        "(regel",
        "(rule",
    ] {
        assert!(!text.contains(unsaid), "{unsaid}: {text}");
    }
    assert!(
        page("en")
            .await
            .text
            .contains("Everything that is kept about you")
    );
}
