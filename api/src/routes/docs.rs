//! `GET /docs`: the interface as a page, made of the same table as the OpenAPI document.

use std::fmt::Write;

use axum::{
    http::header,
    response::{Html, IntoResponse},
    routing::get,
};

use super::{Endpoint, Operation, Place};

pub(super) fn endpoint() -> Endpoint {
    Endpoint {
        route: "/docs",
        methods: get(|| async { Html(page()) }),
        operations: vec![Operation::open(
            "/docs",
            "docs",
            "The interface, for people.",
            "text/html",
        )],
    }
}

/// `GET /docs/style.css`: how the pages look.
pub(super) fn style() -> Endpoint {
    Endpoint {
        route: "/docs/style.css",
        methods: get(|| async {
            ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE).into_response()
        }),
        operations: vec![Operation::open(
            "/docs/style.css",
            "style",
            "How the pages look.",
            "text/css",
        )],
    }
}

const CHAPTERS: [(&str, &str); 4] = [
    ("queries", "Queries"),
    ("commands", "Commands"),
    ("intake", "Intake"),
    ("service", "Service"),
];

fn page() -> String {
    let endpoints = super::endpoints();
    let mut page = String::from(HEAD);
    for (tag, title) in CHAPTERS {
        let _ = writeln!(page, "<h2 id=\"{tag}\">{title}</h2>");
        let operations = endpoints
            .iter()
            .flat_map(|endpoint| &endpoint.operations)
            .filter(|operation| operation.tag == tag);
        for operation in operations {
            section(&mut page, operation);
        }
    }
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

fn section(page: &mut String, operation: &Operation) {
    let _ = writeln!(
        page,
        "<section id=\"{}\">\n<h3><code>{} {}</code></h3>\n<p>{}</p>",
        escaped(&operation.id),
        operation.method.to_uppercase(),
        escaped(&operation.path),
        escaped(&operation.summary),
    );
    if !operation.parameters.is_empty() {
        page.push_str("<ul>\n");
        for parameter in &operation.parameters {
            let place = match parameter.place {
                Place::Path => "path",
                Place::Query => "query",
                Place::Header => "header",
            };
            let _ = writeln!(
                page,
                "<li><code>{}</code> ({place}): {}</li>",
                parameter.name,
                escaped(parameter.doc)
            );
        }
        page.push_str("</ul>\n");
    }
    page.push_str("</section>\n");
}

/// Text as it may stand in a page.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

const HEAD: &str = r##"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The interface – Stegspor</title>
<link rel="stylesheet" href="/docs/style.css">
</head>
<body>
<main>
<h1>The interface of Stegspor</h1>
<p>Everything but the last chapter asks for a token: <code>Authorization: Bearer …</code>.
Queries take <code>as_of</code>, <code>known_at</code> and <code>min_position</code>; commands
answer the position to ask for. Errors are problem details (RFC 9457) whose <code>type</code> names
the rule, in English or Norwegian by <code>Accept-Language</code>. The schemas of all bodies are in
<a href="/openapi.json">the OpenAPI document</a>.</p>
<p><a href="#queries">Queries</a> · <a href="#commands">Commands</a> ·
<a href="#intake">Intake</a> · <a href="#service">Service</a></p>
"##;

const STYLE: &str = "\
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0; }
main { max-width: 48rem; margin: 0 auto; padding: 1.5rem; }
h1, h2, h3 { line-height: 1.25; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid; }
code { font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
blockquote { margin: 1rem 0; padding: .5rem 1rem; border-left: .25rem solid; font-size: 1.25rem; }
a:focus-visible { outline: .2rem solid; outline-offset: .1rem; }
";
