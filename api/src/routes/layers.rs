//! What stands around every address, from the outside in: a request id, its time taken, a span
//! without anything personal in it that goes on from the caller's trace, headers that keep browsers careful, compression, problems in the asker's
//! language, panics caught, and an end to waiting.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    http::{self, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::Response,
};
use infra::telemetry::{metrics, trace};
use tower::ServiceBuilder;
use tower_http::{
    catch_panic::CatchPanicLayer, classify::ServerErrorsFailureClass,
    compression::CompressionLayer, sensitive_headers::SetSensitiveRequestHeadersLayer,
    set_header::SetResponseHeaderLayer, timeout::TimeoutLayer, trace::TraceLayer,
};

use tracing::{Level, Span, field::Empty};

use super::{RequestId, Service, headers, headers::IDEMPOTENCY_KEY};
use crate::{
    app::Application,
    problem::{
        self, Problem,
        general::{BUSY, NOT_CAUGHT_UP},
    },
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACERESPONSE: HeaderName = HeaderName::from_static("traceresponse");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// Nothing is fetched from elsewhere, and nothing runs that does not come from a file of ours.
const CONTENT_SECURITY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; \
     form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

pub(super) fn around(router: Router, service: Service) -> Router {
    let Service { app, longest, .. } = service;
    let always = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    router.layer(
        ServiceBuilder::new()
            .layer(SetSensitiveRequestHeadersLayer::new([
                header::AUTHORIZATION,
                IDEMPOTENCY_KEY,
            ]))
            .layer(middleware::from_fn_with_state(app, name_request))
            .layer(middleware::from_fn(take_time))
            .layer(
                TraceLayer::new_for_http()
                    .make_span_with(span)
                    .on_response(tell_end)
                    .on_failure(tell_break),
            )
            .layer(middleware::from_fn(tell_trace))
            .layer(always(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY))
            .layer(always(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .layer(always(header::REFERRER_POLICY, "no-referrer"))
            .layer(always(header::X_FRAME_OPTIONS, "DENY"))
            .layer(always(header::CACHE_CONTROL, "no-store"))
            .layer(CompressionLayer::new())
            .layer(middleware::from_fn(problem::localise))
            .layer(CatchPanicLayer::custom(problem::internal))
            .layer(TimeoutLayer::with_status_code(
                StatusCode::REQUEST_TIMEOUT,
                longest,
            )),
    )
}

/// Method, template of the route, and request id, and no more: addresses hold ids of persons,
/// queries may hold anything. It goes on from the caller's trace, if they tell of one.
fn span(request: &Request) -> Span {
    let id = request.extensions().get::<RequestId>().map(|id| id.0);
    let (method, route) = (method(request.method()), route(request));
    let span = tracing::info_span!(
        "http.request",
        otel.kind = "server",
        otel.name = route.map(|route| format!("{method} {route}")),
        http.request.method = method,
        http.route = route,
        http.response.status_code = Empty,
        otel.status_code = Empty,
        id = id.map(tracing::field::display),
        trace = Empty,
    );
    let headers = request.headers();
    if let Some(caller) = headers::traceparent(headers) {
        let state = headers
            .get(TRACESTATE)
            .and_then(|state| state.to_str().ok());
        trace::go_on(&span, &caller, state);
        span.record("trace", trace::trace_id(&caller));
    } else if let Some(own) = trace::traceparent(&span) {
        span.record("trace", trace::trace_id(&own));
    }
    span
}

/// One of the methods there are: whatever else a client writes there is its own affair.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "_OTHER",
    }
}

fn route(request: &Request) -> Option<&str> {
    let matched = request.extensions().get::<MatchedPath>();
    matched.map(MatchedPath::as_str)
}

/// Takes the time until the answer begins.
async fn take_time(request: Request, next: Next) -> Response {
    let method = method(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let started = Instant::now();
    let response = next.run(request).await;
    let route = route.as_ref().map(MatchedPath::as_str);
    metrics::answered(started.elapsed(), method, route, response.status().as_u16());
    response
}

/// Tells the caller by which trace the answer goes, where there is one: `traceresponse`.
async fn tell_trace(request: Request, next: Next) -> Response {
    let told = trace::traceparent(&Span::current()).map(String::from);
    let mut response = next.run(request).await;
    if let Some(value) = told.and_then(|told| HeaderValue::try_from(told).ok()) {
        response.headers_mut().insert(TRACERESPONSE, value);
    }
    response
}

/// How an answer ended. What a caller waits for, or what others hold just now, is no failure.
fn tell_end<B>(response: &http::Response<B>, latency: Duration, span: &Span) {
    span.record("http.response.status_code", response.status().as_u16());
    if response.status().is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
    let (status, latency) = (response.status().as_u16(), latency.as_millis());
    match grave(response) {
        Level::ERROR => tracing::error!(status, latency, "an answer failed"),
        Level::WARN => tracing::warn!(status, latency, "a caller is to try again"),
        _ => tracing::debug!(status, latency, "answered"),
    }
}

/// An answer that broke off while it was sent; one that fails is told of when it ends.
fn tell_break(failure: ServerErrorsFailureClass, latency: Duration, _: &Span) {
    if let ServerErrorsFailureClass::Error(error) = failure {
        tracing::error!(error, latency = latency.as_millis(), "an answer broke off");
    }
}

fn grave<B>(response: &http::Response<B>) -> Level {
    let problem = response.extensions().get::<Problem>();
    match problem.map(Problem::slug) {
        _ if !response.status().is_server_error() => Level::DEBUG,
        Some(slug) if [NOT_CAUGHT_UP.slug, BUSY.slug].contains(&slug) => Level::WARN,
        _ => Level::ERROR,
    }
}

async fn name_request(
    State(app): State<Arc<Application>>,
    mut request: Request,
    next: Next,
) -> Response {
    let id = app.ids.next();
    request.extensions_mut().insert(RequestId(id));
    let mut response = next.run(request).await;
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;

    use super::*;
    use crate::problem::{General, general};

    #[test]
    fn waiting_for_a_position_is_no_failure_of_the_service() {
        let of = |general: &'static General| {
            let mut response = Problem::general(general).into_response();
            // As the layer that writes problems leaves it.
            response.extensions_mut().insert(Problem::general(general));
            grave(&response)
        };
        assert_eq!(of(&general::NOT_CAUGHT_UP), Level::WARN);
        assert_eq!(of(&general::BUSY), Level::WARN);
        assert_eq!(of(&general::UNAVAILABLE), Level::ERROR);
        assert_eq!(of(&general::INTERNAL), Level::ERROR);
        assert_eq!(of(&general::NOT_FOUND), Level::DEBUG);
    }
}
