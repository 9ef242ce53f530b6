//! The demo history shows the figures that the evaluation of the programme publishes: asked over
//! HTTP, with the tokens of the departments' leaders.

use std::sync::Arc;

use domain::es::EventStore;
use serde_json::{Value, json};
use tests::TestApp;

const DEPARTMENTS: [&str; 6] = [
    "stegforsteg-oslo",
    "stegforsteg-kristiansand",
    "stegforsteg-bergen",
    "stegforsteg-fredrikstad",
    "stegforsteg-drammen",
    "stegforsteg-stavanger",
];
const OSLO: &str = DEPARTMENTS[0];

fn published() -> Value {
    serde_json::from_str(include_str!("golden/published_figures.json")).expect("a golden file")
}

/// A service that has played the demo history into a log in a file.
struct Demo {
    app: TestApp,
    _folder: tempfile::TempDir,
}

impl Demo {
    async fn played() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite:{}", folder.path().join("log.sqlite").display());
        let log: Arc<dyn EventStore> = infra::event_store::open(&url).await.expect("a log");
        let app = TestApp::over(Arc::clone(&log)).await;
        let cast = api::history::demo::play(&*log, &*app.service.app.vault, &mut |_, _| {})
            .await
            .expect("the history breaks no rule");
        assert_eq!(cast, api::history::demo::cast());
        assert_eq!(json!(cast.now), published()["now"]);
        app.caught_up().await;
        Self {
            app,
            _folder: folder,
        }
    }

    /// What the leader of a department is answered.
    async fn answer(&self, department: &str, path: &str) -> Value {
        let reply = self.app.get(path).leader(department).await;
        assert_eq!(reply.status, 200, "{path}: {reply:?}");
        reply.body
    }

    /// A figure of each department, asked by its leader, added up.
    async fn in_all(&self, path: &str, figure: &str) -> i64 {
        let mut sum = 0;
        for department in DEPARTMENTS {
            let answer = self.answer(department, path).await;
            sum += count(&answer[figure]);
        }
        sum
    }
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().expect("a text")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn count(value: &Value) -> i64 {
    value.as_i64().expect("a number")
}

/// The fields of `answer` that `expected` names.
fn fields_of(answer: &Value, expected: &Value) -> Value {
    expected
        .as_object()
        .expect("fields")
        .keys()
        .map(|field| (field.clone(), answer[field].clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_shows_the_published_figures() {
    let demo = Demo::played().await;
    key_figures(&demo).await;
    oslo_list(&demo).await;
    sentence_serving(&demo).await;
    partners(&demo).await;
    structures(&demo).await;
    every_department_has_something_to_do(&demo).await;
    // Last, since it tells something new.
    participants_are_counted_from_the_stays(&demo).await;
}

async fn key_figures(demo: &Demo) {
    let published = &published()["key_figures"];
    let as_of = text(published, "as_of");
    let mut in_all = 0;
    for department in DEPARTMENTS {
        let expected = &published["units"][department];
        let path = format!("/v1/key-figures?as_of={as_of}&unit={department}");
        let answer = demo.answer(department, &path).await;
        let units = list(&answer["units"]);
        assert_eq!(units.len(), 1, "{answer}");
        assert_eq!(fields_of(&units[0], expected), *expected, "{department}");
        in_all += count(&units[0]["participants"]);
    }
    assert_eq!(json!(in_all), published["participants_in_all"]);
}

async fn oslo_list(demo: &Demo) {
    for published in list(&published()["oslo_list"]) {
        let as_of = text(published, "as_of");
        let known_at = text(published, "known_at");
        let path = format!("/v1/standing?as_of={as_of}&known_at={known_at}");
        let oslo = demo.answer(OSLO, &path).await;
        let expected = &published["oslo"];
        assert_eq!(fields_of(&oslo, expected), *expected, "{path}");
        let in_all = demo.in_all(&path, "registered").await;
        assert_eq!(json!(in_all), published["registered_in_all"], "{path}");
    }
}

async fn sentence_serving(demo: &Demo) {
    let expected = json!({ "served": 31, "continued": 19 });
    let published = &published()["sentence_serving"];
    assert_eq!(fields_of(published, &expected), expected);
    let department = text(published, "unit");
    let path = format!(
        "/v1/sentence-serving?unit={department}&year={}",
        published["year"]
    );
    let answer = demo.answer(department, &path).await;
    assert_eq!(fields_of(&answer, &expected), expected);
}

async fn partners(demo: &Demo) {
    for expected in list(&published()["partners"]) {
        let (from, to) = (text(expected, "from"), text(expected, "to"));
        let (since, until) = (text(expected, "since"), text(expected, "until"));
        let path = format!("/v1/flows?from={from}&to={to}&since={since}&until={until}");
        let answer = demo.answer(to, &path).await;
        let flows = list(&answer["flows"]);
        assert_eq!(flows.len(), 1, "{answer}");
        let mut counts = expected.clone();
        for window in ["since", "until"] {
            counts.as_object_mut().expect("fields").remove(window);
        }
        assert_eq!(fields_of(&flows[0], &counts), counts);
    }
}

async fn structures(demo: &Demo) {
    for expected in list(&published()["structures"]) {
        let (unit, department) = (text(expected, "unit"), text(expected, "department"));
        let path = format!("/v1/cooperations?unit={unit}&department={department}");
        let now = demo.answer(department, &path).await;
        let now = &now["cooperations"][0];
        assert_eq!(now["anchoring"], expected["anchoring"], "{unit}");
        assert_eq!(now["presence"], expected["presence"], "{unit}");
        let visited = &expected["visited"];
        let path = format!("{path}&as_of={}", text(visited, "as_of"));
        let then = demo.answer(department, &path).await;
        let structure = json!({
            "rhythm": visited["rhythm"],
            "settings": visited["settings"],
        });
        assert_eq!(then["cooperations"][0]["structure"], structure, "{unit}");
    }
}

async fn every_department_has_something_to_do(demo: &Demo) {
    for department in DEPARTMENTS {
        let answer = demo.answer(department, "/v1/worklist").await;
        let items = list(&answer["items"]);
        assert!(items.len() >= 5, "{department}: {answer}");
    }
}

/// Taking one stay away changes the answer.
async fn participants_are_counted_from_the_stays(demo: &Demo) {
    let participant = api::history::demo::cast().participant_id;
    let ended = demo
        .app
        .post(&format!("/v1/participants/{participant}/end-participation"))
        .leader(OSLO)
        .json(&json!({
            "reason": "other-offer",
            "learned": "from-participant",
            "occurred_at": "2021-06-30",
        }))
        .await;
    assert_eq!(ended.status, 201, "{ended:?}");
    demo.app.caught_up().await;
    let path = "/v1/key-figures?as_of=2021-06-30&unit=stegforsteg-oslo";
    let answer = demo.answer(OSLO, path).await;
    assert_eq!(answer["units"][0]["participants"], 109);
}
