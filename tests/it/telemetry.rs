//! What the service tells of itself: traces that go on from a request to what showed it, every
//! metric, a log in either form; and nothing personal in any of it.

use std::io::{Read, Write};

use infra::telemetry::metrics::CATALOGUE;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::{Collector, OSLO, SLEMDAL, Serving, Span, token};

/// The trace of the institution's request.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
/// The span from which that request was sent.
const CALLER: &str = "00f067aa0ba902b7";
/// The trace that an event tells of itself.
const OF_THE_EVENT: &str = "11111111111111111111111111111111";

/// What must be heard of nowhere.
const PLANTED: [&str; 11] = [
    "Navn Plantet",
    "Plantet",
    "plantet@eksempel.example",
    "99 88 77 66",
    "Bake brød selv",
    "journal-plantet-010190",
    "plantet-hendelse",
    "plantet-nokkel",
    "planted-agent",
    "plantet-sti",
    "PLANTED",
];

struct Ground {
    folder: TempDir,
    collector: Collector,
}

impl Ground {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            collector: Collector::listen(),
        }
    }

    fn token(&self, role: &str, unit: Option<&str>) -> String {
        token(self.folder.path(), role, unit)
    }
}

/// A request with headers of its own; its status, the head of its answer, and the body.
fn ask(
    serving: &Serving,
    first_line: &str,
    token: &str,
    headers: &str,
    body: &str,
) -> (u16, String, Value) {
    let mut connection = serving.connect();
    write!(
        connection,
        "{first_line} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n{headers}\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len(),
    )
    .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let body = serde_json::from_str(body).unwrap_or(Value::Null);
    (status, head.to_owned(), body)
}

fn registered(serving: &Serving, ground: &Ground) {
    let lead = ground.token("national-lead", None);
    for (unit, kind) in [(OSLO, "department"), (SLEMDAL, "treatment-institution")] {
        let path = format!("/v1/units/{unit}/register-unit");
        let unit = json!({ "kind": kind, "offers_individual_tidgiver": true });
        let (status, _) = serving.ask("POST", &path, &lead, &unit.to_string());
        assert_eq!(status, 201);
    }
}

fn event(id: &str, kind: &str, traceparent: Option<&str>, data: &Value) -> String {
    let mut event = json!({
        "specversion": "1.0", "id": id, "source": "/slemdal/journal",
        "subject": "journal-plantet-010190", "type": format!("no.stegspor.referral.{kind}.v1"),
        "data": data,
    });
    if let Some(traceparent) = traceparent {
        event["traceparent"] = json!(traceparent);
    }
    event.to_string()
}

/// Tells and asks what holds words about people in every place that takes them. Answers the ids of
/// those people.
fn told_of_people(serving: &Serving, ground: &Ground) -> Vec<String> {
    let leader = ground.token("department-leader", Some(OSLO));
    let institution = ground.token("institution", Some(SLEMDAL));
    let json_body = "Content-Type: application/json\r\nUser-Agent: planted-agent\r\n";
    let contact = json!({
        "department": OSLO, "channels": ["other"], "name": "Navn Plantet",
        "contact": "plantet@eksempel.example, 99 88 77 66",
    });
    let key = format!("{json_body}Idempotency-Key: plantet-nokkel\r\n");
    let post = "POST /v1/participants";
    let (status, _, opened) = ask(serving, post, &leader, &key, &contact.to_string());
    assert_eq!(status, 201, "{opened}");
    let participant = opened["id"].as_str().unwrap().to_owned();
    let tell = |command: &str, body: Value| {
        let post = format!("POST /v1/participants/{participant}/{command}");
        let (status, _, answer) = ask(serving, &post, &leader, json_body, &body.to_string());
        (status, answer)
    };
    // Refused by a rule: the kartlegging comes first.
    let (status, refused) = tell("make-plan", json!({ "form": "oral" }));
    assert_eq!((status, &refused["rule"]), (409, &json!("D17")));
    for (command, body) in [
        ("hold-first-conversation", json!({})),
        (
            "complete-kartlegging",
            json!({ "wishes": ["housing"], "network_mapped": false }),
        ),
        ("begin-participation", json!({})),
        ("make-plan", json!({ "form": "oral" })),
        (
            "set-goal",
            json!({ "text": "Bake brød selv", "participant_agreed": true }),
        ),
    ] {
        let (status, answer) = tell(command, body);
        assert_eq!(status, 201, "{command}: {answer}");
    }
    // What cannot be understood, and what is not there.
    let (status, _) = tell("set-goal", json!({ "Plantet": "Plantet" }));
    assert_eq!(status, 422);
    for line in [
        "GET /v1/participants/plantet-sti/plan?name=Plantet",
        "GET /plantet-sti?contact=Plantet",
        "PLANTED /v1/participants?name=Plantet",
    ] {
        let (status, ..) = ask(serving, line, &leader, json_body, "");
        assert!((400..500).contains(&status), "{line}: {status}");
    }

    // The institution tells of its patient, in a trace of its own.
    let cloud_event = format!(
        "Content-Type: application/cloudevents+json\r\ntraceparent: 00-{TRACE}-{CALLER}-01\r\n\
         tracestate: vendor=1\r\n"
    );
    let proposed = event(
        "plantet-hendelse",
        "referral-proposed",
        None,
        &json!({ "from": SLEMDAL, "to": OSLO, "situation": "in-patient" }),
    );
    let post = "POST /v1/intake";
    let (status, head, answer) = ask(serving, post, &institution, &cloud_event, &proposed);
    assert_eq!(status, 201, "{answer}");
    let response = head
        .lines()
        .find_map(|line| line.strip_prefix("traceresponse: "))
        .expect("the answer tells its trace");
    assert!(response.starts_with(&format!("00-{TRACE}-")), "{response}");
    assert!(
        !response.contains(CALLER),
        "it names the service's own span: {response}"
    );
    let referral = answer["id"].as_str().unwrap().to_owned();
    let agreed = event(
        "plantet-hendelse-2",
        "patient-agreed",
        Some(&format!("00-{OF_THE_EVENT}-2222222222222222-01")),
        &json!({
            "participant_id": "0197f0a2-0000-7000-8000-000000000042",
            "consent_id": "0197f0a2-0000-7000-8000-000000000043",
        }),
    );
    let (status, _, answer) = ask(serving, post, &institution, &cloud_event, &agreed);
    assert_eq!(status, 201, "{answer}");

    // Asked of the present, once it is shown, and of the past.
    let position = answer["position"].as_u64().unwrap();
    let live = format!("GET /v1/participants?min_position={position}");
    let earlier = "GET /v1/participants?as_of=2020-12-31".to_owned();
    let one = format!("GET /v1/participants/{participant}/plan");
    for (line, seen) in [
        (live, "Navn Plantet"),
        (earlier, "{"),
        (one, "Bake brød selv"),
    ] {
        let (status, _, answer) = ask(serving, &line, &leader, json_body, "");
        assert_eq!(status, 200, "{line}: {answer}");
        assert!(answer.to_string().contains(seen), "{line}: {answer}");
    }
    vec![
        participant,
        referral,
        "0197f0a2-0000-7000-8000-000000000042".to_owned(),
        leader,
        institution,
    ]
}

/// None of it in some bytes. What looks like an id is looked for without hyphens too.
fn assert_silent(of_whom: &[String], told: &[u8], where_to: &str) {
    let holds = |text: &str| {
        told.windows(text.len())
            .any(|bytes| bytes == text.as_bytes())
    };
    for text in PLANTED
        .iter()
        .copied()
        .chain(of_whom.iter().map(String::as_str))
    {
        assert!(!holds(text), "{text:?} is told in {where_to}");
        assert!(
            !holds(&text.replace('-', "")) || text == "PLANTED",
            "{text:?} in {where_to}"
        );
    }
}

#[test]
fn traces_and_metrics_and_logs_tell_of_the_service_and_of_nobody() {
    let ground = Ground::new();
    let endpoint = ground.collector.endpoint();
    for (format, also) in [
        ("text", "warn,api=debug,infra=debug,domain=debug"),
        ("json", "debug"),
    ] {
        let (mut serving, heard) = Serving::start_heard(
            ground.folder.path(),
            &["serve", "--log-format", format],
            &[("STEGSPOR_OTLP_ENDPOINT", &endpoint), ("RUST_LOG", also)],
        );
        let mut people = vec![];
        if format == "text" {
            registered(&serving, &ground);
            people = told_of_people(&serving, &ground);
        } else {
            let leader = ground.token("department-leader", Some(OSLO));
            let list = "GET /v1/participants?min_position=1&limit=500";
            let (status, _, answer) = ask(&serving, list, &leader, "", "");
            assert_eq!(status, 200);
            assert!(answer.to_string().contains("Navn Plantet"));
        }
        serving.ask_to_end();
        assert!(serving.ended().success());
        let said = heard.said();
        assert!(
            said.contains("http.request"),
            "requests are in the log: {said}"
        );
        if format == "json" {
            for line in said.lines() {
                serde_json::from_str::<Value>(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
            }
        }
        assert_silent(&people, said.as_bytes(), "the log");
        assert_silent(&people, &ground.collector.bytes(), "traces and metrics");
    }

    let spans = ground.collector.spans();
    assert_a_trace_runs_through(&spans);

    let told = ground.collector.metrics();
    let mut expected: Vec<_> = CATALOGUE
        .iter()
        .map(|metric| (metric.name.to_owned(), metric.unit.to_owned()))
        .collect();
    expected.sort_unstable();
    assert_eq!(told, expected);
}

/// From the institution's request through the append to the batch that showed it, and on to what
/// followed from it.
fn assert_a_trace_runs_through(spans: &[Span]) {
    let find = |trace: &str, name: &str| {
        let found = spans
            .iter()
            .find(|span| span.trace == trace && span.name == name);
        found.unwrap_or_else(|| panic!("no span {name} in {trace}: {spans:#?}"))
    };
    let request = find(TRACE, "POST /v1/intake");
    assert_eq!(request.parent, CALLER);
    let told = find(TRACE, "command.tell");
    assert_eq!(told.parent, request.id);
    let executed = find(TRACE, "command.execute");
    assert_eq!(executed.parent, told.id);
    let together = find(TRACE, "intake.take_in");
    assert_eq!(together.parent, request.id);
    assert_eq!(find(TRACE, "log.append_all").parent, together.id);
    let shows = |span: &Span| {
        spans.iter().any(|batch| {
            batch.name == "projection.batch"
                && batch.links.contains(&(span.trace.clone(), span.id.clone()))
        })
    };
    assert!(shows(told), "a batch is linked to the telling: {spans:#?}");

    // An event with a trace of its own is told in that one, linked to the request that brought it.
    let told = find(OF_THE_EVENT, "command.tell");
    assert_eq!(told.parent, "2222222222222222");
    let (brought_by, _) = &told.links[0];
    assert_eq!(brought_by, TRACE);
    let followed = find(OF_THE_EVENT, "policy.react");
    assert_eq!(followed.parent, told.id);
    assert!(
        spans
            .iter()
            .any(|span| span.parent == followed.id && span.name == "command.execute")
    );
    assert!(shows(told) || shows(followed), "{spans:#?}");

    for name in ["query.ask", "query.replay"] {
        assert!(spans.iter().any(|span| span.name == name), "{name}");
    }
    // Routes are told by their templates.
    let route = "POST /v1/participants/{participant_id}/{command}";
    assert!(spans.iter().any(|span| span.name == route), "{spans:#?}");
}

#[test]
fn a_collector_that_is_away_is_told_of_once_and_costs_no_answer() {
    let ground = Ground::new();
    // Nobody listens there any more.
    let away = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let (mut serving, heard) = Serving::start_heard(
        ground.folder.path(),
        &["serve", "--otlp-endpoint", &away],
        &[
            ("OTEL_BSP_SCHEDULE_DELAY", "10"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "10"),
        ],
    );
    registered(&serving, &ground);
    serving.ask_to_end();
    assert!(serving.ended().success());
    let said = heard.said();
    for what in ["traces", "metrics"] {
        let away = format!("{what} cannot be delivered to the collector");
        assert_eq!(said.matches(&away).count(), 1, "{said}");
    }
}

#[test]
fn an_address_that_no_collector_has_is_refused_with_the_form_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let refused = tests::stegspor(
        folder.path(),
        &["serve", "--otlp-endpoint", "https://user:secret@collector"],
    );
    assert!(!refused.status.success());
    let said = tests::text(&refused.stderr);
    assert!(
        said.contains("http://HOST:4318") && !said.contains("secret"),
        "{said}"
    );
}
