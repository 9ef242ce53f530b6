//! The page: chapters of operations, with what each takes, answers, and who may ask.

use std::fmt::Write;

use serde_json::Value;

use super::{
    fields::{Field, Say, fields, line, resolved},
    try_it,
};
use crate::problem::Language;

/// The chapters: name, title, tag, and how their addresses begin.
const CHAPTERS: [(&str, &str, &str, &str); 9] = [
    ("intake", "Events from other systems", "intake", ""),
    ("queries", "Questions", "queries", ""),
    (
        "participants",
        "Commands: participants",
        "commands",
        "/v1/participants",
    ),
    (
        "referrals",
        "Commands: referrals",
        "commands",
        "/v1/referrals",
    ),
    (
        "tidgivere",
        "Commands: tidgivere",
        "commands",
        "/v1/tidgivere",
    ),
    (
        "cooperations",
        "Commands: cooperations",
        "commands",
        "/v1/cooperations",
    ),
    ("units", "Commands: units", "commands", "/v1/units"),
    ("operation", "Running the service", "operation", ""),
    ("service", "The service itself", "service", ""),
];

/// The roles, with what is theirs.
const ROLES: [(&str, &str); 9] = [
    ("veileder", "veileder (own department)"),
    (
        "tidgiver-coordinator",
        "tidgiver coordinator (own department)",
    ),
    ("department-leader", "department leader (own department)"),
    ("national-lead", "national lead"),
    ("analyst", "analyst"),
    (
        "institution",
        "institution (own referrals and cooperations)",
    ),
    ("tidgiver", "tidgiver (own oppdrag)"),
    ("participant", "participant (about themselves)"),
    ("operator", "operator"),
];

const INTRODUCTION: [&str; 7] = [
    "Everything but the service itself asks for a token: `Authorization: Bearer …`. What is not \
     yours looks the same as what is not there: 404.",
    "A command asks that something be recorded. It answers with the position in the log to ask \
     for, the record's version, and in `ids` the ids of what it was told to and what it brought \
     into being.",
    "A question is answered as of a day, and as known at a moment. The answer names the position \
     it shows and the definition it counts by.",
    "Where small counts are hidden from the asker, `withheld` in the answer names the fields that \
     are held back, and by which rule: empty or null there does not mean none.",
    "Where a record stands still at an event that could not be taken in, `standing_still` in the \
     answer counts such records: what came last in them is missing.",
    "What goes wrong is told as a problem (RFC 9457): its `type` names the rule, `pointer` the \
     place in what was sent, in Norwegian or English by `Accept-Language`.",
    "Fields are told once; those not listed are refused.",
];

/// One operation of the document.
struct Operation<'a> {
    method: String,
    path: &'a str,
    said: &'a Value,
}

/// The page in one language.
pub(super) fn page(document: &Value, language: Language, say: Say<'_>) -> String {
    let (lang, other) = match language {
        Language::Norwegian => (
            "nb",
            r#"<a href="/docs?lang=en" lang="en" hreflang="en">English</a>"#,
        ),
        Language::English => (
            "en",
            r#"<a href="/docs?lang=nb" lang="nb" hreflang="nb">Norsk</a>"#,
        ),
    };
    let chapters: Vec<_> = CHAPTERS
        .iter()
        .map(|(id, title, tag, path)| (*id, say(title), operations(document, tag, path)))
        .collect();
    let mut page = format!(
        r##"<!doctype html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} – Stegspor</title>
<link rel="stylesheet" href="/docs/style.css">
<script src="/docs/try.js" defer></script>
</head>
<body>
<a class="skip" href="#main">{skip}</a>
<main id="main">
<p class="language">{other}</p>
<h1>{title}</h1>
"##,
        title = said(say, "The interface of Stegspor"),
        skip = said(say, "To the content"),
    );
    for paragraph in INTRODUCTION {
        let _ = writeln!(page, "<p>{}</p>", said(say, paragraph));
    }
    let _ = writeln!(
        page,
        "<p><a href=\"/openapi.json\">{}</a></p>\n<nav aria-label=\"{}\">",
        said(
            say,
            "The same as an OpenAPI 3.1 document, with the shapes of all answers"
        ),
        said(say, "Contents"),
    );
    for (id, title, operations) in &chapters {
        contents(&mut page, id, title, operations);
    }
    page.push_str("</nav>\n");
    for (id, title, operations) in &chapters {
        chapter(&mut page, document, (*id, title.as_str()), operations, say);
    }
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

fn operations<'a>(document: &'a Value, tag: &str, begins: &str) -> Vec<Operation<'a>> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths
        .filter(|(path, _)| path.starts_with(begins))
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().into_iter().flatten();
            methods.map(move |(method, said)| Operation {
                method: method.to_uppercase(),
                path,
                said,
            })
        })
        .filter(|operation| operation.said["tags"][0] == tag)
        .collect()
}

fn contents(page: &mut String, id: &str, title: &str, operations: &[Operation<'_>]) {
    let _ = writeln!(
        page,
        "<details><summary>{title}</summary>\n<ul>\n<li><a href=\"#{id}\">{title}</a></li>",
        title = escaped(title)
    );
    for operation in operations {
        let _ = writeln!(
            page,
            "<li><a href=\"#{}\"><code>{} {}</code></a></li>",
            operation.anchor(),
            operation.method,
            escaped(operation.path)
        );
    }
    page.push_str("</ul></details>\n");
}

fn chapter(
    page: &mut String,
    document: &Value,
    (id, title): (&str, &str),
    operations: &[Operation<'_>],
    say: Say<'_>,
) {
    let _ = writeln!(page, "<h2 id=\"{id}\">{}</h2>", escaped(title));
    if operations.iter().any(Operation::can_be_tried) {
        try_it::token(page, say);
    }
    let common = common_parameters(operations);
    if !common.is_empty() {
        let _ = writeln!(page, "<p>{}</p>", said(say, "All of these take:"));
        parameters(page, &common, title, say);
    }
    for operation in operations {
        section(page, document, operation, &common, say);
    }
}

/// The parameters that every operation of a chapter takes: they are told once.
fn common_parameters<'a>(operations: &[Operation<'a>]) -> Vec<&'a Value> {
    let [first, others @ ..] = operations else {
        return vec![];
    };
    if others.is_empty() {
        return vec![];
    }
    let takes = |operation: &Operation<'_>, one: &Value| operation.parameters().any(|it| it == one);
    first
        .parameters()
        .filter(|one| others.iter().all(|operation| takes(operation, one)))
        .collect()
}

fn section(
    page: &mut String,
    document: &Value,
    operation: &Operation<'_>,
    common: &[&Value],
    say: Say<'_>,
) {
    let address = format!("{} {}", operation.method, operation.path);
    let _ = writeln!(
        page,
        "<section>\n<h3 id=\"{}\"><code>{}</code></h3>\n<p>{}</p>\n<p class=\"callers\">{} {}</p>",
        operation.anchor(),
        escaped(&address),
        text(operation.said["summary"].as_str(), say),
        said(say, "Who may do this:"),
        callers(operation.said, say),
    );
    let own: Vec<_> = operation
        .parameters()
        .filter(|one| !common.contains(one))
        .collect();
    if !own.is_empty() {
        parameters(page, &own, &address, say);
    }
    let bodies = operation.said["requestBody"]["content"].as_object();
    for (media, body) in bodies.into_iter().flatten() {
        sent(page, document, media, &body["schema"], &address, say);
    }
    answers(page, &operation.said["responses"], say);
    if operation.can_be_tried() {
        try_it::form(
            page,
            operation.said,
            operation.path,
            &operation.anchor(),
            say,
        );
    }
    page.push_str("</section>\n");
}

fn callers(operation: &Value, say: Say<'_>) -> String {
    let Some(roles) = operation["x-roles"].as_array() else {
        return said(say, "everybody, without a token");
    };
    let named = roles.iter().filter_map(|role| {
        let (_, named) = ROLES.iter().find(|(word, _)| role == word)?;
        Some(said(say, named))
    });
    named.collect::<Vec<_>>().join(" · ")
}

fn parameters(page: &mut String, all: &[&Value], label: &str, say: Say<'_>) {
    let heads = ["Parameter", "Where", "What"];
    table(page, &heads, label, say, |page| {
        for parameter in all {
            let place = match parameter["in"].as_str() {
                Some("path") => "in the address",
                Some("header") => "header",
                _ => "after the question mark",
            };
            let _ = writeln!(
                page,
                "<tr><th scope=\"row\"><code>{}</code></th><td>{}</td><td>{}</td></tr>",
                escaped(parameter["name"].as_str().unwrap_or_default()),
                said(say, place),
                text(parameter["description"].as_str(), say),
            );
        }
    });
}

/// What is sent: its fields, and, where it tells one of several kinds, the fields of each.
fn sent(
    page: &mut String,
    document: &Value,
    media: &str,
    schema: &Value,
    label: &str,
    say: Say<'_>,
) {
    let _ = writeln!(
        page,
        "<p>{} <code>{}</code></p>",
        said(say, "Body:"),
        escaped(media)
    );
    let schema = resolved(document, schema);
    let all = fields(document, schema, say);
    if all.is_empty() {
        let _ = writeln!(page, "<p>{}</p>", text(schema["description"].as_str(), say));
    } else {
        rows(page, &all, label, say);
    }
    for kind in schema["oneOf"].as_array().into_iter().flatten() {
        let wire = kind["title"].as_str().unwrap_or_default();
        let _ = writeln!(
            page,
            "<h4><code>{}</code></h4>\n<p>{}</p>\n<p class=\"callers\">{} {}</p>",
            escaped(wire),
            text(kind["description"].as_str(), say),
            said(say, "Who may do this:"),
            callers(kind, say),
        );
        let data = fields(document, &kind["properties"]["data"], say);
        if data.is_empty() {
            let _ = writeln!(page, "<p>{}</p>", said(say, "Its data have no fields."));
        } else {
            rows(page, &data, wire, say);
        }
    }
}

fn rows(page: &mut String, fields: &[Field<'_>], label: &str, say: Say<'_>) {
    table(page, &["Field", "Form", "What"], label, say, |page| {
        for field in fields {
            let optional = if field.required {
                String::new()
            } else {
                format!(" <span>{}</span>", said(say, "(optional)"))
            };
            let _ = write!(
                page,
                "<tr><th scope=\"row\"><code>{}</code>{optional}</th><td>{}</td><td>{}",
                escaped(field.name),
                escaped(&field.form),
                marked(&field.meaning),
            );
            if !field.words.is_empty() {
                page.push_str("\n<ul>\n");
                for (word, meaning) in &field.words {
                    let _ = writeln!(
                        page,
                        "<li><code>{}</code> {}</li>",
                        escaped(word),
                        marked(meaning)
                    );
                }
                page.push_str("</ul>");
            }
            page.push_str("</td></tr>\n");
        }
    });
}

fn answers(page: &mut String, responses: &Value, say: Say<'_>) {
    page.push_str("<ul class=\"answers\">\n");
    let all = responses.as_object().into_iter().flatten();
    for (status, answer) in all.filter(|(status, _)| *status != "default") {
        let mut headers = String::new();
        for name in answer["headers"].as_object().into_iter().flatten() {
            let _ = write!(headers, " <code>{}</code>", escaped(name.0));
        }
        let _ = writeln!(
            page,
            "<li><code>{status}</code> {}{headers}</li>",
            text(answer["description"].as_str(), say)
        );
    }
    page.push_str("</ul>\n");
}

/// A table that scrolls on its own where the screen is narrow.
fn table(
    page: &mut String,
    heads: &[&str],
    label: &str,
    say: Say<'_>,
    rows: impl FnOnce(&mut String),
) {
    let _ = write!(
        page,
        "<div class=\"wide\" role=\"group\" tabindex=\"0\" aria-label=\"{}\">\n<table><thead><tr>",
        escaped(label)
    );
    for head in heads {
        let _ = write!(page, "<th scope=\"col\">{}</th>", said(say, head));
    }
    page.push_str("</tr></thead><tbody>\n");
    rows(page);
    page.push_str("</tbody></table></div>\n");
}

impl<'a> Operation<'a> {
    fn parameters(&self) -> impl Iterator<Item = &'a Value> + use<'a> {
        self.said["parameters"].as_array().into_iter().flatten()
    }

    /// A question that is answered with JSON.
    fn can_be_tried(&self) -> bool {
        let is_asked = self.said["tags"][0] == "queries";
        is_asked && self.said["responses"]["200"]["content"]["application/json"].is_object()
    }

    fn anchor(&self) -> String {
        escaped(self.said["operationId"].as_str().unwrap_or_default())
    }
}

pub(super) fn said(say: Say<'_>, english: &str) -> String {
    marked(&say(english))
}

fn text(english: Option<&str>, say: Say<'_>) -> String {
    english.map_or_else(String::new, |english| said(say, &line(english)))
}

/// A sentence as it may stand in a page; what stands between backticks is code.
fn marked(text: &str) -> String {
    let mut marked = String::new();
    for (index, part) in text.split('`').enumerate() {
        let part = escaped(part);
        if index % 2 == 1 {
            let _ = write!(marked, "<code>{part}</code>");
        } else {
            marked.push_str(&part);
        }
    }
    marked
}

/// Text as it may stand in a page.
pub(in crate::routes) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
