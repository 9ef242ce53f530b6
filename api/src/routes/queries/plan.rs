//! `GET /v1/participants/{participant_id}/plan`: a person's plans and goals, in their own words.

use axum::{
    Json,
    extract::{Path, State},
    routing::get,
};
use projections::{
    Answer,
    plan::{PlansOf, PlansOfView},
};

use super::{
    super::{Endpoint, Parameter, Service, asking::Asked},
    asking,
    participant::scope_for,
};
use crate::{
    auth::rights::Query,
    problem::{Problem, general},
};

const ROUTE: &str = "/v1/participants/{participant_id}/plan";

pub(super) fn endpoint() -> Endpoint {
    Endpoint {
        route: ROUTE,
        methods: get(handle),
        operations: vec![asking::operation::<PlansOfView>(
            ROUTE,
            "plan",
            "One person's plan and goals, with what the goals say, how far they have come, and \
             when they were set, reached or let go.",
            Query::Plan,
            &[Parameter::path("participant_id", "The participant.")],
        )],
    }
}

async fn handle(
    State(service): State<Service>,
    Path(id): Path<String>,
    mut asked: Asked,
) -> Result<Json<Answer<PlansOfView>>, Problem> {
    let sight = asked.sight(Query::Plan)?;
    let participant_id = id.parse().map_err(|_| &general::NOT_FOUND)?;
    let question = PlansOf {
        participant_id,
        scope: scope_for(&sight, participant_id)?,
    };
    let answer = asked.answer(&service, &question).await?;
    let mut answer = answer.transpose().ok_or(&general::NOT_FOUND)?;
    let goals = || answer.view.plans.iter().flat_map(|plan| &plan.goals);
    let wordings: Vec<_> = goals().map(|goal| goal.wording).collect();
    let mut texts = service.app.texts(&wordings).await?;
    for plan in &mut answer.view.plans {
        for goal in &mut plan.goals {
            goal.text = texts.remove(&goal.wording);
        }
    }
    Ok(Json(answer))
}
