//! The one decoder of what is told from outside: commands, imported lines and the intake's events
//! all come through here.
//!
//! ```text
//! bytes ─json──▶ value ─object──▶ fields ─payload──▶ shape checked, names given,
//!                                                    words taken out for the vault
//! ```

mod json;
mod shape;
mod unique;

use axum::http::StatusCode;
use domain::{
    es::{Field, PersonKey, VaultEntry, VaultEntryId, amend::Kind},
    rules,
};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    auth::{Purpose, Secret},
    problem::{Problem, Text, general},
};

pub use json::{json, object, told_twice};
pub use shape::checked;

/// The most characters that may be written of a person in one field (rule D24).
pub const MOST_CHARACTERS: usize = 500;

/// A payload that has the shape of its kind, and holds no words about a person any more.
#[derive(Debug, Clone)]
pub struct Payload {
    /// What kind of fact it tells.
    pub kind: &'static Kind,
    /// The fact, ready for the log.
    pub data: Value,
    /// The words it told, for the vault.
    pub words: Vec<VaultEntry>,
}

/// Finds a kind by its stream and its command.
#[must_use]
pub fn by_command(stream: &str, command: &str) -> Option<&'static Kind> {
    domain::event::kinds().find(|kind| kind.stream == stream && kind.command == command)
}

/// Finds a kind by its type on the wire: `no.stegspor.<stream>.<kind>.v<n>`.
pub fn by_wire_type(wire: &str) -> Result<&'static Kind, Problem> {
    domain::event::kinds()
        .find(|kind| kind.wire_type() == wire)
        .ok_or_else(|| unknown(wire))
}

fn unknown(wire: &str) -> Problem {
    let without_version = |wire: &str| wire.rsplit_once(".v").map(|(name, _)| name.to_owned());
    let asked = without_version(wire).unwrap_or_else(|| wire.to_owned());
    let known: Vec<String> = domain::event::kinds()
        .map(Kind::wire_type)
        .filter(|known| without_version(known).as_ref() == Some(&asked))
        .collect();
    if known.is_empty() {
        let detail = Text::of(
            "a type is no.stegspor.<stream>.<kind>.v<version>; /docs lists them",
            "en type er no.stegspor.<strøm>.<slag>.v<versjon>; /docs lister dem opp",
        );
        return Problem::general(&general::UNKNOWN_KIND).at("/type", detail);
    }
    let known = known.join(", ");
    let detail = Text::made(
        format!("known of this kind: {known}"),
        format!("kjent av denne typen: {known}"),
    );
    Problem::general(&general::UNKNOWN_VERSION).at("/type", detail)
}

/// Who and what a payload is told about.
#[derive(Debug, Clone, Copy)]
pub struct Naming<'a> {
    /// The command's id: what is brought into being is named by it.
    pub command_id: Uuid,
    /// Whose words they are, if the stream is a person's.
    pub person: Option<PersonKey>,
    /// Makes the ids of the vault's entries.
    pub secret: &'a Secret,
}

/// Reads the fields of a kind's payload. Pointers begin with `prefix`.
pub fn payload(
    kind: &'static Kind,
    mut fields: Map<String, Value>,
    naming: Naming<'_>,
    prefix: &str,
) -> Result<Payload, Problem> {
    if let Some(name) = kind.names {
        fields
            .entry(name)
            .or_insert_with(|| naming.command_id.to_string().into());
    }
    let words = take_words(kind, &mut fields, naming, prefix)?;
    let data = Value::Object(fields);
    checked(kind, &data, prefix)?;
    Ok(Payload { kind, data, words })
}

/// Puts the id of a vault entry in the place of each of a person's words.
pub fn take_words(
    kind: &Kind,
    fields: &mut Map<String, Value>,
    naming: Naming<'_>,
    prefix: &str,
) -> Result<Vec<VaultEntry>, Problem> {
    let mut words = Vec::new();
    let Some(person) = naming.person else {
        return Ok(words);
    };
    for name in kind.personal {
        let Some(Value::String(text)) = fields.get_mut(*name) else {
            continue;
        };
        if text.chars().any(|c| is_no_text(name, c)) {
            return Err(Problem::general(&general::INVALID_DATA)
                .at(format!("{prefix}/{name}"), NO_CONTROL_CHARACTERS));
        }
        if text.chars().count() > MOST_CHARACTERS {
            let detail = Text::made(
                format!("at most {MOST_CHARACTERS} characters are kept here"),
                format!("her bevares høyst {MOST_CHARACTERS} tegn"),
            );
            return Err(Problem::rule(rules::D24, StatusCode::UNPROCESSABLE_ENTITY)
                .detail(detail.clone())
                .at(format!("{prefix}/{name}"), detail));
        }
        let id = VaultEntryId(naming.secret.id(
            Purpose::Words,
            &[
                naming.command_id.as_bytes(),
                person.0.as_bytes(),
                name.as_bytes(),
                text.as_bytes(),
            ],
        ));
        words.push(VaultEntry {
            id,
            person,
            field: Field((*name).to_owned()),
            text: std::mem::replace(text, id.to_string()),
        });
    }
    Ok(words)
}

/// What is said of text that is none.
pub(crate) const NO_CONTROL_CHARACTERS: Text = Text::of(
    "there is a control character in this text",
    "det er et styretegn i denne teksten",
);

/// Whether a character does not belong into a person's words. A name stands on one line; longer
/// words may have several.
fn is_no_text(name: &str, c: char) -> bool {
    let breaks_lines = matches!(c, '\n' | '\r' | '\t');
    c.is_control() && (name == "name" || !breaks_lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn naming(secret: &Secret) -> Naming<'_> {
        Naming {
            command_id: Uuid::from_u128(1),
            person: Some(PersonKey(Uuid::from_u128(2))),
            secret,
        }
    }

    fn fields(value: Value) -> Map<String, Value> {
        let Value::Object(fields) = value else {
            panic!("an object")
        };
        fields
    }

    #[test]
    fn words_go_to_the_vault_and_the_event_keeps_their_entrys_id() {
        let secret = Secret::of([7; 32]);
        let kind = by_command("participant", "set-goal").unwrap();
        let told = fields(json!({ "text": "Finne en bolig", "participant_agreed": true }));
        let payload = payload(kind, told, naming(&secret), "").unwrap();
        let [entry] = payload.words.as_slice() else {
            panic!("one entry")
        };
        assert_eq!(entry.text, "Finne en bolig");
        assert_eq!(
            payload.data,
            json!({
                "text": entry.id,
                "participant_agreed": true,
                "goal_id": Uuid::from_u128(1),
            })
        );
    }

    #[test]
    fn what_does_not_fit_is_pointed_at() {
        let secret = Secret::of([7; 32]);
        let kind = by_command("participant", "make-first-contact").unwrap();
        let cases = [
            (json!({ "channels": [] }), "/event/department"),
            (
                json!({ "department": "stegforsteg-oslo", "channels": ["other", "gossip"] }),
                "/event/channels/1",
            ),
            (
                json!({ "department": "X", "channels": [] }),
                "/event/department",
            ),
            (
                json!({ "department": "stegforsteg-oslo", "channels": [], "diagnosis": "x" }),
                "/event/diagnosis",
            ),
        ];
        for (told, pointer) in cases {
            let problem = payload(kind, fields(told), naming(&secret), "/event").unwrap_err();
            let told = problem.told(crate::problem::Language::English);
            assert_eq!(told.pointer.as_deref(), Some(pointer), "{told:?}");
            assert_eq!(told.rule, "invalid-data");
        }
    }

    #[test]
    fn all_that_is_missing_is_told_at_once() {
        let secret = Secret::of([7; 32]);
        let pointers = |command, told| {
            let kind = by_command("participant", command).unwrap();
            let problem = payload(kind, fields(told), naming(&secret), "/data").unwrap_err();
            let told = problem.told(crate::problem::Language::English);
            let pointers = told.errors.into_iter().map(|at| at.pointer);
            pointers.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            pointers("make-first-contact", json!({})),
            "/data/department /data/channels"
        );
        // What is wrong besides stands first.
        assert_eq!(
            pointers("hold-contact", json!({ "channel": "fax" })),
            "/data/channel /data/with"
        );
        assert_eq!(
            pointers("correct-entry", json!({ "data": {} })),
            "/data/entry /data/occurred_at"
        );
    }

    #[test]
    fn words_are_text() {
        let secret = Secret::of([7; 32]);
        let contact = |name: &str| json!({ "department": "x1", "channels": [], "name": name });
        let goal = |text: &str| json!({ "text": text, "participant_agreed": true });
        let read = |command, told| {
            let kind = by_command("participant", command).unwrap();
            payload(kind, fields(told), naming(&secret), "/data")
        };
        for (command, told, pointer) in [
            ("make-first-contact", contact("Kari\0"), "/data/name"),
            ("make-first-contact", contact("Kari\nNormann"), "/data/name"),
            ("set-goal", goal("Bolig\u{1b}[31m"), "/data/text"),
            ("set-goal", goal("Bolig\u{85}"), "/data/text"),
        ] {
            let problem = read(command, told).unwrap_err();
            let told = problem.told(crate::problem::Language::English);
            assert_eq!((told.status, told.pointer.as_deref()), (422, Some(pointer)));
        }
        assert!(read("set-goal", goal("Bolig\nog arbeid")).is_ok());
    }

    #[test]
    fn notes_are_short() {
        let secret = Secret::of([7; 32]);
        let kind = by_command("participant", "set-goal").unwrap();
        let told = fields(json!({ "text": "ø".repeat(501), "participant_agreed": true }));
        let problem = payload(kind, told, naming(&secret), "").unwrap_err();
        assert_eq!(problem.rule_id(), "D24");
    }
}
