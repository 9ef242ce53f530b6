//! Who reaches which person: a department the stays that it holds, a coordinator no treatment, an
//! institution its own referrals; and what is not theirs looks as if it were not there.

use domain::es::Role;
use serde_json::{Value, json};
use tests::{BERGEN, LOLAND, OSLO, Reply, SLEMDAL, TestApp};
use uuid::Uuid;

/// A department that is not there unless it is registered.
const DRAMMEN: &str = "stegforsteg-drammen";

/// A participant of Oslo with a treatment, a goal and an end on 2021-05-31, back at Bergen on
/// 2021-06-15: their id.
async fn back_at_bergen(app: &TestApp) -> String {
    let id = app.participant(OSLO, "2021-03-01", "Kari Eksempel").await;
    let consent = Uuid::from_u128(31);
    let on = |day: &str, mut body: Value| {
        body["occurred_at"] = json!(day);
        body
    };
    app.told(
        &id,
        OSLO,
        &[
            (
                "give-consent",
                on(
                    "2021-03-02",
                    json!({
                        "consent_id": consent, "purpose": "treatment-phase", "unit": SLEMDAL,
                    }),
                ),
            ),
            (
                "enter-treatment-phase",
                on(
                    "2021-03-03",
                    json!({ "consent_id": consent, "unit": SLEMDAL, "phase": "during" }),
                ),
            ),
            (
                "set-goal",
                on(
                    "2021-03-04",
                    json!({ "text": "Finne en bolig", "participant_agreed": true }),
                ),
            ),
            ("report-relapse", on("2021-04-01", json!({}))),
            (
                "end-participation",
                on(
                    "2021-05-31",
                    json!({ "reason": "faded-out", "learned": "from-participant" }),
                ),
            ),
        ],
    )
    .await;
    let back = re_enter(app, &id, BERGEN, "2021-06-15").await;
    assert_eq!(back.status, 201, "{back:?}");
    app.caught_up().await;
    id
}

async fn re_enter(app: &TestApp, id: &str, department: &str, day: &str) -> Reply {
    app.post(&format!("/v1/participants/{id}/re-enter"))
        .veileder(department)
        .json(&json!({ "department": department, "channels": ["other"], "occurred_at": day }))
        .await
}

/// What an answer and its timeline and plans tell of: departments, phases, kinds, goals.
async fn seen(app: &TestApp, id: &str, department: &str, query: &str) -> Value {
    let ask = async |rest: &str| {
        let path = format!("/v1/participants/{id}{rest}{query}");
        let reply = app.get(&path).veileder(department).await;
        assert_eq!(reply.status, 200, "{department} {path}: {reply:?}");
        reply.body
    };
    let texts = |list: &Value, field: &str| -> Vec<Value> {
        let list = list.as_array().unwrap();
        list.iter().map(|one| one[field].clone()).collect()
    };
    let whole = ask("").await;
    json!({
        "name": whole["name"],
        "wishes": whole["wishes"],
        "departments": texts(&whole["stays"], "department"),
        "phases": texts(&whole["stays"], "phase"),
        "relapses": whole["relapses"].as_array().unwrap().len(),
        "kinds": texts(&ask("/timeline").await["facts"], "kind"),
        "plans": texts(&ask("/plan").await["plans"], "department"),
    })
}

#[tokio::test]
async fn who_comes_back_elsewhere_leaves_the_facts_of_the_stay_before_with_who_held_it() {
    let app = TestApp::new().await;
    let id = back_at_bergen(&app).await;
    let of_oslo = json!({
        "name": "Kari Eksempel",
        "wishes": ["housing"],
        "departments": [OSLO],
        "phases": ["during"],
        "relapses": 1,
        "kinds": [
            "first-contact-made", "first-conversation-held", "kartlegging-done",
            "participation-begun", "consent-given", "treatment-phase-entered", "goal-set",
            "relapse-reported", "participation-ended",
        ],
        "plans": [OSLO],
    });
    let of_bergen = json!({
        "name": "Kari Eksempel",
        "wishes": [],
        "departments": [BERGEN],
        "phases": [null],
        "relapses": 0,
        "kinds": ["re-entered"],
        "plans": [BERGEN],
    });
    for query in ["", "?as_of=2021-06-20"] {
        assert_eq!(seen(&app, &id, OSLO, query).await, of_oslo, "{query}");
        assert_eq!(seen(&app, &id, BERGEN, query).await, of_bergen, "{query}");
    }
    // Before they came to Bergen, they were nobody's there.
    for rest in ["", "/timeline", "/plan"] {
        let path = format!("/v1/participants/{id}{rest}?as_of=2021-06-14");
        assert_eq!(app.get(&path).veileder(BERGEN).await.status, 404);
    }
    for department in [OSLO, BERGEN] {
        let list = app.get("/v1/participants").veileder(department).await.body;
        let list = list["participants"].as_array().unwrap().clone();
        assert_eq!(list.len(), 1, "{list:?}");
        assert_eq!(list[0]["department"], department);
        assert_eq!(list[0]["name"], "Kari Eksempel");
    }
}

#[tokio::test]
async fn a_stay_that_is_transferred_takes_its_facts_along() {
    let app = TestApp::new().await;
    let id = app.participant(OSLO, "2021-03-01", "Kari Eksempel").await;
    app.told(&id, OSLO, &[("transfer", json!({ "to": BERGEN }))])
        .await;
    app.caught_up().await;
    let of_bergen = seen(&app, &id, BERGEN, "").await;
    assert_eq!(of_bergen["wishes"], json!(["housing"]));
    assert_eq!(of_bergen["kinds"].as_array().unwrap().len(), 5);
    let path = format!("/v1/participants/{id}");
    assert_eq!(app.get(&path).veileder(OSLO).await.status, 404);
}

#[tokio::test]
async fn each_department_records_of_the_stays_that_it_holds() {
    let app = TestApp::new().await;
    let id = back_at_bergen(&app).await;
    let contact = async |department: &str, day: &str| {
        app.post(&format!("/v1/participants/{id}/hold-contact"))
            .veileder(department)
            .json(&json!({ "channel": "phone", "with": "veileder", "occurred_at": day }))
            .await
    };
    // Late, and as it was.
    let late = contact(OSLO, "2021-05-01").await;
    assert_eq!(late.status, 201, "{late:?}");
    let after_its_end = contact(OSLO, "2021-06-20").await;
    assert_eq!(
        (after_its_end.status, after_its_end.text_of("detail")),
        (409, "this stay ended on 2021-05-31".into())
    );
    let present = contact(BERGEN, "2021-06-20").await;
    assert_eq!(present.status, 201, "{present:?}");
    assert_ne!(present.body["ids"]["stay_id"], late.body["ids"]["stay_id"]);
    let before_its_beginning = contact(BERGEN, "2021-05-01").await;
    assert_eq!(
        (
            before_its_beginning.status,
            before_its_beginning.text_of("rule")
        ),
        (422, "G2".into())
    );
    assert_eq!(contact(DRAMMEN, "2021-06-20").await.status, 404);
}

#[tokio::test]
async fn an_entry_of_anothers_stay_is_not_there_to_be_put_right() {
    let app = TestApp::new().await;
    let id = back_at_bergen(&app).await;
    app.caught_up().await;
    let of = async |department: &str| {
        let path = format!("/v1/participants/{id}/timeline");
        let facts = app.get(&path).veileder(department).await.body;
        facts["facts"].as_array().unwrap().last().unwrap()["event_id"].clone()
    };
    let retract = async |department: &str, entry: &Value| {
        app.post(&format!("/v1/participants/{id}/retract-entry"))
            .veileder(department)
            .json(&json!({ "entry": entry, "reason": "duplicate" }))
            .await
    };
    let correct = async |department: &str, entry: &Value| {
        app.post(&format!("/v1/participants/{id}/correct-entry"))
            .veileder(department)
            .json(&json!({ "entry": entry, "data": {}, "occurred_at": "2021-05-30" }))
            .await
    };
    let (ended, back) = (of(OSLO).await, of(BERGEN).await);
    let nowhere = json!(Uuid::from_u128(4711));
    for (department, others) in [(BERGEN, &ended), (OSLO, &back)] {
        for reply in [
            (
                retract(department, others).await,
                retract(department, &nowhere).await,
            ),
            (
                correct(department, others).await,
                correct(department, &nowhere).await,
            ),
        ] {
            assert_eq!((reply.0.status, &reply.0.body), (409, &reply.1.body));
            assert_eq!(reply.0.text_of("rule"), "G4");
        }
    }
    // That the person came back elsewhere is not told to who held the stay before.
    let own = retract(OSLO, &ended).await;
    assert_eq!((own.status, own.text_of("rule")), (409, "G7".to_owned()));
    assert_eq!(
        own.text_of("detail"),
        "what was told since rests on this entry"
    );
    // Their own they put right.
    assert_eq!(retract(BERGEN, &back).await.status, 201);
    let own = retract(OSLO, &ended).await;
    assert_eq!(own.status, 201, "{own:?}");
}

#[tokio::test]
async fn a_stranger_who_is_here_looks_like_one_who_is_not() {
    let app = TestApp::new().await;
    let open_at_oslo = app.participant(OSLO, "2021-05-01", "Ola").await;
    let nobody = Uuid::from_u128(99).to_string();
    for command in ["re-enter", "make-first-contact"] {
        for body in [
            json!({ "department": BERGEN, "channels": ["other"] }),
            json!({ "department": BERGEN, "channels": ["other"], "unheard_of": true }),
            json!({ "department": BERGEN }),
            json!({ "channels": ["other"] }),
            json!({ "department": OSLO, "channels": ["other"] }),
            json!({ "department": "stegforsteg-nowhere", "channels": ["other"] }),
        ] {
            let told = async |id: &str| {
                app.post(&format!("/v1/participants/{id}/{command}"))
                    .veileder(BERGEN)
                    .json(&body)
                    .await
            };
            let (there, not_there) = (told(&open_at_oslo).await, told(&nobody).await);
            assert_eq!(
                (there.status, &there.body),
                (not_there.status, &not_there.body),
                "{command} {body}"
            );
            assert!(there.status == 404 || there.status == 422, "{there:?}");
        }
    }
    // Their own they are told of.
    let at_home = re_enter(&app, &open_at_oslo, OSLO, "2021-06-01").await;
    assert_eq!(
        (at_home.status, at_home.text_of("rule")),
        (409, "D15".into())
    );
    // Nor is anything opened by an address that somebody thought of.
    for (path, role, body) in [
        (
            "/v1/referrals/{id}/propose-referral",
            Role::Institution,
            json!({ "from": SLEMDAL, "to": OSLO, "situation": "in-patient" }),
        ),
        (
            "/v1/tidgivere/{id}/apply",
            Role::DepartmentLeader,
            json!({ "department": OSLO }),
        ),
    ] {
        let unit = if role == Role::Institution {
            SLEMDAL
        } else {
            OSLO
        };
        let reply = app
            .post(&path.replace("{id}", &nobody))
            .role_at(role, unit)
            .json(&body)
            .await;
        assert_eq!(reply.status, 404, "{path}");
    }
}

#[tokio::test]
async fn when_somebody_left_elsewhere_is_not_told_to_where_they_return() {
    let app = TestApp::new().await;
    let id = app.participant(OSLO, "2021-03-01", "Ola").await;
    let end = json!({
        "reason": "faded-out", "learned": "from-participant", "occurred_at": "2021-05-31",
    });
    app.told(&id, OSLO, &[("end-participation", end)]).await;
    let early = re_enter(&app, &id, BERGEN, "2021-05-30").await;
    assert_eq!(
        (early.status, early.text_of("rule"), early.text_of("detail")),
        (
            422,
            "G2".into(),
            "this lies before the end of an earlier stay".into()
        )
    );
    let own = re_enter(&app, &id, OSLO, "2021-05-30").await;
    assert!(own.text_of("detail").contains("2021-05-31"), "{own:?}");
}

#[tokio::test]
async fn a_coordinator_learns_nothing_of_a_treatment() {
    let app = TestApp::new().await;
    let tidgiver = app.tidgiver(OSLO, "Tor Frivillig").await;
    let id = app.participant(OSLO, "2021-05-01", "Kari Eksempel").await;
    let consent = Uuid::from_u128(31);
    app.told(
        &id,
        OSLO,
        &[
            (
                "give-consent",
                json!({ "consent_id": consent, "purpose": "treatment-phase", "unit": SLEMDAL }),
            ),
            (
                "enter-treatment-phase",
                json!({ "consent_id": consent, "unit": SLEMDAL, "phase": "during" }),
            ),
            ("assign-veileder", json!({ "veileder": Uuid::from_u128(9) })),
            (
                "assess-tidgiver-readiness",
                json!({ "readiness": "ready", "institution_agrees": false }),
            ),
        ],
    )
    .await;
    app.caught_up().await;
    let timeline = app
        .get(&format!("/v1/participants/{id}/timeline"))
        .role_at(Role::TidgiverCoordinator, OSLO)
        .await;
    let told: Vec<_> = timeline.body["facts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fact| (fact["kind"].as_str().unwrap(), fact["data"].clone()))
        .collect();
    assert_eq!(
        told,
        [
            ("kartlegging-done", json!({ "wishes": ["housing"] })),
            (
                "tidgiver-readiness-assessed",
                json!({ "readiness": "ready" })
            ),
        ]
    );
    let matched = async |role, language: &str| {
        let reply = app
            .post(&format!("/v1/participants/{id}/match-tidgiver"))
            .role_at(role, OSLO)
            .header("accept-language", language)
            .json(&json!({
                "tidgiver": tidgiver, "kind": "social", "purpose": "sport",
                "begins": "2021-07-01", "review": "2021-08-01", "ends": "2021-12-01",
                "because": ["interests"], "ground_rules_accepted": true,
            }))
            .await;
        assert_eq!((reply.status, reply.text_of("rule")), (409, "D26".into()));
        reply
    };
    let to_coordinator = matched(Role::TidgiverCoordinator, "en").await;
    assert_eq!(
        to_coordinator.text_of("detail"),
        "readiness for a tidgiver is not complete"
    );
    let in_norwegian = matched(Role::TidgiverCoordinator, "nb").await;
    assert!(!in_norwegian.text_of("detail").contains("innlagt"));
    let to_leader = matched(Role::DepartmentLeader, "en").await;
    assert!(to_leader.text_of("detail").contains("in-patient"));
}

/// A referral from Slemdal to Oslo: its id.
async fn referral(app: &TestApp, consent: Option<Uuid>) -> String {
    let mut proposal = json!({
        "from": SLEMDAL, "to": OSLO, "situation": "in-patient", "contact": "900 00 000",
        "occurred_at": "2021-06-20",
    });
    if let Some(consent) = consent {
        proposal["consent_id"] = json!(consent);
        proposal["name"] = json!("Kari Eksempel");
    }
    let reply = app
        .post("/v1/referrals")
        .role_at(Role::Institution, SLEMDAL)
        .json(&proposal)
        .await;
    assert_eq!(reply.status, 201, "{reply:?}");
    reply.text_of("id")
}

/// The names of the fields that an answer bears, but for what it shows.
fn fields(body: &Value) -> Vec<&str> {
    let names = body.as_object().unwrap().keys().map(String::as_str);
    names
        .filter(|name| !["position", "as_of", "known_at", "definition"].contains(name))
        .collect()
}

#[tokio::test]
async fn a_referral_is_read_by_who_sent_it_and_by_whom_it_was_sent_to() {
    let app = TestApp::new().await;
    let consent = Uuid::from_u128(41);
    let (with, without) = (
        referral(&app, Some(consent)).await,
        referral(&app, None).await,
    );
    let agreed = app
        .post(&format!("/v1/referrals/{with}/agree"))
        .veileder(OSLO)
        .json(&json!({ "consent_id": consent, "occurred_at": "2021-06-25" }))
        .await;
    assert_eq!(agreed.status, 201, "{agreed:?}");
    let person = agreed.body["ids"]["participant_id"].clone();
    app.caught_up().await;
    let read = async |id: &str, role, unit: &str| {
        let reply = app.get(&format!("/v1/referrals/{id}")).role_at(role, unit);
        reply.await
    };
    let by_department = read(&with, Role::Veileder, OSLO).await.body;
    for (field, value) in [
        ("status", json!("agreed")),
        ("from", json!(SLEMDAL)),
        ("situation", json!("in-patient")),
        ("name", json!("Kari Eksempel")),
        ("contact", json!("900 00 000")),
        ("proposed", json!("2021-06-20")),
        ("agreed", json!("2021-06-25")),
        ("participant_id", person.clone()),
    ] {
        assert_eq!(by_department[field], value, "{field}");
    }
    let due: Vec<_> = by_department["due"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["task"].as_str().unwrap())
        .collect();
    assert_eq!(due, ["hold-joint-conversation", "answer-referral"]);
    let waiting = read(&without, Role::DepartmentLeader, OSLO).await.body;
    assert_eq!(
        (
            &waiting["status"],
            &waiting["name"],
            &waiting["contact"],
            &waiting["expires"]
        ),
        (
            &json!("in-quarantine"),
            &json!(null),
            &json!("900 00 000"),
            &json!("2021-07-20")
        )
    );

    let as_sent = [
        "admitted",
        "discharge",
        "expires",
        "from",
        "left_early",
        "proposed",
        "referral_id",
        "situation",
        "to",
        "treatment_over",
        "with_consent",
    ];
    let by_sender = read(&with, Role::Institution, SLEMDAL).await.body;
    assert_eq!(by_sender["status"], "agreed");
    assert_eq!(by_sender.get("participant_id"), None);
    assert_eq!(by_sender.get("contact"), None);
    let nothing_back = read(&without, Role::Institution, SLEMDAL).await.body;
    assert_eq!(fields(&nothing_back), as_sent);

    for (role, unit) in [
        (Role::Institution, LOLAND),
        (Role::Veileder, BERGEN),
        (Role::TidgiverCoordinator, OSLO),
    ] {
        assert_eq!(read(&with, role, unit).await.status, 404);
    }
    let nowhere = read(&Uuid::from_u128(5).to_string(), Role::Veileder, OSLO).await;
    assert_eq!(nowhere.status, 404);

    // A consent that is withdrawn stops what goes back, of days before it too.
    let token = app.token(
        Role::Participant,
        None,
        person.as_str().unwrap().parse().unwrap(),
    );
    let withdrawn = app
        .post(&format!(
            "/v1/participants/{}/withdraw-consent",
            person.as_str().unwrap()
        ))
        .token(&token)
        .json(&json!({ "consent_id": consent }))
        .await;
    assert_eq!(withdrawn.status, 201, "{withdrawn:?}");
    app.caught_up().await;
    for query in ["", "?as_of=2021-06-30"] {
        let path = format!("/v1/referrals/{with}{query}");
        let after = app.get(&path).role_at(Role::Institution, SLEMDAL).await;
        assert_eq!(fields(&after.body), as_sent, "{query}");
        let after = app.get(&path).veileder(OSLO).await.body;
        assert_eq!(
            (&after["name"], &after["contact"]),
            (&json!(null), &json!(null))
        );
    }
}

#[tokio::test]
async fn referrals_are_listed_page_by_page_the_newest_first() {
    let app = TestApp::new().await;
    let mut sent = vec![];
    for day in ["2021-06-01", "2021-06-03", "2021-06-02"] {
        let reply = app
            .post("/v1/referrals")
            .role_at(Role::Institution, SLEMDAL)
            .json(&json!({
                "from": SLEMDAL, "to": OSLO, "situation": "out-patient", "occurred_at": day,
            }))
            .await;
        sent.push(reply.text_of("id"));
    }
    app.caught_up().await;
    let listed = async |role, unit: &str| {
        let mut ids = vec![];
        let mut path = "/v1/referrals?limit=2".to_owned();
        loop {
            let page = app.get(&path).role_at(role, unit).await;
            assert_eq!(page.status, 200, "{page:?}");
            let list = page.body["referrals"].as_array().unwrap();
            ids.extend(list.iter().map(|one| one["referral_id"].clone()));
            match page.body["next_cursor"].as_str() {
                None => return ids,
                Some(next) => path = format!("/v1/referrals?limit=2&cursor={next}"),
            }
        }
    };
    let newest_first = [&sent[1], &sent[2], &sent[0]].map(|id| json!(id));
    assert_eq!(listed(Role::Institution, SLEMDAL).await, newest_first);
    assert_eq!(listed(Role::Veileder, OSLO).await, newest_first);
    assert_eq!(listed(Role::Institution, LOLAND).await, Vec::<Value>::new());
    assert_eq!(listed(Role::Veileder, BERGEN).await, Vec::<Value>::new());
}

#[tokio::test]
async fn the_tidgivere_of_a_department_are_read_with_what_they_do_now() {
    let app = TestApp::new().await;
    let tidgiver = app.tidgiver(OSLO, "Tor Frivillig").await;
    for (command, body) in [
        (
            "record-interests",
            json!({ "interests": ["sport"], "languages": ["norwegian"] }),
        ),
        ("change-availability", json!({ "capacity": 2 })),
    ] {
        let reply = app
            .post(&format!("/v1/tidgivere/{tidgiver}/{command}"))
            .role_at(Role::TidgiverCoordinator, OSLO)
            .json(&body)
            .await;
        assert_eq!(reply.status, 201, "{command}: {reply:?}");
    }
    let person = app.participant(OSLO, "2021-05-01", "Kari").await;
    app.told(
        &person,
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
    app.tidgiver(BERGEN, "Siri Frivillig").await;
    app.caught_up().await;
    let path = format!("/v1/tidgivere/{tidgiver}");
    let one = app
        .get(&path)
        .role_at(Role::TidgiverCoordinator, OSLO)
        .await;
    assert_eq!(one.status, 200, "{one:?}");
    for (field, value) in [
        ("name", json!("Tor Frivillig")),
        ("stage", json!("approved")),
        ("interests", json!(["sport"])),
        ("languages", json!(["norwegian"])),
        ("capacity", json!(2)),
        ("open_oppdrag", json!(1)),
    ] {
        assert_eq!(one.body[field], value, "{field}");
    }
    assert_eq!(one.body["oppdrag"][0]["participant_id"], person);
    let list = app.get("/v1/tidgivere").leader(OSLO).await.body;
    let list = list["tidgivere"].as_array().unwrap();
    let names: Vec<_> = list.iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, [json!("Tor Frivillig")]);
    for (role, unit) in [
        (Role::TidgiverCoordinator, BERGEN),
        (Role::DepartmentLeader, BERGEN),
        (Role::Veileder, OSLO),
        (Role::Institution, SLEMDAL),
    ] {
        assert_eq!(app.get(&path).role_at(role, unit).await.status, 404);
    }
}

#[tokio::test]
async fn figures_are_of_the_day_they_are_reported_for_and_keep_what_is_left_out() {
    let app = TestApp::new().await;
    let registered = app
        .post(&format!("/v1/units/{DRAMMEN}/register-unit"))
        .role(Role::NationalLead)
        .json(&json!({
            "kind": "department", "offers_individual_tidgiver": true, "occurred_at": "2016-01-01",
        }))
        .await;
    assert_eq!(registered.status, 201, "{registered:?}");
    let report = async |body: Value| {
        let path = format!("/v1/units/{DRAMMEN}/report-key-figures");
        let reply = app.post(&path).leader(DRAMMEN).json(&body).await;
        assert_eq!(reply.status, 201, "{reply:?}");
        reply.body["event_ids"][0].clone()
    };
    let figures = async |query: &str| {
        app.caught_up().await;
        let path = format!("/v1/key-figures?unit={DRAMMEN}{query}");
        let reply = app.get(&path).leader(DRAMMEN).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let unit = &reply.body["units"][0];
        [
            "employees",
            "tidgivere",
            "reported_for",
            "tidgivere_reported_for",
        ]
        .map(|field| unit[field].clone())
    };
    report(json!({
        "on": "2021-05-31", "employees": 6, "full_time_equivalents_hundredths": 600,
        "tidgivere": 21,
    }))
    .await;
    let latest = report(json!({
        "on": "2021-06-30", "employees": 7, "full_time_equivalents_hundredths": 620,
    }))
    .await;
    let in_june = [
        json!(7),
        json!(21),
        json!("2021-06-30"),
        json!("2021-05-31"),
    ];
    assert_eq!(figures("").await, in_june);
    assert_eq!(figures("&as_of=2021-06-30").await, in_june);
    assert_eq!(figures("&as_of=2021-06-29").await[0], 6);
    assert_eq!(figures("&as_of=2021-05-30").await[0], json!(null));
    // It was not known before it was told.
    assert_eq!(
        figures("&as_of=2021-06-30&known_at=2021-06-30").await[0],
        json!(null)
    );

    let correct = async |department: &'static str, employees: u32| {
        app.post(&format!("/v1/units/{DRAMMEN}/correct-entry"))
            .leader(department)
            .json(&json!({
                "entry": latest, "occurred_at": "2021-07-01",
                "data": {
                    "on": "2021-06-30", "employees": employees,
                    "full_time_equivalents_hundredths": 620,
                },
            }))
            .await
    };
    assert_eq!(correct(BERGEN, 8).await.status, 404);
    let too_many = correct(DRAMMEN, 100_001).await;
    assert_eq!(
        (
            too_many.status,
            too_many.text_of("rule"),
            too_many.text_of("pointer")
        ),
        (422, "G9".into(), "/data/employees".into())
    );
    let corrected = correct(DRAMMEN, 8).await;
    assert_eq!(corrected.status, 201, "{corrected:?}");
    assert_eq!(figures("").await[0], 8);
    let retract = async |entry: &Value| {
        app.post(&format!("/v1/units/{DRAMMEN}/retract-entry"))
            .leader(DRAMMEN)
            .json(&json!({ "entry": entry, "reason": "duplicate" }))
            .await
    };
    // What was put right may be put back.
    assert_eq!(retract(&corrected.body["event_ids"][0]).await.status, 201);
    assert_eq!(figures("").await[0], 7);
    assert_eq!(retract(&latest).await.status, 201);
    assert_eq!(figures("").await[0], 6);
}

#[tokio::test]
async fn that_a_unit_is_registered_is_not_its_leaders_to_put_right() {
    let app = TestApp::new().await;
    let registered = app
        .post("/v1/units/kafe-kampen-gjovik/register-unit")
        .role(Role::NationalLead)
        .json(&json!({ "kind": "department", "offers_individual_tidgiver": false }))
        .await;
    let reply = app
        .post("/v1/units/kafe-kampen-gjovik/retract-entry")
        .leader("kafe-kampen-gjovik")
        .json(&json!({ "entry": registered.body["event_ids"][0], "reason": "duplicate" }))
        .await;
    assert_eq!(reply.status, 404, "{reply:?}");
}

#[tokio::test]
async fn counts_that_no_unit_reaches_are_refused_where_they_stand() {
    let app = TestApp::new().await;
    let begun = app
        .post(&format!(
            "/v1/cooperations/{SLEMDAL}/{OSLO}/begin-cooperation"
        ))
        .leader(OSLO)
        .json(&json!({
            "unit": SLEMDAL, "department": OSLO, "coordinator": Uuid::from_u128(9),
        }))
        .await;
    assert_eq!(begun.status, 201, "{begun:?}");
    for (path, body, pointer) in [
        (
            format!("/v1/units/{OSLO}/report-key-figures"),
            json!({
                "on": "2021-06-30", "employees": 4_000_000_000_u32,
                "full_time_equivalents_hundredths": 1,
            }),
            "/employees",
        ),
        (
            format!("/v1/cooperations/{SLEMDAL}/{OSLO}/inform-patients"),
            json!({ "count": 4_294_967_295_u32 }),
            "/count",
        ),
    ] {
        let reply = app.post(&path).leader(OSLO).json(&body).await;
        assert_eq!(
            (
                reply.status,
                reply.text_of("rule"),
                reply.text_of("pointer")
            ),
            (422, "G9".into(), pointer.into())
        );
    }
}

#[tokio::test]
async fn sentences_served_say_of_which_year_and_unit_and_no_year_to_come() {
    let app = TestApp::new().await;
    app.caught_up().await;
    let ask = async |query: &str| {
        let path = format!("/v1/sentence-serving{query}");
        app.get(&path).leader(OSLO).await
    };
    for (query, year) in [("", json!(null)), ("?year=2020", json!(2020))] {
        let reply = ask(query).await.body;
        assert_eq!(
            (&reply["unit"], &reply["year"]),
            (&json!(OSLO), &year),
            "{query}"
        );
    }
    for (query, rule) in [
        ("?year=2030", "not-yet"),
        ("?year=2022", "not-yet"),
        ("?year=2021&as_of=2020-12-31", "invalid-parameter"),
    ] {
        let reply = ask(query).await;
        assert_eq!(
            (
                reply.status,
                reply.text_of("rule"),
                reply.text_of("pointer")
            ),
            (422, rule.into(), "/year".into()),
            "{query}"
        );
    }
}

#[tokio::test]
async fn d5_what_rests_on_a_withdrawn_consent_is_shown_of_no_day_any_more() {
    let app = TestApp::new().await;
    let id = app.participant(OSLO, "2021-05-01", "Ola").await;
    let (consent, other) = (Uuid::from_u128(31), Uuid::from_u128(32));
    let given = |consent: Uuid, unit: &str| {
        json!({
            "consent_id": consent, "purpose": "treatment-phase", "unit": unit,
            "occurred_at": "2021-05-10",
        })
    };
    let phase = |consent: Uuid, unit: &str, day: &str| json!({ "consent_id": consent, "unit": unit, "phase": "during", "occurred_at": day });
    let planned = json!({
        "consent_id": consent, "unit": SLEMDAL, "on": "2021-06-20", "occurred_at": "2021-05-12",
    });
    app.told(
        &id,
        OSLO,
        &[
            ("give-consent", given(consent, SLEMDAL)),
            ("give-consent", given(other, LOLAND)),
            ("enter-treatment-phase", phase(other, LOLAND, "2021-05-10")),
            (
                "enter-treatment-phase",
                phase(consent, SLEMDAL, "2021-05-11"),
            ),
            ("plan-discharge", planned),
        ],
    )
    .await;
    app.clock.set("2021-07-05T10:00:00Z".parse().unwrap());
    app.caught_up().await;
    let shown = async |query: &str| {
        let path = format!("/v1/participants/{id}");
        let person = app.get(&format!("{path}?{query}")).veileder(OSLO).await;
        let stay = &person.body["stays"][0];
        let facts = app.get(&format!("{path}/timeline?{query}"));
        let facts = facts.veileder(OSLO).await.body["facts"].take();
        let facts = facts.as_array().unwrap();
        let units = facts.iter().filter_map(|fact| match &fact["kind"] {
            kind if kind == "consent-given" => None,
            _ => fact["data"]["unit"].as_str().map(str::to_owned),
        });
        let due = app.get(&format!("/v1/worklist?{query}")).veileder(OSLO);
        let due = due.await.text.contains("be-ready-before-discharge");
        (
            json!([stay["phase"], stay["phase_unit"], stay["discharge"]]),
            units.collect::<Vec<_>>(),
            due,
        )
    };
    let times = [
        "",
        "as_of=2021-06-30",
        "known_at=2021-07-01T10:00:00Z",
        "as_of=2021-06-30&known_at=2021-07-01T10:00:00Z",
    ];
    for query in times {
        let before = (
            json!(["during", SLEMDAL, "2021-06-20"]),
            vec![LOLAND.to_owned(), SLEMDAL.to_owned(), SLEMDAL.to_owned()],
            true,
        );
        assert_eq!(shown(query).await, before, "{query}");
    }
    let flows = async || {
        let path = "/v1/flows?as_of=2021-06-30&known_at=2021-07-01T10:00:00Z";
        app.get(path).leader(OSLO).await.body["flows"].take()
    };
    let counted = flows().await;
    let withdrawal = json!({ "consent_id": consent });
    app.told(&id, OSLO, &[("withdraw-consent", withdrawal)])
        .await;
    app.caught_up().await;
    for query in times {
        let after = (json!([null, null, null]), vec![LOLAND.to_owned()], false);
        assert_eq!(shown(query).await, after, "{query}");
    }
    // Figures name nobody: what was counted then stays counted.
    assert_eq!(flows().await, counted);
}

#[tokio::test]
async fn d5_each_part_of_a_treatment_goes_with_the_consent_by_which_it_was_told() {
    let app = TestApp::new().await;
    let consents = [Uuid::from_u128(41), Uuid::from_u128(42)];
    for (withdrawn, left) in [
        (consents[0], json!([null, null, "2021-06-20"])),
        (consents[1], json!(["during", SLEMDAL, null])),
    ] {
        let id = app.participant(OSLO, "2021-05-01", "Ola").await;
        let given = |consent: Uuid| {
            json!({
                "consent_id": consent, "purpose": "treatment-phase", "unit": SLEMDAL,
                "occurred_at": "2021-05-10",
            })
        };
        let entered = json!({
            "consent_id": consents[0], "unit": SLEMDAL, "phase": "during",
            "occurred_at": "2021-05-11",
        });
        let planned = json!({
            "consent_id": consents[1], "unit": SLEMDAL, "on": "2021-06-20",
            "occurred_at": "2021-05-12",
        });
        app.told(
            &id,
            OSLO,
            &[
                ("give-consent", given(consents[0])),
                ("give-consent", given(consents[1])),
                ("enter-treatment-phase", entered),
                ("plan-discharge", planned),
                ("withdraw-consent", json!({ "consent_id": withdrawn })),
            ],
        )
        .await;
        app.caught_up().await;
        for query in ["", "?as_of=2021-05-20"] {
            let path = format!("/v1/participants/{id}{query}");
            let stay = app.get(&path).veileder(OSLO).await.body["stays"][0].take();
            let told = json!([stay["phase"], stay["phase_unit"], stay["discharge"]]);
            assert_eq!(told, left, "{query}");
        }
        let due = app.get("/v1/worklist").veileder(OSLO).await.body["items"].take();
        let is_due = due.as_array().unwrap().iter().any(|item| {
            item["task"] == "be-ready-before-discharge" && item["participant_id"] == json!(id)
        });
        assert_eq!(is_due, !left[2].is_null(), "{due}");
    }
}
