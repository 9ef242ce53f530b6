//! The steps of a flow, counted.

use domain::es::Day;
use schemars::JsonSchema;
use serde::Serialize;

use super::referred::Referred;
use crate::{cooperation::HeadCount, median::median};

/// One step.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Stage {
    /// Its name.
    pub stage: &'static str,
    /// How many reached it.
    pub count: i64,
    /// For in-at: of how many participants that day has come. The others are not followed so long
    /// yet, and are neither in nor out.
    pub observed: Option<i64>,
    /// Days from the step before, for the middle person of those who reached it; where it is a
    /// person's step.
    pub median_days_from_previous: Option<f64>,
}

/// How many reached each step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StageCounts {
    /// Patients told of Steg for Steg: heads.
    pub informed: i64,
    /// Patients who showed interest: heads.
    pub interested: i64,
    /// Referrals proposed.
    pub proposed: i64,
    /// The person said yes.
    pub agreed: i64,
    /// Patient, therapist and Steg for Steg talked together.
    pub joint_conversation: i64,
    /// The department said welcome.
    pub accepted: i64,
    /// The kartlegging was done.
    pub kartlegging: i64,
    /// Participation began.
    pub participant: i64,
    /// Matched with a tidgiver.
    pub matched: i64,
    /// Participants for whom 91 days have passed.
    pub observed_at_3_months: i64,
    /// Of these, still in after 91 days.
    pub in_at_3_months: i64,
    /// Participants for whom 182 days have passed.
    pub observed_at_6_months: i64,
    /// Of these, still in after 182 days.
    pub in_at_6_months: i64,
    /// Participants for whom 365 days have passed.
    pub observed_at_12_months: i64,
    /// Of these, still in after 365 days.
    pub in_at_12_months: i64,
    /// "Not now", with a way onward.
    pub declined: i64,
    /// Taken back.
    pub withdrawn: i64,
}

impl StageCounts {
    pub(super) fn add(&mut self, referral: &Referred, as_of: Day) {
        let reached = |step: Option<Day>| i64::from(step.is_some());
        let followed = |days| i64::from(referral.followed_until(days, as_of).is_some());
        let still_in = |days| i64::from(referral.is_in_after(days, as_of));
        self.proposed += 1;
        self.agreed += reached(referral.agreed);
        self.joint_conversation += reached(referral.joint_conversation);
        self.accepted += reached(referral.accepted);
        self.kartlegging += reached(referral.kartlegging);
        self.participant += reached(referral.begun);
        self.matched += reached(referral.first_matched);
        self.observed_at_3_months += followed(91);
        self.in_at_3_months += still_in(91);
        self.observed_at_6_months += followed(182);
        self.in_at_6_months += still_in(182);
        self.observed_at_12_months += followed(365);
        self.in_at_12_months += still_in(365);
        self.declined += reached(referral.declined);
        self.withdrawn += reached(referral.withdrawn);
    }

    pub(super) fn add_heads(&mut self, whose: HeadCount, heads: i64) {
        match whose {
            HeadCount::Informed => self.informed += heads,
            HeadCount::Interested => self.interested += heads,
            HeadCount::StaffInformed => {}
        }
    }

    /// The counts as steps, with the middle number of days from the step before.
    pub(super) fn into_stages(self, referred: &[&Referred]) -> Vec<Stage> {
        type Step = fn(&Referred) -> Option<Day>;
        let days = |from: Step, to: Step| {
            let mut days: Vec<i64> = referred
                .iter()
                .filter_map(|referral| Some(to(referral)?.days_since(from(referral)?)))
                .collect();
            median(&mut days)
        };
        let stage = |stage, count, median_days_from_previous| Stage {
            stage,
            count,
            observed: None,
            median_days_from_previous,
        };
        let in_at = |stage, count, observed| Stage {
            stage,
            count,
            observed: Some(observed),
            median_days_from_previous: None,
        };
        let proposed: Step = |referral| Some(referral.proposed);
        let agreed: Step = |referral| referral.agreed;
        let joint: Step = |referral| referral.joint_conversation;
        let accepted: Step = |referral| referral.accepted;
        let mapped: Step = |referral| referral.kartlegging;
        let begun: Step = |referral| referral.begun;
        // Not every way has a joint conversation: then the yes is the step before.
        let joint_or_agreed: Step = |referral| referral.joint_conversation.or(referral.agreed);
        vec![
            stage("informed", self.informed, None),
            stage("interested", self.interested, None),
            stage("proposed", self.proposed, None),
            stage("agreed", self.agreed, days(proposed, agreed)),
            stage(
                "joint-conversation",
                self.joint_conversation,
                days(agreed, joint),
            ),
            stage("accepted", self.accepted, days(joint_or_agreed, accepted)),
            stage("kartlegging", self.kartlegging, days(accepted, mapped)),
            stage("participant", self.participant, days(mapped, begun)),
            stage(
                "matched",
                self.matched,
                days(begun, |referral| referral.first_matched),
            ),
            in_at(
                "in-at-3-months",
                self.in_at_3_months,
                self.observed_at_3_months,
            ),
            in_at(
                "in-at-6-months",
                self.in_at_6_months,
                self.observed_at_6_months,
            ),
            in_at(
                "in-at-12-months",
                self.in_at_12_months,
                self.observed_at_12_months,
            ),
            stage(
                "declined",
                self.declined,
                days(proposed, |referral| referral.declined),
            ),
            stage(
                "withdrawn",
                self.withdrawn,
                days(proposed, |referral| referral.withdrawn),
            ),
        ]
    }
}

impl Referred {
    /// So many days after participation began, if that day has come.
    fn followed_until(&self, days: u64, as_of: Day) -> Option<Day> {
        let then = self.begun?.plus(days);
        (then <= as_of).then_some(then)
    }

    fn is_in_after(&self, days: u64, as_of: Day) -> bool {
        let then = self.followed_until(days, as_of);
        then.is_some_and(|then| self.ended.is_none_or(|ended| ended > then))
    }
}
