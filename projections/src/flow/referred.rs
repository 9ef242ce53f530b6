//! A referral, and how far it came.

use domain::{es::Day, words::UnitId};

use crate::row::selected;

/// A referral of the window, and the stay it led to.
pub(super) struct Referred {
    pub(super) from_unit: UnitId,
    pub(super) to_unit: UnitId,
    pub(super) proposed: Day,
    pub(super) agreed: Option<Day>,
    pub(super) joint_conversation: Option<Day>,
    pub(super) accepted: Option<Day>,
    pub(super) declined: Option<Day>,
    pub(super) withdrawn: Option<Day>,
    pub(super) kartlegging: Option<Day>,
    pub(super) begun: Option<Day>,
    pub(super) first_matched: Option<Day>,
    pub(super) ended: Option<Day>,
}
selected!(Referred {
    from_unit,
    to_unit,
    proposed,
    agreed,
    joint_conversation,
    accepted,
    declined,
    withdrawn,
    kartlegging,
    begun,
    first_matched,
    ended
});
