//! From a history to rows.

use domain::{
    es::{Day, EventId, OccurredAt, amend::effective},
    event::{DomainEvent, Recorded},
    participant::ParticipantFact,
    words::{ParticipantId, ReferralId, StayId},
};

use crate::Row;

/// What one read model makes of events.
///
/// `apply` is pure and total, and is told the facts of one stream in the order in which they
/// happened in the world, without those that do not count: it need not think of corrections,
/// retractions or facts told late. The rows of a stream are those that [`fold`] makes of its whole
/// history; who has them already may apply a later fact to them.
pub trait Projection: 'static {
    /// Table and key of the checkpoint, with a version: another shape is another name.
    const NAME: &'static str = <Self::Row as Row>::TABLE;
    /// The category of the streams it folds.
    const CATEGORY: &'static str;
    /// Whether a fact only ever adds rows, which depend on nothing but it. Then the rows from before
    /// need not be kept at hand, and a fact told late needs no folding anew.
    const ONLY_ADDS: bool = false;
    /// One struct is one table.
    type Row: Row;
    /// What the fact changes in the rows of its stream.
    fn apply(rows: &mut Vec<Self::Row>, happened: &Happened<'_>);
}

/// Where a fact stands among others in the world: by the moment it happened, a day counting as its
/// first moment, and so does what opens a stay, whenever on that day; of the same moment, by the
/// catalogue's order, which is a life's; then by its id. It does not depend on when anybody learned
/// of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WorldOrder {
    /// Day, microseconds into the day and the kind's rank, packed so that they sort.
    pub packed: i64,
    /// The event.
    pub id: EventId,
}

impl WorldOrder {
    /// The place of an event.
    #[must_use]
    pub fn of(event: &Recorded) -> Self {
        // A day has at most 25 hours (9 × 10^10 µs) and a catalogue fewer than 1000 kinds.
        const MICROS_A_DAY: i64 = 100_000_000_000;
        let (day, micros) = match event.event.stands_at(event.occurred_at) {
            OccurredAt::Day(day) => (day, 0),
            OccurredAt::Moment(moment) => {
                let day = Day::of(moment);
                let since = moment - day.begins();
                (day, since.num_microseconds().unwrap_or(0))
            }
        };
        let days = i64::from(day.0.to_epoch_days());
        Self {
            packed: days
                .saturating_mul(MICROS_A_DAY)
                .saturating_add(micros)
                .saturating_mul(1000)
                .saturating_add(i64::from(event.event.rank())),
            id: event.id,
        }
    }
}

/// A fact that counts, as a read model sees it.
#[derive(Debug, Clone, Copy)]
pub struct Happened<'a> {
    /// The event.
    pub event: &'a Recorded,
    /// The day in the world that it is of ([`Recorded::day`]).
    pub day: Day,
    /// Its place in the world.
    pub order: WorldOrder,
}

/// A fact on a participant's way, as a read model sees it.
#[derive(Debug, Clone, Copy)]
pub struct ParticipantHappened<'a> {
    /// The person.
    pub participant_id: ParticipantId,
    /// The stay.
    pub stay_id: StayId,
    /// The referral that led to the stay.
    pub referral_id: Option<ReferralId>,
    /// What happened.
    pub fact: &'a ParticipantFact,
}

impl<'a> Happened<'a> {
    /// The event, seen on its day.
    #[must_use]
    pub fn new(event: &'a Recorded) -> Self {
        Self {
            event,
            day: event.day(),
            order: WorldOrder::of(event),
        }
    }

    /// If it is on a participant's way.
    #[must_use]
    pub fn to_participant(&self) -> Option<ParticipantHappened<'a>> {
        match &self.event.event {
            DomainEvent::Participant(event) => Some(ParticipantHappened {
                participant_id: self.event.stream.key().parse().ok()?,
                stay_id: event.stay_id,
                referral_id: event.referral_id,
                fact: &event.fact,
            }),
            _ => None,
        }
    }
}

/// The facts of one stream that count up to a day, in the order of the world.
#[must_use]
pub fn in_world_order(history: Vec<Recorded>, as_of: Option<Day>) -> Vec<Recorded> {
    let mut counted: Vec<(WorldOrder, Recorded)> = effective(history)
        .into_iter()
        .filter(|event| as_of.is_none_or(|day| event.day() <= day))
        .map(|event| (WorldOrder::of(&event), event))
        .collect();
    counted.sort_by_key(|(order, _)| *order);
    counted.into_iter().map(|(_, event)| event).collect()
}

/// The rows that a read model makes of one stream's whole history, in log order, seen on a day.
#[must_use]
pub fn fold<P: Projection>(history: Vec<Recorded>, as_of: Option<Day>) -> Vec<P::Row> {
    let mut rows = vec![];
    for event in &in_world_order(history, as_of) {
        P::apply(&mut rows, &Happened::new(event));
    }
    rows
}
