//! A request to the service, and what it answered.

use std::future::{Future, IntoFuture};
use std::pin::Pin;

use axum::{
    body::Body,
    http::{self, HeaderMap, header},
};
use domain::es::Role;
use serde_json::Value;
use tower::ServiceExt;
use uuid::Uuid;

use crate::TestApp;

/// A request being made.
pub struct Request<'a> {
    app: &'a TestApp,
    builder: http::request::Builder,
    body: Vec<u8>,
}

impl<'a> Request<'a> {
    pub(crate) fn new(app: &'a TestApp, method: &str, path: &str) -> Self {
        Self {
            app,
            builder: http::Request::builder().method(method).uri(path),
            body: vec![],
        }
    }

    /// With a header whose value is of any bytes.
    #[must_use]
    pub fn header_bytes(mut self, name: &str, value: &[u8]) -> Self {
        self.builder = self.builder.header(name, value);
        self
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.builder = self.builder.header(name, value);
        self
    }

    /// By whoever holds the token.
    #[must_use]
    pub fn token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// By somebody in a role that has no unit.
    #[must_use]
    pub fn role(self, role: Role) -> Self {
        let token = self.app.token(role, None, Uuid::from_u128(1));
        self.token(&token)
    }

    /// By somebody in a role for a unit.
    #[must_use]
    pub fn role_at(self, role: Role, unit: &str) -> Self {
        let token = self.app.token(role, Some(unit), Uuid::from_u128(2));
        self.token(&token)
    }

    /// By a veileder of a department.
    #[must_use]
    pub fn veileder(self, department: &str) -> Self {
        self.role_at(Role::Veileder, department)
    }

    /// By the leader of a department.
    #[must_use]
    pub fn leader(self, department: &str) -> Self {
        self.role_at(Role::DepartmentLeader, department)
    }

    /// With a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.bytes("application/json", body.to_string().into_bytes())
    }

    /// With a body that does not say what it is.
    #[must_use]
    pub fn body(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self
    }

    /// With any body.
    #[must_use]
    pub fn bytes(self, media: &str, body: Vec<u8>) -> Self {
        self.body(body).header("content-type", media)
    }

    /// Sends it, and hands the answer over as it comes.
    pub async fn streamed(self) -> http::Response<Body> {
        let request = self
            .builder
            .body(Body::from(self.body))
            .expect("a well-formed request");
        self.app
            .router
            .clone()
            .oneshot(request)
            .await
            .expect("the router always answers")
    }

    async fn send(self) -> Reply {
        let (parts, body) = self.streamed().await.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX)
            .await
            .expect("a whole body");
        let text = String::from_utf8(bytes.into()).expect("text");
        Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: serde_json::from_str(&text).unwrap_or(Value::Null),
            text,
        }
    }
}

impl<'a> IntoFuture for Request<'a> {
    type Output = Reply;
    type IntoFuture = Pin<Box<dyn Future<Output = Reply> + Send + 'a>>;

    /// Sends it, and waits for the whole answer.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// What was answered.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, if it is JSON.
    pub body: Value,
    /// The body as text.
    pub text: String,
}

impl Reply {
    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The media type.
    #[must_use]
    pub fn media(&self) -> Option<&str> {
        self.header(header::CONTENT_TYPE.as_str())
    }

    /// The text in a field.
    #[must_use]
    pub fn text_of(&self, field: &str) -> String {
        self.body[field]
            .as_str()
            .unwrap_or_else(|| panic!("no text {field} in {self:?}"))
            .to_owned()
    }
}
