//! Commands over HTTP: what they answer, and that a request that is repeated is recorded once.

use domain::es::{Position, Role};
use serde_json::json;
use tests::{BERGEN, OSLO, TestApp};

#[tokio::test]
async fn a_first_contact_is_recorded_and_its_words_stay_out_of_the_log() {
    let app = TestApp::new().await;
    let before = app.service.app.log.head().await.unwrap();
    let reply = app
        .post("/v1/participants")
        .veileder(OSLO)
        .header(
            "traceparent",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        )
        .json(&json!({
            "department": OSLO,
            "channels": ["other-participants"],
            "name": "Kari Eksempel",
            "contact": "900 00 000",
            "occurred_at": "2021-06-30",
        }))
        .await;
    assert_eq!(reply.status, 201, "{reply:?}");
    let id = reply.text_of("id");
    assert_eq!(
        reply.header("location"),
        Some(format!("/v1/participants/{id}").as_str())
    );
    assert_eq!(reply.header("etag"), Some("\"1\""));
    assert_eq!(reply.body["version"], 1);
    assert_eq!(reply.body["position"], before.0 + 1);
    assert_eq!(reply.body["event_ids"].as_array().unwrap().len(), 1);

    let events = app.service.app.log.read_all(before, 10).await.unwrap();
    let [event] = events.as_slice() else {
        panic!("one event")
    };
    let stored = format!("{} {} {}", event.stream, event.metadata, event.data);
    assert!(
        !stored.contains("Kari") && !stored.contains("900"),
        "{stored}"
    );
    assert!(event.metadata.contains("4bf92f3577b34da6a3ce929d0e0e4736"));
    assert!(event.metadata.contains("\"role\":\"veileder\""));

    app.caught_up().await;
    let seen = app
        .get(&format!("/v1/participants/{id}"))
        .veileder(OSLO)
        .await;
    assert_eq!(seen.status, 200, "{seen:?}");
    assert_eq!(seen.body["name"], "Kari Eksempel");
    assert_eq!(seen.body["contact"], "900 00 000");
    assert_eq!(seen.body["stays"][0]["standing"], "inquiry");
}

#[tokio::test]
async fn a_command_sent_twice_under_one_key_is_recorded_once() {
    let app = TestApp::new().await;
    let body = json!({ "department": OSLO, "channels": ["other"], "name": "Ola" });
    let send = |body: &serde_json::Value| {
        app.post("/v1/participants")
            .veileder(OSLO)
            .header("idempotency-key", "the morning's call")
            .json(body)
    };
    let first = send(&body).await;
    let head = app.service.app.log.head().await.unwrap();
    // Later, and without a time of its own: it still is the same request.
    app.clock.set("2021-07-01T11:00:00Z".parse().unwrap());
    let second = send(&body).await;
    assert_eq!((first.status, second.status), (201, 200), "{second:?}");
    assert_eq!(first.body, second.body);
    assert_eq!(app.service.app.log.head().await.unwrap(), head);

    let other = send(&json!({ "department": OSLO, "channels": ["other"], "name": "Per" })).await;
    assert_eq!(other.status, 409);
    assert_eq!(
        other.body,
        json!({
            "type": "/problems/a-name-is-given-once",
            "title": "An id names one thing, for ever.",
            "status": 409,
            "detail": "this id was used for something else",
            "rule": "G3",
        })
    );
    // The words that were told first are still there.
    app.caught_up().await;
    let id = first.text_of("id");
    let seen = app
        .get(&format!("/v1/participants/{id}"))
        .veileder(OSLO)
        .await;
    assert_eq!(seen.body["name"], "Ola");
}

#[tokio::test]
async fn a_command_rests_on_the_version_that_was_seen() {
    let app = TestApp::new().await;
    let id = app.contact_made(OSLO, "2021-06-01", "Ola").await;
    let hold = format!("/v1/participants/{id}/hold-first-conversation");
    let stale = app
        .post(&hold)
        .veileder(OSLO)
        .header("if-match", "\"7\"")
        .await;
    assert_eq!(stale.status, 412);
    assert_eq!(
        stale.body,
        json!({
            "type": "/problems/stale-version",
            "title": "The record has changed since it was seen.",
            "status": 412,
            "rule": "stale-version",
            "pointer": "/If-Match",
            "errors": [{
                "pointer": "/If-Match",
                "detail": "the record is at version 1, not 7",
            }],
        })
    );
    let fresh = app
        .post(&hold)
        .veileder(OSLO)
        .header("if-match", "\"1\"")
        .await;
    assert_eq!((fresh.status, fresh.header("etag")), (201, Some("\"2\"")));
    let malformed = app.post(&hold).veileder(OSLO).header("if-match", "2").await;
    assert_eq!(
        (malformed.status, malformed.text_of("rule")),
        (400, "invalid-header".into())
    );
}

#[tokio::test]
async fn what_is_seen_of_a_person_bears_the_version_to_match() {
    let app = TestApp::new().await;
    let id = app.participant(OSLO, "2021-06-01", "Ola").await;
    app.contact_made(OSLO, "2021-06-02", "Kari").await;
    app.caught_up().await;
    let path = format!("/v1/participants/{id}");
    let seen = app.get(&path).veileder(OSLO).await;
    assert_eq!((seen.status, seen.header("etag")), (200, Some("\"4\"")));
    let relapse = format!("{path}/report-relapse");
    let tell = || {
        app.post(&relapse)
            .veileder(OSLO)
            .header("if-match", "\"4\"")
    };
    assert_eq!(tell().await.status, 201);
    assert_eq!(tell().await.status, 412);
    // It is the version of what is shown, not of what was told since.
    let behind = app.get(&path).veileder(OSLO).await;
    assert_eq!(behind.header("etag"), Some("\"4\""));
    app.caught_up().await;
    let after = app.get(&path).veileder(OSLO).await;
    assert_eq!(after.header("etag"), Some("\"5\""));
    let then = format!("{path}?as_of=2021-06-30");
    let then = app.get(&then).veileder(OSLO).await;
    assert_eq!((then.status, then.header("etag")), (200, None));
}

#[tokio::test]
async fn what_is_so_already_is_answered_without_a_new_event() {
    let app = TestApp::new().await;
    let id = app.contact_made(OSLO, "2021-06-01", "Ola").await;
    let hold = format!("/v1/participants/{id}/hold-first-conversation");
    assert_eq!(app.post(&hold).veileder(OSLO).await.status, 201);
    let again = app.post(&hold).veileder(OSLO).await;
    assert_eq!(again.status, 200);
    assert_eq!(again.body["event_ids"], json!([]));
    assert_eq!(again.body["version"], 2);
}

#[tokio::test]
async fn a_broken_rule_is_named_in_the_askers_language() {
    let app = TestApp::new().await;
    let id = app.contact_made(OSLO, "2021-06-01", "Ola").await;
    let reply = app
        .post(&format!("/v1/participants/{id}/set-goal"))
        .veileder(OSLO)
        .header("accept-language", "nb-NO, en;q=0.5")
        .json(&json!({ "text": "Finne en bolig", "participant_agreed": true }))
        .await;
    assert_eq!(
        (reply.status, reply.media()),
        (409, Some("application/problem+json"))
    );
    assert_eq!(reply.header("content-language"), Some("nb"));
    assert_eq!(
        reply.body,
        json!({
            "type": "/problems/kartlegging-comes-first",
            "title": "Kartlegging kommer før plan, kobling og oppdrag.",
            "status": 409,
            "detail": "kartleggingen kommer før plan, kobling og oppdrag",
            "rule": "D17",
        })
    );
}

#[tokio::test]
async fn a_correction_keeps_what_it_does_not_mention_and_takes_new_words_to_the_vault() {
    let app = TestApp::new().await;
    let made = app
        .post("/v1/participants")
        .veileder(OSLO)
        .json(&json!({
            "department": OSLO, "channels": ["other"], "name": "Kari Eksempel",
            "contact": "900 00 000", "occurred_at": "2021-06-01",
        }))
        .await;
    let id = made.text_of("id");
    let head = app.service.app.log.head().await.unwrap();
    let corrected = app
        .post(&format!("/v1/participants/{id}/correct-entry"))
        .veileder(OSLO)
        .json(&json!({
            "entry": made.body["event_ids"][0],
            "occurred_at": "2021-05-20",
            "data": { "department": OSLO, "channels": ["municipal-staff"], "name": "Kari Riktig" },
        }))
        .await;
    assert_eq!(corrected.status, 201, "{corrected:?}");
    let stored = app.service.app.log.read_all(head, 1).await.unwrap();
    assert!(!stored[0].data.contains("Kari"), "{}", stored[0].data);
    app.caught_up().await;
    let seen = app
        .get(&format!("/v1/participants/{id}"))
        .veileder(OSLO)
        .await;
    assert_eq!(seen.body["name"], "Kari Riktig");
    assert_eq!(seen.body["contact"], "900 00 000");
    assert_eq!(seen.body["stays"][0]["opened"], "2021-05-20");
    assert_eq!(
        seen.body["stays"][0]["channels"],
        json!(["municipal-staff"])
    );
}

#[tokio::test]
async fn a_yes_told_of_the_day_of_the_proposal_follows_it() {
    let app = TestApp::new().await;
    // Told as it happens: by moment.
    let proposed = app
        .post("/v1/referrals")
        .role_at(Role::Institution, "slemdal")
        .json(&json!({ "from": "slemdal", "to": OSLO, "situation": "in-patient" }))
        .await;
    let referral = format!("/v1/referrals/{}", proposed.text_of("id"));
    let agreed = app
        .post(&format!("{referral}/agree"))
        .veileder(OSLO)
        .json(&json!({
            "consent_id": "0197f0a2-0000-7000-8000-000000000001", "occurred_at": "2021-07-01",
        }))
        .await;
    assert_eq!(agreed.status, 201, "{agreed:?}");
    app.caught_up().await;
    let seen = app.get(&referral).veileder(OSLO).await;
    assert_eq!(
        (&seen.body["status"], &seen.body["agreed"]),
        (&json!("agreed"), &json!("2021-07-01")),
        "{seen:?}"
    );
}

#[tokio::test]
async fn a_yes_to_a_referral_opens_an_inquiry_of_the_person() {
    let app = TestApp::new().await;
    let consent = "0197f0a2-0000-7000-8000-000000000001";
    let person = "0197f0a2-0000-7000-8000-000000000002";
    let proposed = app
        .post("/v1/referrals")
        .role_at(Role::Institution, "slemdal")
        .json(&json!({
            "from": "slemdal", "to": OSLO, "situation": "in-patient",
            "consent_id": consent, "name": "Liv Henvist",
        }))
        .await;
    assert_eq!(proposed.status, 201, "{proposed:?}");
    let referral = proposed.text_of("id");
    let agreed = app
        .post(&format!("/v1/referrals/{referral}/agree"))
        .role_at(Role::Institution, "slemdal")
        .json(&json!({ "participant_id": person, "consent_id": consent }))
        .await;
    assert_eq!(agreed.status, 201, "{agreed:?}");
    // The position answered shows what followed, too.
    app.caught_up().await;
    let position = Position(agreed.body["position"].as_u64().unwrap());
    assert_eq!(app.service.app.log.head().await.unwrap(), position);
    let seen = app
        .get(&format!("/v1/participants/{person}"))
        .veileder(OSLO)
        .await;
    assert_eq!(seen.status, 200, "{seen:?}");
    assert_eq!(seen.body["name"], "Liv Henvist");
    assert_eq!(seen.body["stays"][0]["referral_id"], referral);
    assert_eq!(seen.body["stays"][0]["phase"], "during");
    // A department that it was not proposed to hears nothing of the person.
    let elsewhere = app
        .get(&format!("/v1/participants/{person}"))
        .veileder(BERGEN)
        .await;
    assert_eq!(elsewhere.status, 404);
}

#[tokio::test]
async fn every_stream_takes_commands() {
    let app = TestApp::new().await;
    let tidgiver = app.tidgiver(OSLO, "Tor Frivillig").await;
    let participant = app.participant(OSLO, "2021-05-01", "Ola").await;
    app.told(
        &participant,
        OSLO,
        &[
            ("assess-tidgiver-readiness", json!({ "readiness": "ready" })),
            (
                "match-tidgiver",
                json!({
                    "tidgiver": tidgiver, "kind": "social", "purpose": "sport",
                    "begins": "2021-07-01", "review": "2021-08-01", "ends": "2021-12-01",
                    "because": ["interests"], "ground_rules_accepted": true,
                }),
            ),
        ],
    )
    .await;
    let cooperation = app
        .post(&format!(
            "/v1/cooperations/slemdal/{OSLO}/begin-cooperation"
        ))
        .leader(OSLO)
        .json(&json!({
            "unit": "slemdal", "department": OSLO,
            "coordinator": "0197f0a2-0000-7000-8000-000000000009",
        }))
        .await;
    assert_eq!(cooperation.status, 201, "{cooperation:?}");
    let figures = app
        .post(&format!("/v1/units/{OSLO}/report-key-figures"))
        .leader(OSLO)
        .json(&json!({
            "on": "2021-06-30", "employees": 7, "full_time_equivalents_hundredths": 620,
        }))
        .await;
    assert_eq!(figures.status, 201, "{figures:?}");
}

#[tokio::test]
async fn who_has_left_may_come_back_to_another_department() {
    let app = TestApp::new().await;
    let id = app.participant(OSLO, "2021-05-01", "Ola").await;
    let return_to_bergen = || {
        app.post(&format!("/v1/participants/{id}/re-enter"))
            .veileder(BERGEN)
            .json(&json!({ "department": BERGEN, "channels": ["other"] }))
    };
    assert_eq!(return_to_bergen().await.status, 404);
    let end = json!({ "reason": "faded-out", "learned": "from-participant" });
    app.told(&id, OSLO, &[("end-participation", end)]).await;
    assert_eq!(return_to_bergen().await.status, 201);
    app.caught_up().await;
    let seen = app
        .get(&format!("/v1/participants/{id}"))
        .veileder(BERGEN)
        .await;
    assert_eq!((seen.status, &seen.body["name"]), (200, &json!("Ola")));
}

#[tokio::test]
async fn the_same_oppdrag_is_told_once_while_it_is_open() {
    let app = TestApp::new().await;
    let tidgiver = app.tidgiver(OSLO, "Tor Frivillig").await;
    let id = app.participant(OSLO, "2021-05-01", "Ola").await;
    let ready = json!({ "readiness": "ready" });
    app.told(&id, OSLO, &[("assess-tidgiver-readiness", ready)])
        .await;
    let matched = async |purpose: &str| {
        app.post(&format!("/v1/participants/{id}/match-tidgiver"))
            .leader(OSLO)
            .json(&json!({
                "tidgiver": tidgiver, "kind": "social", "purpose": purpose,
                "begins": "2021-07-01", "review": "2021-08-01", "ends": "2021-12-01",
                "because": ["interests"], "ground_rules_accepted": true,
            }))
            .await
    };
    let first = matched("sport").await;
    let oppdrag = &first.body["ids"]["oppdrag_id"];
    let again = matched("sport").await;
    assert_eq!(
        (again.status, &again.body["rule"], &again.body["pointer"]),
        (409, &json!("G8"), &json!("/oppdrag_id"))
    );
    assert_eq!(
        again.body["detail"],
        format!(
            "the same oppdrag is open already: it was told under the id {}",
            oppdrag.as_str().unwrap()
        )
    );
    assert_eq!(matched("work").await.status, 201);
    let end = json!({ "oppdrag_id": oppdrag, "reason": "no-match" });
    app.told(&id, OSLO, &[("end-oppdrag", end)]).await;
    assert_eq!(matched("sport").await.status, 201);
}

/// A participant of Oslo with an oppdrag that nobody ended, who came back to Bergen: the two ids.
async fn left_open_at_oslo(app: &TestApp) -> (String, String) {
    let tidgiver = app.tidgiver(OSLO, "Tor Frivillig").await;
    let id = app.participant(OSLO, "2021-05-01", "Ola").await;
    let ready = json!({ "readiness": "ready" });
    app.told(&id, OSLO, &[("assess-tidgiver-readiness", ready)])
        .await;
    let matched = app
        .post(&format!("/v1/participants/{id}/match-tidgiver"))
        .leader(OSLO)
        .json(&json!({
            "tidgiver": tidgiver, "kind": "social", "purpose": "sport",
            "begins": "2021-07-01", "review": "2021-08-01", "ends": "2021-12-01",
            "because": ["interests"], "ground_rules_accepted": true,
        }))
        .await;
    let oppdrag = matched.body["ids"]["oppdrag_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let end = json!({ "reason": "faded-out", "learned": "from-participant" });
    app.told(&id, OSLO, &[("end-participation", end)]).await;
    let back = app
        .post(&format!("/v1/participants/{id}/re-enter"))
        .veileder(BERGEN)
        .json(&json!({ "department": BERGEN, "channels": ["other"] }))
        .await;
    assert_eq!(back.status, 201, "{back:?}");
    (id, oppdrag)
}

#[tokio::test]
async fn an_oppdrag_left_open_is_ended_by_the_department_that_held_the_stay() {
    let app = TestApp::new().await;
    let (id, oppdrag) = left_open_at_oslo(&app).await;
    let due = async || {
        app.caught_up().await;
        let worklist = app
            .get("/v1/worklist")
            .role_at(Role::TidgiverCoordinator, OSLO)
            .await;
        worklist.body["items"].clone()
    };
    assert_eq!(
        due().await,
        json!([{
            "task": "end-oppdrag-left-open", "due_on": "2021-07-01", "since": "2021-07-01",
            "rule": "D27", "why": "the stay ended and its oppdrag was left open", "unit": OSLO,
            "participant_id": id, "about": "oppdrag", "about_id": oppdrag,
        }])
    );
    app.clock.set("2021-07-05T10:00:00Z".parse().unwrap());
    let told = |command: &str, department: &'static str| {
        app.post(&format!("/v1/participants/{id}/{command}"))
            .role_at(Role::TidgiverCoordinator, department)
            .json(&json!({ "oppdrag_id": oppdrag, "reason": "tidgivers-wish" }))
    };
    // Of what is Oslo's, nothing goes on after its end, as if the person had not come back.
    let contact = app
        .post(&format!("/v1/participants/{id}/hold-contact"))
        .veileder(OSLO)
        .json(&json!({ "with": "veileder", "channel": "phone" }))
        .await;
    assert_eq!(
        (contact.status, contact.text_of("rule")),
        (409, "D14".into())
    );
    let met = app
        .post(&format!("/v1/participants/{id}/hold-oppdrag-meeting"))
        .role_at(Role::TidgiverCoordinator, OSLO)
        .json(&json!({ "oppdrag_id": oppdrag }))
        .await;
    assert_eq!((met.status, met.text_of("rule")), (409, "D14".into()));
    let ended = told("end-oppdrag", OSLO).await;
    assert_eq!(ended.status, 201, "{ended:?}");
    assert_eq!(due().await, json!([]));
    let again = told("end-oppdrag", OSLO).await;
    assert_eq!((again.status, again.text_of("rule")), (409, "D27".into()));
}

#[tokio::test]
async fn an_answer_names_what_was_told_and_what_it_brought_into_being() {
    let app = TestApp::new().await;
    let contact = app
        .post("/v1/participants")
        .veileder(OSLO)
        .json(&json!({ "department": OSLO, "channels": ["other"], "occurred_at": "2021-06-01" }))
        .await;
    let id = contact.text_of("id");
    let stay = &contact.body["ids"]["stay_id"];
    assert!(stay.is_string());
    assert_eq!(
        contact.body["ids"],
        json!({ "participant_id": id, "stay_id": stay })
    );
    app.told(
        &id,
        OSLO,
        &[
            ("hold-first-conversation", json!({})),
            (
                "complete-kartlegging",
                json!({ "wishes": [], "network_mapped": true }),
            ),
        ],
    )
    .await;
    let set = || {
        app.post(&format!("/v1/participants/{id}/set-goal"))
            .veileder(OSLO)
            .header("idempotency-key", "a goal")
            .json(&json!({ "text": "Finne en bolig", "participant_agreed": true }))
    };
    let (first, again) = (set().await, set().await);
    assert_eq!((first.status, again.status), (201, 200));
    assert_eq!(first.body, again.body);
    let goal = first.body["ids"]["goal_id"].as_str().unwrap().to_owned();
    assert_eq!(
        first.body["ids"],
        json!({ "participant_id": id, "stay_id": stay, "goal_id": goal })
    );
    // What was named is known.
    let reach = json!({ "goal_id": goal });
    app.told(&id, OSLO, &[("reach-goal", reach)]).await;
    let given = app
        .post(&format!("/v1/participants/{id}/give-consent"))
        .veileder(OSLO)
        .json(&json!({ "purpose": "cooperation", "unit": "slemdal" }))
        .await;
    assert!(given.body["ids"]["consent_id"].is_string(), "{given:?}");
    let proposed = app
        .post("/v1/referrals")
        .role_at(Role::Institution, "slemdal")
        .json(&json!({ "from": "slemdal", "to": OSLO, "situation": "after-treatment" }))
        .await;
    assert_eq!(
        proposed.body["ids"],
        json!({ "referral_id": proposed.body["id"] })
    );
    let cooperation = app
        .post(&format!(
            "/v1/cooperations/slemdal/{OSLO}/begin-cooperation"
        ))
        .leader(OSLO)
        .json(&json!({
            "unit": "slemdal", "department": OSLO,
            "coordinator": "0197f0a2-0000-7000-8000-000000000009",
        }))
        .await;
    assert_eq!(
        cooperation.body["ids"],
        json!({ "unit": "slemdal", "department": OSLO })
    );
}
