//! Made-up histories, played by the binary: the demo for scripts, and simulations from a seed.

use std::path::Path;

use serde_json::{Value, json};
use tests::{Serving, stegspor, text};

const DEPARTMENTS: [&str; 6] = [
    "stegforsteg-oslo",
    "stegforsteg-kristiansand",
    "stegforsteg-bergen",
    "stegforsteg-fredrikstad",
    "stegforsteg-drammen",
    "stegforsteg-stavanger",
];

#[test]
fn the_demo_prints_one_line_with_a_token_for_each_role() {
    let folder = tempfile::tempdir().unwrap();
    let (mut serving, told) = Serving::start_telling(folder.path(), &["demo", "--json"]);
    assert_eq!(told["now"], "2021-07-01T10:00:00Z");
    let tokens = told["tokens"].as_object().unwrap();
    let mut roles: Vec<String> = [
        "national-lead",
        "analyst",
        "operator",
        "participant",
        "tidgiver",
        "institution:loland",
        "institution:slemdal",
        "institution:poliklinikk-oslo",
    ]
    .map(str::to_owned)
    .into();
    for role in ["veileder", "tidgiver-coordinator", "department-leader"] {
        roles.extend(DEPARTMENTS.map(|department| format!("{role}:{department}")));
    }
    for role in &roles {
        let token = tokens[role].as_str().unwrap();
        let (status, _) = serving.ask("GET", "/v1/standing", token, "");
        assert_ne!(status, 401, "{role}: the token is known");
    }
    assert_eq!(serving.ask("GET", "/v1/standing", "another", "").0, 401);
    assert_eq!(tokens.len(), roles.len());

    let ask = |role: &str, path: &str| serving.ask("GET", path, tokens[role].as_str().unwrap(), "");
    for (role, path) in [
        ("national-lead", "/v1/key-figures?as_of=2020-12-31"),
        ("analyst", "/v1/key-figures?as_of=2020-12-31"),
        ("institution:slemdal", "/v1/flows?from=slemdal"),
        ("veileder:stegforsteg-bergen", "/v1/participants"),
        ("tidgiver-coordinator:stegforsteg-oslo", "/v1/participants"),
        ("department-leader:stegforsteg-oslo", "/v1/standing"),
    ] {
        let (status, answer) = ask(role, path);
        assert_eq!(status, 200, "{role} {path}: {answer}");
    }
    let participant = told["participant_id"].as_str().unwrap();
    let (status, person) = ask("participant", &format!("/v1/participants/{participant}"));
    assert_eq!(status, 200, "{person}");
    let tidgiver = told["tidgiver_id"].as_str().unwrap();
    assert_eq!(tidgiver.len(), 36);

    serving.ask_to_end();
    assert!(serving.ended().success());
    assert_eq!(serving.printed(), "", "one line, and no more");
}

/// The log's hash after a simulation from a seed.
fn simulated(folder: &Path, seed: &str) -> Value {
    let size = ["simulate", "--participants", "25", "--years", "2", "--seed"];
    let played = stegspor(folder, &[size.as_slice(), &[seed]].concat());
    assert!(played.status.success(), "{}", text(&played.stderr));
    let again = stegspor(folder, &[size.as_slice(), &[seed]].concat());
    assert_eq!(again.status.code(), Some(1));
    assert_eq!(
        text(&again.stderr),
        "stegspor: the log in data is not empty: a simulation begins with an empty one\n"
    );
    let verified = stegspor(folder, &["verify", "--json"]);
    let mut verified: Value = serde_json::from_slice(&verified.stdout).unwrap();
    assert_eq!(verified["fits"], json!(true));
    assert!(verified["position"].as_u64().unwrap() > 200);
    verified["log_hash"].take()
}

#[test]
fn a_simulation_follows_from_its_seed() {
    let [one, two, other] = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let hash = simulated(one.path(), "7");
    assert_eq!(simulated(two.path(), "7"), hash);
    assert_ne!(simulated(other.path(), "8"), hash);
}
