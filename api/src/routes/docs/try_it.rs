//! The forms in which a question is tried from the page. They need the page's script, and are hidden
//! without it: a form of the browser's own would put the token, or a person, into an address.

use std::fmt::Write;

use serde_json::Value;

use super::{
    fields::Say,
    page::{escaped, said},
};

/// The field for the token, once for all questions.
pub(super) fn token(page: &mut String, say: Say<'_>) {
    let _ = writeln!(
        page,
        "<form class=\"token\" id=\"token-form\" hidden>\n<label for=\"token\">{}</label>\n\
         <input id=\"token\" type=\"password\" autocomplete=\"off\" spellcheck=\"false\" \
         aria-describedby=\"token-kept\">\n<p id=\"token-kept\">{}</p>\n</form>",
        said(say, "Token, to try questions here"),
        said(
            say,
            "It is kept by this page until you leave it, sent with the questions you ask, and \
             stands in no address."
        ),
    );
}

/// The form of one question.
pub(super) fn form(page: &mut String, operation: &Value, path: &str, anchor: &str, say: Say<'_>) {
    let _ = writeln!(
        page,
        "<details class=\"try\" hidden><summary>{} <code>{path}</code></summary>\n\
         <form data-path=\"{path}\" data-making=\"{}\" data-answered=\"{}\" data-refused=\"{}\" \
         data-stopped=\"{}\" data-unreachable=\"{}\">",
        said(say, "Try it:"),
        attribute(say, "The tables of that day are being made from the log."),
        attribute(say, "Answered."),
        attribute(say, "There is no answer; below it says why."),
        attribute(say, "Stopped."),
        attribute(say, "The service cannot be reached."),
        path = escaped(path),
    );
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        field(page, parameter, anchor, say);
    }
    let _ = writeln!(
        page,
        "<p><button type=\"submit\">{ask}</button> <button type=\"button\" disabled>{stop}</button></p>\n\
         <progress max=\"1\" value=\"0\" aria-label=\"{label}\" hidden></progress>\n\
         <p role=\"status\"></p>\n\
         <pre role=\"region\" tabindex=\"0\" aria-label=\"{answer}\" hidden></pre>\n</form></details>",
        ask = said(say, "Ask"),
        stop = said(say, "Stop"),
        label = attribute(say, "How far the tables are"),
        answer = attribute(say, "Answer"),
    );
}

fn field(page: &mut String, parameter: &Value, anchor: &str, say: Say<'_>) {
    let name = escaped(parameter["name"].as_str().unwrap_or_default());
    let in_path = parameter["in"] == "path";
    let schema = &parameter["schema"];
    let kind = if schema["type"] == "integer" {
        "type=\"number\" min=\"0\""
    } else if schema["format"] == "date" {
        "type=\"date\""
    } else {
        "type=\"text\" spellcheck=\"false\""
    };
    let (optional, required) = if in_path {
        (String::new(), " required")
    } else {
        (format!(" {}", said(say, "(optional)")), "")
    };
    let place = if in_path { "path" } else { "query" };
    let _ = writeln!(
        page,
        "<p><label for=\"{anchor}-{name}\"><code>{name}</code>{optional}</label> \
         <input id=\"{anchor}-{name}\" name=\"{name}\" data-in=\"{place}\" autocomplete=\"off\" \
         {kind}{required}></p>"
    );
}

fn attribute(say: Say<'_>, english: &str) -> String {
    escaped(&say(english))
}
