//! The ids that a command's answer names: of what it was told, and of what it brought into being.

use domain::{
    es::ConsentId,
    words::{ConcernId, GoalId, OppdragId, ParticipantId, ReferralId, StayId, TidgiverId, UnitId},
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::Target;
use crate::decode::Payload;

/// Ids by their names, as later commands and queries ask for them. Those are here that the command
/// was told to, or that it brought into being, whoever chose them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Ids {
    /// The person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub participant_id: Option<ParticipantId>,
    /// The stay that the fact belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stay_id: Option<StayId>,
    /// The referral.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referral_id: Option<ReferralId>,
    /// The tidgiver.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tidgiver_id: Option<TidgiverId>,
    /// The unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitId>,
    /// The department of a cooperation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<UnitId>,
    /// The consent that was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent_id: Option<ConsentId>,
    /// The goal that was set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goal_id: Option<GoalId>,
    /// The oppdrag that was begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oppdrag_id: Option<OppdragId>,
    /// The safety concern that was raised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concern_id: Option<ConcernId>,
}

impl Ids {
    /// Of what a command is told to, and of what its payload names anew.
    pub(super) fn of(target: &Target, payload: &Payload) -> Self {
        let mut ids = Self::default();
        match target {
            Target::Participant(id) => ids.participant_id = Some(*id),
            Target::Referral(id) => ids.referral_id = Some(*id),
            Target::Tidgiver(id) => ids.tidgiver_id = Some(*id),
            Target::Cooperation(id) => {
                ids.unit = Some(id.unit.clone());
                ids.department = Some(id.department.clone());
            }
            Target::Unit(id) => ids.unit = Some(id.clone()),
        }
        let Some(name) = payload.kind.names else {
            return ids;
        };
        let named = payload.data.get(name).and_then(Value::as_str);
        let named = named.unwrap_or_default();
        match name {
            "participant_id" => ids.participant_id = named.parse().ok(),
            "consent_id" => ids.consent_id = named.parse().ok(),
            "goal_id" => ids.goal_id = named.parse().ok(),
            "oppdrag_id" => ids.oppdrag_id = named.parse().ok(),
            "concern_id" => ids.concern_id = named.parse().ok(),
            _ => {}
        }
        ids
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn whatever_a_command_names_anew_has_its_place() {
        let id = Uuid::from_u128(7);
        let target = Target::Unit("slemdal".parse().unwrap());
        for kind in domain::event::kinds() {
            let Some(name) = kind.names else { continue };
            let payload = Payload {
                kind,
                data: serde_json::json!({ name: id }),
                words: vec![],
            };
            let ids = serde_json::to_value(Ids::of(&target, &payload)).unwrap();
            assert_eq!(ids[name], id.to_string(), "{}", kind.command);
        }
    }
}
