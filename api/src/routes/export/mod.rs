//! `GET /v1/participants/{participant_id}/export`: everything that is kept about a person, as JSON
//! or as a page to print.

mod page;

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use schemars::SchemaGenerator;

use super::{Answered, Callers, Endpoint, Operation, Parameter, headers};
use crate::{
    app::{Application, Export},
    auth::{
        Principal, callers,
        rights::{self, Of, Query},
    },
    problem::{Language, Problem, general},
};

const ROUTE: &str = "/v1/participants/{participant_id}/export";

pub(super) fn endpoint() -> Endpoint {
    let answered = |media, doc| Answered {
        status: 200,
        doc,
        media,
        shape: (media == "application/json").then(|| {
            let shape: super::Shape = Box::new(SchemaGenerator::subschema_for::<Export>);
            shape
        }),
        headers: &[],
    };
    Endpoint {
        route: ROUTE,
        methods: get(handle),
        operations: vec![Operation {
            method: "get",
            path: ROUTE.to_owned(),
            id: "export".to_owned(),
            summary: "Everything that is kept about a person, in words, entry by entry (GDPR \
                      articles 15 and 20): all of it for themselves; for the department's leader \
                      the stays that the department holds. `Accept: text/html` asks for a page to \
                      print."
                .to_owned(),
            tag: "queries",
            parameters: vec![Parameter::path("participant_id", "The participant.")],
            bodies: vec![],
            answered: vec![
                answered("application/json", "What is kept."),
                answered("text/html", "Or a page to print."),
            ],
            callers: Callers::Roles(callers::of_query(Query::Export)),
        }],
    }
}

async fn handle(
    State(app): State<Arc<Application>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    who: Principal,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let sight = rights::may_see(&who, Query::Export).ok_or(&general::NOT_FOUND)?;
    let participant_id = id.parse().map_err(|_| &general::NOT_FOUND)?;
    let held_by = match sight.of {
        Of::Unit(department) => Some(department),
        Of::Myself(myself) if myself == participant_id => None,
        Of::All | Of::Myself(_) | Of::MyOppdrag(_) => {
            return Err(Problem::general(&general::NOT_FOUND));
        }
    };
    if query.is_some_and(|query| !query.is_empty()) {
        return Err(Problem::general(&general::INVALID_PARAMETER));
    }
    let export = app.export(participant_id, held_by).await?;
    let export = export.ok_or(&general::NOT_FOUND)?;
    if headers::prefers(&asked, "text/html", "application/json") {
        let language = Language::of_headers(&asked).unwrap_or(Language::Norwegian);
        let vary = [(header::VARY, "accept, accept-language")];
        return Ok((vary, Html(page::page(&export, language))).into_response());
    }
    Ok(([(header::VARY, "accept")], Json(export)).into_response())
}
