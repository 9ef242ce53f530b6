//! What is counted and measured.
//!
//! The names are an interface: dashboards and alarms rest on them. Attributes have few values,
//! and none of them is about a person.

use std::{sync::OnceLock, time::Duration};

use opentelemetry::{
    KeyValue,
    metrics::{Counter, Gauge, Histogram, Meter, MeterProvider},
};
use opentelemetry_sdk::metrics::SdkMeterProvider;

/// How a metric is kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// It is as it is.
    Gauge,
    /// How often it was how great: up to these bounds, in its unit.
    Histogram(&'static [f64]),
}

/// A metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// Its unit (UCUM): seconds are `s`, and what is counted stands in braces.
    pub unit: &'static str,
    /// How it is kept.
    pub kind: Kind,
    /// What it says.
    pub doc: &'static str,
}

/// From a tenth of a millisecond, which an embedded log may take, to ten seconds.
const QUICK: Kind = Kind::Histogram(&[
    0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0,
]);
/// As OpenTelemetry's conventions advise for requests.
const REQUESTS: Kind = Kind::Histogram(&[
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
]);
const SIZES: Kind = Kind::Histogram(&[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0]);

const APPEND_DURATION: Metric = Metric {
    name: "stegspor.append.duration",
    unit: "s",
    kind: QUICK,
    doc: "How long an append took until it was durable, by outcome.",
};
const APPEND_BATCH_SIZE: Metric = Metric {
    name: "stegspor.append.batch.size",
    unit: "{append}",
    kind: SIZES,
    doc: "How many appends one commit of the log answered (SQLite and PostgreSQL).",
};
const APPEND_CONFLICTS: Metric = Metric {
    name: "stegspor.append.conflicts",
    unit: "{conflict}",
    kind: Kind::Counter,
    doc: "Appends that found their stream changed: the command decides anew.",
};
const COMMANDS_REFUSED: Metric = Metric {
    name: "stegspor.commands.refused",
    unit: "{command}",
    kind: Kind::Counter,
    doc: "Commands that a rule of the programme refused, by the rule's id.",
};
const PROJECTION_EVENTS: Metric = Metric {
    name: "stegspor.projection.events",
    unit: "{event}",
    kind: Kind::Counter,
    doc: "Events of the log that the read models have passed: its rate is that of catching up.",
};
const PROJECTION_BATCH_DURATION: Metric = Metric {
    name: "stegspor.projection.batch.duration",
    unit: "s",
    kind: QUICK,
    doc: "How long a batch took from its first event to its commit.",
};
const PROJECTION_LAG_EVENTS: Metric = Metric {
    name: "stegspor.projection.lag.events",
    unit: "{event}",
    kind: Kind::Gauge,
    doc: "Events that a read model is behind the log, by read model.",
};
const PROJECTION_LAG_TIME: Metric = Metric {
    name: "stegspor.projection.lag.time",
    unit: "s",
    kind: Kind::Gauge,
    doc: "How long the first event that not all read models show has been known; 0 if there is none.",
};
const PROJECTION_PARKED: Metric = Metric {
    name: "stegspor.projection.parked",
    unit: "{stream}",
    kind: Kind::Gauge,
    doc: "Streams that stand still at an event that cannot be read.",
};
const HTTP_DURATION: Metric = Metric {
    name: "http.server.request.duration",
    unit: "s",
    kind: REQUESTS,
    doc: "How long a request took until its answer began, by method, template of the route, and status.",
};

/// Every metric.
pub const CATALOGUE: [Metric; 10] = [
    APPEND_DURATION,
    APPEND_BATCH_SIZE,
    APPEND_CONFLICTS,
    COMMANDS_REFUSED,
    PROJECTION_EVENTS,
    PROJECTION_BATCH_DURATION,
    PROJECTION_LAG_EVENTS,
    PROJECTION_LAG_TIME,
    PROJECTION_PARKED,
    HTTP_DURATION,
];

struct Instruments {
    append_duration: Histogram<f64>,
    append_batch_size: Histogram<u64>,
    append_conflicts: Counter<u64>,
    commands_refused: Counter<u64>,
    projection_events: Counter<u64>,
    projection_batch_duration: Histogram<f64>,
    projection_lag_events: Gauge<u64>,
    projection_lag_time: Gauge<f64>,
    projection_parked: Gauge<u64>,
    http_duration: Histogram<f64>,
}

/// Empty while metrics go nowhere.
static INSTRUMENTS: OnceLock<Instruments> = OnceLock::new();

/// From now on metrics go here.
pub(super) fn send_to(meters: &SdkMeterProvider) {
    let meter = meters.meter("stegspor");
    let instruments = Instruments {
        append_duration: seconds(&meter, APPEND_DURATION),
        append_batch_size: sizes(&meter, APPEND_BATCH_SIZE),
        append_conflicts: counter(&meter, APPEND_CONFLICTS),
        commands_refused: counter(&meter, COMMANDS_REFUSED),
        projection_events: counter(&meter, PROJECTION_EVENTS),
        projection_batch_duration: seconds(&meter, PROJECTION_BATCH_DURATION),
        projection_lag_events: gauge(&meter, PROJECTION_LAG_EVENTS),
        projection_lag_time: meter
            .f64_gauge(PROJECTION_LAG_TIME.name)
            .with_unit(PROJECTION_LAG_TIME.unit)
            .with_description(PROJECTION_LAG_TIME.doc)
            .build(),
        projection_parked: gauge(&meter, PROJECTION_PARKED),
        http_duration: seconds(&meter, HTTP_DURATION),
    };
    // What is counted from the first time on begins at nothing: a rate needs that.
    instruments.append_conflicts.add(0, &[]);
    INSTRUMENTS.set(instruments).ok();
}

fn counter(meter: &Meter, metric: Metric) -> Counter<u64> {
    let counter = meter.u64_counter(metric.name).with_unit(metric.unit);
    counter.with_description(metric.doc).build()
}

fn gauge(meter: &Meter, metric: Metric) -> Gauge<u64> {
    let gauge = meter.u64_gauge(metric.name).with_unit(metric.unit);
    gauge.with_description(metric.doc).build()
}

fn seconds(meter: &Meter, metric: Metric) -> Histogram<f64> {
    let histogram = meter.f64_histogram(metric.name).with_unit(metric.unit);
    let bounds = bounds(metric);
    histogram
        .with_description(metric.doc)
        .with_boundaries(bounds)
        .build()
}

fn sizes(meter: &Meter, metric: Metric) -> Histogram<u64> {
    let histogram = meter.u64_histogram(metric.name).with_unit(metric.unit);
    let bounds = bounds(metric);
    histogram
        .with_description(metric.doc)
        .with_boundaries(bounds)
        .build()
}

fn bounds(metric: Metric) -> Vec<f64> {
    match metric.kind {
        Kind::Histogram(bounds) => bounds.to_vec(),
        Kind::Counter | Kind::Gauge => vec![],
    }
}

/// An append was answered. `outcome` is one of a few words.
pub(crate) fn appended(took: Duration, outcome: &'static str) {
    if let Some(instruments) = INSTRUMENTS.get() {
        let outcome = [KeyValue::new("outcome", outcome)];
        instruments
            .append_duration
            .record(took.as_secs_f64(), &outcome);
    }
}

/// One commit answered so many appends.
pub(crate) fn committed(appends: usize) {
    if let Some(instruments) = INSTRUMENTS.get() {
        instruments.append_batch_size.record(appends as u64, &[]);
    }
}

/// An append found its stream changed.
pub(crate) fn conflicted() {
    if let Some(instruments) = INSTRUMENTS.get() {
        instruments.append_conflicts.add(1, &[]);
    }
}

/// A batch of a projection is committed: so many events of the log, in that time.
pub(crate) fn projected(events: u64, took: Duration) {
    if let Some(instruments) = INSTRUMENTS.get() {
        instruments.projection_events.add(events, &[]);
        instruments
            .projection_batch_duration
            .record(took.as_secs_f64(), &[]);
    }
}

/// How many events a read model is behind the log.
pub(crate) fn behind(read_model: &'static str, events: u64) {
    if let Some(instruments) = INSTRUMENTS.get() {
        let read_model = [KeyValue::new("read_model", read_model)];
        instruments
            .projection_lag_events
            .record(events, &read_model);
    }
}

/// How long the first event that not all read models show has been known.
pub(crate) fn waited(time: Duration) {
    if let Some(instruments) = INSTRUMENTS.get() {
        instruments
            .projection_lag_time
            .record(time.as_secs_f64(), &[]);
    }
}

/// How many streams stand still.
pub(crate) fn parked(streams: usize) {
    if let Some(instruments) = INSTRUMENTS.get() {
        instruments.projection_parked.record(streams as u64, &[]);
    }
}

/// A command was refused by a rule of this id.
pub fn refused(rule: &'static str) {
    if let Some(instruments) = INSTRUMENTS.get() {
        let rule = [KeyValue::new("rule", rule)];
        instruments.commands_refused.add(1, &rule);
    }
}

/// A request was answered. `route` is the template of its address, if there is such an address.
pub fn answered(took: Duration, method: &'static str, route: Option<&str>, status: u16) {
    if let Some(instruments) = INSTRUMENTS.get() {
        let mut about = vec![
            KeyValue::new("http.request.method", method),
            KeyValue::new("http.response.status_code", i64::from(status)),
        ];
        about.extend(route.map(|route| KeyValue::new("http.route", route.to_owned())));
        instruments.http_duration.record(took.as_secs_f64(), &about);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    /// The names by which the collector's Prometheus exporter shows a metric.
    fn in_prometheus(metric: &Metric) -> Vec<String> {
        let mut name = metric.name.replace('.', "_");
        if metric.unit == "s" {
            name += "_seconds";
        }
        match metric.kind {
            Kind::Counter => vec![name + "_total"],
            Kind::Gauge => vec![name],
            Kind::Histogram(_) => ["bucket", "sum", "count"]
                .map(|part| format!("{name}_{part}"))
                .to_vec(),
        }
    }

    /// The names of metrics in what the dashboard asks.
    fn asked(dashboard: &Value, found: &mut BTreeSet<String>) {
        match dashboard {
            Value::Object(fields) => {
                if let Some(Value::String(expression)) = fields.get("expr") {
                    let words =
                        expression.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
                    let ours = |word: &&str| {
                        word.starts_with("stegspor_") || word.starts_with("http_server_")
                    };
                    found.extend(words.filter(ours).map(str::to_owned));
                }
                for value in fields.values() {
                    asked(value, found);
                }
            }
            Value::Array(items) => {
                for value in items {
                    asked(value, found);
                }
            }
            _ => {}
        }
    }

    #[test]
    fn the_dashboard_asks_for_every_metric_and_for_no_other() {
        let dashboard = include_str!("../../dashboard.json");
        let dashboard = serde_json::from_str(dashboard).expect("the dashboard is JSON");
        let mut named = BTreeSet::new();
        asked(&dashboard, &mut named);
        let known: BTreeSet<String> = CATALOGUE.iter().flat_map(in_prometheus).collect();
        let unknown: Vec<_> = named.difference(&known).collect();
        assert!(unknown.is_empty(), "no metric is called {unknown:?}");
        for metric in CATALOGUE {
            let shown = in_prometheus(&metric)
                .iter()
                .any(|name| named.contains(name));
            assert!(shown, "{} is not on the dashboard", metric.name);
        }
    }

    #[test]
    fn every_metric_is_in_the_readme() {
        let readme = include_str!("../../README.md");
        for metric in CATALOGUE {
            let name = format!("`{}`", metric.name);
            assert!(readme.contains(&name), "{name}");
        }
    }
}
