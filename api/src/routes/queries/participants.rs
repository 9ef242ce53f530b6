//! `GET /v1/participants`: who is on the list; for a tidgiver, with whom they have an oppdrag.

use axum::{Json, extract::State, routing::get};
use domain::{
    es::{Day, Position},
    participant::Participant,
    words::{ParticipantId, StayId},
};
use projections::{
    Missing,
    journey::{Participants, ParticipantsView},
    oppdrag::OppdragOfTidgiver,
};
use serde_json::{Value, json as value};

use super::{
    super::{Endpoint, Parameter, Service, asking::Asked},
    asking::{self, PAGED},
    json, scope, seen,
};
use crate::{
    app::{Application, Shown, Words},
    auth::rights::{Of, Persons, Query},
    problem::{Problem, general},
};

const ROUTE: &str = "/v1/participants";

pub(super) fn endpoint() -> Endpoint {
    let mut parameters = vec![Parameter::query("unit", "One department.", "")];
    parameters.extend(PAGED);
    Endpoint {
        route: ROUTE,
        methods: get(handle),
        operations: vec![asking::operation::<ParticipantsView>(
            ROUTE,
            "participants",
            "Who is on the list, a page at a time; for a tidgiver, with whom they have an oppdrag: \
             all of them, so `unit`, `cursor` and `limit` are not taken.",
            Query::Participants,
            &parameters,
        )],
    }
}

async fn handle(State(service): State<Service>, mut asked: Asked) -> Result<Json<Value>, Problem> {
    let sight = asked.sight(Query::Participants)?;
    let app = &service.app;
    let (mut answer, as_of, position) = match sight.of {
        Of::MyOppdrag(tidgiver_id) => {
            let question = OppdragOfTidgiver { tidgiver_id };
            let answer = asked.answer(&service, &question).await?;
            (json(&answer), answer.as_of, answer.position)
        }
        Of::Unit(_) => {
            let unit = asked.unit("unit", app).await?;
            let (after, size) = asked.page(app, ROUTE)?;
            let question = Participants {
                unit: seen(&sight, unit.as_ref())?,
                scope: scope(&sight),
                after,
                size,
                active_within_days: app.figures.active_within_days,
                // Of an end nothing is told to who matches: only who may be matched is listed.
                open_only: sight.persons != Persons::Named,
            };
            let mut answer = asked.answer(&service, &question).await?;
            answer.view.next_cursor = answer
                .view
                .next_cursor
                .map(|cursor| asking::sealed(app, ROUTE, &cursor));
            let missing = answer.standing_still.clone();
            let (as_of, position) = (answer.as_of, answer.position);
            let mut answer = json(&answer);
            mark(&mut answer["participants"], &missing);
            if sight.persons != Persons::Named
                && let Some(stays) = answer["participants"].as_array_mut()
            {
                stays.iter_mut().for_each(for_matching);
            }
            (answer, as_of, position)
        }
        Of::All | Of::Myself(_) => return Err(Problem::general(&general::NOT_FOUND)),
    };
    let list = &mut answer["participants"];
    name(app, list, (as_of, position), sight.persons).await?;
    Ok(Json(answer))
}

/// Says of each person whose record stands still that it does.
fn mark(list: &mut Value, missing: &Missing) {
    for one in list.as_array_mut().into_iter().flatten() {
        let id = one["participant_id"]
            .as_str()
            .and_then(|id| id.parse().ok());
        if id.is_some_and(|id| missing.0.contains(&Participant::stream(id))) {
            one["standing_still"] = value!(true);
        }
    }
}

/// What somebody who matches participants with tidgivere sees of a stay, besides first name and
/// wishes. A pause is a relapse, and an end has its reason: neither is among it.
const FOR_MATCHING: [&str; 5] = [
    "standing_still",
    "participant_id",
    "stay_id",
    "department",
    "readiness",
];

/// Leaves of a stay what matching needs.
pub(super) fn for_matching(stay: &mut Value) {
    if let Some(stay) = stay.as_object_mut() {
        stay.retain(|field, _| FOR_MATCHING.contains(&field.as_str()));
    }
}

/// Adds to each person what they are called, as far as the asker sees it.
async fn name(
    app: &Application,
    list: &mut Value,
    (as_of, position): (Day, Position),
    persons: Persons,
) -> Result<(), Problem> {
    let Some(list) = list.as_array_mut() else {
        return Ok(());
    };
    let ids: Vec<(ParticipantId, Option<StayId>)> = list
        .iter()
        .filter_map(|one| {
            let stay = one["stay_id"].as_str().and_then(|id| id.parse().ok());
            Some((one["participant_id"].as_str()?.parse().ok()?, stay))
        })
        .collect();
    let whose: Vec<_> = ids
        .iter()
        .map(|(id, stay)| {
            let shown = Shown {
                stays: stay.as_slice(),
                as_of,
                position,
            };
            (*id, shown)
        })
        .collect();
    let words = app.words_of(&whose).await?;
    for (one, words) in list.iter_mut().zip(words) {
        add_words(one, &words, persons);
    }
    Ok(())
}

/// What somebody sees of a person's words.
pub(super) fn add_words(one: &mut Value, words: &Words, persons: Persons) {
    match persons {
        Persons::Named => {
            one["name"] = value!(words.name);
            one["wishes"] = value!(words.wishes);
        }
        Persons::Wishes => {
            one["first_name"] = value!(words.first_name());
            one["wishes"] = value!(words.wishes);
        }
        Persons::Activity => one["first_name"] = value!(words.first_name()),
        Persons::Nobody => {}
    }
}
