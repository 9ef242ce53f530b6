//! `GET /v1/standing`: how many are registered, and where they stand.

use axum::{Json, extract::State, routing::get};
use projections::journey::{StandingNow, StandingView};
use serde_json::Value;

use super::{
    super::{Endpoint, Parameter, Service, asking::Asked},
    asking, json, scope, seen, suppress,
};
use crate::{auth::rights::Query, problem::Problem};

const ROUTE: &str = "/v1/standing";

pub(super) fn endpoint() -> Endpoint {
    Endpoint {
        route: ROUTE,
        methods: get(handle),
        operations: vec![asking::operation::<StandingView>(
            ROUTE,
            "standing",
            "How many are registered, and how many of them incoming, active, passive, paused.",
            Query::Standing,
            &[Parameter::query("unit", "One department.", "")],
        )],
    }
}

async fn handle(State(service): State<Service>, mut asked: Asked) -> Result<Json<Value>, Problem> {
    let sight = asked.sight(Query::Standing)?;
    asked.only_at_month_ends(&sight, service.app.clock.now().day())?;
    let unit = asked.unit("unit", &service.app).await?;
    let question = StandingNow {
        unit: seen(&sight, unit.as_ref())?,
        scope: scope(&sight),
        active_within_days: service.app.figures.active_within_days,
    };
    let mut answer = json(&asked.answer(&service, &question).await?);
    if sight.suppressed {
        let parts = ["active", "incoming", "passive", "paused"];
        suppress::hide_parts(&mut answer, "registered", &parts);
        suppress::hide_small(&mut answer["ended"]);
        suppress::hide_small(&mut answer["closed"]);
    }
    Ok(Json(answer))
}
