//! Nodes tell each other that the log has moved.
//!
//! Notifying takes a lock that all who notify within a database share, until their commit: in the
//! transactions of appends it would line them all up. So a task beside the writer does it, after
//! the commit, a few times a hundredth of a second at most; no append waits for it. What it says is
//! a hint and no position: whoever hears it looks at the log.
//!
//! Hearing needs a connection that stays the same. Behind a pooler in transaction mode nothing is
//! heard, and [`LOOK`](super::LOOK) is how late one knows at most.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI32, Ordering},
    },
    time::Duration,
};

use domain::es::Position;
use sqlx::{
    Row,
    postgres::{PgListener, PgPoolOptions},
};
use tokio::{sync::watch, time::sleep};

use super::{
    announce,
    reader::Reader,
    session::{Session, within},
};
use crate::postgres::Database;

const CHANNEL: &str = "stegspor_log";
/// How long is waited after each telling: what is written meanwhile is told at once.
const PAUSE: Duration = Duration::from_millis(5);
/// How long is waited when the database is away.
const AWAY: Duration = Duration::from_millis(500);
/// After what time a server that does not answer is given up.
const SILENCE: Duration = Duration::from_secs(5);

/// The process of the server that this node tells by: what comes from there is no news to it.
#[derive(Debug, Clone, Default)]
pub(super) struct Teller(Arc<AtomicI32>);

/// Tells the other nodes of what this one has written, until it stops.
pub(super) async fn tell(
    database: Database,
    teller: Teller,
    mut written: watch::Receiver<Position>,
) {
    let mut kept = None;
    while written.changed().await.is_ok() {
        match tell_once(&database, &teller, &mut kept).await {
            Ok(()) => sleep(PAUSE).await,
            // Nobody is told of this one; they look by themselves.
            Err(_) => sleep(AWAY).await,
        }
    }
}

async fn tell_once(
    database: &Database,
    teller: &Teller,
    kept: &mut Option<Session>,
) -> Result<(), sqlx::Error> {
    let mut session = match kept.take() {
        Some(session) => session,
        None => Session::open(database).await?,
    };
    within(SILENCE, async {
        session.begin_one().await?;
        let query = session.query(include_str!("notify.sql"));
        let told = query.fetch_one(&mut session.connection).await?;
        teller.0.store(told.try_get(0)?, Ordering::Relaxed);
        session.commit_one().await
    })
    .await?;
    *kept = Some(session);
    Ok(())
}

/// Hears what other nodes tell, until nobody is interested in the head any more.
pub(super) async fn hear(
    database: Database,
    teller: Teller,
    reader: Reader,
    head: watch::Sender<Position>,
) {
    if database.pooled() {
        return;
    }
    while !head.is_closed() {
        // The error is no news: somebody who waits looks by themselves.
        hear_until_lost(&database, &teller, &reader, &head)
            .await
            .ok();
        sleep(AWAY).await;
    }
}

async fn hear_until_lost(
    database: &Database,
    teller: &Teller,
    reader: &Reader,
    head: &watch::Sender<Position>,
) -> Result<(), sqlx::Error> {
    let alone = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(SILENCE)
        .max_lifetime(None)
        .idle_timeout(None)
        .connect_lazy_with(database.options());
    let mut listener = PgListener::connect_with(&alone).await?;
    listener.listen(CHANNEL).await?;
    // What was told before somebody listened was not heard.
    announce(head, reader.head().await?);
    loop {
        let told = tokio::select! {
            told = listener.try_recv() => told?,
            () = head.closed() => return Ok(()),
        };
        let Some(told) = told else {
            return Ok(());
        };
        if told.process_id().cast_signed() != teller.0.load(Ordering::Relaxed) {
            announce(head, reader.head().await?);
        }
    }
}
