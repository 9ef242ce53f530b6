//! The page: what is kept about a person, to be read and printed. Sentences and fields are told in
//! the words of the interface's own documentation.

use std::{collections::HashMap, fmt::Write, sync::LazyLock};

use domain::es::{Role, amend::Kind};
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::{
    app::{Export, ExportedEntry, KeptBesides},
    problem::{Language, Text},
    routes::docs::{
        escaped,
        fields::{Field, fields, line},
        wording::norwegian,
    },
};

const TITLE: Text = Text::of(
    "Everything that is kept about you in Steg for Steg",
    "Alt som er lagret om deg i Steg for Steg",
);
const TITLE_OF_PART: Text = Text::of(
    "What the department keeps about a participant in Steg for Steg",
    "Det avdelingen har lagret om en deltaker i Steg for Steg",
);
const RIGHTS: Text = Text::of(
    "These are the entries as they stand, each with who told it. You may ask for a mistake to be \
     corrected, and for everything to be erased; you may take back a consent at any time. Ask your \
     veileder. If you are not content with the answer, you may complain to Datatilsynet.",
    "Dette er oppføringene slik de står, hver med hvem som fortalte dem. Du kan be om at en feil \
     blir rettet, og om at alt blir slettet; et samtykke kan du trekke tilbake når som helst. Spør \
     veilederen din. Er du ikke fornøyd med svaret, kan du klage til Datatilsynet.",
);
const TOLD_AT: Text = Text::of("Told", "Fortalt");
const NUMBER: Text = Text::of("Your number here", "Nummeret ditt her");
const KNOWN: Text = Text::of("Written down", "Skrevet ned");
const BY: Text = Text::of("Told by", "Fortalt av");
const RETRACTED: Text = Text::of(
    "Retracted: this does not count any more.",
    "Trukket tilbake: dette gjelder ikke lenger.",
);
const CORRECTED: Text = Text::of(
    "Corrected: a later entry says what holds instead.",
    "Rettet: en senere oppføring sier hva som gjelder i stedet.",
);
const BESIDES: Text = Text::of("Kept besides", "Lagret ved siden av");
const YES: Text = Text::of("yes", "ja");
const NO: Text = Text::of("no", "nei");

/// The shapes of all kinds, as schemas.
static SHAPES: LazyLock<Shapes> = LazyLock::new(Shapes::of_all);

struct Shapes {
    document: Value,
    /// By stream and kind.
    kinds: HashMap<(&'static str, &'static str), (&'static Kind, Value)>,
}

impl Shapes {
    fn of_all() -> Self {
        let mut generator = SchemaSettings::draft2020_12().into_generator();
        let kinds = domain::event::kinds()
            .map(|kind| {
                let shape = (kind.schema)(&mut generator).to_value();
                ((kind.stream, kind.kind), (kind, shape))
            })
            .collect();
        let definitions = generator.take_definitions(true);
        Self {
            document: json!({ "$defs": definitions }),
            kinds,
        }
    }
}

pub(super) fn page(export: &Export, language: Language) -> String {
    let say = |text: &Text| escaped(text.in_language(language));
    let title = match export.held_by {
        None => say(&TITLE),
        Some(_) => say(&TITLE_OF_PART),
    };
    let mut page = format!(
        r#"<!doctype html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="/docs/style.css">
</head>
<body>
<main>
<h1>{title}</h1>
<p>{rights}</p>
<dl>
<dt>{told_at}</dt><dd>{at}</dd>
<dt>{number}</dt><dd><code>{id}</code></dd>
</dl>
"#,
        lang = match language {
            Language::English => "en",
            Language::Norwegian => "nb",
        },
        rights = say(&RIGHTS),
        told_at = say(&TOLD_AT),
        at = day_of(&export.told_at.to_string()),
        number = say(&NUMBER),
        id = export.participant_id,
    );
    let mut entries: Vec<_> = export.entries.iter().collect();
    entries.sort_by_key(|entry| (entry.occurred_at.day(), entry.recorded_at));
    for one in entries {
        entry(&mut page, one, language);
    }
    besides(&mut page, &export.kept_besides, language);
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

/// The day of a moment or a day.
fn day_of(moment: &str) -> &str {
    moment.split('T').next().unwrap_or(moment)
}

/// A sentence of the documentation, in the reader's language.
fn worded(english: &str, language: Language) -> String {
    match language {
        Language::English => english.to_owned(),
        Language::Norwegian => norwegian(english).unwrap_or(english).to_owned(),
    }
}

/// The first sentence of a text, without the rule that it names: the rest is for programmers.
fn first_sentence(text: &str) -> String {
    let ends = text.find(". ").map_or(text.len(), |end| end + 1);
    let mut sentence = text[..ends].to_owned();
    for opens in [" (rule ", " (regel "] {
        while let Some(from) = sentence.find(opens)
            && let Some(length) = sentence[from..].find(')')
        {
            sentence.replace_range(from..=from + length, "");
        }
    }
    sentence
}

fn entry(page: &mut String, one: &ExportedEntry, language: Language) {
    let say = |text: &Text| escaped(text.in_language(language));
    let known = SHAPES
        .kinds
        .iter()
        .find(|((stream, kind), _)| *stream == one.record && *kind == one.kind)
        .map(|(_, known)| known);
    let sentence = known.map_or_else(
        || one.kind.clone(),
        |(kind, _)| worded(&line(kind.doc.trim()), language),
    );
    let _ = writeln!(
        page,
        "<section>\n<h2><time>{}</time> {}</h2>",
        escaped(day_of(&one.occurred_at.to_string())),
        escaped(&first_sentence(&sentence)),
    );
    for (is_so, text) in [(one.retracted, &RETRACTED), (one.corrected, &CORRECTED)] {
        if is_so {
            let _ = writeln!(page, "<p><strong>{}</strong></p>", say(text));
        }
    }
    page.push_str("<dl>\n");
    if let Some(told) = one.data.as_object() {
        let shape = known.map_or(&Value::Null, |(_, shape)| shape);
        data(page, told, shape, language);
    }
    let unit = one.told_by.unit.as_ref();
    let role = in_capacity(one.told_by.role);
    let role = role.in_language(language);
    let by = unit.map_or_else(|| role.to_owned(), |unit| format!("{role}, {unit}"));
    let _ = writeln!(
        page,
        "<dt>{}</dt><dd>{}</dd>\n<dt>{}</dt><dd>{}</dd>\n</dl>\n</section>",
        say(&BY),
        escaped(&by),
        say(&KNOWN),
        escaped(day_of(&one.recorded_at.to_string())),
    );
}

/// In which capacity somebody told something.
const fn in_capacity(role: Role) -> Text {
    match role {
        Role::Veileder => Text::of("veileder", "veileder"),
        Role::TidgiverCoordinator => Text::of("tidgiver coordinator", "tidgiverkoordinator"),
        Role::DepartmentLeader => Text::of("department leader", "avdelingsleder"),
        Role::NationalLead => Text::of("national lead", "nasjonal leder"),
        Role::Analyst => Text::of("analyst", "analytiker"),
        Role::Institution => Text::of("institution", "institusjon"),
        Role::Tidgiver => Text::of("tidgiver", "tidgiver"),
        Role::Participant => Text::of("yourself", "deg selv"),
        Role::Operator => Text::of("an import", "en import"),
        Role::System => Text::of("it followed by itself", "det fulgte av seg selv"),
    }
}

fn data(page: &mut String, told: &Map<String, Value>, shape: &Value, language: Language) {
    // Here the words themselves stand, and not the reference to them.
    let say = |english: &str| worded(&english.replace(": the vault's entry", ""), language);
    let fields = fields(&SHAPES.document, shape, &say);
    for (name, value) in told.iter().filter(|(_, value)| !value.is_null()) {
        let field = fields.iter().find(|field| field.name == name);
        let meaning = field.map(|field| first_sentence(&field.meaning));
        let meaning = match meaning.as_deref().unwrap_or_default() {
            "" => name,
            meaning => meaning.trim_end_matches('.'),
        };
        let _ = write!(page, "<dt>{}</dt>", escaped(meaning));
        let _ = writeln!(page, "<dd>{}</dd>", escaped(&shown(value, field, language)));
    }
}

/// A value, in words where it is a code.
fn shown(value: &Value, field: Option<&Field<'_>>, language: Language) -> String {
    match value {
        Value::Bool(is_so) => {
            let word = if *is_so { YES } else { NO };
            word.in_language(language).to_owned()
        }
        Value::String(text) => {
            let words = field.map_or(&[][..], |field| &field.words);
            let meaning = words.iter().find(|(code, _)| code == text);
            meaning.map_or_else(
                || text.clone(),
                |(_, meaning)| meaning.trim_end_matches('.').to_owned(),
            )
        }
        Value::Array(items) => {
            let items = items.iter().map(|item| shown(item, field, language));
            items.collect::<Vec<_>>().join("; ")
        }
        Value::Object(fields) => {
            let fields = fields.iter();
            let fields =
                fields.map(|(name, value)| format!("{name}: {}", shown(value, None, language)));
            fields.collect::<Vec<_>>().join("; ")
        }
        Value::Number(number) => number.to_string(),
        Value::Null => String::new(),
    }
}

fn besides(page: &mut String, kept: &[KeptBesides], language: Language) {
    if kept.is_empty() {
        return;
    }
    let title = escaped(BESIDES.in_language(language));
    let _ = writeln!(page, "<section>\n<h2>{title}</h2>\n<dl>");
    for one in kept {
        let (field, text) = (escaped(&one.field), escaped(&one.text));
        let _ = writeln!(page, "<dt>{field}</dt><dd>{text}</dd>");
    }
    page.push_str("</dl>\n</section>\n");
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn all_that_stands_in_a_persons_records_has_its_norwegian_wording() {
        let missing = RefCell::new(vec![]);
        let say = |english: &str| {
            let english = english.replace(": the vault's entry", "");
            if !english.is_empty() && norwegian(&english).is_none() {
                missing.borrow_mut().push(english.clone());
            }
            english
        };
        let of_persons = SHAPES.kinds.values();
        for (kind, shape) in
            of_persons.filter(|(kind, _)| ["participant", "referral"].contains(&kind.stream))
        {
            say(&line(kind.doc.trim()));
            fields(&SHAPES.document, shape, &say);
        }
        let missing = missing.into_inner();
        assert!(missing.is_empty(), "without Norwegian: {missing:#?}");
    }

    #[test]
    fn a_sentence_is_told_without_what_is_for_programmers() {
        let told = [
            "A contact (rule D16). It has a channel.",
            "Et mål (regel D18).",
            "Plain",
        ];
        assert_eq!(told.map(first_sentence), ["A contact.", "Et mål.", "Plain"]);
    }
}
