//! What a command tells of itself while it works: its log, and traces and metrics.

use clap::{Args, ValueEnum};
use infra::telemetry::{LogFormat, Settings};
use serde::Deserialize;

/// Where traces and metrics go, and how the log is written: of the commands that work for long.
#[derive(Debug, Clone, Default, Args)]
#[expect(clippy::doc_markdown, reason = "help for a shell")]
pub(super) struct Reporting {
    /// Send traces and metrics to the OpenTelemetry collector at this address, by OTLP over HTTP (http://collector:4318); OTEL_EXPORTER_OTLP_ENDPOINT says it too [default: they are not sent]
    #[arg(long, value_name = "URL", env = "STEGSPOR_OTLP_ENDPOINT")]
    otlp_endpoint: Option<String>,
    /// How the log on standard error is written; what it shows is chosen by RUST_LOG [default: text]
    #[arg(long, value_name = "FORMAT", env = "STEGSPOR_LOG_FORMAT")]
    log_format: Option<Format>,
}

/// How a log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Lines for people.
    Text,
    /// One JSON object a line, for programs.
    Json,
}

/// What the TOML file may say of it, under `[telemetry]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Told {
    otlp_endpoint: Option<String>,
    log_format: Option<LogFormat>,
}

impl Reporting {
    /// Flags, then variables, the standard's last, then the file. An empty text says nothing.
    pub(super) fn over(&self, file: Told, standard: Option<String>) -> Settings {
        let told = |text: Option<String>| text.filter(|text| !text.is_empty());
        let format = self.log_format.map(|format| match format {
            Format::Text => LogFormat::Text,
            Format::Json => LogFormat::Json,
        });
        Settings {
            otlp_endpoint: told(self.otlp_endpoint.clone())
                .or_else(|| told(standard))
                .or_else(|| told(file.otlp_endpoint)),
            log_format: format.or(file.log_format).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_goes_before_the_standard_variable_and_that_before_the_file() {
        let text = |text: &str| Some(text.to_owned());
        let asked = |flag: Option<&str>, standard: Option<&str>, file: Option<&str>| {
            let reporting = Reporting {
                otlp_endpoint: flag.map(str::to_owned),
                log_format: None,
            };
            let file = Told {
                otlp_endpoint: file.map(str::to_owned),
                log_format: None,
            };
            reporting
                .over(file, standard.map(str::to_owned))
                .otlp_endpoint
        };
        assert_eq!(asked(Some("a"), Some("b"), Some("c")), text("a"));
        assert_eq!(asked(Some(""), Some("b"), Some("c")), text("b"));
        assert_eq!(asked(None, Some(""), Some("c")), text("c"));
        assert_eq!(asked(None, None, None), None);
    }
}
