//! `stegspor token`: makes a token for development.

use clap::Args;
use domain::{
    es::{ActorId, EventStore, Role, load},
    unit::{Unit, UnitState},
    words::{UnitId, UnitKind},
};
use infra::{
    clock::{Clock, SystemClock},
    ids::{IdSource, RandomIds},
};
use uuid::Uuid;

use super::{Ended, settings::Where, store};
use crate::auth::{self, Principal, token};

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
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..))]
    days: u16,
    #[command(flatten)]
    place: Where,
}

impl Token {
    pub(super) async fn run(self) -> anyhow::Result<Ended> {
        let is_somebody = matches!(self.role, Role::Participant | Role::Tidgiver);
        anyhow::ensure!(
            !is_somebody || self.subject.is_some(),
            "this role needs the id they go by in the log: --subject UUID"
        );
        let settings = self.place.settings("stegspor-data")?;
        let log = store::existing_log(&settings).await?;
        has_its_unit(&*log, self.role, self.unit.as_ref()).await?;
        anyhow::ensure!(
            settings.data.join(auth::SECRET).is_file(),
            "there is no {} in {}: start the service first, or name its folder (--data)",
            auth::SECRET,
            settings.data.display()
        );
        let secret = store::secret(&settings)?;
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

/// Whether the role is for the unit: a department, an institution, or none. A token for a unit
/// misspelt would find nothing anywhere.
async fn has_its_unit(
    log: &dyn EventStore,
    role: Role,
    unit: Option<&UnitId>,
) -> anyhow::Result<()> {
    let at_department = match role {
        Role::Veileder | Role::TidgiverCoordinator | Role::DepartmentLeader => true,
        Role::Institution => false,
        _ => {
            anyhow::ensure!(unit.is_none(), "this role is for no unit: leave --unit out");
            return Ok(());
        }
    };
    let Some(unit) = unit else {
        let example = if at_department {
            "stegforsteg-oslo"
        } else {
            "slemdal"
        };
        anyhow::bail!("this role needs a unit: --unit {example}");
    };
    let known = load::<Unit>(log, &Unit::stream(unit)).await?;
    let UnitState::Registered(registered) = known.state else {
        anyhow::bail!("{unit} is not registered here");
    };
    let is_department = registered.kind == UnitKind::Department;
    anyhow::ensure!(
        is_department == at_department,
        "{unit} is {} department: this role is for {}",
        if is_department { "a" } else { "no" },
        if at_department {
            "one"
        } else {
            "an institution"
        },
    );
    Ok(())
}

fn role(text: &str) -> Result<Role, String> {
    serde_json::from_value(serde_json::Value::from(text))
        .ok()
        .filter(|role| *role != Role::System)
        .ok_or_else(|| "no such role".to_owned())
}
