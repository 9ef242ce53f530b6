//! Comparing: whether two tables hold the same rows, and which they do not.

use std::collections::HashMap;

use domain::es::Position;

use crate::read_store::{
    engine::Transaction,
    error::ReadStoreError,
    models::{self, ReadModel},
    sum::{self, Sum},
};

/// How a table made anew compares with the one in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comparison {
    /// The read model.
    pub read_model: &'static str,
    /// The place in the log up to which the new one was folded when they were compared.
    pub position: Position,
    /// What the new one held.
    pub made: Sum,
    /// What the one in use held; nothing if it was folded up to another place, as a read model is
    /// that has just been added.
    pub live: Option<Sum>,
    /// How many rows only one of them held, or held otherwise than the other.
    pub differing: u64,
}

/// A row that is not the same in both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The read model.
    pub read_model: &'static str,
    /// The columns that name the row, with their values.
    pub key: String,
    /// How they differ.
    pub how: How,
}

/// How the row of a table made anew differs from that of the one in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Both have it, with other values.
    Changed,
    /// Only the new one has it.
    Added,
    /// Only the one in use has it.
    Gone,
}

/// Sums up tables, each as the rows of a read model.
pub(super) async fn sums(
    mut rows: Transaction<'static>,
    tables: Vec<(&'static str, String)>,
) -> Result<(Transaction<'static>, Vec<Sum>), ReadStoreError> {
    let mut sums = vec![];
    for (read_model, table) in tables {
        for model in models::named(&[read_model])? {
            sums.push(model.sum(&mut rows.rows(), &table).await?);
        }
    }
    Ok((rows, sums))
}

/// How many rows are compared at a time: some 100 MB.
const AT_ONCE: u64 = 2_000_000;

/// Tells the rows that differ, each once, and answers how many they are.
pub(super) async fn differences(
    model: &dyn ReadModel,
    live: &mut Transaction<'static>,
    made: (&mut Transaction<'static>, &str),
    rows: u64,
    found: &mut (dyn FnMut(Difference) + Send),
) -> Result<u64, sqlx::Error> {
    let (made, table) = made;
    let name = model.name();
    let parts = u128::from(rows / AT_ONCE + 1);
    let mut count = 0;
    let mut tell = |key, how| {
        count += 1;
        found(Difference {
            read_model: name,
            key,
            how,
        });
    };
    for part in 0..parts {
        let mut known: HashMap<u128, u128> = HashMap::new();
        let mut know = |key: u128, row| {
            if key % parts == part {
                known.insert(key, row);
            }
        };
        model
            .each(&mut live.rows(), name, &mut |hashed| {
                know(sum::hash(hashed.key().as_bytes()), hashed.row);
            })
            .await?;
        model
            .each(&mut made.rows(), table, &mut |hashed| {
                let key = hashed.key();
                let hash = sum::hash(key.as_bytes());
                if hash % parts == part {
                    match known.remove(&hash) {
                        None => tell(key, How::Added),
                        Some(row) if row != hashed.row => tell(key, How::Changed),
                        Some(_) => {}
                    }
                }
            })
            .await?;
        if known.is_empty() {
            continue;
        }
        model
            .each(&mut live.rows(), name, &mut |hashed| {
                let key = hashed.key();
                if known.contains_key(&sum::hash(key.as_bytes())) {
                    tell(key, How::Gone);
                }
            })
            .await?;
    }
    Ok(count)
}
