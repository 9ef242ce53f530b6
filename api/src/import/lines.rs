//! Lines of a file, held in memory only up to a limit.

use std::io::{self, BufRead, BufReader, Read, Write};

/// Bytes of a line, at most.
const LONGEST: u64 = 256 * 1024;
/// Lines of a batch, at most.
const LINES: usize = 500;
/// Bytes after which a batch takes no more lines.
const BYTES: usize = 4 * 1024 * 1024;

/// What some editors write before a text in UTF-8; it is no part of the first line.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// One line, without its end.
#[derive(Debug)]
pub struct Line {
    /// Counted from 1.
    pub number: u64,
    /// Its bytes; the first of them, if it is too long.
    pub text: Vec<u8>,
    /// Whether it is too long, and more of it follows.
    pub cut: bool,
}

/// Reads lines.
#[derive(Debug)]
pub struct Lines<R: Read> {
    reader: BufReader<R>,
    number: u64,
    read: u64,
    in_line: bool,
}

impl<R: Read> Lines<R> {
    /// The lines of what is read.
    pub fn new(reader: R) -> Self {
        Self {
            reader: BufReader::with_capacity(64 * 1024, reader),
            number: 0,
            read: 0,
            in_line: false,
        }
    }

    /// Bytes read so far.
    #[must_use]
    pub fn read(&self) -> u64 {
        self.read
    }

    /// The next lines, none at the end: as many as are at hand, up to a limit. A line that is cut
    /// is the last of its batch.
    pub fn batch(&mut self) -> io::Result<Vec<Line>> {
        let (mut batch, mut bytes) = (vec![], 0);
        while let Some(line) = self.next()? {
            bytes += line.text.len();
            let full = line.cut || batch.len() + 1 == LINES || bytes >= BYTES;
            batch.push(line);
            if full || self.reader.buffer().is_empty() {
                break;
            }
        }
        Ok(batch)
    }

    /// The next line.
    #[expect(
        clippy::should_implement_trait,
        reason = "it can fail, and a line may have a rest"
    )]
    pub fn next(&mut self) -> io::Result<Option<Line>> {
        if self.in_line {
            self.copy_rest(&mut io::sink())?;
        }
        let mut text = Vec::new();
        let taken = (&mut self.reader)
            .take(LONGEST + 1)
            .read_until(b'\n', &mut text)?;
        if taken == 0 {
            return Ok(None);
        }
        self.read += taken as u64;
        self.number += 1;
        let ended = text.last() == Some(&b'\n');
        if ended {
            text.pop();
        }
        let cut = !ended && taken as u64 > LONGEST;
        self.in_line = cut;
        if self.number == 1 && text.starts_with(BYTE_ORDER_MARK) {
            text.drain(..BYTE_ORDER_MARK.len());
        }
        Ok(Some(Line {
            number: self.number,
            text,
            cut,
        }))
    }

    /// Copies what is left of a line that was too long.
    pub fn copy_rest(&mut self, to: &mut impl Write) -> io::Result<()> {
        while self.in_line {
            let held = self.reader.fill_buf()?;
            let end = held.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(held.len(), |end| end + 1);
            to.write_all(&held[..taken])?;
            self.in_line = taken > 0 && end.is_none();
            self.reader.consume(taken);
            self.read += taken as u64;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_too_long_is_copied_whole_and_the_next_one_follows() {
        let long = "x".repeat(300 * 1024);
        let text = format!("one\n{long}\nthree");
        let mut lines = Lines::new(text.as_bytes());
        assert_eq!(lines.next().unwrap().unwrap().text, b"one");
        let second = lines.next().unwrap().unwrap();
        assert!(second.cut);
        let mut whole = second.text;
        lines.copy_rest(&mut whole).unwrap();
        assert_eq!(whole, format!("{long}\n").into_bytes());
        let third = lines.next().unwrap().unwrap();
        assert_eq!((third.number, third.text), (3, b"three".to_vec()));
        assert!(lines.next().unwrap().is_none());
    }

    #[test]
    fn a_byte_order_mark_is_passed_over_where_a_file_begins() {
        let mut lines = Lines::new("\u{feff}{}\n\u{feff}two".as_bytes());
        assert_eq!(lines.next().unwrap().unwrap().text, b"{}");
        assert_eq!(
            lines.next().unwrap().unwrap().text,
            "\u{feff}two".as_bytes()
        );
    }

    #[test]
    fn a_batch_ends_with_a_line_too_long_and_waits_for_nothing() {
        struct Slow<'a>(std::slice::Iter<'a, &'a str>);
        impl Read for Slow<'_> {
            fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
                self.0
                    .next()
                    .map_or(Ok(0), |text| text.as_bytes().read(into))
            }
        }
        let numbers = |batch: Vec<Line>| batch.iter().map(|line| line.number).collect::<Vec<_>>();
        let mut lines = Lines::new(Slow(["one\ntwo\n", "three\nfo", "ur\n"].iter()));
        assert_eq!(numbers(lines.batch().unwrap()), [1, 2]);
        assert_eq!(numbers(lines.batch().unwrap()), [3, 4]);
        assert_eq!(numbers(lines.batch().unwrap()), [0; 0]);

        let text = format!("one\n{}\nthree", "x".repeat(300 * 1024));
        let mut lines = Lines::new(text.as_bytes());
        assert_eq!(numbers(lines.batch().unwrap()), [1, 2]);
        assert_eq!(numbers(lines.batch().unwrap()), [3]);

        let text = "x\n".repeat(LINES + 1);
        let mut lines = Lines::new(text.as_bytes());
        assert_eq!(lines.batch().unwrap().len(), LINES);
        assert_eq!(lines.batch().unwrap().len(), 1);
    }

    #[test]
    fn a_line_too_long_that_nobody_copies_is_passed_over() {
        let text = format!("{}\ntwo\n", "x".repeat(300 * 1024));
        let mut lines = Lines::new(text.as_bytes());
        assert!(lines.next().unwrap().unwrap().cut);
        assert_eq!(lines.next().unwrap().unwrap().text, b"two");
    }
}
