//! `GET /docs`: the interface as a page, made of the OpenAPI document, in Norwegian or English.

pub(super) mod fields;
mod page;
mod try_it;
pub(super) mod wording;

use std::sync::LazyLock;

use axum::{
    extract::RawQuery,
    http::{HeaderMap, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};

use super::{Endpoint, Operation, Parameter, openapi};
use crate::problem::Language;

pub(super) use page::escaped;

pub(super) fn endpoint() -> Endpoint {
    let mut operation = Operation::open("/docs", "docs", "The interface, for people.", "text/html");
    operation.parameters = vec![Parameter::query(
        "lang",
        "`en` or `nb`; the language of `Accept-Language` unless told, and Norwegian if it names \
         neither.",
        "",
    )];
    Endpoint {
        route: "/docs",
        methods: get(handle),
        operations: vec![operation],
    }
}

/// What the pages are made with besides.
pub(super) fn files() -> [Endpoint; 3] {
    [
        file(
            ("/docs/style.css", "style", "How the pages look."),
            "text/css; charset=utf-8",
            include_str!("style.css"),
        ),
        file(
            (
                "/docs/try.js",
                "script",
                "How questions are tried from the page.",
            ),
            "text/javascript; charset=utf-8",
            include_str!("try.js"),
        ),
        // Browsers ask there by themselves, and go by the type, not by the name.
        file(
            ("/favicon.ico", "icon", "The sign of the pages."),
            "image/svg+xml",
            include_str!("icon.svg"),
        ),
    ]
}

fn file(
    (route, id, doc): (&'static str, &'static str, &'static str),
    media: &'static str,
    text: &'static str,
) -> Endpoint {
    let answer = move || async move { ([(header::CONTENT_TYPE, media)], text).into_response() };
    let bare = media.split(';').next().unwrap_or(media);
    Endpoint {
        route,
        methods: get(answer),
        operations: vec![Operation::open(route, id, doc, bare)],
    }
}

/// The page runs its own script, which asks this service and nobody else.
const CONTENT_SECURITY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; \
     script-src 'self'; connect-src 'self'; form-action 'none'; frame-ancestors 'none'; \
     base-uri 'none'";

static NORWEGIAN: LazyLock<String> = LazyLock::new(|| in_language(Language::Norwegian));
static ENGLISH: LazyLock<String> = LazyLock::new(|| in_language(Language::English));

async fn handle(RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let page = match chosen(query.as_deref(), &headers) {
        Language::English => &ENGLISH,
        Language::Norwegian => &NORWEGIAN,
    };
    let headers = [
        (header::VARY, "accept-language"),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY),
    ];
    (headers, Html(page.as_str())).into_response()
}

/// What is chosen in the address goes before what the browser prefers. The readers are
/// institutions' developers: the page is Norwegian where neither says anything.
fn chosen(query: Option<&str>, headers: &HeaderMap) -> Language {
    match query {
        Some("lang=en") => Language::English,
        Some("lang=nb") => Language::Norwegian,
        _ => Language::of_headers(headers).unwrap_or(Language::Norwegian),
    }
}

fn in_language(language: Language) -> String {
    page::page(&openapi::DOCUMENT, language, &|english| match language {
        Language::English => english.to_owned(),
        Language::Norwegian => wording::norwegian(english).unwrap_or(english).to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, collections::BTreeSet};

    use super::*;

    #[test]
    fn everything_the_page_says_has_its_norwegian_wording_and_no_wording_is_left_over() {
        let said = RefCell::new(BTreeSet::new());
        page::page(&openapi::DOCUMENT, Language::Norwegian, &|english| {
            said.borrow_mut().insert(english.to_owned());
            english.to_owned()
        });
        let said = said.into_inner();
        let worded: BTreeSet<String> = wording::all().map(|(english, _)| english.into()).collect();
        let missing: Vec<_> = said.difference(&worded).collect();
        assert!(missing.is_empty(), "without Norwegian: {missing:#?}");
        let left_over: Vec<_> = worded.difference(&said).collect();
        assert!(left_over.is_empty(), "said nowhere: {left_over:#?}");
    }
}
