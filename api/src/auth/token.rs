//! Bearer tokens: who somebody is, sealed by the service itself.
//!
//! `stg_<payload>.<seal>`, both base64url. They are meant for development and for small set-ups:
//! nobody can take one back before it expires but by changing the secret.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use chrono::{DateTime, Utc};
use domain::{
    es::{ActorId, RecordedAt, Role},
    words::UnitId,
};
use serde::{Deserialize, Serialize};

use super::{Principal, Purpose, Secret};

const PREFIX: &str = "stg_";

#[derive(Serialize, Deserialize)]
struct Payload {
    role: Role,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unit: Option<UnitId>,
    subject: ActorId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exp: Option<DateTime<Utc>>,
}

/// A token for somebody.
#[must_use]
pub fn issue(secret: &Secret, principal: &Principal, expires: Option<DateTime<Utc>>) -> String {
    let payload = Payload {
        role: principal.role,
        unit: principal.unit.clone(),
        subject: principal.subject,
        exp: expires,
    };
    let payload = serde_json::to_vec(&payload).expect("a payload is plain data");
    let seal = secret.seal(Purpose::Token, &[&payload]);
    format!(
        "{PREFIX}{}.{}",
        BASE64.encode(payload),
        BASE64.encode(seal.as_bytes())
    )
}

/// Whose token it is, if it is one of ours and has not expired.
#[must_use]
pub fn read(secret: &Secret, token: &str, now: RecordedAt) -> Option<Principal> {
    let (payload, seal) = token.strip_prefix(PREFIX)?.split_once('.')?;
    let payload = BASE64.decode(payload).ok()?;
    let seal = <[u8; 32]>::try_from(BASE64.decode(seal).ok()?).ok()?;
    // Compared in constant time.
    if secret.seal(Purpose::Token, &[&payload]) != blake3::Hash::from_bytes(seal) {
        return None;
    }
    let payload: Payload = serde_json::from_slice(&payload).ok()?;
    if payload.role == Role::System || payload.exp.is_some_and(|expires| expires <= now.0) {
        return None;
    }
    Some(Principal {
        subject: payload.subject,
        role: payload.role,
        unit: payload.unit,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leader() -> Principal {
        Principal {
            subject: ActorId(uuid::Uuid::from_u128(7)),
            role: Role::DepartmentLeader,
            unit: Some("stegforsteg-oslo".parse().unwrap()),
        }
    }

    #[test]
    fn a_token_says_who_somebody_is_until_it_expires() {
        let secret = Secret::of([7; 32]);
        let expires: DateTime<Utc> = "2021-07-01T10:00:00Z".parse().unwrap();
        let token = issue(&secret, &leader(), Some(expires));
        let before = RecordedAt(expires - chrono::TimeDelta::seconds(1));
        assert_eq!(read(&secret, &token, before), Some(leader()));
        assert_eq!(read(&secret, &token, RecordedAt(expires)), None);
    }

    #[test]
    fn nothing_of_a_token_can_be_changed_and_no_other_secret_makes_one() {
        let secret = Secret::of([7; 32]);
        let now = RecordedAt("2021-07-01T10:00:00Z".parse().unwrap());
        let token = issue(&secret, &leader(), None);
        for index in 0..token.len() - 1 {
            let mut bytes = token.clone().into_bytes();
            bytes[index] = if bytes[index] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(read(&secret, &changed, now), None, "{index}");
        }
        assert_eq!(read(&Secret::of([8; 32]), &token, now), None);
    }
}
