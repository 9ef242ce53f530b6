//! One statement for any number of events.
//!
//! Each number of rows is a statement of its own to SQLite. So that a handful of prepared ones
//! serves all groups, a statement has room for a round number of rows and is told how many of
//! them are given.

use std::sync::Arc;

use sqlx::{AssertSqlSafe, SqliteConnection};

use crate::event_store::group::{EventRow, NewStream};

/// The numbers of rows that there are statements for.
const ROOM: [usize; 18] = [
    1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512,
];
/// The most rows of one statement.
pub(super) const MOST: usize = ROOM[ROOM.len() - 1];

/// The texts of the statements, each made once.
#[derive(Debug, Default)]
pub(super) struct Statements {
    plain: [Option<Arc<str>>; ROOM.len()],
    naming: [Option<Arc<str>>; ROOM.len()],
}

impl Statements {
    /// Adds the rows and commits. Up to [`MOST`] of them go in one round trip.
    pub(super) async fn commit(
        &mut self,
        connection: &mut SqliteConnection,
        streams: &[NewStream],
        rows: Vec<EventRow>,
    ) -> Result<(), sqlx::Error> {
        if rows.len() > MOST {
            begin(connection).await?;
            self.add(connection, streams, rows).await?;
            return commit(connection).await;
        }
        if streams.is_empty() {
            return self.add_chunk(connection, &rows).await;
        }
        // Four statements sent as one.
        let room = room_for(rows.len());
        let text = self.naming[room].get_or_insert_with(|| {
            let parts = [
                "BEGIN IMMEDIATE;\n",
                include_str!("name_streams.sql"),
                ";\n",
                &add_events(ROOM[room]),
                ";\nCOMMIT",
            ];
            parts.concat().into()
        });
        let query = sqlx::query(AssertSqlSafe(Arc::clone(text))).bind(names(streams));
        bind(query, &rows).execute(connection).await.map(drop)
    }

    /// Adds the rows within the transaction that is open.
    pub(super) async fn add(
        &mut self,
        connection: &mut SqliteConnection,
        streams: &[NewStream],
        rows: Vec<EventRow>,
    ) -> Result<(), sqlx::Error> {
        if !streams.is_empty() {
            sqlx::query(include_str!("name_streams.sql"))
                .bind(names(streams))
                .execute(&mut *connection)
                .await?;
        }
        for chunk in rows.chunks(MOST) {
            self.add_chunk(connection, chunk).await?;
        }
        Ok(())
    }

    async fn add_chunk(
        &mut self,
        connection: &mut SqliteConnection,
        rows: &[EventRow],
    ) -> Result<(), sqlx::Error> {
        let room = room_for(rows.len());
        let text = self.plain[room].get_or_insert_with(|| add_events(ROOM[room]).into());
        let query = sqlx::query(AssertSqlSafe(Arc::clone(text)));
        bind(query, rows).execute(connection).await.map(drop)
    }
}

/// Takes the file's write lock.
pub(super) async fn begin(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::query("BEGIN IMMEDIATE")
        .execute(connection)
        .await
        .map(drop)
}

/// Makes durable what was added since [`begin`].
pub(super) async fn commit(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::query("COMMIT").execute(connection).await.map(drop)
}

/// Takes back what was added since [`begin`], if a transaction is open.
pub(super) async fn rollback(connection: &mut SqliteConnection) {
    sqlx::query("ROLLBACK").execute(connection).await.ok();
}

/// The smallest room that holds so many rows, by its place in [`ROOM`].
fn room_for(rows: usize) -> usize {
    ROOM.iter()
        .position(|room| rows <= *room)
        .expect("callers add at most as many rows as there is room for")
}

fn add_events(room: usize) -> String {
    let (before, after) = include_str!("add_events.sql")
        .split_once("-- rows\n")
        .expect("the statement has a place for its rows");
    let rows = vec!["(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"; room].join(",\n");
    [before, &rows, after.trim_end()].concat()
}

fn names(streams: &[NewStream]) -> String {
    let pairs: Vec<_> = streams
        .iter()
        .map(|stream| (stream.id, &stream.name))
        .collect();
    serde_json::to_string(&pairs).expect("numbers and texts always are JSON")
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

fn bind<'q>(query: Query<'q>, rows: &[EventRow]) -> Query<'q> {
    let count = i64::try_from(rows.len()).expect("a group is small");
    rows.iter().fold(query.bind(count), |query, row| {
        query
            .bind(row.position)
            .bind(row.stream)
            .bind(row.version)
            .bind(row.id.0)
            .bind(row.kind)
            .bind(i64::from(row.schema_version))
            .bind(Arc::clone(&row.occurred_at))
            .bind(row.recorded_at.0.timestamp_micros())
            .bind(Arc::clone(&row.metadata))
            .bind(Arc::clone(&row.data))
            .bind(
                row.links
                    .map_or_else(Vec::new, |(stream, _)| stream.0.to_vec()),
            )
            .bind(row.links.map_or_else(Vec::new, |(_, log)| log.0.to_vec()))
    })
}
