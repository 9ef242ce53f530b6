//! The line to the server: a client that is made when it is needed, and replaced when it fails.
//!
//! A client whose first connection fails never tries again, and one that lost its node of a
//! cluster keeps asking for the same node. So whatever goes wrong with the line, the client is
//! dropped and the next call makes another, which looks for a node anew. After the second failure
//! in a row, calls are refused for a while that doubles each time: a server that is down is not
//! knocked at by everybody at once.

use std::{
    future::Future,
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use eventstore::{Client, ClientSettings};
use tokio::time::{Instant, timeout};

/// The first pause after repeated failures, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// Why the server gave no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("KurrentDB is away; it is tried again shortly")]
    Away,
    #[error("KurrentDB gave no answer within {0:?}")]
    Late(Duration),
    #[error("KurrentDB did not serve the call")]
    Call(#[source] Box<eventstore::Error>),
    #[error("the client of KurrentDB could not be made: {0}")]
    Client(String),
    #[error("KurrentDB acknowledged an event, and does not show it within {0:?}")]
    Unseen(Duration),
    #[error("KurrentDB shows another log than before; start again to read it anew")]
    Changed,
    #[error("the stream is written to by others faster than this append comes through")]
    Crowded,
    #[error("an event's data are not JSON")]
    NotJson,
    #[error("the log was closed meanwhile")]
    Closed,
    #[error("the client of KurrentDB panicked")]
    Panicked,
}

pub(super) struct Line {
    settings: ClientSettings,
    patience: Duration,
    state: Mutex<State>,
}

struct State {
    client: Option<Client>,
    generation: u64,
    failures: u32,
    not_before: Instant,
}

impl Line {
    /// Makes the first client, and does not connect it: what is wrong with certificates shows.
    pub(super) fn new(settings: ClientSettings, patience: Duration) -> Result<Self, Failure> {
        let client = make(&settings)?;
        Ok(Self {
            settings,
            patience,
            state: Mutex::new(State {
                client: Some(client),
                generation: 0,
                failures: 0,
                not_before: Instant::now(),
            }),
        })
    }

    /// How long an answer may take.
    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    /// One call. An answer that says no is an answer: the line is as good as before.
    pub(super) async fn call<T, F>(
        &self,
        call: impl FnOnce(Client) -> F,
    ) -> Result<Result<T, eventstore::Error>, Failure>
    where
        F: Future<Output = Result<T, eventstore::Error>>,
    {
        let (generation, client) = self.client()?;
        match timeout(self.patience, call(client)).await {
            Ok(Err(error)) if breaks(&error) => {
                self.failed(generation);
                Err(Failure::Call(Box::new(error)))
            }
            Ok(answer) => {
                self.state().failures = 0;
                Ok(answer)
            }
            Err(_elapsed) => {
                self.failed(generation);
                Err(Failure::Late(self.patience))
            }
        }
    }

    fn client(&self) -> Result<(u64, Client), Failure> {
        let mut state = self.state();
        if Instant::now() < state.not_before {
            return Err(Failure::Away);
        }
        if state.client.is_none() {
            state.client = Some(make(&self.settings)?);
            state.generation += 1;
        }
        let client = state.client.clone().expect("it was made just now");
        Ok((state.generation, client))
    }

    /// Many calls fail at once when a server goes: they count as one.
    fn failed(&self, generation: u64) {
        let mut state = self.state();
        if state.generation != generation || state.client.is_none() {
            return;
        }
        state.client = None;
        state.failures += 1;
        if state.failures > 1 {
            let (first, longest) = PAUSES;
            let pause = first.saturating_mul(1 << (state.failures - 2).min(10));
            state.not_before = Instant::now() + pause.min(longest);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding it")
    }
}

fn make(settings: &ClientSettings) -> Result<Client, Failure> {
    Client::new(settings.clone()).map_err(|error| Failure::Client(error.to_string()))
}

/// Whether it is the line that failed. In doubt it is: a new client costs half a second.
fn breaks(error: &eventstore::Error) -> bool {
    use eventstore::Error as E;
    match error {
        E::WrongExpectedVersion { .. }
        | E::ResourceNotFound
        | E::ResourceDeleted
        | E::AccessDenied
        // The client itself turns to the leader that this names.
        | E::NotLeaderException(_)
        // A status that only a server gives, such as for an append that is too large.
        | E::Grpc { .. } => false,
        _ => true,
    }
}
