//! Everything that is kept about a person, for themselves (GDPR articles 15 and 20): each entry of
//! their records as it stands in the log, with the words that the vault keeps in their places.

mod record;

use std::{
    collections::{HashMap, HashSet},
    mem,
};

use domain::{
    es::{
        EventId, Metadata, OccurredAt, Position, RecordedAt, Role, SourceSystem, VaultEntry,
        VaultError,
    },
    words::{ParticipantId, ReferralId, StayId, UnitId},
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use self::record::{Entry, Reader, Record};
use super::{Application, Target, execute::unavailable};
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
    /// which they became known: also those that were corrected or retracted, but for those that
    /// were about somebody else.
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
    /// Where it stands in the log.
    pub position: Position,
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

impl Application {
    /// What is kept about a person; of the stays that a department holds, where one is named.
    /// `None` if nothing is.
    pub(crate) async fn export(
        &self,
        person: ParticipantId,
        held_by: Option<UnitId>,
    ) -> Result<Option<Export>, Problem> {
        let own = self.record_of(Target::Participant(person)).await?;
        let Some(reader) = own.reader(held_by.clone())? else {
            return Ok(None);
        };
        let mut export = Export {
            participant_id: person,
            told_at: self.clock.now(),
            held_by,
            entries: vec![],
            kept_besides: vec![],
        };
        self.add(&mut export, &own, &reader).await?;
        for referral in own.referrals(&reader) {
            let record = self.record_of(Target::Referral(referral)).await?;
            self.add(&mut export, &record, &reader).await?;
        }
        export.entries.sort_by_key(|entry| entry.position);
        Ok(Some(export))
    }

    async fn record_of(&self, target: Target) -> Result<Record, Problem> {
        let events = self.events(&target).await?;
        Ok(Record::of(target, events))
    }

    /// Adds what of a record is shown to somebody.
    async fn add(
        &self,
        export: &mut Export,
        record: &Record,
        reader: &Reader,
    ) -> Result<(), Problem> {
        let kept = self.kept(&record.target).await?;
        let mut words = Words::of(&kept);
        let shown = record.shown_to(reader);
        for entry in &record.entries {
            let mut data = entry.data();
            // Words of what is not shown are not told beside it either.
            words.put_into(&mut data);
            if shown.contains(&entry.stored.id) {
                export.entries.push(exported(record, entry, data)?);
            }
        }
        // A department tells of what its entries show, and of no more.
        if matches!(reader, Reader::Themselves) {
            let besides = kept.iter().filter(|entry| !words.placed(entry));
            export.kept_besides.extend(besides.map(|entry| KeptBesides {
                referral_id: record.referral(),
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

fn exported(record: &Record, entry: &Entry, data: Value) -> Result<ExportedEntry, Problem> {
    let event = &entry.stored;
    let metadata: Metadata = serde_json::from_str(&event.metadata).map_err(|error| {
        unavailable(&error);
        Problem::general(&general::UNAVAILABLE)
    })?;
    Ok(ExportedEntry {
        event_id: event.id,
        stay_id: entry.stay(),
        referral_id: record.referral().or_else(|| entry.referral()),
        record: event.stream.category().to_owned(),
        position: event.position,
        kind: event.kind.clone(),
        occurred_at: event.occurred_at,
        recorded_at: event.recorded_at,
        told_by: ToldBy {
            role: metadata.actor.role,
            unit: metadata.unit,
            source: metadata.source,
        },
        retracted: record.is_retracted(event.id),
        corrected: record.is_corrected(event.id),
        data,
    })
}

/// Words, by the ids that refer to them.
struct Words<'a> {
    by_id: HashMap<String, &'a VaultEntry>,
    placed: HashSet<String>,
}

impl<'a> Words<'a> {
    fn of(kept: &'a [VaultEntry]) -> Self {
        Self {
            by_id: kept
                .iter()
                .map(|entry| (entry.id.to_string(), entry))
                .collect(),
            placed: HashSet::new(),
        }
    }

    /// Puts words in the places of the ids that refer to them.
    fn put_into(&mut self, data: &mut Value) {
        match data {
            Value::String(text) => {
                if let Some(entry) = self.by_id.get(text.as_str()) {
                    self.placed.insert(mem::replace(text, entry.text.clone()));
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.put_into(item)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.put_into(field)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Whether an entry refers to it.
    fn placed(&self, entry: &VaultEntry) -> bool {
        self.placed.contains(&entry.id.to_string())
    }
}
