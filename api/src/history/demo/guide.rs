//! The life that a guided tour of the demo shows: two stays in Oslo, two relapses with a return, two
//! oppdrag with the same tidgiver, another veileder, goals reached and let go. Each day is written
//! here.

use domain::{
    es::{
        Day, EventId, OccurredAt,
        amend::{EntryCorrected, EntryRetracted, RetractionReason},
    },
    participant::{
        Arena, CancelledBy, Channel, ContactChannel, ContactHeld, ContactWith, EndReason,
        FirstContactMade, FirstConversationBooked, FirstConversationHeld, GoalDropped,
        GoalProgressReported, GoalReached, GoalSet, KartleggingDone, Learned, MatchReason,
        OppdragEnd, OppdragEnded, OppdragExtended, OppdragKind, OppdragMeetingCancelled,
        OppdragMeetingHeld, OppdragReviewed, ParticipantCommand as C, ParticipationBegun,
        ParticipationEnded, PlanForm, PlanMade, Progress, ReEntered, Readiness, RelapseContactMade,
        RelapseReported, Returned, SafetyConcernAcknowledged, SafetyConcernRaised,
        StartConversationHeld, SupportWish, TidgiverMatched, TidgiverReadinessAssessed,
        VeilederAssigned,
    },
    tidgiver::{
        Language, TidgiverApplied, TidgiverApproved, TidgiverCommand as T,
        TidgiverGroundRulesAccepted, TidgiverInterestsRecorded, TidgiverInterviewed,
        TidgiverTrained,
    },
    words::{ConcernId, GoalId, OppdragId, Situation, TidgiverId},
};

use super::{Lives, cast::cast, day, figures::at, units::OSLO};
use crate::history::{
    Deed, Step, Teller,
    dice::Dice,
    names,
    pen::Pen,
    scene::{DepartmentStaff, Volunteer},
    units::unit,
};

/// The tidgiver, and how they came to be one.
pub(super) fn tidgiver(dice: &mut Dice, staff: &DepartmentStaff) -> (Volunteer, Vec<Step>) {
    let id = cast().tidgiver_id;
    let department = unit(OSLO);
    let mut words = vec![];
    let (name, contact) = names::person(dice, id.0, &mut words);
    let application = TidgiverApplied {
        department: department.clone(),
        name: Some(name),
        contact: Some(contact),
    };
    let interests = TidgiverInterestsRecorded {
        interests: vec![
            SupportWish::OutdoorActivities,
            SupportWish::SomebodyToTalkWith,
        ],
        languages: vec![Language::Norwegian, Language::English],
    };
    let steps = [
        (day(2018, 5, 7), T::Apply(application)),
        (day(2018, 5, 24), T::Interview(TidgiverInterviewed {})),
        (day(2018, 5, 25), T::RecordInterests(interests)),
        (day(2018, 6, 12), T::Train(TidgiverTrained {})),
        (
            day(2018, 6, 13),
            T::AcceptGroundRules(TidgiverGroundRulesAccepted {}),
        ),
        (day(2018, 6, 18), T::Approve(TidgiverApproved {})),
    ]
    .into_iter()
    .map(|(on, command)| Step {
        id: dice.uuid(),
        recorded_at: at(on, 12, dice),
        occurred_at: OccurredAt::Day(on),
        teller: Teller::new(
            staff.coordinator.0,
            domain::es::Role::TidgiverCoordinator,
            &department,
        ),
        deed: Deed::Tidgiver(id, command),
        words: std::mem::take(&mut words),
        closes: vec![],
    })
    .collect();
    let volunteer = Volunteer {
        id,
        approved: day(2018, 6, 18),
        left: None,
    };
    (volunteer, steps)
}

/// The life.
pub(super) fn live(lives: &mut Lives<'_>) {
    let mut pen = lives.pen(OSLO);
    let cast = cast();
    pen.person = cast.participant_id;
    let mut tale = Tale {
        tidgiver: cast.tidgiver_id,
        pen,
    };
    tale.first_stay();
    tale.second_stay();
    lives.write(tale.pen);
}

struct Tale<'a> {
    tidgiver: TidgiverId,
    pen: Pen<'a>,
}

impl Tale<'_> {
    fn tell(&mut self, on: Day, command: C) -> EventId {
        self.pen.tell_on(on, on, command)
    }

    fn contacts(&mut self, channel: ContactChannel, days: &[Day]) {
        for on in days {
            self.contact(*on, channel);
        }
    }

    fn contact(&mut self, on: Day, channel: ContactChannel) -> EventId {
        let arena = (channel == ContactChannel::Activity).then_some(Arena::Ordinary);
        let with = ContactWith::Veileder;
        self.tell(
            on,
            C::HoldContact(ContactHeld {
                channel,
                with,
                arena,
            }),
        )
    }

    fn meetings(&mut self, oppdrag_id: OppdragId, days: &[Day]) {
        for on in days {
            let held = C::HoldOppdragMeeting(OppdragMeetingHeld { oppdrag_id });
            self.pen.tell_as_tidgiver(*on, self.tidgiver, held);
        }
    }

    fn cancelled(&mut self, oppdrag_id: OppdragId, on: Day, by: CancelledBy) {
        let cancelled = C::CancelOppdragMeeting(OppdragMeetingCancelled { oppdrag_id, by });
        self.pen.tell_as_tidgiver(on, self.tidgiver, cancelled);
    }

    fn goal(&mut self, on: Day) -> GoalId {
        let goal_id = GoalId(self.pen.name());
        let person = self.pen.person.0;
        let text = names::goal(&mut self.pen.dice, person, &mut self.pen.words);
        let goal = GoalSet {
            goal_id,
            text,
            participant_agreed: true,
        };
        self.tell(on, C::SetGoal(goal));
        goal_id
    }

    fn progress(&mut self, on: Day, goal_id: GoalId, progress: Progress) {
        self.tell(
            on,
            C::ReportGoalProgress(GoalProgressReported { goal_id, progress }),
        );
    }

    fn veileder(&mut self, on: Day, n: usize) {
        let veileder = self.pen.scene.at(&self.pen.department).veiledere[n];
        self.tell(on, C::AssignVeileder(VeilederAssigned { veileder }));
        self.pen.veileder = Some(veileder);
    }

    fn readiness(&mut self, on: Day, readiness: Readiness) {
        self.tell(
            on,
            C::AssessTidgiverReadiness(TidgiverReadinessAssessed {
                readiness,
                institution_agrees: None,
            }),
        );
    }

    fn walk_in(&mut self, talk: Day, wishes: &[SupportWish], begun: Day) {
        self.tell(
            talk.minus(6),
            C::BookFirstConversation(FirstConversationBooked { on: talk }),
        );
        self.tell(talk, C::HoldFirstConversation(FirstConversationHeld {}));
        self.tell(
            begun.minus(7),
            C::CompleteKartlegging(KartleggingDone {
                wishes: wishes.to_vec(),
                network_mapped: true,
            }),
        );
        self.tell(begun, C::BeginParticipation(ParticipationBegun {}));
    }

    fn first_stay(&mut self) {
        use ContactChannel::{Activity, Meeting, Phone, Sms};
        let person = self.pen.person.0;
        let (name, contact) = names::person(&mut self.pen.dice, person, &mut self.pen.words);
        self.tell(
            day(2018, 3, 12),
            C::MakeFirstContact(FirstContactMade {
                department: unit(OSLO),
                channels: vec![Channel::BlaKorsUnit, Channel::OtherParticipants],
                through: Some(unit("kontaktsenteret-oslo")),
                situation: Some(Situation::AfterTreatment),
                referral_id: None,
                name: Some(name),
                contact: Some(contact),
            }),
        );
        self.walk_in(
            day(2018, 3, 20),
            &[
                SupportWish::SubstanceFreeNetwork,
                SupportWish::OutdoorActivities,
                SupportWish::Finances,
            ],
            day(2018, 4, 3),
        );
        self.veileder(day(2018, 4, 3), 0);
        let form = PlanForm::PhotographedBoard;
        self.tell(day(2018, 4, 17), C::MakePlan(PlanMade { form }));
        let walks = self.goal(day(2018, 4, 17));
        let money = self.goal(day(2018, 4, 24));
        self.contacts(Meeting, &[day(2018, 5, 2), day(2018, 5, 16)]);
        self.readiness(day(2018, 6, 5), Readiness::NotYet);
        self.contacts(Sms, &[day(2018, 6, 20), day(2018, 7, 11), day(2018, 8, 8)]);
        self.progress(day(2018, 8, 22), walks, Progress::Neither);
        self.readiness(day(2018, 9, 4), Readiness::Ready);
        let oppdrag = self.first_oppdrag();
        self.progress(day(2019, 3, 19), walks, Progress::Large);
        self.relapse(
            day(2019, 4, 2),
            &[(day(2019, 4, 4), false), (day(2019, 4, 8), true)],
            day(2019, 5, 13),
        );
        self.contacts(Phone, &[day(2019, 5, 14), day(2019, 5, 28)]);
        self.veileder(day(2019, 6, 17), 1);
        self.contacts(Activity, &[day(2019, 6, 19), day(2019, 8, 14)]);
        self.meetings(
            oppdrag,
            &[day(2019, 6, 5), day(2019, 7, 3), day(2019, 9, 4)],
        );
        let reason = OppdragEnd::PurposeReached;
        self.tell(
            day(2019, 9, 10),
            C::EndOppdrag(OppdragEnded {
                oppdrag_id: oppdrag,
                reason,
            }),
        );
        self.tell(
            day(2019, 9, 24),
            C::ReachGoal(GoalReached { goal_id: walks }),
        );
        self.tell(
            day(2019, 11, 5),
            C::DropGoal(GoalDropped { goal_id: money }),
        );
        self.contact(day(2019, 12, 10), Meeting);
        self.tell(
            day(2019, 12, 16),
            C::EndParticipation(ParticipationEnded {
                reason: EndReason::GoalsReachedOrMovedOn,
                learned: Learned::FromParticipant,
            }),
        );
    }

    fn first_oppdrag(&mut self) -> OppdragId {
        let oppdrag_id = OppdragId(self.pen.name());
        self.tell(
            day(2018, 9, 17),
            C::MatchTidgiver(TidgiverMatched {
                oppdrag_id,
                tidgiver: self.tidgiver,
                kind: OppdragKind::Social,
                purpose: SupportWish::OutdoorActivities,
                begins: day(2018, 9, 24),
                review: day(2018, 11, 12),
                ends: day(2019, 3, 25),
                because: vec![MatchReason::Interests, MatchReason::Availability],
                ground_rules_accepted: true,
                by_exception: false,
            }),
        );
        self.tell(
            day(2018, 9, 24),
            C::HoldStartConversation(StartConversationHeld { oppdrag_id }),
        );
        self.meetings(oppdrag_id, &[day(2018, 10, 3), day(2018, 10, 24)]);
        self.cancelled(oppdrag_id, day(2018, 11, 7), CancelledBy::Participant);
        self.tell(
            day(2018, 11, 12),
            C::ReviewOppdrag(OppdragReviewed {
                oppdrag_id,
                next_review: Some(day(2019, 1, 7)),
            }),
        );
        self.meetings(oppdrag_id, &[day(2018, 11, 28), day(2018, 12, 19)]);
        self.tell(
            day(2019, 1, 7),
            C::ReviewOppdrag(OppdragReviewed {
                oppdrag_id,
                next_review: None,
            }),
        );
        self.meetings(oppdrag_id, &[day(2019, 1, 23), day(2019, 2, 20)]);
        self.tell(
            day(2019, 3, 18),
            C::ExtendOppdrag(OppdragExtended {
                oppdrag_id,
                review: day(2019, 5, 6),
                ends: day(2019, 9, 16),
            }),
        );
        oppdrag_id
    }

    fn relapse(&mut self, on: Day, tries: &[(Day, bool)], back: Day) {
        self.tell(on, C::ReportRelapse(RelapseReported {}));
        for (day, reached) in tries {
            let reached = *reached;
            self.tell(*day, C::MakeRelapseContact(RelapseContactMade { reached }));
        }
        self.tell(back, C::Return(Returned {}));
    }

    fn second_stay(&mut self) {
        use ContactChannel::{Digital, Meeting, Phone, Sms};
        self.tell(
            day(2020, 8, 11),
            C::ReEnter(ReEntered {
                department: unit(OSLO),
                channels: vec![Channel::OtherParticipants],
                through: None,
                situation: Some(Situation::Untreated),
                referral_id: None,
            }),
        );
        self.walk_in(
            day(2020, 8, 18),
            &[
                SupportWish::SomebodyToTalkWith,
                SupportWish::Work,
                SupportWish::PlanWithOwnGoals,
            ],
            day(2020, 9, 1),
        );
        self.veileder(day(2020, 9, 1), 2);
        let form = PlanForm::Written;
        self.tell(day(2020, 9, 8), C::MakePlan(PlanMade { form }));
        let work = self.goal(day(2020, 9, 8));
        let friends = self.goal(day(2020, 9, 15));
        self.contact(day(2020, 9, 22), Meeting);
        self.readiness(day(2020, 9, 29), Readiness::Ready);
        let oppdrag = self.second_oppdrag();
        self.mended_contacts();
        self.relapse(
            day(2021, 1, 20),
            &[(day(2021, 1, 21), true)],
            day(2021, 2, 15),
        );
        self.contacts(Phone, &[day(2021, 2, 16), day(2021, 3, 2)]);
        self.meetings(oppdrag, &[day(2021, 3, 3), day(2021, 3, 24)]);
        self.cancelled(oppdrag, day(2021, 4, 7), CancelledBy::Tidgiver);
        self.tell(
            day(2021, 4, 12),
            C::ExtendOppdrag(OppdragExtended {
                oppdrag_id: oppdrag,
                review: day(2021, 5, 20),
                ends: day(2021, 8, 20),
            }),
        );
        self.progress(day(2021, 4, 20), work, Progress::Large);
        self.contacts(Digital, &[day(2021, 4, 20), day(2021, 5, 11)]);
        self.tell(
            day(2021, 5, 20),
            C::ReviewOppdrag(OppdragReviewed {
                oppdrag_id: oppdrag,
                next_review: Some(day(2021, 7, 8)),
            }),
        );
        self.meetings(oppdrag, &[day(2021, 5, 26), day(2021, 6, 16)]);
        self.progress(day(2021, 6, 22), friends, Progress::NotSure);
        self.contact(day(2021, 6, 22), Sms);
    }

    fn second_oppdrag(&mut self) -> OppdragId {
        let oppdrag_id = OppdragId(self.pen.name());
        self.tell(
            day(2020, 10, 12),
            C::MatchTidgiver(TidgiverMatched {
                oppdrag_id,
                tidgiver: self.tidgiver,
                kind: OppdragKind::LongPractical,
                purpose: SupportWish::Work,
                begins: day(2020, 10, 19),
                review: day(2020, 11, 30),
                ends: day(2021, 4, 15),
                because: vec![MatchReason::Goals, MatchReason::Needs],
                ground_rules_accepted: true,
                by_exception: false,
            }),
        );
        self.tell(
            day(2020, 10, 19),
            C::HoldStartConversation(StartConversationHeld { oppdrag_id }),
        );
        self.meetings(oppdrag_id, &[day(2020, 10, 28)]);
        self.cancelled(oppdrag_id, day(2020, 11, 11), CancelledBy::Tidgiver);
        self.meetings(oppdrag_id, &[day(2020, 11, 18)]);
        let concern_id = ConcernId(self.pen.name());
        self.tell(
            day(2020, 11, 19),
            C::RaiseSafetyConcern(SafetyConcernRaised {
                concern_id,
                oppdrag_id: Some(oppdrag_id),
            }),
        );
        self.tell(
            day(2020, 11, 20),
            C::AcknowledgeSafetyConcern(SafetyConcernAcknowledged { concern_id }),
        );
        self.tell(
            day(2020, 11, 30),
            C::ReviewOppdrag(OppdragReviewed {
                oppdrag_id,
                next_review: Some(day(2021, 1, 18)),
            }),
        );
        oppdrag_id
    }

    /// One contact was written down with the wrong day, one twice.
    fn mended_contacts(&mut self) {
        use ContactChannel::{Phone, Sms};
        let wrong = self.contact(day(2020, 12, 2), Phone);
        let contact = ContactHeld {
            channel: Phone,
            with: ContactWith::Veileder,
            arena: None,
        };
        self.tell(
            day(2020, 12, 3),
            C::CorrectEntry(EntryCorrected {
                entry: wrong,
                occurred_at: OccurredAt::Day(day(2020, 12, 1)),
                schema_version: 1,
                data: serde_json::to_value(contact).expect("a payload is plain data"),
            }),
        );
        self.contact(day(2020, 12, 15), Sms);
        let twice = self.contact(day(2020, 12, 15), Sms);
        self.tell(
            day(2020, 12, 16),
            C::RetractEntry(EntryRetracted {
                entry: twice,
                reason: RetractionReason::Duplicate,
            }),
        );
    }
}
