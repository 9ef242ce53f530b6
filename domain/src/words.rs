//! The words that several streams share: units, ids of people and things, the figures that rules
//! use, and what a decider may know of the world around its stream.

use std::{collections::BTreeMap, fmt, str::FromStr, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::es::{Day, uuid_id};

uuid_id! {
    /// One person on their way, under a pseudonym.
    ParticipantId
}
uuid_id! {
    /// One period of participation; a return after the end opens a new one.
    StayId
}
uuid_id! {
    /// A unit's proposal that a person takes part.
    ReferralId
}
uuid_id! {
    /// A volunteer (tidgiver), under a pseudonym.
    TidgiverId
}
uuid_id! {
    /// An employee, under a pseudonym.
    StaffId
}
uuid_id! {
    /// One of a participant's own goals.
    GoalId
}
uuid_id! {
    /// A bounded assignment of a tidgiver with a participant.
    OppdragId
}
uuid_id! {
    /// A worry about somebody's safety.
    ConcernId
}

/// An organisation taking part, by its short name: `stegforsteg-oslo`, `slemdal`. Units are data:
/// one is added by registering it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UnitId(Arc<str>);

/// Text that is no unit's short name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a unit's id is 2 to 40 characters of a-z, 0-9 and '-', beginning with a letter")]
pub struct UnitIdError;

impl UnitId {
    /// The short name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl JsonSchema for UnitId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "UnitId".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A registered unit, by its short name, such as `slemdal`.",
            "pattern": "^[a-z][a-z0-9-]{1,39}$"
        })
    }
}

impl TryFrom<String> for UnitId {
    type Error = UnitIdError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl FromStr for UnitId {
    type Err = UnitIdError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = (2..=40).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if fits {
            Ok(Self(text.into()))
        } else {
            Err(UnitIdError)
        }
    }
}

impl From<UnitId> for String {
    fn from(unit: UnitId) -> Self {
        unit.0.as_ref().to_owned()
    }
}

impl fmt::Display for UnitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What kind of organisation a unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UnitKind {
    /// A department of Steg for Steg (avdeling).
    Department,
    /// A treatment institution.
    TreatmentInstitution,
    /// A street-level service (gatenært tiltak).
    StreetLevelService,
    /// Any other: a hospital ward, the correctional service, NAV, a municipality.
    Other,
}

/// What deciders need to know of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitTraits {
    /// What it is.
    pub kind: UnitKind,
    /// Whether it offers each participant a tidgiver of their own by default (rule D38).
    pub offers_individual_tidgiver: bool,
}

/// Where a person stands in life when they take part (rule D6: all may).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Situation {
    /// Waiting for treatment.
    BeforeTreatment,
    /// In treatment, living at the institution.
    InPatient,
    /// In treatment, living at home.
    OutPatient,
    /// After treatment.
    AfterTreatment,
    /// Without any.
    Untreated,
    /// Serving a sentence.
    ServingSentence,
    /// After a sentence.
    AfterSentence,
    /// Next of kin.
    NextOfKin,
    /// With mild mental illness only.
    MildMentalIllness,
}

/// The figures that rules use. They are configuration: a programme may change its mind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Figures {
    /// Days from an oppdrag's start to its review, at most (rule D27).
    pub review_within_days: u64,
    /// Days from an oppdrag's start to its end, at most (rule D27).
    pub oppdrag_within_days: u64,
    /// Days within which a contact makes a participant active.
    pub active_within_days: u64,
    /// Days within which to make contact after a relapse (rule D12).
    pub relapse_contact_days: u64,
    /// Days within which a safety concern is acknowledged (rule D35).
    pub concern_days: u64,
    /// Cancelled meetings in one oppdrag that raise an alert (rule D36).
    pub cancellations: u32,
    /// Days that a referral may wait without consent (rule D5).
    pub quarantine_days: u64,
    /// Days between follow-ups of a short practical oppdrag (rule D32).
    pub follow_up_short_days: u64,
    /// Days between follow-ups of a long practical oppdrag (rule D32).
    pub follow_up_long_days: u64,
    /// Days between follow-ups of a social oppdrag (rule D32).
    pub follow_up_social_days: u64,
}

impl Default for Figures {
    fn default() -> Self {
        Self {
            review_within_days: 56,
            oppdrag_within_days: 366,
            active_within_days: 90,
            relapse_contact_days: 3,
            concern_days: 1,
            cancellations: 2,
            quarantine_days: 30,
            follow_up_short_days: 14,
            follow_up_long_days: 42,
            follow_up_social_days: 28,
        }
    }
}

/// What a tidgiver's own stream says of them, for a decision on another stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TidgiverCredentials {
    /// The department they give time in.
    pub department: UnitId,
    /// The day of the approval of who is interviewed, trained and approved, and has not left.
    pub approved_on: Option<Day>,
    /// Has accepted the ground rules.
    pub ground_rules_accepted: bool,
}

/// The largest head count that is taken: no unit reaches it (rule G9).
pub const MOST_HEADS: u32 = 100_000;

/// What a decider may know besides its own stream. It is read just before the decision, and may
/// be a moment old: a rule that cannot bear that has a stream of its own.
#[derive(Debug, Clone, Default)]
pub struct World {
    /// The units that are registered.
    pub units: Arc<BTreeMap<UnitId, UnitTraits>>,
    /// The figures that rules use.
    pub figures: Figures,
    /// The tidgivere that the command names; for an amendment, those that its stream names.
    pub tidgivere: BTreeMap<TidgiverId, TidgiverCredentials>,
    /// The department on whose behalf something is told of a person: no stay but those that it
    /// holds is there for it. All are, if it is told on behalf of none.
    pub asking: Option<UnitId>,
}

impl World {
    /// The unit, if it is registered.
    #[must_use]
    pub fn unit(&self, unit: &UnitId) -> Option<UnitTraits> {
        self.units.get(unit).copied()
    }

    /// Whether the unit is a registered department of Steg for Steg.
    #[must_use]
    pub fn is_department(&self, unit: &UnitId) -> bool {
        self.unit(unit)
            .is_some_and(|unit| unit.kind == UnitKind::Department)
    }
}
