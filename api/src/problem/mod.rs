//! What went wrong, told to whoever asked: problem details (RFC 9457) with a stable `type`, in
//! Norwegian or English.
//!
//! A problem either names a rule of the programme or one of the [`general`] reasons. Its
//! text never repeats what another module says of itself: what failed inside is logged where it is
//! handled, and told as "not available".

pub mod general;
mod layer;
mod rejection;

use std::borrow::Cow;

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::rules::Rule;
use schemars::JsonSchema;
use serde::Serialize;

pub use general::General;
pub(crate) use layer::{internal, localise};
pub use rejection::{Refused, for_another, in_future, too_long_ago, unregistered};

/// A sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// English.
    pub en: Cow<'static, str>,
    /// Norwegian (bokmål).
    pub nb: Cow<'static, str>,
}

impl Text {
    /// A sentence known beforehand.
    #[must_use]
    pub const fn of(en: &'static str, nb: &'static str) -> Self {
        Self {
            en: Cow::Borrowed(en),
            nb: Cow::Borrowed(nb),
        }
    }

    /// A sentence made of what was asked.
    #[must_use]
    pub fn made(en: String, nb: String) -> Self {
        Self {
            en: Cow::Owned(en),
            nb: Cow::Owned(nb),
        }
    }

    /// The sentence in one language.
    #[must_use]
    pub fn in_language(&self, language: Language) -> &str {
        match language {
            Language::English => &self.en,
            Language::Norwegian => &self.nb,
        }
    }
}

/// The two languages that problems are told in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// The default.
    English,
    /// Bokmål; asked for by `nb`, `no` or `nn`.
    Norwegian,
}

impl Language {
    /// The first language of an `Accept-Language` header that is one of the two, by its weights;
    /// English if neither is asked for.
    #[must_use]
    pub fn preferred(accept: Option<&str>) -> Self {
        Self::asked(accept).unwrap_or(Self::English)
    }

    /// The same of a request's headers.
    #[must_use]
    pub fn of_headers(headers: &HeaderMap) -> Option<Self> {
        let accept = headers.get(header::ACCEPT_LANGUAGE);
        Self::asked(accept.and_then(|value| value.to_str().ok()))
    }

    fn asked(accept: Option<&str>) -> Option<Self> {
        let mut best = (0.0, None);
        for part in accept.unwrap_or_default().split(',') {
            let (tag, parameters) = part.split_once(';').unwrap_or((part, ""));
            let weight = match parameters.trim().strip_prefix("q=") {
                Some(weight) => weight.trim().parse::<f32>().unwrap_or(0.0),
                None => 1.0,
            };
            let primary = tag.trim().split('-').next().unwrap_or_default();
            let language = match primary.to_ascii_lowercase().as_str() {
                "nb" | "no" | "nn" => Self::Norwegian,
                "en" => Self::English,
                _ => continue,
            };
            if weight > best.0 {
                best = (weight, Some(language));
            }
        }
        best.1
    }
}

/// What a problem is about: its `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    General(&'static General),
    Rule(Rule),
}

/// One thing that is wrong, and where in what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At {
    /// A JSON pointer into the body, or `/name` of a query parameter or header.
    pub pointer: String,
    /// What is wrong there.
    pub detail: Text,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    about: About,
    status: StatusCode,
    detail: Option<Box<Text>>,
    errors: Vec<At>,
    retry_after: Option<u32>,
    challenge: bool,
}

impl Problem {
    /// A problem that is no rule's.
    #[must_use]
    pub const fn general(general: &'static General) -> Self {
        Self {
            about: About::General(general),
            status: general.status,
            detail: None,
            errors: Vec::new(),
            retry_after: general.retry_after,
            challenge: general.status.as_u16() == StatusCode::UNAUTHORIZED.as_u16(),
        }
    }

    /// A rule of the programme would be broken.
    #[must_use]
    pub const fn rule(rule: Rule, status: StatusCode) -> Self {
        Self {
            about: About::Rule(rule),
            status,
            detail: None,
            errors: Vec::new(),
            retry_after: None,
            challenge: false,
        }
    }

    /// What is so in this case.
    #[must_use]
    pub fn detail(mut self, detail: Text) -> Self {
        self.detail = Some(Box::new(detail));
        self
    }

    /// When it may be tried again, in seconds.
    #[must_use]
    pub const fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Where in what was sent.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>, detail: Text) -> Self {
        self.errors.push(At {
            pointer: pointer.into(),
            detail,
        });
        self
    }

    /// The same, where the data stand under `prefix` in what was sent. What is said of the envelope
    /// stays where it is.
    #[must_use]
    pub fn under(mut self, prefix: &str) -> Self {
        for at in &mut self.errors {
            match at.pointer.as_str() {
                "/occurred_at" => "/time".clone_into(&mut at.pointer),
                "" | "/If-Match" => {}
                pointer => at.pointer = format!("{prefix}{pointer}"),
            }
        }
        self
    }

    /// The same, of a fact as a correction tells it: it stands in the correction's `data`, and when
    /// it happened beside that.
    #[must_use]
    pub(crate) fn of_corrected(mut self) -> Self {
        for at in &mut self.errors {
            if at.pointer != "/occurred_at" {
                at.pointer.insert_str(0, "/data");
            }
        }
        self
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The rule of the programme that would be broken, if it is one.
    #[must_use]
    pub fn broken_rule(&self) -> Option<Rule> {
        match self.about {
            About::General(_) => None,
            About::Rule(rule) => Some(rule),
        }
    }

    /// The rule's id, or the general reason's name: what a report of refused lines shows.
    #[must_use]
    pub fn rule_id(&self) -> &'static str {
        match self.about {
            About::General(general) => general.slug,
            About::Rule(rule) => rule.id,
        }
    }

    /// The last part of `type`.
    #[must_use]
    pub fn slug(&self) -> &'static str {
        match self.about {
            About::General(general) => general.slug,
            About::Rule(rule) => rule.slug,
        }
    }

    /// The problem as it is told in one language.
    #[must_use]
    pub fn told(&self, language: Language) -> Told {
        let title = match self.about {
            About::General(general) => general.title.in_language(language),
            About::Rule(rule) => match language {
                Language::English => rule.en,
                Language::Norwegian => rule.nb,
            },
        };
        Told {
            r#type: format!("/problems/{}", self.slug()),
            title: title.to_owned(),
            status: self.status.as_u16(),
            detail: self
                .detail
                .as_ref()
                .map(|detail| detail.in_language(language).to_owned()),
            rule: self.rule_id(),
            pointer: self.errors.first().map(|at| at.pointer.clone()),
            errors: self
                .errors
                .iter()
                .map(|at| ToldAt {
                    pointer: at.pointer.clone(),
                    detail: at.detail.in_language(language).to_owned(),
                })
                .collect(),
        }
    }
}

/// A problem on the wire (`application/problem+json`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Told {
    /// What kind of problem it is; stable, and explained where it points.
    pub r#type: String,
    /// What that means.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is so in this case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The rule's id (`D12`), or the general reason's name.
    pub rule: &'static str,
    /// Where in what was sent: a JSON pointer, to the first place if there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Each thing that is wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ToldAt>,
}

/// One thing that is wrong, on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ToldAt {
    /// A JSON pointer into what was sent.
    pub pointer: String,
    /// What is wrong there.
    pub detail: String,
}

impl IntoResponse for Problem {
    /// The body is written by the outermost layer, which knows the asker's language.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        if self.challenge {
            response.headers_mut().insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"stegspor\""),
            );
        }
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_with_the_greatest_weight_is_taken() {
        for (accept, expected) in [
            (None, Language::English),
            (Some("nb-NO"), Language::Norwegian),
            (Some("de, no;q=0.5"), Language::Norwegian),
            (Some("en;q=0.5, nn;q=0.8"), Language::Norwegian),
            (Some("en, nb"), Language::English),
            (Some("fr"), Language::English),
        ] {
            assert_eq!(Language::preferred(accept), expected, "{accept:?}");
        }
    }
}
