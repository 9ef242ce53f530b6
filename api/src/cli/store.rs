//! Opening what the settings name.

use std::{path::Path, sync::Arc};

use anyhow::Context;
use domain::es::{EventStore, PersonVault, Position, RecordedAt};
use infra::{
    at_rest,
    backup::{self, Layout},
    clock::Clock,
    event_store::{self, Log, OpenError},
    ids::RandomIds,
    read_store::ReadStore,
    vault::{KEYS, MASTER, MasterKey, SqlitePersonVault, VAULT},
};

use super::{Settings, demo, settings::NodeRole};
use crate::{
    app::{self, Application, Parts},
    auth::{self, Secret},
};

/// The log, to be written to: by one process at a time, where it lies in a file.
pub(super) async fn log(settings: &Settings) -> anyhow::Result<Arc<dyn Log>> {
    anyhow::ensure!(
        !backup::unfinished(&settings.data),
        "a restore into {0} is under way or was interrupted: run `stegspor restore` again, or delete \
         {0}/restore.half-made to give it up",
        settings.data.display()
    );
    event_store::open(&settings.event_store)
        .await
        .map_err(|error| match error {
            OpenError::InUse { .. } => anyhow::anyhow!(
                "{error}; end that one first, or tell the service over HTTP (POST /v1/intake \
                 takes events)"
            ),
            error => anyhow::Error::from(error).context("the log could not be opened"),
        })
}

/// Leaves log, vault, keys and read models each in one file, as far as they lie in files: at the end
/// of what wrote to them.
pub(super) async fn bring_to_rest(settings: &Settings) -> anyhow::Result<()> {
    event_store::bring_to_rest(&settings.event_store)
        .await
        .context("the log could not be brought to rest")?;
    let beside = [VAULT, KEYS].map(|name| settings.data.join(name));
    let read_models = file(&settings.read_store).map(Path::to_owned);
    for path in beside.into_iter().chain(read_models) {
        at_rest::bring_to_rest(&path)
            .await
            .with_context(|| format!("{} could not be brought to rest", path.display()))?;
    }
    Ok(())
}

/// Who writes to a log needs what belongs to it: the vault with its keys, and the secret that made
/// its ids. In a folder without them, beside a log that holds events already, all would seem well,
/// and nobody's words would be found again. They are made for an empty log; and where that is asked
/// for, for one that has lost them. The secret is made here, before the first event.
pub(super) async fn belonging(
    settings: &Settings,
    log: &dyn EventStore,
    make_missing: bool,
) -> anyhow::Result<()> {
    // First the log: who writes to it has made the rest before.
    let holds_events = log.head().await? > Position::START;
    let missing: Vec<_> = [VAULT, KEYS, MASTER, auth::SECRET]
        .into_iter()
        .filter(|name| !settings.data.join(name).is_file())
        .collect();
    anyhow::ensure!(
        missing.is_empty() || make_missing || !holds_events,
        "the log holds events already, and {folder} lacks what belongs to them: {missing}. Is that the \
         right folder (--data)? If it is, put them back, from a backup if need be (`stegspor restore`). \
         Only where they are lost for good: `stegspor serve --make-missing` makes them anew, and the words \
         about people that they held are lost",
        folder = settings.data.display(),
        missing = missing.join(", "),
    );
    if make_missing && holds_events {
        let is_missing = |name| missing.contains(&name);
        let of_no_use: Vec<_> = [VAULT, KEYS]
            .into_iter()
            .filter(|name| (is_missing(KEYS) || is_missing(MASTER)) && !is_missing(name))
            .collect();
        anyhow::ensure!(
            of_no_use.is_empty(),
            "nothing opens {} any more: move it away first",
            of_no_use.join(", ")
        );
        for lost in &missing {
            tracing::warn!("{lost} is lost, and made anew");
        }
    }
    secret(settings).map(drop)
}

/// The log, if there is one, to be looked at beside whoever writes to it: who only looks makes
/// none.
pub(super) async fn existing_log(settings: &Settings) -> anyhow::Result<Arc<dyn Log>> {
    must_exist(&settings.event_store)?;
    event_store::open_to_read(&settings.event_store)
        .await
        .context("the log could not be opened")
}

/// That there is a log, where it lies in a file: who only looks makes none.
pub(super) fn must_exist(event_store: &str) -> anyhow::Result<()> {
    if let Some(path) = file(event_store) {
        let folder = path.parent().unwrap_or(path);
        anyhow::ensure!(path.is_file(), "there is no log in {}", folder.display());
    }
    Ok(())
}

/// That there are read models, to be looked at beside whoever keeps them up.
pub(super) fn existing_read_models(settings: &Settings) -> anyhow::Result<()> {
    if let Some(path) = file(&settings.read_store) {
        let folder = path.parent().unwrap_or(path);
        anyhow::ensure!(
            path.is_file(),
            "there are no read models in {}",
            folder.display()
        );
    }
    Ok(())
}

/// The file that a URL names, if it names one.
fn file(url: &str) -> Option<&Path> {
    let path = url.strip_prefix("sqlite:")?;
    Some(Path::new(path.strip_prefix("//").unwrap_or(path)))
}

/// What is backed up and restored, and where it lies.
pub(super) fn layout(settings: &Settings) -> anyhow::Result<Layout> {
    anyhow::ensure!(
        settings.event_store != "memory:",
        "a log in memory is gone with its process: there is nothing to copy"
    );
    Ok(Layout {
        data: settings.data.clone(),
        log: file(&settings.event_store).map(Path::to_owned),
        beside: &[app::REACHED, demo::PLAYED],
        secrets: &[auth::SECRET],
    })
}

/// The person vault: entries, keys and master key lie in the data folder, each in a file of its
/// own.
pub(super) async fn vault(
    settings: &Settings,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<Arc<dyn PersonVault>> {
    let master = MasterKey::read_or_make(&settings.data.join(MASTER))?;
    let vault = SqlitePersonVault::open(
        &settings.data.join(VAULT),
        &settings.data.join(KEYS),
        &master,
        clock,
    )
    .await
    .context("the person vault could not be opened")?;
    Ok(Arc::new(vault))
}

/// The secret that seals tokens.
pub(super) fn secret(settings: &Settings) -> anyhow::Result<Secret> {
    Ok(Secret::load_or_create(&settings.data)?)
}

/// The read models, as they were left, if they fit the log: to be opened before anything is written
/// to a log that may have been restored from a copy older than they are.
pub(super) async fn read_models(
    settings: &Settings,
    app: &Application,
) -> anyhow::Result<Arc<ReadStore>> {
    let (log, clock) = (Arc::clone(&app.log), Arc::clone(&app.clock));
    let opened = if settings.roles.contains(&NodeRole::Projector) {
        ReadStore::open(&settings.read_store, log, clock).await
    } else {
        ReadStore::open_to_ask(&settings.read_store, log, clock).await
    };
    let read = opened
        .context("the read models could not be opened")?
        .keeping(settings.past);
    Ok(Arc::new(read))
}

/// Brings the read models up to date with the log.
pub(super) async fn catch_up(read: &ReadStore) -> anyhow::Result<()> {
    let bar = super::progress::Bar::new("events shown");
    read.catch_up(|position, head| bar.show(position.0, head.0))
        .await?;
    bar.done();
    Ok(())
}

/// Takes note that what follows from all events of the log is carried out. Where other nodes write
/// too, nobody knows that of them: the next start looks through a little more.
pub(super) async fn swept(settings: &Settings, app: &Application) -> anyhow::Result<()> {
    if !settings.log_is_shared() {
        app.swept(&settings.data).await?;
    }
    Ok(())
}

/// The application over these stores.
pub(super) async fn application(
    settings: &Settings,
    log: Arc<dyn EventStore>,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<Arc<Application>> {
    Ok(Application::new(Parts {
        log,
        vault: vault(settings, Arc::clone(&clock)).await?,
        ids: Arc::new(RandomIds::new(Arc::clone(&clock))),
        clock,
        secret: secret(settings)?,
        figures: settings.figures,
        limits: settings.limits,
    }))
}

/// When the log's last event became known.
pub(super) async fn last_recorded(log: &dyn EventStore) -> anyhow::Result<Option<RecordedAt>> {
    let head = log.head().await?;
    let before = Position(head.0.saturating_sub(1));
    let last = log.read_all(before, 1).await?;
    Ok(last.first().map(|event| event.recorded_at))
}
