//! One statement for any number of events: it moves the tail on, names new streams and adds the
//! events, or does nothing at all because the tail is not where the plan began.
//!
//! Whoever else appends moves the tail, so a tail that has not moved says that nothing has
//! changed: the heads that the plan rests on are true. The statement compares under the row's
//! lock, and again after it has waited for one, so it never judges by a view from before the
//! wait.

use sqlx::{Encode, Postgres, Type, postgres::PgHasArrayType};

use super::session::{Query, Session};
use crate::event_store::group::{EventRow, Plan, Tail};

/// How long an append waits for another node's, in PostgreSQL's words. Longer than any of them
/// takes: whoever holds the tail for so long is stuck.
pub(super) const LOCK_TIMEOUT: &str = "5s";

/// Adds what is planned after `before`. False if the tail is elsewhere, and nothing was added.
pub(super) async fn add(
    session: &mut Session,
    before: &Tail,
    plan: &Plan<'_>,
) -> Result<bool, sqlx::Error> {
    let naming = !plan.streams.is_empty();
    let text = if naming {
        include_str!("name_streams_and_add_events.sql")
    } else {
        include_str!("add_events.sql")
    };
    let query = bind_rows(bind_tails(session.query(text), before, plan), &plan.rows);
    let query = if naming {
        let ids: Vec<_> = plan.streams.iter().map(|stream| stream.id).collect();
        let names: Vec<_> = plan.streams.iter().map(|s| s.name.as_str()).collect();
        bind(bind(query, ids), names)
    } else {
        query
    };
    let added = query.execute(&mut session.connection).await?;
    Ok(added.rows_affected() > 0)
}

fn bind_tails(query: Query, before: &Tail, plan: &Plan<'_>) -> Query {
    let after = &plan.tail;
    query
        .bind(LOCK_TIMEOUT)
        .bind(before.position)
        .bind(before.log_hash.0.to_vec())
        .bind(after.position)
        .bind(after.last_stream)
        .bind(after.recorded_at.0.timestamp_micros())
        .bind(after.log_hash.0.to_vec())
}

/// Column by column.
fn bind_rows(query: Query, rows: &[EventRow]) -> Query {
    let query = bind(query, column(rows, |row| row.position));
    let query = bind(query, column(rows, |row| row.stream));
    let query = bind(query, column(rows, |row| row.version));
    let query = bind(query, column(rows, |row| row.id.0));
    let query = bind(query, column(rows, |row| row.kind));
    let query = bind(query, column(rows, |row| i32::from(row.schema_version)));
    let query = bind(query, column(rows, |row| &*row.occurred_at));
    let query = bind(
        query,
        column(rows, |row| row.recorded_at.0.timestamp_micros()),
    );
    let query = bind(query, column(rows, |row| &*row.metadata));
    let query = bind(query, column(rows, |row| &*row.data));
    let hashes = rows.iter().map(|row| {
        row.links
            .as_ref()
            .expect("a plan that is not bare has links")
    });
    let (stream_hashes, log_hashes): (Vec<_>, Vec<_>) = hashes
        .map(|(stream, log)| (&stream.0[..], &log.0[..]))
        .unzip();
    bind(bind(query, stream_hashes), log_hashes)
}

fn bind<'q, T>(query: Query, column: Vec<T>) -> Query
where
    T: Encode<'q, Postgres> + Type<Postgres> + PgHasArrayType,
{
    query.bind(column)
}

fn column<'a, T>(rows: &'a [EventRow], of: impl Fn(&'a EventRow) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
}
