//! What is answered.

use domain::es::{EventId, Position, Version};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    app::{Ids, Receipt},
    problem::Told,
};

/// What came of one event.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct TakenIn {
    /// Of what it was told, by our id.
    pub(super) id: String,
    /// Ask a query for `min_position` of this, and it shows what was stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) position: Option<Position>,
    /// The record's version.
    pub(super) version: Version,
    /// The events it added, now or when it was sent first.
    pub(super) event_ids: Vec<EventId>,
    /// What it was told to, and what it brought into being, by the names that later requests ask
    /// for.
    pub(super) ids: Ids,
    /// That it is recorded; none where the fact was recorded already, told by another event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) receipt: Option<Receipt>,
    /// Of a dry run: the status that it would have been answered with. Nothing was recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) would_answer: Option<u16>,
}

/// What came of each event of a batch.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Batch {
    /// In the order sent.
    pub(super) items: Vec<Item>,
    /// Of a dry run: nothing was recorded, the items tell what would have come of them.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) dry_run: bool,
}

/// What came of one event of a batch.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Item {
    /// Its place in the batch, from 0.
    pub(super) index: usize,
    /// Its id, as sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    /// 201 stored, 200 stored before, or the problem's status.
    pub(super) status: u16,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) position: Option<Position>,
    /// What it was told to, and what it brought into being.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ids: Option<Ids>,
    /// That it is recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) receipt: Option<Receipt>,
    /// What was wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) problem: Option<Told>,
}
