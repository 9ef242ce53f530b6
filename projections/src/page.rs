//! Lists are read a page at a time.

use std::{fmt, str::FromStr};

/// Where the next page begins. Opaque to whoever holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(String);

/// Text that is no cursor of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor that a list here has given")]
pub struct CursorError;

impl Cursor {
    /// After the item that is named so.
    #[must_use]
    pub(crate) fn after(key: &str) -> Self {
        Self(key.to_owned())
    }

    /// The name of the last item before it.
    #[must_use]
    pub(crate) fn key(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.bytes().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Cursor {
    type Err = CursorError;
    fn from_str(text: &str) -> Result<Self, CursorError> {
        if text.len() > 400 || !text.len().is_multiple_of(2) {
            return Err(CursorError);
        }
        let bytes = text
            .as_bytes()
            .chunks(2)
            .map(|pair| {
                std::str::from_utf8(pair)
                    .ok()
                    .and_then(|pair| u8::from_str_radix(pair, 16).ok())
                    .ok_or(CursorError)
            })
            .collect::<Result<Vec<u8>, _>>()?;
        String::from_utf8(bytes).map(Self).map_err(|_| CursorError)
    }
}

/// How many items a page holds: 1 to 500, 50 unless told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSize(u16);

impl PageSize {
    /// The nearest size allowed.
    #[must_use]
    pub fn new(size: u16) -> Self {
        Self(size.clamp(1, 500))
    }

    pub(crate) fn get(self) -> usize {
        usize::from(self.0)
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self(50)
    }
}

/// Cuts a list that was read one item too far: the page, and the cursor after it if more follows.
pub(crate) fn cut<T>(
    mut items: Vec<T>,
    size: PageSize,
    key: impl FnOnce(&T) -> String,
) -> (Vec<T>, Option<String>) {
    if items.len() <= size.get() {
        return (items, None);
    }
    items.truncate(size.get());
    let next = items
        .last()
        .map(|last| Cursor::after(&key(last)).to_string());
    (items, next)
}
