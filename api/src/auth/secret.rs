//! The service's own secret: it seals tokens and cursors, and turns foreign ids into ids of ours.
//!
//! Every use has a context of its own, so that what was made for one cannot be passed off as
//! another. Ids made from words or foreign ids are *keyed* hashes: who does not hold the secret
//! cannot find out what they were made from by trying.

use std::{
    io,
    path::{Path, PathBuf},
};

use infra::private;
use uuid::{Builder, Uuid};

/// The file in the data folder that holds the secret.
pub(crate) const FILE: &str = "secret.key";

/// What a keyed hash is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Seals a bearer token.
    Token,
    /// Seals a cursor.
    Cursor,
    /// An idempotency key becomes a command's id.
    IdempotencyKey,
    /// An event's id and source become a command's id.
    ForeignEvent,
    /// A system's own id of a thing becomes ours.
    ForeignId,
    /// What is new gets an id that is the same however often it is sent.
    NewThing,
    /// Words of a command get the id of their vault entry.
    Words,
    /// Tells a request that is repeated from an id that is used twice.
    Digest,
    /// The key that receipts are signed with.
    Signing,
}

impl Purpose {
    const fn context(self) -> &'static str {
        match self {
            Self::Token => "stegspor 2026 token",
            Self::Cursor => "stegspor 2026 cursor",
            Self::IdempotencyKey => "stegspor 2026 idempotency key",
            Self::ForeignEvent => "stegspor 2026 foreign event",
            Self::ForeignId => "stegspor 2026 foreign id",
            Self::NewThing => "stegspor 2026 new thing",
            Self::Words => "stegspor 2026 words",
            Self::Signing => "stegspor 2026 signing key",
            Self::Digest => "stegspor 2026 digest",
        }
    }
}

/// The secret.
#[derive(Clone)]
pub struct Secret([u8; 32]);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// Why the secret is not at hand.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be read or written.
    #[error("the secret at {path} cannot be used")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file does not hold 32 bytes.
    #[error("the secret at {0} is damaged: it is 32 bytes long")]
    Damaged(PathBuf),
}

impl Secret {
    /// A secret of known bytes: for tests.
    #[must_use]
    pub const fn of(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The secret of a data directory; made on first use, readable by its owner only.
    pub fn load_or_create(directory: &Path) -> Result<Self, SecretError> {
        let path = directory.join(FILE);
        let failed = |source| SecretError::File {
            path: path.clone(),
            source,
        };
        let bytes = private::made_once(&path, || {
            let mut bytes = vec![0; 32];
            getrandom::fill(&mut bytes).map_err(io::Error::other)?;
            Ok(bytes)
        })
        .map_err(failed)?;
        <[u8; 32]>::try_from(bytes)
            .map(Self)
            .map_err(|_| SecretError::Damaged(path.clone()))
    }

    /// The keyed hash of `parts`, for a purpose.
    #[must_use]
    pub fn seal(&self, purpose: Purpose, parts: &[&[u8]]) -> blake3::Hash {
        let key = blake3::derive_key(purpose.context(), &self.0);
        let mut hasher = blake3::Hasher::new_keyed(&key);
        for part in parts {
            hasher.update(&(part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        hasher.finalize()
    }

    /// An id made of the keyed hash of `parts`: the same each time.
    #[must_use]
    pub fn id(&self, purpose: Purpose, parts: &[&[u8]]) -> Uuid {
        let hash = self.seal(purpose, parts);
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash.as_bytes()[..16]);
        Builder::from_custom_bytes(bytes).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_together_and_purposes_are_apart() {
        let secret = Secret::of([7; 32]);
        let id = |purpose, parts: &[&[u8]]| secret.id(purpose, parts);
        assert_eq!(
            id(Purpose::Words, &[b"ab", b"c"]),
            id(Purpose::Words, &[b"ab", b"c"])
        );
        assert_ne!(
            id(Purpose::Words, &[b"ab", b"c"]),
            id(Purpose::Words, &[b"a", b"bc"])
        );
        assert_ne!(id(Purpose::Words, &[b"a"]), id(Purpose::Token, &[b"a"]));
    }
}
