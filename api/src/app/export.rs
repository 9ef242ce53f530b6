//! Everything that is kept about a person, for themselves (GDPR articles 15 and 20): each entry of
//! their records as it stands in the log, with the words that the vault keeps in their places.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    mem,
};

use domain::{
    es::{
        Aggregate, EventId, Fact, Metadata, OccurredAt, RecordedAt, RecordedEvent, Role,
        SourceSystem, VaultEntry, VaultError,
        amend::{self, Amendable, Amendment},
    },
    event::{DomainEvent, Recorded},
    participant::{Participant, ParticipantState},
    referral::ReferralFact,
    words::{ParticipantId, ReferralId, StayId, UnitId},
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::{
    Application, Target, consents,
    execute::{failed, unavailable},
};
use crate::problem::{Problem, general};

/// What is kept about a person.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Export {
    /// The person.
    pub participant_id: ParticipantId,
    /// When it was told.
    pub told_at: RecordedAt,
    /// Whose part of it this is: a department tells of the stays that it holds. None where it is
    /// everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_by: Option<UnitId>,
    /// Every entry of the person's record, and of the referrals that led there, in the order in
    /// which they became known: also those that were corrected or retracted.
    pub entries: Vec<ExportedEntry>,
    /// Words that are kept beside the entries: ids that senders have of their own, and what they
    /// told besides.
    pub kept_besides: Vec<KeptBesides>,
}

/// An entry.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExportedEntry {
    /// The event.
    pub event_id: EventId,
    /// The stay it belongs to; none for an entry of a referral.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stay_id: Option<StayId>,
    /// The referral it belongs to, or that led to the stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referral_id: Option<ReferralId>,
    /// Which record it stands in: `participant` or `referral`.
    pub record: String,
    /// What kind of fact it is.
    pub kind: String,
    /// When it happened.
    pub occurred_at: OccurredAt,
    /// When it became known.
    pub recorded_at: RecordedAt,
    /// Who told it.
    pub told_by: ToldBy,
    /// It was retracted: it does not count any more.
    pub retracted: bool,
    /// It was corrected: another entry says what holds instead.
    pub corrected: bool,
    /// What it says: codes, dates and ids, with the words in the places of the references to them.
    /// Where words are gone, the reference stands.
    pub data: Value,
}

/// Who told something. Persons at work stand here by what they are, not by name.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ToldBy {
    /// In which capacity.
    pub role: Role,
    /// On behalf of which unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitId>,
    /// Through which system.
    pub source: SourceSystem,
}

/// Words that no entry shows.
#[derive(Debug, Serialize, JsonSchema)]
pub struct KeptBesides {
    /// The referral they came with; none for what lies with the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referral_id: Option<ReferralId>,
    /// What they are: `foreign_id`, `extensions`, ….
    pub field: String,
    /// The words.
    pub text: String,
}

/// The entries of one record.
struct Record {
    target: Target,
    events: Vec<RecordedEvent>,
    /// Those that can be read.
    read: HashMap<EventId, Recorded>,
}

impl Application {
    /// What is kept about a person; of the stays that a department holds, where one is named.
    /// `None` if nothing is.
    pub(crate) async fn export(
        &self,
        person: ParticipantId,
        held_by: Option<UnitId>,
    ) -> Result<Option<Export>, Problem> {
        let own = self.record(Target::Participant(person)).await?;
        let Some(held) = own.held(held_by.as_ref())? else {
            return Ok(None);
        };
        let shown = own.read.values().filter(|event| held.shows(event));
        let referrals: BTreeSet<ReferralId> = shown.filter_map(referral_of).collect();
        let mut export = Export {
            participant_id: person,
            told_at: self.clock.now(),
            held_by: held_by.clone(),
            entries: vec![],
            kept_besides: vec![],
        };
        self.add(&mut export, &own, |event| held.shows(event))
            .await?;
        for referral in referrals {
            let record = self.record(Target::Referral(referral)).await?;
            if held_by
                .as_ref()
                .is_none_or(|department| record.is_to(department))
            {
                self.add(&mut export, &record, |_| true).await?;
            }
        }
        export
            .entries
            .sort_by_key(|entry| (entry.recorded_at, entry.event_id));
        Ok(Some(export))
    }

    async fn record(&self, target: Target) -> Result<Record, Problem> {
        let events = self.events(&target).await?;
        let read = events.iter().filter_map(|event| {
            let read = Recorded::decode(event.clone()).ok()?;
            Some((event.id, read))
        });
        Ok(Record {
            target,
            read: read.collect(),
            events,
        })
    }

    /// Adds what a record holds of what is to be shown.
    async fn add(
        &self,
        export: &mut Export,
        record: &Record,
        shows: impl Fn(&Recorded) -> bool,
    ) -> Result<(), Problem> {
        let kept = self.kept(&record.target).await?;
        let words: HashMap<String, &VaultEntry> = kept
            .iter()
            .map(|entry| (entry.id.to_string(), entry))
            .collect();
        let mut placed: HashSet<String> = HashSet::new();
        let counts = record.amendments();
        let referral_id = match record.target {
            Target::Referral(id) => Some(id),
            _ => None,
        };
        for event in &record.events {
            let read = record.read.get(&event.id);
            // What cannot be read is told to the person themselves, as it stands.
            if !read.map_or(export.held_by.is_none(), &shows) {
                continue;
            }
            let metadata: Metadata = serde_json::from_str(&event.metadata).map_err(|error| {
                unavailable(&error);
                Problem::general(&general::UNAVAILABLE)
            })?;
            let stored: Value = serde_json::from_str(&event.data).unwrap_or_default();
            let mut data = match stored.get("fact") {
                Some(fact) => fact.clone(),
                None => stored,
            };
            put_words(&mut data, &words, &mut placed);
            export.entries.push(ExportedEntry {
                event_id: event.id,
                stay_id: read.and_then(stay_of),
                referral_id: referral_id.or_else(|| read.and_then(referral_of)),
                record: event.stream.category().to_owned(),
                kind: event.kind.clone(),
                occurred_at: event.occurred_at,
                recorded_at: event.recorded_at,
                told_by: ToldBy {
                    role: metadata.actor.role,
                    unit: metadata.unit,
                    source: metadata.source,
                },
                retracted: counts.retracted.contains(&event.id),
                corrected: counts.corrected.contains(&event.id),
                data,
            });
        }
        // A department tells of what its entries show, and of no more.
        if export.held_by.is_none() {
            let besides = kept
                .iter()
                .filter(|entry| !placed.contains(&entry.id.to_string()));
            export.kept_besides.extend(besides.map(|entry| KeptBesides {
                referral_id,
                field: entry.field.0.clone(),
                text: entry.text.clone(),
            }));
        }
        Ok(())
    }

    /// What the vault keeps of a record; nothing of who was erased.
    async fn kept(&self, target: &Target) -> Result<Vec<VaultEntry>, Problem> {
        let Some(person) = target.person() else {
            return Ok(vec![]);
        };
        match self.vault.of_person(person).await {
            Err(VaultError::Erased) => Ok(vec![]),
            kept => kept.map_err(|error| {
                unavailable(&error);
                Problem::general(&general::UNAVAILABLE)
            }),
        }
    }
}

/// What of a person's record somebody may be shown.
#[derive(Default)]
struct Held {
    /// The stays; all, if none are named.
    stays: Option<HashSet<StayId>>,
    /// What rests on a consent that is withdrawn (rule D5): nor is shown what amends it.
    hidden: HashSet<EventId>,
}

impl Held {
    fn shows(&self, event: &Recorded) -> bool {
        let Some(stays) = &self.stays else {
            return true;
        };
        let amended = event.amendment().map(|amendment| amendment.entry());
        stay_of(event).is_some_and(|stay| stays.contains(&stay))
            && !self.hidden.contains(&event.id)
            && amended.is_none_or(|entry| !self.hidden.contains(&entry))
    }
}

/// Which entries of a record were amended.
#[derive(Default)]
struct Amended {
    retracted: HashSet<EventId>,
    corrected: HashSet<EventId>,
}

impl Record {
    /// What of it is shown: to a department the stays that it holds, to the person all of it.
    /// `None` if that is nothing.
    fn held(&self, department: Option<&UnitId>) -> Result<Option<Held>, Problem> {
        let Some(department) = department else {
            return Ok((!self.events.is_empty()).then(Held::default));
        };
        let facts: Vec<Fact> = self.events.iter().cloned().map(Fact::from).collect();
        let state = Aggregate::<Participant>::fold(&facts)
            .map_err(|error| failed(error, &Value::Null).problem)?
            .state;
        let ParticipantState::Known(person) = state else {
            return Ok(None);
        };
        let history = self.in_order();
        let withdrawn = consents::withdrawn_in(&amend::effective(history.clone()));
        let rests_on = |event: &&Recorded| {
            consents::of_treatment(event).is_some_and(|consent| withdrawn.contains(&consent))
        };
        Ok(person.as_known_to(Some(department)).map(|held| Held {
            stays: Some(held.stays().map(|stay| stay.id).collect()),
            hidden: history
                .iter()
                .filter(rests_on)
                .map(|event| event.id)
                .collect(),
        }))
    }

    /// Whether it is a referral to a department.
    fn is_to(&self, department: &UnitId) -> bool {
        self.read.values().any(|event| match &event.event {
            DomainEvent::Referral(ReferralFact::ReferralProposed(proposed)) => {
                proposed.to == *department
            }
            _ => false,
        })
    }

    /// What can be read, as it was recorded.
    fn in_order(&self) -> Vec<Recorded> {
        let read = self.events.iter();
        let read = read.filter_map(|event| self.read.get(&event.id));
        read.cloned().collect()
    }

    fn amendments(&self) -> Amended {
        let history = self.in_order();
        let mut amended = Amended::default();
        for event in &history {
            match event.amendment() {
                None => {}
                Some(_) if amend::is_retracted(&history, event.id) => {}
                Some(Amendment::Corrected(correction)) => {
                    amended.corrected.insert(correction.entry);
                }
                Some(Amendment::Retracted(entry)) => {
                    amended.retracted.insert(entry);
                }
            }
        }
        amended
    }
}

fn stay_of(event: &Recorded) -> Option<StayId> {
    match &event.event {
        DomainEvent::Participant(event) => Some(event.stay_id),
        _ => None,
    }
}

fn referral_of(event: &Recorded) -> Option<ReferralId> {
    match &event.event {
        DomainEvent::Participant(event) => event.referral_id,
        _ => None,
    }
}

/// Puts words in the places of the ids that refer to them, and takes note of which.
fn put_words(data: &mut Value, words: &HashMap<String, &VaultEntry>, placed: &mut HashSet<String>) {
    match data {
        Value::String(text) => {
            if let Some(entry) = words.get(text.as_str()) {
                placed.insert(mem::replace(text, entry.text.clone()));
            }
        }
        Value::Array(items) => {
            for item in items {
                put_words(item, words, placed);
            }
        }
        Value::Object(fields) => {
            for field in fields.values_mut() {
                put_words(field, words, placed);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
