//! A page of events as one value.
//!
//! Rows reach us through sqlx column by column: that costs more than all else in reading SQLite's
//! log, where each is a copy handed from its thread to ours, and as much as all else in reading a
//! history from PostgreSQL. So such statements let the engine string a page together, and here it
//! is taken apart: fields end with the unit separator, the texts that somebody else wrote come last
//! and by their length, events end with the record separator.

use std::str::FromStr;

use chrono::DateTime;
use domain::es::{
    EventId, EventStore, Fact, Hash, Position, ReadError, RecordedAt, RecordedEvent, StreamName,
    Version,
};
use uuid::Uuid;

const UNIT: u8 = 31;
const RECORD: u8 = 30;

/// The page does not have its shape: a row was tampered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unreadable;

/// The events of a page. Where all are of one stream, the page does not repeat its name.
pub(super) fn events(
    page: &str,
    stream: Option<&StreamName>,
) -> Result<Vec<RecordedEvent>, Unreadable> {
    unpack(page, |fields| fields.event(stream))
}

/// The facts of a stream's page, in their order. Where the page cannot be taken apart, the stream
/// is read event by event: that names the one that cannot be read.
pub(super) async fn history(
    page: &str,
    stream: &StreamName,
    store: &dyn EventStore,
) -> Result<Vec<Fact>, ReadError> {
    let Ok(mut facts) = facts(page) else {
        let events = store.read_stream(stream, Version::NONE).await?;
        return Ok(events.into_iter().map(Fact::from).collect());
    };
    // The index gives them in this order, only no engine promises it.
    facts.sort_by_key(|fact| fact.version);
    Ok(facts)
}

fn facts(page: &str) -> Result<Vec<Fact>, Unreadable> {
    unpack(page, Fields::fact)
}

fn unpack<'a, T>(
    page: &'a str,
    next: impl Fn(&mut Fields<'a>) -> Result<T, Unreadable>,
) -> Result<Vec<T>, Unreadable> {
    let mut rest = Fields(page);
    let mut found = Vec::new();
    while !rest.0.is_empty() {
        found.push(next(&mut rest)?);
        rest.end()?;
    }
    Ok(found)
}

/// What of a page is still to be read.
struct Fields<'a>(&'a str);

impl<'a> Fields<'a> {
    fn event(&mut self, stream: Option<&StreamName>) -> Result<RecordedEvent, Unreadable> {
        let position = Position(self.number()?);
        let version = Version(self.number()?);
        let schema_version = self.number()?;
        let recorded_at = DateTime::from_timestamp_micros(self.number()?).ok_or(Unreadable)?;
        let id = Uuid::from_bytes(unhex(self.field()?)?);
        let hash = Hash(unhex(self.field()?)?);
        let kind = self.field()?.to_owned();
        let occurred_at = self.field()?.parse().map_err(|_| Unreadable)?;
        let stream = match stream {
            Some(stream) => stream.clone(),
            None => self.field()?.parse().map_err(|_| Unreadable)?,
        };
        let (metadata, data) = (self.number()?, self.number()?);
        let metadata = self.text(metadata)?.to_owned();
        let data = self.text(data)?.to_owned();
        Ok(RecordedEvent {
            id: EventId(id),
            stream,
            version,
            position,
            kind,
            schema_version,
            occurred_at,
            recorded_at: RecordedAt(recorded_at),
            metadata,
            data,
            hash,
        })
    }

    fn fact(&mut self) -> Result<Fact, Unreadable> {
        let version = Version(self.number()?);
        let schema_version = self.number()?;
        let id = self.field()?.parse().map_err(|_| Unreadable)?;
        let kind = self.field()?.to_owned();
        let occurred_at = self.field()?.parse().map_err(|_| Unreadable)?;
        let data = self.number()?;
        Ok(Fact {
            id: EventId(id),
            version,
            kind,
            schema_version,
            occurred_at,
            data: self.text(data)?.to_owned(),
        })
    }

    /// The end of a record, or of the page.
    fn end(&mut self) -> Result<(), Unreadable> {
        match self.0.as_bytes().first() {
            None => Ok(()),
            Some(&RECORD) => {
                self.0 = &self.0[1..];
                Ok(())
            }
            Some(_) => Err(Unreadable),
        }
    }

    /// Up to the next unit separator.
    fn field(&mut self) -> Result<&'a str, Unreadable> {
        let end = self.0.bytes().position(|byte| byte == UNIT);
        let (field, rest) = self.0.split_at(end.ok_or(Unreadable)?);
        self.0 = &rest[1..];
        Ok(field)
    }

    fn number<N: FromStr>(&mut self) -> Result<N, Unreadable> {
        self.field()?.parse().map_err(|_| Unreadable)
    }

    /// So many bytes.
    fn text(&mut self, bytes: usize) -> Result<&'a str, Unreadable> {
        let (text, rest) = self.0.split_at_checked(bytes).ok_or(Unreadable)?;
        self.0 = rest;
        Ok(text)
    }
}

fn unhex<const N: usize>(digits: &str) -> Result<[u8; N], Unreadable> {
    let mut bytes = [0; N];
    if digits.len() != 2 * N {
        return Err(Unreadable);
    }
    let mut wrong = 0;
    for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
        let (high, low) = (DIGITS[usize::from(pair[0])], DIGITS[usize::from(pair[1])]);
        wrong |= high | low;
        *byte = high << 4 | low & 0x0f;
    }
    if wrong < 0x10 {
        Ok(bytes)
    } else {
        Err(Unreadable)
    }
}

/// What each byte is worth as a digit, as SQLite writes them; sixteen and more if it is none.
const DIGITS: [u8; 256] = {
    let mut digits = [u8::MAX; 256];
    let mut worth = 0;
    while worth < 16 {
        digits[b"0123456789ABCDEF"[worth as usize] as usize] = worth;
        worth += 1;
    }
    digits
};

#[cfg(test)]
mod tests {
    use super::*;

    fn page(metadata: &str, data: &str) -> String {
        let (id, hash) = ("0".repeat(31) + "7", "AB".repeat(32));
        let (m, d) = (metadata.len(), data.len());
        format!(
            "7\u{1f}2\u{1f}1\u{1f}1600000000000000\u{1f}{id}\u{1f}{hash}\u{1f}unit-registered\u{1f}\
             2020-03-01\u{1f}unit-slemdal\u{1f}{m}\u{1f}{d}\u{1f}{metadata}{data}"
        )
    }

    #[test]
    fn texts_may_hold_whatever_separates_the_fields() {
        let (metadata, data) = ("{}\u{1e}\u{1f}", "ærlig\u{1e}7\u{1f}");
        let two = [page(metadata, data), page("", "")].join("\u{1e}");
        let read = events(&two, None).unwrap();
        let expected = RecordedEvent {
            id: EventId(Uuid::from_u128(7)),
            stream: "unit-slemdal".parse().unwrap(),
            version: Version(2),
            position: Position(7),
            kind: "unit-registered".to_owned(),
            schema_version: 1,
            occurred_at: "2020-03-01".parse().unwrap(),
            recorded_at: RecordedAt("2020-09-13T12:26:40Z".parse().unwrap()),
            metadata: metadata.to_owned(),
            data: data.to_owned(),
            hash: Hash([0xab; 32]),
        };
        let empty = RecordedEvent {
            metadata: String::new(),
            data: String::new(),
            ..expected.clone()
        };
        assert_eq!(read, [expected, empty]);
    }

    #[test]
    fn what_has_another_shape_is_refused_and_never_panics() {
        let whole = page("{}", "æ");
        for end in (0..whole.len()).filter(|end| whole.is_char_boundary(*end)) {
            let cut = events(&whole[..end], None);
            assert_eq!(cut.is_ok(), end == 0, "{end}");
        }
        assert_eq!(events(&(whole.clone() + "x"), None), Err(Unreadable));
        assert_eq!(events(&whole.replace("AB", "ab"), None), Err(Unreadable));
        assert_eq!(
            events(
                &whole.replace("\u{1f}2\u{1f}2\u{1f}", "\u{1f}2\u{1f}1\u{1f}"),
                None
            ),
            Err(Unreadable)
        );
    }

    #[test]
    fn facts_come_without_their_envelopes() {
        let id = "0".repeat(31) + "7";
        let (one, data) = (
            format!("2\u{1f}1\u{1f}{id}\u{1f}unit-registered\u{1f}2020-03-01\u{1f}"),
            "ærlig\u{1e}7\u{1f}",
        );
        let two = format!("{one}{}\u{1f}{data}\u{1e}{one}0\u{1f}", data.len());
        let fact = Fact {
            id: EventId(Uuid::from_u128(7)),
            version: Version(2),
            kind: "unit-registered".to_owned(),
            schema_version: 1,
            occurred_at: "2020-03-01".parse().unwrap(),
            data: data.to_owned(),
        };
        let empty = Fact {
            data: String::new(),
            ..fact.clone()
        };
        assert_eq!(facts(&two), Ok(vec![fact, empty]));
        assert_eq!(facts(&(two + "x")), Err(Unreadable));
    }
}
