//! A sum over the rows of a table: equal if the rows are, whatever their order and their engine.

use std::fmt;

use projections::{CopiedRows, Row, Rows};

/// How many rows a table holds, and the sum of their hashes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    /// The rows.
    pub rows: u64,
    hashes: u128,
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.hashes)
    }
}

/// A row, by its hash.
pub(super) struct Hashed<'r> {
    /// The hash of all of it.
    pub(super) row: u128,
    key: &'r dyn Fn() -> String,
}

impl Hashed<'_> {
    /// The columns that name the row, with their values.
    pub(super) fn key(&self) -> String {
        (self.key)()
    }
}

/// Takes one row after the other.
pub(super) type Take<'t> = dyn for<'a, 'r> FnMut(&'a Hashed<'r>) + Send + 't;

/// Each row of a table, as it is read: two engines that keep a value differently still agree on it.
pub(super) async fn each<R: Row>(
    db: &mut Rows<'_>,
    table: &str,
    take: &mut Take<'_>,
) -> Result<(), sqlx::Error> {
    let sql = format!("SELECT {} FROM {table}", R::COLUMNS.join(","));
    let none = db.arguments();
    let mut bytes = CopiedRows::default();
    let mut failed = None;
    db.composed(sql, none)
        .each(|row: R| {
            bytes.clear();
            if let Err(error) = bytes.push(&row) {
                failed = Some(error);
            }
            take(&Hashed {
                row: hash(bytes.gathered()),
                key: &|| row.key(),
            });
        })
        .await?;
    failed.map_or(Ok(()), |error| Err(sqlx::Error::Encode(error)))
}

/// Of all rows of a table.
pub(super) async fn of<R: Row>(db: &mut Rows<'_>, table: &str) -> Result<Sum, sqlx::Error> {
    let mut sum = Sum::default();
    let mut add = |hashed: &Hashed<'_>| {
        sum.rows += 1;
        sum.hashes = sum.hashes.wrapping_add(hashed.row);
    };
    each::<R>(db, table, &mut add).await?;
    Ok(sum)
}

/// Half of a hash: enough to tell rows apart.
pub(super) fn hash(bytes: &[u8]) -> u128 {
    let mut half = [0; 16];
    half.copy_from_slice(&blake3::hash(bytes).as_bytes()[..16]);
    u128::from_be_bytes(half)
}
