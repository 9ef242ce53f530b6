//! What belongs to a log in its data folder: the vault, its keys, the secret. A service that lacks
//! any of it beside a log that holds events does not begin as if all were well.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use tempfile::TempDir;
use tests::{OSLO, Serving, refused_to_serve, token};

/// What belongs to a log.
const BELONGING: [&str; 4] = ["vault.sqlite", "keys.sqlite", "master.key", "secret.key"];

/// A data folder whose log knows somebody with a name; and who that is.
fn told() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut serving = Serving::start(folder.path(), &["serve"]);
    let lead = token(folder.path(), "national-lead", None);
    let register = json!({ "kind": "department", "offers_individual_tidgiver": true }).to_string();
    let path = format!("/v1/units/{OSLO}/register-unit");
    assert_eq!(serving.ask("POST", &path, &lead, &register).0, 201);
    let leader = token(folder.path(), "department-leader", Some(OSLO));
    let contact = json!({ "department": OSLO, "channels": ["other"], "name": "Kari Fiktiv" });
    let (status, answer) = serving.ask("POST", "/v1/participants", &leader, &contact.to_string());
    assert_eq!(status, 201, "{answer}");
    serving.ask_to_end();
    assert!(serving.ended().success());
    let person = answer["ids"]["participant_id"].as_str().unwrap().to_owned();
    (folder, person)
}

/// A copy of a data folder that lacks some files, with what lies beside them.
fn without(folder: &Path, missing: &[&str]) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    fs::create_dir(copy.path().join("data")).unwrap();
    for file in fs::read_dir(folder.join("data")).unwrap() {
        let file = file.unwrap();
        let name = file.file_name().into_string().unwrap();
        if !missing.iter().any(|missing| name.starts_with(missing)) {
            fs::copy(file.path(), copy.path().join("data").join(name)).unwrap();
        }
    }
    copy
}

fn in_data(folder: &TempDir, name: &str) -> PathBuf {
    folder.path().join("data").join(name)
}

/// What a service that makes anew what is missing tells of a person.
fn name_of(folder: &TempDir, person: &str) -> Value {
    let serving = Serving::start(folder.path(), &["serve", "--make-missing"]);
    let leader = token(folder.path(), "department-leader", Some(OSLO));
    let path = format!("/v1/participants/{person}");
    let (status, answer) = serving.ask("GET", &path, &leader, "");
    assert_eq!(status, 200, "{answer}");
    answer["name"].clone()
}

#[test]
fn a_service_that_lacks_what_belongs_to_its_log_says_what_and_makes_nothing() {
    let (folder, person) = told();
    for name in BELONGING {
        let poorer = without(folder.path(), &[name]);
        let said = refused_to_serve(poorer.path(), &["serve"]);
        assert!(said.contains(&format!("{name}. Is that")), "{said}");
        assert!(said.contains("--make-missing"), "{said}");
        assert!(!in_data(&poorer, name).exists(), "{name} was made");
    }
    let none = without(folder.path(), &BELONGING);
    let said = refused_to_serve(none.path(), &["serve"]);
    assert!(said.contains(&BELONGING.join(", ")), "{said}");

    // Where they are lost for good, they are made anew: what they held is gone, and all else is there.
    let kept = without(folder.path(), &[]);
    assert_eq!(name_of(&kept, &person), "Kari Fiktiv");
    let no_secret = without(folder.path(), &["secret.key"]);
    assert_eq!(name_of(&no_secret, &person), "Kari Fiktiv");
    for lost in [&["vault.sqlite"][..], &BELONGING] {
        assert_eq!(name_of(&without(folder.path(), lost), &person), Value::Null);
    }
    // What nothing opens any more is not gone on with.
    for (lost, left) in [
        ("keys.sqlite", "vault.sqlite"),
        ("master.key", "vault.sqlite, keys.sqlite"),
    ] {
        let poorer = without(folder.path(), &[lost]);
        let said = refused_to_serve(poorer.path(), &["serve", "--make-missing"]);
        assert!(
            said.contains(&format!("nothing opens {left} any more")),
            "{said}"
        );
        assert!(!in_data(&poorer, lost).exists(), "{lost} was made");
    }
}

#[test]
fn after_a_clean_end_each_database_lies_in_one_file() {
    let (folder, _) = told();
    for name in ["log", "vault", "keys", "read"] {
        let beside = in_data(&folder, &format!("{name}.sqlite-wal"));
        let left = fs::metadata(beside).map_or(0, |beside| beside.len());
        assert_eq!(left, 0, "{name}");
    }
}

#[test]
fn a_misspelt_variable_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let variables = [
        ("STEGSPOR_DATAA", "elsewhere"),
        ("STEGSPOR_LOG_FORMAT", "text"),
    ];
    let (mut serving, heard) = Serving::start_heard(folder.path(), &["serve"], &variables);
    serving.ask_to_end();
    assert!(serving.ended().success());
    let said = heard.said();
    assert!(said.contains("STEGSPOR_DATAA is no setting"), "{said}");
    assert!(!said.contains("STEGSPOR_LOG_FORMAT"), "{said}");
}
