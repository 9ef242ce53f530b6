//! Tidgivere: who gives time in a department, from the offer to the last day.

use chrono::TimeDelta;
use domain::{
    es::{Day, OccurredAt, RecordedAt, Role},
    participant::SupportWish,
    tidgiver::{
        Language, LeaveReason, TidgiverApplied, TidgiverApproved, TidgiverAvailabilityChanged,
        TidgiverCommand as C, TidgiverGroundRulesAccepted, TidgiverInterestsRecorded,
        TidgiverInterviewed, TidgiverLeft, TidgiverTrained,
    },
    words::{TidgiverId, UnitId},
};

use super::{
    Deed, Step, Teller,
    dice::Dice,
    names,
    scene::{DepartmentStaff, Volunteer},
};

/// How many tidgivere of which sort.
#[derive(Debug, Clone, Copy)]
pub(super) struct Crowd {
    /// Approved in the days of `approved`, and still there at the end of `still_there`.
    pub(super) there: u64,
    /// Approved too, but gone before `still_there`.
    pub(super) gone: u64,
    /// Approved after `still_there`.
    pub(super) newcomers: u64,
    /// Not approved yet at the end.
    pub(super) candidates: u64,
    /// The first and the last day on which the first two sorts were approved.
    pub(super) approved: (Day, Day),
    pub(super) still_there: Day,
    pub(super) horizon: Day,
}

#[derive(Debug, Clone, Copy)]
enum Sort {
    There,
    Gone,
    Newcomer,
    Candidate,
}

/// The tidgivere of a department, and the steps that tell of them.
pub(super) fn crowd(
    dice: &mut Dice,
    department: &UnitId,
    staff: &DepartmentStaff,
    crowd: Crowd,
) -> (Vec<Volunteer>, Vec<Step>) {
    let sorts = [
        (Sort::There, crowd.there),
        (Sort::Gone, crowd.gone),
        (Sort::Newcomer, crowd.newcomers),
        (Sort::Candidate, crowd.candidates),
    ];
    let mut volunteers = vec![];
    let mut steps = vec![];
    for (sort, count) in sorts {
        for _ in 0..count {
            let mut one = One {
                dice,
                department,
                staff,
                steps: &mut steps,
            };
            volunteers.extend(one.live(sort, crowd));
        }
    }
    (volunteers, steps)
}

struct One<'a> {
    dice: &'a mut Dice,
    department: &'a UnitId,
    staff: &'a DepartmentStaff,
    steps: &'a mut Vec<Step>,
}

impl One<'_> {
    fn live(&mut self, sort: Sort, crowd: Crowd) -> Option<Volunteer> {
        let id = TidgiverId(self.dice.uuid());
        let (first, last) = crowd.approved;
        let approved = match sort {
            Sort::There => self.dice.day(first, last),
            Sort::Gone => self.dice.day(first, crowd.still_there.minus(120)),
            Sort::Newcomer => self
                .dice
                .day(crowd.still_there.plus(7), crowd.horizon.minus(3)),
            // They would be by then.
            Sort::Candidate => crowd.horizon.plus(self.dice.between(1, 40)),
        };
        self.prepare(id, approved, crowd.horizon);
        if approved > crowd.horizon {
            return None;
        }
        self.tell(approved, id, C::Approve(TidgiverApproved {}));
        let left = match sort {
            Sort::Gone => Some(self.dice.day(approved.plus(60), crowd.still_there.minus(3))),
            Sort::There if self.dice.chance(5) => Some(
                self.dice
                    .day(crowd.still_there.plus(3), crowd.horizon.minus(3)),
            ),
            _ => None,
        };
        self.grow(id, approved, left.unwrap_or(crowd.horizon));
        if let Some(left) = left {
            let reason = self.dice.pick(&[
                LeaveReason::OwnWish,
                LeaveReason::Moved,
                LeaveReason::NoTime,
                LeaveReason::NoTime,
            ]);
            self.tell(left, id, C::Leave(TidgiverLeft { reason }));
        }
        Some(Volunteer { id, approved, left })
    }

    /// Application, interview, training and ground rules, as far as they lie before `until`.
    fn prepare(&mut self, id: TidgiverId, approved: Day, until: Day) {
        let ready = approved.minus(self.dice.between(0, 6));
        let trained = ready.minus(self.dice.between(0, 10));
        let interviewed = trained.minus(self.dice.between(5, 40));
        let applied = interviewed.minus(self.dice.between(3, 30)).min(until);
        let mut words = vec![];
        let (name, contact) = names::person(self.dice, id.0, &mut words);
        let application = C::Apply(TidgiverApplied {
            department: self.department.clone(),
            name: Some(name),
            contact: Some(contact),
        });
        self.tell(applied, id, application);
        if let Some(step) = self.steps.last_mut() {
            step.words = words;
        }
        let interests = TidgiverInterestsRecorded {
            interests: vec![
                self.dice.pick(SupportWish::ALL),
                self.dice.pick(SupportWish::ALL),
            ],
            languages: if self.dice.chance(15) {
                vec![Language::Norwegian, self.dice.pick(Language::ALL)]
            } else {
                vec![Language::Norwegian]
            },
        };
        for (day, command) in [
            (interviewed, C::Interview(TidgiverInterviewed {})),
            (interviewed, C::RecordInterests(interests)),
            (trained, C::Train(TidgiverTrained {})),
            (ready, C::AcceptGroundRules(TidgiverGroundRulesAccepted {})),
        ] {
            if day <= until {
                self.tell(day, id, command);
            }
        }
    }

    /// What changes while they give time.
    fn grow(&mut self, id: TidgiverId, approved: Day, until: Day) {
        if self.dice.chance(40) {
            let day = self.dice.day(approved, until);
            let capacity = self.dice.pick(&[0, 1, 1, 2, 3]);
            self.tell(
                day,
                id,
                C::ChangeAvailability(TidgiverAvailabilityChanged { capacity }),
            );
        }
    }

    fn tell(&mut self, day: Day, id: TidgiverId, command: C) {
        let seconds = match &command {
            C::Apply(_) => 8 * 3600,
            C::Interview(_) => 9 * 3600,
            C::RecordInterests(_) => 10 * 3600,
            C::Train(_) => 11 * 3600,
            C::AcceptGroundRules(_) => 12 * 3600,
            C::Approve(_) => 13 * 3600,
            C::ChangeAvailability(_) => 14 * 3600,
            C::Leave(_) | C::CorrectEntry(_) | C::RetractEntry(_) => 15 * 3600,
        };
        let seconds = seconds + self.dice.between(0, 3599).cast_signed();
        let teller = Teller::new(
            self.staff.coordinator.0,
            Role::TidgiverCoordinator,
            self.department,
        );
        self.steps.push(Step {
            id: self.dice.uuid(),
            recorded_at: RecordedAt::new(day.begins() + TimeDelta::seconds(seconds)),
            occurred_at: OccurredAt::Day(day),
            teller,
            deed: Deed::Tidgiver(id, command),
            words: vec![],
            closes: vec![],
        });
    }
}
