//! The binary itself, in processes of its own.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Output, Stdio},
    sync::OnceLock,
    thread,
    time::Duration,
};

use serde_json::Value;

/// The binary, built as these tests were.
#[must_use]
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let mut build = Command::new(env!("CARGO"));
        // With the features that the tests are built with: nothing is built twice.
        build.args(["build", "--quiet", "--workspace", "--bin", "stegspor"]);
        // What cargo tells this test of its own package would have others built anew.
        let own = std::env::vars_os().map(|(name, _)| name);
        for name in own.filter(|name| name.to_string_lossy().starts_with("CARGO_")) {
            if !["CARGO_HOME", "CARGO_TARGET_DIR", "CARGO_TERM_COLOR"]
                .iter()
                .any(|kept| name == *kept)
            {
                build.env_remove(name);
            }
        }
        if !cfg!(debug_assertions) {
            build.arg("--release");
        }
        let status = build.status().expect("cargo runs");
        assert!(status.success(), "the binary is built");
        let mut folder = std::env::current_exe().expect("this test has a path");
        folder.pop();
        folder.pop();
        folder.join("stegspor")
    })
}

/// Runs the binary in a folder, on the data in its folder `data`, to the end.
#[must_use]
pub fn stegspor(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(binary())
        .current_dir(folder)
        .args(arguments)
        .args(["--data", "data"])
        .output()
        .expect("the binary runs")
}

/// What a process said.
#[must_use]
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("what it says is text")
}

/// A token for the service on the data in a folder.
#[must_use]
pub fn token(folder: &Path, role: &str, unit: Option<&str>) -> String {
    let mut arguments = vec!["token", "--role", role];
    if let Some(unit) = unit {
        arguments.extend(["--unit", unit]);
    }
    let output = stegspor(folder, &arguments);
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout).trim().to_owned()
}

/// One request, each with an idempotency key; nothing if the service dies before it has answered.
#[must_use]
pub fn post(address: &str, path: &str, token: &str, key: &str, body: &str) -> Option<(u16, Value)> {
    let mut connection = TcpStream::connect(address).ok()?;
    connection
        .set_read_timeout(Some(Duration::from_secs(20)))
        .ok()?;
    write!(
        connection,
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
         Idempotency-Key: {key}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len(),
    )
    .ok()?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, serde_json::from_str(body).ok()?))
}

/// What a subcommand that should not come to serve says on standard error.
#[must_use]
pub fn refused_to_serve(folder: &Path, arguments: &[&str]) -> String {
    let (mut child, says, _prints) = Serving::spawn(folder, arguments, &[]);
    let mut said = String::new();
    for line in says.lines() {
        let line = line.expect("what it says is text");
        if line.contains("http://") {
            child.kill().ok();
            panic!("it serves: {line}");
        }
        said.push_str(&line);
    }
    let status = child.wait().expect("it can be waited for");
    assert!(!status.success(), "{said}");
    said
}

/// All that a service says on standard error.
pub struct Heard(thread::JoinHandle<String>);

impl Heard {
    /// What it said, when it has ended.
    #[must_use]
    pub fn said(self) -> String {
        self.0.join().expect("what it says is text")
    }
}

/// A service that runs, and is killed if a test fails.
pub struct Serving {
    child: Child,
    /// Held, so that what it says has somewhere to go.
    _says: Option<BufReader<ChildStderr>>,
    prints: BufReader<ChildStdout>,
    address: String,
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Serving {
    /// Starts a subcommand that serves and says where on standard error, with variables of its own;
    /// all that it says is kept.
    #[must_use]
    pub fn start_heard(
        folder: &Path,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> (Self, Heard) {
        let (child, mut says, prints) = Self::spawn(folder, arguments, variables);
        let mut heard = String::new();
        while !heard.contains("http://") || !heard.ends_with('\n') {
            let read = says.read_line(&mut heard);
            assert_ne!(read.expect("what it says is text"), 0, "{heard}");
        }
        let said = heard.lines().last().expect("it says where it serves");
        let address = address(said);
        let heard = thread::spawn(move || {
            let read = says.read_to_string(&mut heard);
            read.expect("what it says is text");
            heard
        });
        let serving = Self {
            child,
            _says: None,
            prints,
            address,
        };
        (serving, Heard(heard))
    }

    /// Starts a subcommand that serves and says where on standard error.
    #[must_use]
    pub fn start(folder: &Path, arguments: &[&str]) -> Self {
        let (child, mut says, prints) = Self::spawn(folder, arguments, &[]);
        let said = says
            .by_ref()
            .lines()
            .map(|line| line.expect("what it says is text"))
            .find(|line| line.contains("http://"))
            .expect("it says where it serves");
        Self {
            child,
            _says: Some(says),
            prints,
            address: address(&said),
        }
    }

    /// Starts a subcommand that serves and prints one line of JSON once it does.
    #[must_use]
    pub fn start_telling(folder: &Path, arguments: &[&str]) -> (Self, Value) {
        let (child, says, mut prints) = Self::spawn(folder, arguments, &[]);
        let mut line = String::new();
        prints.read_line(&mut line).expect("what it prints is text");
        let told: Value = serde_json::from_str(&line).expect("one line of JSON");
        let url = told["url"].as_str().expect("it tells where it serves");
        let serving = Self {
            address: address(url),
            child,
            _says: Some(says),
            prints,
        };
        (serving, told)
    }

    fn spawn(
        folder: &Path,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> (Child, BufReader<ChildStderr>, BufReader<ChildStdout>) {
        let mut child = Command::new(binary())
            .current_dir(folder)
            .envs(variables.iter().copied())
            .args(arguments)
            .args(["--data", "data", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let says = BufReader::new(child.stderr.take().expect("it is piped"));
        let prints = BufReader::new(child.stdout.take().expect("it is piped"));
        (child, says, prints)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// A connection to it.
    #[must_use]
    pub fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).expect("it listens")
    }

    /// Sends a request as any client does, and reads the whole answer.
    #[must_use]
    pub fn ask(&self, method: &str, path: &str, token: &str, body: &str) -> (u16, Value) {
        let mut connection = self.connect();
        write!(
            connection,
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.address,
            body.len(),
        )
        .expect("it takes the request");
        let mut answer = String::new();
        connection
            .read_to_string(&mut answer)
            .expect("the answer is text");
        let (head, body) = answer.split_once("\r\n\r\n").expect("head and body");
        let status = head.split(' ').nth(1).expect("a status");
        (
            status.parse().expect("a status is a number"),
            serde_json::from_str(body).unwrap_or(Value::Null),
        )
    }

    /// Ends it as the operating system does (SIGKILL), and waits until it is gone.
    pub fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it can be waited for");
    }

    /// Asks it to end, as a supervisor does (SIGTERM).
    pub fn ask_to_end(&self) {
        let pid = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(asked.expect("kill runs").success());
    }

    /// How it ended.
    pub fn ended(&mut self) -> ExitStatus {
        self.child.wait().expect("it can be waited for")
    }

    /// What it printed since it serves, when it has ended.
    #[must_use]
    pub fn printed(&mut self) -> String {
        let mut rest = String::new();
        let read = self.prints.read_to_string(&mut rest);
        read.expect("what it prints is text");
        rest
    }
}

fn address(said: &str) -> String {
    let (_, rest) = said.split_once("http://").expect("an address");
    let address = rest.split_whitespace().next().expect("an address");
    address.to_owned()
}
