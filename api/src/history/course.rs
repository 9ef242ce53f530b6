//! What lies between the beginning of participation and its end: an agenda of things to come, taken
//! in the order of their days, each of which may put others on it. That is a Markov process with
//! durations: what comes next depends on where the person stands now.

use std::collections::BTreeMap;

use domain::{
    es::{
        ConsentId, Day, EventId, OccurredAt,
        amend::{EntryCorrected, EntryRetracted, RetractionReason},
    },
    participant::{
        Arena, BecameActive, BecamePassive, CancelledBy, ConsentPurpose, ContactChannel,
        ContactHeld, ContactWith, GoalDropped, GoalProgressReported, GoalReached, GoalSet,
        MatchReason, OppdragEnd, OppdragEnded, OppdragExtended, OppdragKind,
        OppdragMeetingCancelled, OppdragMeetingHeld, OppdragReviewed, ParticipantCommand as C,
        PlanDeclined, PlanForm, PlanMade, Progress, Readiness, RelapseContactMade, RelapseReported,
        Returned, SafetyConcernAcknowledged, SafetyConcernRaised, SentenceForm,
        SentenceServingBegun, SentenceServingCompleted, StartConversationHeld, SupportWish,
        TidgiverMatched, TidgiverReadinessAssessed, Transferred, TreatmentLeftEarly,
        TreatmentPhase, TreatmentPhaseEntered, VeilederAssigned,
    },
    words::{ConcernId, GoalId, OppdragId, TidgiverId, UnitId},
};

use super::{
    names,
    pen::Pen,
    referral::{OpenReferral, Referred},
    stay::Musts,
    units::{self, unit},
};

/// Something to come.
#[derive(Debug, Clone)]
enum Coming {
    Talk,
    TalkOnce,
    Plan,
    Goal,
    Progress(GoalId),
    GoalOver(GoalId),
    Readiness,
    Match,
    Start(Assignment),
    Meet(Assignment),
    Review(Assignment),
    Finish(Assignment),
    Worry(Option<OppdragId>),
    Acknowledge(ConcernId),
    Relapse { returns: bool, contacted: bool },
    Return,
    WrongRelapse,
    Rest,
    Wake,
    NewVeileder,
    Treatment(UnitId, Day),
    Discharged(UnitId, ConsentId),
    Serve(SentenceForm, Day, bool),
    Served(bool),
    Move(UnitId),
    Correct(EventId, Day),
    Retract(EventId, RetractionReason),
    HearOfDischarge(OpenReferral, Day),
    LeaveTreatment(OpenReferral, bool),
}

#[derive(Debug, Clone, Copy)]
struct Assignment {
    id: OppdragId,
    tidgiver: TidgiverId,
    kind: OppdragKind,
    begins: Day,
    ends: Day,
    /// Now and then the two never come to start.
    starts: bool,
    extended: bool,
}

/// How often there is contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Band {
    Weekly,
    Monthly,
    Rarer,
}

pub(super) struct Course<'p, 'a> {
    pen: &'p mut Pen<'a>,
    agenda: BTreeMap<(Day, u32), Coming>,
    count: u32,
    begun: Day,
    last: Day,
    /// No contact after this day.
    quiet_from: Day,
    /// By this day a person who relapses or rests is back.
    settled: Day,
    band: Band,
    paused: bool,
    resting: bool,
    planned: bool,
    goals: u32,
}

impl<'p, 'a> Course<'p, 'a> {
    pub(super) fn new(
        pen: &'p mut Pen<'a>,
        begun: Day,
        last: Day,
        quiet_from: Day,
        settled: Day,
    ) -> Self {
        let band = pen
            .dice
            .weigh(&[(20, Band::Weekly), (45, Band::Monthly), (35, Band::Rarer)]);
        let mut course = Self {
            pen,
            agenda: BTreeMap::new(),
            count: 0,
            begun,
            last,
            quiet_from,
            settled,
            band,
            paused: false,
            resting: false,
            planned: false,
            goals: 0,
        };
        course.expect_the_usual();
        course
    }

    /// What may come of itself, some of it to each.
    fn expect_the_usual(&mut self) {
        self.later(self.begun, 2, 20, Coming::Talk);
        self.later(self.begun, 1, 45, Coming::Plan);
        self.perhaps(62, 10, 150, Coming::Readiness);
        self.perhaps(
            28,
            40,
            700,
            Coming::Relapse {
                returns: true,
                contacted: true,
            },
        );
        self.perhaps(
            8,
            30,
            400,
            Coming::Relapse {
                returns: true,
                contacted: false,
            },
        );
        self.perhaps(2, 30, 300, Coming::WrongRelapse);
        self.perhaps(10, 100, 600, Coming::Rest);
        self.perhaps(14, 60, 800, Coming::NewVeileder);
        self.perhaps(2, 40, 500, Coming::Worry(None));
        if self.pen.dice.chance(6) {
            let day = self.begun.plus(self.pen.dice.between(30, 300));
            let until = day.plus(self.pen.dice.between(30, 180));
            self.put(day, Coming::Treatment(unit("other"), until));
        }
        // Whose veileder leaves gets another.
        if let Some(veileder) = self.pen.veileder
            && self.begun < self.pen.scene.turnover
            && self.pen.scene.at(&self.pen.department).veiledere[0] == veileder
        {
            self.later(self.pen.scene.turnover, 0, 40, Coming::NewVeileder);
        }
    }

    pub(super) fn must(&mut self, musts: &Musts) {
        for day in &musts.contacts {
            self.put(*day, Coming::TalkOnce);
        }
        if let Some((unit, from, until)) = &musts.treatment {
            self.put(*from, Coming::Treatment(unit.clone(), *until));
        }
        if let Some((form, from, until, continues)) = musts.sentence {
            self.put(from, Coming::Serve(form, until, continues));
        }
        if let Some((day, department)) = &musts.move_to {
            self.put(*day, Coming::Move(department.clone()));
        }
    }

    pub(super) fn talk_on(&mut self, day: Day) {
        self.put(day.max(self.begun), Coming::TalkOnce);
    }

    /// A relapse without return.
    pub(super) fn relapse_for_good(&mut self, day: Day, contacted: bool) {
        self.put(
            day,
            Coming::Relapse {
                returns: false,
                contacted,
            },
        );
    }

    /// The treatment that a referral came from.
    pub(super) fn treat(&mut self, opens: Day, referral: OpenReferral, referred: &Referred) {
        let Some(days) = referred.treatment_days else {
            return;
        };
        let over = opens.plus(days).max(self.begun);
        let told = over.minus(self.pen.dice.between(10, 35)).max(self.begun);
        if !referred.leaves_early || self.pen.dice.chance(40) {
            self.put(told, Coming::HearOfDischarge(referral.clone(), over));
        }
        self.put(
            over,
            Coming::LeaveTreatment(referral, referred.leaves_early),
        );
    }

    pub(super) fn run(mut self) {
        while let Some(((day, _), coming)) = self.agenda.pop_first() {
            if day > self.last {
                break;
            }
            self.come(day, coming);
        }
    }

    fn put(&mut self, day: Day, coming: Coming) {
        self.count += 1;
        self.agenda.insert((day, self.count), coming);
    }

    fn later(&mut self, day: Day, least: u64, most: u64, coming: Coming) {
        let days = self.pen.dice.between(least, most);
        self.put(day.plus(days), coming);
    }

    fn perhaps(&mut self, percent: u64, least: u64, most: u64, coming: Coming) {
        if self.pen.dice.chance(percent) {
            self.later(self.begun, least, most, coming);
        }
    }

    /// Whether there is room for something that takes so many days and then is over.
    fn has_room(&self, day: Day, days: u64) -> bool {
        day.plus(days) < self.settled.min(self.quiet_from).min(self.last)
    }

    fn is_quiet(&self, day: Day) -> bool {
        day > self.quiet_from
    }

    fn come(&mut self, day: Day, coming: Coming) {
        match coming {
            Coming::Talk => {
                self.later_talk(day);
                if !self.is_quiet(day) && !self.paused && !self.resting {
                    self.talk(day);
                }
            }
            Coming::TalkOnce => {
                self.resting = false;
                self.contact(day);
            }
            Coming::Plan => self.plan(day),
            Coming::Goal => self.goal(day),
            Coming::Progress(goal) => self.progress(day, goal),
            Coming::GoalOver(goal_id) => {
                let command = if self.pen.dice.chance(70) {
                    C::ReachGoal(GoalReached { goal_id })
                } else {
                    C::DropGoal(GoalDropped { goal_id })
                };
                self.pen.tell(day, command);
                if self.goals < 5 && self.pen.dice.chance(50) {
                    self.later(day, 5, 60, Coming::Goal);
                }
            }
            Coming::Readiness => self.readiness(day),
            Coming::Match => self.be_matched(day),
            Coming::Start(assignment) => self.start(day, assignment),
            Coming::Meet(assignment) => self.meet(day, assignment),
            Coming::Review(assignment) => self.review(day, assignment),
            Coming::Finish(assignment) => self.finish(day, assignment),
            Coming::Worry(oppdrag_id) => self.worry(day, oppdrag_id),
            Coming::Acknowledge(concern_id) => {
                self.pen.tell(
                    day,
                    C::AcknowledgeSafetyConcern(SafetyConcernAcknowledged { concern_id }),
                );
            }
            Coming::Relapse { returns, contacted } => self.relapse(day, returns, contacted),
            Coming::Return => {
                self.pen.tell(day, C::Return(Returned {}));
                self.paused = false;
                self.later(day, 1, 20, Coming::TalkOnce);
            }
            Coming::WrongRelapse if !self.paused && self.has_room(day, 40) => {
                let told = day.plus(2);
                let id = self
                    .pen
                    .tell_on(day, told, C::ReportRelapse(RelapseReported {}));
                self.put(
                    told.plus(3),
                    Coming::Retract(id, RetractionReason::WrongPerson),
                );
                self.paused = true;
            }
            Coming::Rest if !self.paused && !self.resting && self.has_room(day, 130) => {
                self.pen.tell(day, C::BecomePassive(BecamePassive {}));
                self.resting = true;
                self.later(day, 20, 100, Coming::Wake);
            }
            Coming::WrongRelapse | Coming::Rest => {}
            Coming::Wake if self.resting => {
                self.resting = false;
                if self.pen.dice.chance(50) {
                    self.pen.tell(day, C::BecomeActive(BecameActive {}));
                } else {
                    self.contact(day);
                }
            }
            Coming::Wake => {}
            Coming::NewVeileder => self.new_veileder(day),
            Coming::Treatment(unit, until) => self.enter_treatment(day, unit, until),
            Coming::Discharged(unit, consent_id) => {
                let command = if self.pen.dice.chance(20) {
                    C::LeaveTreatmentEarly(TreatmentLeftEarly { unit, consent_id })
                } else {
                    C::EnterTreatmentPhase(TreatmentPhaseEntered {
                        unit,
                        phase: TreatmentPhase::After,
                        consent_id,
                    })
                };
                self.pen.tell(day, command);
            }
            Coming::Serve(form, until, continues) => {
                self.pen.tell_on(
                    day,
                    day,
                    C::BeginServingSentence(SentenceServingBegun { form }),
                );
                self.put(until, Coming::Served(continues));
            }
            Coming::Served(continues) => {
                self.pen.tell_on(
                    day,
                    day,
                    C::CompleteServingSentence(SentenceServingCompleted { continues }),
                );
            }
            Coming::Move(to) => {
                self.pen
                    .tell_on(day, day, C::Transfer(Transferred { to: to.clone() }));
                self.pen.department = to;
                self.new_veileder(day.plus(2).min(self.last));
            }
            Coming::Correct(entry, was) => self.correct(day, entry, was),
            Coming::Retract(entry, reason) => {
                if reason == RetractionReason::WrongPerson {
                    self.paused = false;
                }
                self.pen
                    .tell_on(day, day, C::RetractEntry(EntryRetracted { entry, reason }));
            }
            Coming::HearOfDischarge(referral, on) => {
                self.pen.hear_of_discharge(day, &referral, on);
            }
            Coming::LeaveTreatment(referral, early) => {
                self.pen.leave_treatment(day, &referral, early);
            }
        }
    }

    fn later_talk(&mut self, day: Day) {
        let new = day < self.begun.plus(60);
        let (least, most) = match self.band {
            Band::Weekly if new => (5, 9),
            Band::Weekly => (12, 28),
            Band::Monthly => (22, 45),
            Band::Rarer => (50, 110),
        };
        self.later(day, least, most, Coming::Talk);
    }

    fn contact(&mut self, day: Day) -> EventId {
        let contact = self.some_contact();
        self.pen.tell(day, C::HoldContact(contact))
    }

    fn some_contact(&mut self) -> ContactHeld {
        let channel = self.pen.dice.weigh(&[
            (22, ContactChannel::Sms),
            (25, ContactChannel::Phone),
            (5, ContactChannel::Digital),
            (30, ContactChannel::Meeting),
            (14, ContactChannel::Activity),
            (4, ContactChannel::ThemeGathering),
        ]);
        ContactHeld {
            channel,
            with: ContactWith::Veileder,
            arena: (channel == ContactChannel::Activity).then(|| {
                self.pen
                    .dice
                    .pick(&[Arena::Ordinary, Arena::Ordinary, Arena::OwnOffer])
            }),
        }
    }

    fn talk(&mut self, day: Day) {
        match self.pen.dice.below(100) {
            // Written down weeks afterwards.
            0..4 => {
                let contact = self.some_contact();
                let told = day.plus(self.pen.dice.between(15, 70));
                self.pen.tell_late(day, told, C::HoldContact(contact));
            }
            // Written down wrong, and corrected.
            4..6 if day.days_since(self.begun) > 5 && self.has_room(day, 25) => {
                let entry = self.contact(day);
                let was = day.minus(self.pen.dice.between(1, 3));
                let mended = self.pen.known().plus(self.pen.dice.between(0, 5));
                self.put(mended, Coming::Correct(entry, was));
            }
            // Written down twice, and taken back once.
            6 if self.has_room(day, 25) && !self.paused => {
                self.contact(day);
                let twice = self.contact(day);
                let mended = self.pen.known().plus(1);
                self.put(mended, Coming::Retract(twice, RetractionReason::Duplicate));
            }
            _ => {
                self.contact(day);
            }
        }
    }

    fn correct(&mut self, day: Day, entry: EventId, was: Day) {
        let contact = self.some_contact();
        let data = serde_json::to_value(contact).expect("a payload is plain data");
        self.pen.tell_on(
            day,
            day,
            C::CorrectEntry(EntryCorrected {
                entry,
                occurred_at: OccurredAt::Day(was),
                schema_version: 1,
                data,
            }),
        );
    }

    fn plan(&mut self, day: Day) {
        match self.pen.dice.below(100) {
            0..72 => {
                let form = self.pen.dice.pick(PlanForm::ALL);
                self.pen.tell(day, C::MakePlan(PlanMade { form }));
                self.planned = true;
                for _ in 0..self.pen.dice.between(1, 3) {
                    self.later(day, 0, 25, Coming::Goal);
                }
            }
            72..90 => {
                self.pen.tell(day, C::DeclinePlan(PlanDeclined {}));
                // Some change their mind.
                if self.pen.dice.chance(20) {
                    self.later(day, 60, 300, Coming::Plan);
                }
            }
            _ => {}
        }
    }

    fn goal(&mut self, day: Day) {
        let goal_id = GoalId(self.pen.name());
        let person = self.pen.person.0;
        let text = names::goal(&mut self.pen.dice, person, &mut self.pen.words);
        self.pen.tell(
            day,
            C::SetGoal(GoalSet {
                goal_id,
                text,
                participant_agreed: true,
            }),
        );
        self.goals += 1;
        if self.pen.dice.chance(70) {
            self.later(day, 30, 120, Coming::Progress(goal_id));
        } else {
            self.later(day, 60, 400, Coming::GoalOver(goal_id));
        }
    }

    fn progress(&mut self, day: Day, goal_id: GoalId) {
        let progress = self.pen.dice.weigh(&[
            (5, Progress::NotAtAll),
            (10, Progress::Small),
            (20, Progress::Neither),
            (35, Progress::Large),
            (20, Progress::VeryLarge),
            (7, Progress::NotSure),
            (3, Progress::NoAnswer),
        ]);
        self.pen.tell(
            day,
            C::ReportGoalProgress(GoalProgressReported { goal_id, progress }),
        );
        if matches!(progress, Progress::Large | Progress::VeryLarge) {
            self.later(day, 10, 150, Coming::GoalOver(goal_id));
        } else {
            self.later(day, 60, 200, Coming::Progress(goal_id));
        }
    }

    fn readiness(&mut self, day: Day) {
        let readiness = self.pen.dice.weigh(&[
            (65, Readiness::Ready),
            (22, Readiness::NotYet),
            (13, Readiness::DoesNotWant),
        ]);
        self.pen.tell(
            day,
            C::AssessTidgiverReadiness(TidgiverReadinessAssessed {
                readiness,
                institution_agrees: (readiness == Readiness::Ready).then_some(true),
            }),
        );
        match readiness {
            Readiness::Ready => self.later(day, 4, 50, Coming::Match),
            Readiness::NotYet => self.later(day, 60, 200, Coming::Readiness),
            Readiness::DoesNotWant => {}
        }
    }

    fn be_matched(&mut self, day: Day) {
        let by_exception = self.pen.department.as_str() == units::KRISTIANSAND;
        if self.paused || (by_exception && !self.pen.dice.chance(15)) {
            return;
        }
        let Some(tidgiver) = self.some_tidgiver(day) else {
            return;
        };
        let kind = self.pen.dice.pick(OppdragKind::ALL);
        let begins = day.plus(self.pen.dice.between(1, 12));
        let length = match kind {
            OppdragKind::ShortPractical => self.pen.dice.between(14, 60),
            OppdragKind::LongPractical => self.pen.dice.between(90, 250),
            OppdragKind::Social => self.pen.dice.between(120, 365),
        };
        let review = begins.plus(self.pen.dice.between(14, 56).min(length));
        let assignment = Assignment {
            id: OppdragId(self.pen.name()),
            tidgiver,
            kind,
            begins,
            ends: begins.plus(length),
            starts: self.pen.dice.chance(92),
            extended: false,
        };
        let because = self.pen.dice.pick(MatchReason::ALL);
        let purpose = self.pen.dice.pick(SupportWish::ALL);
        self.pen.tell(
            day,
            C::MatchTidgiver(TidgiverMatched {
                oppdrag_id: assignment.id,
                tidgiver,
                kind,
                purpose,
                begins,
                review,
                ends: assignment.ends,
                because: vec![because],
                ground_rules_accepted: true,
                by_exception,
            }),
        );
        self.put(begins, Coming::Start(assignment));
        // A review that is due is held, most often in time.
        if self.pen.dice.chance(92) {
            self.put(review, Coming::Review(assignment));
        }
        self.put(assignment.ends, Coming::Finish(assignment));
    }

    fn some_tidgiver(&mut self, day: Day) -> Option<TidgiverId> {
        let scene = self.pen.scene;
        let there: Vec<_> = scene
            .volunteers
            .get(&self.pen.department)?
            .iter()
            .filter(|one| {
                one.approved.plus(30) < day && one.left.is_none_or(|left| left > day.plus(400))
            })
            .map(|one| one.id)
            .collect();
        (!there.is_empty()).then(|| self.pen.dice.pick(&there))
    }

    fn start(&mut self, day: Day, assignment: Assignment) {
        if !assignment.starts {
            return;
        }
        self.pen.tell(
            day,
            C::HoldStartConversation(StartConversationHeld {
                oppdrag_id: assignment.id,
            }),
        );
        self.later(day, 3, 14, Coming::Meet(assignment));
        if self.pen.dice.chance(3) {
            self.later(day, 10, 90, Coming::Worry(Some(assignment.id)));
        }
    }

    fn meet(&mut self, day: Day, assignment: Assignment) {
        if self.is_quiet(day) || day >= assignment.ends {
            return;
        }
        let oppdrag_id = assignment.id;
        if self.pen.dice.chance(18) {
            let by = self.pen.dice.pick(CancelledBy::ALL);
            self.pen.tell_as_tidgiver(
                day,
                assignment.tidgiver,
                C::CancelOppdragMeeting(OppdragMeetingCancelled { oppdrag_id, by }),
            );
        } else if !self.paused {
            self.resting = false;
            self.pen.tell_as_tidgiver(
                day,
                assignment.tidgiver,
                C::HoldOppdragMeeting(OppdragMeetingHeld { oppdrag_id }),
            );
        }
        let (least, most) = match assignment.kind {
            OppdragKind::ShortPractical => (6, 14),
            OppdragKind::LongPractical => (14, 35),
            OppdragKind::Social => (12, 30),
        };
        self.later(day, least, most, Coming::Meet(assignment));
    }

    fn review(&mut self, day: Day, assignment: Assignment) {
        let oppdrag_id = assignment.id;
        if day > assignment.ends {
            return;
        }
        let goes_on = assignment.ends.days_since(day) > 40
            && assignment.ends.days_since(assignment.begins) <= 366;
        let next_review = goes_on.then(|| day.plus(40));
        self.pen.tell(
            day,
            C::ReviewOppdrag(OppdragReviewed {
                oppdrag_id,
                next_review,
            }),
        );
        if let Some(next) = next_review
            && self.pen.dice.chance(85)
        {
            self.put(next, Coming::Review(assignment));
        }
    }

    fn finish(&mut self, day: Day, assignment: Assignment) {
        let oppdrag_id = assignment.id;
        if assignment.starts && !assignment.extended && self.pen.dice.chance(22) && !self.paused {
            let ends = day.plus(self.pen.dice.between(60, 240));
            let review = day.plus(42);
            self.pen.tell(
                day,
                C::ExtendOppdrag(OppdragExtended {
                    oppdrag_id,
                    review,
                    ends,
                }),
            );
            let assignment = Assignment {
                ends,
                extended: true,
                ..assignment
            };
            self.later(day, 7, 20, Coming::Meet(assignment));
            self.put(review, Coming::Review(assignment));
            self.put(ends, Coming::Finish(assignment));
            return;
        }
        // An end that nobody wrote down stays a task.
        if self.pen.dice.chance(4) {
            return;
        }
        let reason = self.pen.dice.weigh(&[
            (40, OppdragEnd::PurposeReached),
            (12, OppdragEnd::NoMatch),
            (13, OppdragEnd::ParticipantsWish),
            (10, OppdragEnd::TidgiversWish),
            (25, OppdragEnd::TimeIsUp),
        ]);
        let day = day.max(assignment.begins);
        self.pen
            .tell(day, C::EndOppdrag(OppdragEnded { oppdrag_id, reason }));
        // To change is easy.
        if reason == OppdragEnd::NoMatch || self.pen.dice.chance(15) {
            self.later(day, 10, 60, Coming::Match);
        }
    }

    fn worry(&mut self, day: Day, oppdrag_id: Option<OppdragId>) {
        let concern_id = ConcernId(self.pen.name());
        self.pen.tell_on(
            day,
            day,
            C::RaiseSafetyConcern(SafetyConcernRaised {
                concern_id,
                oppdrag_id,
            }),
        );
        if self.pen.dice.chance(92) {
            self.later(day, 0, 2, Coming::Acknowledge(concern_id));
        }
    }

    fn relapse(&mut self, day: Day, returns: bool, contacted: bool) {
        if self.paused || (returns && !self.has_room(day, 125)) {
            return;
        }
        self.pen.tell(day, C::ReportRelapse(RelapseReported {}));
        self.paused = true;
        let mut reached = day;
        if contacted {
            reached = day.plus(self.pen.dice.between(0, 6)).min(self.last);
            let first_time = self.pen.dice.chance(70);
            self.try_contact(reached, first_time);
            if !first_time {
                reached = reached.plus(self.pen.dice.between(2, 9)).min(self.last);
                let second_time = self.pen.dice.chance(70);
                self.try_contact(reached, second_time);
            }
        }
        if returns {
            self.later(reached, 4, 85, Coming::Return);
        }
    }

    fn try_contact(&mut self, day: Day, reached: bool) {
        self.pen
            .tell(day, C::MakeRelapseContact(RelapseContactMade { reached }));
    }

    fn new_veileder(&mut self, day: Day) {
        let next = self.pen.some_veileder(day);
        if self.pen.veileder != Some(next) {
            self.pen.tell_on(
                day,
                day,
                C::AssignVeileder(VeilederAssigned { veileder: next }),
            );
            self.pen.veileder = Some(next);
        }
    }

    fn enter_treatment(&mut self, day: Day, unit: UnitId, until: Day) {
        let consent_id = self.pen.consent(day, ConsentPurpose::TreatmentPhase, &unit);
        self.pen.tell_on(
            day,
            day,
            C::EnterTreatmentPhase(TreatmentPhaseEntered {
                unit: unit.clone(),
                phase: TreatmentPhase::During,
                consent_id,
            }),
        );
        self.put(until, Coming::Discharged(unit, consent_id));
    }
}
