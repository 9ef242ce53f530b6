//! The service itself: its document, its pages, its health, and what stands around every answer.

use domain::{es::Role, rules};
use serde_json::json;
use tests::TestApp;

#[tokio::test]
async fn the_document_knows_every_command_and_every_reference_in_it_leads_somewhere() {
    let app = TestApp::empty().await;
    let reply = app.get("/openapi.json").await;
    assert_eq!(
        (reply.status, reply.media()),
        (200, Some("application/json"))
    );
    let document = reply.body;
    assert_eq!(document["openapi"], "3.1.0");
    for kind in domain::event::kinds() {
        let place = match kind.stream {
            "participant" => "/v1/participants/{participant_id}",
            "referral" => "/v1/referrals/{referral_id}",
            "tidgiver" => "/v1/tidgivere/{tidgiver_id}",
            "cooperation" => "/v1/cooperations/{unit}/{department}",
            _ => "/v1/units/{unit}",
        };
        let operation = &document["paths"][format!("{place}/{}", kind.command)]["post"];
        let body = &operation["requestBody"]["content"]["application/json"]["schema"];
        assert_eq!(body["type"], "object", "{}", kind.command);
        for word in kind.personal {
            assert_eq!(
                body["properties"][word]["maxLength"], 500,
                "{}",
                kind.command
            );
        }
    }
    let mut references = vec![];
    find_references(&document, &mut references);
    assert!(references.len() > 50);
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    let mut ids: Vec<_> = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|path| path.as_object().unwrap().values())
        .map(|operation| operation["operationId"].as_str().unwrap())
        .collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all);
}

fn find_references(value: &serde_json::Value, found: &mut Vec<String>) {
    if let Some(reference) = value.get("$ref").and_then(|reference| reference.as_str()) {
        found.push(reference.to_owned());
    }
    match value {
        serde_json::Value::Object(fields) => {
            for value in fields.values() {
                find_references(value, found);
            }
        }
        serde_json::Value::Array(items) => {
            for value in items {
                find_references(value, found);
            }
        }
        _ => {}
    }
}

#[tokio::test]
async fn pages_run_nothing_of_others_and_fetch_nothing_from_elsewhere() {
    let app = TestApp::empty().await;
    for path in ["/", "/docs", "/problems/kartlegging-comes-first"] {
        let page = app.get(path).await;
        assert_eq!(
            (page.status, page.media()),
            (200, Some("text/html; charset=utf-8"))
        );
        // The page of the interface runs its own script, which asks this service only.
        let (scripts, script) = if path == "/docs" {
            let script = r#"<script src="/docs/try.js" defer></script>"#;
            ("script-src 'self'; connect-src 'self'; ", script)
        } else {
            ("", "")
        };
        assert_eq!(
            page.header("content-security-policy").unwrap(),
            format!(
                "default-src 'none'; style-src 'self'; img-src 'self'; {scripts}form-action 'none'; \
                 frame-ancestors 'none'; base-uri 'none'"
            )
        );
        assert_eq!(page.text.matches("<script").count(), script.len().min(1));
        let text = page.text.replace(script, "");
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        for forbidden in ["<script", "style=", "http://", "https://", "onclick"] {
            assert!(!text.contains(forbidden), "{path}: {forbidden}");
        }
    }
    assert!(
        app.get("/docs")
            .await
            .text
            .contains("/v1/participants/{participant_id}/report-relapse")
    );
    for (path, media) in [
        ("/docs/style.css", "text/css; charset=utf-8"),
        ("/docs/try.js", "text/javascript; charset=utf-8"),
        ("/favicon.ico", "image/svg+xml"),
    ] {
        assert_eq!(app.get(path).await.media(), Some(media));
    }
}

#[tokio::test]
async fn the_page_tells_every_field_with_its_words_in_norwegian_and_english() {
    let app = TestApp::empty().await;
    let (norwegian, english) = (app.get("/docs").await, app.get("/docs?lang=en").await);
    assert!(norwegian.text.contains("<html lang=\"nb\">"));
    assert!(english.text.contains("<html lang=\"en\">"));
    for (page, department, word, caller) in [
        (
            &norwegian.text,
            "Avdelingen personen kontaktet.",
            "<code>bla-kors-unit</code> En annen enhet i Blå Kors.",
            "avdelingsleder (egen avdeling)",
        ),
        (
            &english.text,
            "The department contacted.",
            "<code>bla-kors-unit</code> Another unit of Blå Kors.",
            "department leader (own department)",
        ),
    ] {
        for expected in [department, word, caller] {
            assert!(page.contains(expected), "{expected}");
        }
    }
    for kind in domain::event::kinds() {
        if ["referral", "cooperation"].contains(&kind.stream) {
            let wire = format!("<h4><code>{}</code></h4>", kind.wire_type());
            assert!(norwegian.text.contains(&wire), "{wire}");
        }
    }
}

#[tokio::test]
async fn the_document_names_the_headers_and_ids_that_answers_bear() {
    let app = TestApp::empty().await;
    let document = app.get("/openapi.json").await.body;
    for (path, method, status) in [
        ("/v1/participants", "post", "201"),
        ("/v1/participants/{participant_id}", "get", "200"),
        ("/v1/intake", "post", "201"),
    ] {
        let answer = &document["paths"][path][method]["responses"][status];
        assert!(answer["headers"]["ETag"].is_object(), "{method} {path}");
    }
    let ids = &document["components"]["schemas"]["Ids"]["properties"];
    for kind in domain::event::kinds() {
        if let Some(name) = kind.names {
            assert!(ids[name].is_object(), "{name}");
        }
    }
}

#[tokio::test]
async fn every_rule_is_explained_in_both_languages() {
    let app = TestApp::empty().await;
    for rule in rules::all() {
        let address = format!("/problems/{}", rule.slug);
        let english = app.get(&address).await;
        assert!(english.text.contains(rule.id), "{}", rule.id);
        let norwegian = app.get(&address).header("accept-language", "nb").await;
        assert!(norwegian.text.contains("lang=\"nb\""));
        assert_ne!(english.text, norwegian.text, "{}", rule.id);
    }
    assert_eq!(app.get("/problems/no-such-rule").await.status, 404);
}

#[tokio::test]
async fn a_service_is_ready_once_it_shows_what_the_log_holds() {
    let app = TestApp::new().await;
    assert_eq!(app.get("/health/live").await.body, json!({ "live": true }));
    app.caught_up().await;
    let ready = app.get("/health/ready").await;
    assert_eq!(ready.status, 200);
    assert_eq!(
        ready.body,
        json!({ "ready": true, "log_position": 5, "shown_position": 5 })
    );
}

#[tokio::test]
async fn what_no_address_takes_is_a_problem_too() {
    let app = TestApp::empty().await;
    let wrong_method = app.post("/v1/units").role(Role::NationalLead).await;
    assert_eq!(
        wrong_method.body,
        json!({
            "type": "/problems/method-not-allowed",
            "title": "This address does not take this method.",
            "status": 405,
            "rule": "method-not-allowed",
        })
    );
    let nowhere = app.get("/nowhere").header("accept-language", "no").await;
    assert_eq!(
        nowhere.body,
        json!({
            "type": "/problems/not-found", "title": "Her er det ingenting for deg.",
            "status": 404, "rule": "not-found",
        })
    );
    assert!(nowhere.header("x-request-id").is_some());
}

#[tokio::test]
async fn the_page_is_in_the_language_that_is_chosen_or_else_preferred() {
    let app = TestApp::empty().await;
    for (path, preferred, lang) in [
        ("/docs", "en-GB, nb;q=0.5", "en"),
        ("/docs", "nn", "nb"),
        ("/docs", "de", "nb"),
        ("/docs?lang=nb", "en", "nb"),
        ("/docs?lang=en", "nb", "en"),
    ] {
        let page = app.get(path).header("accept-language", preferred).await;
        let html = format!("<html lang=\"{lang}\">");
        assert!(page.text.contains(&html), "{path} {preferred}");
        let vary = page.headers.get_all("vary").iter();
        assert!(vary.into_iter().any(|value| value == "accept-language"));
    }
}
