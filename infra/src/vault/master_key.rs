//! The one key that is kept outside.

use std::{fmt, fs, io, path::Path, str::FromStr};

use super::seal::Key;
use crate::private;

/// The key that seals all keys. Whoever has it and both files reads everything; whoever loses it
/// has lost everything.
///
/// ```
/// use infra::vault::MasterKey;
///
/// let key: MasterKey = "0123456789abcdef".repeat(4).parse().unwrap();
/// assert_eq!(format!("{key:?}"), "MasterKey");
/// assert!("short".parse::<MasterKey>().is_err());
/// ```
#[derive(Clone)]
pub struct MasterKey(pub(super) Key);

/// Why there is no master key.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// The text is something else.
    #[error("a master key is 64 digits of 0-9 and a-f")]
    Shape,
    /// Its file could not be read or made.
    #[error("the file of the master key could not be read or made")]
    File(#[from] io::Error),
}

/// Shows nothing of the key.
impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey")
    }
}

impl FromStr for MasterKey {
    type Err = MasterKeyError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.trim().as_bytes();
        let mut bytes = [0; 32];
        if digits.len() != 2 * bytes.len() {
            return Err(MasterKeyError::Shape);
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Ok(Self(Key::from_bytes(bytes)))
    }
}

fn digit(byte: u8) -> Result<u8, MasterKeyError> {
    match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'a'..=b'f' => Ok(byte - b'a' + 10),
        _ => Err(MasterKeyError::Shape),
    }
}

impl MasterKey {
    /// The key in a file.
    pub fn read(path: &Path) -> Result<Self, MasterKeyError> {
        fs::read_to_string(path)?.parse()
    }

    /// The key in a file; a new one, readable by its owner alone, if there is no such file. For a
    /// first start only: where entries exist already, a new key opens none of them.
    pub fn read_or_make(path: &Path) -> Result<Self, MasterKeyError> {
        let text = private::made_once(path, || {
            let key = Key::random();
            let digits = key.bytes().iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
            let digits: String = digits
                .map(|digit| char::from_digit(digit.into(), 16).expect("four bits"))
                .collect();
            Ok((digits + "\n").into_bytes())
        })?;
        std::str::from_utf8(&text)
            .map_err(|_| MasterKeyError::Shape)?
            .parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/master.key");
        let made = MasterKey::read_or_make(&path).unwrap();
        let read = MasterKey::read_or_make(&path).unwrap();
        assert!(made.0 == read.0);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let permissions = fs::metadata(&path).unwrap().permissions();
            assert_eq!(permissions.mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in ["", "abc", &"g".repeat(64), &"A".repeat(64), &"a".repeat(65)] {
            assert!(matches!(
                text.parse::<MasterKey>(),
                Err(MasterKeyError::Shape)
            ));
        }
    }
}
