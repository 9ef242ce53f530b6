//! `GET /v1/worklist`: what is due, and why.

use axum::{Json, extract::State, routing::get};
use projections::{
    Answer,
    worklist::{Task, Worklist, WorklistView},
};

use super::{
    super::{Endpoint, Parameter, Service, asking::Asked},
    asking::{self, PAGED},
    scope, seen,
};
use crate::{
    auth::rights::{Persons, Query},
    problem::Problem,
};

const ROUTE: &str = "/v1/worklist";

pub(super) fn endpoint() -> Endpoint {
    let mut parameters = vec![Parameter::query("unit", "One department.", "")];
    parameters.extend(PAGED);
    Endpoint {
        route: ROUTE,
        methods: get(handle),
        operations: vec![asking::operation::<WorklistView>(
            ROUTE,
            "worklist",
            "What is due, with the day and the rule that asks for it, a page at a time.",
            Query::Worklist,
            &parameters,
        )],
    }
}

async fn handle(
    State(service): State<Service>,
    mut asked: Asked,
) -> Result<Json<Answer<WorklistView>>, Problem> {
    let sight = asked.sight(Query::Worklist)?;
    let app = &service.app;
    let unit = asked.unit("unit", app).await?;
    let (after, size) = asked.page(app, ROUTE)?;
    let question = Worklist {
        unit: seen(&sight, unit.as_ref())?,
        scope: scope(&sight),
        after,
        size,
        figures: app.figures,
    };
    let mut answer = asked.answer(&service, &question).await?;
    let view = &mut answer.view;
    view.next_cursor = view
        .next_cursor
        .take()
        .map(|cursor| asking::sealed(app, ROUTE, &cursor));
    if sight.persons != Persons::Named {
        view.items.retain(|item| of_oppdrag(item.task));
    }
    Ok(Json(answer))
}

/// What is a tidgiver coordinator's to do.
fn of_oppdrag(task: Task) -> bool {
    match task {
        Task::HoldStartConversation
        | Task::ReviewOppdrag
        | Task::EndOrExtendOppdrag
        | Task::EndOppdragLeftOpen
        | Task::FollowUpOppdrag
        | Task::AcknowledgeSafetyConcern
        | Task::TalkOverCancellations => true,
        Task::BookFirstConversation
        | Task::AssignVeileder
        | Task::BeReadyBeforeDischarge
        | Task::MakeContactAfterRelapse
        | Task::HoldJointConversation
        | Task::AskForConsent
        | Task::AnswerReferral
        | Task::MakeContactAfterTreatmentLeft => false,
    }
}
