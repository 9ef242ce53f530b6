//! Bad input: each gets a clear problem, with the place and the rule, and nothing is recorded.

use domain::es::Role;
use serde_json::{Value, json};
use tests::{BERGEN, LOLAND, OSLO, Reply, SLEMDAL, TestApp};

/// Asserts what a problem says, whole.
#[track_caller]
fn assert_problem(
    reply: &Reply,
    status: u16,
    slug: &str,
    rule: &str,
    title: &str,
    at: &[(&str, &str)],
) {
    let errors: Vec<Value> = at
        .iter()
        .map(|(pointer, detail)| json!({ "pointer": pointer, "detail": detail }))
        .collect();
    let mut told = reply.body.clone();
    // A rule's problem also repeats what is wrong as its detail.
    if let (Some(told), [(_, detail)]) = (told.as_object_mut(), at)
        && told.get("detail") == Some(&json!(detail))
    {
        told.remove("detail");
    }
    let mut expected = json!({
        "type": format!("/problems/{slug}"), "title": title, "status": status, "rule": rule,
    });
    if let Some((pointer, _)) = at.first() {
        expected["pointer"] = json!(pointer);
        expected["errors"] = json!(errors);
    }
    assert_eq!(told, expected);
    assert_eq!(reply.status, status);
    assert_eq!(reply.media(), Some("application/problem+json"));
}

async fn contact(app: &TestApp, body: Vec<u8>) -> Reply {
    app.post("/v1/participants")
        .veileder(OSLO)
        .bytes("application/json", body)
        .await
}

#[tokio::test]
async fn what_is_not_json_is_told_apart() {
    let app = TestApp::new().await;
    let head = app.service.app.log.head().await.unwrap();
    assert_problem(
        &contact(&app, b"{\"department\":".to_vec()).await,
        400,
        "malformed-json",
        "malformed-json",
        "The body is not JSON.",
        &[("", "not JSON from line 1, column 14")],
    );
    assert_problem(
        &contact(&app, b"{} {}".to_vec()).await,
        400,
        "malformed-json",
        "malformed-json",
        "The body is not JSON.",
        &[("", "not JSON from line 1, column 4")],
    );
    assert_problem(
        &contact(&app, b"{\"name\":\"\xff\"}".to_vec()).await,
        400,
        "invalid-utf-8",
        "invalid-utf-8",
        "The text is not UTF-8.",
        &[("", "the byte at offset 9 belongs to no character")],
    );
    assert_problem(
        &contact(&app, vec![b'['; 10_000]).await,
        400,
        "too-deeply-nested",
        "too-deeply-nested",
        "The JSON is nested too deeply.",
        &[("", "brackets may be nested 64 deep")],
    );
    assert_problem(
        &contact(&app, b"[]".to_vec()).await,
        422,
        "invalid-data",
        "invalid-data",
        "The data do not have the shape that is asked for.",
        &[("", "a JSON object is asked for here")],
    );
    assert_eq!(app.service.app.log.head().await.unwrap(), head);
}

#[tokio::test]
async fn a_field_told_twice_is_refused() {
    let app = TestApp::new().await;
    let head = app.service.app.log.head().await.unwrap();
    let title = "A field is told twice: nobody knows which is meant.";
    let body = format!(r#"{{"department":"{OSLO}","channels":["other"],"department":"{BERGEN}"}}"#);
    assert_problem(
        &contact(&app, body.into_bytes()).await,
        400,
        "duplicate-field",
        "duplicate-field",
        title,
        &[("/department", "this is told already")],
    );
    let event = format!(
        r#"{{"specversion":"1.0","id":"1","source":"/j","subject":"r","type":"no.stegspor.referral.referral-proposed.v1","data":{{"from":"{SLEMDAL}","to":"{OSLO}","from":"{LOLAND}"}}}}"#
    );
    let intake = |media, body: String| {
        app.post("/v1/intake")
            .role_at(Role::Institution, SLEMDAL)
            .bytes(media, body.into_bytes())
    };
    assert_problem(
        &intake("application/cloudevents+json", event.clone()).await,
        400,
        "duplicate-field",
        "duplicate-field",
        title,
        &[("/data/from", "this is told already")],
    );
    assert_problem(
        &intake("application/cloudevents-batch+json", format!("[{event}]")).await,
        400,
        "duplicate-field",
        "duplicate-field",
        title,
        &[("/0/data/from", "this is told already")],
    );
    let twice = intake("application/json", "{}".to_owned())
        .header("ce-specversion", "1.0")
        .header("ce-id", "1")
        .header("ce-type", "no.stegspor.referral.referral-withdrawn.v1")
        .header("ce-source", "/j")
        .header("ce-source", "/k")
        .header("ce-subject", "r")
        .await;
    assert_problem(
        &twice,
        400,
        "duplicate-field",
        "duplicate-field",
        title,
        &[("/source", "this is told already")],
    );
    assert_eq!(app.service.app.log.head().await.unwrap(), head);
}

#[tokio::test]
async fn a_control_character_is_no_text() {
    let app = TestApp::new().await;
    let head = app.service.app.log.head().await.unwrap();
    let body = json!({ "department": OSLO, "channels": ["other"], "name": "Kari\u{0}Eksempel" });
    assert_problem(
        &contact(&app, body.to_string().into_bytes()).await,
        422,
        "invalid-data",
        "invalid-data",
        "The data do not have the shape that is asked for.",
        &[("/name", "there is a control character in this text")],
    );
    assert_eq!(app.service.app.log.head().await.unwrap(), head);
}

#[tokio::test]
async fn what_lies_before_living_memory_is_a_slip_of_the_pen() {
    let app = TestApp::new().await;
    for (occurred_at, status) in [("1899-12-31", 422), ("1900-01-01", 201)] {
        let body = json!({
            "department": OSLO, "channels": ["other"], "occurred_at": occurred_at,
        });
        let reply = contact(&app, body.to_string().into_bytes()).await;
        assert_eq!(reply.status, status);
        if status == 422 {
            assert_problem(
                &reply,
                422,
                "told-of-living-memory",
                "G6",
                "What is told is of living memory: nothing happened before 1900.",
                &[("/occurred_at", "this lies before 1900-01-01")],
            );
        }
    }
}

#[tokio::test]
async fn what_a_stay_rests_on_is_retracted_last() {
    let app = TestApp::new().await;
    let contact = json!({
        "department": OSLO, "channels": ["other"], "occurred_at": "2021-05-01",
    });
    let opened = app
        .post("/v1/participants")
        .veileder(OSLO)
        .json(&contact)
        .await;
    let id = opened.body["ids"]["participant_id"].as_str().unwrap();
    let first = &opened.body["event_ids"][0];
    let path = |command: &str| format!("/v1/participants/{id}/{command}");
    let held = json!({ "occurred_at": "2021-05-02" });
    let held = app
        .post(&path("hold-first-conversation"))
        .veileder(OSLO)
        .json(&held)
        .await;
    let second = &held.body["event_ids"][0];
    let retract = async |entry: &Value| {
        let body = json!({ "entry": entry, "reason": "duplicate" });
        let asked = app.post(&path("retract-entry")).veileder(OSLO).json(&body);
        asked.await
    };
    let reply = retract(first).await;
    let said = format!(
        "entry {} rests on this one: retract that first (G4: this person has not made contact)",
        second.as_str().unwrap()
    );
    assert_problem(
        &reply,
        409,
        "what-others-rest-on-stands",
        "G7",
        "An entry on which others rest is retracted after them.",
        &[("/entry", &said)],
    );
    assert_eq!(retract(second).await.status, 201);
    assert_eq!(retract(first).await.status, 201);
}

#[tokio::test]
async fn which_of_review_and_end_is_wrong_is_said_in_plain_words() {
    let app = TestApp::new().await;
    let tidgiver = app.tidgiver(OSLO, "Tor Frivillig").await;
    let id = app.participant(OSLO, "2021-05-01", "Ola").await;
    let ready = json!({ "readiness": "ready" });
    app.told(&id, OSLO, &[("assess-tidgiver-readiness", ready)])
        .await;
    for (review, ends, rule, pointer, detail) in [
        (
            "2021-09-01",
            "2021-12-01",
            "D27",
            "/review",
            "evalueringen er satt til 2021-09-01, som er for sent: siste dag er 2021-08-26",
        ),
        (
            "2021-08-01",
            "2022-12-01",
            "D27",
            "/ends",
            "slutten er satt til 2022-12-01, som er for sent: siste dag er 2022-07-02",
        ),
        (
            "2021-08-01",
            "2021-07-15",
            "G2",
            "/ends",
            "slutten er satt til 2021-07-15, som er før evalueringen 2021-08-01",
        ),
        (
            "2021-06-01",
            "2021-12-01",
            "G2",
            "/review",
            "evalueringen er satt til 2021-06-01, som er før 2021-07-01, da den regnes fra",
        ),
    ] {
        let reply = app
            .post(&format!("/v1/participants/{id}/match-tidgiver"))
            .leader(OSLO)
            .header("accept-language", "nb")
            .json(&json!({
                "tidgiver": tidgiver, "kind": "social", "purpose": "sport",
                "begins": "2021-07-01", "review": review, "ends": ends,
                "because": ["interests"], "ground_rules_accepted": true,
            }))
            .await;
        assert_eq!(
            (
                reply.text_of("rule"),
                reply.text_of("pointer"),
                reply.text_of("detail")
            ),
            (rule.to_owned(), pointer.to_owned(), detail.to_owned())
        );
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let app = TestApp::new().await;
    let body = json!({ "department": OSLO, "channels": ["other"], "name": "x".repeat(300_000) });
    assert_problem(
        &contact(&app, body.to_string().into_bytes()).await,
        413,
        "body-too-large",
        "body-too-large",
        "The body is larger than what is taken.",
        &[("", "at most 256 KiB are taken here")],
    );
}

#[tokio::test]
async fn another_media_type_is_not_understood() {
    let app = TestApp::new().await;
    let reply = app
        .post("/v1/participants")
        .veileder(OSLO)
        .bytes("text/xml", b"<participant/>".to_vec())
        .await;
    assert_problem(
        &reply,
        415,
        "unsupported-media-type",
        "unsupported-media-type",
        "This media type is not understood here.",
        &[("/Content-Type", "understood here: application/json")],
    );
}

#[tokio::test]
async fn what_lies_in_the_future_has_not_happened() {
    let app = TestApp::new().await;
    let body = json!({ "department": OSLO, "channels": ["other"], "occurred_at": "2021-07-02" });
    assert_problem(
        &contact(&app, body.to_string().into_bytes()).await,
        422,
        "told-when-it-has-happened",
        "G5",
        "What is told has happened: a fact does not lie in the future.",
        &[("/occurred_at", "this lies in the future")],
    );
    let body = json!({ "department": OSLO, "channels": ["other"], "occurred_at": "soon" });
    assert_problem(
        &contact(&app, body.to_string().into_bytes()).await,
        422,
        "invalid-data",
        "invalid-data",
        "The data do not have the shape that is asked for.",
        &[(
            "/occurred_at",
            "a date (2020-03-01) or a moment with its time zone (2020-03-01T09:30:00Z)",
        )],
    );
}

#[tokio::test]
async fn an_end_does_not_lie_before_its_beginning() {
    let app = TestApp::new().await;
    let id = app.participant(OSLO, "2021-05-01", "Ola").await;
    let reply = app
        .post(&format!("/v1/participants/{id}/end-participation"))
        .veileder(OSLO)
        .json(&json!({
            "reason": "faded-out", "learned": "from-participant", "occurred_at": "2021-04-30",
        }))
        .await;
    assert_problem(
        &reply,
        422,
        "dates-are-in-order",
        "G2",
        "Nothing lies before the beginning of what it belongs to.",
        &[(
            "/occurred_at",
            "this lies before 2021-05-01, when what it belongs to began",
        )],
    );
}

#[tokio::test]
async fn a_unit_that_is_named_is_registered() {
    let app = TestApp::new().await;
    let body = json!({ "department": OSLO, "channels": ["other"], "through": "nowhere" });
    assert_problem(
        &contact(&app, body.to_string().into_bytes()).await,
        422,
        "unit-is-registered",
        "G1",
        "A unit that is named is registered, and is of the kind that its part asks for.",
        &[(
            "/through",
            "nowhere is not registered as what it is named as",
        )],
    );
}

#[tokio::test]
async fn a_unit_in_which_something_opens_is_registered() {
    let app = TestApp::new().await;
    let head = app.service.app.log.head().await.unwrap();
    let open = |path: &'static str, role, unit, body: Value| {
        let app = &app;
        async move { app.post(path).role_at(role, unit).json(&body).await }
    };
    let contact = |department| json!({ "department": department, "channels": ["other"] });
    let referral = |from, to| json!({ "from": from, "to": to, "situation": "in-patient" });
    let nowhere = "stegforsteg-nowhere";
    for (path, role, unit, body, pointer) in [
        (
            "/v1/participants",
            Role::Veileder,
            OSLO,
            contact(nowhere),
            "/department",
        ),
        (
            "/v1/tidgivere",
            Role::DepartmentLeader,
            OSLO,
            json!({ "department": nowhere }),
            "/department",
        ),
        (
            "/v1/referrals",
            Role::Institution,
            SLEMDAL,
            referral(nowhere, OSLO),
            "/from",
        ),
    ] {
        let reply = open(path, role, unit, body).await;
        assert_problem(
            &reply,
            422,
            "unit-is-registered",
            "G1",
            "A unit that is named is registered, and is of the kind that its part asks for.",
            &[(pointer, "stegforsteg-nowhere is not registered")],
        );
    }
    let to_nowhere = referral(SLEMDAL, nowhere);
    let reply = open("/v1/referrals", Role::Institution, SLEMDAL, to_nowhere).await;
    assert_eq!((reply.status, &reply.body["pointer"]), (422, &json!("/to")));
    // A department that is there and another's looks as what is not there.
    for (path, role, unit, body) in [
        ("/v1/participants", Role::Veileder, OSLO, contact(BERGEN)),
        (
            "/v1/tidgivere",
            Role::DepartmentLeader,
            OSLO,
            json!({ "department": BERGEN }),
        ),
        (
            "/v1/referrals",
            Role::Institution,
            SLEMDAL,
            referral(LOLAND, OSLO),
        ),
    ] {
        let reply = open(path, role, unit, body).await;
        assert_eq!(
            (reply.status, reply.text_of("rule")),
            (404, "not-found".into())
        );
    }
    assert_eq!(app.service.app.log.head().await.unwrap(), head);
}

#[tokio::test]
async fn a_cooperation_is_that_of_its_address() {
    let app = TestApp::new().await;
    let head = app.service.app.log.head().await.unwrap();
    let shape = "The data do not have the shape that is asked for.";
    let path = format!("/v1/cooperations/{SLEMDAL}/{OSLO}/begin-cooperation");
    for (unit, department, pointer, detail) in [
        (
            LOLAND,
            OSLO,
            "/unit",
            "this is told to the cooperation of slemdal",
        ),
        (
            SLEMDAL,
            BERGEN,
            "/department",
            "this is told to the cooperation of stegforsteg-oslo",
        ),
    ] {
        let body = json!({
            "unit": unit, "department": department,
            "coordinator": "0197f0a2-0000-7000-8000-000000000001",
        });
        let reply = app.post(&path).leader(OSLO).json(&body).await;
        assert_problem(
            &reply,
            422,
            "invalid-data",
            "invalid-data",
            shape,
            &[(pointer, detail)],
        );
        let event = json!({
            "specversion": "1.0", "id": "1", "source": "/slemdal/journal",
            "type": "no.stegspor.cooperation.cooperation-begun.v1",
            "subject": format!("{SLEMDAL}~{OSLO}"), "time": "2021-06-01", "data": body,
        });
        let reply = app
            .post("/v1/intake")
            .role_at(Role::Institution, SLEMDAL)
            .bytes(
                "application/cloudevents+json",
                event.to_string().into_bytes(),
            )
            .await;
        assert_problem(
            &reply,
            422,
            "invalid-data",
            "invalid-data",
            shape,
            &[(&format!("/data{pointer}"), detail)],
        );
    }
    assert_eq!(app.service.app.log.head().await.unwrap(), head);
    let mut body = json!({
        "unit": SLEMDAL, "department": OSLO,
        "coordinator": "0197f0a2-0000-7000-8000-000000000001",
    });
    let begun = app.post(&path).leader(OSLO).json(&body).await;
    assert_eq!(begun.status, 201, "{begun:?}");
    body["unit"] = json!(LOLAND);
    let corrected = app
        .post(&format!("/v1/cooperations/{SLEMDAL}/{OSLO}/correct-entry"))
        .leader(OSLO)
        .json(&json!({
            "entry": begun.body["event_ids"][0], "occurred_at": "2021-06-01", "data": body,
        }))
        .await;
    assert_eq!(
        (corrected.status, &corrected.body["pointer"]),
        (422, &json!("/data/unit"))
    );
}

#[tokio::test]
async fn of_a_cooperation_that_has_not_begun_an_unknown_unit_is_told_first() {
    let app = TestApp::new().await;
    let head = app.service.app.log.head().await.unwrap();
    let visit = json!({ "setting": "informal-presence" });
    for (unit, status, rule, detail) in [
        (
            "slemdall",
            422,
            "G1",
            "slemdall is not registered as what it is named as",
        ),
        (
            SLEMDAL,
            409,
            "D41",
            "the cooperation has not begun: it begins with a named coordinator",
        ),
    ] {
        let reply = app
            .post(&format!("/v1/cooperations/{unit}/{OSLO}/hold-presence"))
            .leader(OSLO)
            .json(&visit)
            .await;
        let told = (reply.status, reply.text_of("rule"), reply.text_of("detail"));
        assert_eq!(told, (status, rule.to_owned(), detail.to_owned()));
    }
    assert_eq!(app.service.app.log.head().await.unwrap(), head);
}

#[tokio::test]
async fn all_fields_that_are_missing_are_told_at_once() {
    let app = TestApp::new().await;
    let needed = "this field is needed";
    let id = app.participant(OSLO, "2021-05-01", "Ola").await;
    let reply = app
        .post(&format!("/v1/participants/{id}/match-tidgiver"))
        .leader(OSLO)
        .json(&json!({ "kind": "social", "ends": "2021-12-01" }))
        .await;
    assert_problem(
        &reply,
        422,
        "invalid-data",
        "invalid-data",
        "The data do not have the shape that is asked for.",
        &[
            ("/tidgiver", needed),
            ("/purpose", needed),
            ("/begins", needed),
            ("/review", needed),
            ("/because", needed),
            ("/ground_rules_accepted", needed),
        ],
    );
}

#[tokio::test]
async fn fields_that_do_not_fit_are_pointed_at() {
    let app = TestApp::new().await;
    let shape = "The data do not have the shape that is asked for.";
    let id = app.participant(OSLO, "2021-05-01", "Ola").await;
    for (command, body, pointer, detail) in [
        (
            "end-participation",
            json!({ "reason": "faded-out" }),
            "/learned",
            "this field is needed",
        ),
        (
            "report-relapse",
            json!({ "diagnosis": "F10.2" }),
            "/diagnosis",
            "there is no such field here",
        ),
        (
            "complete-kartlegging",
            json!({ "wishes": ["sport", "happiness"], "network_mapped": true }),
            "/wishes/1",
            "one of these is asked for: substance-free-network, outdoor-activities, \
             culture-and-leisure, sport, education, work, housing, finances, social-activities, \
             somebody-to-talk-with, public-services, network-mapping, plan-with-own-goals",
        ),
        (
            "make-relapse-contact",
            json!({ "reached": "yes" }),
            "/reached",
            "this does not have the form that is asked for: see the schema",
        ),
    ] {
        let reply = app
            .post(&format!("/v1/participants/{id}/{command}"))
            .veileder(OSLO)
            .json(&body)
            .await;
        assert_problem(
            &reply,
            422,
            "invalid-data",
            "invalid-data",
            shape,
            &[(pointer, detail)],
        );
    }
}

#[tokio::test]
async fn notes_are_short_and_leave_no_trace_when_refused() {
    let app = TestApp::new().await;
    let id = app.participant(OSLO, "2021-05-01", "Ola").await;
    let set_goal = format!("/v1/participants/{id}/set-goal");
    let long = app
        .post(&set_goal)
        .veileder(OSLO)
        .json(&json!({ "text": "ø".repeat(501), "participant_agreed": true }))
        .await;
    assert_problem(
        &long,
        422,
        "no-journal",
        "D24",
        "This is no journal: no diagnosis, and what is written is short and never about treatment.",
        &[("/text", "at most 500 characters are kept here")],
    );
    let person = domain::es::PersonKey(id.parse().unwrap());
    let vault = &app.service.app.vault;
    let kept = vault.of_person(person).await.unwrap().len();
    let not_agreed = app
        .post(&set_goal)
        .veileder(OSLO)
        .json(&json!({ "text": "Slutte å ringe", "participant_agreed": false }))
        .await;
    assert_problem(
        &not_agreed,
        409,
        "goals-are-the-participants-own",
        "D18",
        "Goals are the participant's own; each records that they agreed.",
        &[(
            "/participant_agreed",
            "a goal is the participant's own: it is set when they agree",
        )],
    );
    assert_eq!(vault.of_person(person).await.unwrap().len(), kept);
}

#[tokio::test]
async fn a_correction_has_the_shape_of_what_it_corrects() {
    let app = TestApp::new().await;
    let id = app.contact_made(OSLO, "2021-06-01", "Ola").await;
    let correct = format!("/v1/participants/{id}/correct-entry");
    let unknown = app
        .post(&correct)
        .veileder(OSLO)
        .json(&json!({
            "entry": "0197f0a2-0000-7000-8000-000000000001",
            "occurred_at": "2021-06-01", "data": {},
        }))
        .await;
    assert_problem(
        &unknown,
        409,
        "what-is-named-is-known",
        "G4",
        "A fact about something names something that is known and still open.",
        &[("/entry", "no entry of this id is known here")],
    );
    let stream = format!("participant-{id}").parse().unwrap();
    let log = &app.service.app.log;
    let events = log
        .read_stream(&stream, domain::es::Version::NONE)
        .await
        .unwrap();
    let misshapen = app
        .post(&correct)
        .veileder(OSLO)
        .json(&json!({
            "entry": events[0].id, "occurred_at": "2021-06-01", "data": { "channels": [7] },
        }))
        .await;
    assert_eq!(misshapen.status, 422);
    assert_eq!(misshapen.body["pointer"], "/data/channels/0");
}

#[tokio::test]
async fn no_correction_puts_an_entry_before_the_one_it_rests_on() {
    let app = TestApp::new().await;
    let contact = json!({
        "department": OSLO, "channels": ["other"], "occurred_at": "2021-05-01",
    });
    let opened = app
        .post("/v1/participants")
        .veileder(OSLO)
        .json(&contact)
        .await;
    let id = opened.body["ids"]["participant_id"].as_str().unwrap();
    let first = &opened.body["event_ids"][0];
    let path = |command: &str| format!("/v1/participants/{id}/{command}");
    let held = app
        .post(&path("hold-first-conversation"))
        .veileder(OSLO)
        .json(&json!({ "occurred_at": "2021-05-10" }))
        .await;
    let second = &held.body["event_ids"][0];
    let correct = async |entry: &Value, occurred_at: &str, data: Value| {
        let body = json!({ "entry": entry, "occurred_at": occurred_at, "data": data });
        let asked = app.post(&path("correct-entry")).veileder(OSLO).json(&body);
        asked.await
    };
    let contact = json!({ "department": OSLO, "channels": ["other"] });
    let title = "Nothing lies before the beginning of what it belongs to.";
    let before = |begun: &str| format!("this lies before {begun}, when what it belongs to began");
    let beside_it = |begun: &str| {
        let second = second.as_str().unwrap();
        format!(
            "entry {second} could not stand beside this: {}",
            before(begun)
        )
    };
    for (entry, day, data, pointer, said) in [
        (
            first,
            "2021-05-11",
            contact.clone(),
            "/entry",
            beside_it("2021-05-11"),
        ),
        (
            second,
            "2021-04-30",
            json!({}),
            "/occurred_at",
            before("2021-05-01"),
        ),
    ] {
        assert_problem(
            &correct(entry, day, data).await,
            422,
            "dates-are-in-order",
            "G2",
            title,
            &[(pointer, &said)],
        );
    }
    // On the day itself it does not lie before, and what came first may come later after the rest.
    assert_eq!(
        correct(first, "2021-05-10", contact.clone()).await.status,
        201
    );
    let moved = correct(second, "2021-05-20", json!({})).await;
    assert_eq!(moved.status, 201);
    assert_eq!(correct(first, "2021-05-15", contact).await.status, 201);
    // Nor does taking a correction back.
    let retracted = app
        .post(&path("retract-entry"))
        .veileder(OSLO)
        .json(&json!({ "entry": moved.body["event_ids"][0], "reason": "duplicate" }))
        .await;
    assert_problem(
        &retracted,
        422,
        "dates-are-in-order",
        "G2",
        title,
        &[("/entry", &beside_it("2021-05-15"))],
    );
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let app = TestApp::new().await;
    let id = app.contact_made(OSLO, "2021-06-01", "Ola").await;
    let nobody = "0197f0a2-0000-7000-8000-000000000001";
    for path in [
        "/v1/nothing".to_owned(),
        format!("/v1/participants/{id}/fly"),
        format!("/v1/participants/{nobody}/report-relapse"),
        "/v1/participants/someone/report-relapse".to_owned(),
        "/v1/units/nowhere/report-key-figures".to_owned(),
        "/v1/referrals/0/agree".to_owned(),
    ] {
        let reply = app.post(&path).leader(OSLO).json(&json!({})).await;
        assert_problem(
            &reply,
            404,
            "not-found",
            "not-found",
            "There is nothing here for you.",
            &[],
        );
    }
}

#[tokio::test]
async fn headers_and_parameters_are_understood_or_refused() {
    let app = TestApp::new().await;
    let long_key = app
        .post("/v1/participants")
        .veileder(OSLO)
        .header("idempotency-key", &"x".repeat(101))
        .json(&json!({ "department": OSLO, "channels": ["other"] }))
        .await;
    assert_problem(
        &long_key,
        400,
        "invalid-header",
        "invalid-header",
        "A header cannot be understood.",
        &[("/Idempotency-Key", "a key is 1 to 100 visible characters")],
    );
    let not_understood = "A parameter cannot be understood.";
    let size = "a number from 1 to 500";
    for (query, pointer, detail) in [
        ("standing?as_of=soon", "/as_of", "a date: 2020-12-31"),
        (
            "standing?as_of=2020-12-31&as_of=2020-12-30",
            "/as_of",
            "a parameter is told once",
        ),
        ("participants?limit=0", "/limit", size),
        ("participants?limit=501", "/limit", size),
        ("worklist?limit=70000", "/limit", size),
        (
            "flows?since=2021-02-01&until=2021-01-31",
            "/since",
            "a window begins before it ends: on 2021-01-31 at the latest",
        ),
        (
            "standing?as-of=2020-12-31",
            "/as-of",
            "there is no such parameter here",
        ),
        (
            "standing?known_at=soon",
            "/known_at",
            "a moment with its time zone (2020-12-31T12:00:00Z), or a date",
        ),
        (
            "standing?min_position=-1",
            "/min_position",
            "a whole number from 0",
        ),
        (
            "standing?unit=Oslo!",
            "/unit",
            "a unit's short name: stegforsteg-oslo",
        ),
    ] {
        let reply = app.get(&format!("/v1/{query}")).leader(OSLO).await;
        assert_problem(
            &reply,
            422,
            "invalid-parameter",
            "invalid-parameter",
            not_understood,
            &[(pointer, detail)],
        );
    }
    for in_bounds in [
        "participants?limit=1",
        "participants?limit=500",
        "flows?since=2021-02-01&until=2021-02-01",
    ] {
        let reply = app.get(&format!("/v1/{in_bounds}")).leader(OSLO).await;
        assert_eq!(reply.status, 200, "{reply:?}");
    }
    let no_text = app.get("/v1/participants/%ff").leader(OSLO).await;
    assert_eq!(
        (no_text.status, no_text.text_of("type")),
        (400, "/problems/invalid-utf-8".into())
    );
    let unknown = app
        .get("/v1/standing?unit=nowhere")
        .role(Role::NationalLead)
        .await;
    assert_eq!(
        (unknown.status, unknown.text_of("rule")),
        (422, "G1".into())
    );
    let cursor = app.get("/v1/participants?cursor=ab12.x").leader(OSLO).await;
    assert_eq!(
        (cursor.status, &cursor.body["pointer"]),
        (422, &json!("/cursor"))
    );
}

#[tokio::test]
async fn a_unit_in_the_wrong_part_is_refused() {
    let app = TestApp::new().await;
    let reply = app
        .post("/v1/referrals")
        .role_at(Role::Institution, SLEMDAL)
        .json(&json!({ "from": SLEMDAL, "to": "nav", "situation": "in-patient" }))
        .await;
    assert_eq!((reply.status, &reply.body["pointer"]), (422, &json!("/to")));
    assert_eq!(reply.body["rule"], "G1");
}
