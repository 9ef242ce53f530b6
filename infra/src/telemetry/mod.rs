//! What the service tells of itself: a log of the process, traces, and metrics.
//!
//! The log goes to standard error. Traces and metrics go to an OpenTelemetry collector, if one is
//! named, by threads of their own: while it is away the service neither waits nor fails, what
//! cannot be delivered is let go, and the log says so once.
//!
//! **Nothing personal is in any of it**: no names, no words, no ids of persons, no addresses with
//! what stands in them. Streams are told by their category, events by their position, requests by
//! the template of their route. A trace is known by its id, which says nothing of anybody.
//!
//! * [`trace`]: a trace goes on from a request's `traceparent` through the event's envelope to the
//!   batch of a projection that showed it.
//! * [`metrics`]: what is counted and measured, by what names.

mod collector;
pub mod metrics;
mod nowhere;
pub mod trace;

use std::{
    io,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::{metrics::SdkMeterProvider, trace::SdkTracerProvider};
use serde::Deserialize;
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterExt, LevelFilter, Targets, dynamic_filter_fn},
    fmt::MakeWriter,
    layer::{Filter, SubscriberExt},
    registry::LookupSpan,
    util::SubscriberInitExt,
};

pub use collector::CollectorError;

/// How the log of the process is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object a line, for programs.
    Json,
}

/// What is told, and where to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// The collector's address for OTLP over HTTP (`http://collector:4318`), without the path of a
    /// signal; nothing is sent if there is none.
    pub otlp_endpoint: Option<String>,
    /// How the log is written.
    pub log_format: LogFormat,
}

/// What the log of the process shows unless `RUST_LOG` says otherwise. What OpenTelemetry's own
/// crates say of a collector that is away is left to [`collector`], which says it once.
const SHOWN: &str = "warn,api=info,opentelemetry=off";
/// Whose spans are traced: the pure crates have none.
const TRACED: [&str; 2] = ["api", "infra"];
/// How long the last of traces and metrics may take each to be delivered at the end.
const FLUSH: Duration = Duration::from_secs(5);

/// Whether traces and metrics are sent somewhere.
static ON: AtomicBool = AtomicBool::new(false);

/// Whether traces and metrics are sent somewhere: what is worth a look at the database only then
/// asks this first.
#[must_use]
pub fn is_on() -> bool {
    ON.load(Ordering::Relaxed)
}

/// What tells, until it is told to end.
#[must_use = "what is not yet delivered is lost unless it is told to end"]
pub struct Telemetry {
    providers: Option<(SdkTracerProvider, SdkMeterProvider)>,
}

/// Begins to tell: once in a process, before anything else is opened, and outside of an
/// asynchronous runtime. `in_colour` is for the log of a terminal.
///
/// # Panics
/// If it is called twice.
pub fn start(settings: &Settings, in_colour: bool) -> Result<Telemetry, CollectorError> {
    let providers = settings
        .otlp_endpoint
        .as_deref()
        .map(collector::providers)
        .transpose()?;
    let shown = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(SHOWN));
    tracing_subscriber::registry()
        .with(log(settings.log_format, in_colour, io::stderr).with_filter(each_time(shown)))
        .with(providers.as_ref().map(|(tracers, _)| traces(tracers)))
        .init();
    if let Some((_, meters)) = &providers {
        metrics::send_to(meters);
        ON.store(true, Ordering::Relaxed);
    }
    Ok(Telemetry { providers })
}

/// Makes metrics from now on, and traces under what it answers, and lets all of it go: for measuring
/// what that costs. Once in a process.
#[doc(hidden)]
#[must_use]
pub fn made_and_let_go() -> tracing::Dispatch {
    nowhere::nowhere()
}

impl Telemetry {
    /// Delivers what is not yet delivered, for a few seconds at the most. Outside of an asynchronous
    /// runtime: it waits.
    pub fn end(self) {
        let Some((tracers, meters)) = self.providers else {
            return;
        };
        // That the collector is away was said when it was found out.
        tracers.shutdown_with_timeout(FLUSH).ok();
        meters.shutdown_with_timeout(FLUSH).ok();
    }
}

/// A filter that is asked each time, unless it says "never". With filters of single layers, what
/// was asked last on a thread and came to nothing (`tracing::enabled!`, as sqlx does) would else
/// decide about the next event, and that would be lost.
fn each_time<S>(shown: EnvFilter) -> impl Filter<S>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
{
    shown.and(dynamic_filter_fn(|_, _| true))
}

/// The log of the process. Spans stand before an event with what they bear.
fn log<S, W>(format: LogFormat, in_colour: bool, writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let log = tracing_subscriber::fmt::layer()
        .with_writer(writer)
        .with_ansi(in_colour && format == LogFormat::Text);
    match format {
        LogFormat::Text => log.boxed(),
        LogFormat::Json => log
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .boxed(),
    }
}

/// Spans become traces: our own, and as slim as they can be.
fn traces<S>(tracers: &SdkTracerProvider) -> impl Layer<S> + Send + Sync + use<S>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
{
    let ours = TRACED.map(|name| (name, LevelFilter::INFO));
    tracing_opentelemetry::layer()
        .with_tracer(tracers.tracer("stegspor"))
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        .with_context_activation(false)
        .with_filter(Targets::new().with_targets(ours))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

    use tracing::Level;

    use super::*;

    /// Held by who listens: whether anybody hears a line is remembered for all threads, and may be
    /// wrong for a moment while another begins or ends to listen.
    pub(super) fn alone() -> MutexGuard<'static, ()> {
        static ALONE: Mutex<()> = Mutex::new(());
        ALONE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the lines of a log.
    #[derive(Clone, Default)]
    pub(super) struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Lines {
        pub(super) fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl MakeWriter<'_> for Lines {
        type Writer = Self;

        fn make_writer(&self) -> Self {
            self.clone()
        }
    }

    #[test]
    fn a_question_that_came_to_nothing_does_not_swallow_the_next_line() {
        let _alone = alone();
        let lines = Lines::default();
        let log = log(LogFormat::Json, false, lines.clone());
        let log = log.with_filter(each_time(EnvFilter::new(SHOWN)));
        let tracers = SdkTracerProvider::builder().build();
        let subscriber = tracing_subscriber::registry()
            .with(log)
            .with(traces(&tracers));
        tracing::subscriber::with_default(subscriber, || {
            for _ in 0..3 {
                assert!(!tracing::enabled!(target: "sqlx::query", Level::DEBUG));
                tracing::warn!("heard");
            }
        });
        assert_eq!(lines.text().matches("heard").count(), 3, "{}", lines.text());
    }
}
