//! `GET /v1/participants/{participant_id}/timeline`: one journey, fact by fact.

use axum::{
    Json,
    extract::{Path, State},
    routing::get,
};
use projections::{
    Answer,
    timeline::{TimelineFact, TimelineOf, TimelineView},
};

use super::{
    super::{Endpoint, Parameter, Service, asking::Asked},
    asking::{self, PAGED},
    participant::scope_for,
};
use crate::{
    auth::rights::{Persons, Query},
    problem::{Problem, general},
};

const ROUTE: &str = "/v1/participants/{participant_id}/timeline";

/// What a tidgiver coordinator sees of a journey: wishes, readiness and oppdrag.
const OF_OPPDRAG: [&str; 11] = [
    "kartlegging-done",
    "tidgiver-readiness-assessed",
    "tidgiver-matched",
    "start-conversation-held",
    "oppdrag-meeting-held",
    "oppdrag-meeting-cancelled",
    "oppdrag-reviewed",
    "oppdrag-extended",
    "oppdrag-ended",
    "safety-concern-raised",
    "safety-concern-acknowledged",
];

pub(super) fn endpoint() -> Endpoint {
    let mut parameters = vec![Parameter::path("participant_id", "The participant.")];
    parameters.extend(PAGED);
    Endpoint {
        route: ROUTE,
        methods: get(handle),
        operations: vec![asking::operation::<TimelineView>(
            ROUTE,
            "timeline",
            "One journey, fact by fact, a page at a time.",
            Query::Timeline,
            &parameters,
        )],
    }
}

async fn handle(
    State(service): State<Service>,
    Path(id): Path<String>,
    mut asked: Asked,
) -> Result<Json<Answer<TimelineView>>, Problem> {
    let sight = asked.sight(Query::Timeline)?;
    let participant_id = id.parse().map_err(|_| &general::NOT_FOUND)?;
    let app = &service.app;
    let list = format!("timeline {participant_id}");
    let (after, size) = asked.page(app, &list)?;
    let question = TimelineOf {
        participant_id,
        scope: scope_for(&sight, participant_id)?,
        kinds: (sight.persons != Persons::Named).then_some(&OF_OPPDRAG),
        after,
        size,
    };
    let answer = asked.answer(&service, &question).await?;
    let mut view = answer.view.ok_or(&general::NOT_FOUND)?;
    view.forget(&app.withdrawn(participant_id).await?);
    view.next_cursor = view
        .next_cursor
        .map(|cursor| asking::sealed(app, &list, &cursor));
    if sight.persons != Persons::Named {
        view.facts.iter_mut().for_each(for_matching);
    }
    Ok(Json(Answer {
        position: answer.position,
        standing_still: answer.standing_still,
        as_of: answer.as_of,
        known_at: answer.known_at,
        view,
    }))
}

/// Leaves of a fact what matching needs: an institution's yes tells of a treatment.
fn for_matching(fact: &mut TimelineFact) {
    if let Some(data) = fact.data.as_object_mut() {
        match fact.kind.as_str() {
            "tidgiver-readiness-assessed" => data.retain(|field, _| field == "readiness"),
            "kartlegging-done" => data.retain(|field, _| field == "wishes"),
            _ => {}
        }
    }
}
