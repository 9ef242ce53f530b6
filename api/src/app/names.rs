//! What a person is called, from the vault: found by the ids that their facts keep, as last
//! corrected.

use std::collections::HashMap;

use domain::{
    es::{RecordedEvent, VaultEntryId, amend},
    event::{DomainEvent, Recorded},
    participant::{ParticipantFact, SupportWish},
    referral::ReferralFact,
    words::{ParticipantId, ReferralId},
};

use super::{Application, Target, execute::unavailable};
use crate::problem::{Problem, general};

/// What is kept of a person in words, and what they wish support with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    /// What they are called.
    pub name: Option<String>,
    /// How they are reached.
    pub contact: Option<String>,
    /// What they wish support with, as last mapped.
    pub wishes: Vec<SupportWish>,
}

impl Words {
    /// The first name alone.
    #[must_use]
    pub fn first_name(&self) -> Option<&str> {
        self.name.as_deref()?.split_whitespace().next()
    }
}

/// Where the words lie.
#[derive(Debug, Default)]
struct Entries {
    name: Option<VaultEntryId>,
    contact: Option<VaultEntryId>,
    wishes: Vec<SupportWish>,
    referral: Option<ReferralId>,
}

impl Application {
    /// The words of each of `persons`, in their order.
    pub(crate) async fn words_of(&self, persons: &[ParticipantId]) -> Result<Vec<Words>, Problem> {
        let mut found = Vec::with_capacity(persons.len());
        for person in persons {
            found.push(self.entries_of(*person).await?);
        }
        let ids: Vec<_> = found
            .iter()
            .flat_map(|entries| [entries.name, entries.contact])
            .flatten()
            .collect();
        let texts = self.texts(&ids).await?;
        let text = |id: Option<VaultEntryId>| id.and_then(|id| texts.get(&id).cloned());
        Ok(found
            .into_iter()
            .map(|entries| Words {
                name: text(entries.name),
                contact: text(entries.contact),
                wishes: entries.wishes,
            })
            .collect())
    }

    /// What the vault holds of these.
    pub(crate) async fn texts(
        &self,
        ids: &[VaultEntryId],
    ) -> Result<HashMap<VaultEntryId, String>, Problem> {
        let opened = self.vault.open(ids).await.map_err(|error| {
            unavailable(&error);
            Problem::general(&general::UNAVAILABLE)
        })?;
        Ok(opened
            .into_iter()
            .map(|entry| (entry.id, entry.text))
            .collect())
    }

    /// Where a person's words lie: with their first contact, or with the referral that led to it.
    async fn entries_of(&self, person: ParticipantId) -> Result<Entries, Problem> {
        let mut entries = Entries::default();
        for event in self.known(&Target::Participant(person)).await? {
            let DomainEvent::Participant(event) = event.event else {
                continue;
            };
            entries.referral = event.referral_id.or(entries.referral);
            match event.fact {
                ParticipantFact::FirstContactMade(made) => {
                    entries.name = made.name.or(entries.name);
                    entries.contact = made.contact.or(entries.contact);
                }
                ParticipantFact::KartleggingDone(done) => entries.wishes = done.wishes,
                _ => {}
            }
        }
        if let (None, Some(referral)) = (entries.name, entries.referral) {
            for event in self.known(&Target::Referral(referral)).await? {
                if let DomainEvent::Referral(ReferralFact::ReferralProposed(proposed)) = event.event
                {
                    entries.name = proposed.name;
                    entries.contact = entries.contact.or(proposed.contact);
                }
            }
        }
        Ok(entries)
    }

    /// The facts of a stream that count.
    async fn known(&self, target: &Target) -> Result<Vec<Recorded>, Problem> {
        let events: Vec<RecordedEvent> = self.events(target).await?;
        let decoded = events.into_iter().filter_map(|event| {
            let id = event.id;
            Recorded::decode(event)
                .inspect_err(|_| tracing::warn!(event = %id, "an event cannot be read"))
                .ok()
        });
        Ok(amend::effective(decoded.collect()))
    }
}
