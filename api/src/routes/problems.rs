//! `GET /problems/{slug}`: what a problem's `type` means, as a page for people.

use axum::{
    extract::Path,
    http::{HeaderMap, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use domain::rules;

use super::{Endpoint, Operation, Parameter, docs::escaped};
use crate::problem::{Language, Problem, general};

const ROUTE: &str = "/problems/{slug}";

pub(super) fn endpoint() -> Endpoint {
    let mut operation = Operation::open(
        ROUTE,
        "problem",
        "What a problem's `type` means.",
        "text/html",
    );
    operation.parameters = vec![Parameter::path("slug", "The last part of the `type`.")];
    Endpoint {
        route: ROUTE,
        methods: get(handle),
        operations: vec![operation],
    }
}

async fn handle(Path(slug): Path<String>, headers: HeaderMap) -> Result<Response, Problem> {
    let accept = headers.get(header::ACCEPT_LANGUAGE);
    let language = Language::preferred(accept.and_then(|value| value.to_str().ok()));
    let (id, means) = explained(&slug, language).ok_or(&general::NOT_FOUND)?;
    let (lang, about) = match language {
        Language::English => ("en", "A request was refused for this reason:"),
        Language::Norwegian => ("nb", "En forespørsel ble avvist av denne grunnen:"),
    };
    let page = format!(
        r#"<!doctype html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{id} – Stegspor</title>
<link rel="stylesheet" href="/docs/style.css">
</head>
<body>
<main>
<h1>{id}</h1>
<p>{about}</p>
<blockquote>{}</blockquote>
<p><a href="/docs">Stegspor</a></p>
</main>
</body>
</html>
"#,
        escaped(means)
    );
    Ok(([(header::VARY, "accept-language")], Html(page)).into_response())
}

fn explained(slug: &str, language: Language) -> Option<(&'static str, &'static str)> {
    if let Some(rule) = rules::all().find(|rule| rule.slug == slug) {
        let means = match language {
            Language::English => rule.en,
            Language::Norwegian => rule.nb,
        };
        return Some((rule.id, means));
    }
    let general = general::ALL.iter().find(|general| general.slug == slug)?;
    Some((general.slug, general.title.in_language(language)))
}
