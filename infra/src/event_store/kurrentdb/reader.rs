//! Reading: our positions and versions become the server's places and revisions, and back.

use std::sync::Arc;

use domain::es::{EventId, Position, ReadError, RecordedAt, RecordedEvent, StreamName, Version};
use eventstore::{ReadStreamOptions, StreamPosition};

use super::{
    follower::{PAGE, Shared},
    line::Failure,
    wire::Delivered,
};

/// An event, and the time of recording that its writer gave it: what its hash covers.
pub(super) type Written = (RecordedEvent, RecordedAt);

impl Shared {
    /// The position of the last event that the server holds.
    pub(super) async fn head(&self) -> Result<Position, ReadError> {
        self.catch_up().await.map_err(unavailable)?;
        Ok(self.index().head())
    }

    /// Up to `limit` events after a position. The server is asked what is new only if the index
    /// does not hold so many.
    pub(super) async fn range(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Written>, ReadError> {
        self.filled().await.map_err(unavailable)?;
        let until = Position(after.0.saturating_add(limit as u64));
        let mut head = self.index().head();
        if head < until {
            head = self.head().await?;
        }
        let until = until.min(head);
        let mut events = Vec::new();
        let mut next = after;
        while next < until {
            let count = usize::try_from(until.0 - next.0).map_or(PAGE, |left| left.min(PAGE));
            let from = self.index().place(Position(next.0 + 1));
            let page = self.read(from, count).await;
            let page = page.map_err(|error| unavailable(Arc::new(error)))?;
            if page.len() != count {
                return Err(unavailable(Arc::new(Failure::Changed)));
            }
            for delivered in page {
                next.0 += 1;
                events.push(self.settle(delivered, next)?);
            }
        }
        Ok(events)
    }

    /// The event at a position that the index holds.
    pub(super) async fn event_at(&self, position: Position) -> Result<RecordedEvent, ReadError> {
        let events = self.range(Position(position.0 - 1), 1).await?;
        let (event, _) = events.into_iter().next().expect("the index holds it");
        Ok(event)
    }

    /// The event of an id.
    pub(super) async fn find(&self, id: EventId) -> Result<Option<RecordedEvent>, ReadError> {
        self.filled().await.map_err(unavailable)?;
        let mut position = self.index().position(id);
        if position.is_none() {
            self.catch_up().await.map_err(unavailable)?;
            position = self.index().position(id);
        }
        match position {
            Some(position) => self.event_at(position).await.map(Some),
            None => Ok(None),
        }
    }

    /// The events of a stream after a version.
    pub(super) async fn stream(
        &self,
        stream: &StreamName,
        after: Version,
    ) -> Result<Vec<RecordedEvent>, ReadError> {
        self.filled().await.map_err(unavailable)?;
        let name = [&self.prefix, stream.as_str()].concat();
        let options = ReadStreamOptions::default()
            .position(StreamPosition::Position(after.0))
            .forwards();
        let delivered = self
            .line
            .call(|client| async move {
                let events = client.read_stream(name, &options).await?;
                self.drain(events).await
            })
            .await
            .map_err(|error| unavailable(Arc::new(error)))?;
        let delivered = match delivered {
            Ok(delivered) => delivered,
            Err(eventstore::Error::ResourceNotFound) => return Ok(Vec::new()),
            Err(error) => return Err(unavailable(Arc::new(Failure::Call(Box::new(error))))),
        };
        let news = |one: &Delivered| self.index().position(one.id).is_none();
        if delivered.iter().any(news) {
            self.catch_up().await.map_err(unavailable)?;
        }
        let mut events = Vec::with_capacity(delivered.len());
        for delivered in delivered {
            let position = self.index().position(delivered.id);
            let Some(position) = position else {
                let unseen = Failure::Unseen(self.line.patience());
                return Err(unavailable(Arc::new(unseen)));
            };
            let event = delivered.event;
            let mut event = event.map_err(|what| ReadError::Malformed { position, what })?;
            self.index().settle(&mut event, position);
            events.push(event);
        }
        Ok(events)
    }

    /// Gives an event its position, if that is where it stands.
    fn settle(&self, delivered: Delivered, position: Position) -> Result<Written, ReadError> {
        let index = self.index();
        if index.place(position) != Some(delivered.place) {
            return Err(unavailable(Arc::new(Failure::Changed)));
        }
        let event = delivered.event;
        let mut event = event.map_err(|what| ReadError::Malformed { position, what })?;
        let written = event.recorded_at;
        index.settle(&mut event, position);
        Ok((event, written))
    }
}

fn unavailable(failure: Arc<Failure>) -> ReadError {
    ReadError::Unavailable(Box::new(failure))
}
