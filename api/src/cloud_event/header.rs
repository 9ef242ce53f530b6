//! The text of an attribute that is told as a header.

/// Reads the bytes of a header as the HTTP binding of CloudEvents says: quotes around the whole are
/// taken off, then percent-encoding is undone, once. `None` where what comes out is no text.
///
/// Real clients send more than ASCII as it stands, in UTF-8 or in Latin-1: what is not the one is
/// taken for the other. What is percent-encoded is UTF-8.
pub(super) fn text(bytes: &[u8]) -> Option<String> {
    let told = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    };
    let told = told.trim_matches([' ', '\t']);
    match told.strip_prefix('"') {
        Some(quoted) => percent_decoded(&unquoted(quoted)?),
        None => percent_decoded(told),
    }
}

/// What stands between quotes, up to the second, which is the end.
fn unquoted(quoted: &str) -> Option<String> {
    let mut text = String::with_capacity(quoted.len());
    let mut rest = quoted.chars();
    loop {
        match rest.next()? {
            '"' => return rest.next().is_none().then_some(text),
            '\\' => text.push(rest.next()?),
            other => text.push(other),
        }
    }
}

fn percent_decoded(told: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(told.len());
    let mut rest = told.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        match (first, after) {
            (b'%', [high, low, after @ ..]) => {
                decoded.push(nibble(*high)? << 4 | nibble(*low)?);
                rest = after;
            }
            (b'%', _) => return None,
            (byte, _) => decoded.push(*byte),
        }
    }
    String::from_utf8(decoded).ok()
}

fn nibble(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_as_the_binding_says() {
        for (told, read) in [
            (&b"4711"[..], Some("4711")),
            (b"Euro%20%E2%82%AC", Some("Euro €")),
            (b"%c3%b8st 1", Some("øst 1")),
            // Once: what was encoded twice is still encoded.
            (b"100%2525", Some("100%25")),
            (br#""a \"b\" \\ c""#, Some(r#"a "b" \ c"#)),
            (br#""%22""#, Some("\"")),
            (b" \tref 17 ", Some("ref 17")),
            (b"", Some("")),
            // As real clients send it.
            ("Sørlandet".as_bytes(), Some("Sørlandet")),
            (b"S\xf8rlandet", Some("Sørlandet")),
            (b"S\xf8rlandet %C3%B8st", Some("Sørlandet øst")),
        ] {
            assert_eq!(text(told).as_deref(), read, "{}", told.escape_ascii());
        }
    }

    #[test]
    fn what_is_no_text_is_refused() {
        for told in [
            &b"%"[..],
            b"%4",
            b"%zz",
            b"%+1",
            b"%C3",
            b"%F8",
            b"%ED%A0%80",
            // Halves of a character, one as it stands and one encoded.
            b"\xc3%B8",
            br#""no end"#,
            br#""too" much"#,
            br#""ends in \"#,
        ] {
            assert_eq!(text(told), None, "{}", told.escape_ascii());
        }
    }
}
