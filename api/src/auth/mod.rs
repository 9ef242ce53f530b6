//! Who asks, and what they may.

pub mod callers;
mod limits;
pub mod rights;
mod secret;
mod signing;
pub mod token;

use std::sync::Arc;

use axum::{
    extract::{FromRef, FromRequestParts},
    http::{header, request::Parts},
};
use domain::{
    es::{ActorId, Role},
    words::UnitId,
};

use crate::{
    app::Application,
    problem::{Problem, general},
};

pub(crate) use limits::Gate;
pub use limits::Limits;
pub(crate) use secret::FILE as SECRET;
pub use secret::{Purpose, Secret, SecretError};
pub use signing::SigningKey;

/// Somebody who showed a valid token.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Principal {
    /// Their pseudonym. A participant's or a tidgiver's is the id they go by in the log.
    pub subject: ActorId,
    /// In which capacity.
    pub role: Role,
    /// For which unit, where the role has one.
    pub unit: Option<UnitId>,
}

impl<S> FromRequestParts<S> for Principal
where
    S: Send + Sync,
    Arc<Application>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let app = Arc::<Application>::from_ref(state);
        let who = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .and_then(|(_, token)| token::read(&app.secret, token.trim(), app.clock.now()))
            .ok_or_else(|| Problem::general(&general::UNAUTHORIZED))?;
        app.gate.pass(&who)?;
        Ok(who)
    }
}
