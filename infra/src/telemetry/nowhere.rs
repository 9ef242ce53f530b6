//! Traces and metrics that are made and let go: for measuring what making them costs.

use std::time::Duration;

use opentelemetry_sdk::{
    error::OTelSdkResult,
    metrics::{SdkMeterProvider, Temporality, data::ResourceMetrics, exporter::PushMetricExporter},
    trace::{SdkTracerProvider, SpanData, SpanExporter},
};
use tracing::Dispatch;
use tracing_subscriber::layer::SubscriberExt;

/// Takes everything, as the way to a collector does, and lets it go.
#[derive(Debug)]
struct Nowhere;

impl SpanExporter for Nowhere {
    async fn export(&self, _: Vec<SpanData>) -> OTelSdkResult {
        Ok(())
    }
}

impl PushMetricExporter for Nowhere {
    async fn export(&self, _: &ResourceMetrics) -> OTelSdkResult {
        Ok(())
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        Temporality::Cumulative
    }
}

/// From now on the process makes metrics, and under what this answers also traces. Once in a
/// process.
#[must_use]
pub(super) fn nowhere() -> Dispatch {
    let tracers = SdkTracerProvider::builder()
        .with_batch_exporter(Nowhere)
        .build();
    let meters = SdkMeterProvider::builder()
        .with_periodic_exporter(Nowhere)
        .build();
    super::metrics::send_to(&meters);
    let dispatch = Dispatch::new(tracing_subscriber::registry().with(super::traces(&tracers)));
    // They end with the process.
    std::mem::forget((tracers, meters));
    dispatch
}
