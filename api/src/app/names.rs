//! What a person is called, from the vault: found by the ids that their facts keep, as last
//! corrected.

use std::collections::HashMap;

use domain::{
    es::{Day, Position, RecordedEvent, VaultEntryId, amend},
    event::{DomainEvent, Recorded},
    participant::{ParticipantFact, SupportWish},
    referral::{ReferralFact, WithdrawnBy},
    tidgiver::TidgiverFact,
    words::{ParticipantId, ReferralId, StayId, TidgiverId},
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
    /// What they wish support with, as last mapped in the stays that are shown.
    pub wishes: Vec<SupportWish>,
}

/// What an answer shows of a person: these stays, up to a day, as known at a place in the log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shown<'a> {
    pub(crate) stays: &'a [StayId],
    pub(crate) as_of: Day,
    pub(crate) position: Position,
}

/// The words that came with a referral, and whether it may still be told of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ReferralWords {
    /// What the person is called, if it came with a consent.
    pub(crate) name: Option<String>,
    /// How the person wishes to be reached.
    pub(crate) contact: Option<String>,
    /// The consent was withdrawn: nothing goes back any more (rule D5).
    pub(crate) consent_withdrawn: bool,
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
    pub(crate) async fn words_of(
        &self,
        persons: &[(ParticipantId, Shown<'_>)],
    ) -> Result<Vec<Words>, Problem> {
        let mut found = Vec::with_capacity(persons.len());
        for (person, shown) in persons {
            found.push(self.entries_of(*person, *shown).await?);
        }
        self.read(found).await
    }

    async fn read(&self, found: Vec<Entries>) -> Result<Vec<Words>, Problem> {
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

    /// The words that came with each of `referrals`, in their order: while it waits, or led
    /// somewhere. Of what was declined, taken back or expired, nobody is reached any more.
    pub(crate) async fn words_of_referrals(
        &self,
        referrals: &[ReferralId],
    ) -> Result<Vec<ReferralWords>, Problem> {
        let today = self.clock.now().day();
        let mut found = Vec::with_capacity(referrals.len());
        for referral in referrals {
            let (mut name, mut contact, mut waits_until) = (None, None, None);
            let (mut reached, mut consent_withdrawn) = (true, false);
            for event in self.known(&Target::Referral(*referral)).await? {
                let day = event.occurred_at.day();
                let DomainEvent::Referral(fact) = event.event else {
                    continue;
                };
                match fact {
                    ReferralFact::ReferralProposed(proposed) => {
                        (name, contact) = (proposed.name, proposed.contact);
                        if proposed.consent_id.is_none() {
                            waits_until = Some(day.plus(self.figures.quarantine_days));
                        }
                    }
                    ReferralFact::PatientAgreed(_) => waits_until = None,
                    ReferralFact::ReferralDeclined(_) => reached = false,
                    ReferralFact::ReferralWithdrawn(withdrawn) => {
                        reached = false;
                        consent_withdrawn |= withdrawn.by == WithdrawnBy::ConsentWithdrawn;
                    }
                    _ => {}
                }
            }
            if !reached || waits_until.is_some_and(|last| last < today) {
                (name, contact) = (None, None);
            }
            found.push((name, contact, consent_withdrawn));
        }
        let ids: Vec<_> = found
            .iter()
            .flat_map(|(name, contact, _)| [*name, *contact])
            .flatten()
            .collect();
        let texts = self.texts(&ids).await?;
        let text = |id: Option<VaultEntryId>| id.and_then(|id| texts.get(&id).cloned());
        Ok(found
            .into_iter()
            .map(|(name, contact, consent_withdrawn)| ReferralWords {
                name: text(name),
                contact: text(contact),
                consent_withdrawn,
            })
            .collect())
    }

    /// What each of `tidgivere` is called and how they are reached, in their order.
    pub(crate) async fn words_of_tidgivere(
        &self,
        tidgivere: &[TidgiverId],
    ) -> Result<Vec<Words>, Problem> {
        let mut found = Vec::with_capacity(tidgivere.len());
        for tidgiver in tidgivere {
            let mut entries = Entries::default();
            for event in self.known(&Target::Tidgiver(*tidgiver)).await? {
                if let DomainEvent::Tidgiver(TidgiverFact::TidgiverApplied(applied)) = event.event {
                    entries.name = applied.name.or(entries.name);
                    entries.contact = applied.contact.or(entries.contact);
                }
            }
            found.push(entries);
        }
        self.read(found).await
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
    async fn entries_of(
        &self,
        person: ParticipantId,
        shown: Shown<'_>,
    ) -> Result<Entries, Problem> {
        let history = self.recorded(&Target::Participant(person)).await?;
        let mut entries = Entries {
            wishes: wishes(&history, shown),
            ..Entries::default()
        };
        for event in amend::effective(history) {
            let DomainEvent::Participant(event) = event.event else {
                continue;
            };
            entries.referral = event.referral_id.or(entries.referral);
            if let ParticipantFact::FirstContactMade(made) = event.fact {
                entries.name = made.name.or(entries.name);
                entries.contact = made.contact.or(entries.contact);
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
    pub(super) async fn known(&self, target: &Target) -> Result<Vec<Recorded>, Problem> {
        Ok(amend::effective(self.recorded(target).await?))
    }

    async fn recorded(&self, target: &Target) -> Result<Vec<Recorded>, Problem> {
        let events: Vec<RecordedEvent> = self.events(target).await?;
        let decoded = events.into_iter().filter_map(|event| {
            let id = event.id;
            Recorded::decode(event)
                .inspect_err(|_| tracing::warn!(event = %id, "an event cannot be read"))
                .ok()
        });
        Ok(decoded.collect())
    }
}

/// What the person wished support with, as last mapped in what is shown.
fn wishes(history: &[Recorded], shown: Shown<'_>) -> Vec<SupportWish> {
    let known = history.iter().filter(|one| one.position <= shown.position);
    let mapped = amend::effective(known.cloned().collect())
        .into_iter()
        .filter(|event| event.day() <= shown.as_of)
        .filter_map(|event| {
            let at = event.occurred_at.begins();
            let DomainEvent::Participant(event) = event.event else {
                return None;
            };
            match event.fact {
                ParticipantFact::KartleggingDone(done) if shown.stays.contains(&event.stay_id) => {
                    Some((at, done.wishes))
                }
                _ => None,
            }
        });
    let last = mapped.max_by_key(|(at, _)| *at);
    last.map(|(_, wishes)| wishes).unwrap_or_default()
}
