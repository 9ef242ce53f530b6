//! The whole server restarts.

use std::{
    ffi::OsStr,
    io::Write,
    net::TcpListener,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use domain::es::EventId;
use tempfile::TempDir;
use uuid::Uuid;

use super::*;

/// A server of our own in a temporary folder.
struct Server {
    folder: TempDir,
    programs: PathBuf,
    port: u16,
}

impl Server {
    /// `None`, and a line on standard error, where PostgreSQL is not installed or cannot be
    /// started by this user.
    fn start() -> Option<Self> {
        let started = Self::make();
        if started.is_none() {
            writeln!(
                std::io::stderr(),
                "skipped: a restart of PostgreSQL (no server of our own can be started)"
            )
            .ok();
        }
        started
    }

    fn make() -> Option<Self> {
        let installed = std::fs::read_dir("/usr/lib/postgresql").ok()?;
        let programs = installed
            .filter_map(Result::ok)
            .map(|version| version.path().join("bin"))
            .find(|programs| programs.join("initdb").exists())?;
        let server = Self {
            folder: tempfile::tempdir().ok()?,
            programs,
            port: TcpListener::bind("127.0.0.1:0")
                .ok()?
                .local_addr()
                .ok()?
                .port(),
        };
        if std::fs::metadata(server.folder.path()).ok()?.uid() == 0 {
            // PostgreSQL does not run as root.
            let owned = Command::new("chown")
                .arg("postgres")
                .arg(server.folder.path())
                .status();
            owned.ok()?.success().then_some(())?;
        }
        let data = server.data();
        server
            .run(
                "initdb",
                [
                    data.as_os_str(),
                    "--auth=trust".as_ref(),
                    "--username=postgres".as_ref(),
                ],
            )
            .then_some(())?;
        server.up().then_some(server)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    fn up(&self) -> bool {
        let socket = self.folder.path().display();
        let options = format!("-p {} -h 127.0.0.1 -k {socket}", self.port);
        self.control(["start".as_ref(), "-o".as_ref(), options.as_ref()])
    }

    /// Without a word to its clients.
    fn crash(&self) -> bool {
        self.control(["stop".as_ref(), "-m".as_ref(), "immediate".as_ref()])
    }

    fn control<const N: usize>(&self, words: [&OsStr; N]) -> bool {
        let data = self.data();
        let common: [&OsStr; 3] = ["-w".as_ref(), "-D".as_ref(), data.as_os_str()];
        self.run("pg_ctl", words.into_iter().chain(common))
    }

    fn run<'a>(&self, program: &str, words: impl IntoIterator<Item = &'a OsStr>) -> bool {
        let program = self.programs.join(program);
        let root = std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
        let mut command = if root {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command
            .args(words)
            .current_dir(Path::new("/"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.crash();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_crashes_and_comes_back_has_lost_and_doubled_nothing() {
    let Some(server) = tokio::task::spawn_blocking(Server::start).await.unwrap() else {
        return;
    };
    let store = Arc::new(PostgresEventStore::open(&server.url()).await.unwrap());
    let (clients, each) = (8_u128, 150_u128);
    let mut appending = tokio::task::JoinSet::new();
    for client in 0..clients {
        let store = Arc::clone(&store);
        appending.spawn(async move {
            let mut answers = Vec::new();
            for id in (0..each).map(|n| client * each + n + 1) {
                let told = append(&stream(client), Expected::Any, vec![event(id, "told")]);
                loop {
                    match store.append(told.clone()).await {
                        Ok(appended) => break answers.push((id, appended.position)),
                        Err(AppendError::Unavailable(_)) => {}
                        Err(error) => panic!("{error:?}"),
                    }
                }
            }
            answers
        });
    }
    let server = tokio::task::spawn_blocking(move || {
        for _ in 0..2 {
            std::thread::sleep(Duration::from_millis(100));
            assert!(server.crash() && server.up());
        }
        server
    });
    let _server = server.await.unwrap();
    let answers: Vec<_> = appending.join_all().await.into_iter().flatten().collect();
    for (id, position) in answers {
        let found = store.find(EventId(Uuid::from_u128(id))).await.unwrap();
        assert_eq!(found.unwrap().position, position);
    }
    let verified = store.verify().await.unwrap();
    assert_eq!(u128::from(verified.head.0), clients * each);
    let page = store.read_stream(&stream(1), Version::NONE).await.unwrap();
    assert_eq!(page.len() as u128, each);
}
