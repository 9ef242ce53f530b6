//! What a JSON Schema asks for, field by field, in words.

use serde_json::Value;

/// Says a sentence in the reader's language.
pub(in crate::routes) type Say<'a> = &'a dyn Fn(&str) -> String;

/// One field of an object.
pub(in crate::routes) struct Field<'a> {
    pub(in crate::routes) name: &'a str,
    pub(in crate::routes) required: bool,
    /// What form it has: a date, a list of words, ….
    pub(in crate::routes) form: String,
    /// What it means.
    pub(in crate::routes) meaning: String,
    /// The words to choose from, each with its meaning.
    pub(in crate::routes) words: Vec<(&'a str, String)>,
}

/// The fields of an object: those that are needed first.
pub(in crate::routes) fn fields<'a>(
    document: &'a Value,
    schema: &'a Value,
    say: Say<'_>,
) -> Vec<Field<'a>> {
    let schema = resolved(document, schema);
    let required = |name: &str| {
        let mut needed = schema["required"].as_array().into_iter().flatten();
        needed.any(|one| one == name)
    };
    let properties = schema["properties"].as_object();
    let mut fields: Vec<Field<'a>> = properties
        .into_iter()
        .flatten()
        .map(|(name, shape)| Field {
            name,
            required: required(name),
            form: form(document, shape, say),
            meaning: meaning(document, shape).map_or_else(String::new, |text| say(&text)),
            words: words(document, shape, say),
        })
        .collect();
    fields.sort_by_key(|field| !field.required);
    fields
}

/// The schema that a reference leads to; of an optional one, what it is when it is there.
pub(in crate::routes) fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let reference = schema["$ref"].as_str();
    if let Some(found) = reference.and_then(|text| document.pointer(text.strip_prefix('#')?)) {
        return resolved(document, found);
    }
    let is_null = |one: &Value| one["type"] == "null";
    match schema["anyOf"].as_array().map(Vec::as_slice) {
        Some([one, null]) if is_null(null) => resolved(document, one),
        _ => schema,
    }
}

/// A text on one line.
pub(in crate::routes) fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn meaning(document: &Value, shape: &Value) -> Option<String> {
    let own = shape["description"].as_str();
    own.or_else(|| resolved(document, shape)["description"].as_str())
        .map(line)
}

fn form(document: &Value, shape: &Value, say: Say<'_>) -> String {
    let shape = resolved(document, shape);
    let is = |name: &str| match &shape["type"] {
        Value::Array(several) => several.iter().any(|one| one == name),
        one => one == name,
    };
    if let Some(value) = shape.get("const") {
        value.to_string()
    } else if shape["oneOf"].is_array() || shape["enum"].is_array() {
        say("one of these words")
    } else if shape["anyOf"].is_array() {
        say("date or moment")
    } else if is("array") {
        format!("{} {}", say("list:"), form(document, &shape["items"], say))
    } else if is("string") {
        text_form(shape, say)
    } else if is("integer") {
        say("whole number")
    } else if is("boolean") {
        say("true or false")
    } else if is("object") {
        say("JSON object")
    } else {
        say("any JSON")
    }
}

fn text_form(shape: &Value, say: Say<'_>) -> String {
    match (shape["format"].as_str(), shape["maxLength"].as_u64()) {
        (Some("date"), _) => say("date"),
        (Some("uuid"), _) => say("id (UUID)"),
        (_, Some(most)) => format!("{} (≤ {most})", say("text")),
        _ if shape.get("pattern").is_some() => say("short name"),
        _ => say("text"),
    }
}

fn words<'a>(document: &'a Value, shape: &'a Value, say: Say<'_>) -> Vec<(&'a str, String)> {
    let shape = resolved(document, shape);
    let shape = match shape.get("items") {
        Some(items) => resolved(document, items),
        None => shape,
    };
    let listed = shape["oneOf"].as_array().into_iter().flatten();
    listed
        .filter_map(|word| {
            let meaning = word["description"].as_str().map(line).unwrap_or_default();
            Some((word["const"].as_str()?, say(&meaning)))
        })
        .collect()
}
