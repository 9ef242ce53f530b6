//! What the service signs for others to check: JSON Web Signatures (RFC 7515) by Ed25519 (RFC 8037).
//! The public key stands at `/.well-known/jwks.json`, so anybody can check, with any library for
//! JOSE, that this service said so and that nothing was changed since.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use ring::{
    digest::{SHA256, digest},
    signature::{Ed25519KeyPair, KeyPair},
};
use serde::Serialize;
use serde_json::{Value, json};

use super::{Purpose, Secret};

/// Signs; follows from the service's secret, so that all nodes that share it sign alike.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    /// The thumbprint of the public key (RFC 7638).
    id: String,
}

impl SigningKey {
    /// The key of a secret.
    #[must_use]
    pub fn of(secret: &Secret) -> Self {
        let seed = secret.seal(Purpose::Signing, &[]);
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_bytes())
            .expect("a seed is 32 bytes, whichever");
        let x = BASE64.encode(pair.public_key());
        // The members that count, in the order of their names, without blanks.
        let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
        let id = BASE64.encode(digest(&SHA256, members.as_bytes()));
        Self { pair, id }
    }

    /// A payload, signed: three parts in base64url, with dots between. `about` says what it is,
    /// so that nothing is passed off as something else.
    pub fn sign(&self, about: &str, payload: &impl Serialize) -> String {
        let header = json!({ "alg": "EdDSA", "kid": self.id, "typ": about });
        let payload = serde_json::to_vec(payload).expect("what is signed is plain data");
        let mut signed = BASE64.encode(header.to_string());
        signed.push('.');
        BASE64.encode_string(payload, &mut signed);
        let signature = self.pair.sign(signed.as_bytes());
        signed.push('.');
        BASE64.encode_string(signature, &mut signed);
        signed
    }

    /// The public keys, as a JSON Web Key Set (RFC 7517).
    #[must_use]
    pub fn public(&self) -> Value {
        json!({
            "keys": [{
                "kty": "OKP",
                "crv": "Ed25519",
                "x": BASE64.encode(self.pair.public_key()),
                "kid": self.id,
                "alg": "EdDSA",
                "use": "sig",
            }]
        })
    }
}

#[cfg(test)]
mod tests {
    use ring::signature::{ED25519, UnparsedPublicKey};

    use super::*;

    #[test]
    fn what_is_signed_fits_the_public_key_and_nothing_else_does() {
        let key = SigningKey::of(&Secret::of([7; 32]));
        let signed = key.sign("receipt", &json!({ "version": 3 }));
        let [header, payload, signature] = signed.split('.').collect::<Vec<_>>()[..] else {
            panic!("three parts: {signed}")
        };
        let read =
            |part| -> Value { serde_json::from_slice(&BASE64.decode(part).unwrap()).unwrap() };
        let jwk = &key.public()["keys"][0];
        assert_eq!(
            read(header),
            json!({ "alg": "EdDSA", "kid": jwk["kid"], "typ": "receipt" })
        );
        assert_eq!(read(payload), json!({ "version": 3 }));
        let public = BASE64.decode(jwk["x"].as_str().unwrap()).unwrap();
        let public = UnparsedPublicKey::new(&ED25519, public);
        let signature = BASE64.decode(signature).unwrap();
        let fits = |text: String| public.verify(text.as_bytes(), &signature).is_ok();
        assert!(fits(format!("{header}.{payload}")));
        assert!(!fits(format!("{header}.{payload}A")));
        let other = SigningKey::of(&Secret::of([8; 32]));
        assert_ne!(other.public(), key.public());
    }

    /// The key and thumbprint of RFC 8037, appendix A.
    #[test]
    fn the_thumbprint_is_that_of_the_standard() {
        let members =
            r#"{"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        assert_eq!(
            BASE64.encode(digest(&SHA256, members.as_bytes())),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        );
    }
}
