//! A service asked to end: open streams end first, then what is under way is answered.

use std::{
    io::{BufRead, BufReader, Read, Write},
    path::Path,
};

use serde_json::{Value, json};
use tests::{OSLO, Serving, stegspor, token};

/// A service that knows Oslo, and a token of its leader.
fn serving(folder: &Path) -> (Serving, String) {
    let serving = Serving::start(folder, &["serve"]);
    let lead = token(folder, "national-lead", None);
    let register = json!({ "kind": "department", "offers_individual_tidgiver": true }).to_string();
    let path = format!("/v1/units/{OSLO}/register-unit");
    assert_eq!(serving.ask("POST", &path, &lead, &register).0, 201);
    (serving, token(folder, "department-leader", Some(OSLO)))
}

#[test]
fn who_sends_too_much_before_listening_still_hears_why() {
    let folder = tempfile::tempdir().unwrap();
    let (serving, leader) = serving(folder.path());
    let mut telling = serving.connect();
    let body = vec![b' '; 6 * 1024 * 1024];
    write!(
        telling,
        "POST /v1/participants HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {leader}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )
    .unwrap();
    telling.write_all(&body).unwrap();
    let mut answer = String::new();
    telling.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("application/problem+json"), "{answer}");
}

#[test]
fn streams_end_first_and_what_is_under_way_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let (mut serving, leader) = serving(folder.path());

    let mut listening = serving.connect();
    write!(
        listening,
        "GET /v1/changes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {leader}\r\n\r\n"
    )
    .unwrap();
    let mut listening = BufReader::new(listening);
    let mut heard = String::new();
    while !heard.contains("data: {\"position\":1}") {
        assert_ne!(listening.read_line(&mut heard).unwrap(), 0, "{heard}");
    }

    // A command of which half is sent: the service has said that it waits for the rest.
    let contact = json!({ "department": OSLO, "channels": ["other"] }).to_string();
    let (first, rest) = contact.split_at(10);
    let mut telling = serving.connect();
    write!(
        telling,
        "POST /v1/participants HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {leader}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        contact.len()
    )
    .unwrap();
    let mut answer = BufReader::new(telling.try_clone().unwrap());
    let mut line = String::new();
    answer.read_line(&mut line).unwrap();
    assert_eq!(line, "HTTP/1.1 100 Continue\r\n");
    telling.write_all(first.as_bytes()).unwrap();

    serving.ask_to_end();
    listening.read_to_string(&mut heard).unwrap();
    assert!(
        heard.ends_with("\r\n0\r\n\r\n"),
        "the stream ends as streams do, it is not cut off: {heard}"
    );
    telling.write_all(rest.as_bytes()).unwrap();
    let mut answered = String::new();
    answer.read_to_string(&mut answered).unwrap();
    assert!(answered.contains("HTTP/1.1 201 Created"), "{answered}");
    assert!(serving.ended().success());

    // The whole log lies in the one file, and can be copied.
    let copy = folder.path().join("copy");
    std::fs::create_dir_all(copy.join("data")).unwrap();
    let log = folder.path().join("data/log.sqlite");
    std::fs::copy(log, copy.join("data/log.sqlite")).unwrap();
    let verified = stegspor(&copy, &["verify", "--json"]);
    let verified: Value = serde_json::from_slice(&verified.stdout).unwrap();
    assert_eq!(verified["position"], json!(2));
}
