//! The file of refused lines.

use std::{
    fs::{File, OpenOptions},
    io::{BufWriter, Read, Write},
    path::PathBuf,
};

use anyhow::Context;

use crate::import::{Line, Lines};

/// Where refused lines go, as they were.
pub(super) struct Bin {
    pub(super) path: PathBuf,
    append: bool,
    file: Option<BufWriter<File>>,
}

impl Bin {
    pub(super) fn new(path: PathBuf, append: bool) -> Self {
        Self {
            path,
            append,
            file: None,
        }
    }

    /// Keeps a line, with the rest of one that was too long to be held.
    pub(super) fn keep<R: Read>(
        &mut self,
        line: &Line,
        lines: &mut Lines<R>,
    ) -> anyhow::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                let mut options = OpenOptions::new();
                options
                    .create(true)
                    .write(true)
                    .append(self.append)
                    .truncate(!self.append);
                // There may be names in it: its owner alone reads it.
                #[cfg(unix)]
                std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
                let file = options
                    .open(&self.path)
                    .with_context(|| format!("{} cannot be written", self.path.display()))?;
                none.insert(BufWriter::new(file))
            }
        };
        file.write_all(&line.text)?;
        if line.cut {
            lines.copy_rest(file)?;
        } else {
            file.write_all(b"\n")?;
        }
        Ok(())
    }

    pub(super) fn close(&mut self) -> anyhow::Result<()> {
        if let Some(file) = &mut self.file {
            file.flush()?;
            file.get_ref().sync_all()?;
        }
        Ok(())
    }
}
