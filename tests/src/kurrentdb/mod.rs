//! A double of KurrentDB: a test fixture that speaks its protocol to the real client, and keeps
//! everything in memory.
//!
//! It does what the log's adapter asks of a server, no more, and as a server does it: places with
//! gaps, since other streams lie between ours; revisions from 0; appends checked against the
//! expected revision, and answered again if the same ids come again; `$all` from a place on, that
//! place included, filtered by the names' beginnings. What it does not know it refuses.
//!
//! A double and an adapter by the same hands may agree with each other and with nobody else.
//! So each promise can be [`Broken`], to show which test of the contract would notice; and the
//! same tests run against a server, where there is one.

mod log;
pub mod messages;
mod serve;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::runtime::{Builder, Runtime};

pub use self::log::Broken;
use self::log::Log;

/// A server in this process, on threads of its own.
pub struct Double {
    log: Arc<Mutex<Log>>,
    address: SocketAddr,
    runtime: Option<Runtime>,
}

impl Double {
    /// A server that keeps its promises.
    #[must_use]
    pub fn start() -> Self {
        Self::with(None)
    }

    /// A server that keeps all its promises but one.
    #[must_use]
    pub fn broken(promise: Broken) -> Self {
        Self::with(Some(promise))
    }

    fn with(broken: Option<Broken>) -> Self {
        let log = Arc::new(Mutex::new(Log::new(broken)));
        let (runtime, address) = serve(&log, ([127, 0, 0, 1], 0).into());
        Self {
            log,
            address,
            runtime: Some(runtime),
        }
    }

    /// Goes away: every connection is cut.
    pub fn stop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }

    /// Comes back on the same port, with what it held.
    pub fn start_again(&mut self) {
        self.stop();
        let (runtime, _) = serve(&self.log, self.address);
        self.runtime = Some(runtime);
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of a log on it. The client waits as shortly as can be before it connects.
    #[must_use]
    pub fn url(&self) -> String {
        format!("kurrentdb://{}?tls=false&discoveryInterval=1", self.address)
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        self.stop();
    }
}

fn serve(log: &Arc<Mutex<Log>>, address: SocketAddr) -> (Runtime, SocketAddr) {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime for the double");
    // The port may be taken for a moment still by the one that went away.
    let listener = (0..200)
        .find_map(|_| {
            let listener = std::net::TcpListener::bind(address).ok();
            if listener.is_none() {
                std::thread::sleep(Duration::from_millis(10));
            }
            listener
        })
        .expect("the port is free");
    let bound = listener.local_addr().expect("it is bound");
    runtime.spawn(serve::serve(listener, bound, Arc::clone(log)));
    (runtime, bound)
}
