//! Typed ids and measures: nothing in a public signature is a bare UUID or number.

/// Declares a UUID that cannot be mistaken for another.
macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord,
            serde::Serialize, serde::Deserialize, schemars::JsonSchema,
        )]
        #[serde(transparent)]
        pub struct $name(pub uuid::Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}
pub(crate) use uuid_id;

uuid_id! {
    /// Names one event for ever, and makes its append idempotent: chosen by the writer.
    EventId
}
uuid_id! {
    /// Who did something: a pseudonym, resolvable by the identity provider alone.
    ActorId
}
uuid_id! {
    /// One consent that a person has given; later facts that need it refer to it.
    ConsentId
}
uuid_id! {
    /// Ties together everything that one request set in motion.
    CorrelationId
}
uuid_id! {
    /// Where in the person vault a name, a contact or a goal's wording is kept.
    VaultEntryId
}

/// Declares a count of places, from 1; 0 is before the first.
macro_rules! place {
    ($(#[$doc:meta])* $name:ident, $(#[$none_doc:meta])* $none:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord,
            serde::Serialize, serde::Deserialize, schemars::JsonSchema,
        )]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl $name {
            $(#[$none_doc])*
            pub const $none: Self = Self(0);
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

place! {
    /// The place of an event in the whole log, from 1 and without gaps. Order is position, never a
    /// clock. Position 0 is "before the first event".
    Position,
    /// Before the first event.
    START
}
place! {
    /// The place of an event in its stream, from 1. Version 0 is "no event yet".
    Version,
    /// The version of a stream that holds nothing.
    NONE
}

impl Version {
    /// The version after `events` more.
    #[must_use]
    pub fn plus(self, events: usize) -> Self {
        Self(self.0 + events as u64)
    }
}
