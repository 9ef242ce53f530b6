//! A sum over the rows of a table: equal if the rows are, whatever their order and their engine.

use std::fmt;

use projections::{Row, Rows};

/// How many rows a table holds, and the sum of their hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// Of the rows as they are read: two engines that keep a value differently still agree on it.
pub(super) async fn of<R: Row>(db: &mut Rows<'_>, table: &str) -> Result<Sum, sqlx::Error> {
    let mut sum = Sum { rows: 0, hashes: 0 };
    let sql = format!("SELECT {} FROM {table}", R::COLUMNS.join(","));
    let none = db.arguments();
    db.composed(sql, none)
        .each(|row: R| {
            let hash = blake3::hash(format!("{row:?}").as_bytes());
            let mut half = [0; 16];
            half.copy_from_slice(&hash.as_bytes()[..16]);
            sum.rows += 1;
            sum.hashes = sum.hashes.wrapping_add(u128::from_be_bytes(half));
        })
        .await?;
    Ok(sum)
}
