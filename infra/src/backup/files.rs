//! Copying: databases beside their writers, files with their checksums.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::Path,
};

use sqlx::{
    ConnectOptions, Connection, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteRow},
};

use super::{
    BackupError, CopiedFile, beside,
    error::{database, file},
};
use crate::{event_store::BUSY, private};

/// How much of a file is in memory at a time.
const CHUNK: usize = 1 << 20;

/// Copies a database as it is at this moment, beside whoever writes to it. What it holds no more
/// is not in the copy.
pub(super) async fn copy_database(from: &Path, to: &Path) -> Result<(), BackupError> {
    let name = to
        .to_str()
        .ok_or_else(|| BackupError::Name(to.to_owned()))?;
    private::options()
        .create_new(true)
        .open(to)
        .map_err(file(to))?;
    let copied = async {
        let mut connection = connect(from).await?;
        sqlx::query(include_str!("copy_into.sql"))
            .bind(name)
            .execute(&mut connection)
            .await?;
        connection.close().await
    };
    copied.await.map_err(database(from))
}

/// The only row of a query.
pub(super) async fn one(path: &Path, sql: &'static str) -> Result<SqliteRow, BackupError> {
    let asked = async {
        let mut connection = connect(path).await?;
        let row = sqlx::query(sql).fetch_one(&mut connection).await?;
        connection.close().await?;
        Ok(row)
    };
    asked.await.map_err(database(path))
}

/// Deletes the entries of a vault that none of its keys opens. Answers how many.
pub(super) async fn discard_keyless(entries: &Path, keys: &Path) -> Result<u64, BackupError> {
    let name = keys
        .to_str()
        .ok_or_else(|| BackupError::Name(keys.to_owned()))?;
    let discarded = async {
        let mut connection = connect(entries).await?;
        sqlx::query(include_str!("attach_keys.sql"))
            .bind(name)
            .execute(&mut connection)
            .await?;
        let discarded = sqlx::query(include_str!("discard_keyless.sql"))
            .execute(&mut connection)
            .await?;
        connection.close().await?;
        Ok(discarded.rows_affected())
    };
    discarded.await.map_err(database(entries))
}

async fn connect(path: &Path) -> Result<SqliteConnection, sqlx::Error> {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(BUSY)
        .disable_statement_logging()
        .connect()
        .await
}

/// Copies a file, synced to the disk; tells what it holds.
pub(super) fn copy(from: &Path, to: &Path) -> Result<CopiedFile, BackupError> {
    let mut source = File::open(from).map_err(file(from))?;
    let mut copy = private::options()
        .create_new(true)
        .open(to)
        .map_err(file(to))?;
    let copied = sum_of(&mut source, |bytes| copy.write_all(bytes)).map_err(file(to))?;
    copy.sync_all().map_err(file(to))?;
    Ok(copied)
}

/// What a file holds, after it is synced to the disk.
pub(super) fn sum(path: &Path) -> Result<CopiedFile, BackupError> {
    sync(path)?;
    File::open(path)
        .and_then(|mut there| sum_of(&mut there, |_| Ok(())))
        .map_err(file(path))
}

/// Syncs a file to the disk that somebody else wrote.
pub(super) fn sync(path: &Path) -> Result<(), BackupError> {
    private::options()
        .open(path)
        .and_then(|there| there.sync_all())
        .map_err(file(path))
}

fn sum_of(
    source: &mut impl Read,
    mut each: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<CopiedFile> {
    let mut hasher = blake3::Hasher::new();
    let mut chunk = vec![0; CHUNK];
    let mut bytes = 0;
    loop {
        let read = source.read(&mut chunk)?;
        if read == 0 {
            break;
        }
        hasher.update(&chunk[..read]);
        each(&chunk[..read])?;
        bytes += read as u64;
    }
    Ok(CopiedFile {
        bytes,
        blake3: hasher.finalize().to_hex().to_string(),
    })
}

/// Syncs to the disk which names a folder holds.
pub(super) fn sync_folder(folder: &Path) -> Result<(), BackupError> {
    // Elsewhere than on Unix folders cannot be opened.
    #[cfg(unix)]
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(file(folder))?;
    Ok(())
}

/// A database that was opened and closed lies in the one file: nothing of it is left beside.
pub(super) fn is_at_rest(path: &Path) -> Result<(), BackupError> {
    let left = beside(path, "-wal");
    match fs::metadata(&left) {
        Ok(rest) if rest.len() > 0 => Err(BackupError::File {
            path: left,
            source: io::ErrorKind::ResourceBusy.into(),
        }),
        _ => Ok(()),
    }
}
