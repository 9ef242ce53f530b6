//! `GET /v1/units`: the units that take part.

use axum::{Json, extract::State, routing::get};
use projections::{
    Answer,
    unit::{Units, UnitsView},
};

use super::{
    super::{Endpoint, Service, asking::Asked},
    asking,
};
use crate::{auth::rights::Query, problem::Problem};

const ROUTE: &str = "/v1/units";

pub(super) fn endpoint() -> Endpoint {
    Endpoint {
        route: ROUTE,
        methods: get(handle),
        operations: vec![asking::operation::<UnitsView>(
            ROUTE,
            "units",
            "The units that take part.",
            Query::Units,
            &[],
        )],
    }
}

async fn handle(
    State(service): State<Service>,
    mut asked: Asked,
) -> Result<Json<Answer<UnitsView>>, Problem> {
    asked.sight(Query::Units)?;
    Ok(Json(asked.answer(&service, &Units).await?))
}
