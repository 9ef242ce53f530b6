//! The units that commands name, from their own streams.
//!
//! A unit once registered stays so, and what is known of it changes through this service: so what
//! was read once is kept, and a unit that was not there is looked for again.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use domain::{
    es::{EventStore, ExecuteError, load},
    unit::{Unit, UnitRegistered, UnitRejection, UnitState},
    words::{UnitId, UnitTraits},
};
use serde_json::{Map, Value};

use super::{Application, execute::failed};
use crate::problem::{self, Problem};

/// Units by their ids, as they were last registered.
#[derive(Debug, Default)]
pub(super) struct Units(RwLock<Arc<BTreeMap<UnitId, UnitTraits>>>);

impl Units {
    /// The known units, with all of `named` that are registered among them.
    pub(super) async fn with(
        &self,
        log: &dyn EventStore,
        named: impl IntoIterator<Item = UnitId>,
    ) -> Result<Arc<BTreeMap<UnitId, UnitTraits>>, ExecuteError<UnitRejection>> {
        let mut known = self.known();
        for unit in named {
            if known.contains_key(&unit) {
                continue;
            }
            let aggregate = load::<Unit>(log, &Unit::stream(&unit)).await?;
            if let UnitState::Registered(registered) = aggregate.state {
                self.learn(unit, &registered);
                known = self.known();
            }
        }
        Ok(known)
    }

    /// Takes note of a unit as it is now.
    pub(super) fn learn(&self, unit: UnitId, registered: &UnitRegistered) {
        let traits = UnitTraits {
            kind: registered.kind,
            offers_individual_tidgiver: registered.offers_individual_tidgiver,
        };
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        Arc::make_mut(&mut known).insert(unit, traits);
    }

    /// The same knowledge, to learn on apart.
    pub(super) fn apart(&self) -> Self {
        Self(RwLock::new(self.known()))
    }

    /// Learns what was learned [apart](Self::apart).
    pub(super) fn learn_from(&self, apart: &Self) {
        let learned = apart.known();
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for (unit, traits) in learned.iter() {
            if !known.contains_key(unit) {
                Arc::make_mut(&mut known).insert(unit.clone(), *traits);
            }
        }
    }

    fn known(&self) -> Arc<BTreeMap<UnitId, UnitTraits>> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Application {
    /// Whether a unit is registered.
    pub(crate) async fn is_registered(&self, unit: &UnitId) -> Result<bool, Problem> {
        let known = self.units.with(self.log.as_ref(), [unit.clone()]).await;
        let known = known.map_err(|error| failed(error, &Value::Null).problem)?;
        Ok(known.contains_key(unit))
    }

    /// What is wrong with the units that something is to be opened between: that one of them is
    /// not registered is told before whose they are.
    pub(super) async fn unregistered_in(
        &self,
        fields: &Map<String, Value>,
    ) -> Result<Option<Problem>, Problem> {
        for name in ["department", "from", "to"] {
            let named = fields.get(name).and_then(Value::as_str);
            if let Some(unit) = named.and_then(|text| text.parse().ok())
                && !self.is_registered(&unit).await?
            {
                return Ok(Some(problem::unregistered(&unit, &format!("/{name}"))));
            }
        }
        Ok(None)
    }
}

/// The units that a payload names.
pub(super) fn named_in(data: &Value) -> impl Iterator<Item = UnitId> {
    const FIELDS: [&str; 6] = ["department", "from", "to", "unit", "through", "onward_to"];
    FIELDS
        .into_iter()
        .filter_map(|field| data.get(field)?.as_str()?.parse().ok())
}
