//! Queries over HTTP: what each role sees, which time is meant, and how fresh the answer is.

use domain::es::Role;
use serde_json::{Value, json};
use tests::{BERGEN, OSLO, SLEMDAL, TestApp};
use uuid::Uuid;

#[tokio::test]
async fn an_answer_says_what_it_shows() {
    let app = TestApp::new().await;
    app.participant(OSLO, "2021-05-01", "Ola").await;
    app.caught_up().await;
    let reply = app.get("/v1/standing").leader(OSLO).await;
    assert_eq!(reply.status, 200);
    let mut told = reply.body;
    assert!(
        told["definition"]
            .take()
            .as_str()
            .is_some_and(|text| text.contains("registered"))
    );
    assert_eq!(
        told,
        json!({
            "position": 9, "as_of": "2021-07-01", "known_at": "2021-07-01T10:00:00Z",
            "definition": null,
            "registered": 1, "active": 0, "incoming": 0, "passive": 1, "paused": 0,
            "ended": 0, "closed": 0,
        })
    );
}

#[tokio::test]
async fn what_was_known_then_is_told_apart_from_what_is_known_now() {
    let app = TestApp::new().await;
    let id = app.participant(OSLO, "2021-05-01", "Ola").await;
    app.clock.set("2021-08-01T10:00:00Z".parse().unwrap());
    app.told(
        &id,
        OSLO,
        &[(
            "end-participation",
            json!({
                "reason": "no-contact-since", "learned": "by-review", "occurred_at": "2021-06-15",
            }),
        )],
    )
    .await;
    app.caught_up().await;
    let mut registered = vec![];
    for query in [
        "",
        "?as_of=2021-06-30",
        "?as_of=2021-06-30&known_at=2021-07-02",
        "?as_of=2021-06-14",
        "?known_at=2021-07-01T10:00:00Z",
    ] {
        let reply = app.get(&format!("/v1/standing{query}")).leader(OSLO).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        registered.push((query, reply.body["registered"].as_i64().unwrap()));
    }
    assert_eq!(
        registered,
        [
            ("", 0),
            ("?as_of=2021-06-30", 0),
            ("?as_of=2021-06-30&known_at=2021-07-02", 1),
            ("?as_of=2021-06-14", 1),
            ("?known_at=2021-07-01T10:00:00Z", 1),
        ]
    );
}

#[tokio::test]
async fn a_position_not_reached_is_said_and_not_passed_off_as_new() {
    let app = TestApp::new().await;
    app.caught_up().await;
    let id = app.contact_made(OSLO, "2021-06-01", "Ola").await;
    let person = format!("/v1/participants/{id}?min_position=6");
    let behind = app.get(&person).veileder(OSLO).await;
    assert_eq!(
        (behind.status, behind.header("retry-after")),
        (503, Some("1"))
    );
    assert_eq!(
        behind.body,
        json!({
            "type": "/problems/not-caught-up",
            "title": "The read models have not reached the position asked for.",
            "status": 503,
            "rule": "not-caught-up",
            "pointer": "/min_position",
            "errors": [{
                "pointer": "/min_position", "detail": "position 5 is shown, not yet 6",
            }],
        })
    );
    app.caught_up().await;
    let seen = app.get(&person).veileder(OSLO).await;
    assert_eq!((seen.status, &seen.body["position"]), (200, &json!(6)));
}

#[tokio::test]
async fn a_list_is_read_page_by_page_and_a_cursor_belongs_to_its_list() {
    let app = TestApp::new().await;
    for n in 0..5 {
        app.contact_made(OSLO, "2021-06-01", &format!("Person {n}"))
            .await;
    }
    app.contact_made(BERGEN, "2021-06-01", "Elsewhere").await;
    app.caught_up().await;
    let mut names = vec![];
    let mut path = "/v1/participants?limit=2".to_owned();
    let mut cursor = String::new();
    loop {
        let page = app.get(&path).leader(OSLO).await;
        assert_eq!(page.status, 200, "{page:?}");
        for person in page.body["participants"].as_array().unwrap() {
            names.push(person["name"].as_str().unwrap().to_owned());
        }
        match page.body["next_cursor"].as_str() {
            None => break,
            Some(next) => next.clone_into(&mut cursor),
        }
        path = format!("/v1/participants?limit=2&cursor={cursor}");
    }
    names.sort();
    assert_eq!(
        names,
        ["Person 0", "Person 1", "Person 2", "Person 3", "Person 4"]
    );
    let elsewhere = app
        .get(&format!("/v1/worklist?cursor={cursor}"))
        .leader(OSLO)
        .await;
    assert_eq!(
        (elsewhere.status, &elsewhere.body["pointer"]),
        (422, &json!("/cursor"))
    );
}

#[tokio::test]
async fn what_is_told_of_the_day_of_a_first_contact_follows_it() {
    let app = TestApp::new().await;
    let opening = json!({ "department": OSLO, "channels": ["other"] });
    // Told as it happens: by moment.
    let made = app
        .post("/v1/participants")
        .veileder(OSLO)
        .json(&opening)
        .await;
    let id = made.text_of("id");
    let today = json!({ "occurred_at": "2021-07-01" });
    let mapped = json!({
        "wishes": ["housing"], "network_mapped": false, "occurred_at": "2021-07-01T09:00:00Z",
    });
    let closed = json!({ "reason": "moved", "occurred_at": "2021-07-01" });
    app.told(
        &id,
        OSLO,
        &[
            ("hold-first-conversation", today),
            ("complete-kartlegging", mapped),
        ],
    )
    .await;
    app.caught_up().await;
    let person = format!("/v1/participants/{id}");
    let stays = async || app.get(&person).veileder(OSLO).await.body["stays"].take();
    assert_eq!(stays().await[0]["standing"], "mapped");
    let facts = app.get(&format!("{person}/timeline")).veileder(OSLO).await;
    assert_eq!(
        kinds(&facts.body),
        [
            "first-contact-made",
            "first-conversation-held",
            "kartlegging-done"
        ]
    );
    app.told(&id, OSLO, &[("close-inquiry", closed)]).await;
    app.clock.set("2021-07-05T10:00:00Z".parse().unwrap());
    let today = json!({ "occurred_at": "2021-07-05" });
    app.told(
        &id,
        OSLO,
        &[("re-enter", opening), ("hold-first-conversation", today)],
    )
    .await;
    app.caught_up().await;
    assert_eq!(stays().await[1]["standing"], "conversation");
}

#[tokio::test]
async fn d25_a_tidgiver_with_more_oppdrag_than_time_is_on_the_coordinators_worklist() {
    let app = TestApp::new().await;
    let (_, tidgiver) = a_life(&app).await;
    let available = async |capacity: u8, day: &str| {
        let told = app
            .post(&format!("/v1/tidgivere/{tidgiver}/change-availability"))
            .role_at(Role::TidgiverCoordinator, OSLO)
            .json(&json!({ "capacity": capacity, "occurred_at": day }))
            .await;
        assert_eq!(told.status, 201, "{told:?}");
        app.caught_up().await;
    };
    let asked = async |role, unit, language| {
        let reply = app
            .get("/v1/worklist")
            .role_at(role, unit)
            .header("accept-language", language)
            .await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let items = reply.body["items"].as_array().unwrap();
        let of_capacity = items.iter().filter(|item| item["about"] == "tidgiver");
        of_capacity.cloned().collect::<Vec<_>>()
    };
    let coordinator = Role::TidgiverCoordinator;
    // Not told, or enough.
    assert_eq!(asked(coordinator, OSLO, "en").await, [json!(null); 0]);
    available(1, "2021-06-01").await;
    assert_eq!(asked(coordinator, OSLO, "en").await, [json!(null); 0]);
    // A pause, told after the match.
    app.clock.set("2021-07-05T10:00:00Z".parse().unwrap());
    available(0, "2021-07-04").await;
    let mut due = json!({
        "task": "talk-over-capacity", "due_on": "2021-07-04", "since": "2021-07-04",
        "rule": "D25", "unit": OSLO, "participant_id": null,
        "why": "the tidgiver has more oppdrag open than they told to have time for",
        "about": "tidgiver", "about_id": tidgiver,
    });
    assert_eq!(asked(coordinator, OSLO, "en").await, [due.clone()]);
    assert_eq!(
        asked(Role::DepartmentLeader, OSLO, "en").await,
        [due.clone()]
    );
    // Nothing of tidgivere is a veileder's to ask.
    assert_eq!(asked(Role::Veileder, OSLO, "en").await, [json!(null); 0]);
    assert_eq!(asked(coordinator, BERGEN, "en").await, [json!(null); 0]);
    due["why"] = json!("tidgiveren har flere åpne oppdrag enn det er sagt fra om tid til");
    assert_eq!(asked(coordinator, OSLO, "nb").await, [due]);
    // Of the day before, it was not so.
    let before = app
        .get("/v1/worklist?as_of=2021-07-03")
        .role_at(coordinator, OSLO)
        .await;
    assert!(!before.text.contains("talk-over-capacity"));
    available(1, "2021-07-05").await;
    assert_eq!(asked(coordinator, OSLO, "en").await, [json!(null); 0]);
}

/// A participant with a sentence, a relapse and an oppdrag: their id, and the tidgiver's.
async fn a_life(app: &TestApp) -> (String, String) {
    let tidgiver = app.tidgiver(OSLO, "Tor Frivillig").await;
    let id = app.participant(OSLO, "2021-05-01", "Kari Eksempel").await;
    app.told(
        &id,
        OSLO,
        &[
            ("begin-serving-sentence", json!({ "form": "section12" })),
            ("assess-tidgiver-readiness", json!({ "readiness": "ready" })),
            (
                "match-tidgiver",
                json!({
                    "tidgiver": tidgiver, "kind": "social", "purpose": "sport",
                    "begins": "2021-07-01", "review": "2021-08-01", "ends": "2021-12-01",
                    "because": ["interests"], "ground_rules_accepted": true,
                }),
            ),
            ("report-relapse", json!({})),
        ],
    )
    .await;
    app.caught_up().await;
    (id, tidgiver)
}

#[tokio::test]
async fn each_role_sees_its_part_of_a_person() {
    let app = TestApp::new().await;
    let (id, tidgiver) = a_life(&app).await;
    let person = format!("/v1/participants/{id}");
    let timeline = format!("{person}/timeline");

    let all = app.get(&person).veileder(OSLO).await.body;
    assert_eq!(all["name"], "Kari Eksempel");
    assert_eq!(all["sentences"].as_array().unwrap().len(), 1);
    assert_eq!(all["relapses"].as_array().unwrap().len(), 1);
    let facts = app.get(&timeline).veileder(OSLO).await.body;
    assert_eq!(kinds(&facts).len(), 8);

    let wishes = app
        .get(&person)
        .role_at(Role::TidgiverCoordinator, OSLO)
        .await
        .body;
    assert_eq!(wishes["first_name"], "Kari");
    assert_eq!(wishes["wishes"], json!(["housing"]));
    for field in ["name", "contact", "sentences", "relapses"] {
        assert_eq!(wishes.get(field), None, "{field}");
    }
    assert_eq!(wishes["stays"][0].get("situation"), None);
    let facts = app
        .get(&timeline)
        .role_at(Role::TidgiverCoordinator, OSLO)
        .await
        .body;
    assert_eq!(
        kinds(&facts),
        [
            "kartlegging-done",
            "tidgiver-readiness-assessed",
            "tidgiver-matched"
        ]
    );

    // What they may not see takes no room on a page.
    let page = app
        .get(&format!("{timeline}?limit=3"))
        .role_at(Role::TidgiverCoordinator, OSLO)
        .await
        .body;
    assert_eq!(kinds(&page), kinds(&facts));
    assert_eq!(page["next_cursor"], Value::Null);

    let token = app.token(Role::Participant, None, id.parse().unwrap());
    let own = app.get(&person).token(&token).await.body;
    assert_eq!(own["name"], "Kari Eksempel");
    assert_eq!(kinds(&app.get(&timeline).token(&token).await.body).len(), 8);

    let token = app.token(Role::Tidgiver, None, tidgiver.parse().unwrap());
    let agreed = app.get("/v1/participants").token(&token).await.body;
    let mut one = agreed["participants"][0].clone();
    one["oppdrag_id"].take();
    assert_eq!(
        one,
        json!({
            "participant_id": id, "oppdrag_id": null, "first_name": "Kari", "kind": "social",
            "purpose": "sport", "begins": "2021-07-01", "review": "2021-08-01",
            "ends": "2021-12-01", "started": null, "meetings": 0, "cancellations": 0,
            "ended": null, "left_open": null,
        })
    );
    let nobodys = app.token(Role::Tidgiver, None, Uuid::from_u128(77));
    let none = app.get("/v1/participants").token(&nobodys).await.body;
    assert_eq!(none["participants"], json!([]));
}

fn kinds(timeline: &Value) -> Vec<&str> {
    let facts = timeline["facts"].as_array().unwrap();
    facts
        .iter()
        .map(|fact| fact["kind"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn small_counts_are_hidden_from_who_sees_all_units() {
    let app = TestApp::new().await;
    for n in 0..7 {
        let id = app.participant(OSLO, "2021-05-01", "Ola").await;
        if n < 6 {
            let held = json!({ "channel": "phone", "with": "veileder" });
            app.told(&id, OSLO, &[("hold-contact", held)]).await;
        }
    }
    // Known, and by then past, when the month ends.
    app.clock.set("2021-08-15T10:00:00Z".parse().unwrap());
    app.caught_up().await;
    let counts = |body: &Value| {
        ["registered", "active", "incoming", "passive", "paused"].map(|name| body[name].clone())
    };
    let exact = app.get("/v1/standing").leader(OSLO).await.body;
    assert_eq!(json!(counts(&exact)), json!([7, 6, 0, 1, 0]));
    let hidden = app.get("/v1/standing").role(Role::Analyst).await;
    assert_eq!(json!(counts(&hidden.body)), json!([7, null, 0, null, 0]));
    assert_eq!(hidden.body["as_of"], "2021-07-31");
    let because = "counts of 1 to 4 persons are hidden, and what they could be worked out from";
    assert_eq!(
        hidden.body["withheld"],
        json!([
            { "field": "active", "because": because },
            { "field": "passive", "because": because },
        ])
    );
    assert_eq!(exact["withheld"], json!(null));
    let cohorts = app
        .get("/v1/retention")
        .role(Role::Analyst)
        .header("accept-language", "nb")
        .await;
    let withheld = cohorts.body["withheld"].as_array().unwrap();
    let cohorts = withheld.iter().find(|one| one["field"] == "cohorts");
    let because = cohorts.unwrap()["because"].as_str().unwrap();
    assert!(because.starts_with("det som er skjult"), "{because}");
    let any_day = app
        .get("/v1/standing?as_of=2021-07-30")
        .role(Role::Analyst)
        .await;
    assert_eq!(
        (any_day.status, &any_day.body["pointer"]),
        (422, &json!("/as_of"))
    );
}

#[tokio::test]
async fn an_institution_sees_what_goes_out_from_it() {
    let app = TestApp::new().await;
    for from in [SLEMDAL, "loland"] {
        for _ in 0..6 {
            let proposed = app
                .post("/v1/referrals")
                .role_at(Role::Institution, from)
                .json(&json!({ "from": from, "to": OSLO, "situation": "in-patient" }))
                .await;
            assert_eq!(proposed.status, 201);
        }
    }
    // Known, and by then past, when the month ends.
    app.clock.set("2021-08-15T10:00:00Z".parse().unwrap());
    app.caught_up().await;
    let flows = app
        .get("/v1/flows")
        .role_at(Role::Institution, SLEMDAL)
        .await;
    assert_eq!(flows.status, 200, "{flows:?}");
    let from: Vec<_> = flows.body["flows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|flow| (flow["from"].clone(), flow["to"].clone()))
        .collect();
    assert_eq!(from, [(json!(SLEMDAL), json!(OSLO))]);
    let stage = flows.body["flows"][0]["stages"]
        .as_array()
        .unwrap()
        .iter()
        .find(|stage| stage["stage"] == "proposed")
        .unwrap();
    assert_eq!(stage["count"], 6);
    let others = app
        .get("/v1/flows?from=loland")
        .role_at(Role::Institution, SLEMDAL)
        .await;
    assert_eq!(others.status, 404);
}

#[tokio::test]
async fn a_plan_is_read_back_in_the_participants_own_words() {
    let app = TestApp::new().await;
    let id = app.participant(OSLO, "2021-05-01", "Kari Eksempel").await;
    let goal = "0197f0a2-0000-7000-8000-000000000004";
    app.told(
        &id,
        OSLO,
        &[
            (
                "make-plan",
                json!({ "form": "oral", "occurred_at": "2021-05-02" }),
            ),
            (
                "set-goal",
                json!({
                    "goal_id": goal, "text": "Finne en bolig", "participant_agreed": true,
                    "occurred_at": "2021-05-02",
                }),
            ),
            (
                "report-goal-progress",
                json!({ "goal_id": goal, "progress": "large", "occurred_at": "2021-06-01" }),
            ),
            (
                "reach-goal",
                json!({ "goal_id": goal, "occurred_at": "2021-06-20" }),
            ),
        ],
    )
    .await;
    app.caught_up().await;
    let plan = format!("/v1/participants/{id}/plan");
    let myself = app.token(Role::Participant, None, id.parse().unwrap());
    let own = app.get(&plan).token(&myself).await;
    let mut seen = app.get(&plan).veileder(OSLO).await.body;
    assert_eq!(own.body, seen);
    let stay = seen["plans"][0]["stay_id"].take();
    assert!(stay.is_string());
    assert_eq!(
        seen["plans"],
        json!([{
            "stay_id": null, "department": OSLO, "opened": "2021-05-01", "ended": null,
            "plan": "made", "form": "oral", "since": "2021-05-02",
            "goals": [{
                "goal_id": goal, "text": "Finne en bolig", "participant_agreed": true,
                "set_on": "2021-05-02", "progress": "large", "progress_on": "2021-06-01",
                "reached_on": "2021-06-20", "dropped_on": null,
            }],
        }])
    );
    let then = app
        .get(&format!("{plan}?as_of=2021-05-31"))
        .leader(OSLO)
        .await;
    let goal = &then.body["plans"][0]["goals"][0];
    assert_eq!(
        (&goal["text"], &goal["progress"], &goal["reached_on"]),
        (&json!("Finne en bolig"), &Value::Null, &Value::Null)
    );
    // A coordinator sees first name and wishes, a tidgiver the oppdrag, an analyst no words.
    for reply in [
        app.get(&plan)
            .role_at(Role::TidgiverCoordinator, OSLO)
            .await,
        app.get(&plan).veileder(BERGEN).await,
        app.get(&plan).role(Role::Tidgiver).await,
        app.get(&plan).role(Role::Analyst).await,
        app.get(&plan).role(Role::Participant).await,
    ] {
        assert_eq!(reply.status, 404);
    }
}

#[tokio::test]
async fn a_coordinator_sees_no_standing_no_pause_and_no_reason_of_an_end() {
    let app = TestApp::new().await;
    let id = app.contact_made(OSLO, "2021-05-01", "Kari Eksempel").await;
    let gone = app.participant(OSLO, "2021-05-01", "Ola Borte").await;
    let end = json!({ "reason": "faded-out", "learned": "by-review" });
    app.told(&gone, OSLO, &[("end-participation", end)]).await;
    app.caught_up().await;
    let coordinator = async |path: &str| {
        let asked = app.get(path).role_at(Role::TidgiverCoordinator, OSLO);
        asked.await.body
    };
    let fields = |stay: &Value| -> Vec<String> {
        let mut fields: Vec<_> = stay.as_object().unwrap().keys().cloned().collect();
        fields.sort();
        fields
    };
    let one = coordinator(&format!("/v1/participants/{id}")).await;
    assert_eq!(
        fields(&one["stays"][0]),
        ["department", "readiness", "stay_id"]
    );
    let list = coordinator("/v1/participants").await;
    assert_eq!(list["participants"].as_array().unwrap().len(), 1);
    assert_eq!(
        fields(&list["participants"][0]),
        [
            "department",
            "first_name",
            "participant_id",
            "readiness",
            "stay_id",
            "wishes"
        ]
    );
}

#[tokio::test]
async fn the_future_is_not_passed_off_as_now() {
    let app = TestApp::new().await;
    app.caught_up().await;
    for (query, expected) in [
        ("as_of=2021-07-02", (422, json!("/as_of"))),
        ("known_at=2021-07-02", (422, json!("/known_at"))),
        ("known_at=2021-07-01T10:00:01Z", (422, json!("/known_at"))),
        ("as_of=2021-07-01", (200, json!(null))),
        ("known_at=2021-07-01", (200, json!(null))),
        ("known_at=2021-07-01T10:00:00Z", (200, json!(null))),
    ] {
        let reply = app.get(&format!("/v1/standing?{query}")).leader(OSLO).await;
        assert_eq!(
            (reply.status, reply.body["pointer"].clone()),
            expected,
            "{query}"
        );
        if reply.status == 422 {
            assert_eq!(reply.text_of("rule"), "not-yet");
        }
    }
}

#[tokio::test]
async fn the_worklist_says_why_in_the_language_that_is_preferred() {
    let app = TestApp::new().await;
    app.contact_made(OSLO, "2021-06-01", "Ola").await;
    app.caught_up().await;
    for (preferred, why) in [
        ("en", "contact was made and no first conversation is booked"),
        (
            "nb-NO",
            "det er tatt kontakt, og ingen første samtale er avtalt",
        ),
    ] {
        let list = app.get("/v1/worklist").leader(OSLO);
        let list = list.header("accept-language", preferred).await;
        let items = list.body["items"].as_array().unwrap();
        assert!(items.iter().any(|item| item["why"] == why), "{items:?}");
    }
}
