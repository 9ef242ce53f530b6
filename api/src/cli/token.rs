//! `stegspor token`: makes a token for development.

use clap::Args;
use domain::{
    es::{ActorId, Role},
    words::UnitId,
};
use infra::{
    clock::{Clock, SystemClock},
    ids::{IdSource, RandomIds},
};
use uuid::Uuid;

use super::{Ended, settings::Where, store};
use crate::auth::{Principal, token};

/// Make a token for development
///
/// The token is sealed with the secret of the data folder, and printed. It is valid for 30 days
/// unless said otherwise, at every service that runs on the same data folder. Nobody can take it
/// back: it is meant for development and small set-ups. Start the service first: there is no token
/// for a folder without a log.
///
/// Roles: veileder, tidgiver-coordinator, department-leader, national-lead, analyst, institution,
/// tidgiver, operator, participant. The first three need a department (--unit stegforsteg-oslo),
/// institution needs an institution (--unit slemdal); participant and tidgiver need --subject, the
/// id they go by in the log.
///
/// Examples:
///   stegspor token --role veileder --unit stegforsteg-oslo
///   stegspor token --role participant --subject 0197f0a2-…
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Token {
    /// In which capacity
    #[arg(long, value_parser = role)]
    role: Role,
    /// For which unit
    #[arg(long)]
    unit: Option<UnitId>,
    /// Under which pseudonym; a new one, unless told
    #[arg(long, value_name = "UUID")]
    subject: Option<Uuid>,
    /// Days until it expires
    #[arg(long, default_value_t = 30)]
    days: u16,
    #[command(flatten)]
    place: Where,
}

impl Token {
    pub(super) fn run(self) -> anyhow::Result<Ended> {
        let needs_unit = matches!(
            self.role,
            Role::Veileder | Role::TidgiverCoordinator | Role::DepartmentLeader | Role::Institution
        );
        anyhow::ensure!(
            !needs_unit || self.unit.is_some(),
            "this role needs a unit: --unit stegforsteg-oslo"
        );
        let is_somebody = matches!(self.role, Role::Participant | Role::Tidgiver);
        anyhow::ensure!(
            !is_somebody || self.subject.is_some(),
            "this role needs the id they go by in the log: --subject UUID"
        );
        let settings = self.place.settings("stegspor-data")?;
        let secret = store::secret_for_log(&settings)?;
        let clock = std::sync::Arc::new(SystemClock);
        let expires = clock.now().0 + chrono::TimeDelta::days(self.days.into());
        let subject = self.subject.unwrap_or_else(|| RandomIds::new(clock).next());
        let principal = Principal {
            subject: ActorId(subject),
            role: self.role,
            unit: self.unit,
        };
        println!("{}", token::issue(&secret, &principal, Some(expires)));
        Ok(Ended::Well)
    }
}

fn role(text: &str) -> Result<Role, String> {
    serde_json::from_value(serde_json::Value::from(text))
        .ok()
        .filter(|role| *role != Role::System)
        .ok_or_else(|| "no such role".to_owned())
}
