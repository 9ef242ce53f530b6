//! Folding: from events, as they stand in the log, to rows.
//!
//! The rows of the streams touched last are kept at hand, and the histories of some of them. A fact
//! that stands after all others of its stream is applied to the rows at hand; any other (told late,
//! a correction, a retraction) marks the stream, and when rows are next written the whole history is
//! folded from nothing.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use domain::{
    es::{Day, EventStore, Position, ReadError, StreamName, Version},
    event::Recorded,
};
use foldhash::fast::RandomState;
use futures::{StreamExt, TryStreamExt, stream};
use projections::{Happened, WorldOrder, in_world_order};

use super::{
    changes::Changes,
    models::{ReadModel, There},
    parking::Parked,
    reading::{self, Page, Read, Readable},
};

/// How much is kept at hand. What is not is read again when it is needed: one stream, a few dozen
/// events.
#[derive(Clone, Copy)]
struct Most {
    events: usize,
    streams: usize,
}

impl Most {
    /// While catching up: about 50 MB of events and, at the worst, 150 MB of rows. Tests have few.
    const AT_WORK: Self = if cfg!(test) {
        Self::of(60, 10)
    } else {
        Self::of(100_000, 50_000)
    };
    /// Once the head is reached.
    const AT_REST: Self = if cfg!(test) {
        Self::of(20, 4)
    } else {
        Self::of(10_000, 2_000)
    };

    const fn of(events: usize, streams: usize) -> Self {
        Self { events, streams }
    }

    fn half(self) -> Self {
        Self {
            events: self.events / 2,
            streams: self.streams / 2,
        }
    }
}

/// How many histories are read at the same time.
const AT_ONCE: usize = 64;

/// A stream that was touched lately.
#[derive(Default)]
struct History {
    /// All events of the stream so far, in the order of the log; none once they are let go: they are
    /// read again when one is told late, or amended.
    events: Vec<Known>,
    /// The last event taken.
    version: Version,
    /// The last event in the world, of those that are applied.
    last: Option<WorldOrder>,
    /// One of them corrects or retracts another.
    amended: bool,
    /// The rows at hand are not those of the history: a fact was told late, or one amended.
    stale: bool,
    /// An amendment came since rows were last written: rows may have vanished.
    newly_amended: bool,
    /// When it was touched last.
    touched: u64,
}

impl History {
    fn is_let_go(&self) -> bool {
        self.events.is_empty() && self.version > Version::NONE
    }
}

struct Known {
    order: WorldOrder,
    day: Day,
    event: Recorded,
}

impl Known {
    fn new(event: Recorded) -> Self {
        Self {
            order: WorldOrder::of(&event),
            day: event.day(),
            event,
        }
    }

    fn happened(&self) -> Happened<'_> {
        Happened {
            event: &self.event,
            day: self.day,
            order: self.order,
        }
    }
}

/// Read models on their way through the log.
pub(super) struct Folding {
    log: Arc<dyn EventStore>,
    models: Vec<Box<dyn ReadModel>>,
    as_of: Option<Day>,
    histories: HashMap<StreamName, History, RandomState>,
    stale: Vec<StreamName>,
    at_hand: usize,
    clock: u64,
    /// Rows are written up to here.
    written: Position,
    /// What is folded from nothing may have rows in the tables.
    over_rows: bool,
    /// Streams that stand still, each from a position on.
    parked: HashMap<StreamName, Position>,
    newly_parked: Vec<Parked>,
}

impl Folding {
    /// Of some read models, seen on a day.
    pub(super) fn new(
        log: Arc<dyn EventStore>,
        models: Vec<Box<dyn ReadModel>>,
        as_of: Option<Day>,
    ) -> Self {
        Self {
            log,
            models,
            as_of,
            histories: HashMap::default(),
            stale: vec![],
            at_hand: 0,
            clock: 0,
            written: Position::START,
            over_rows: false,
            parked: HashMap::new(),
            newly_parked: vec![],
        }
    }

    pub(super) fn models(&mut self) -> &mut [Box<dyn ReadModel>] {
        &mut self.models
    }

    pub(super) fn categories(&self) -> HashSet<&'static str> {
        self.models.iter().map(|model| model.category()).collect()
    }

    /// Goes on with tables that show this place in the log.
    pub(super) fn go_on_from(&mut self, position: Position) {
        for model in &mut self.models {
            model.set_position(position);
        }
        self.written = position;
    }

    /// Up to where rows are written already.
    pub(super) fn set_written(&mut self, written: Position) {
        self.written = written;
    }

    /// Folds from nothing what may have rows in the tables: they are put in their place.
    pub(super) fn go_over_rows(&mut self) {
        self.over_rows = true;
    }

    /// Streams that stand still, each from a position on: what comes before is taken.
    pub(super) fn park(&mut self, streams: impl IntoIterator<Item = (StreamName, Position)>) {
        self.parked.extend(streams);
    }

    /// Whether any stream stands still.
    pub(super) fn stands_still(&self) -> bool {
        !self.parked.is_empty()
    }

    /// More is at hand than should be: time to write.
    pub(super) fn is_full(&self) -> bool {
        self.is_beyond(Most::AT_WORK)
    }

    fn is_beyond(&self, most: Most) -> bool {
        self.at_hand > most.events || self.histories.len() > most.streams
    }

    /// Takes the next page of the log.
    pub(super) async fn take(&mut self, page: Page) -> Result<(), ReadError> {
        self.clock += 1;
        let not_at_hand = self.not_at_hand(&page);
        self.fetch(not_at_hand, page.position).await?;
        for read in page.events {
            match read {
                Read::Event(event) => self.take_event(event),
                Read::Poison(parked) => self.take_poison(parked),
            }
        }
        Ok(())
    }

    /// The streams that go on in a page, and whose histories are needed for it and not at hand.
    fn not_at_hand(&self, page: &Page) -> Vec<StreamName> {
        let events = page.events.iter().filter_map(|read| match read {
            Read::Event(event) => Some(event),
            Read::Poison(_) => None,
        });
        let mut missing = HashSet::new();
        // How far each stream has come in the world whose events are let go.
        let mut lasts: HashMap<&StreamName, Option<WorldOrder>> = HashMap::new();
        let mut met = HashSet::new();
        for event in events.filter(|event| !self.stands_still_at(event)) {
            let needed = match self.histories.get(&event.stream) {
                None => met.insert(&event.stream) && event.version > Version(1),
                Some(history) if history.is_let_go() => {
                    let last = lasts.entry(&event.stream).or_insert(history.last);
                    let seen = self.sees(event.day());
                    let order = WorldOrder::of(event);
                    let late = seen && last.is_some_and(|last| last > order);
                    if seen {
                        *last = Some(order);
                    }
                    late || event.event.amendment().is_some()
                }
                Some(_) => false,
            };
            if needed {
                missing.insert(&event.stream);
            }
        }
        missing.into_iter().cloned().collect()
    }

    /// Whether what happened on a day is shown.
    fn sees(&self, day: Day) -> bool {
        self.as_of.is_none_or(|as_of| day <= as_of)
    }

    fn stands_still_at(&self, event: &Recorded) -> bool {
        let from = self.parked.get(&event.stream);
        from.is_some_and(|from| event.position >= *from)
    }

    fn take_poison(&mut self, parked: Parked) {
        if !self.parked.contains_key(&parked.stream) {
            self.parked.insert(parked.stream.clone(), parked.position);
            parked.tell();
            self.newly_parked.push(parked);
        }
    }

    fn take_event(&mut self, event: Recorded) {
        if self.stands_still_at(&event) {
            return;
        }
        let known = self.histories.get_key_value(&event.stream);
        let (stream, history) = known.map_or_else(
            || (event.stream.clone(), None),
            |(stream, history)| (stream.clone(), Some(history)),
        );
        // The page may hold what was read with the history already.
        if history.is_none_or(|history| history.version < event.version) {
            self.push(&stream, event);
        }
    }

    /// Reads the histories of streams that are not at hand, several at a time.
    pub(super) async fn fetch(
        &mut self,
        streams: Vec<StreamName>,
        until: Position,
    ) -> Result<(), ReadError> {
        let log = self.log.clone();
        let reads = streams.into_iter().map(|stream| {
            let from = self.parked.get(&stream);
            let until = from.map_or(until, |from| until.min(Position(from.0 - 1)));
            let log = log.clone();
            async move {
                let history = reading::history(&*log, &stream, until).await?;
                Ok::<_, ReadError>((stream, history))
            }
        });
        let reads: Vec<_> = reads.collect();
        let mut reads = stream::iter(reads).buffered(AT_ONCE);
        while let Some((stream, (events, parked))) = reads.try_next().await? {
            self.take_history(stream, events, parked);
        }
        Ok(())
    }

    fn take_history(&mut self, stream: StreamName, events: Vec<Recorded>, parked: Option<Parked>) {
        if let Some(parked) = parked {
            self.take_poison(parked);
        }
        self.at_hand += events.len();
        let amends = |event: &Recorded| event.event.amendment().is_some();
        let newly = |event: &Recorded| event.position > self.written;
        let before = self.histories.get(&stream);
        let taken = before.map_or(Version::NONE, |history| history.version);
        let history = History {
            amended: events.iter().any(amends),
            newly_amended: events.iter().any(|event| amends(event) && newly(event)),
            version: events.last().map_or(taken, |event| event.version),
            events: events.into_iter().map(Known::new).collect(),
            last: None,
            stale: true,
            touched: self.clock,
        };
        if !history.newly_amended {
            for known in &history.events {
                let untold = newly(&known.event) && known.event.version > taken;
                if untold && self.sees(known.day) {
                    apply(&mut self.models, &stream, known, true);
                }
            }
        }
        self.stale.push(stream.clone());
        self.histories.insert(stream, history);
    }

    fn push(&mut self, stream: &StreamName, mut event: Recorded) {
        let history = self.histories.entry(stream.clone()).or_default();
        // One text of the name for all of a history.
        event.stream = stream.clone();
        let known = Known::new(event);
        let is_let_go = history.is_let_go();
        history.touched = self.clock;
        history.version = known.event.version;
        let amends = known.event.event.amendment().is_some();
        let seen = self.as_of.is_none_or(|as_of| known.day <= as_of);
        let told_late = seen && history.last.is_some_and(|last| last > known.order);
        history.amended |= amends;
        history.newly_amended |= amends;
        debug_assert!(!is_let_go || !(amends || told_late), "read again first");
        if (amends || told_late) && !history.stale {
            history.stale = true;
            self.stale.push(stream.clone());
        }
        if seen && !history.stale {
            history.last = Some(known.order);
            apply(&mut self.models, stream, &known, false);
        } else if seen && !history.newly_amended {
            // What only adds rows need not know the order.
            apply(&mut self.models, stream, &known, true);
        }
        if !is_let_go {
            self.at_hand += 1;
            history.events.push(known);
        }
    }

    /// Takes what changed, to be written. `position` is that of the last event taken.
    pub(super) fn take_changes(&mut self, position: Position) -> Changes {
        self.refold_stale();
        let mut models = vec![];
        for model in &mut self.models {
            let ahead = model.position() >= position;
            let maybe_there = self.over_rows || model.position() > self.written;
            let there = if maybe_there {
                There::Maybe
            } else {
                There::Known
            };
            let changed = model.take_changed(there);
            if !ahead {
                models.extend(changed);
                model.set_position(position);
            }
        }
        self.written = position;
        if self.is_full() {
            self.let_go(Most::AT_WORK.half());
        }
        Changes {
            models,
            parked: std::mem::take(&mut self.newly_parked),
        }
    }

    /// Takes whole streams that nothing was taken of before, and answers their rows, to be written
    /// into tables that hold none of them; then lets go of all of it.
    pub(super) fn take_wholes(
        &mut self,
        streams: impl IntoIterator<Item = (StreamName, Readable)>,
    ) -> Changes {
        for (stream, (mut events, parked)) in streams {
            events.retain(|event| !self.stands_still_at(event));
            self.take_history(stream, events, parked);
        }
        self.refold_stale();
        let models = self.models.iter_mut();
        let models = models.filter_map(|model| model.take_changed(There::Nothing));
        let changes = Changes {
            models: models.collect(),
            parked: std::mem::take(&mut self.newly_parked),
        };
        self.let_go(Most::of(0, 0));
        changes
    }

    fn refold_stale(&mut self) {
        for stream in self.stale.drain(..) {
            let Some(history) = self.histories.get_mut(&stream) else {
                continue;
            };
            history.stale = false;
            let corrected: Vec<Known>;
            let facts: Vec<Happened<'_>> = if history.amended {
                let events = history.events.iter().map(|known| known.event.clone());
                corrected = in_world_order(events.collect(), self.as_of)
                    .into_iter()
                    .map(Known::new)
                    .collect();
                corrected.iter().map(Known::happened).collect()
            } else {
                let mut facts: Vec<_> = history
                    .events
                    .iter()
                    .map(Known::happened)
                    .filter(|fact| self.as_of.is_none_or(|as_of| fact.day <= as_of))
                    .collect();
                facts.sort_unstable_by_key(|fact| fact.order);
                facts
            };
            let category = stream.category();
            for model in &mut self.models {
                if model.category() == category && (history.newly_amended || !model.only_adds()) {
                    #[cfg(test)]
                    for fact in &facts {
                        super::tests::poison::meet(fact.event);
                    }
                    model.refold(&stream, &facts);
                }
            }
            history.newly_amended = false;
            history.last = facts.last().map(|fact| fact.order);
        }
    }

    /// The head is reached: what was at hand for speed is let go.
    pub(super) fn rest(&mut self) {
        if self.is_beyond(Most::AT_REST) {
            self.let_go(Most::AT_REST.half());
            self.histories.shrink_to_fit();
        }
    }

    /// Lets go of what was touched longest ago, until no more than this is at hand: of the streams
    /// that are too many, and of the events of others.
    /// Only after what changed was taken: nothing that is let go may be unwritten.
    fn let_go(&mut self, most: Most) {
        let mut by_age: Vec<(u64, StreamName)> = self
            .histories
            .iter()
            .map(|(stream, history)| (history.touched, stream.clone()))
            .collect();
        by_age.sort_unstable();
        for (_, stream) in by_age {
            let too_many = self.histories.len() > most.streams;
            if !too_many && self.at_hand <= most.events {
                break;
            }
            let Some(history) = self.histories.get_mut(&stream) else {
                continue;
            };
            self.at_hand -= history.events.len();
            history.events = vec![];
            if too_many {
                self.histories.remove(&stream);
                for model in &mut self.models {
                    model.let_go(&stream);
                }
            }
        }
    }

    /// Forgets everything at hand: after a failure, what was not written is read again.
    pub(super) fn forget(&mut self) {
        let streams: Vec<_> = self.histories.drain().map(|(stream, _)| stream).collect();
        for model in &mut self.models {
            model.take_changed(There::Maybe);
            for stream in &streams {
                model.let_go(stream);
            }
        }
        self.at_hand = 0;
        self.stale.clear();
        self.newly_parked.clear();
        self.parked.clear();
    }
}

/// Applies a fact to the rows at hand, of all read models of its stream or of those that only add.
fn apply(models: &mut [Box<dyn ReadModel>], stream: &StreamName, known: &Known, only_adding: bool) {
    let category = stream.category();
    for model in models {
        let meant = model.only_adds() || !only_adding;
        if meant && model.category() == category {
            #[cfg(test)]
            super::tests::poison::meet(&known.event);
            model.apply(stream, &known.happened());
        }
    }
}
