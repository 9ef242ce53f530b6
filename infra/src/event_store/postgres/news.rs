//! Nodes tell each other that the log has moved.
//!
//! Notifying takes a lock that all who notify within a database share, until their commit: in the
//! transactions of appends it would line them all up. So a task beside the writer does it, after
//! the commit, a few times a hundredth of a second at most; no append waits for it. What it says is
//! a hint and no position: whoever hears it looks at the log.
//!
//! Hearing needs a connection that stays the same. Behind a pooler in transaction mode nothing is
//! heard, and [`LOOK`](super::LOOK) is how late one knows at most.

use std::time::Duration;

use domain::es::Position;
use sqlx::postgres::{PgListener, PgPoolOptions};
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

/// Tells the other nodes of what this one has written, until it stops.
pub(super) async fn tell(database: Database, mut written: watch::Receiver<Position>) {
    let mut kept = None;
    while written.changed().await.is_ok() {
        match tell_once(&database, &mut kept).await {
            Ok(()) => sleep(PAUSE).await,
            // Nobody is told of this one; they look by themselves.
            Err(_) => sleep(AWAY).await,
        }
    }
}

async fn tell_once(database: &Database, kept: &mut Option<Session>) -> Result<(), sqlx::Error> {
    let mut session = match kept.take() {
        Some(session) => session,
        None => Session::open(database).await?,
    };
    within(SILENCE, async {
        session.begin_one().await?;
        let query = session.query(include_str!("notify.sql"));
        query.execute(&mut session.connection).await?;
        session.commit_one().await
    })
    .await?;
    *kept = Some(session);
    Ok(())
}

/// Hears what other nodes tell, until nobody is interested in the head any more.
pub(super) async fn hear(database: Database, reader: Reader, head: watch::Sender<Position>) {
    if database.pooled() {
        return;
    }
    while !head.is_closed() {
        // The error is no news: somebody who waits looks by themselves.
        hear_until_lost(&database, &reader, &head).await.ok();
        sleep(AWAY).await;
    }
}

async fn hear_until_lost(
    database: &Database,
    reader: &Reader,
    head: &watch::Sender<Position>,
) -> Result<(), sqlx::Error> {
    let alone = PgPoolOptions::new()
        .max_connections(1)
        .max_lifetime(None)
        .idle_timeout(None)
        .connect_lazy_with(database.options());
    let mut listener = PgListener::connect_with(&alone).await?;
    listener.listen(CHANNEL).await?;
    loop {
        // What was told before somebody listened was not heard.
        announce(head, reader.head().await?);
        tokio::select! {
            told = listener.try_recv() => {
                if told?.is_none() {
                    return Ok(());
                }
                while listener.next_buffered().is_some() {}
            }
            () = head.closed() => return Ok(()),
        }
    }
}
