//! Oppdrag: one row a bounded assignment of a tidgiver with a participant (rules D25 to D32).

mod of_tidgiver;

pub use of_tidgiver::{AgreedWith, OppdragOfTidgiver, OppdragOfTidgiverView};

use domain::{
    es::Day,
    participant::{ContactWith, OppdragEnd, OppdragKind, ParticipantFact as F, SupportWish},
    words::{OppdragId, ParticipantId, StayId, TidgiverId},
};

use crate::{Happened, Projection, row::row};

row! {
    /// A bounded assignment.
    OppdragRow in "oppdrag_v1" of participant_id, named by [participant_id, oppdrag_id] {
        /// Its name.
        oppdrag_id: OppdragId,
        /// The person.
        participant_id: ParticipantId,
        /// The stay.
        stay_id: StayId,
        /// The tidgiver.
        tidgiver_id: TidgiverId,
        /// What kind it is.
        kind: OppdragKind,
        /// What it is for.
        purpose: SupportWish,
        /// Day of the match.
        matched: Day,
        /// First day.
        begins: Day,
        /// Day of the next review, if one is set.
        review: Option<Day>,
        /// Last day, as last decided.
        ends: Day,
        /// Day of the conversation of three (rule D28).
        started: Option<Day>,
        /// Meetings held.
        meetings: i64,
        /// Meetings cancelled.
        cancellations: i64,
        /// Meetings cancelled since the last review (rule D36).
        cancelled_since_review: i64,
        /// Day of the last cancellation.
        last_cancelled: Option<Day>,
        /// Day of the last follow-up: the start conversation, a review, an extension, or the
        /// veileder's contact with the participant (rule D32).
        followed_up: Option<Day>,
        /// Day on which it ended.
        ended: Option<Day>,
        /// Why.
        end_reason: Option<OppdragEnd>,
    }
}

/// Folds oppdrag.
#[derive(Debug)]
pub struct Oppdrag;

impl Projection for Oppdrag {
    const CATEGORY: &'static str = "participant";
    type Row = OppdragRow;

    fn apply(rows: &mut Vec<OppdragRow>, happened: &Happened<'_>) {
        let Some(to) = happened.to_participant() else {
            return;
        };
        let day = happened.day;
        match to.fact {
            F::TidgiverMatched(matched)
                if rows.iter().any(|row| row.oppdrag_id == matched.oppdrag_id) => {}
            F::TidgiverMatched(matched) => rows.push(OppdragRow {
                oppdrag_id: matched.oppdrag_id,
                participant_id: to.participant_id,
                stay_id: to.stay_id,
                tidgiver_id: matched.tidgiver,
                kind: matched.kind,
                purpose: matched.purpose,
                matched: day,
                begins: matched.begins,
                review: Some(matched.review),
                ends: matched.ends,
                started: None,
                meetings: 0,
                cancellations: 0,
                cancelled_since_review: 0,
                last_cancelled: None,
                followed_up: None,
                ended: None,
                end_reason: None,
            }),
            F::StartConversationHeld(held) => change(rows, held.oppdrag_id, |row| {
                row.started = row.started.or(Some(day));
                row.followed_up = Some(day);
            }),
            F::OppdragMeetingHeld(held) => change(rows, held.oppdrag_id, |row| row.meetings += 1),
            F::OppdragMeetingCancelled(cancelled) => change(rows, cancelled.oppdrag_id, |row| {
                row.cancellations += 1;
                row.cancelled_since_review += 1;
                row.last_cancelled = Some(day);
            }),
            F::OppdragReviewed(reviewed) => change(rows, reviewed.oppdrag_id, |row| {
                row.review = reviewed.next_review;
                row.cancelled_since_review = 0;
                row.followed_up = Some(day);
            }),
            F::OppdragExtended(extended) => change(rows, extended.oppdrag_id, |row| {
                row.review = Some(extended.review);
                row.ends = extended.ends;
                row.followed_up = Some(day);
            }),
            F::OppdragEnded(ended) => change(rows, ended.oppdrag_id, |row| {
                row.ended = Some(day);
                row.end_reason = Some(ended.reason);
            }),
            F::ContactHeld(contact) if contact.with == ContactWith::Veileder => {
                let open = rows
                    .iter_mut()
                    .filter(|row| row.stay_id == to.stay_id && row.ended.is_none());
                open.for_each(|row| row.followed_up = Some(day));
            }
            _ => {}
        }
    }
}

fn change(rows: &mut [OppdragRow], id: OppdragId, step: impl FnOnce(&mut OppdragRow)) {
    if let Some(row) = rows.iter_mut().find(|row| row.oppdrag_id == id) {
        step(row);
    }
}
