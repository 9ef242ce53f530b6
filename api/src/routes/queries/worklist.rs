//! `GET /v1/worklist`: what is due, and why.

use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};
use domain::es::Role;
use projections::worklist::{About, Item, Task, Worklist, WorklistView};

use super::{
    super::{Endpoint, Parameter, Service, asking::Asked},
    asking::{self, PAGED},
    parked, scope, seen,
};
use crate::{
    app::Application,
    auth::rights::{Persons, Query},
    problem::{Language, Problem},
};

const ROUTE: &str = "/v1/worklist";

pub(super) fn endpoint() -> Endpoint {
    let mut parameters = vec![Parameter::query(
        "unit",
        "One department; an operator's list is of no department and takes none.",
        "",
    )];
    parameters.extend(PAGED);
    Endpoint {
        route: ROUTE,
        methods: get(handle),
        operations: vec![asking::operation::<WorklistView>(
            ROUTE,
            "worklist",
            "What is due, with the day and the rule that asks for it, a page at a time; for an \
             operator, the records that stand still, all of them as they are now.",
            Query::Worklist,
            &parameters,
        )],
    }
}

async fn handle(State(service): State<Service>, mut asked: Asked) -> Result<Response, Problem> {
    let sight = asked.sight(Query::Worklist)?;
    if asked.who.role == Role::Operator {
        let list = parked::worklist(&service, &asked).await?;
        return Ok(Json(list).into_response());
    }
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
    // Tidgivere are for those who may ask for them.
    if asked.sight(Query::Tidgivere).is_err() {
        view.items.retain(|item| item.about != About::Tidgiver);
    }
    without_withdrawn(app, &mut view.items).await?;
    if asked.language == Language::Norwegian {
        for item in &mut answer.view.items {
            item.why = norwegian(item.task);
        }
    }
    Ok(([(header::VARY, "accept-language")], Json(answer)).into_response())
}

/// Leaves out what tells of treatment by consents that are withdrawn by now.
async fn without_withdrawn(app: &Application, items: &mut Vec<Item>) -> Result<(), Problem> {
    for item in std::mem::take(items) {
        let rests_on = item.participant_id.zip(item.consent);
        let holds = match rests_on {
            Some((person, consent)) => !app.withdrawn(person).await?.contains(&consent),
            None => true,
        };
        if holds {
            items.push(item);
        }
    }
    Ok(())
}

/// Why something is due, in Norwegian; the read model says it in English.
const fn norwegian(task: Task) -> &'static str {
    match task {
        Task::BookFirstConversation => "det er tatt kontakt, og ingen første samtale er avtalt",
        Task::AssignVeileder => "ingen er veileder for personen",
        Task::BeReadyBeforeDischarge => "en utskrivningsdag er fortalt",
        Task::MakeContactAfterRelapse => "et tilbakefall er meldt, og personen er ikke nådd",
        Task::HoldJointConversation => {
            "en som er innlagt, sa ja, og det har ikke vært noen samtale med alle tre ennå"
        }
        Task::AskForConsent => "henvisningen venter uten samtykke og utløper denne dagen",
        Task::AnswerReferral => "personen sa ja, og avdelingen har ikke svart",
        Task::HoldStartConversation => "oppdraget har ikke hatt noen samtale med alle tre",
        Task::ReviewOppdrag => "dagen for å gå gjennom oppdraget er kommet",
        Task::EndOrExtendOppdrag => "oppdraget er forbi sin siste dag",
        Task::EndOppdragLeftOpen => "oppholdet ble avsluttet, og oppdraget sto åpent",
        Task::FollowUpOppdrag => "dagen for å følge opp et slikt oppdrag er kommet",
        Task::AcknowledgeSafetyConcern => "ingen har tatt tak i bekymringen",
        Task::TalkOverCancellations => "møter er avlyst gang på gang",
        Task::TalkOverCapacity => {
            "tidgiveren har flere åpne oppdrag enn det er sagt fra om tid til"
        }
        Task::MakeContactAfterTreatmentLeft => {
            "en behandling ble avbrutt, og det har ikke vært kontakt siden"
        }
    }
}

/// What is a tidgiver coordinator's to do: oppdrag, and those who give time to them.
fn of_oppdrag(task: Task) -> bool {
    match task {
        Task::HoldStartConversation
        | Task::ReviewOppdrag
        | Task::EndOrExtendOppdrag
        | Task::EndOppdragLeftOpen
        | Task::FollowUpOppdrag
        | Task::AcknowledgeSafetyConcern
        | Task::TalkOverCancellations
        | Task::TalkOverCapacity => true,
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
