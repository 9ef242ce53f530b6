//! One record, and what of it somebody may be shown.

use std::collections::{BTreeSet, HashMap, HashSet};

use domain::{
    es::{
        Aggregate, ConsentId, EventId, Fact, RecordedEvent,
        amend::{self, Amendable, Amendment, EntryRetracted, RetractionReason},
    },
    event::{DomainEvent, Recorded},
    participant::{Participant, ParticipantFact, ParticipantState},
    referral::ReferralFact,
    words::{ReferralId, StayId, UnitId},
};
use serde_json::Value;

use super::super::{Target, consents, execute::failed};
use crate::problem::Problem;

/// Who is told.
pub(super) enum Reader {
    /// The person: of everything.
    Themselves,
    /// A department: of the stays that it holds, without what rests on a consent that is withdrawn
    /// (rule D5).
    Department {
        unit: UnitId,
        stays: HashSet<StayId>,
        withdrawn: BTreeSet<ConsentId>,
    },
}

/// An entry, as it is stored and, if it can be read, as what it says.
pub(super) struct Entry {
    pub(super) stored: RecordedEvent,
    read: Option<Recorded>,
}

impl Entry {
    /// What it says, as it is stored.
    pub(super) fn data(&self) -> Value {
        let stored: Value = serde_json::from_str(&self.stored.data).unwrap_or_default();
        match stored.get("fact") {
            Some(fact) => fact.clone(),
            None => stored,
        }
    }

    pub(super) fn stay(&self) -> Option<StayId> {
        match &self.read.as_ref()?.event {
            DomainEvent::Participant(event) => Some(event.stay_id),
            _ => None,
        }
    }

    fn amends(&self) -> bool {
        self.read
            .as_ref()
            .is_some_and(|event| event.amendment().is_some())
    }

    pub(super) fn referral(&self) -> Option<ReferralId> {
        match &self.read.as_ref()?.event {
            DomainEvent::Participant(event) => event.referral_id,
            _ => None,
        }
    }
}

/// The entries of one record, in order.
pub(super) struct Record {
    pub(super) target: Target,
    pub(super) entries: Vec<Entry>,
    /// By what they were retracted.
    retracted: HashMap<EventId, RetractionReason>,
    corrected: HashSet<EventId>,
}

impl Record {
    pub(super) fn of(target: Target, events: Vec<RecordedEvent>) -> Self {
        let entries = events.into_iter().map(|stored| Entry {
            read: Recorded::decode(stored.clone()).ok(),
            stored,
        });
        let mut record = Self {
            target,
            entries: entries.collect(),
            retracted: HashMap::new(),
            corrected: HashSet::new(),
        };
        let history = record.history();
        let counts = history
            .iter()
            .filter(|event| event.amendment().is_some())
            .filter(|event| !amend::is_retracted(&history, event.id));
        for event in counts {
            if let Some(retraction) = retraction(event) {
                record.retracted.insert(retraction.entry, retraction.reason);
            } else if let Some(Amendment::Corrected(correction)) = event.amendment() {
                record.corrected.insert(correction.entry);
            }
        }
        record
    }

    /// The referral that it is of.
    pub(super) fn referral(&self) -> Option<ReferralId> {
        match self.target {
            Target::Referral(id) => Some(id),
            _ => None,
        }
    }

    pub(super) fn is_retracted(&self, entry: EventId) -> bool {
        self.retracted.contains_key(&entry)
    }

    pub(super) fn is_corrected(&self, entry: EventId) -> bool {
        self.corrected.contains(&entry)
    }

    /// What can be read.
    fn history(&self) -> Vec<Recorded> {
        let read = self.entries.iter().filter_map(|entry| entry.read.as_ref());
        read.cloned().collect()
    }

    /// Who is told of a person's record: the person, or a department that holds some stay. `None`
    /// if there is nothing to tell.
    pub(super) fn reader(&self, department: Option<UnitId>) -> Result<Option<Reader>, Problem> {
        let Some(unit) = department else {
            return Ok((!self.entries.is_empty()).then_some(Reader::Themselves));
        };
        let stored = self.entries.iter().map(|entry| entry.stored.clone());
        let facts: Vec<Fact> = stored.map(Fact::from).collect();
        let state = Aggregate::<Participant>::fold(&facts)
            .map_err(|error| failed(error, &Value::Null).problem)?
            .state;
        let ParticipantState::Known(person) = state else {
            return Ok(None);
        };
        let held = person.as_known_to(Some(&unit));
        Ok(held.map(|held| Reader::Department {
            stays: held.stays().map(|stay| stay.id).collect(),
            withdrawn: consents::withdrawn_in(&amend::effective(self.history())),
            unit,
        }))
    }

    /// The referrals that led to what is shown and counts. What was retracted leads nowhere: it may
    /// have been about somebody else.
    pub(super) fn referrals(&self, reader: &Reader) -> BTreeSet<ReferralId> {
        let shown = self.shown_to(reader);
        let counts = self.entries.iter().filter(|entry| {
            let id = entry.stored.id;
            shown.contains(&id) && !self.is_retracted(id) && !entry.amends()
        });
        counts.filter_map(Entry::referral).collect()
    }

    /// The entries that somebody is shown.
    pub(super) fn shown_to(&self, reader: &Reader) -> HashSet<EventId> {
        if !self.is_for(reader) {
            return HashSet::new();
        }
        let hidden = self.hidden_from(reader);
        let is_shown = |entry: &&Entry| match (&entry.read, reader) {
            // What cannot be read is told to the person themselves, as it stands.
            (None, reader) => matches!(reader, Reader::Themselves),
            (Some(event), reader) => {
                let amended = event.amendment().map(|amendment| amendment.entry());
                let is_held = match (reader, entry.stay()) {
                    (Reader::Department { stays, .. }, Some(stay)) => stays.contains(&stay),
                    _ => true,
                };
                is_held
                    && !hidden.contains(&event.id)
                    && amended.is_none_or(|entry| !hidden.contains(&entry))
            }
        };
        let shown = self.entries.iter().filter(is_shown);
        shown.map(|entry| entry.stored.id).collect()
    }

    /// A department is told of referrals to itself.
    fn is_for(&self, reader: &Reader) -> bool {
        let Reader::Department { unit, .. } = reader else {
            return true;
        };
        self.referral().is_none()
            || self.facts().any(|(_, fact)| match fact {
                ReferralFact::ReferralProposed(proposed) => proposed.to == *unit,
                _ => false,
            })
    }

    /// What nobody is shown, since it was about somebody else, and what a department is not: what
    /// tells of treatment by a consent that is withdrawn.
    fn hidden_from(&self, reader: &Reader) -> HashSet<EventId> {
        let of_another = self
            .retracted
            .iter()
            .filter(|(_, reason)| **reason == RetractionReason::WrongPerson);
        let mut hidden: HashSet<EventId> = of_another.map(|(entry, _)| *entry).collect();
        if let Reader::Department { withdrawn, .. } = reader {
            let read = self.entries.iter().filter_map(|entry| entry.read.as_ref());
            let rests_on = |event: &&Recorded| {
                consents::of_treatment(event).is_some_and(|consent| withdrawn.contains(&consent))
            };
            hidden.extend(read.filter(rests_on).map(|event| event.id));
            let no_longer_holds = self.facts().any(|(_, fact)| match fact {
                ReferralFact::PatientAgreed(yes) => withdrawn.contains(&yes.consent_id),
                _ => false,
            });
            if no_longer_holds {
                let of_treatment = self.facts().filter(|(_, fact)| tells_of_treatment(fact));
                hidden.extend(of_treatment.map(|(id, _)| id));
            }
        }
        hidden
    }

    /// The facts of a referral.
    fn facts(&self) -> impl Iterator<Item = (EventId, &ReferralFact)> {
        let read = self.entries.iter().filter_map(|entry| entry.read.as_ref());
        read.filter_map(|event| match &event.event {
            DomainEvent::Referral(fact) => Some((event.id, fact)),
            _ => None,
        })
    }
}

fn retraction(event: &Recorded) -> Option<&EntryRetracted> {
    match &event.event {
        DomainEvent::Referral(ReferralFact::EntryRetracted(retraction)) => Some(retraction),
        DomainEvent::Participant(event) => match &event.fact {
            ParticipantFact::EntryRetracted(retraction) => Some(retraction),
            _ => None,
        },
        _ => None,
    }
}

/// What of a referral follows in the person's record by the consent only.
const fn tells_of_treatment(fact: &ReferralFact) -> bool {
    matches!(
        fact,
        ReferralFact::TreatmentAdmitted(_)
            | ReferralFact::DischargeDateTold(_)
            | ReferralFact::TreatmentEnded(_)
            | ReferralFact::TreatmentLeftEarly(_)
    )
}
