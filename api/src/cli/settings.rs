//! Settings: from flags, then variables, then a TOML file, then what a newcomer expects.

use std::{
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use domain::words::Figures;
use figment::{
    Figment,
    providers::{Format, Toml},
};
use infra::{read_store::Keep, telemetry};
use serde::Deserialize;

use crate::auth::Limits;

use super::reporting::{Reporting, Told};

/// Where the data lie, and where to listen. The same in every subcommand.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Where {
    /// The folder of log, read models, vault and keys [default: ./stegspor-data; of the demo ./stegspor-data/demo]
    #[arg(long, value_name = "DIR", env = "STEGSPOR_DATA")]
    data: Option<PathBuf>,
    /// The log, as sqlite:PATH, postgres:URL, kurrentdb:URL or memory: [default: sqlite:DIR/log.sqlite]
    #[arg(
        long,
        value_name = "URL",
        env = "STEGSPOR_EVENT_STORE",
        hide_env_values = true
    )]
    event_store: Option<String>,
    /// A file that holds the log's URL, for one with a password in it; --event-store goes before it
    #[arg(long, value_name = "FILE", env = "STEGSPOR_EVENT_STORE_FILE")]
    event_store_file: Option<PathBuf>,
    /// The read models, as sqlite:PATH or postgres:URL [default: the database of the log, if that is in PostgreSQL; else sqlite:DIR/read.sqlite]
    #[arg(
        long,
        value_name = "URL",
        env = "STEGSPOR_READ_STORE",
        hide_env_values = true
    )]
    read_store: Option<String>,
    /// A file that holds the URL of the read models; --read-store goes before it
    #[arg(long, value_name = "FILE", env = "STEGSPOR_READ_STORE_FILE")]
    read_store_file: Option<PathBuf>,
    /// The address to listen on; port 0 takes any free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS", env = "STEGSPOR_LISTEN")]
    listen: Option<SocketAddr>,
    /// The TOML file of settings [default: ./stegspor.toml, if it is there]
    #[arg(long, value_name = "FILE", env = "STEGSPOR_CONFIG")]
    config: Option<PathBuf>,
}

/// What the TOML file may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    data: Option<PathBuf>,
    event_store: Option<String>,
    read_store: Option<String>,
    listen: Option<SocketAddr>,
    roles: Option<Vec<NodeRole>>,
    figures: Figures,
    limits: Limits,
    past: Keep,
    telemetry: Told,
}

/// What a node does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum NodeRole {
    /// Takes commands and answers questions.
    Api,
    /// Keeps read models up: its share, where several nodes do.
    Projector,
}

/// Settings, resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The folder of log, read models, vault and keys.
    pub data: PathBuf,
    /// The log.
    pub event_store: String,
    /// The read models.
    pub read_store: String,
    /// Where to listen.
    pub listen: SocketAddr,
    /// What this node does; all of it unless told.
    pub roles: Vec<NodeRole>,
    /// The figures that rules use.
    pub figures: Figures,
    /// How often clients may ask.
    pub limits: Limits,
    /// How much of the past is kept at hand for questions.
    pub past: Keep,
}

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file that was named is not there.
    #[error("there is no settings file {0}")]
    NoFile(PathBuf),
    /// The file says something that is not understood.
    #[error("the settings file cannot be understood")]
    File(#[from] Box<figment::Error>),
    /// The file that holds a URL cannot be read, or holds nothing.
    #[error("{path} cannot be read: it is to hold one URL")]
    Url {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl Settings {
    /// Whether other nodes may write to the log at the same time.
    #[must_use]
    pub fn log_is_shared(&self) -> bool {
        !self.event_store.starts_with("sqlite:") && !self.event_store.starts_with("memory:")
    }
}

impl Where {
    /// The settings, with `folder` for the data where nobody says another.
    pub(super) fn settings(&self, folder: &str) -> Result<Settings, SettingsError> {
        let file = self.file()?;
        let data = self
            .data
            .clone()
            .or(file.data)
            .unwrap_or_else(|| PathBuf::from(folder));
        let in_data = |name: &str| format!("sqlite:{}", data.join(name).display());
        let event_store = told(self.event_store.as_ref(), self.event_store_file.as_deref())?
            .or(file.event_store)
            .unwrap_or_else(|| in_data("log.sqlite"));
        let beside_the_log = || {
            if event_store.starts_with("postgres") {
                event_store.clone()
            } else {
                in_data("read.sqlite")
            }
        };
        Ok(Settings {
            read_store: told(self.read_store.as_ref(), self.read_store_file.as_deref())?
                .or(file.read_store)
                .unwrap_or_else(beside_the_log),
            event_store,
            roles: file
                .roles
                .unwrap_or_else(|| vec![NodeRole::Api, NodeRole::Projector]),
            listen: self
                .listen
                .or(file.listen)
                .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080))),
            figures: file.figures,
            limits: file.limits,
            past: file.past,
            data,
        })
    }

    /// What the command tells of itself.
    pub(super) fn telemetry(
        &self,
        reporting: &Reporting,
    ) -> Result<telemetry::Settings, SettingsError> {
        let standard = std::env::var("OTEL_EXPORTER_OTLP_ENDPOINT").ok();
        Ok(reporting.over(self.file()?.telemetry, standard))
    }

    fn file(&self) -> Result<File, SettingsError> {
        match &self.config {
            Some(path) if !path.is_file() => Err(SettingsError::NoFile(path.clone())),
            Some(path) => read(path),
            None => read(Path::new("stegspor.toml")),
        }
    }
}

/// A URL that is told, or that a file holds.
fn told(url: Option<&String>, file: Option<&Path>) -> Result<Option<String>, SettingsError> {
    let (None, Some(path)) = (url, file) else {
        return Ok(url.cloned());
    };
    let held = fs::read_to_string(path).and_then(|text| {
        let url = text.trim();
        if url.is_empty() || url.lines().count() > 1 {
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(url.to_owned())
    });
    held.map(Some).map_err(|source| SettingsError::Url {
        path: path.to_owned(),
        source,
    })
}

fn read(path: &Path) -> Result<File, SettingsError> {
    Figment::from(Toml::file(path))
        .extract()
        .map_err(|error| SettingsError::File(Box::new(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_goes_before_the_file_and_the_file_before_the_default() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("settings.toml");
        std::fs::write(
            &file,
            "data = \"/from/file\"\nlisten = \"127.0.0.1:1\"\n[figures]\nactive_within_days = 60\n\
             [past]\nmegabytes = 200\n",
        )
        .unwrap();
        let asked = Where {
            listen: Some("127.0.0.1:2".parse().unwrap()),
            config: Some(file),
            ..Where::default()
        };
        assert_eq!(
            asked.settings("ignored").unwrap(),
            Settings {
                data: "/from/file".into(),
                event_store: "sqlite:/from/file/log.sqlite".to_owned(),
                read_store: "sqlite:/from/file/read.sqlite".to_owned(),
                listen: "127.0.0.1:2".parse().unwrap(),
                roles: vec![NodeRole::Api, NodeRole::Projector],
                limits: Limits::default(),
                figures: Figures {
                    active_within_days: 60,
                    ..Figures::default()
                },
                past: Keep {
                    megabytes: 200,
                    ..Keep::default()
                },
            }
        );
    }

    #[test]
    fn a_url_with_a_password_may_lie_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("event_store");
        std::fs::write(&file, "postgres://stegspor:secret@db/stegspor\n").unwrap();
        let asked = Where {
            event_store_file: Some(file.clone()),
            ..Where::default()
        };
        let settings = asked.settings("x").unwrap();
        assert_eq!(
            settings.event_store,
            "postgres://stegspor:secret@db/stegspor"
        );
        assert_eq!(settings.read_store, settings.event_store);
        for held in ["", " \n", "postgres://a:secret@db/one\npostgres://two\n"] {
            std::fs::write(&file, held).unwrap();
            let error = anyhow::Error::from(asked.settings("x").unwrap_err());
            let told = format!("{error:#}");
            assert!(told.contains("it is to hold one URL"), "{told}");
            assert!(!told.contains("secret"), "{told}");
        }
    }

    #[test]
    fn the_read_models_lie_beside_a_log_in_postgresql_unless_told() {
        let asked = Where {
            event_store: Some("postgres://db/stegspor".to_owned()),
            ..Where::default()
        };
        let settings = asked.settings("x").unwrap();
        assert_eq!(settings.read_store, "postgres://db/stegspor");
        assert!(settings.log_is_shared());
    }

    #[test]
    fn a_word_that_the_file_does_not_know_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("settings.toml");
        std::fs::write(&file, "datas = \"x\"\n").unwrap();
        let asked = Where {
            config: Some(file),
            ..Where::default()
        };
        let error = anyhow::Error::from(asked.settings("x").unwrap_err());
        let told = format!("{error:#}");
        assert_eq!(told.matches("unknown field").count(), 1, "{told}");
    }
}
