//! `GET /v1/referrals/{referral_id}`: one referral.

use axum::{
    Json,
    extract::{Path, State},
    routing::get,
};
use projections::referral::{OneReferral, OneReferralView};
use serde_json::Value;

use super::{
    super::{Endpoint, Parameter, Service, asking::Asked},
    asking, json,
    referrals::{as_seen, between},
};
use crate::{
    auth::rights::Query,
    problem::{Problem, general},
};

const ROUTE: &str = "/v1/referrals/{referral_id}";

pub(super) fn endpoint() -> Endpoint {
    Endpoint {
        route: ROUTE,
        methods: get(handle),
        operations: vec![asking::operation::<OneReferralView>(
            ROUTE,
            "referral",
            "One referral: how far it has come; for the department, how the person is reached and \
             what is due; for the institution, with a consent that holds, what came of it.",
            Query::Referral,
            &[Parameter::path("referral_id", "The referral.")],
        )],
    }
}

async fn handle(
    State(service): State<Service>,
    Path(id): Path<String>,
    mut asked: Asked,
) -> Result<Json<Value>, Problem> {
    let sight = asked.sight(Query::Referral)?;
    let referral_id = id.parse().map_err(|_| &general::NOT_FOUND)?;
    let app = &service.app;
    let question = OneReferral {
        referral_id,
        between: between(&sight, asked.who.role)?,
        figures: app.figures,
    };
    let answer = asked.answer(&service, &question).await?;
    let answer = answer.transpose().ok_or(&general::NOT_FOUND)?;
    let mut answer = json(&answer);
    let one = std::iter::once(&mut answer);
    as_seen(app, asked.who.role, &[referral_id], one).await?;
    Ok(Json(answer))
}
