//! `GET /v1/flows`: from units to departments, stage by stage, and what each party counts.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use domain::es::Role;
use projections::flow::{Flows, FlowsView};
use serde_json::{Value, json as value};

use super::{
    super::{
        Endpoint, Parameter, Service,
        asking::{Asked, Released},
    },
    asking, flows_by_year, json, scope, seen, suppress,
    withheld::{
        self, Figures,
        Rule::{AddsUp, Small},
    },
};
use crate::{auth::rights::Query, problem::Problem};

const ROUTE: &str = "/v1/flows";

pub(super) fn endpoint() -> Endpoint {
    Endpoint {
        route: ROUTE,
        methods: get(handle),
        operations: vec![asking::operation::<Figures<FlowsView>>(
            ROUTE,
            "flows",
            "From units to departments: how many came how far, in how many days, and what the \
             partner and Steg for Steg count.",
            Query::Flows,
            &[
                Parameter::query("from", "One unit.", ""),
                Parameter::query("to", "One department.", ""),
                Parameter::query(
                    "since",
                    "First day of the window; with small counts hidden, of a calendar year.",
                    "date",
                ),
                Parameter::query(
                    "until",
                    "Last day of the window; with small counts hidden, of that year.",
                    "date",
                ),
            ],
        )],
    }
}

async fn handle(State(service): State<Service>, mut asked: Asked) -> Result<Response, Problem> {
    let sight = asked.sight(Query::Flows)?;
    asked.of_the_release(
        &sight,
        service.app.clock.now().day(),
        Released::LastMonthEnd,
    )?;
    let from = asked.unit("from", &service.app).await?;
    let to = asked.unit("to", &service.app).await?;
    let (since, until) = if sight.suppressed {
        asked.released_window()?
    } else {
        asked.window()?
    };
    // An institution sees what goes out from it, a department what comes to it.
    let question = if asked.who.role == Role::Institution {
        Flows {
            from: seen(&sight, from.as_ref())?,
            to,
            scope: projections::Scope::All,
            since,
            until,
        }
    } else {
        Flows {
            from,
            to: seen(&sight, to.as_ref())?,
            scope: scope(&sight),
            since,
            until,
        }
    };
    let mut answer = json(&asked.answer(&service, &question).await?);
    if sight.suppressed {
        let question = Flows {
            since: None,
            until: None,
            ..question
        };
        let of_all_time = json(&asked.answer(&service, &question).await?);
        let year = since.map(|since| since.0.format("%Y").to_string());
        hide(&mut answer["flows"], year.as_deref(), &of_all_time["flows"]);
    }
    if sight.suppressed {
        return Ok(withheld::in_part(answer, WITHHELD, asked.language));
    }
    Ok(Json(answer).into_response())
}

fn hide(flows: &mut Value, year: Option<&str>, of_all_time: &Value) {
    let of_all_time = of_all_time.as_array().map_or(&[][..], Vec::as_slice);
    for flow in flows.as_array_mut().into_iter().flatten() {
        let Some(all) = of_all_time
            .iter()
            .find(|all| all["from"] == flow["from"] && all["to"] == flow["to"])
        else {
            continue;
        };
        flows_by_year::hide(&mut flow["stages"], year, all);
        // Beside those still in, it would tell how many have left.
        for stage in flow["stages"].as_array_mut().into_iter().flatten() {
            stage["observed"] = Value::Null;
        }
        let wider = match year {
            None => vec![],
            Some(_) => suppress::counts(all, &COUNTED),
        };
        suppress::hide_nested(flow, &COUNTED, &wider);
        // Months would add up to what is hidden.
        flow["months"] = value!([]);
    }
}

const COUNTED: [&str; 2] = ["counted_by_steg_for_steg", "counted_by_partner"];

const WITHHELD: &withheld::Fields = &[
    ("flows.stages.count", Small),
    ("flows.stages.observed", AddsUp),
    ("flows.stages.median_days_from_previous", Small),
    ("flows.counted_by_partner", Small),
    ("flows.counted_by_steg_for_steg", Small),
    ("flows.months", AddsUp),
];
