//! What the page says, in Norwegian: `nb.txt` holds each sentence's English and, on the next line,
//! its Norwegian wording.

use std::{collections::HashMap, sync::LazyLock};

static WORDINGS: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| all().collect());

/// The Norwegian wording of a sentence.
pub(in crate::routes) fn norwegian(english: &str) -> Option<&'static str> {
    WORDINGS.get(english).copied()
}

/// Every sentence: English, Norwegian.
pub(super) fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    include_str!("nb.txt")
        .split("\n\n")
        .filter_map(|pair| pair.trim().split_once('\n'))
}
