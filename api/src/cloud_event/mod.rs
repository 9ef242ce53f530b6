//! CloudEvents 1.0: how other systems tell events, read strictly and turned into tellings.
//!
//! ```text
//! structured ─┐
//!             ├─▶ attributes and data ─▶ CloudEvent ─telling─▶ what the application is told
//! headers ────┘
//! ```

mod header;
mod naming;

use axum::http::HeaderMap;
use base64::{Engine, prelude::BASE64_STANDARD};
use domain::es::{OccurredAt, RecordedAt, TraceParent, amend::Kind};
use serde_json::{Map, Value};

use crate::{
    decode,
    problem::{Problem, Text, general},
};

pub use naming::may_be_named_as_own;

/// Characters of an attribute, at most.
const LONGEST: usize = 500;
/// Attributes of an event, at most.
const MOST: usize = 50;
/// What every event has.
const NEEDED: [&str; 5] = ["specversion", "id", "source", "type", "subject"];
/// What is understood besides.
const UNDERSTOOD: [&str; 7] = [
    "time",
    "datacontenttype",
    "dataschema",
    "recordedat",
    "recorded_at",
    "traceparent",
    "tracestate",
];
/// The beginning of the headers that tell attributes.
const PREFIX: &str = "ce-";

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
    /// Attributes that mean nothing here, and are kept.
    pub extensions: Map<String, Value>,
    /// The payload's fields.
    pub data: Map<String, Value>,
}

/// Whether headers tell an event's attributes.
#[must_use]
pub fn is_binary(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| name.as_str().starts_with(PREFIX))
}

/// Whether a media type is one of JSON.
#[must_use]
pub fn is_json(media: &str) -> bool {
    let (bare, _) = media.split_once(';').unwrap_or((media, ""));
    let bare = bare.trim().to_ascii_lowercase();
    bare.split_once('/')
        .is_some_and(|(_, form)| form == "json" || form.ends_with("+json"))
}

impl CloudEvent {
    /// Reads the structured form: one JSON object.
    pub fn structured(value: Value) -> Result<Self, Problem> {
        let mut attributes = decode::object(value, "")?;
        let data = match (attributes.remove("data"), attributes.remove("data_base64")) {
            (data, None) => data.unwrap_or(Value::Null),
            (None | Some(Value::Null), Some(Value::Null)) => Value::Null,
            (None, Some(encoded)) => from_base64(&encoded)?,
            (Some(_), Some(_)) => {
                return Err(wrong(
                    "/data_base64",
                    "data are told once: as data or as data_base64",
                    "data fortelles én gang: som data eller som data_base64",
                ));
            }
        };
        Self::read(attributes, data)
    }

    /// Reads the binary form: attributes in `ce-` headers, the payload as the body.
    pub fn binary(headers: &HeaderMap, data: Value) -> Result<Self, Problem> {
        let mut attributes = Map::new();
        for (name, value) in headers {
            let Some(name) = name.as_str().strip_prefix(PREFIX) else {
                continue;
            };
            let pointer = || format!("/{name}");
            let text = header::text(value.as_bytes()).ok_or_else(|| {
                wrong(
                    pointer(),
                    "an attribute is text in UTF-8, percent-encoded where HTTP asks for it",
                    "et attributt er tekst i UTF-8, prosentkodet der HTTP krever det",
                )
            })?;
            if attributes.insert(name.to_owned(), text.into()).is_some() {
                return Err(decode::told_twice(pointer()));
            }
        }
        Self::read(attributes, data)
    }

    fn read(mut attributes: Map<String, Value>, data: Value) -> Result<Self, Problem> {
        attributes.retain(|_, value| !value.is_null());
        checked(&attributes)?;
        let mut take = |name: &str| match attributes.remove(name) {
            Some(Value::String(text)) => Ok(Some(text)),
            None => Ok(None),
            Some(_) => Err(wrong(
                format!("/{name}"),
                "this attribute is text",
                "dette attributtet er tekst",
            )),
        };
        let mut needed = || {
            let [specversion, id, source, wire_type, subject] = NEEDED;
            let mut text = |name| take(name).map(Option::unwrap_or_default);
            Ok::<_, Problem>((
                text(specversion)?,
                text(id)?,
                text(source)?,
                text(wire_type)?,
                text(subject)?,
            ))
        };
        let (specversion, id, source, wire_type, subject) = needed()?;
        if specversion != "1.0" {
            return Err(wrong(
                "/specversion",
                "version 1.0 of CloudEvents is understood",
                "versjon 1.0 av CloudEvents forstås",
            ));
        }
        let kind = decode::by_wire_type(&wire_type)?;
        let [
            time,
            media,
            schema,
            recorded_at,
            recorded_at_too,
            traceparent,
            tracestate,
        ] = UNDERSTOOD;
        if take(media)?.is_some_and(|media| !is_json(&media)) {
            return Err(wrong(
                "/datacontenttype",
                "data are told as application/json",
                "data fortelles som application/json",
            ));
        }
        let time = moment(take(time)?, "/time")?;
        let recorded_at = match take(recorded_at)? {
            Some(text) => moment(Some(text), "/recordedat")?,
            None => moment(take(recorded_at_too)?, "/recorded_at")?,
        };
        let traceparent = take(traceparent)?.and_then(|text| text.try_into().ok());
        take(tracestate)?;
        take(schema)?;
        let data = match data {
            Value::Null => Map::new(),
            data => decode::object(data, "/data")?,
        };
        Ok(Self {
            id,
            source,
            kind,
            subject,
            time,
            recorded_at: recorded_at.map(|at| RecordedAt(at.begins())),
            traceparent,
            extensions: attributes,
            data,
        })
    }
}

/// The attributes have their form, and those that are needed are there. Told of all at once.
fn checked(attributes: &Map<String, Value>) -> Result<(), Problem> {
    let right = Problem::general(&general::INVALID_DATA);
    if attributes.len() > MOST {
        let many = Text::made(
            format!("an event has at most {MOST} attributes"),
            format!("en hendelse har høyst {MOST} attributter"),
        );
        return Err(right.at("", many));
    }
    let told = attributes
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), what_is_wrong(name, value)?)));
    let missing = NEEDED
        .into_iter()
        .filter(|name| !attributes.contains_key(*name))
        .map(|name| (name, IS_NEEDED));
    let mut wrong = told.chain(missing).peekable();
    if wrong.peek().is_none() {
        return Ok(());
    }
    Err(wrong.fold(right, |problem, (name, detail)| {
        problem.at(format!("/{name}"), detail)
    }))
}

const IS_NEEDED: Text = Text::of(
    "this attribute is needed, and short",
    "dette attributtet trengs, og er kort",
);

fn what_is_wrong(name: &str, value: &Value) -> Option<Text> {
    let of_letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if !(UNDERSTOOD.contains(&name) || name.chars().all(of_letters)) {
        return Some(Text::of(
            "an attribute's name is of small letters a to z and digits",
            "navnet på et attributt er av små bokstaver a til z og sifre",
        ));
    }
    let text = match value {
        Value::String(text) => text,
        Value::Bool(_) => return None,
        Value::Number(number) if number.is_i64() => return None,
        _ => {
            return Some(Text::of(
                "an attribute is text, a whole number, true or false",
                "et attributt er tekst, et helt tall, true eller false",
            ));
        }
    };
    if text.chars().any(char::is_control) {
        return Some(decode::NO_CONTROL_CHARACTERS);
    }
    let is_needed = NEEDED.contains(&name);
    if text.chars().count() > LONGEST || is_needed && text.is_empty() {
        return Some(if is_needed {
            IS_NEEDED
        } else {
            Text::of("this attribute is short", "dette attributtet er kort")
        });
    }
    None
}

fn from_base64(encoded: &Value) -> Result<Value, Problem> {
    let bytes = encoded
        .as_str()
        .and_then(|text| BASE64_STANDARD.decode(text).ok());
    bytes
        .and_then(|bytes| decode::json(&bytes).ok())
        .ok_or_else(|| {
            wrong(
                "/data_base64",
                "this is JSON in base64",
                "dette er JSON i base64",
            )
        })
}

fn wrong(pointer: impl Into<String>, en: &'static str, nb: &'static str) -> Problem {
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

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;
    use serde_json::json;

    use super::*;
    use crate::auth::Secret;

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
    fn all_that_is_missing_or_misshapen_is_told_at_once() {
        let told =
            json!({ "specversion": "1.0", "Type": "x", "ward": 1.5, "id": "", "source": "s" });
        let problem = CloudEvent::structured(told).unwrap_err();
        let told = problem.told(crate::problem::Language::English);
        let pointers: Vec<_> = told.errors.iter().map(|at| at.pointer.as_str()).collect();
        assert_eq!(pointers, ["/Type", "/id", "/ward", "/type", "/subject"]);
    }

    #[test]
    fn what_means_nothing_here_is_kept() {
        let mut event = proposed();
        event["ward"] = json!("B2");
        event["urgent"] = json!(true);
        event["bed"] = json!(7);
        event["nothing"] = Value::Null;
        event["traceparent"] = json!("none");
        event["dataschema"] = json!("/schemas/x");
        let event = CloudEvent::structured(event).unwrap();
        assert_eq!(
            Value::Object(event.extensions),
            json!({ "ward": "B2", "urgent": true, "bed": 7 })
        );
    }

    #[test]
    fn data_may_be_told_in_base64_and_only_once() {
        let as_base64 = |text: &str| {
            let mut event = proposed();
            event.as_object_mut().unwrap().remove("data");
            event["data_base64"] = json!(BASE64_STANDARD.encode(text));
            event
        };
        let event = CloudEvent::structured(as_base64(r#"{"to":"stegforsteg-oslo"}"#)).unwrap();
        assert_eq!(event.data["to"], "stegforsteg-oslo");
        let mut twice = proposed();
        twice["data_base64"] = json!("e30=");
        let mut no_base64 = as_base64("{}");
        no_base64["data_base64"] = json!("{}");
        let pointer = |event| {
            let problem = CloudEvent::structured(event).unwrap_err();
            problem.told(crate::problem::Language::English).pointer
        };
        for event in [twice, no_base64, as_base64("{")] {
            assert_eq!(pointer(event).as_deref(), Some("/data_base64"));
        }
        assert_eq!(pointer(as_base64("[]")).as_deref(), Some("/data"));
    }

    #[test]
    fn json_goes_by_several_names() {
        for media in [
            "application/json",
            "Text/JSON; charset=utf-8",
            "application/x+json",
        ] {
            assert!(is_json(media), "{media}");
        }
        for media in ["json", "application/xml", "application/json+xml", ""] {
            assert!(!is_json(media), "{media}");
        }
    }
}
