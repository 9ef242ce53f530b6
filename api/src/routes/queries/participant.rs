//! `GET /v1/participants/{participant_id}`: one person.

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, header},
    routing::get,
};
use domain::words::{ParticipantId, StayId};
use projections::{
    Scope,
    participant::{ParticipantDetail, ParticipantDetailView},
};
use serde_json::{Value, json as value};

use super::{
    super::{Endpoint, Parameter, Service, asking::Asked, endpoint::ETAG},
    asking, json,
    participants::{add_words, for_matching},
    scope,
};
use crate::{
    app::{Shown, Target},
    auth::rights::{Of, Persons, Query, Sight},
    problem::{Problem, general},
};

const ROUTE: &str = "/v1/participants/{participant_id}";

pub(super) fn endpoint() -> Endpoint {
    let mut operation = asking::operation::<ParticipantDetailView>(
        ROUTE,
        "participant",
        "One person: stays, oppdrag, relapses, sentences, concerns. Asked for now, its `ETag` is \
         the record's version, for `If-Match`.",
        Query::Participant,
        &[Parameter::path("participant_id", "The participant.")],
    );
    for answered in &mut operation.answered {
        answered.headers = &[ETAG];
    }
    Endpoint {
        route: ROUTE,
        methods: get(handle),
        operations: vec![operation],
    }
}

/// Of whom the asker may hear, if this person is among them.
pub(super) fn scope_for(sight: &Sight, person: ParticipantId) -> Result<Scope, Problem> {
    match &sight.of {
        Of::Unit(_) => Ok(scope(sight)),
        Of::Myself(myself) if *myself == person => Ok(Scope::All),
        Of::All | Of::Myself(_) | Of::MyOppdrag(_) => Err(Problem::general(&general::NOT_FOUND)),
    }
}

async fn handle(
    State(service): State<Service>,
    Path(id): Path<String>,
    mut asked: Asked,
) -> Result<(HeaderMap, Json<Value>), Problem> {
    let sight = asked.sight(Query::Participant)?;
    let participant_id = id.parse().map_err(|_| &general::NOT_FOUND)?;
    let app = &service.app;
    let question = ParticipantDetail {
        participant_id,
        scope: scope_for(&sight, participant_id)?,
        active_within_days: app.figures.active_within_days,
    };
    let mut answer = asked.answer(&service, &question).await?;
    let Some(view) = &mut answer.view else {
        return Err(Problem::general(&general::NOT_FOUND));
    };
    view.forget(&app.withdrawn(participant_id).await?);
    let mut headers = HeaderMap::new();
    // What is missing here is no version that a command may rest on.
    if asked.is_live() && answer.standing_still.is_none() {
        let version = app
            .version_at(&Target::Participant(participant_id), answer.position)
            .await?;
        if let Ok(etag) = HeaderValue::try_from(format!("\"{version}\"")) {
            headers.insert(header::ETAG, etag);
        }
    }
    let stays = answer.view.iter().flat_map(|view| &view.stays);
    let stays: Vec<StayId> = stays.map(|stay| stay.stay_id).collect();
    let shown = Shown {
        stays: &stays,
        as_of: answer.as_of,
        position: answer.position,
    };
    let mut answer = json(&answer);
    for words in app.words_of(&[(participant_id, shown)]).await? {
        add_words(&mut answer, &words, sight.persons);
        if sight.persons == Persons::Named {
            answer["contact"] = value!(words.contact);
        }
    }
    if sight.persons != Persons::Named {
        without_treatment(&mut answer);
    }
    Ok((headers, Json(answer)))
}

/// Leaves out treatment, sentence and relapse, and what tells of them.
fn without_treatment(answer: &mut Value) {
    if let Some(answer) = answer.as_object_mut() {
        answer.remove("relapses");
        answer.remove("sentences");
    }
    if let Some(stays) = answer["stays"].as_array_mut() {
        stays.iter_mut().for_each(for_matching);
    }
}
