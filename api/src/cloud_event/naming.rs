//! Whose ids an event speaks in: a sender's own become ids of ours, by keyed hashes, and are kept in
//! the vault where they are of a person.

use domain::es::{Field, PersonKey, VaultEntry, VaultEntryId};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{CloudEvent, wrong};
use crate::{
    app::{Application, By, Target, Telling},
    auth::{Purpose, Secret},
    problem::Problem,
};

/// The source of events that this service itself told: their ids are kept.
const OURS: &str = "stegspor";

impl CloudEvent {
    /// The id that the event's command bears: the same however often it is sent.
    #[must_use]
    pub fn command_id(&self, secret: &Secret) -> Uuid {
        if self.source == OURS
            && let Ok(id) = self.id.parse()
        {
            return id;
        }
        self.of_event(&self.id, secret)
    }

    /// The id of ours that an event of the same source got.
    fn of_event(&self, id: &str, secret: &Secret) -> Uuid {
        let parts = [self.source.as_bytes(), id.as_bytes()];
        secret.id(Purpose::ForeignEvent, &parts)
    }

    /// The id of ours that a subject of the same source got.
    fn of_subject(&self, stream: &str, subject: &str, secret: &Secret) -> Uuid {
        let parts = [
            self.source.as_bytes(),
            stream.as_bytes(),
            subject.as_bytes(),
        ];
        secret.id(Purpose::ForeignId, &parts)
    }

    /// What it is about. A foreign id of a person or a referral becomes an id of ours.
    pub fn target(&self, secret: &Secret) -> Result<Target, Problem> {
        let stream = self.kind.stream;
        Target::of(stream, &self.subject)
            .or_else(|| {
                let ours = self.of_subject(stream, &self.subject, secret);
                Target::of(stream, &ours.to_string())
            })
            .ok_or_else(|| {
                wrong(
                    "/subject",
                    "a cooperation is named unit~department, a unit by its short name",
                    "et samarbeid heter enhet~avdeling, en enhet har sitt kortnavn",
                )
            })
    }

    /// Puts ids of ours in the place of the sender's own, where the payload names another event of
    /// the same source, what such an event brought into being, or what it is about. What is a UUID
    /// is an id of ours already.
    fn name_as_ours(&mut self, secret: &Secret) {
        let mut data = std::mem::take(&mut self.data);
        let ours = |name: &str, told: &str| match named_by(name)? {
            Named::ByEvent => Some(self.of_event(told, secret)),
            Named::BySubject(stream) => Some(self.of_subject(stream, told, secret)),
        };
        let in_place = |fields: &mut Map<String, Value>| {
            for (name, value) in fields {
                if let Value::String(told) = value
                    && !told.is_empty()
                    && told.parse::<Uuid>().is_err()
                    && let Some(id) = ours(name, told)
                {
                    *value = id.to_string().into();
                }
            }
        };
        in_place(&mut data);
        // A correction tells the entry anew, in `data`.
        if self.kind.amends()
            && let Some(Value::Object(anew)) = data.get_mut("data")
        {
            in_place(anew);
        }
        self.data = data;
    }

    /// The event as a telling.
    pub fn telling(mut self, app: &Application, by: By) -> Result<Telling, Problem> {
        self.name_as_ours(&app.secret);
        Ok(Telling {
            target: self.target(&app.secret)?,
            command_id: self.command_id(&app.secret),
            kind: self.kind,
            fields: self.data,
            prefix: "/data",
            occurred_at: self.time,
            expected: None,
            addressed: false,
            by: By {
                traceparent: self.traceparent.or(by.traceparent),
                ..by
            },
        })
    }

    /// What of the sender's own is kept in the vault: its id of what the event is about, if that is
    /// none of ours, and the attributes that mean nothing here.
    #[must_use]
    pub fn to_keep(&self, secret: &Secret) -> Vec<VaultEntry> {
        let Ok(target) = self.target(secret) else {
            return vec![];
        };
        let person = target.person().unwrap_or_else(|| {
            let stream = target.stream();
            PersonKey(secret.id(Purpose::NewThing, &[stream.as_str().as_bytes()]))
        });
        let entry = |field: &str, of: &[u8], text: String| VaultEntry {
            id: VaultEntryId(
                secret.id(Purpose::Words, &[person.0.as_bytes(), field.as_bytes(), of]),
            ),
            person,
            field: Field(field.to_owned()),
            text,
        };
        let mut kept = vec![];
        if Target::of(self.kind.stream, &self.subject).is_none() {
            let own = self.subject.clone();
            kept.push(entry("foreign_id", self.subject.as_bytes(), own));
        }
        if !self.extensions.is_empty() {
            let told = Value::Object(self.extensions.clone()).to_string();
            let event = self.command_id(secret);
            kept.push(entry("extensions", event.as_bytes(), told));
        }
        kept
    }
}

/// How a sender names, in a payload, what is told of elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    /// By the id of the event that told of it first.
    ByEvent,
    /// By the subject of the events that are about it, in this stream.
    BySubject(&'static str),
}

/// How what a field of a payload names may be named, if it names anything.
fn named_by(field: &str) -> Option<Named> {
    match field {
        "entry" => Some(Named::ByEvent),
        "participant_id" => Some(Named::BySubject("participant")),
        "referral_id" => Some(Named::BySubject("referral")),
        "tidgiver" => Some(Named::BySubject("tidgiver")),
        field => domain::event::kinds()
            .any(|kind| kind.names == Some(field))
            .then_some(Named::ByEvent),
    }
}

/// Whether a sender may name what a field of a payload names by an id of its own.
#[must_use]
pub fn may_be_named_as_own(field: &str) -> bool {
    named_by(field).is_some()
}
