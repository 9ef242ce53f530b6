//! Writes one person's life down, step by step: who tells what, and when it is told.
//!
//! Most is written down the same day, some days later, now and then weeks later. What has been told
//! stays told: a later fact of the same life is never recorded before an earlier one, since the
//! deciders meet them in the order of the log. Contacts alone may come in late, at any time.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    es::{ConsentId, Day, EventId, OccurredAt, RecordedAt, Role, VaultEntry},
    participant::{ConsentGiven, ConsentPurpose, Participant, ParticipantCommand as C},
    referral::{Referral, ReferralCommand as R},
    words::{ParticipantId, ReferralId, StaffId, TidgiverId, UnitId},
};
use uuid::Uuid;

use super::{
    Deed, Step, Teller,
    dice::Dice,
    scene::{Scene, unit_pseudonym},
};

pub(super) struct Pen<'a> {
    pub(super) scene: &'a Scene,
    pub(super) dice: Dice,
    pub(super) person: ParticipantId,
    pub(super) department: UnitId,
    pub(super) veileder: Option<StaffId>,
    /// Words that the next step brings along.
    pub(super) words: Vec<VaultEntry>,
    known: DateTime<Utc>,
    steps: Vec<Step>,
}

impl<'a> Pen<'a> {
    /// A pen for the life of this number, lived at a department.
    pub(super) fn new(scene: &'a Scene, life: u64, department: &UnitId) -> Self {
        let mut dice = Dice::new(scene.seed, life);
        let person = ParticipantId(dice.uuid());
        Self {
            scene,
            dice,
            person,
            department: department.clone(),
            veileder: None,
            words: vec![],
            known: DateTime::UNIX_EPOCH,
            steps: vec![],
        }
    }

    /// Whether anything was written yet.
    pub(super) fn is_blank(&self) -> bool {
        self.steps.is_empty()
    }

    /// The day by which all that was written is told.
    pub(super) fn known(&self) -> Day {
        Day::of(self.known)
    }

    /// A fact of `day`, told when such facts usually are.
    pub(super) fn tell(&mut self, day: Day, command: C) -> EventId {
        let lag = self
            .dice
            .weigh(&[(70, (0, 0)), (20, (1, 3)), (10, (4, 14))]);
        let lag = self.dice.between(lag.0, lag.1);
        self.tell_on(day, day.plus(lag), command)
    }

    /// A fact of `day`, told on another.
    pub(super) fn tell_on(&mut self, day: Day, told: Day, command: C) -> EventId {
        let teller = self.teller(&command);
        let recorded_at = self.next_moment(day, told, true);
        self.push(
            day,
            recorded_at,
            teller,
            Deed::Participant(self.person, command),
        )
    }

    /// A fact of `day` told on another, even if a line in time lies between the two.
    pub(super) fn tell_across(&mut self, day: Day, told: Day, command: C) -> EventId {
        let teller = self.teller(&command);
        let recorded_at = self.next_moment(day, told, false);
        self.push(
            day,
            recorded_at,
            teller,
            Deed::Participant(self.person, command),
        )
    }

    /// A contact of `day` that comes in late, after others of later days.
    pub(super) fn tell_late(&mut self, day: Day, told: Day, command: C) -> EventId {
        let known = self.known;
        let teller = self.teller(&command);
        let recorded_at = self.next_moment(day, told.min(self.scene.horizon), false);
        self.known = known;
        self.push(
            day,
            recorded_at,
            teller,
            Deed::Participant(self.person, command),
        )
    }

    /// A fact about a referral, told by the unit that sent it or by the department.
    pub(super) fn tell_of_referral(&mut self, day: Day, id: ReferralId, from: &UnitId, command: R) {
        let lag = self.dice.weigh(&[(85, 0), (15, 2)]);
        let teller = match command {
            R::ProposeReferral(_)
            | R::AdmitToTreatment(_)
            | R::TellDischargeDate(_)
            | R::EndTreatment(_)
            | R::LeaveTreatmentEarly(_)
            | R::WithdrawReferral(_) => Teller::new(unit_pseudonym(from), Role::Institution, from),
            R::Agree(_)
            | R::HoldJointConversation(_)
            | R::AcceptReferral(_)
            | R::DeclineReferral(_)
            | R::CorrectEntry(_)
            | R::RetractEntry(_) => self.staff_teller(),
        };
        let recorded_at = self.next_moment(day, day.plus(lag), true);
        self.push(day, recorded_at, teller, Deed::Referral(id, command));
    }

    /// A consent given on `day`.
    pub(super) fn consent(
        &mut self,
        day: Day,
        purpose: ConsentPurpose,
        unit: &UnitId,
    ) -> ConsentId {
        let consent_id = ConsentId(self.dice.uuid());
        self.tell_on(
            day,
            day,
            C::GiveConsent(ConsentGiven {
                consent_id,
                purpose,
                unit: unit.clone(),
                referral_id: None,
            }),
        );
        consent_id
    }

    /// The life as steps, in the order in which they are told.
    pub(super) fn put_down(self) -> Vec<Step> {
        let mut steps = self.steps;
        steps.sort_by_key(|step| step.recorded_at);
        let mut streams: Vec<_> = steps
            .iter()
            .filter_map(|step| match &step.deed {
                Deed::Participant(id, _) => Some(Participant::stream(*id)),
                Deed::Referral(id, _) => Some(Referral::stream(*id)),
                Deed::Unit(..) | Deed::Tidgiver(..) | Deed::Cooperation(..) => None,
            })
            .chain([Participant::stream(self.person)])
            .collect();
        streams.sort();
        streams.dedup();
        if let Some(last) = steps.last_mut() {
            last.closes = streams;
        }
        steps
    }

    /// The veileder tells, or whoever leads the department where there is none.
    fn staff_teller(&self) -> Teller {
        match self.veileder {
            Some(veileder) => Teller::new(veileder.0, Role::Veileder, &self.department),
            None => self.leader(),
        }
    }

    fn leader(&self) -> Teller {
        let leader = self.scene.at(&self.department).leader;
        Teller::new(leader.0, Role::DepartmentLeader, &self.department)
    }

    fn teller(&mut self, command: &C) -> Teller {
        match command {
            C::Transfer(_) | C::CorrectEntry(_) | C::RetractEntry(_) => self.leader(),
            C::AssessTidgiverReadiness(_)
            | C::MatchTidgiver(_)
            | C::ReviewOppdrag(_)
            | C::ExtendOppdrag(_)
            | C::AcknowledgeSafetyConcern(_) => {
                let coordinator = self.scene.at(&self.department).coordinator;
                Teller::new(coordinator.0, Role::TidgiverCoordinator, &self.department)
            }
            C::ReportGoalProgress(_) | C::WithdrawConsent(_) if self.dice.chance(60) => {
                Teller::new(self.person.0, Role::Participant, &self.department)
            }
            _ => self.staff_teller(),
        }
    }

    /// A meeting or a cancellation, told by the tidgiver.
    pub(super) fn tell_as_tidgiver(&mut self, day: Day, tidgiver: TidgiverId, command: C) {
        let teller = Teller::new(tidgiver.0, Role::Tidgiver, &self.department);
        let lag = self.dice.weigh(&[(60, 0), (40, 2)]);
        let recorded_at = self.next_moment(day, day.plus(lag), true);
        self.push(
            day,
            recorded_at,
            teller,
            Deed::Participant(self.person, command),
        );
    }

    /// A moment of the working day `told`, not before what is told already, nor past a line that
    /// what happened on `day` lies before.
    fn next_moment(&mut self, day: Day, told: Day, keeps_lines: bool) -> RecordedAt {
        let told = told.max(day);
        let seconds = self.dice.between(7 * 3600, 15 * 3600).cast_signed();
        let moment = told.begins() + TimeDelta::seconds(seconds);
        let line = self
            .scene
            .lines
            .iter()
            .enumerate()
            .find(|(index, line)| {
                let last = index + 1 == self.scene.lines.len();
                (keeps_lines || last) && day.begins() < **line && moment > **line
            })
            .map(|(_, line)| *line);
        let moment = line.unwrap_or(moment).max(self.known);
        self.known = moment;
        RecordedAt::new(moment)
    }

    fn push(&mut self, day: Day, recorded_at: RecordedAt, teller: Teller, deed: Deed) -> EventId {
        let id = self.dice.uuid();
        // Now and then the hour is known too.
        let moment = recorded_at.0 - TimeDelta::minutes(30);
        let knows_hour = matches!(
            deed,
            Deed::Participant(_, C::HoldContact(_) | C::HoldOppdragMeeting(_))
        ) && Day::of(moment) == day
            && self.dice.chance(40);
        self.steps.push(Step {
            id,
            recorded_at,
            occurred_at: if knows_hour {
                OccurredAt::Moment(moment)
            } else {
                OccurredAt::Day(day)
            },
            teller,
            deed,
            words: std::mem::take(&mut self.words),
            closes: vec![],
        });
        EventId(id)
    }

    /// An id for something that a fact brings into being.
    pub(super) fn name(&mut self) -> Uuid {
        self.dice.uuid()
    }
}
