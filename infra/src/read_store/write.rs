//! Many rows by few statements.

use domain::es::StreamName;
use projections::{Arguments, CopiedRows, Row, Rows};
use sqlx::{Arguments as _, PgConnection, error::BoxDynError};
use uuid::Uuid;

/// Binds of a full statement, well under SQLite's 32,766: longer ones are no faster.
const BINDS: usize = 2_048;

/// Inserts rows, or puts them in place of those of the same name.
pub(super) async fn upsert<R: Row>(
    db: &mut Rows<'_>,
    table: &str,
    rows: &[R],
) -> Result<(), sqlx::Error> {
    let others = R::COLUMNS
        .iter()
        .filter(|column| !R::PRIMARY.contains(column))
        .map(|column| format!("{column} = excluded.{column}"));
    let instead = format!(
        " ON CONFLICT ({}) DO UPDATE SET {}",
        R::PRIMARY.join(","),
        others.collect::<Vec<_>>().join(",")
    );
    put(db, table, rows, &instead).await
}

/// Inserts rows by statements that end in a clause.
///
/// The statement's text is made of the table's name and constants of the row's type; a rest is written in halves, so
/// that a table has few different statements and each stays prepared.
async fn put<R: Row>(
    db: &mut Rows<'_>,
    table: &str,
    rows: &[R],
    clause: &str,
) -> Result<(), sqlx::Error> {
    let width = R::COLUMNS.len();
    let mut size = (BINDS / width).next_power_of_two() / 2;
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
        let row = |nth: usize| format!("({})", places(&arguments, nth * width, width));
        let sql = format!(
            "INSERT INTO {table} ({}) VALUES {}{clause}",
            R::COLUMNS.join(","),
            (0..size).map(row).collect::<Vec<_>>().join(",")
        );
        db.composed(sql, arguments).run().await?;
        left = later;
    }
    Ok(())
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
///
/// Over TCP the end of a copy waits 40 ms for the server's delayed acknowledgement: sqlx 0.9.0 leaves
/// Nagle's algorithm on (transact-rs/sqlx#4335, mended there, not yet released).
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
        _ => put(db, table, rows, "").await,
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
    let mut size = match db {
        Rows::Sqlite(_) => 256,
        // As one value.
        Rows::Postgres(_) => streams.len(),
    };
    let mut left = streams;
    while !left.is_empty() {
        while size > left.len() {
            size /= 2;
        }
        let (now, later) = left.split_at(size);
        let mut arguments = db.arguments();
        let are_these = bind_keys(now, &mut arguments).map_err(sqlx::Error::Encode)?;
        let sql = format!("DELETE FROM {table} WHERE {} {are_these}", R::STREAM);
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

/// Binds the keys of streams of one category as their rows keep them: persons and referrals by UUID,
/// units and cooperations by name. Answers what a column is compared with.
fn bind_keys(streams: &[StreamName], arguments: &mut Arguments) -> Result<String, BoxDynError> {
    let ids: Option<Vec<Uuid>> = streams.iter().map(id).collect();
    let names = || streams.iter().map(|stream| stream.key().to_owned());
    match (&mut *arguments, ids) {
        (Arguments::Postgres(values), Some(ids)) => values.add(ids)?,
        (Arguments::Postgres(values), None) => values.add(names().collect::<Vec<_>>())?,
        (Arguments::Sqlite(values), Some(ids)) => {
            ids.into_iter().try_for_each(|id| values.add(id))?;
        }
        (Arguments::Sqlite(values), None) => names().try_for_each(|name| values.add(name))?,
    }
    Ok(match arguments {
        Arguments::Postgres(_) => "= ANY($1)".to_owned(),
        Arguments::Sqlite(_) => format!("IN ({})", places(arguments, 0, streams.len())),
    })
}

fn id(stream: &StreamName) -> Option<Uuid> {
    match stream.category() {
        "unit" | "cooperation" => None,
        _ => stream.key().parse().ok(),
    }
}
