//! The outermost layer: writes each problem's body in the asker's language, and turns what other
//! layers refuse (a body over the limit, a wrong method, a panic) into problems too.

use std::any::Any;

use axum::{
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{General, Language, Problem, general};

/// Tells problems in the language that the asker prefers.
pub(crate) async fn localise(request: Request, next: Next) -> Response {
    let accept = request.headers().get(header::ACCEPT_LANGUAGE);
    let language = Language::preferred(accept.and_then(|value| value.to_str().ok()));
    let mut response = next.run(request).await;
    let problem = response
        .extensions_mut()
        .remove::<Problem>()
        .or_else(|| refused_by_a_layer(&response).map(Problem::general));
    let Some(problem) = problem else {
        return response;
    };
    let body = serde_json::to_vec(&problem.told(language)).expect("problems are plain data");
    let (mut parts, _) = response.into_parts();
    parts.status = problem.status();
    if let Some(seconds) = problem.retry_after {
        parts.headers.insert(header::RETRY_AFTER, seconds.into());
    }
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    parts.headers.insert(
        header::CONTENT_LANGUAGE,
        HeaderValue::from_static(match language {
            Language::English => "en",
            Language::Norwegian => "nb",
        }),
    );
    parts
        .headers
        .append(header::VARY, HeaderValue::from_static("accept-language"));
    // For the log: whose business it is.
    parts.extensions.insert(problem);
    Response::from_parts(parts, body.into())
}

/// A status without a problem comes from a layer that knows none.
fn refused_by_a_layer(response: &Response) -> Option<&'static General> {
    match response.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Some(&general::TOO_LARGE),
        StatusCode::METHOD_NOT_ALLOWED => Some(&general::METHOD_NOT_ALLOWED),
        StatusCode::NOT_FOUND => Some(&general::NOT_FOUND),
        // An address whose percent-encoding is no text.
        StatusCode::BAD_REQUEST => Some(&general::INVALID_UTF8),
        StatusCode::INTERNAL_SERVER_ERROR => Some(&general::INTERNAL),
        StatusCode::REQUEST_TIMEOUT | StatusCode::SERVICE_UNAVAILABLE
            if response.headers().get(header::CONTENT_TYPE).is_none() =>
        {
            Some(&general::TOO_SLOW)
        }
        _ => None,
    }
}

/// What is told when a handler panicked: nothing of why.
pub(crate) fn internal(_panic: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a handler panicked");
    Problem::general(&general::INTERNAL).into_response()
}
