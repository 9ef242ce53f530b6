//! Sealing and opening: the only lines that touch a cipher.

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};

/// A key. It cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Key([u8; 32]);

/// Bytes that open with one key, in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sealed {
    pub(super) nonce: Vec<u8>,
    pub(super) bytes: Vec<u8>,
}

/// The bytes were altered, stand in the wrong place, or the key is another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it does not open")]
pub(super) struct DoesNotOpen;

impl Key {
    pub(super) fn random() -> Self {
        Self(random())
    }

    pub(super) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Seals `plain` for the place that `place` names.
    pub(super) fn seal(&self, plain: &[u8], place: &[u8]) -> Sealed {
        let nonce: [u8; 24] = random();
        let payload = Payload {
            msg: plain,
            aad: place,
        };
        let bytes = self
            .cipher()
            .encrypt(&XNonce::from(nonce), payload)
            .expect("a text is shorter than the cipher's limit of 256 GB");
        Sealed {
            nonce: nonce.to_vec(),
            bytes,
        }
    }

    /// Opens what was sealed with this key for this place.
    pub(super) fn open(&self, sealed: &Sealed, place: &[u8]) -> Result<Vec<u8>, DoesNotOpen> {
        let nonce: [u8; 24] = sealed.nonce[..].try_into().map_err(|_| DoesNotOpen)?;
        let payload = Payload {
            msg: &sealed.bytes,
            aad: place,
        };
        self.cipher()
            .decrypt(&XNonce::from(nonce), payload)
            .map_err(|_| DoesNotOpen)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.0.into())
    }
}

/// What a key or a nonce is made of. Never from a source that a test could seed: what can be
/// foretold does not hide anything.
fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system has randomness");
    bytes
}

/// Names a place: no two lists of parts have the same bytes.
pub(super) fn place(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_with_its_key_in_its_place_alone() {
        let (key, here) = (Key::random(), place(&[b"a", b"b"]));
        let sealed = key.seal(b"words", &here);
        assert_eq!(key.open(&sealed, &here), Ok(b"words".to_vec()));
        assert_eq!(Key::random().open(&sealed, &here), Err(DoesNotOpen));
        assert_eq!(key.open(&sealed, &place(&[b"ab"])), Err(DoesNotOpen));
    }

    #[test]
    fn every_altered_byte_is_noticed() {
        let key = Key::random();
        let sealed = key.seal(b"words", b"");
        for index in 0..sealed.bytes.len() {
            let mut altered = sealed.clone();
            altered.bytes[index] ^= 1;
            assert_eq!(key.open(&altered, b""), Err(DoesNotOpen));
        }
        let mut altered = sealed.clone();
        altered.nonce[0] ^= 1;
        assert_eq!(key.open(&altered, b""), Err(DoesNotOpen));
        altered.nonce.pop();
        assert_eq!(key.open(&altered, b""), Err(DoesNotOpen));
    }

    #[test]
    fn the_same_words_are_sealed_differently_each_time() {
        let key = Key::random();
        assert_ne!(key.seal(b"words", b"").bytes, key.seal(b"words", b"").bytes);
    }
}
