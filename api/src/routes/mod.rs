//! The addresses: one endpoint a file, and one table of them all.
//!
//! The router and the OpenAPI document are made from the same table, so neither can know an
//! address that the other does not.

mod asking;
mod body;
mod endpoint;
mod headers;
mod layers;
mod progress;
mod record;
mod schemas;
mod shape;

mod changes;
mod docs;
mod health;
mod landing;
mod openapi;
mod problems;

mod apply_tidgiver;
mod export;
mod intake;
mod open_participant;
mod propose_referral;
mod public_keys;
mod release_parked;
mod tell_cooperation;
mod tell_participant;
mod tell_referral;
mod tell_tidgiver;
mod tell_unit;

mod queries;

use std::{sync::Arc, time::Duration};

use axum::{Router, extract::FromRef, middleware};
use infra::read_store::ReadStore;

use crate::{
    app::Application,
    problem::{Problem, general},
};

pub(crate) use endpoint::{
    Answered, Body, Callers, Endpoint, Header, Operation, Parameter, Place, Shape,
};
pub use headers::RequestId;

/// What answers: the application for commands, the read models for queries.
#[derive(Clone)]
pub struct Service {
    /// Records.
    pub app: Arc<Application>,
    /// Answers.
    pub read: Arc<ReadStore>,
    /// How long a question may wait for the position it asks for.
    pub patience: Duration,
    /// How long an answer may take.
    pub longest: Duration,
}

/// How long a question waits, unless a test says otherwise.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long an answer may take, unless a test says otherwise. The past may have to be replayed for
/// it.
const LONGEST: Duration = Duration::from_mins(1);

impl Service {
    /// A service of these two.
    #[must_use]
    pub fn new(app: Arc<Application>, read: Arc<ReadStore>) -> Self {
        Self {
            app,
            read,
            patience: PATIENCE,
            longest: LONGEST,
        }
    }
}

impl FromRef<Service> for Arc<Application> {
    fn from_ref(service: &Service) -> Self {
        Self::clone(&service.app)
    }
}

/// Every address, in the order in which the documentation shows them.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    let mut all = vec![
        landing::endpoint(),
        health::live(),
        health::ready(),
        openapi::endpoint(),
        docs::endpoint(),
        problems::endpoint(),
        public_keys::endpoint(),
        schemas::endpoint(),
        changes::endpoint(),
        open_participant::endpoint(),
        tell_participant::endpoint(),
        propose_referral::endpoint(),
        tell_referral::endpoint(),
        apply_tidgiver::endpoint(),
        tell_tidgiver::endpoint(),
        tell_cooperation::endpoint(),
        tell_unit::endpoint(),
        intake::endpoint(),
        export::endpoint(),
        release_parked::endpoint(),
    ];
    all.extend(docs::files());
    all.extend(queries::endpoints());
    all
}

/// The whole service over HTTP.
pub fn router(service: Service) -> Router {
    serving(endpoints(), service)
}

/// Only what tells of the process: for a node that takes no commands and answers no questions.
pub fn health_alone(service: Service) -> Router {
    serving(vec![health::live(), health::ready()], service)
}

fn serving(endpoints: Vec<Endpoint>, service: Service) -> Router {
    let mut router = Router::new();
    for endpoint in endpoints {
        let methods = if endpoint.tells_progress() {
            let around = middleware::from_fn_with_state(service.clone(), progress::around);
            endpoint.methods.layer(around)
        } else {
            endpoint.methods
        };
        router = router.route(endpoint.route, methods);
    }
    let router = router
        .fallback(|| async { Problem::general(&general::NOT_FOUND) })
        .with_state(service.clone());
    layers::around(router, service)
}
