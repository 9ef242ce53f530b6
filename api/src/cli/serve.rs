//! `stegspor serve`: serves what the data folder holds.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context;
use clap::Args;
use infra::{clock::SystemClock, telemetry::LogFormat};
use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{
    Ended, Settings,
    reporting::Reporting,
    settings::{NodeRole, Where},
    store,
};
use crate::{
    app::Recording,
    routes::{self, Service},
};

/// How long answers that are under way may take after the service was asked to end.
const GRACE: Duration = Duration::from_secs(10);

/// Serve the log and its read models over HTTP
///
/// Opens the data folder (made on first use), brings the read models up to date and serves until
/// it is asked to end (Ctrl-C or SIGTERM). Answers that are under way are finished first.
///
/// Tokens for it are made by `stegspor token`.
///
/// Examples:
///   stegspor serve
///   stegspor serve --data /var/lib/stegspor --listen 0.0.0.0:8080
///   stegspor serve --event-store postgres://stegspor@db/stegspor --roles api
///
/// Several nodes may serve one log in PostgreSQL or KurrentDB, with read models in PostgreSQL: each
/// takes commands and answers questions, and those with the role projector share the keeping up of
/// the read models. A node that dies loses nothing: another takes over its share within seconds.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
#[expect(clippy::doc_markdown, reason = "examples for a shell")]
pub(super) struct Serve {
    #[command(flatten)]
    pub(super) place: Where,
    #[command(flatten)]
    pub(super) reporting: Reporting,
    /// What this node does: take commands and answer questions, keep the read models up, or both [default: api,projector]
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "ROLES",
        env = "STEGSPOR_ROLES"
    )]
    roles: Option<Vec<NodeRole>>,
    /// Make vault, keys or secret anew where they are lost for good; the words that they held are lost
    #[arg(long)]
    make_missing: bool,
}

impl Serve {
    pub(super) async fn run(self) -> anyhow::Result<Ended> {
        let mut settings = self.place.settings("stegspor-data")?;
        if let Some(roles) = self.roles.clone() {
            settings.roles = roles;
        }
        let log = store::log(&settings).await?;
        store::belonging(&settings, log.as_ref(), self.make_missing).await?;
        let app = store::application(&settings, log, Arc::new(SystemClock)).await?;
        let read = store::read_models(&settings, &app).await?;
        app.sweep(&settings.data, Recording::Now).await?;
        store::catch_up(&read).await?;
        let listening = Listening::start(&settings).await?;
        let serves = format!(
            "Stegspor serves on http://{} (Ctrl-C ends it).",
            listening.address
        );
        match self.place.telemetry(&self.reporting)?.log_format {
            LogFormat::Text => eprintln!("{serves}"),
            LogFormat::Json => tracing::info!("{serves}"),
        }
        until_asked_to_end(listening, Service::new(app, read), &settings).await
    }
}

/// Listening, for clients and for being asked to end: from here on it may be said where.
pub(super) struct Listening {
    /// Where.
    pub(super) address: SocketAddr,
    listener: TcpListener,
    asked: Asked,
}

impl Listening {
    /// Takes the address.
    pub(super) async fn start(settings: &Settings) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(settings.listen)
            .await
            .with_context(|| format!("{} cannot be listened on", settings.listen))?;
        Ok(Self {
            address: listener.local_addr()?,
            listener,
            asked: Asked::listen().context("signals cannot be listened for")?,
        })
    }
}

/// Serves until somebody asks the process to end. Open streams end first, then what is under way.
pub(super) async fn until_asked_to_end(
    listening: Listening,
    service: Service,
    settings: &Settings,
) -> anyhow::Result<Ended> {
    let Listening {
        listener,
        mut asked,
        ..
    } = listening;
    let Service { app, read, .. } = service.clone();
    let ending = app.ending.clone();
    let router = if settings.roles.contains(&NodeRole::Api) {
        routes::router(service)
    } else {
        routes::health_alone(service)
    };
    let stop = ending.clone();
    let projecting = tokio::spawn(async move { read.run(stop.cancelled_owned()).await });
    let asked_to_end = {
        let ending = ending.clone();
        async move {
            asked.wait().await;
            ending.cancel();
            tracing::info!("asked to end");
        }
    };
    let serving = async {
        axum::serve(listener, router)
            .with_graceful_shutdown(asked_to_end)
            .await
    };
    let too_long = async {
        ending.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = serving => served.context("serving failed")?,
        () = too_long => tracing::warn!("answers under way were cut off"),
    }
    projecting.await.context("the read models stopped")?;
    store::swept(settings, &app).await?;
    store::bring_to_rest(settings).await?;
    Ok(Ended::Well)
}

/// Ctrl-C, and the signal by which supervisors ask.
#[cfg(unix)]
struct Asked {
    interrupted: Signal,
    terminated: Signal,
}

#[cfg(unix)]
impl Asked {
    /// From here on signals are answered, and do not end the process by themselves.
    fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupted: signal(SignalKind::interrupt())?,
            terminated: signal(SignalKind::terminate())?,
        })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupted.recv() => {}
            _ = self.terminated.recv() => {}
        }
    }
}

/// Ctrl-C.
#[cfg(not(unix))]
struct Asked;

#[cfg(not(unix))]
impl Asked {
    fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    async fn wait(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
