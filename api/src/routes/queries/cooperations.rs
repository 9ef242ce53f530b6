//! `GET /v1/cooperations`: how units and departments work together.

use axum::{Json, extract::State, routing::get};
use domain::es::Role;
use projections::{
    Scope,
    cooperation::{Cooperations, CooperationsView},
};
use serde_json::Value;

use super::{
    super::{Endpoint, Parameter, Service, asking::Asked},
    asking, json, scope, seen,
};
use crate::{auth::rights::Query, problem::Problem};

const ROUTE: &str = "/v1/cooperations";

pub(super) fn endpoint() -> Endpoint {
    Endpoint {
        route: ROUTE,
        methods: get(handle),
        operations: vec![asking::operation::<CooperationsView>(
            ROUTE,
            "cooperations",
            "How units and departments work together: agreement, structure, anchoring, visits.",
            Query::Cooperations,
            &[
                Parameter::query("unit", "One unit.", ""),
                Parameter::query("department", "One department.", ""),
            ],
        )],
    }
}

async fn handle(State(service): State<Service>, mut asked: Asked) -> Result<Json<Value>, Problem> {
    let sight = asked.sight(Query::Cooperations)?;
    let unit = asked.unit("unit", &service.app).await?;
    let department = asked.unit("department", &service.app).await?;
    let question = if asked.who.role == Role::Institution {
        Cooperations {
            unit: seen(&sight, unit.as_ref())?,
            department,
            scope: Scope::All,
        }
    } else {
        Cooperations {
            unit,
            department: seen(&sight, department.as_ref())?,
            scope: scope(&sight),
        }
    };
    Ok(Json(json(&asked.answer(&service, &question).await?)))
}
