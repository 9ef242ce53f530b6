//! A log that fails when it is asked to: over a real one, which does all the work.

use std::{
    process::Command,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use domain::es::{
    Append, AppendError, Appended, EventId, EventStore, Position, ReadError, RecordedEvent,
    StreamName, Version,
};

/// What goes wrong next, once.
#[derive(Debug)]
pub enum Fault {
    /// Whoever reads a stream panics.
    Panic,
    /// Whoever reads a stream waits for ever.
    Hang,
    /// Whoever reads pages of the log is refused.
    RefusePages,
    /// Whoever reads pages of the log waits for ever.
    HangPages,
    /// The process is killed (SIGKILL) right after the next append is durable.
    Die,
    /// Somebody else appends this right before the next appends.
    Meddle(Append),
}

/// A log that does as the one beneath it, but for one fault.
pub struct FaultyLog {
    log: Arc<dyn EventStore>,
    next: Mutex<Option<Fault>>,
}

impl FaultyLog {
    /// A log without a fault, so far.
    #[must_use]
    pub fn over(log: Arc<dyn EventStore>) -> Self {
        Self {
            log,
            next: Mutex::default(),
        }
    }

    /// Lets something go wrong.
    pub fn arm(&self, fault: Fault) {
        *self.next.lock().expect("no test panics here") = Some(fault);
    }

    fn take(&self, fitting: impl Fn(&Fault) -> bool) -> Option<Fault> {
        let mut next = self.next.lock().expect("no test panics here");
        next.take_if(|fault| fitting(fault))
    }
}

#[async_trait]
impl EventStore for FaultyLog {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let appended = self.log.append(append).await;
        if self.take(|fault| matches!(fault, Fault::Die)).is_some() {
            let this = std::process::id().to_string();
            Command::new("kill").args(["-9", &this]).status().ok();
            std::future::pending::<()>().await;
        }
        appended
    }

    async fn append_all(&self, appends: Vec<Append>) -> Vec<Result<Appended, AppendError>> {
        if let Some(Fault::Meddle(other)) = self.take(|fault| matches!(fault, Fault::Meddle(_))) {
            self.log.append(other).await.expect("the other comes first");
        }
        self.log.append_all(appends).await
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        after: Version,
    ) -> Result<Vec<RecordedEvent>, ReadError> {
        match self.take(|fault| matches!(fault, Fault::Panic | Fault::Hang)) {
            Some(Fault::Panic) => panic!("a log was asked to fail"),
            Some(_) => std::future::pending().await,
            None => self.log.read_stream(stream, after).await,
        }
    }

    async fn read_all(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, ReadError> {
        // One event at a time is looked at to find a moment.
        let fault =
            |fault: &Fault| limit > 1 && matches!(fault, Fault::RefusePages | Fault::HangPages);
        match self.take(fault) {
            Some(Fault::RefusePages) => Err(ReadError::Unavailable("a test says so".into())),
            Some(_) => std::future::pending().await,
            None => self.log.read_all(after, limit).await,
        }
    }

    async fn find(&self, id: EventId) -> Result<Option<RecordedEvent>, ReadError> {
        self.log.find(id).await
    }

    async fn head(&self) -> Result<Position, ReadError> {
        self.log.head().await
    }

    async fn moved_past(&self, position: Position) -> Result<Position, ReadError> {
        self.log.moved_past(position).await
    }
}
