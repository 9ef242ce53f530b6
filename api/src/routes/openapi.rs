//! `GET /openapi.json`: the interface as OpenAPI 3.1, made of the table of endpoints and the
//! schemas of the code.

use std::sync::LazyLock;

use axum::{http::header, response::IntoResponse, routing::get};
use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::{Callers, Endpoint, Header, Operation, Parameter, Place};
use crate::problem;

pub(super) fn endpoint() -> Endpoint {
    Endpoint {
        route: "/openapi.json",
        methods: get(|| async {
            ([(header::CONTENT_TYPE, "application/json")], TEXT.as_str()).into_response()
        }),
        operations: vec![Operation::open(
            "/openapi.json",
            "openapi",
            "This document.",
            "application/json",
        )],
    }
}

/// The document.
pub(super) static DOCUMENT: LazyLock<Value> = LazyLock::new(document);

static TEXT: LazyLock<String> = LazyLock::new(|| DOCUMENT.to_string());

fn document() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        "/components/schemas".clone_into(settings.definitions_path.to_mut());
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    let problem = generator.subschema_for::<problem::Told>().to_value();
    let mut paths = Map::new();
    for endpoint in super::endpoints() {
        for operation in endpoint.operations {
            let described = described(&operation, &problem, &mut generator);
            let path = paths
                .entry(operation.path)
                .or_insert_with(|| Value::Object(Map::new()));
            if let Some(path) = path.as_object_mut() {
                path.insert(operation.method.to_owned(), described);
            }
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Stegspor",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "One log of the journeys through Steg for Steg, and answers from it.",
        },
        "tags": [
            { "name": "queries", "description": "Answers, as of a day and as known at a moment." },
            { "name": "commands", "description": "What is asked to be recorded." },
            { "name": "intake", "description": "Events from institutions' own systems." },
            { "name": "operation", "description": "For whoever runs the service." },
            { "name": "service", "description": "The service itself." },
        ],
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(true),
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
        },
        "security": [{ "token": [] }],
    })
}

fn described(operation: &Operation, problem: &Value, generator: &mut SchemaGenerator) -> Value {
    let mut responses = Map::new();
    for answered in &operation.answered {
        let schema = answered.shape.as_ref().map_or_else(
            || {
                if answered.media == "application/json" {
                    json!(true)
                } else {
                    json!({ "type": "string" })
                }
            },
            |shape| shape(generator).to_value(),
        );
        let content = json!({ "schema": schema });
        // The same in another form, as `Accept` asks.
        if let Some(response) = responses.get_mut(&answered.status.to_string()) {
            let first = response["description"].as_str().unwrap_or_default();
            response["description"] = json!(format!("{first} {}", answered.doc));
            response["content"][answered.media] = content;
        } else {
            let response = json!({
                "description": answered.doc,
                "headers": headers(answered.headers),
                "content": { answered.media: content },
            });
            responses.insert(answered.status.to_string(), response);
        }
    }
    responses.insert(
        "default".to_owned(),
        json!({
            "description": "What went wrong.",
            "content": { "application/problem+json": { "schema": problem } },
        }),
    );
    let mut described = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": operation.parameters.iter().map(parameter).collect::<Vec<_>>(),
        "responses": responses,
    });
    if !operation.bodies.is_empty() {
        let content: Map<_, _> = operation
            .bodies
            .iter()
            .map(|body| {
                let schema = (body.shape)(generator).to_value();
                (body.media.to_owned(), json!({ "schema": schema }))
            })
            .collect();
        described["requestBody"] = json!({ "content": content });
    }
    match &operation.callers {
        Callers::Everybody => described["security"] = json!([]),
        Callers::Roles(roles) => described["x-roles"] = json!(roles),
    }
    described
}

fn headers(headers: &[Header]) -> Map<String, Value> {
    let described = |header: &Header| {
        let described = json!({ "description": header.doc, "schema": { "type": "string" } });
        (header.name.to_owned(), described)
    };
    headers.iter().map(described).collect()
}

fn parameter(parameter: &Parameter) -> Value {
    let mut schema = json!({ "type": "string" });
    match parameter.format {
        "" => {}
        "integer" => schema = json!({ "type": "integer", "minimum": 0 }),
        format => schema["format"] = json!(format),
    }
    json!({
        "name": parameter.name,
        "in": match parameter.place {
            Place::Path => "path",
            Place::Query => "query",
            Place::Header => "header",
        },
        "required": parameter.place == Place::Path,
        "description": parameter.doc,
        "schema": schema,
    })
}
