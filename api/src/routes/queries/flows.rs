//! `GET /v1/flows`: from units to departments, stage by stage, and what each party counts.

use axum::{Json, extract::State, routing::get};
use domain::es::Role;
use projections::flow::{Flows, FlowsView};
use serde_json::{Value, json as value};

use super::{
    super::{Endpoint, Parameter, Service, asking::Asked},
    asking, json, scope, seen, suppress,
};
use crate::{auth::rights::Query, problem::Problem};

const ROUTE: &str = "/v1/flows";

pub(super) fn endpoint() -> Endpoint {
    Endpoint {
        route: ROUTE,
        methods: get(handle),
        operations: vec![asking::operation::<FlowsView>(
            ROUTE,
            "flows",
            "From units to departments: how many came how far, in how many days, and what the \
             partner and Steg for Steg count.",
            Query::Flows,
            &[
                Parameter::query("from", "One unit.", ""),
                Parameter::query("to", "One department.", ""),
                Parameter::query("since", "First day of the window.", "date"),
                Parameter::query("until", "Last day of the window.", "date"),
            ],
        )],
    }
}

async fn handle(State(service): State<Service>, mut asked: Asked) -> Result<Json<Value>, Problem> {
    let sight = asked.sight(Query::Flows)?;
    asked.only_at_month_ends(&sight, service.app.clock.now().day())?;
    let from = asked.unit("from", &service.app).await?;
    let to = asked.unit("to", &service.app).await?;
    let (since, until) = asked.window()?;
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
    if sight.suppressed
        && let Some(flows) = answer["flows"].as_array_mut()
    {
        for flow in flows {
            suppress::hide_stages(&mut flow["stages"]);
            suppress::hide_nested(flow, &["counted_by_steg_for_steg", "counted_by_partner"]);
            // Months would add up to what is hidden.
            flow["months"] = value!([]);
        }
    }
    Ok(Json(answer))
}
