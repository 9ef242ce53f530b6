//! CloudEvents 1.0: how other systems tell events, read strictly and turned into tellings.

use axum::http::{HeaderMap, HeaderName};
use domain::es::{
    CorrelationId, OccurredAt, PersonKey, RecordedAt, TraceParent, VaultEntry, VaultEntryId,
    amend::Kind,
};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    app::{Application, By, Target, Telling},
    auth::{Purpose, Secret},
    decode,
    problem::{Problem, Text, general},
};

/// The source of events that this service itself told: their ids are kept.
const OURS: &str = "stegspor";
/// Characters of an attribute, at most.
const LONGEST: usize = 500;

/// An event as another system tells it.
#[derive(Debug, Clone)]
pub struct CloudEvent {
    /// Its id in that system.
    pub id: String,
    /// That system.
    pub source: String,
    /// What kind of fact it is.
    pub kind: &'static Kind,
    /// Of what: an id of ours, or that system's own.
    pub subject: String,
    /// When it happened.
    pub time: Option<OccurredAt>,
    /// When it became known, in a history that tells that (extension `recordedat`).
    pub recorded_at: Option<RecordedAt>,
    /// The trace it belongs to (extension `traceparent`).
    pub traceparent: Option<TraceParent>,
    /// The payload's fields.
    pub data: Map<String, Value>,
}

impl CloudEvent {
    /// Reads the structured form: one JSON object.
    pub fn structured(value: Value) -> Result<Self, Problem> {
        let mut fields = decode::object(value, "")?;
        if fields.contains_key("data_base64") {
            return Err(wrong(
                "/data_base64",
                "data are told as JSON, in data",
                "data fortelles som JSON, i data",
            ));
        }
        let data = fields.remove("data").unwrap_or(Value::Null);
        let attribute = |name: &str| match fields.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(wrong(
                &format!("/{name}"),
                "an attribute is text",
                "et attributt er tekst",
            )),
        };
        Self::read(attribute, data)
    }

    /// Reads the binary form: attributes in `ce-` headers, the payload as the body.
    pub fn binary(headers: &HeaderMap, data: Value) -> Result<Self, Problem> {
        let attribute = |name: &str| {
            let Ok(header) = HeaderName::try_from(format!("ce-{name}")) else {
                return Ok(None);
            };
            let mut told = headers.get_all(header).iter();
            let Some(value) = told.next() else {
                return Ok(None);
            };
            if told.next().is_some() {
                return Err(decode::told_twice(format!("/{name}")));
            }
            percent_decoded(value.as_bytes()).map(Some).ok_or_else(|| {
                wrong(
                    &format!("/{name}"),
                    "an attribute is text in UTF-8, percent-encoded where HTTP asks for it",
                    "et attributt er tekst i UTF-8, prosentkodet der HTTP krever det",
                )
            })
        };
        Self::read(attribute, data)
    }

    fn read(
        attribute: impl Fn(&str) -> Result<Option<String>, Problem>,
        data: Value,
    ) -> Result<Self, Problem> {
        let needed = |name: &str| {
            let text = attribute(name)?;
            if text
                .iter()
                .flat_map(|text| text.chars())
                .any(char::is_control)
            {
                return Err(Problem::general(&general::INVALID_DATA)
                    .at(format!("/{name}"), decode::NO_CONTROL_CHARACTERS));
            }
            text.filter(|text| !text.is_empty() && text.chars().count() <= LONGEST)
                .ok_or_else(|| {
                    wrong(
                        &format!("/{name}"),
                        "this attribute is needed, and short",
                        "dette attributtet trengs, og er kort",
                    )
                })
        };
        if needed("specversion")? != "1.0" {
            return Err(wrong(
                "/specversion",
                "version 1.0 of CloudEvents is understood",
                "versjon 1.0 av CloudEvents forstås",
            ));
        }
        let kind = decode::by_wire_type(&needed("type")?)?;
        let media = attribute("datacontenttype")?.unwrap_or_default();
        if !(media.is_empty() || media.starts_with("application/json")) {
            return Err(wrong(
                "/datacontenttype",
                "data are told as application/json",
                "data fortelles som application/json",
            ));
        }
        let data = match data {
            Value::Null => Map::new(),
            data => decode::object(data, "/data")?,
        };
        Ok(Self {
            id: needed("id")?,
            source: needed("source")?,
            kind,
            subject: needed("subject")?,
            time: moment(attribute("time")?, "/time")?,
            recorded_at: match attribute("recordedat")? {
                Some(text) => moment(Some(text), "/recordedat")?,
                None => moment(attribute("recorded_at")?, "/recorded_at")?,
            }
            .map(|at| RecordedAt(at.begins())),
            traceparent: attribute("traceparent")?.and_then(|text| text.try_into().ok()),
            data,
        })
    }

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
                correlation_id: CorrelationId(by.correlation_id.0),
                traceparent: self.traceparent.or(by.traceparent),
                ..by
            },
        })
    }

    /// The sender's own id of what it is about, for the vault; `None` if it is an id of ours.
    #[must_use]
    pub fn foreign_id(&self, secret: &Secret) -> Option<VaultEntry> {
        if Target::of(self.kind.stream, &self.subject).is_some() {
            return None;
        }
        let person = self.target(secret).ok()?.person()?;
        let parts = [
            person.0.as_bytes().as_slice(),
            b"foreign_id",
            self.subject.as_bytes(),
        ];
        Some(VaultEntry {
            id: VaultEntryId(secret.id(Purpose::Words, &parts)),
            person: PersonKey(person.0),
            field: domain::es::Field("foreign_id".to_owned()),
            text: self.subject.clone(),
        })
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

fn wrong(pointer: &str, en: &'static str, nb: &'static str) -> Problem {
    Problem::general(&general::INVALID_DATA).at(pointer, Text::of(en, nb))
}

fn moment(text: Option<String>, pointer: &str) -> Result<Option<OccurredAt>, Problem> {
    text.map(|text| {
        text.parse().map_err(|_| {
            wrong(
                pointer,
                "a moment with its time zone (2020-03-01T09:30:00Z), or a date (2020-03-01)",
                "et tidspunkt med tidssone (2020-03-01T09:30:00Z), eller en dato (2020-03-01)",
            )
        })
    })
    .transpose()
}

fn percent_decoded(bytes: &[u8]) -> Option<String> {
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let [first, after @ ..] = rest {
        rest = after;
        match (first, after) {
            (b'%', [high, low, after @ ..]) => {
                let hex = [*high, *low];
                let hex = std::str::from_utf8(&hex).ok()?;
                decoded.push(u8::from_str_radix(hex, 16).ok()?);
                rest = after;
            }
            (b'%', _) => return None,
            (byte, _) => decoded.push(*byte),
        }
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn proposed() -> Value {
        json!({
            "specversion": "1.0", "id": "4711", "source": "/slemdal/journal",
            "type": "no.stegspor.referral.referral-proposed.v1", "subject": "ref-17",
            "time": "2021-06-30T09:00:00Z",
            "data": { "from": "slemdal", "to": "stegforsteg-oslo", "situation": "in-patient" },
        })
    }

    #[test]
    fn the_same_event_gets_the_same_ids_and_another_gets_others() {
        let secret = Secret::of([7; 32]);
        let event = CloudEvent::structured(proposed()).unwrap();
        let again = CloudEvent::structured(proposed()).unwrap();
        assert_eq!(event.command_id(&secret), again.command_id(&secret));
        assert_eq!(event.target(&secret), again.target(&secret));
        let other = CloudEvent {
            source: "/loland/journal".to_owned(),
            ..event.clone()
        };
        assert_ne!(event.command_id(&secret), other.command_id(&secret));
        assert_ne!(event.target(&secret), other.target(&secret));
    }

    #[test]
    fn the_binary_form_says_the_same() {
        let mut headers = HeaderMap::new();
        let Value::Object(fields) = proposed() else {
            panic!("an object")
        };
        for (name, value) in &fields {
            if let Some(text) = value.as_str() {
                let name: HeaderName = format!("ce-{name}").parse().unwrap();
                headers.insert(name, text.parse().unwrap());
            }
        }
        let binary = CloudEvent::binary(&headers, fields["data"].clone()).unwrap();
        let structured = CloudEvent::structured(proposed()).unwrap();
        assert_eq!(format!("{binary:?}"), format!("{structured:?}"));
    }

    #[test]
    fn what_is_missing_or_unknown_is_pointed_at() {
        for (name, value, rule) in [
            ("specversion", json!("0.3"), "invalid-data"),
            ("id", json!(""), "invalid-data"),
            (
                "type",
                json!("no.stegspor.referral.sold.v1"),
                "unknown-kind",
            ),
            (
                "type",
                json!("no.stegspor.referral.referral-proposed.v9"),
                "unknown-version",
            ),
            ("time", json!("yesterday"), "invalid-data"),
            ("subject", json!(7), "invalid-data"),
            ("subject", json!("ref\u{0}17"), "invalid-data"),
            ("data", json!([]), "invalid-data"),
        ] {
            let mut event = proposed();
            event[name] = value;
            let problem = CloudEvent::structured(event).unwrap_err();
            let told = problem.told(crate::problem::Language::English);
            assert_eq!(told.pointer, Some(format!("/{name}")));
            assert_eq!(told.rule, rule);
        }
    }

    #[test]
    fn percent_encoding_is_undone() {
        assert_eq!(percent_decoded(b"%C3%B8st 1"), Some("øst 1".to_owned()));
        assert_eq!(percent_decoded(b"%C3"), None);
        assert_eq!(percent_decoded(b"%"), None);
    }
}
