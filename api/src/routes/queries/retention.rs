//! `GET /v1/retention`: how long people stay, and what follows a relapse.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use projections::retention::{Retention, RetentionView};
use serde_json::{Value, json as value};

use super::{
    super::{
        Endpoint, Parameter, Service,
        asking::{Asked, Released},
    },
    asking, json, scope, seen, steps, suppress,
    withheld::{
        self, Figures,
        Rule::{AddsUp, BySteps, Small, Steps},
    },
};
use crate::{auth::rights::Query, problem::Problem};

const ROUTE: &str = "/v1/retention";

pub(super) fn endpoint() -> Endpoint {
    Endpoint {
        route: ROUTE,
        methods: get(handle),
        operations: vec![asking::operation::<Figures<RetentionView>>(
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

async fn handle(State(service): State<Service>, mut asked: Asked) -> Result<Response, Problem> {
    let sight = asked.sight(Query::Retention)?;
    asked.of_the_release(
        &sight,
        service.app.clock.now().day(),
        Released::LastMonthEnd,
    )?;
    let unit = asked.unit("unit", &service.app).await?;
    let question = Retention {
        unit: seen(&sight, unit.as_ref())?,
        introduced_by: asked.unit("introduced_by", &service.app).await?,
        scope: scope(&sight),
    };
    let mut answer = json(&asked.answer(&service, &question).await?);
    if sight.suppressed {
        let mut wider = vec![];
        for (unit, introduced_by) in [
            (None, None),
            (question.unit.clone(), None),
            (None, question.introduced_by.clone()),
        ] {
            if (&unit, &introduced_by) != (&question.unit, &question.introduced_by) {
                let question = Retention {
                    unit,
                    introduced_by,
                    ..question.clone()
                };
                wider.push(json(&asked.answer(&service, &question).await?));
            }
        }
        hide(&mut answer, &wider);
    }
    if sight.suppressed {
        return Ok(withheld::in_part(answer, WITHHELD, asked.language));
    }
    Ok(Json(answer).into_response())
}

/// `wider` are the answers that hold these persons among others.
fn hide(answer: &mut Value, wider: &[Value]) {
    for curve in [
        "curve",
        "curve_ended_at_last_contact",
        "curve_ended_when_learned",
    ] {
        let wider: Vec<&Value> = wider.iter().map(|wider| &wider[curve]).collect();
        steps::coarsen(&mut answer[curve], &wider);
    }
    answer["median_days"] = value!(steps::median_days(&answer["curve"]));
    // Cohorts are quarters of one department: too small to be told in part.
    answer["cohorts"] = value!([]);
    let relapses = &mut answer["relapses"];
    let wider: Vec<i64> = wider
        .iter()
        .flat_map(|wider| suppress::counts(&wider["relapses"], &FOLLOWED))
        .collect();
    suppress::hide_nested(relapses, &FOLLOWED, &wider);
    for (count, median) in [
        ("contacted", "median_days_to_contact"),
        ("returned", "median_days_to_return"),
    ] {
        if relapses[count].is_null() {
            relapses[median] = Value::Null;
        }
    }
}

const FOLLOWED: [&str; 3] = ["reported", "contacted", "returned"];

const WITHHELD: &withheld::Fields = &[
    ("curve", Steps),
    ("curve_ended_at_last_contact", Steps),
    ("curve_ended_when_learned", Steps),
    ("curve.survival", BySteps),
    ("curve_ended_at_last_contact.survival", BySteps),
    ("curve_ended_when_learned.survival", BySteps),
    ("median_days", BySteps),
    ("curve.censored", AddsUp),
    ("curve_ended_at_last_contact.censored", AddsUp),
    ("curve_ended_when_learned.censored", AddsUp),
    ("cohorts", AddsUp),
    ("relapses.reported", Small),
    ("relapses.contacted", Small),
    ("relapses.returned", Small),
    ("relapses.median_days_to_contact", Small),
    ("relapses.median_days_to_return", Small),
];
