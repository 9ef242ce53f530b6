//! What an address is: how it is routed, and what the documentation says of it.

use axum::routing::MethodRouter;
use domain::es::Role;
use schemars::{Schema, SchemaGenerator};

use super::{Service, progress::EVENT_STREAM};

/// Makes a schema.
pub(crate) type Shape = Box<dyn Fn(&mut SchemaGenerator) -> Schema>;

/// One address.
pub(crate) struct Endpoint {
    /// As the router knows it.
    pub(crate) route: &'static str,
    /// Its handlers.
    pub(crate) methods: MethodRouter<Service>,
    /// What can be asked of it. A command's address stands for one operation a command.
    pub(crate) operations: Vec<Operation>,
}

/// One thing that can be asked.
pub(crate) struct Operation {
    /// `get` or `post`.
    pub(crate) method: &'static str,
    /// The address, with its parameters in braces.
    pub(crate) path: String,
    /// A name for programs.
    pub(crate) id: String,
    /// What it does, in a sentence.
    pub(crate) summary: String,
    /// The chapter it belongs to.
    pub(crate) tag: &'static str,
    /// Its parameters.
    pub(crate) parameters: Vec<Parameter>,
    /// What is sent.
    pub(crate) bodies: Vec<Body>,
    /// What is answered when all is well.
    pub(crate) answered: Vec<Answered>,
    /// Who may ask.
    pub(crate) callers: Callers,
}

impl Endpoint {
    /// Whether it answers either at once or, where that is asked for, by events until it can.
    pub(crate) fn tells_progress(&self) -> bool {
        self.operations.iter().any(Operation::tells_progress)
    }
}

/// Who may ask for something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Callers {
    /// Everybody, without a token.
    Everybody,
    /// Who shows a token of one of these roles, about what is theirs.
    Roles(Vec<Role>),
}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Path,
    Query,
    Header,
}

/// A parameter.
#[derive(Debug, Clone)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) place: Place,
    pub(crate) doc: &'static str,
    /// A JSON Schema format, or empty.
    pub(crate) format: &'static str,
}

/// A body that is sent.
pub(crate) struct Body {
    pub(crate) media: &'static str,
    pub(crate) shape: Shape,
}

/// An answer.
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) doc: &'static str,
    pub(crate) media: &'static str,
    pub(crate) shape: Option<Shape>,
    pub(crate) headers: &'static [Header],
}

/// A header that an answer bears.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Header {
    pub(crate) name: &'static str,
    pub(crate) doc: &'static str,
}

/// The version of a record, on its answers.
pub(crate) const ETAG: Header = Header {
    name: "ETag",
    doc: "The record's version (`\"7\"`), for `If-Match`.",
};

impl Parameter {
    pub(crate) const fn path(name: &'static str, doc: &'static str) -> Self {
        Self {
            name,
            place: Place::Path,
            doc,
            format: "",
        }
    }

    pub(crate) const fn query(name: &'static str, doc: &'static str, format: &'static str) -> Self {
        Self {
            name,
            place: Place::Query,
            doc,
            format,
        }
    }

    pub(crate) const fn header(name: &'static str, doc: &'static str) -> Self {
        Self {
            name,
            place: Place::Header,
            doc,
            format: "",
        }
    }
}

impl Operation {
    fn tells_progress(&self) -> bool {
        let answers = |media: &str| self.answered.iter().any(|answer| answer.media == media);
        answers("application/json") && answers(EVENT_STREAM)
    }

    /// A page or a state that anybody may see.
    pub(crate) fn open(path: &str, id: &str, summary: &str, media: &'static str) -> Self {
        Self {
            method: "get",
            path: path.to_owned(),
            id: id.to_owned(),
            summary: summary.to_owned(),
            tag: "service",
            parameters: vec![],
            bodies: vec![],
            answered: vec![Answered {
                status: 200,
                doc: "As asked.",
                media,
                shape: None,
                headers: &[],
            }],
            callers: Callers::Everybody,
        }
    }
}
