//! Many rows by few statements.

use std::fmt::Write as _;

use domain::es::StreamName;
use projections::{Arguments, CopiedRows, Row, Rows, Values};
use sqlx::PgConnection;
use uuid::Uuid;

/// Binds of a full statement, well under SQLite's 32,766: longer ones are no faster.
const BINDS: usize = 2_048;

/// Inserts rows, or puts them in place of those of the same name.
///
/// The statement's text is made of the table's name and constants of the row's type; a rest is written in halves, so
/// that a table has few different statements and each stays prepared.
pub(super) async fn upsert<R: Row>(
    db: &mut Rows<'_>,
    table: &str,
    rows: &[R],
) -> Result<(), sqlx::Error> {
    let mut size = (BINDS / R::COLUMNS.len()).next_power_of_two() / 2;
    let mut left = rows;
    while !left.is_empty() {
        while size > left.len() {
            size /= 2;
        }
        let (now, later) = left.split_at(size);
        let mut arguments = db.arguments();
        for row in now {
            row.bind(&mut arguments).map_err(sqlx::Error::Encode)?;
        }
        let sql = upsert_sql::<R>(table, size, &arguments);
        db.composed(sql, arguments).run().await?;
        left = later;
    }
    Ok(())
}

fn upsert_sql<R: Row>(table: &str, rows: usize, arguments: &Arguments) -> String {
    let mut sql = format!("INSERT INTO {table} ({}) VALUES ", R::COLUMNS.join(","));
    let width = R::COLUMNS.len();
    let rows = (0..rows).map(|row| format!("({})", places(arguments, row * width, width)));
    sql.push_str(&rows.collect::<Vec<_>>().join(","));
    let _ = write!(
        sql,
        " ON CONFLICT ({}) DO UPDATE SET ",
        R::PRIMARY.join(",")
    );
    let others = R::COLUMNS
        .iter()
        .filter(|column| !R::PRIMARY.contains(column))
        .map(|column| format!("{column} = excluded.{column}"));
    sql.push_str(&others.collect::<Vec<_>>().join(","));
    sql
}

/// The places of some values, after those of others. Plain `?` on SQLite, which looks numbered ones
/// up one by one: quadratic in their number.
fn places(arguments: &Arguments, after: usize, values: usize) -> String {
    match arguments {
        Arguments::Sqlite(_) => vec!["?"; values].join(","),
        Arguments::Postgres(_) => (after + 1..=after + values)
            .map(|nth| format!("${nth}"))
            .collect::<Vec<_>>()
            .join(","),
    }
}

/// So many rows are sooner copied into a table than written by statements. Tests have few rows.
const MANY: usize = if cfg!(test) { 8 } else { 512 };

/// How many bytes of copied rows are sent at once.
const CHUNK: usize = 64 * 1024;

/// Whether so many rows go the sooner the fewer of them are in the table: PostgreSQL copies many
/// rows into it, and can copy none over another.
pub(super) fn prefers_new(db: &Rows<'_>, rows: usize) -> bool {
    matches!(db, Rows::Postgres(_)) && rows >= MANY
}

/// Inserts rows of which none is there.
pub(super) async fn insert<R: Row>(
    db: &mut Rows<'_>,
    table: &str,
    rows: &[R],
) -> Result<(), sqlx::Error> {
    match db {
        Rows::Postgres(connection) if rows.len() >= MANY => copy(connection, table, rows).await,
        _ => upsert(db, table, rows).await,
    }
}

async fn copy<R: Row>(db: &mut PgConnection, table: &str, rows: &[R]) -> Result<(), sqlx::Error> {
    let columns = R::COLUMNS.join(",");
    let sql = format!("COPY {table} ({columns}) FROM STDIN (FORMAT binary)");
    let mut copying = db.copy_in_raw(&sql).await?;
    let mut copied = CopiedRows::default();
    for row in rows {
        copied.push(row).map_err(sqlx::Error::Encode)?;
        if copied.gathered().len() >= CHUNK {
            copying.send(copied.take()).await?;
        }
    }
    copied.end();
    copying.send(copied.take()).await?;
    copying.finish().await.map(drop)
}

/// Deletes all rows that were folded from some streams.
pub(super) async fn delete<R: Row>(
    db: &mut Rows<'_>,
    table: &str,
    streams: &[StreamName],
) -> Result<(), sqlx::Error> {
    let mut size = 256;
    let mut left = streams;
    while !left.is_empty() {
        while size > left.len() {
            size /= 2;
        }
        let (now, later) = left.split_at(size);
        let mut arguments = db.arguments();
        for stream in now {
            bind_key(stream, &mut arguments)?;
        }
        let sql = format!(
            "DELETE FROM {table} WHERE {} IN ({})",
            R::STREAM,
            places(&arguments, 0, size)
        );
        db.composed(sql, arguments).run().await?;
        left = later;
    }
    Ok(())
}

/// Deletes all rows.
pub(super) async fn clear(db: &mut Rows<'_>, table: &str) -> Result<(), sqlx::Error> {
    let none = db.arguments();
    db.composed(format!("DELETE FROM {table}"), none)
        .run()
        .await
        .map(|_| ())
}

/// A stream's key as its rows keep it: persons and referrals by UUID, units and cooperations by
/// name.
fn bind_key(stream: &StreamName, arguments: &mut Arguments) -> Result<(), sqlx::Error> {
    let id = match stream.category() {
        "unit" | "cooperation" => None,
        _ => stream.key().parse::<Uuid>().ok(),
    };
    match id {
        Some(id) => arguments.add(id),
        None => arguments.add(stream.key().to_owned()),
    }
    .map_err(sqlx::Error::Encode)
}
