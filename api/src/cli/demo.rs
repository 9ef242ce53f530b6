//! `stegspor demo`: a made-up history to look around in.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Utc};
use clap::Args;
use domain::{
    es::{ActorId, EventStore, Position, Role},
    words::UnitId,
};
use infra::{
    clock::{Clock, SystemClock, TickingClock},
    ids::{IdSource, SeededIds},
};
use serde::Serialize;
use uuid::Uuid;

use super::{Ended, Settings, progress::Bar, reporting::Reporting, serve, settings::Where, store};
use crate::{
    app::{self, Recording},
    auth::{Principal, Secret, token},
    history::demo::{self, DemoCast},
    routes::Service,
};

/// The file that says that the demo's history was played to its end.
pub(super) const PLAYED: &str = "demo.played";

/// Play a made-up history and serve it: the place to start
///
/// Plays the demo's history (fictitious people, from 2016 to summer 2021) into the data folder, if
/// it is not there yet, and serves it. Prints what to open, and a token for each role. The clock
/// starts at 1 July 2021. To begin anew, delete the folder.
///
/// Examples:
///   stegspor demo
///   stegspor demo --data DIR --listen 127.0.0.1:0 --json    one line of JSON once it serves
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Demo {
    /// Print one line of JSON: url, now, `participant_id`, `tidgiver_id`, tokens
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    pub(super) place: Where,
    #[command(flatten)]
    pub(super) reporting: Reporting,
}

/// What a script needs to know.
#[derive(Debug, Serialize)]
struct Serving {
    url: String,
    now: String,
    participant_id: String,
    tidgiver_id: String,
    tokens: BTreeMap<String, String>,
}

impl Demo {
    pub(super) async fn run(self) -> anyhow::Result<Ended> {
        let settings = self.place.settings("stegspor-data/demo")?;
        let log = store::log(&settings).await?;
        store::belonging(&settings, log.as_ref(), false).await?;
        let cast = play(&settings, log.as_ref()).await?;
        let now = now(log.as_ref(), &cast).await?;
        let clock = Arc::new(TickingClock::starting_at(now));
        let app = store::application(&settings, log, clock).await?;
        let read = store::read_models(&settings, &app).await?;
        app.sweep(&settings.data, Recording::Now).await?;
        store::catch_up(&read).await?;
        let listening = serve::Listening::start(&settings).await?;
        let serving = Serving {
            url: format!("http://{}", listening.address),
            now: domain::es::RecordedAt(now).to_string(),
            participant_id: cast.participant_id.to_string(),
            tidgiver_id: cast.tidgiver_id.to_string(),
            tokens: tokens(&app.secret, &cast),
        };
        if self.json {
            println!("{}", serde_json::to_string(&serving)?);
        } else {
            print!("{}", serving.for_people(&settings));
        }
        serve::until_asked_to_end(listening, Service::new(app, read), &settings).await
    }
}

/// The clock that goes in a data folder: the demo's, where its history was played, so that whatever
/// is recorded there goes on from it; else the machine's.
pub(super) async fn clock(
    settings: &Settings,
    log: &dyn EventStore,
) -> anyhow::Result<Arc<dyn Clock>> {
    if !settings.data.join(PLAYED).is_file() {
        return Ok(Arc::new(SystemClock));
    }
    let now = now(log, &demo::cast()).await?;
    Ok(Arc::new(TickingClock::starting_at(now)))
}

/// What the demo's clock shows when it starts. What was recorded in an earlier demo lies behind
/// it, not before it.
async fn now(log: &dyn EventStore, cast: &DemoCast) -> anyhow::Result<DateTime<Utc>> {
    let last = store::last_recorded(log).await?;
    Ok(last.map_or(cast.now, |last| last.0.max(cast.now)))
}

/// Plays the history, unless it stands in the log already.
async fn play(settings: &Settings, log: &dyn EventStore) -> anyhow::Result<DemoCast> {
    let played = settings.data.join(PLAYED);
    if played.is_file() && log.head().await? > Position::START {
        return Ok(demo::cast());
    }
    let first = log.read_all(Position::START, 1).await?;
    anyhow::ensure!(
        first
            .iter()
            .filter_map(|event| event.read_metadata().ok())
            .all(|metadata| metadata.source.0 == demo::SOURCE),
        "{} holds another history, and the demo plays its own: take another folder (--data DIR), \
         or serve what is there (stegspor serve --data {0})",
        settings.data.display()
    );
    let vault = store::vault(settings, Arc::new(SystemClock)).await?;
    let bar = Bar::new("steps");
    let cast = demo::play(log, vault.as_ref(), &mut |done, of| bar.show(done, of)).await?;
    bar.done();
    app::swept(log, &settings.data).await?;
    infra::private::file(&played)?;
    Ok(cast)
}

/// A token for each role, by `role` or `role:unit`.
fn tokens(secret: &Secret, cast: &DemoCast) -> BTreeMap<String, String> {
    let ids = SeededIds::new(0x6465_6d6f);
    let mut tokens = BTreeMap::new();
    let mut give = |name: &str, role: Role, unit: Option<&UnitId>, subject: Uuid| {
        let name = unit.map_or_else(|| name.to_owned(), |unit| format!("{name}:{unit}"));
        let principal = Principal {
            subject: ActorId(subject),
            role,
            unit: unit.cloned(),
        };
        tokens.insert(name, token::issue(secret, &principal, None));
    };
    give(
        "national-lead",
        Role::NationalLead,
        None,
        cast.national_lead.0,
    );
    give("analyst", Role::Analyst, None, ids.next());
    give("operator", Role::Operator, None, ids.next());
    give(
        "participant",
        Role::Participant,
        None,
        cast.participant_id.0,
    );
    give("tidgiver", Role::Tidgiver, None, cast.tidgiver_id.0);
    for (unit, staff) in &cast.staff {
        let veileder = staff.veiledere.last().map_or_else(|| ids.next(), |id| id.0);
        give("veileder", Role::Veileder, Some(unit), veileder);
        let coordinator = staff.coordinator.0;
        give(
            "tidgiver-coordinator",
            Role::TidgiverCoordinator,
            Some(unit),
            coordinator,
        );
        give(
            "department-leader",
            Role::DepartmentLeader,
            Some(unit),
            staff.leader.0,
        );
    }
    for (unit, actor) in &cast.institutions {
        give("institution", Role::Institution, Some(unit), actor.0);
    }
    tokens
}

impl Serving {
    fn for_people(&self, settings: &Settings) -> String {
        use std::fmt::Write;
        let mut text = String::new();
        let _ = writeln!(
            text,
            "\nThe demo serves on {url} (Ctrl-C ends it); its clock started at {now}.\n\
             Everybody in it is made up. Its data: {data}\n\n\
             Open in a browser:\n  {url}/       {url}/docs\n\n\
             One participant: {participant}\nOne tidgiver:    {tidgiver}\n\n\
             TOKENS FOR DEVELOPMENT ONLY, one a role:",
            url = self.url,
            now = self.now,
            data = settings.data.display(),
            participant = self.participant_id,
            tidgiver = self.tidgiver_id,
        );
        for (name, token) in &self.tokens {
            let _ = writeln!(text, "  {name}\n    {token}");
        }
        let _ = writeln!(
            text,
            "\nA first question:\n  curl -s -H 'Authorization: Bearer TOKEN' '{}/v1/standing?unit=stegforsteg-oslo'",
            self.url
        );
        text
    }
}
