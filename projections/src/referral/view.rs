//! The referrals between units, with how far each has come and what it still asks for.

use chrono::NaiveDate;
use domain::{
    es::Day,
    referral::{DeclineReason, WithdrawnBy},
    words::{Figures, ParticipantId, ReferralId, Situation, UnitId},
};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::ReferralRow;
use crate::{
    AskError, Cursor, CursorError, PageSize, Question, Rows, Scope,
    page::cut,
    question::unit_to_bind,
    worklist::{About, Item, Worklist, due},
};

/// Between which units.
#[derive(Debug, Clone, Default)]
pub struct Between {
    /// From this unit; from any if not told.
    pub from: Option<UnitId>,
    /// To this department; to any if not told. What is due is told of referrals to one.
    pub to: Option<UnitId>,
}

/// Asks for the referrals between units.
#[derive(Debug, Clone)]
pub struct Referrals {
    /// Between which.
    pub between: Between,
    /// Where to go on from.
    pub after: Option<Cursor>,
    /// How many at a time.
    pub size: PageSize,
    /// The figures that rules use.
    pub figures: Figures,
}

/// Asks for one referral.
#[derive(Debug, Clone)]
pub struct OneReferral {
    /// Which.
    pub referral_id: ReferralId,
    /// Between which units it must be.
    pub between: Between,
    /// The figures that rules use.
    pub figures: Figures,
}

/// Referrals, a page of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ReferralsView {
    /// How they are told.
    pub definition: &'static str,
    /// The referrals, the newest proposal first.
    pub referrals: Vec<ReferralTold>,
    /// Where the next page begins, if there is one.
    pub next_cursor: Option<String>,
}

/// One referral. `None` where there is none, or none that the asker may hear of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OneReferralView {
    /// How it is told.
    pub definition: &'static str,
    /// The referral.
    #[serde(flatten)]
    pub referral: ReferralTold,
}

/// How far a referral has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReferralStatus {
    /// It came without a consent, and waits for one (rule D5).
    InQuarantine,
    /// It waited for a consent, in vain (rule D5).
    Expired,
    /// Proposed with a consent; the person has not said yes.
    Proposed,
    /// The person said yes.
    Agreed,
    /// The department said welcome.
    Accepted,
    /// The department said "not now".
    Declined,
    /// Taken back.
    Withdrawn,
}

/// A unit's proposal that a person takes part, and the days of its steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ReferralTold {
    /// Its name.
    pub referral_id: ReferralId,
    /// The unit that proposed it.
    pub from: UnitId,
    /// The department it was proposed to.
    pub to: UnitId,
    /// Where the person stood in their treatment.
    pub situation: Situation,
    /// How far it has come.
    pub status: ReferralStatus,
    /// Whether it came with a consent.
    pub with_consent: bool,
    /// The person, once they said yes.
    pub participant_id: Option<ParticipantId>,
    /// Day of the proposal.
    pub proposed: Day,
    /// The last day on which it may wait for a consent, if it came without.
    pub expires: Option<Day>,
    /// Day of the person's yes.
    pub agreed: Option<Day>,
    /// Day of the joint conversation.
    pub joint_conversation: Option<Day>,
    /// Day on which the department said welcome.
    pub accepted: Option<Day>,
    /// Day on which it said "not now".
    pub declined: Option<Day>,
    /// Why.
    pub decline_reason: Option<DeclineReason>,
    /// To which unit instead.
    pub onward_to: Option<UnitId>,
    /// From when the person is welcome back.
    pub welcome_back: Option<Day>,
    /// Day on which it was taken back.
    pub withdrawn: Option<Day>,
    /// By whom.
    pub withdrawn_by: Option<WithdrawnBy>,
    /// Day of the admission to treatment.
    pub admitted: Option<Day>,
    /// The told day of discharge.
    pub discharge: Option<Day>,
    /// Day on which the treatment ended, or was left.
    pub treatment_over: Option<Day>,
    /// Whether it was left before its end.
    pub left_early: bool,
    /// What the worklist asks of the department, the most pressing first.
    pub due: Vec<Item>,
}

const DEFINITION: &str = "Referrals proposed up to as_of, with the first day of each step. \
    in-quarantine: without a consent, while it may wait for one; expired: after that, without the \
    person's yes. due: the entries of the department's worklist that are about the referral.";

impl Question for Referrals {
    type View = ReferralsView;
    const TABLES: &'static [&'static str] = Worklist::TABLES;

    async fn ask(&self, rows: &mut Rows<'_>, as_of: Day) -> Result<ReferralsView, AskError> {
        let (day, id) = match &self.after {
            None => (LAST, Uuid::nil()),
            Some(cursor) => place(cursor)?,
        };
        let found: Vec<ReferralRow> = rows
            .sql(include_str!("select_referrals.sql"))
            .bind(unit_to_bind(self.between.from.as_ref()))
            .bind(unit_to_bind(self.between.to.as_ref()))
            .bind(day)
            .bind(id)
            .bind(i64::try_from(self.size.get() + 1).unwrap_or(i64::MAX))
            .all()
            .await?;
        let (page, next_cursor) = cut(found, self.size, |last| {
            format!("{} {}", last.proposed, last.referral_id)
        });
        let due = due_at(rows, self.between.to.as_ref(), as_of, &self.figures).await?;
        Ok(ReferralsView {
            definition: DEFINITION,
            referrals: page
                .into_iter()
                .map(|row| ReferralTold::of(row, &due, as_of, &self.figures))
                .collect(),
            next_cursor,
        })
    }
}

impl Question for OneReferral {
    type View = Option<OneReferralView>;
    const TABLES: &'static [&'static str] = Worklist::TABLES;

    async fn ask(
        &self,
        rows: &mut Rows<'_>,
        as_of: Day,
    ) -> Result<Option<OneReferralView>, AskError> {
        let mut found: Vec<ReferralRow> = rows
            .sql(include_str!("select_referral.sql"))
            .bind(self.referral_id.0)
            .bind(unit_to_bind(self.between.from.as_ref()))
            .bind(unit_to_bind(self.between.to.as_ref()))
            .all()
            .await?;
        let Some(row) = found.pop() else {
            return Ok(None);
        };
        let due = due_at(rows, self.between.to.as_ref(), as_of, &self.figures).await?;
        Ok(Some(OneReferralView {
            definition: DEFINITION,
            referral: ReferralTold::of(row, &due, as_of, &self.figures),
        }))
    }
}

/// A day that no proposal comes after.
const LAST: NaiveDate = NaiveDate::from_ymd_opt(9999, 12, 31).expect("a day of the calendar");

fn place(cursor: &Cursor) -> Result<(NaiveDate, Uuid), CursorError> {
    let (day, id) = cursor.key().split_once(' ').ok_or(CursorError)?;
    let day: Day = day.parse().map_err(|_| CursorError)?;
    Ok((day.0, id.parse().map_err(|_| CursorError)?))
}

/// What is due at a department about referrals.
async fn due_at(
    rows: &mut Rows<'_>,
    department: Option<&UnitId>,
    as_of: Day,
    figures: &Figures,
) -> Result<Vec<Item>, AskError> {
    let Some(department) = department else {
        return Ok(vec![]);
    };
    let scope = Scope::department(department.clone());
    let mut items = due(rows, Some(department), &scope, as_of, figures).await?;
    items.retain(|item| item.about == About::Referral);
    Ok(items)
}

impl ReferralTold {
    fn of(row: ReferralRow, due: &[Item], as_of: Day, figures: &Figures) -> Self {
        let expires = (!row.with_consent).then(|| row.proposed.plus(figures.quarantine_days));
        let of_it = due.iter().filter(|item| item.about_id == row.referral_id.0);
        Self {
            status: status(&row, expires, as_of),
            due: of_it.cloned().collect(),
            referral_id: row.referral_id,
            from: row.from_unit,
            to: row.to_unit,
            situation: row.situation,
            with_consent: row.with_consent,
            participant_id: row.participant_id,
            proposed: row.proposed,
            expires,
            agreed: row.agreed,
            joint_conversation: row.joint_conversation,
            accepted: row.accepted,
            declined: row.declined,
            decline_reason: row.decline_reason,
            onward_to: row.onward_to,
            welcome_back: row.welcome_back,
            withdrawn: row.withdrawn,
            withdrawn_by: row.withdrawn_by,
            admitted: row.admitted,
            discharge: row.discharge,
            treatment_over: row.treatment_over,
            left_early: row.left_early,
        }
    }
}

fn status(row: &ReferralRow, expires: Option<Day>, as_of: Day) -> ReferralStatus {
    if row.withdrawn.is_some() {
        ReferralStatus::Withdrawn
    } else if row.declined.is_some() {
        ReferralStatus::Declined
    } else if row.accepted.is_some() {
        ReferralStatus::Accepted
    } else if row.agreed.is_some() {
        ReferralStatus::Agreed
    } else {
        match expires {
            None => ReferralStatus::Proposed,
            Some(last) if as_of <= last => ReferralStatus::InQuarantine,
            Some(_) => ReferralStatus::Expired,
        }
    }
}
