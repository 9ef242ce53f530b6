//! What the writer remembers of streams: where each of them ends.
//!
//! Valid as long as nobody else has written. Since every event takes the next position, that is
//! as long as the log's tail is where this writer left it: the primary key tells.

use std::collections::HashMap;

use domain::es::{Hash, StreamName, Version};

/// How many streams a generation holds: some 10 MB for the two of them.
const GENERATION: usize = 32_768;

/// The end of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    /// The number that events name the stream by.
    pub(crate) stream: i64,
    pub(crate) version: Version,
    pub(crate) hash: Hash,
}

/// The ends of the streams used last, in two generations: when the younger is full, the older is
/// forgotten. As good as a list in order of use, and without one.
#[derive(Debug, Default)]
pub(crate) struct Heads {
    young: HashMap<StreamName, Head>,
    old: HashMap<StreamName, Head>,
}

impl Heads {
    pub(crate) fn get(&self, stream: &StreamName) -> Option<Head> {
        self.young
            .get(stream)
            .or_else(|| self.old.get(stream))
            .copied()
    }

    pub(crate) fn put(&mut self, stream: &StreamName, head: Head) {
        if let Some(known) = self.young.get_mut(stream) {
            *known = head;
            return;
        }
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(stream.clone(), head);
    }

    pub(crate) fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nth(n: usize) -> (StreamName, Head) {
        let head = Head {
            stream: 1,
            version: Version(n as u64),
            hash: Hash::ROOT,
        };
        (StreamName::new("unit", n), head)
    }

    #[test]
    fn what_was_used_lately_is_remembered_and_the_rest_forgotten() {
        let mut heads = Heads::default();
        for (stream, head) in (0..3 * GENERATION).map(nth) {
            heads.put(&stream, head);
        }
        let (first, _) = nth(0);
        let (last, head) = nth(3 * GENERATION - 1);
        assert_eq!((heads.get(&first), heads.get(&last)), (None, Some(head)));
        assert!(heads.young.len() + heads.old.len() <= 2 * GENERATION);
    }
}
