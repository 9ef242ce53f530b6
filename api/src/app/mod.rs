//! The application: what a command walks through between the outside and the deciders.
//!
//! ```text
//! who may? ──▶ decode ──▶ words to the vault ──▶ execute on its stream ──▶ what follows from it
//! ```
//!
//! Routes, intake and import all tell what they have to tell through [`Application::tell`].

mod about;
mod amending;
pub(crate) mod consents;
mod desk;
mod execute;
mod export;
mod ids;
mod names;
mod policies;
mod receipt;
mod sweep;
mod target;
mod tell;
mod units;

use std::sync::Arc;

use domain::{
    es::{EventStore, PersonVault},
    words::Figures,
};
use infra::{clock::Clock, ids::IdSource, staging::Staging};
use tokio_util::sync::CancellationToken;

use crate::auth::{Gate, Limits, Secret, SigningKey};

use desk::Desk;
pub use desk::{Delivery, Received};
pub(crate) use execute::unavailable;
pub use export::{Export, ExportedEntry, KeptBesides, ToldBy};
pub use ids::Ids;
pub(crate) use names::Shown;
pub use names::Words;
pub use receipt::Receipt;
pub(crate) use sweep::REACHED;
pub use sweep::{Recording, SweepError, swept};
pub use target::{Command, Target};
pub use tell::{By, Outcome, Telling};
use units::Units;

/// Everything that answers need: the ports, the secret, the figures.
pub struct Application {
    /// The log.
    pub log: Arc<dyn EventStore>,
    /// Words about people.
    pub vault: Arc<dyn PersonVault>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn IdSource>,
    /// What seals tokens and cursors.
    pub secret: Secret,
    /// What signs receipts.
    pub signing: Arc<SigningKey>,
    /// The figures that rules use.
    pub figures: Figures,
    /// How often clients may ask.
    pub(crate) gate: Gate,
    /// Cancelled when the service is about to end: open streams end first.
    pub ending: CancellationToken,
    units: Units,
    desk: Desk,
}

/// What an application is made of.
pub struct Parts {
    /// The log.
    pub log: Arc<dyn EventStore>,
    /// Words about people.
    pub vault: Arc<dyn PersonVault>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn IdSource>,
    /// What seals tokens and cursors.
    pub secret: Secret,
    /// The figures that rules use.
    pub figures: Figures,
    /// How often clients may ask.
    pub limits: Limits,
}

impl Application {
    /// An application of these parts.
    #[must_use]
    pub fn new(parts: Parts) -> Arc<Self> {
        let Parts {
            log,
            vault,
            clock,
            ids,
            secret,
            figures,
            limits,
        } = parts;
        Arc::new(Self {
            log,
            vault,
            clock,
            ids,
            signing: Arc::new(SigningKey::of(&secret)),
            secret,
            figures,
            gate: Gate::of(limits),
            ending: CancellationToken::new(),
            units: Units::default(),
            desk: Desk::default(),
        })
    }

    /// The same application, over a log and a vault that write later or never.
    #[must_use]
    pub fn staged(&self, staging: &Staging) -> Arc<Self> {
        Arc::new(Self {
            log: staging.log.clone(),
            vault: staging.vault.clone(),
            clock: Arc::clone(&self.clock),
            ids: Arc::clone(&self.ids),
            secret: self.secret.clone(),
            signing: Arc::clone(&self.signing),
            figures: self.figures,
            gate: Gate::of(Limits::NONE),
            ending: self.ending.clone(),
            units: self.units.apart(),
            desk: Desk::default(),
        })
    }

    /// The same application, to find out what would come of what is told: nothing is written.
    #[must_use]
    pub fn rehearsal(&self) -> Arc<Self> {
        self.staged(&Staging::before(self.log.clone(), self.vault.clone()))
    }
}
