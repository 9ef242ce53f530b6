//! Other people's programs, where they are installed (`.ci/peers` does that): the scripts in
//! `tests/peers` run them against the service.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;

/// Where this package lies.
const HERE: &str = env!("CARGO_MANIFEST_DIR");

/// Runs a script of `tests/peers` with the interpreter that its name asks for, and answers the lines
/// of JSON that it prints. `None`, with a word on why, where what it needs is not installed.
#[must_use]
pub fn peer(script: &str, arguments: &[&str]) -> Option<Vec<Value>> {
    let installed = Path::new(HERE).join("../target/peers");
    let is_python = Path::new(script).extension() == Some(OsStr::new("py"));
    let mut command = if is_python {
        Command::new(there(installed.join("python/bin/python"), script)?)
    } else {
        let modules = there(installed.join("node/node_modules"), script)?;
        let mut node = Command::new("node");
        node.env("NODE_PATH", modules);
        node
    };
    let path = Path::new(HERE).join("peers").join(script);
    let output = command.arg(path).args(arguments).output();
    let Output {
        status,
        stdout,
        stderr,
    } = output.expect("the interpreter runs");
    let (printed, said) = (
        String::from_utf8_lossy(&stdout),
        String::from_utf8_lossy(&stderr),
    );
    assert!(status.success(), "{script}: {status}\n{printed}\n{said}");
    let lines = printed.lines();
    let read = |line| serde_json::from_str(line).expect("it prints lines of JSON");
    Some(lines.map(read).collect())
}

fn there(path: PathBuf, script: &str) -> Option<PathBuf> {
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: {script} (its peers are not installed: .ci/peers does that)");
    None
}
