//! `GET /docs`: the interface as a page, made of the OpenAPI document, in Norwegian or English.

mod fields;
mod page;
mod try_it;
mod wording;

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

/// `GET /docs/style.css`: how the pages look.
pub(super) fn style() -> Endpoint {
    Endpoint {
        route: "/docs/style.css",
        methods: get(|| async {
            let css = include_str!("style.css");
            ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], css).into_response()
        }),
        operations: vec![Operation::open(
            "/docs/style.css",
            "style",
            "How the pages look.",
            "text/css",
        )],
    }
}

/// `GET /docs/try.js`: what tries a question from the page.
pub(super) fn script() -> Endpoint {
    Endpoint {
        route: "/docs/try.js",
        methods: get(|| async {
            let script = include_str!("try.js");
            let media = "text/javascript; charset=utf-8";
            ([(header::CONTENT_TYPE, media)], script).into_response()
        }),
        operations: vec![Operation::open(
            "/docs/try.js",
            "script",
            "How questions are tried from the page.",
            "text/javascript",
        )],
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
