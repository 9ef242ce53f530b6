//! A JSON value in which no object tells a field twice: of two of one name nobody knows which is
//! meant.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Why a text is no such value.
#[derive(Debug)]
pub(super) enum NotUnique {
    /// It is not JSON.
    Malformed(serde_json::Error),
    /// A field is told twice: where, as a JSON pointer.
    Twice(String),
}

/// Reads a text as JSON.
pub(super) fn read(text: &str) -> Result<Value, NotUnique> {
    let mut place = Place::default();
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Unique(&mut place)
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value))
        .map_err(NotUnique::Malformed)?;
    match place.twice {
        None => Ok(value),
        Some(pointer) => Err(NotUnique::Twice(pointer)),
    }
}

/// Where the reader stands, and where it first met a field again.
#[derive(Debug, Default)]
struct Place {
    pointer: String,
    twice: Option<String>,
}

impl Place {
    /// Reads what stands under a name or number.
    fn under<T>(&mut self, step: &str, read: impl FnOnce(Unique<'_>) -> T) -> T {
        let before = self.pointer.len();
        self.pointer.push('/');
        self.pointer.push_str(step);
        let read = read(Unique(self));
        self.pointer.truncate(before);
        read
    }
}

struct Unique<'a>(&'a mut Place);

impl<'de> DeserializeSeed<'de> for Unique<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = vec![];
        loop {
            let index = list.len().to_string();
            match self.0.under(&index, |item| items.next_element_seed(item))? {
                Some(item) => list.push(item),
                None => return Ok(Value::Array(list)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            let step = name.replace('~', "~0").replace('/', "~1");
            let value = self.0.under(&step, |value| {
                if fields.contains_key(&name) && value.0.twice.is_none() {
                    value.0.twice = Some(value.0.pointer.clone());
                }
                entries.next_value_seed(value)
            })?;
            fields.insert(name, value);
        }
        Ok(Value::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_told_twice_is_pointed_at_wherever_it_stands() {
        for (text, pointer) in [
            (r#"{"name":"Ola","name":"Kari"}"#, "/name"),
            (r#"[{"a":1},{"b":{"c":null,"d":2,"c":3}}]"#, "/1/b/c"),
            (r#"{"a/b":1,"a\/b":1}"#, "/a~1b"),
        ] {
            let Err(NotUnique::Twice(found)) = read(text) else {
                panic!("{text} tells nothing twice");
            };
            assert_eq!(found, pointer);
        }
        assert!(matches!(
            read(r#"{"a":1,"a":}"#),
            Err(NotUnique::Malformed(_))
        ));
    }

    #[test]
    fn what_tells_each_field_once_reads_as_it_always_did() {
        let text = r#"{"a":[1,-2,3.5,1e400000,true,null,"ø"],"b":{"a":{}}}"#;
        assert!(matches!(read(text), Err(NotUnique::Malformed(_))));
        let text = r#"{"a":[1,-2,3.5,18446744073709551615,true,null,"ø\n"],"b":{"a":{}}}"#;
        let read = read(text).unwrap();
        assert_eq!(read, serde_json::from_str::<Value>(text).unwrap());
    }
}
