//! `GET /v1/key-figures`: employees, tidgivere and participants of each department.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use projections::key_figures::{KeyFigures, KeyFiguresView};

use super::{
    super::{
        Endpoint, Parameter, Service,
        asking::{Asked, Released},
    },
    asking, json, seen, suppress, table,
    withheld::{self, Figures, Rule::Small},
};
use crate::{auth::rights::Query, problem::Problem};

const ROUTE: &str = "/v1/key-figures";

pub(super) fn endpoint() -> Endpoint {
    Endpoint {
        route: ROUTE,
        methods: get(handle),
        operations: vec![asking::operation::<Figures<KeyFiguresView>>(
            ROUTE,
            "key-figures",
            "Employees, tidgivere and participants, unit by unit.",
            Query::KeyFigures,
            &[Parameter::query("unit", "One unit.", "")],
        )],
    }
}

async fn handle(State(service): State<Service>, mut asked: Asked) -> Result<Response, Problem> {
    let sight = asked.sight(Query::KeyFigures)?;
    asked.of_the_release(&sight, service.app.clock.now().day(), Released::MonthEnds)?;
    let unit = asked.unit("unit", &service.app).await?;
    let question = KeyFigures {
        unit: seen(&sight, unit.as_ref())?,
    };
    let mut answer = json(&asked.answer(&service, &question).await?);
    if sight.suppressed
        && let Some(units) = answer["units"].as_array_mut()
    {
        let told = table::told(&service, &asked).await?;
        for unit in units {
            let name = unit["unit"].as_str().and_then(|name| name.parse().ok());
            if let Some(told) = told.get(&name) {
                unit["participants"] = told.registered.into();
            }
            suppress::hide_small(&mut unit["participants"]);
            suppress::hide_small(&mut unit["tidgivere"]);
        }
    }
    if sight.suppressed {
        return Ok(withheld::in_part(answer, WITHHELD, asked.language));
    }
    Ok(Json(answer).into_response())
}

const WITHHELD: &withheld::Fields = &[("units.participants", Small), ("units.tidgivere", Small)];
