//! `GET /v1/tidgivere/{tidgiver_id}`: one tidgiver.

use axum::{
    Json,
    extract::{Path, State},
    routing::get,
};
use projections::tidgiver::{OneTidgiver, OneTidgiverView};
use serde_json::Value;

use super::{
    super::{Endpoint, Parameter, Service, asking::Asked},
    asking, json, scope,
    tidgivere::add_words,
};
use crate::{
    auth::rights::Query,
    problem::{Problem, general},
};

const ROUTE: &str = "/v1/tidgivere/{tidgiver_id}";

pub(super) fn endpoint() -> Endpoint {
    Endpoint {
        route: ROUTE,
        methods: get(handle),
        operations: vec![asking::operation::<OneTidgiverView>(
            ROUTE,
            "tidgiver",
            "One tidgiver: name, stage, interests, languages, capacity, and the oppdrag that are \
             open.",
            Query::Tidgiver,
            &[Parameter::path("tidgiver_id", "The tidgiver.")],
        )],
    }
}

async fn handle(
    State(service): State<Service>,
    Path(id): Path<String>,
    mut asked: Asked,
) -> Result<Json<Value>, Problem> {
    let sight = asked.sight(Query::Tidgiver)?;
    let tidgiver_id = id.parse().map_err(|_| &general::NOT_FOUND)?;
    let question = OneTidgiver {
        tidgiver_id,
        scope: scope(&sight),
    };
    let answer = asked.answer(&service, &question).await?;
    let answer = answer.transpose().ok_or(&general::NOT_FOUND)?;
    let mut answer = json(&answer);
    let one = std::iter::once(&mut answer);
    add_words(&service.app, &[tidgiver_id], one).await?;
    Ok(Json(answer))
}
