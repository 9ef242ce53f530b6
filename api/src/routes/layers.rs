//! What stands around every address, from the outside in: a request id, a span without anything
//! personal in it, headers that keep browsers careful, compression, problems in the asker's
//! language, panics caught, and an end to waiting.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::Response,
};
use tower::ServiceBuilder;
use tower_http::{
    catch_panic::CatchPanicLayer, compression::CompressionLayer,
    sensitive_headers::SetSensitiveRequestHeadersLayer, set_header::SetResponseHeaderLayer,
    timeout::TimeoutLayer, trace::TraceLayer,
};

use super::{RequestId, Service, headers::IDEMPOTENCY_KEY};
use crate::{app::Application, problem};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

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
            .layer(TraceLayer::new_for_http().make_span_with(span))
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

/// Method and request id, and no more: addresses hold ids of persons, queries may hold anything.
fn span(request: &Request) -> tracing::Span {
    let id = request.extensions().get::<RequestId>().map(|id| id.0);
    tracing::info_span!(
        "request",
        method = %request.method(),
        id = id.map(tracing::field::display),
    )
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
