//! The way to the collector: OTLP over HTTP, by threads of its own.
//!
//! Sampling, batches, intervals, headers and the names that a service goes by follow the variables
//! of OpenTelemetry's specification (`OTEL_…`).

use std::{
    fmt,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use opentelemetry::{Key, KeyValue};
use opentelemetry_otlp::{MetricExporter, SpanExporter, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    metrics::{SdkMeterProvider, Temporality, data::ResourceMetrics, exporter::PushMetricExporter},
    trace::{self, SdkTracerProvider, SpanData},
};

use crate::{
    clock::SystemClock,
    ids::{IdSource, RandomIds},
};

/// Why nothing can be sent to a collector.
#[derive(Debug, thiserror::Error)]
pub enum CollectorError {
    /// An address of another form. It may hold a password, and is not repeated.
    #[error(
        "a collector's address is http://HOST:4318, without a path for traces or metrics; for one that speaks HTTPS, put a collector of your own beside the service"
    )]
    Address,
    /// What sends could not be made.
    #[error(
        "what sends traces and metrics could not be made: is one of the variables OTEL_… wrong?"
    )]
    Exporter(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What sends traces and metrics to the collector at an address.
pub(super) fn providers(
    address: &str,
) -> Result<(SdkTracerProvider, SdkMeterProvider), CollectorError> {
    let address = address.trim_end_matches('/');
    let host = address.strip_prefix("http://").unwrap_or_default();
    if host.is_empty() || address.ends_with("/v1/traces") || address.ends_with("/v1/metrics") {
        return Err(CollectorError::Address);
    }
    let failed =
        |error: opentelemetry_otlp::ExporterBuildError| CollectorError::Exporter(Box::new(error));
    let spans = SpanExporter::builder()
        .with_http()
        .with_endpoint(format!("{address}/v1/traces"))
        .build()
        .map_err(failed)?;
    let metrics = MetricExporter::builder()
        .with_http()
        .with_endpoint(format!("{address}/v1/metrics"))
        .build()
        .map_err(failed)?;
    let resource = resource();
    let tracers = SdkTracerProvider::builder()
        .with_resource(resource.clone())
        .with_batch_exporter(Telling::of("traces", spans))
        .build();
    let meters = SdkMeterProvider::builder()
        .with_resource(resource)
        .with_periodic_exporter(Telling::of("metrics", metrics))
        .build();
    Ok((tracers, meters))
}

/// What the process goes by: `stegspor` and an id of its own, unless `OTEL_SERVICE_NAME` or
/// `OTEL_RESOURCE_ATTRIBUTES` say otherwise.
fn resource() -> Resource {
    let told = Resource::builder().build();
    let mut resource = Resource::builder()
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    let name = told.get(&Key::new("service.name"));
    if name.is_none_or(|name| name.as_str().starts_with("unknown_service")) {
        resource = resource.with_service_name("stegspor");
    }
    if told.get(&Key::new("service.instance.id")).is_none() {
        let id = RandomIds::new(std::sync::Arc::new(SystemClock)).next();
        resource = resource.with_attribute(KeyValue::new("service.instance.id", id.to_string()));
    }
    resource.build()
}

/// An exporter that says once that it cannot deliver, and once that it can again.
struct Telling<E> {
    what: &'static str,
    exporter: E,
    failing: AtomicBool,
}

impl<E> Telling<E> {
    fn of(what: &'static str, exporter: E) -> Self {
        Self {
            what,
            exporter,
            failing: AtomicBool::new(false),
        }
    }

    fn tell(&self, delivered: OTelSdkResult) -> OTelSdkResult {
        let failing = delivered.is_err();
        let what = self.what;
        match (self.failing.swap(failing, Ordering::Relaxed), &delivered) {
            (false, Err(error)) => tracing::warn!(
                %error,
                "{what} cannot be delivered to the collector; the service goes on without"
            ),
            (true, Ok(())) => tracing::warn!("{what} are delivered to the collector again"),
            _ => {}
        }
        delivered
    }
}

impl<E> fmt::Debug for Telling<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)
    }
}

impl<E: trace::SpanExporter> trace::SpanExporter for Telling<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.tell(self.exporter.export(batch).await)
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

impl<E: PushMetricExporter> PushMetricExporter for Telling<E> {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        self.tell(self.exporter.export(metrics).await)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn temporality(&self) -> Temporality {
        self.exporter.temporality()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::tests::Lines;

    #[test]
    fn an_address_of_another_form_is_refused_and_not_repeated() {
        for address in [
            "",
            "collector:4318",
            "https://user:secret@collector:4318",
            "http://",
            "http://collector:4318/v1/traces",
        ] {
            let refused = providers(address).err().unwrap().to_string();
            assert!(
                refused.starts_with("a collector's address is http://"),
                "{refused}"
            );
            assert!(!refused.contains("secret"));
        }
    }

    #[test]
    fn a_collector_that_is_away_is_told_of_once_and_so_is_its_return() {
        let _alone = super::super::tests::alone();
        let telling = Telling::of("traces", ());
        let away = || {
            Err(opentelemetry_sdk::error::OTelSdkError::InternalFailure(
                "away".into(),
            ))
        };
        let log = Lines::default();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(log.clone())
            .with_ansi(false)
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            for delivered in [Ok(()), away(), away(), Ok(()), Ok(())] {
                telling.tell(delivered).ok();
            }
        });
        let said = log.text();
        let lines: Vec<_> = said.lines().collect();
        assert_eq!(lines.len(), 2, "{said}");
        assert!(lines[0].contains("traces cannot be delivered"), "{said}");
        assert!(
            lines[1].contains("traces are delivered to the collector again"),
            "{said}"
        );
    }
}
