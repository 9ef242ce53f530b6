//! Many rows on their way into one table of PostgreSQL, in the form that `COPY … (FORMAT binary)`
//! takes: without a plan, a snapshot and a look for conflicts for each.
//!
//! Source: PostgreSQL's documentation of `COPY`, "Binary Format".

use sqlx::{
    Encode, Postgres, Sqlite, Type, encode::IsNull, error::BoxDynError, postgres::PgArgumentBuffer,
};

use crate::{Row, Values};

/// The signature, no flags, no extension of the header.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// In the place of a row's width: no row follows.
const TRAILER: [u8; 2] = (-1_i16).to_be_bytes();
/// In the place of a value's length: there is none.
const NULL: [u8; 4] = (-1_i32).to_be_bytes();

/// Rows as bytes: a header, the rows, a trailer.
#[derive(Debug)]
pub struct CopiedRows(PgArgumentBuffer);

impl Default for CopiedRows {
    fn default() -> Self {
        let mut bytes = PgArgumentBuffer::default();
        bytes.extend_from_slice(HEADER);
        Self(bytes)
    }
}

impl CopiedRows {
    /// Adds a row.
    pub fn push<R: Row>(&mut self, row: &R) -> Result<(), BoxDynError> {
        self.begin(R::COLUMNS.len())?;
        row.bind(self)
    }

    fn begin(&mut self, width: usize) -> Result<(), BoxDynError> {
        let width = i16::try_from(width)?;
        self.0.extend_from_slice(&width.to_be_bytes());
        Ok(())
    }

    /// No row follows.
    pub fn end(&mut self) {
        self.0.extend_from_slice(&TRAILER);
    }

    /// What has gathered since it was taken last.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut *self.0)
    }

    /// What has gathered since it was taken or let go of last.
    #[must_use]
    pub fn gathered(&self) -> &[u8] {
        &self.0
    }

    /// Lets go of what has gathered.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl Values for CopiedRows {
    fn add<'q, V>(&mut self, value: V) -> Result<(), BoxDynError>
    where
        V: Encode<'q, Sqlite> + Type<Sqlite> + Encode<'q, Postgres> + Type<Postgres> + 'q,
    {
        let at = self.0.len();
        self.0.extend_from_slice(&NULL);
        if let IsNull::No = Encode::<Postgres>::encode(value, &mut self.0)? {
            let length = i32::try_from(self.0.len() - at - NULL.len())?;
            self.0[at..at + NULL.len()].copy_from_slice(&length.to_be_bytes());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_between_header_and_trailer_each_value_behind_its_length() {
        let mut rows = CopiedRows::default();
        rows.begin(2).unwrap();
        rows.add("abc").unwrap();
        rows.add(None::<i64>).unwrap();
        let first = rows.take();
        rows.end();
        let told = [&first[..], &rows.take()].concat();
        let expected = [
            HEADER,
            &[0, 2],
            &[0, 0, 0, 3],
            b"abc",
            &[0xff, 0xff, 0xff, 0xff],
            &[0xff, 0xff],
        ];
        assert_eq!(told, expected.concat());
        assert_eq!(HEADER.len(), 19);
    }
}
