//! `GET /v1/retention`: how long people stay, and what follows a relapse.

use axum::{Json, extract::State, routing::get};
use projections::retention::{Retention, RetentionView};
use serde_json::{Value, json as value};

use super::{
    super::{Endpoint, Parameter, Service, asking::Asked},
    asking, json, scope, seen, suppress,
};
use crate::{auth::rights::Query, problem::Problem};

const ROUTE: &str = "/v1/retention";

pub(super) fn endpoint() -> Endpoint {
    Endpoint {
        route: ROUTE,
        methods: get(handle),
        operations: vec![asking::operation::<RetentionView>(
            ROUTE,
            "retention",
            "How long people stay (Kaplan–Meier, with bounds for ends learned late), and how many \
             return after a relapse.",
            Query::Retention,
            &[
                Parameter::query("unit", "One department.", ""),
                Parameter::query("introduced_by", "Those whom one unit introduced.", ""),
            ],
        )],
    }
}

async fn handle(State(service): State<Service>, mut asked: Asked) -> Result<Json<Value>, Problem> {
    let sight = asked.sight(Query::Retention)?;
    asked.only_at_month_ends(&sight, service.app.clock.now().day())?;
    let unit = asked.unit("unit", &service.app).await?;
    let question = Retention {
        unit: seen(&sight, unit.as_ref())?,
        introduced_by: asked.unit("introduced_by", &service.app).await?,
        scope: scope(&sight),
    };
    let mut answer = json(&asked.answer(&service, &question).await?);
    if sight.suppressed {
        hide(&mut answer);
    }
    Ok(Json(answer))
}

fn hide(answer: &mut Value) {
    for curve in [
        "curve",
        "curve_ended_at_last_contact",
        "curve_ended_when_learned",
    ] {
        suppress::coarsen(&mut answer[curve]);
    }
    // Cohorts are months or quarters of one department: too small to be told in part.
    answer["cohorts"] = value!([]);
    let relapses = &mut answer["relapses"];
    suppress::hide_nested(relapses, &["reported", "contacted", "returned"]);
    for (count, median) in [
        ("contacted", "median_days_to_contact"),
        ("returned", "median_days_to_return"),
    ] {
        if relapses[count].is_null() {
            relapses[median] = Value::Null;
        }
    }
}
