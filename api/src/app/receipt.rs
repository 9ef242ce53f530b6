//! Receipts: what the service vouches for having recorded.

use domain::es::{EventId, RecordedAt, RecordedEvent, StreamName, Version};
use schemars::JsonSchema;
use serde::Serialize;

use crate::auth::SigningKey;

/// What a receipt's signature says that it is: the `typ` of its header.
const TYPE: &str = "stegspor-receipt+jws";

/// That an event stands in the log, where, and as what. The same however often it is asked for, and
/// after a move of the log to another engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Receipt {
    #[serde(flatten)]
    statement: Statement,
    /// The above, signed: a JSON Web Signature in compact form (`EdDSA`), whose key stands at
    /// `/.well-known/jwks.json`.
    signature: String,
}

/// What is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
struct Statement {
    /// The event.
    event_id: EventId,
    /// The record that it stands in.
    #[schemars(with = "String")]
    stream: StreamName,
    /// Its place in that record, from 1.
    version: Version,
    /// The link of the record's hash chain that it is: it vouches for all before it, too.
    hash: String,
    /// When it was recorded.
    recorded_at: RecordedAt,
}

impl Receipt {
    /// Of an event that stands in the log.
    pub(super) fn of(event: RecordedEvent, key: &SigningKey) -> Self {
        let statement = Statement {
            event_id: event.id,
            stream: event.stream,
            version: event.version,
            hash: event.hash.to_string(),
            recorded_at: event.recorded_at,
        };
        Self {
            signature: key.sign(TYPE, &statement),
            statement,
        }
    }
}
