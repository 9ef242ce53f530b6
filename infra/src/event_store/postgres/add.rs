//! One statement for any number of events: it moves the tail on, names new streams and adds the
//! events, or does nothing at all because the tail is not where the plan began.
//!
//! Whoever else appends moves the tail, so a tail that has not moved says that nothing has
//! changed: the heads that the plan rests on are true. The statement compares under the row's
//! lock, and again after it has waited for one, so it never judges by a view from before the
//! wait.

use domain::es::Hash;
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
    let query = match (&*plan.streams, &*plan.rows) {
        ([], [row]) => {
            let query = session.query(include_str!("add_event.sql"));
            bind_row(bind_tails(query, before, plan), row)
        }
        ([], rows) => {
            let query = session.query(include_str!("add_events.sql"));
            bind_rows(bind_tails(query, before, plan), rows)
        }
        (streams, rows) => {
            let query = session.query(include_str!("name_streams_and_add_events.sql"));
            let query = bind_rows(bind_tails(query, before, plan), rows);
            let ids: Vec<_> = streams.iter().map(|stream| stream.id).collect();
            let names: Vec<_> = streams.iter().map(|s| s.name.as_str()).collect();
            bind(bind(query, ids), names)
        }
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

/// One event, without arrays: they cost as much again.
fn bind_row(query: Query, row: &EventRow) -> Query {
    let (stream_hash, log_hash) = links(row);
    query
        .bind(row.position)
        .bind(row.stream)
        .bind(row.version)
        .bind(row.id.0)
        .bind(row.kind)
        .bind(i32::from(row.schema_version))
        .bind(&*row.occurred_at)
        .bind(row.recorded_at.0.timestamp_micros())
        .bind(&*row.metadata)
        .bind(&*row.data)
        .bind(&stream_hash.0[..])
        .bind(&log_hash.0[..])
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
        let (stream, log) = links(row);
        (&stream.0[..], &log.0[..])
    });
    let (stream_hashes, log_hashes): (Vec<_>, Vec<_>) = hashes.unzip();
    bind(bind(query, stream_hashes), log_hashes)
}

fn links(row: &EventRow) -> &(Hash, Hash) {
    let links = row.links.as_ref();
    links.expect("a plan that is not bare has links")
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
