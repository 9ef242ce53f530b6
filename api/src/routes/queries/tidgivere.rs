//! `GET /v1/tidgivere`: the tidgivere of a department.

use axum::{Json, extract::State, routing::get};
use domain::words::TidgiverId;
use projections::tidgiver::{Tidgivere, TidgivereView};
use serde_json::{Value, json as value};

use super::{
    super::{Endpoint, Parameter, Service, asking::Asked},
    asking::{self, PAGED},
    json, scope, seen,
};
use crate::{app::Application, auth::rights::Query, problem::Problem};

const ROUTE: &str = "/v1/tidgivere";

pub(super) fn endpoint() -> Endpoint {
    let mut parameters = vec![Parameter::query("unit", "One department.", "")];
    parameters.extend(PAGED);
    Endpoint {
        route: ROUTE,
        methods: get(handle),
        operations: vec![asking::operation::<TidgivereView>(
            ROUTE,
            "tidgivere",
            "The tidgivere of a department, a page at a time: name, stage, interests, languages, \
             capacity, and the oppdrag that are open.",
            Query::Tidgivere,
            &parameters,
        )],
    }
}

async fn handle(State(service): State<Service>, mut asked: Asked) -> Result<Json<Value>, Problem> {
    let sight = asked.sight(Query::Tidgivere)?;
    let app = &service.app;
    let unit = asked.unit("unit", app).await?;
    let (after, size) = asked.page(app, ROUTE)?;
    let question = Tidgivere {
        unit: seen(&sight, unit.as_ref())?,
        scope: scope(&sight),
        after,
        size,
    };
    let mut answer = asked.answer(&service, &question).await?;
    answer.view.next_cursor = answer
        .view
        .next_cursor
        .map(|cursor| asking::sealed(app, ROUTE, &cursor));
    let ids: Vec<TidgiverId> = answer
        .view
        .tidgivere
        .iter()
        .map(|tidgiver| tidgiver.tidgiver_id)
        .collect();
    let mut answer = json(&answer);
    if let Some(list) = answer["tidgivere"].as_array_mut() {
        add_words(app, &ids, list.iter_mut()).await?;
    }
    Ok(Json(answer))
}

/// Adds to each tidgiver what they are called and how they are reached.
pub(super) async fn add_words(
    app: &Application,
    ids: &[TidgiverId],
    tidgivere: impl Iterator<Item = &mut Value>,
) -> Result<(), Problem> {
    let words = app.words_of_tidgivere(ids).await?;
    for (tidgiver, words) in tidgivere.zip(words) {
        tidgiver["name"] = value!(words.name);
        tidgiver["contact"] = value!(words.contact);
    }
    Ok(())
}
