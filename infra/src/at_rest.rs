//! Databases in files, brought to rest.

use std::{path::Path, time::Duration};

use sqlx::{ConnectOptions, Connection, sqlite::SqliteConnectOptions};

/// How long to wait for another process that writes.
const BUSY: Duration = Duration::from_secs(10);

/// Moves what lies in the write-ahead log of a database into its file: all of it lies in the one
/// file then, and can be copied. To be called when nobody writes any more; does nothing where there
/// is no such file.
pub async fn bring_to_rest(path: &Path) -> Result<(), sqlx::Error> {
    if !path.is_file() {
        return Ok(());
    }
    let connect = SqliteConnectOptions::new().filename(path);
    let mut connection = connect.busy_timeout(BUSY).connect().await?;
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
        .execute(&mut connection)
        .await?;
    connection.close().await
}
