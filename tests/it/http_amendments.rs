//! Corrections and retractions: by which rules, with whose words, and whose they are.

use domain::es::Role;
use serde_json::{Value, json};
use tests::{BERGEN, LOLAND, OSLO, Reply, SLEMDAL, TestApp};
use uuid::Uuid;

/// A record that entries are told to, by the address of its commands.
struct Record<'a> {
    app: &'a TestApp,
    path: String,
}

impl<'a> Record<'a> {
    fn of(app: &'a TestApp, path: String) -> Self {
        Self { app, path }
    }

    fn participant(app: &'a TestApp, id: &str) -> Self {
        Self::of(app, format!("/v1/participants/{id}"))
    }

    async fn tell(&self, token: &str, command: &str, body: Value) -> Reply {
        let path = format!("{}/{command}", self.path);
        self.app.post(&path).token(token).json(&body).await
    }

    /// The entry that a command adds.
    async fn entry(&self, token: &str, command: &str, body: Value) -> String {
        let reply = self.tell(token, command, body).await;
        assert_eq!(reply.status, 201, "{command}: {reply:?}");
        reply.body["event_ids"][0].as_str().unwrap().to_owned()
    }

    async fn correct(&self, token: &str, entry: &str, day: &str, data: Value) -> Reply {
        let body = json!({ "entry": entry, "occurred_at": day, "data": data });
        self.tell(token, "correct-entry", body).await
    }

    async fn retract(&self, token: &str, entry: &str) -> Reply {
        let body = json!({ "entry": entry, "reason": "did-not-happen" });
        self.tell(token, "retract-entry", body).await
    }
}

fn staff(app: &TestApp, role: Role, unit: &str) -> String {
    app.token(role, Some(unit), Uuid::from_u128(7))
}

/// Status, rule and pointer of an answer.
fn said(reply: &Reply) -> (u16, &str, &str) {
    let text = |name: &str| reply.body[name].as_str().unwrap_or_default();
    (reply.status, text("rule"), text("pointer"))
}

const MADE: (u16, &str, &str) = (201, "", "");
const NOT_THERE: (u16, &str, &str) = (404, "not-found", "");

/// The facts of a person's timeline, by their kind.
async fn fact(app: &TestApp, token: &str, id: &str, kind: &str) -> Value {
    app.caught_up().await;
    let timeline = format!("/v1/participants/{id}/timeline");
    let timeline = app.get(&timeline).token(token).await;
    let facts = timeline.body["facts"].as_array().unwrap();
    facts
        .iter()
        .find(|fact| fact["kind"] == kind)
        .unwrap()
        .clone()
}

#[tokio::test]
async fn a_correction_is_decided_like_the_fact_it_corrects() {
    let app = TestApp::new().await;
    let leader = staff(&app, Role::DepartmentLeader, OSLO);
    let id = app.participant(OSLO, "2021-05-01", "Ola").await;
    let record = Record::participant(&app, &id);
    let goal = json!({ "text": "Bolig", "participant_agreed": true, "occurred_at": "2021-05-02" });
    let goal = record.entry(&leader, "set-goal", goal).await;
    let consent =
        json!({ "purpose": "treatment-phase", "unit": SLEMDAL, "occurred_at": "2021-05-02" });
    let consent = record.tell(&leader, "give-consent", consent).await;
    let consent = &consent.body["ids"]["consent_id"];
    let phase = |unit: &str| json!({ "unit": unit, "phase": "during", "consent_id": consent });
    let mut told = phase(SLEMDAL);
    told["occurred_at"] = json!("2021-05-03");
    let entered = record.entry(&leader, "enter-treatment-phase", told).await;
    let held = json!({ "channel": "sms", "with": "veileder", "occurred_at": "2021-05-20" });
    let contact = record.entry(&leader, "hold-contact", held).await;
    let held = json!({ "channel": "sms", "with": "veileder" });
    let end = |reason: &str| json!({ "reason": reason, "learned": "by-review" });
    let mut told = end("faded-out");
    told["occurred_at"] = json!("2021-06-01");
    let ended = record.entry(&leader, "end-participation", told).await;
    let first = fact(&app, &leader, &id, "first-contact-made").await;
    let first = first["event_id"].as_str().unwrap();
    let first_contact =
        |unit: &str, channels: Value| json!({ "department": unit, "channels": channels });
    for (entry, day, data, answer) in [
        (
            &*ended,
            "2021-04-30",
            end("faded-out"),
            (422, "G2", "/occurred_at"),
        ),
        (
            &ended,
            "2021-06-01",
            end("relapse"),
            (409, "D14", "/data/reason"),
        ),
        (
            &goal,
            "2021-05-02",
            json!({ "participant_agreed": false }),
            (409, "D18", "/data/participant_agreed"),
        ),
        (
            &entered,
            "2021-05-03",
            phase(LOLAND),
            (409, "D5", "/data/consent_id"),
        ),
        (
            &entered,
            "2021-05-03",
            phase("nowhere"),
            (409, "D5", "/data/consent_id"),
        ),
        (
            first,
            "2021-05-01",
            first_contact(OSLO, json!([])),
            (409, "D3", "/data/channels"),
        ),
        (
            first,
            "2021-05-01",
            first_contact("stegforsteg-moon", json!(["other"])),
            (422, "G1", "/data/department"),
        ),
        (
            first,
            "2021-05-10",
            first_contact(OSLO, json!(["other"])),
            (422, "G2", "/entry"),
        ),
        (
            &contact,
            "2021-06-02",
            held.clone(),
            (409, "D14", "/occurred_at"),
        ),
        (&contact, "2021-05-25", held, MADE),
    ] {
        let reply = record.correct(&leader, entry, day, data).await;
        assert_eq!(said(&reply), answer, "{reply:?}");
    }
    let resting = record.retract(&leader, first).await;
    assert_eq!(said(&resting), (409, "G7", "/entry"));
    assert_eq!(said(&record.retract(&leader, &contact).await), MADE);
    let again = record.retract(&leader, &contact).await;
    assert_eq!(said(&again), (409, "G4", "/entry"));
    assert_eq!(again.body["detail"], "this entry is retracted already");
}

#[tokio::test]
async fn a_fact_read_and_sent_back_keeps_its_words() {
    let app = TestApp::new().await;
    let veileder = staff(&app, Role::Veileder, OSLO);
    let id = app.participant(OSLO, "2021-05-01", "Kari Eksempel").await;
    let record = Record::participant(&app, &id);
    for text in ["Finne en bolig", "Et arbeid"] {
        let goal = json!({ "text": text, "participant_agreed": true, "occurred_at": "2021-05-02" });
        record.entry(&veileder, "set-goal", goal).await;
    }
    let name = async || {
        app.caught_up().await;
        let path = format!("/v1/participants/{id}");
        app.get(&path).token(&veileder).await.body["name"].clone()
    };
    let correct = async |fact: &Value, day: &str, data: Value| {
        let entry = fact["event_id"].as_str().unwrap();
        record.correct(&veileder, entry, day, data).await
    };
    let mut first = fact(&app, &veileder, &id, "first-contact-made").await;
    first["data"]["channels"] = json!(["municipal-staff"]);
    let reply = correct(&first, "2021-04-30", first["data"].clone()).await;
    assert_eq!(said(&reply), MADE);
    assert_eq!(name().await, "Kari Eksempel");
    // Other words take their place, and what leaves them out leaves those.
    let mut data = first["data"].clone();
    data["name"] = json!("Kari Riktig");
    let renamed = correct(&first, "2021-04-30", data.clone()).await;
    assert_eq!(said(&renamed), MADE);
    data.as_object_mut().unwrap().remove("name");
    assert_eq!(said(&correct(&first, "2021-04-29", data).await), MADE);
    assert_eq!(name().await, "Kari Riktig");
    // The reference of before is none any more, and nobody reads others' words by their id.
    let goal = fact(&app, &veileder, &id, "goal-set").await;
    for told in [&first["data"]["name"], &goal["data"]["text"]] {
        let mut data = first["data"].clone();
        data["name"] = told.clone();
        let reply = correct(&first, "2021-04-30", data).await;
        assert_eq!(said(&reply), (422, "invalid-data", "/data/name"));
    }
    assert_eq!(name().await, "Kari Riktig");
    let reply = correct(&goal, "2021-05-03", goal["data"].clone()).await;
    assert_eq!(said(&reply), MADE);
    app.caught_up().await;
    let plan = format!("/v1/participants/{id}/plan");
    let plan = app.get(&plan).token(&veileder).await;
    let goals = plan.body["plans"][0]["goals"].as_array().unwrap();
    let mut texts: Vec<_> = goals.iter().map(|goal| goal["text"].as_str()).collect();
    texts.sort_unstable();
    assert_eq!(texts, [Some("Et arbeid"), Some("Finne en bolig")]);
}

#[tokio::test]
async fn an_amendment_sent_again_is_answered_as_the_first_time() {
    let app = TestApp::new().await;
    let id = app.contact_made(OSLO, "2021-05-01", "Kari").await;
    let veileder = staff(&app, Role::Veileder, OSLO);
    let first = fact(&app, &veileder, &id, "first-contact-made").await;
    let send = async |key: &str, name: &Value| {
        let mut data = first["data"].clone();
        data["name"] = name.clone();
        app.post(&format!("/v1/participants/{id}/correct-entry"))
            .token(&veileder)
            .header("idempotency-key", key)
            .json(&json!({
                "entry": first["event_id"], "occurred_at": "2021-05-01", "data": data,
            }))
            .await
    };
    let unchanged = &first["data"]["name"];
    let told = send("one", unchanged).await;
    assert_eq!(told.status, 201, "{told:?}");
    assert_eq!(send("two", &json!("Kari Riktig")).await.status, 201);
    let again = send("one", unchanged).await;
    assert_eq!(
        (again.status, &again.body["event_ids"]),
        (200, &told.body["event_ids"])
    );
}

#[tokio::test]
async fn who_moves_a_person_by_a_correction_may_transfer_them() {
    let app = TestApp::new().await;
    let id = app.contact_made(OSLO, "2021-05-01", "Ola").await;
    let record = Record::participant(&app, &id);
    let [veileder, leader] =
        [Role::Veileder, Role::DepartmentLeader].map(|role| staff(&app, role, OSLO));
    let first = fact(&app, &veileder, &id, "first-contact-made").await;
    let first = first["event_id"].as_str().unwrap();
    let moved = json!({ "department": BERGEN, "channels": ["other"] });
    let correct = async |token: &str, data: &Value| {
        record
            .correct(token, first, "2021-05-01", data.clone())
            .await
    };
    assert_eq!(said(&correct(&veileder, &moved).await), NOT_THERE);
    let unknown = json!({ "department": "stegforsteg-moon", "channels": ["other"] });
    let reply = correct(&veileder, &unknown).await;
    assert_eq!(said(&reply), (422, "G1", "/data/department"));
    let reply = correct(&leader, &moved).await;
    assert_eq!(said(&reply), MADE);
    // To take that back moves the person too.
    let correction = reply.body["event_ids"][0].as_str().unwrap().to_owned();
    let [theirs, leads] =
        [Role::Veileder, Role::DepartmentLeader].map(|role| staff(&app, role, BERGEN));
    assert_eq!(said(&record.retract(&leader, &correction).await), NOT_THERE);
    assert_eq!(said(&record.retract(&theirs, &correction).await), NOT_THERE);
    assert_eq!(said(&record.retract(&leads, &correction).await), MADE);
}

#[tokio::test]
async fn each_role_amends_the_kinds_that_it_records() {
    let app = TestApp::new().await;
    let tidgiver = app.tidgiver(OSLO, "Tor Frivillig").await;
    let id = app.participant(OSLO, "2021-05-01", "Ola").await;
    let record = Record::participant(&app, &id);
    let coordinator = staff(&app, Role::TidgiverCoordinator, OSLO);
    let veileder = staff(&app, Role::Veileder, OSLO);
    let elsewhere = staff(&app, Role::TidgiverCoordinator, BERGEN);
    let ready = json!({ "readiness": "ready", "occurred_at": "2021-05-02" });
    let ready = record
        .entry(&coordinator, "assess-tidgiver-readiness", ready)
        .await;
    let matched = json!({
        "tidgiver": tidgiver, "kind": "social", "purpose": "sport", "begins": "2021-05-03",
        "review": "2021-06-01", "ends": "2021-12-01", "because": ["interests"],
        "ground_rules_accepted": true, "occurred_at": "2021-05-03",
    });
    let reply = record.tell(&coordinator, "match-tidgiver", matched).await;
    let oppdrag = &reply.body["ids"]["oppdrag_id"];
    let on = |day: &str| json!({ "oppdrag_id": oppdrag, "occurred_at": day });
    record
        .entry(&coordinator, "hold-start-conversation", on("2021-05-04"))
        .await;
    let by_coordinator = record
        .entry(&coordinator, "hold-oppdrag-meeting", on("2021-05-05"))
        .await;
    let tor = app.token(Role::Tidgiver, None, tidgiver.parse().unwrap());
    let by_tor = record
        .entry(&tor, "hold-oppdrag-meeting", on("2021-05-06"))
        .await;
    let contact = json!({ "channel": "sms", "with": "veileder", "occurred_at": "2021-05-07" });
    let contact = record.entry(&veileder, "hold-contact", contact).await;

    let ready_anew = json!({ "readiness": "ready" });
    for (token, answer) in [
        (&coordinator, MADE),
        (&elsewhere, NOT_THERE),
        (&tor, NOT_THERE),
    ] {
        let reply = record
            .correct(token, &ready, "2021-05-02", ready_anew.clone())
            .await;
        assert_eq!(said(&reply), answer, "{reply:?}");
    }
    // A contact is the veileder's, a meeting told by another not the tidgiver's.
    for (token, entry, answer) in [
        (&coordinator, &contact, NOT_THERE),
        (&tor, &by_coordinator, NOT_THERE),
        (&tor, &by_tor, MADE),
        (&coordinator, &by_coordinator, MADE),
        (&veileder, &contact, MADE),
    ] {
        let reply = record.retract(token, entry).await;
        assert_eq!(said(&reply), answer, "{reply:?}");
    }
    // What somebody tells of themselves, they take back themselves.
    let ola = app.token(Role::Participant, None, id.parse().unwrap());
    let consent = json!({ "purpose": "cooperation", "unit": SLEMDAL });
    let by_ola = record.entry(&ola, "give-consent", consent.clone()).await;
    let by_veileder = record.entry(&veileder, "give-consent", consent).await;
    assert_eq!(said(&record.retract(&ola, &by_veileder).await), NOT_THERE);
    assert_eq!(said(&record.retract(&ola, &by_ola).await), MADE);

    // Who left is still the department's to amend.
    let record = Record::of(&app, format!("/v1/tidgivere/{tidgiver}"));
    let left = record
        .entry(&coordinator, "leave", json!({ "reason": "moved" }))
        .await;
    assert_eq!(said(&record.retract(&elsewhere, &left).await), NOT_THERE);
    assert_eq!(said(&record.retract(&coordinator, &left).await), MADE);

    // And a leader mends what the department reported.
    let leader = staff(&app, Role::DepartmentLeader, OSLO);
    let record = Record::of(&app, format!("/v1/units/{OSLO}"));
    let mut figures =
        json!({ "on": "2021-06-30", "employees": 4, "full_time_equivalents_hundredths": 400 });
    let reported = record
        .entry(&leader, "report-key-figures", figures.clone())
        .await;
    figures["employees"] = json!(5);
    let reply = record
        .correct(&leader, &reported, "2021-07-01", figures)
        .await;
    assert_eq!(said(&reply), MADE, "{reply:?}");
}

#[tokio::test]
async fn a_unit_and_a_department_amend_what_they_told_themselves() {
    let app = TestApp::new().await;
    let slemdal = staff(&app, Role::Institution, SLEMDAL);
    let leader = staff(&app, Role::DepartmentLeader, OSLO);
    let proposal =
        |from: &str, to: &str| json!({ "from": from, "to": to, "situation": "out-patient" });
    let proposed = app
        .post("/v1/referrals")
        .token(&slemdal)
        .json(&proposal(SLEMDAL, OSLO))
        .await;
    assert_eq!(proposed.status, 201, "{proposed:?}");
    let entry = proposed.body["event_ids"][0].as_str().unwrap();
    let record = Record::of(&app, format!("/v1/referrals/{}", proposed.text_of("id")));
    for (token, data, answer) in [
        (
            &slemdal,
            proposal(LOLAND, OSLO),
            (403, "speaks-for-another", "/data/from"),
        ),
        (&slemdal, proposal(SLEMDAL, "moon"), (422, "G1", "/data/to")),
        (&leader, proposal(SLEMDAL, OSLO), NOT_THERE),
        (&slemdal, proposal(SLEMDAL, OSLO), MADE),
    ] {
        let reply = record.correct(token, entry, "2021-06-30", data).await;
        assert_eq!(said(&reply), answer, "{reply:?}");
    }
    assert_eq!(said(&record.retract(&leader, entry).await), NOT_THERE);

    let path = format!("/v1/cooperations/{SLEMDAL}/{OSLO}");
    let record = Record::of(&app, path);
    let begun = json!({ "unit": SLEMDAL, "department": OSLO, "coordinator": Uuid::from_u128(8) });
    record.entry(&leader, "begin-cooperation", begun).await;
    let presence = || json!({ "setting": "staff-meeting" });
    let by_leader = record.entry(&leader, "hold-presence", presence()).await;
    let by_slemdal = record.entry(&slemdal, "hold-presence", presence()).await;
    for (token, entry, answer) in [
        (&slemdal, &by_leader, NOT_THERE),
        (&leader, &by_slemdal, NOT_THERE),
        (&slemdal, &by_slemdal, MADE),
        (&leader, &by_leader, MADE),
    ] {
        let reply = record.retract(token, entry).await;
        assert_eq!(said(&reply), answer, "{reply:?}");
    }
}
