//! Traces that go on: out of a request, into an event's envelope, to what follows from it.
//!
//! Where traces are not sent anywhere, all of this does nothing and costs next to nothing.

use std::collections::HashSet;

use domain::es::{RecordedEvent, TraceParent};
use opentelemetry::{
    Context,
    trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId},
};
use serde::Deserialize;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// How many traces one batch of a projection is linked to, at the most.
pub const LINKS: usize = 32;

/// The place in a trace that a `traceparent` names; `None` if it names none, as the standard has it:
/// ids of zeros only, or the version `ff`.
fn place(traceparent: &TraceParent, state: Option<&str>) -> Option<SpanContext> {
    let mut parts = traceparent.as_str().split('-');
    let version = parts.next().filter(|version| *version != "ff")?;
    let trace = TraceId::from_hex(parts.next()?).ok()?;
    let span = SpanId::from_hex(parts.next()?).ok()?;
    let flags = u8::from_str_radix(parts.next()?, 16).ok()?;
    // Of flags that a later version may have, the one that is known counts.
    let flags = TraceFlags::new(if version == "00" { flags } else { flags & 1 });
    let state = state.and_then(|state| state.parse().ok());
    let place = SpanContext::new(trace, span, flags, true, state.unwrap_or_default());
    place.is_valid().then_some(place)
}

/// The id of the trace that a `traceparent` names: 32 hexadecimal digits.
#[must_use]
pub fn trace_id(traceparent: &TraceParent) -> &str {
    traceparent.as_str().split('-').nth(1).unwrap_or_default()
}

/// Where a span stands in its trace, to be told on; `None` if it belongs to no trace.
#[must_use]
pub fn traceparent(span: &Span) -> Option<TraceParent> {
    let context = span.context();
    let context = context.span();
    let place = context.span_context();
    if !place.is_valid() {
        return None;
    }
    let text = format!(
        "00-{}-{}-{:02x}",
        place.trace_id(),
        place.span_id(),
        place.trace_flags().to_u8() & 1
    );
    text.try_into().ok()
}

/// Lets a span that was not entered yet go on from a request's `traceparent`, and `tracestate`.
pub fn go_on(span: &Span, traceparent: &TraceParent, state: Option<&str>) {
    if let Some(place) = place(traceparent, state) {
        // Refused only where no traces are made.
        span.set_parent(Context::new().with_remote_span_context(place))
            .ok();
    }
}

/// Lets a span that was not entered yet go on from the trace of what it is about. If the caller is
/// in that trace already, it stays below the caller; if the caller is in another, the two are
/// linked.
pub fn belong_to(span: &Span, traceparent: Option<&TraceParent>) {
    let Some(place) = traceparent.and_then(|told| place(told, None)) else {
        return;
    };
    let caller = Span::current().context();
    let caller = caller.span().span_context().clone();
    if caller.is_valid() && caller.trace_id() == place.trace_id() {
        return;
    }
    span.set_parent(Context::new().with_remote_span_context(place))
        .ok();
    span.add_link(caller);
}

/// Links a span to the traces of what it brings about.
pub fn link(span: &Span, traces: &[TraceParent]) {
    for place in traces.iter().filter_map(|trace| place(trace, None)) {
        span.add_link(place);
    }
}

/// The traces that some events came from, each once, [`LINKS`] at the most; none while nothing is
/// traced.
#[must_use]
pub fn of_events<'a>(events: impl IntoIterator<Item = &'a RecordedEvent>) -> Vec<TraceParent> {
    #[derive(Deserialize)]
    struct Traced {
        traceparent: Option<TraceParent>,
    }
    if !super::is_on() {
        return vec![];
    }
    let mut known = HashSet::new();
    events
        .into_iter()
        .filter_map(|event| {
            serde_json::from_str::<Traced>(&event.metadata)
                .ok()?
                .traceparent
        })
        .filter(|trace| known.insert(trace_id(trace).to_owned()))
        .take(LINKS)
        .collect()
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::TracerProvider;
    use std::sync::{Arc, Mutex};

    use opentelemetry_sdk::{
        error::OTelSdkResult,
        trace::{SdkTracerProvider, SpanData, SpanExporter},
    };
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn told(text: &str) -> TraceParent {
        text.to_owned().try_into().unwrap()
    }

    fn request() -> TraceParent {
        told(&format!("00-{TRACE}-00f067aa0ba902b7-01"))
    }

    /// Keeps the spans that ended.
    #[derive(Debug, Clone, Default)]
    struct Ended(Arc<Mutex<Vec<SpanData>>>);

    impl SpanExporter for Ended {
        async fn export(&self, mut batch: Vec<SpanData>) -> OTelSdkResult {
            self.0.lock().unwrap().append(&mut batch);
            Ok(())
        }
    }

    /// Does something while spans are traced, and answers the spans that ended.
    fn traced(doing: impl FnOnce()) -> Vec<SpanData> {
        let _alone = super::super::tests::alone();
        let exporter = Ended::default();
        let tracers = SdkTracerProvider::builder()
            .with_simple_exporter(exporter.clone())
            .build();
        let layer = tracing_opentelemetry::layer().with_tracer(tracers.tracer("test"));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), doing);
        let ended = exporter.0.lock().unwrap();
        ended.clone()
    }

    #[test]
    fn a_span_goes_on_from_a_request_and_is_told_on() {
        let spans = traced(|| {
            let span = tracing::info_span!("http.request");
            go_on(&span, &request(), Some("vendor=1"));
            let on = traceparent(&span).unwrap();
            assert_eq!(trace_id(&on), TRACE);
            assert_ne!(on, request(), "it names this span, not the caller's");
        });
        let place = &spans[0].span_context;
        assert_eq!(place.trace_id().to_string(), TRACE);
        assert_eq!(place.trace_state().header(), "vendor=1");
        assert_eq!(spans[0].parent_span_id.to_string(), "00f067aa0ba902b7");
    }

    #[test]
    fn what_is_about_another_trace_belongs_to_that_one_and_is_linked_to_its_caller() {
        let other = told("00-11111111111111111111111111111111-2222222222222222-01");
        let spans = traced(|| {
            let caller = tracing::info_span!("http.request");
            go_on(&caller, &request(), None);
            caller.in_scope(|| {
                let same = tracing::info_span!("same");
                belong_to(&same, Some(&request()));
                let apart = tracing::info_span!("apart");
                belong_to(&apart, Some(&other));
            });
        });
        let span = |name: &str| spans.iter().find(|span| span.name == name).unwrap();
        let caller = &span("http.request").span_context;
        assert_eq!(span("same").parent_span_id, caller.span_id());
        assert_eq!(span("same").links.links.len(), 0);
        assert_eq!(
            span("apart").span_context.trace_id().to_string(),
            "1".repeat(32)
        );
        assert_eq!(
            span("apart").links.links[0].span_context.span_id(),
            caller.span_id()
        );
    }

    #[test]
    fn what_the_standard_calls_invalid_names_no_trace() {
        for text in [
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(place(&told(text), None), None, "{text}");
        }
        let later = told("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff");
        assert!(place(&later, None).unwrap().is_sampled());
    }

    #[test]
    fn without_traces_there_is_nothing_to_tell_on() {
        assert_eq!(traceparent(&Span::current()), None);
    }
}
