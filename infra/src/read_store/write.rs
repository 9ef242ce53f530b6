//! Many rows by few statements.

use std::fmt::Write as _;

use domain::es::StreamName;
use projections::Row;
use sqlx::{AssertSqlSafe, SqliteConnection, sqlite::SqliteArguments};
use uuid::Uuid;

/// Binds of a full statement, well under SQLite's 32,766: longer ones are no faster.
const BINDS: usize = 2_048;

/// Inserts rows, or puts them in place of those of the same name.
///
/// The statement's text is made of constants of the row's type; a rest is written in halves, so
/// that a table has few different statements and each stays prepared.
pub(super) async fn upsert<R: Row>(
    db: &mut SqliteConnection,
    rows: &[&R],
) -> Result<(), sqlx::Error> {
    let mut size = (BINDS / R::COLUMNS.len()).next_power_of_two() / 2;
    let mut left = rows;
    while !left.is_empty() {
        while size > left.len() {
            size /= 2;
        }
        let (now, later) = left.split_at(size);
        let mut arguments = SqliteArguments::default();
        for row in now {
            row.bind(&mut arguments).map_err(sqlx::Error::Encode)?;
        }
        sqlx::query_with(AssertSqlSafe(upsert_sql::<R>(size)), arguments)
            .execute(&mut *db)
            .await?;
        left = later;
    }
    Ok(())
}

/// Plain `?`: SQLite looks numbered parameters up one by one, which is quadratic in their number.
fn upsert_sql<R: Row>(rows: usize) -> String {
    let row = format!("({})", vec!["?"; R::COLUMNS.len()].join(","));
    let mut sql = format!(
        "INSERT INTO {} ({}) VALUES ",
        R::TABLE,
        R::COLUMNS.join(",")
    );
    sql.push_str(&vec![row.as_str(); rows].join(","));
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

/// Deletes all rows that were folded from some streams.
pub(super) async fn delete<R: Row>(
    db: &mut SqliteConnection,
    streams: &[&StreamName],
) -> Result<(), sqlx::Error> {
    let mut size = 256;
    let mut left = streams;
    while !left.is_empty() {
        while size > left.len() {
            size /= 2;
        }
        let (now, later) = left.split_at(size);
        let mut arguments = SqliteArguments::default();
        for stream in now {
            bind_key(stream, &mut arguments)?;
        }
        let sql = format!(
            "DELETE FROM {} WHERE {} IN ({})",
            R::TABLE,
            R::STREAM,
            vec!["?"; size].join(",")
        );
        sqlx::query_with(AssertSqlSafe(sql), arguments)
            .execute(&mut *db)
            .await?;
        left = later;
    }
    Ok(())
}

/// Deletes all rows.
pub(super) async fn clear<R: Row>(db: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::query(AssertSqlSafe(format!("DELETE FROM {}", R::TABLE)))
        .execute(db)
        .await
        .map(|_| ())
}

/// A stream's key as its rows keep it: persons and referrals by UUID, units and cooperations by
/// name.
fn bind_key(stream: &StreamName, arguments: &mut SqliteArguments) -> Result<(), sqlx::Error> {
    let id = match stream.category() {
        "unit" | "cooperation" => None,
        _ => stream.key().parse::<Uuid>().ok(),
    };
    match id {
        Some(id) => sqlx::Arguments::add(arguments, id),
        None => sqlx::Arguments::add(arguments, stream.key().to_owned()),
    }
    .map_err(sqlx::Error::Encode)
}
