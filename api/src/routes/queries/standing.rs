//! `GET /v1/standing`: how many are registered, and where they stand.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use projections::journey::{StandingNow, StandingView};

use super::{
    super::{
        Endpoint, Parameter, Service,
        asking::{Asked, Released},
    },
    asking, json, scope, seen, table,
    withheld::{self, Figures, Rule::Small},
};
use crate::{auth::rights::Query, problem::Problem};

const ROUTE: &str = "/v1/standing";

pub(super) fn endpoint() -> Endpoint {
    Endpoint {
        route: ROUTE,
        methods: get(handle),
        operations: vec![asking::operation::<Figures<StandingView>>(
            ROUTE,
            "standing",
            "How many are registered, and how many of them incoming, active, passive, paused.",
            Query::Standing,
            &[Parameter::query("unit", "One department.", "")],
        )],
    }
}

async fn handle(State(service): State<Service>, mut asked: Asked) -> Result<Response, Problem> {
    let sight = asked.sight(Query::Standing)?;
    asked.of_the_release(&sight, service.app.clock.now().day(), Released::MonthEnds)?;
    let unit = asked.unit("unit", &service.app).await?;
    let question = StandingNow {
        unit: seen(&sight, unit.as_ref())?,
        scope: scope(&sight),
        active_within_days: service.app.figures.active_within_days,
    };
    let mut answer = json(&asked.answer(&service, &question).await?);
    if sight.suppressed {
        // Nobody stands at a unit that is no department.
        if let Some(told) = table::told(&service, &asked).await?.get(&question.unit) {
            answer["registered"] = told.registered.into();
            for (part, count) in PARTS.into_iter().zip(told.parts) {
                answer[part] = count.into();
            }
            for (part, count) in ["ended", "closed"].into_iter().zip(told.over) {
                answer[part] = count.into();
            }
        }
    }
    if sight.suppressed {
        return Ok(withheld::in_part(answer, WITHHELD, asked.language));
    }
    Ok(Json(answer).into_response())
}

const PARTS: [&str; 4] = ["active", "incoming", "passive", "paused"];

const WITHHELD: &withheld::Fields = &[
    ("registered", Small),
    ("active", Small),
    ("incoming", Small),
    ("passive", Small),
    ("paused", Small),
    ("ended", Small),
    ("closed", Small),
];
