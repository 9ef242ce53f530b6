//! `GET /v1/sentence-serving`: sentences served here, and who goes on by choice.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use projections::sentence::{SentenceServing, SentenceServingView};

use super::{
    super::{
        Endpoint, Parameter, Service,
        asking::{Asked, Released},
    },
    asking, json, scope, seen, suppress,
    withheld::{self, Figures, Rule::Small},
};
use crate::{auth::rights::Query, problem::Problem};

const ROUTE: &str = "/v1/sentence-serving";

pub(super) fn endpoint() -> Endpoint {
    Endpoint {
        route: ROUTE,
        methods: get(handle),
        operations: vec![asking::operation::<Figures<SentenceServingView>>(
            ROUTE,
            "sentence-serving",
            "How many served a sentence here, and how many of them went on by choice.",
            Query::SentenceServing,
            &[
                Parameter::query("unit", "One department.", ""),
                Parameter::query(
                    "year",
                    "One calendar year that has begun by `as_of`; all years if not told.",
                    "integer",
                ),
            ],
        )],
    }
}

async fn handle(State(service): State<Service>, mut asked: Asked) -> Result<Response, Problem> {
    let sight = asked.sight(Query::SentenceServing)?;
    asked.of_the_release(
        &sight,
        service.app.clock.now().day(),
        Released::LastMonthEnd,
    )?;
    let unit = asked.unit("unit", &service.app).await?;
    let question = SentenceServing {
        unit: seen(&sight, unit.as_ref())?,
        scope: scope(&sight),
        year: asked.year("year", service.app.clock.now())?,
    };
    let mut answer = json(&asked.answer(&service, &question).await?);
    if sight.suppressed {
        let mut wider = vec![];
        for (unit, year) in [
            (None, None),
            (question.unit.clone(), None),
            (None, question.year),
        ] {
            if (&unit, year) != (&question.unit, question.year) {
                let question = SentenceServing {
                    unit,
                    year,
                    ..question.clone()
                };
                let answer = json(&asked.answer(&service, &question).await?);
                wider.extend(suppress::counts(&answer, &COUNTS));
            }
        }
        suppress::hide_nested(&mut answer, &COUNTS, &wider);
    }
    if sight.suppressed {
        return Ok(withheld::in_part(answer, WITHHELD, asked.language));
    }
    Ok(Json(answer).into_response())
}

const COUNTS: [&str; 2] = ["served", "continued"];

const WITHHELD: &withheld::Fields = &[("served", Small), ("continued", Small)];
