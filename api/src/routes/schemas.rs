//! `GET /schemas/{type}`: the JSON Schema of what an event of the intake tells in `data`. Its
//! address is what a sender names as `dataschema`.

use std::{collections::BTreeMap, sync::LazyLock};

use axum::{
    extract::Path,
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};
use domain::es::amend::Kind;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use super::{Endpoint, Operation, Parameter, intake, shape};
use crate::problem::{Problem, general};

const MEDIA: &str = "application/schema+json";

pub(super) fn endpoint() -> Endpoint {
    let mut operation = Operation::open(
        "/schemas/{type}",
        "schema",
        "The JSON Schema (2020-12) of what an event of a type tells in `data`.",
        MEDIA,
    );
    operation.parameters = vec![Parameter::path(
        "type",
        "The event's type: `no.stegspor.referral.referral-proposed.v1`.",
    )];
    Endpoint {
        route: "/schemas/{type}",
        methods: get(handle),
        operations: vec![operation],
    }
}

/// Where the schema of a kind stands.
pub(super) fn address(kind: &Kind) -> String {
    format!("/schemas/{}", kind.wire_type())
}

static SCHEMAS: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let schemas = intake::kinds().map(|kind| (kind.wire_type(), of(kind).to_string()));
    schemas.collect()
});

async fn handle(Path(wire_type): Path<String>) -> Result<Response, Problem> {
    let schema = SCHEMAS.get(&wire_type).ok_or(&general::NOT_FOUND)?;
    Ok(([(header::CONTENT_TYPE, MEDIA)], schema.as_str()).into_response())
}

/// A document that stands by itself.
fn of(kind: &Kind) -> Value {
    let settings = SchemaSettings::draft2020_12();
    let meta = settings.meta_schema.clone();
    let mut generator = settings.into_generator();
    let mut schema = shape::payload(kind, &mut generator).to_value();
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("$schema".to_owned(), meta.into());
        schema.insert("$id".to_owned(), address(kind).into());
        schema.insert("title".to_owned(), kind.wire_type().into());
        let mut known = generator.take_definitions(true);
        let mut needed = Map::new();
        define(&mut schema.values(), &mut known, &mut needed);
        if !needed.is_empty() {
            schema.insert("$defs".to_owned(), Value::Object(needed));
        }
    }
    schema
}

/// Takes over what a schema refers to, and what that refers to: of the kind itself, the shape that
/// stands in the log is known too, and is not what is sent.
fn define(
    schema: &mut dyn Iterator<Item = &Value>,
    known: &mut Map<String, Value>,
    needed: &mut Map<String, Value>,
) {
    for value in schema {
        match value {
            Value::Object(fields) => {
                let name = fields.get("$ref").and_then(Value::as_str);
                let name = name.and_then(|reference| reference.strip_prefix("#/$defs/"));
                if let Some((name, definition)) = name.and_then(|name| known.remove_entry(name)) {
                    define(&mut [&definition].into_iter(), known, needed);
                    needed.insert(name, definition);
                }
                define(&mut fields.values(), known, needed);
            }
            Value::Array(items) => define(&mut items.iter(), known, needed),
            _ => {}
        }
    }
}
