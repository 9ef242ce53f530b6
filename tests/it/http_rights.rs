//! Who may do and see what, as a table: every operation of the interface, and every role.
//!
//! `yes` is that it was let through (whatever became of it), `-` that there is nothing there for
//! them. The table stands in `golden/rights.txt`; set `UPDATE_GOLDEN=1` to write it anew, and look
//! at what changed.

use std::fmt::Write;

use domain::es::Role;
use serde_json::{Value, json};
use tests::{BERGEN, LOLAND, OSLO, SLEMDAL, TestApp, UNREADABLE};
use uuid::Uuid;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/it/golden/rights.txt");

struct Scene {
    app: TestApp,
    participant: String,
    referral: String,
    tidgiver: String,
    oppdrag: String,
}

/// A participant of Oslo, introduced by Slemdal, with an oppdrag of a tidgiver of Oslo.
async fn scene() -> Scene {
    let app = TestApp::new().await;
    let tidgiver = app.tidgiver(OSLO, "Tor Frivillig").await;
    let (consent, participant) = (Uuid::from_u128(21), Uuid::from_u128(22).to_string());
    let proposed = app
        .post("/v1/referrals")
        .role_at(Role::Institution, SLEMDAL)
        .json(&json!({
            "from": SLEMDAL, "to": OSLO, "situation": "after-treatment", "consent_id": consent,
        }))
        .await;
    let referral = proposed.text_of("id");
    let agreed = app
        .post(&format!("/v1/referrals/{referral}/agree"))
        .role_at(Role::Institution, SLEMDAL)
        .json(&json!({ "participant_id": participant, "consent_id": consent }))
        .await;
    assert_eq!(agreed.status, 201, "{agreed:?}");
    let oppdrag = Uuid::from_u128(23).to_string();
    app.told(
        &participant,
        OSLO,
        &[
            ("hold-first-conversation", json!({})),
            (
                "complete-kartlegging",
                json!({ "wishes": ["sport"], "network_mapped": true }),
            ),
            ("begin-participation", json!({})),
            ("assess-tidgiver-readiness", json!({ "readiness": "ready" })),
            (
                "match-tidgiver",
                json!({
                    "oppdrag_id": oppdrag, "tidgiver": tidgiver, "kind": "social",
                    "purpose": "sport", "begins": "2021-07-01", "review": "2021-08-01",
                    "ends": "2021-12-01", "because": ["interests"], "ground_rules_accepted": true,
                }),
            ),
        ],
    )
    .await;
    app.unreadable().await;
    app.caught_up().await;
    Scene {
        app,
        participant,
        referral,
        tidgiver,
        oppdrag,
    }
}

impl Scene {
    fn roles(&self) -> Vec<(&'static str, String)> {
        let token = |role, unit, subject| self.app.token(role, unit, subject);
        let somebody = Uuid::from_u128(99);
        let id = |text: &str| text.parse::<Uuid>().expect("an id");
        vec![
            ("veileder", token(Role::Veileder, Some(OSLO), somebody)),
            (
                "veileder elsewhere",
                token(Role::Veileder, Some(BERGEN), somebody),
            ),
            (
                "coordinator",
                token(Role::TidgiverCoordinator, Some(OSLO), somebody),
            ),
            (
                "coordinator elsewhere",
                token(Role::TidgiverCoordinator, Some(BERGEN), somebody),
            ),
            (
                "leader",
                token(Role::DepartmentLeader, Some(OSLO), somebody),
            ),
            (
                "leader elsewhere",
                token(Role::DepartmentLeader, Some(BERGEN), somebody),
            ),
            ("national lead", token(Role::NationalLead, None, somebody)),
            ("analyst", token(Role::Analyst, None, somebody)),
            (
                "institution",
                token(Role::Institution, Some(SLEMDAL), somebody),
            ),
            (
                "institution elsewhere",
                token(Role::Institution, Some(LOLAND), somebody),
            ),
            ("tidgiver", token(Role::Tidgiver, None, id(&self.tidgiver))),
            ("tidgiver elsewhere", token(Role::Tidgiver, None, somebody)),
            (
                "participant",
                token(Role::Participant, None, id(&self.participant)),
            ),
            (
                "participant elsewhere",
                token(Role::Participant, None, somebody),
            ),
            ("operator", token(Role::Operator, None, somebody)),
        ]
    }

    fn path(&self, path: &str) -> String {
        path.replace("{participant_id}", &self.participant)
            .replace("{referral_id}", &self.referral)
            .replace("{tidgiver_id}", &self.tidgiver)
            .replace("/v1/units/{unit}", &format!("/v1/units/{OSLO}"))
            .replace("{unit}", SLEMDAL)
            .replace("{department}", OSLO)
            .replace("{event_id}", &UNREADABLE.0.to_string())
            .replace("{slug}", "not-found")
            .replace("{type}", "no.stegspor.referral.referral-proposed.v1")
    }

    /// A body that says as much as rights may rest on. Most are refused after that, which keeps
    /// the scene as it is.
    fn body(&self, path: &str) -> Value {
        match path {
            "/v1/participants" => json!({ "department": OSLO, "unheard_of": true }),
            "/v1/referrals" => json!({ "from": SLEMDAL, "to": OSLO, "unheard_of": true }),
            "/v1/tidgivere" => json!({ "department": OSLO, "unheard_of": true }),
            _ => json!({ "oppdrag_id": self.oppdrag, "unheard_of": true }),
        }
    }
}

#[tokio::test]
async fn rights_are_as_the_table_says() {
    let scene = scene().await;
    let document = scene.app.get("/openapi.json").await.body;
    let roles = scene.roles();
    let mut table = String::new();
    let names: Vec<_> = roles.iter().map(|(name, _)| *name).collect();
    let told = |operation: &Value| -> Vec<String> {
        let roles = operation["x-roles"].as_array().into_iter().flatten();
        roles
            .map(|role| role.as_str().unwrap().to_owned())
            .collect()
    };
    let _ = writeln!(table, "# {}, nobody", names.join(", "));
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let mut cells = vec![];
            for (_, token) in &roles {
                cells.push(cell(&scene, method, path, Some(token)).await);
            }
            // The document names the roles that are let through about what is theirs.
            let mut let_through: Vec<_> = names
                .iter()
                .zip(&cells)
                .filter(|(name, cell)| **cell == "yes" && !name.ends_with("elsewhere"))
                .map(|(name, _)| in_document(name))
                .collect();
            cells.push(cell(&scene, method, path, None).await);
            if cells.last() == Some(&"yes") {
                let_through.clear();
            }
            let_through.sort_unstable();
            let mut documented = told(operation);
            documented.sort_unstable();
            if path == "/v1/intake" && method == "post" {
                // It takes many kinds, each from others; the scene tells one.
                let_through.retain(|role| !documented.contains(role));
                assert_eq!(let_through, Vec::<String>::new());
            } else {
                assert_eq!(documented, let_through, "{method} {path}");
            }
            let method = method.to_uppercase();
            let _ = writeln!(table, "{method} {path}\n    {}", cells.join(" "));
        }
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(GOLDEN, &table).unwrap();
    }
    let golden = std::fs::read_to_string(GOLDEN).unwrap();
    for (now, then) in table.lines().zip(golden.lines()) {
        assert_eq!(now, then);
    }
    assert_eq!(table.lines().count(), golden.lines().count());
}

/// A role of the scene as the document names it.
fn in_document(name: &str) -> String {
    match name {
        "coordinator" => "tidgiver-coordinator".to_owned(),
        "leader" => "department-leader".to_owned(),
        name => name.replace(' ', "-"),
    }
}

async fn cell(scene: &Scene, method: &str, path: &str, token: Option<&str>) -> &'static str {
    let address = scene.path(path);
    let mut request = if method != "post" {
        scene.app.request(&method.to_uppercase(), &address)
    } else if path == "/v1/intake" {
        let event = json!({
            "specversion": "1.0", "id": "1", "source": "/journal", "subject": "ref-1",
            "type": "no.stegspor.referral.referral-proposed.v1",
            "data": { "from": SLEMDAL, "to": OSLO, "unheard_of": true },
        });
        let bytes = event.to_string().into_bytes();
        scene
            .app
            .post(&address)
            .bytes("application/cloudevents+json", bytes)
    } else {
        scene.app.post(&address).json(&scene.body(path))
    };
    if let Some(token) = token {
        request = request.token(token);
    }
    // A stream of events never ends: its status is all that is asked here.
    match request.streamed().await.status().as_u16() {
        401 => "401",
        // The intake says of a token that speaks for another that it does.
        403 if path == "/v1/intake" => "-",
        404 => "-",
        200 | 202 | 422 => "yes",
        status => panic!("{method} {address}: {status}"),
    }
}

#[tokio::test]
async fn a_token_that_is_not_valid_is_none() {
    let app = TestApp::new().await;
    for value in ["", "Bearer", "Bearer stg_x.y", "Basic eDp5"] {
        let reply = app.get("/v1/units").header("authorization", value).await;
        assert_eq!(reply.status, 401);
        assert_eq!(
            reply.header("www-authenticate"),
            Some("Bearer realm=\"stegspor\"")
        );
        assert_eq!(
            reply.body,
            json!({
                "type": "/problems/not-signed-in", "title": "A valid token is needed.",
                "status": 401, "rule": "not-signed-in",
            })
        );
    }
}
