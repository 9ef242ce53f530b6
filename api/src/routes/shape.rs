//! The payload of a kind as it is sent: words in the place of the vault's entries, and without
//! need to name what is new.

use domain::es::{OccurredAt, amend::Kind};
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::{cloud_event, decode::MOST_CHARACTERS};

/// What an event of the intake tells in `data`: what it names may be named by ids of the sender's
/// own.
pub(super) fn payload(kind: &Kind, generator: &mut SchemaGenerator) -> Schema {
    with_fields(kind, generator, |fields| {
        for (name, field) in fields {
            if cloud_event::may_be_named_as_own(name) {
                let kind = match field.get("anyOf") {
                    Some(_) => json!(["string", "null"]),
                    None => json!("string"),
                };
                *field = json!({ "type": kind, "description": field["description"] });
            }
        }
    })
}

/// What a command's body tells: the payload, and when it happened.
pub(super) fn command(kind: &Kind, generator: &mut SchemaGenerator) -> Schema {
    let occurred_at = generator.subschema_for::<OccurredAt>().to_value();
    with_fields(kind, generator, |fields| {
        fields.entry("occurred_at").or_insert(occurred_at);
    })
}

fn with_fields(
    kind: &Kind,
    generator: &mut SchemaGenerator,
    add: impl FnOnce(&mut Map<String, Value>),
) -> Schema {
    let reference = (kind.schema)(generator);
    let name = reference
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|reference| reference.rsplit('/').next());
    let Some(mut shape) = name
        .and_then(|name| generator.definitions().get(name))
        .cloned()
    else {
        return reference;
    };
    if let Some(fields) = shape
        .as_object_mut()
        .map(|shape| shape.entry("properties").or_insert_with(|| json!({})))
        .and_then(Value::as_object_mut)
    {
        for name in kind.personal {
            let kept = fields
                .get(*name)
                .and_then(|field| field["description"].as_str());
            let told = kept.unwrap_or_default().replace(": the vault's entry", "");
            fields.insert(
                (*name).to_owned(),
                json!({ "type": "string", "maxLength": MOST_CHARACTERS, "description": told }),
            );
        }
        add(fields);
    }
    if let Some(required) = shape.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|field| field.as_str() != kind.names || kind.names.is_none());
    }
    Schema::try_from(shape).unwrap_or(reference)
}
