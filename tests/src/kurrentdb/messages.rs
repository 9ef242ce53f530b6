//! The protocol's messages, by their field numbers: those fields that the double reads or writes.
//! Of fields of which one at most is set, each is optional here: on the wire that is the same.
#![expect(missing_docs, reason = "the names are the protocol's own")]

use std::collections::HashMap;

use prost::Message;

#[derive(Clone, PartialEq, Message)]
pub struct StreamIdentifier {
    #[prost(bytes = "vec", tag = "3")]
    pub name: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Uuid {
    #[prost(message, optional, tag = "1")]
    pub structured: Option<Structured>,
    #[prost(string, optional, tag = "2")]
    pub string: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Structured {
    #[prost(int64, tag = "1")]
    pub most_significant_bits: i64,
    #[prost(int64, tag = "2")]
    pub least_significant_bits: i64,
}

impl Uuid {
    #[must_use]
    pub fn text(id: uuid::Uuid) -> Self {
        Self {
            structured: None,
            string: Some(id.to_string()),
        }
    }

    #[must_use]
    pub fn read(&self) -> Option<uuid::Uuid> {
        match (&self.structured, &self.string) {
            (Some(bits), _) => Some(uuid::Uuid::from_u64_pair(
                bits.most_significant_bits.cast_unsigned(),
                bits.least_significant_bits.cast_unsigned(),
            )),
            (None, Some(text)) => text.parse().ok(),
            (None, None) => None,
        }
    }
}

#[derive(Clone, PartialEq, Message)]
pub struct AppendReq {
    #[prost(message, optional, tag = "1")]
    pub options: Option<AppendOptions>,
    #[prost(message, optional, tag = "2")]
    pub proposed: Option<Proposed>,
}

#[derive(Clone, PartialEq, Message)]
pub struct AppendOptions {
    #[prost(message, optional, tag = "1")]
    pub stream: Option<StreamIdentifier>,
    #[prost(uint64, optional, tag = "2")]
    pub revision: Option<u64>,
    #[prost(message, optional, tag = "3")]
    pub no_stream: Option<()>,
    #[prost(message, optional, tag = "4")]
    pub any: Option<()>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Proposed {
    #[prost(message, optional, tag = "1")]
    pub id: Option<Uuid>,
    #[prost(map = "string, string", tag = "2")]
    pub metadata: HashMap<String, String>,
    #[prost(bytes = "vec", tag = "3")]
    pub custom_metadata: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    pub data: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub struct AppendResp {
    #[prost(message, optional, tag = "1")]
    pub success: Option<Success>,
    #[prost(message, optional, tag = "2")]
    pub wrong_expected_version: Option<WrongExpectedVersion>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Success {
    #[prost(uint64, optional, tag = "1")]
    pub current_revision: Option<u64>,
    #[prost(message, optional, tag = "3")]
    pub position: Option<Place>,
}

#[derive(Clone, PartialEq, Message)]
pub struct WrongExpectedVersion {
    #[prost(uint64, optional, tag = "6")]
    pub current_revision: Option<u64>,
    #[prost(message, optional, tag = "7")]
    pub current_no_stream: Option<()>,
    #[prost(uint64, optional, tag = "8")]
    pub expected_revision: Option<u64>,
    #[prost(message, optional, tag = "9")]
    pub expected_any: Option<()>,
    #[prost(message, optional, tag = "11")]
    pub expected_no_stream: Option<()>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Place {
    #[prost(uint64, tag = "1")]
    pub commit: u64,
    #[prost(uint64, tag = "2")]
    pub prepare: u64,
}

#[derive(Clone, PartialEq, Message)]
pub struct ReadReq {
    #[prost(message, optional, tag = "1")]
    pub options: Option<ReadOptions>,
}

#[derive(Clone, PartialEq, Message)]
pub struct ReadOptions {
    #[prost(message, optional, tag = "1")]
    pub stream: Option<OfStream>,
    #[prost(message, optional, tag = "2")]
    pub all: Option<OfAll>,
    /// 0 is forwards.
    #[prost(int32, tag = "3")]
    pub direction: i32,
    #[prost(uint64, optional, tag = "5")]
    pub count: Option<u64>,
    #[prost(message, optional, tag = "7")]
    pub filter: Option<Filter>,
}

#[derive(Clone, PartialEq, Message)]
pub struct OfStream {
    #[prost(message, optional, tag = "1")]
    pub stream: Option<StreamIdentifier>,
    #[prost(uint64, optional, tag = "2")]
    pub revision: Option<u64>,
    #[prost(message, optional, tag = "3")]
    pub start: Option<()>,
}

#[derive(Clone, PartialEq, Message)]
pub struct OfAll {
    #[prost(message, optional, tag = "1")]
    pub place: Option<Place>,
    #[prost(message, optional, tag = "2")]
    pub start: Option<()>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Filter {
    #[prost(message, optional, tag = "1")]
    pub stream: Option<Expression>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Expression {
    #[prost(string, tag = "1")]
    pub regex: String,
    #[prost(string, repeated, tag = "2")]
    pub prefixes: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
pub struct ReadResp {
    #[prost(message, optional, tag = "1")]
    pub event: Option<ReadEvent>,
    #[prost(message, optional, tag = "4")]
    pub stream_not_found: Option<StreamNotFound>,
}

#[derive(Clone, PartialEq, Message)]
pub struct StreamNotFound {
    #[prost(message, optional, tag = "1")]
    pub stream: Option<StreamIdentifier>,
}

#[derive(Clone, PartialEq, Message)]
pub struct ReadEvent {
    #[prost(message, optional, tag = "1")]
    pub event: Option<Recorded>,
    #[prost(uint64, optional, tag = "3")]
    pub commit: Option<u64>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Recorded {
    #[prost(message, optional, tag = "1")]
    pub id: Option<Uuid>,
    #[prost(message, optional, tag = "2")]
    pub stream: Option<StreamIdentifier>,
    #[prost(uint64, tag = "3")]
    pub revision: u64,
    #[prost(uint64, tag = "4")]
    pub prepare: u64,
    #[prost(uint64, tag = "5")]
    pub commit: u64,
    #[prost(map = "string, string", tag = "6")]
    pub metadata: HashMap<String, String>,
    #[prost(bytes = "vec", tag = "7")]
    pub custom_metadata: Vec<u8>,
    #[prost(bytes = "vec", tag = "8")]
    pub data: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub struct SupportedMethods {
    #[prost(string, tag = "2")]
    pub version: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct ClusterInfo {
    #[prost(message, repeated, tag = "1")]
    pub members: Vec<Member>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Member {
    #[prost(message, optional, tag = "1")]
    pub id: Option<Uuid>,
    /// 8 is the leader.
    #[prost(int32, tag = "3")]
    pub state: i32,
    #[prost(bool, tag = "4")]
    pub alive: bool,
    #[prost(message, optional, tag = "5")]
    pub endpoint: Option<Endpoint>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Endpoint {
    #[prost(string, tag = "1")]
    pub address: String,
    #[prost(uint32, tag = "2")]
    pub port: u32,
}
