//! The binary itself: served over TCP, told by a client, imported into, replayed, verified.

use serde_json::{Value, json};
use tests::{OSLO, SLEMDAL, Serving, stegspor, text, token};

#[test]
fn the_binary_serves_and_ends_when_it_is_asked_to() {
    let folder = tempfile::tempdir().unwrap();
    let mut serving = Serving::start(folder.path(), &["serve"]);
    let lead = token(folder.path(), "national-lead", None);
    let register = json!({ "kind": "department", "offers_individual_tidgiver": true }).to_string();
    let path = format!("/v1/units/{OSLO}/register-unit");
    let (status, _) = serving.ask("POST", &path, &lead, &register);
    assert_eq!(status, 201);
    let leader = token(folder.path(), "department-leader", Some(OSLO));
    let contact = json!({ "department": OSLO, "channels": ["other"], "name": "Kari" }).to_string();
    let (status, made) = serving.ask("POST", "/v1/participants", &leader, &contact);
    assert_eq!((status, &made["position"]), (201, &json!(2)));
    let list = "/v1/participants?min_position=2";
    let (status, list) = serving.ask("GET", list, &leader, "");
    assert_eq!(
        (status, &list["participants"][0]["name"]),
        (200, &json!("Kari"))
    );

    serving.ask_to_end();
    assert!(serving.ended().success());

    let verified = stegspor(folder.path(), &["verify", "--json"]);
    let verified: Value = serde_json::from_slice(&verified.stdout).unwrap();
    assert_eq!(
        (&verified["fits"], &verified["position"]),
        (&json!(true), &json!(2))
    );
    // Nothing personal in the log's file, nor in what lies beside it but the vault.
    let log = std::fs::read(folder.path().join("data/log.sqlite")).unwrap();
    assert!(!log.windows(4).any(|bytes| bytes == b"Kari"));
}

fn event(id: &str, kind: &str, subject: &str, time: &str, data: &Value) -> String {
    json!({
        "specversion": "1.0", "id": id, "source": "/old/system", "subject": subject,
        "type": format!("no.stegspor.{kind}.v1"), "time": time, "recordedat": time, "data": data,
    })
    .to_string()
}

#[test]
fn a_file_of_events_is_imported_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let participant = "0197f0a2-0000-7000-8000-000000000002";
    let unit = json!({ "kind": "department", "offers_individual_tidgiver": true });
    let contact = json!({ "department": OSLO, "channels": ["other"], "name": "Kari Eksempel" });
    let none = json!({});
    let lines = [
        event(
            "1",
            "unit.unit-registered",
            OSLO,
            "2020-01-01T09:00:00Z",
            &unit,
        ),
        event(
            "2",
            "participant.first-contact-made",
            participant,
            "2020-02-01T09:00:00Z",
            &contact,
        ),
        event(
            "2",
            "participant.first-contact-made",
            participant,
            "2020-02-01T09:00:00Z",
            &contact,
        ),
        "not an event".to_owned(),
        String::new(),
        event(
            "3",
            "participant.participation-begun",
            participant,
            "2020-03-01T09:00:00Z",
            &none,
        ),
        event(
            "4",
            "participant.relapse-reported",
            participant,
            "2020-01-15T09:00:00Z",
            &none,
        ),
        event(
            "5",
            "participant.first-conversation-held",
            participant,
            "2020-02-09T09:00:00Z",
            &none,
        ),
        event(
            "6",
            "participant.first-conversation-held",
            participant,
            "2020-02-10T09:00:00Z",
            &none,
        )
        .replace("recordedat", "elsewhere"),
    ];
    std::fs::write(folder.path().join("old.ndjson"), lines.join("\n")).unwrap();
    let arguments = ["import", "old.ndjson", "--trusted-history", "--json"];
    let imported = stegspor(folder.path(), &arguments);
    assert_eq!(imported.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&imported.stdout).unwrap();
    assert_eq!(
        report,
        json!({
            "accepted": 3,
            "already_recorded": 1,
            "already_so": [],
            "refused": [
                {
                    "line": 4, "rule": "malformed-json", "pointer": "",
                    "detail": "not JSON from line 1, column 2",
                },
                {
                    "line": 6, "rule": "D11",
                    "detail": "the kartlegging comes before participation",
                },
                {
                    "line": 7, "rule": "recorded-at-decreases", "pointer": "/recordedat",
                    "detail": "this lies before what was recorded last",
                },
                {
                    "line": 9, "rule": "invalid-data", "pointer": "/recordedat",
                    "detail": "a trusted history tells of each event when it became known",
                },
            ],
        })
    );
    let refused = std::fs::read_to_string(folder.path().join("old.ndjson.refused.ndjson")).unwrap();
    assert_eq!(
        refused,
        format!("{}\n{}\n{}\n{}\n", lines[3], lines[5], lines[6], lines[8])
    );

    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let refused = folder.path().join("old.ndjson.refused.ndjson");
        let mode = refused.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    // Refused lines never take the place of what they came from.
    let onto_itself = ["import", "old.ndjson", "--refused", "./old.ndjson"];
    let onto_itself = stegspor(folder.path(), &onto_itself);
    assert!(!onto_itself.status.success());
    assert!(text(&onto_itself.stderr).contains("name another file by --refused"));
    let source = std::fs::read_to_string(folder.path().join("old.ndjson")).unwrap();
    assert_eq!(source, lines.join("\n"));

    let again: Value = serde_json::from_slice(&stegspor(folder.path(), &arguments).stdout).unwrap();
    assert_eq!(
        (&again["accepted"], &again["already_recorded"]),
        (&json!(0), &json!(4))
    );

    let replayed = stegspor(folder.path(), &["replay", participant, "--json"]);
    let journey: Vec<(Value, Value)> = text(&replayed.stdout)
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|event| (event["kind"].clone(), event["recorded_at"].clone()))
        .collect();
    assert_eq!(
        journey,
        [
            (json!("first-contact-made"), json!("2020-02-01T09:00:00Z")),
            (
                json!("first-conversation-held"),
                json!("2020-02-09T09:00:00Z")
            ),
        ]
    );
    let then = stegspor(
        folder.path(),
        &["replay", participant, "--known-at", "2020-02-01"],
    );
    assert_eq!(text(&then.stdout).lines().count(), 1);
    assert!(!text(&then.stdout).contains("Kari"));
}

#[test]
fn what_was_taken_back_is_replayed_where_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let participant = "0197f0a2-0000-7000-8000-000000000002";
    let unit = json!({ "kind": "department", "offers_individual_tidgiver": true });
    let contact = json!({ "department": OSLO, "channels": ["other"] });
    let held = "participant.first-conversation-held";
    let taken_back = json!({ "entry": "3", "reason": "duplicate" });
    let lines = [
        (
            "1",
            "unit.unit-registered",
            OSLO,
            "2020-01-01T09:00:00Z",
            &unit,
        ),
        (
            "2",
            "participant.first-contact-made",
            participant,
            "2020-02-01T09:00:00Z",
            &contact,
        ),
        ("3", held, participant, "2020-02-09T09:00:00Z", &json!({})),
        (
            "4",
            "participant.entry-retracted",
            participant,
            "2020-02-10T09:00:00Z",
            &taken_back,
        ),
    ];
    let lines = lines.map(|(id, kind, subject, time, data)| event(id, kind, subject, time, data));
    std::fs::write(folder.path().join("old.ndjson"), lines.join("\n")).unwrap();
    let imported = stegspor(folder.path(), &["import", "old.ndjson"]);
    assert!(imported.status.success(), "{}", text(&imported.stderr));

    let replayed = |more: &[&str]| -> Vec<Value> {
        let replayed = stegspor(
            folder.path(),
            &[&["replay", participant, "--json"], more].concat(),
        );
        let lines = text(&replayed.stdout)
            .lines()
            .map(str::to_owned)
            .collect::<Vec<_>>();
        lines
            .iter()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    let kinds = |journey: &[Value]| -> Vec<Value> {
        journey.iter().map(|event| event["kind"].clone()).collect()
    };
    assert_eq!(kinds(&replayed(&[])), ["first-contact-made"]);
    let recorded = replayed(&["--as-recorded"]);
    assert_eq!(
        kinds(&recorded),
        [
            "first-contact-made",
            "first-conversation-held",
            "entry-retracted"
        ]
    );
    let amended: Vec<_> = recorded.iter().map(|event| &event["amended"]).collect();
    assert_eq!(amended, [false, true, false]);
    assert_eq!(recorded[2]["data"]["entry"], recorded[1]["id"]);
    let told = stegspor(folder.path(), &["replay", participant, "--as-recorded"]);
    assert_eq!(text(&told.stdout).matches("(amended later)").count(), 1);
}

#[test]
fn d5_a_replay_tells_nothing_that_rests_on_a_withdrawn_consent() {
    let folder = tempfile::tempdir().unwrap();
    let participant = "0197f0a2-0000-7000-8000-000000000002";
    let consent = "0197f0a2-0000-7000-8000-000000000003";
    let department = json!({ "kind": "department", "offers_individual_tidgiver": true });
    let contact = json!({ "department": OSLO, "channels": ["other"] });
    let given = json!({ "consent_id": consent, "purpose": "treatment-phase", "unit": SLEMDAL });
    let entered = json!({ "consent_id": consent, "unit": SLEMDAL, "phase": "during" });
    let of_person = |kind: &str| format!("participant.{kind}");
    let lines = [
        ("unit.unit-registered".to_owned(), OSLO, &department),
        (
            "unit.unit-registered".to_owned(),
            SLEMDAL,
            &json!({ "kind": "treatment-institution", "offers_individual_tidgiver": false }),
        ),
        (of_person("first-contact-made"), participant, &contact),
        (of_person("consent-given"), participant, &given),
        (of_person("treatment-phase-entered"), participant, &entered),
        (
            of_person("consent-withdrawn"),
            participant,
            &json!({ "consent_id": consent }),
        ),
    ];
    let lines: Vec<_> = lines
        .iter()
        .enumerate()
        .map(|(nth, (kind, subject, data))| {
            let time = format!("2020-02-0{}T09:00:00Z", nth + 1);
            event(&nth.to_string(), kind, subject, &time, data)
        })
        .collect();
    std::fs::write(folder.path().join("old.ndjson"), lines.join("\n")).unwrap();
    let imported = stegspor(
        folder.path(),
        &["import", "old.ndjson", "--trusted-history"],
    );
    assert!(
        imported.status.success(),
        "{}{}",
        text(&imported.stdout),
        text(&imported.stderr)
    );
    for more in [&[][..], &["--as-recorded"], &["--known-at", "2020-02-05"]] {
        let told = stegspor(folder.path(), &[&["replay", participant], more].concat());
        let told = text(&told.stdout);
        assert!(told.contains("consent-given"), "{told}");
        assert!(!told.contains("treatment-phase-entered"), "{told}");
    }
}

#[test]
fn an_import_into_the_demo_goes_on_by_the_demos_clock() {
    let folder = tempfile::tempdir().unwrap();
    let participant = "0197f0a2-0000-7000-8000-000000000002";
    let unit = json!({ "kind": "department", "offers_individual_tidgiver": true });
    let contact = json!({ "department": OSLO, "channels": ["other"] });
    let import = |name: &str, line: String, trusted: &[&str]| {
        std::fs::write(folder.path().join(name), line).unwrap();
        let imported = stegspor(folder.path(), &[&["import", name], trusted].concat());
        assert!(imported.status.success(), "{}", text(&imported.stdout));
    };
    let recorded_on = |place: usize| {
        let replayed = stegspor(folder.path(), &["replay", participant, "--json"]);
        let replayed = text(&replayed.stdout);
        let event: Value = serde_json::from_str(replayed.lines().nth(place).unwrap()).unwrap();
        event["recorded_at"].as_str().unwrap()[..10].to_owned()
    };
    std::fs::create_dir(folder.path().join("data")).unwrap();
    std::fs::write(folder.path().join("data/demo.played"), "").unwrap();
    let register = event(
        "1",
        "unit.unit-registered",
        OSLO,
        "2021-01-01T09:00:00Z",
        &unit,
    );
    import("unit.ndjson", register, &["--trusted-history"]);
    let made = "participant.first-contact-made";
    let made = event("2", made, participant, "2021-02-01T09:00:00Z", &contact);
    import("contact.ndjson", made, &[]);
    assert_eq!(recorded_on(0), "2021-07-01");

    // What was recorded last, if it was later: here told by hand, past the demo's first day.
    let held = "participant.first-conversation-held";
    let held = event("3", held, participant, "2021-09-01T09:00:00Z", &json!({}));
    std::fs::remove_file(folder.path().join("data/demo.played")).unwrap();
    import("held.ndjson", held, &["--trusted-history"]);
    std::fs::write(folder.path().join("data/demo.played"), "").unwrap();
    let mapped = "participant.kartlegging-done";
    let data = json!({ "wishes": ["housing"], "network_mapped": false });
    let mapped = event("4", mapped, participant, "2021-09-01T09:00:00Z", &data);
    import("mapped.ndjson", mapped, &[]);
    assert_eq!(recorded_on(2), "2021-09-01");
}

#[test]
fn what_is_asked_wrongly_is_said_on_standard_error() {
    let folder = tempfile::tempdir().unwrap();
    let participant = "0197f0a2-0000-7000-8000-000000000002";
    // Where there is no log, none is made by looking.
    for arguments in [
        ["verify", "--json"].as_slice(),
        &["replay", participant],
        &["token", "--role", "analyst"],
    ] {
        let nowhere = stegspor(folder.path(), arguments);
        assert_eq!(nowhere.status.code(), Some(1));
        assert_eq!(
            (text(&nowhere.stdout), text(&nowhere.stderr)),
            (String::new(), "stegspor: there is no log in data\n".into())
        );
        assert!(!folder.path().join("data").exists());
    }
    std::fs::write(folder.path().join("none.ndjson"), "").unwrap();
    assert!(
        stegspor(folder.path(), &["import", "none.ndjson"])
            .status
            .success()
    );
    let nobody = stegspor(folder.path(), &["replay", participant]);
    assert_eq!(nobody.status.code(), Some(1));
    assert_eq!(
        text(&nobody.stderr),
        "stegspor: no such participant is known\n"
    );
    let no_unit = stegspor(folder.path(), &["token", "--role", "veileder"]);
    assert_eq!(no_unit.status.code(), Some(1));
    assert_eq!(
        text(&no_unit.stderr),
        "stegspor: this role needs a unit: --unit stegforsteg-oslo\n"
    );
    let no_time = stegspor(
        folder.path(),
        &["token", "--role", "analyst", "--days", "0"],
    );
    assert_eq!(no_time.status.code(), Some(2));
    assert!(text(&no_time.stderr).contains("0 is not in 1..="));
}

#[test]
fn a_token_is_for_a_unit_of_its_role() {
    let folder = tempfile::tempdir().unwrap();
    let registered = |id: &str, kind: &str| {
        format!(
            r#"{{"specversion":"1.0","id":"{id}","source":"/units","subject":"{id}","type":"no.stegspor.unit.unit-registered.v1","time":"2020-01-01","data":{{"kind":"{kind}","offers_individual_tidgiver":true}}}}"#
        )
    };
    let units = [
        registered(OSLO, "department"),
        registered("slemdal", "treatment-institution"),
    ];
    std::fs::write(folder.path().join("units.ndjson"), units.join("\n")).unwrap();
    let imported = stegspor(folder.path(), &["import", "units.ndjson"]);
    assert!(imported.status.success(), "{imported:?}");
    for (role, unit, refusal) in [
        ("veileder", OSLO, None),
        ("institution", "slemdal", None),
        (
            "veileder",
            "stegforsteg-osl",
            Some("stegforsteg-osl is not registered here"),
        ),
        (
            "veileder",
            "slemdal",
            Some("slemdal is no department: this role is for one"),
        ),
        (
            "institution",
            OSLO,
            Some("stegforsteg-oslo is a department: this role is for an institution"),
        ),
        (
            "analyst",
            OSLO,
            Some("this role is for no unit: leave --unit out"),
        ),
    ] {
        let arguments = ["token", "--role", role, "--unit", unit];
        let answered = stegspor(folder.path(), &arguments);
        let refused = refusal.map_or_else(String::new, |text| format!("stegspor: {text}\n"));
        assert_eq!(text(&answered.stderr), refused);
        assert_eq!(answered.status.success(), refusal.is_none());
    }
}

#[test]
fn the_demo_does_not_play_into_another_history() {
    let folder = tempfile::tempdir().unwrap();
    let simulated = stegspor(folder.path(), &["simulate", "--participants", "1"]);
    assert!(simulated.status.success(), "{}", text(&simulated.stderr));
    let refused = stegspor(folder.path(), &["demo", "--listen", "127.0.0.1:0"]);
    assert!(!refused.status.success());
    let said = text(&refused.stderr);
    for expected in [
        "data holds another history",
        "--data DIR",
        "stegspor serve --data data",
    ] {
        assert!(said.contains(expected), "{said}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let data = folder.path().join("data");
        let rights = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(rights(&data), 0o700);
        for entry in std::fs::read_dir(&data).unwrap() {
            let path = entry.unwrap().path();
            assert_eq!(rights(&path), 0o600, "{}", path.display());
        }
    }
}
