//! The shape of what is sent.

use std::borrow::Cow;

use domain::es::{OccurredAt, amend::Kind};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::kinds;
use crate::{
    auth::callers,
    routes::{schemas, shape},
};

/// An event as it is told: the shape of what is sent.
pub(super) struct Event;

impl JsonSchema for Event {
    fn schema_name() -> Cow<'static, str> {
        "CloudEvent".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let kinds: Vec<Value> = kinds().map(|kind| of_kind(kind, generator)).collect();
        json_schema!({
            "type": "object",
            "description": "An event, as CloudEvents 1.0 has it.",
            "required": ["specversion", "id", "source", "type", "subject"],
            "properties": {
                "specversion": { "const": "1.0", "description": "The version of CloudEvents." },
                "id": {
                    "type": "string",
                    "description": "The event's id in the sender's system: sent again, it is stored once."
                },
                "source": {
                    "type": "string",
                    "format": "uri-reference",
                    "description": "The sender's system."
                },
                "type": { "type": "string", "description": "What kind of fact it is: see below." },
                "subject": {
                    "type": "string",
                    "description": "Of what: a referral's id, ours or the sender's own; or `unit~department`."
                },
                "time": OccurredAt::json_schema(generator),
                "traceparent": {
                    "type": "string",
                    "description": "The trace it belongs to (W3C trace context)."
                },
                "datacontenttype": {
                    "const": "application/json",
                    "description": "The form of `data`."
                },
                "dataschema": {
                    "type": "string",
                    "format": "uri-reference",
                    "description": "The schema of `data`; ours stand at `/schemas/` and the type."
                },
                "data": {
                    "type": "object",
                    "description": "What it tells; its fields depend on the type. What it names, it names by our id (a UUID), or by the sender's own: the `id` of the event of the same `source` that told of it first; of a person, a referral or a tidgiver, the `subject`."
                }
            },
            "oneOf": kinds,
        })
    }
}

fn of_kind(kind: &Kind, generator: &mut SchemaGenerator) -> Value {
    let data = shape::payload(kind, generator).to_value();
    let needs_data = data["required"]
        .as_array()
        .is_some_and(|all| !all.is_empty());
    let required: &[&str] = if needs_data {
        &["type", "data"]
    } else {
        &["type"]
    };
    json!({
        "title": kind.wire_type(),
        "description": kind.doc.trim(),
        "required": required,
        "x-schema": schemas::address(kind),
        "x-roles": callers::of_command(kind),
        "properties": { "type": { "const": kind.wire_type() }, "data": data },
    })
}
