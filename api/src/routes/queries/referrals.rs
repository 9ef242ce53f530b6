//! `GET /v1/referrals`: for an institution, those it sent; for a department, those sent to it.

use axum::{Json, extract::State, routing::get};
use domain::{es::Role, words::ReferralId};
use projections::referral::{Between, Referrals, ReferralsView};
use serde_json::{Value, json as value};

use super::{
    super::{Endpoint, Service, asking::Asked},
    asking::{self, PAGED},
    json,
};
use crate::{
    app::Application,
    auth::rights::{Of, Query, Sight},
    problem::{Problem, general},
};

const ROUTE: &str = "/v1/referrals";

pub(super) fn endpoint() -> Endpoint {
    Endpoint {
        route: ROUTE,
        methods: get(handle),
        operations: vec![asking::operation::<ReferralsView>(
            ROUTE,
            "referrals",
            "Referrals, the newest first, a page at a time: for an institution those it sent, for \
             a department those sent to it, with what is due. Without a consent that holds, an \
             institution sees no more than what it sent (rule D5).",
            Query::Referrals,
            &PAGED,
        )],
    }
}

async fn handle(State(service): State<Service>, mut asked: Asked) -> Result<Json<Value>, Problem> {
    let sight = asked.sight(Query::Referrals)?;
    let app = &service.app;
    let (after, size) = asked.page(app, ROUTE)?;
    let question = Referrals {
        between: between(&sight, asked.who.role)?,
        after,
        size,
        figures: app.figures,
    };
    let mut answer = asked.answer(&service, &question).await?;
    answer.view.next_cursor = answer
        .view
        .next_cursor
        .map(|cursor| asking::sealed(app, ROUTE, &cursor));
    let ids: Vec<ReferralId> = answer
        .view
        .referrals
        .iter()
        .map(|referral| referral.referral_id)
        .collect();
    let mut answer = json(&answer);
    if let Some(list) = answer["referrals"].as_array_mut() {
        as_seen(app, asked.who.role, &ids, list.iter_mut()).await?;
    }
    Ok(Json(answer))
}

/// Between which units the referrals are that somebody sees.
pub(super) fn between(sight: &Sight, role: Role) -> Result<Between, Problem> {
    let Of::Unit(unit) = &sight.of else {
        return Err(Problem::general(&general::NOT_FOUND));
    };
    let own = Some(unit.clone());
    Ok(if role == Role::Institution {
        Between {
            from: own,
            to: None,
        }
    } else {
        Between {
            from: None,
            to: own,
        }
    })
}

/// What an institution sees of a referral, with a consent.
const WITH_CONSENT: [&str; 10] = [
    "status",
    "agreed",
    "joint_conversation",
    "accepted",
    "declined",
    "decline_reason",
    "onward_to",
    "welcome_back",
    "withdrawn",
    "withdrawn_by",
];
/// What it sent itself, and what the answer shows.
const AS_SENT: [&str; 15] = [
    "position",
    "as_of",
    "known_at",
    "definition",
    "referral_id",
    "from",
    "to",
    "situation",
    "with_consent",
    "proposed",
    "expires",
    "admitted",
    "discharge",
    "treatment_over",
    "left_early",
];

/// Makes of referrals what somebody sees of them: a department also how the person is reached; an
/// institution what has come of it, while a consent holds, and else what it sent. Whether one holds
/// is asked of today, whatever the day that is asked for: a withdrawal stops everything.
pub(super) async fn as_seen(
    app: &Application,
    role: Role,
    ids: &[ReferralId],
    referrals: impl Iterator<Item = &mut Value>,
) -> Result<(), Problem> {
    let words = app.words_of_referrals(ids).await?;
    for (referral, words) in referrals.zip(words) {
        if role != Role::Institution {
            referral["name"] = value!(words.name);
            referral["contact"] = value!(words.contact);
            continue;
        }
        let came_with_one = referral["with_consent"] == true || !referral["agreed"].is_null();
        let holds = came_with_one && !words.consent_withdrawn;
        let by_itself = referral["withdrawn_by"] == "unit";
        if let Some(fields) = referral.as_object_mut() {
            fields.retain(|field, _| {
                let field = field.as_str();
                AS_SENT.contains(&field)
                    || holds && WITH_CONSENT.contains(&field)
                    || by_itself && field.starts_with("withdrawn")
            });
        }
    }
    Ok(())
}
