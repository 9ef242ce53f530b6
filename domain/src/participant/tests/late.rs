//! What is told late of a stay that is over is decided alike, whether the person came back
//! meanwhile or not.

use super::*;

const GOAL: GoalId = GoalId(Uuid::from_u128(600));
const OPPDRAG: OppdragId = OppdragId(Uuid::from_u128(700));

/// With a goal, an oppdrag and a relapse with its return; ended on 2020-06-01.
fn ended() -> Vec<Told> {
    let goal = GoalSet {
        goal_id: GOAL,
        participant_agreed: true,
        text: VaultEntryId(nth_id(601)),
    };
    let matched = TidgiverMatched {
        oppdrag_id: OPPDRAG,
        tidgiver: TidgiverId(nth_id(701)),
        kind: OppdragKind::Social,
        purpose: SupportWish::OutdoorActivities,
        begins: day("2020-03-01"),
        review: day("2020-04-15"),
        ends: day("2020-12-31"),
        because: vec![MatchReason::Interests],
        ground_rules_accepted: true,
        by_exception: false,
    };
    let end = ParticipationEnded {
        reason: EndReason::FadedOut,
        learned: Learned::FromParticipant,
    };
    [
        ("2020-02-05", Fact::GoalSet(goal)),
        ("2020-02-20", Fact::TidgiverMatched(matched)),
        (
            "2020-03-01",
            Fact::StartConversationHeld(StartConversationHeld {
                oppdrag_id: OPPDRAG,
            }),
        ),
        ("2020-04-01", Fact::RelapseReported(RelapseReported {})),
        ("2020-04-20", Fact::Returned(Returned {})),
        ("2020-06-01", Fact::ParticipationEnded(end)),
    ]
    .into_iter()
    .fold(participant(), |history, (day, fact)| {
        and(history, day, fact)
    })
}

/// The same, and back on 2020-08-01.
fn and_back(mut history: Vec<Told>) -> Vec<Told> {
    let again = ReEntered::from(contact("stegforsteg-oslo"));
    let back = ParticipantEvent {
        stay_id: StayId(nth_id(800)),
        referral_id: None,
        fact: Fact::ReEntered(again),
    };
    history.push(("2020-08-01", back));
    history
}

fn commands() -> Vec<C> {
    vec![
        C::HoldContact(contact_held()),
        C::ReportRelapse(RelapseReported {}),
        C::Return(Returned {}),
        C::BecomePassive(BecamePassive {}),
        C::AssignVeileder(VeilederAssigned {
            veileder: StaffId(nth_id(900)),
        }),
        C::DeclinePlan(PlanDeclined {}),
        C::BeginServingSentence(SentenceServingBegun {
            form: SentenceForm::ElectronicMonitoring,
        }),
        C::CompleteServingSentence(SentenceServingCompleted { continues: true }),
        C::ReachGoal(GoalReached { goal_id: GOAL }),
        C::HoldStartConversation(StartConversationHeld {
            oppdrag_id: OPPDRAG,
        }),
        C::HoldOppdragMeeting(OppdragMeetingHeld {
            oppdrag_id: OPPDRAG,
        }),
        C::CancelOppdragMeeting(OppdragMeetingCancelled {
            oppdrag_id: OPPDRAG,
            by: CancelledBy::Tidgiver,
        }),
        C::ReviewOppdrag(OppdragReviewed {
            oppdrag_id: OPPDRAG,
            next_review: None,
        }),
        C::ExtendOppdrag(OppdragExtended {
            oppdrag_id: OPPDRAG,
            review: day("2020-06-15"),
            ends: day("2020-12-01"),
        }),
        C::EndOppdrag(super::OppdragEnded {
            oppdrag_id: OPPDRAG,
            reason: OppdragEnd::TidgiversWish,
        }),
        C::EndParticipation(ParticipationEnded {
            reason: EndReason::FadedOut,
            learned: Learned::FromParticipant,
        }),
    ]
}

fn outcome(history: Vec<Told>, day: &str, command: C) -> Result<Vec<ParticipantEvent>, Why> {
    told(history).when_in(&world(), day, command).outcome()
}

#[test]
fn every_command_is_decided_alike_on_every_day_of_the_stay_that_is_over() {
    let mut taken = 0;
    for command in commands() {
        for day in ["2020-02-25", "2020-04-10", "2020-05-01", "2020-06-01"] {
            let gone = outcome(ended(), day, command.clone());
            let back = outcome(and_back(ended()), day, command.clone());
            assert_eq!(gone, back, "{command:?} on {day}");
            taken += usize::from(gone.is_ok_and(|events| !events.is_empty()));
        }
    }
    assert!(taken > 30, "only {taken} were taken at all");
}

#[test]
fn one_thing_told_late_is_known_when_the_next_is_told() {
    let relapse = Fact::RelapseReported(RelapseReported {});
    let contacted = C::MakeRelapseContact(RelapseContactMade { reached: true });
    for history in [ended(), and_back(ended())] {
        refused(
            history.clone(),
            "2020-05-02",
            contacted.clone(),
            &Why::NoRelapse,
        );
        let told = and(history, "2020-05-01", relapse.clone());
        taken(told, "2020-05-02", contacted.clone());
    }
}

#[test]
fn what_is_told_late_leaves_the_present_stay_as_it_is() {
    let late = and(
        and_back(ended()),
        "2020-05-01",
        Fact::RelapseReported(RelapseReported {}),
    );
    refused(late, "2020-09-01", C::Return(Returned {}), &Why::NoRelapse);
}

#[test]
fn what_names_an_oppdrag_or_a_goal_of_a_stay_that_is_over_is_told_so() {
    let over = Why::StayEnded {
        on: day("2020-06-01"),
    };
    let reach = C::ReachGoal(GoalReached { goal_id: GOAL });
    let met = C::HoldOppdragMeeting(OppdragMeetingHeld {
        oppdrag_id: OPPDRAG,
    });
    for command in [reach, met] {
        for history in [ended(), and_back(ended())] {
            refused(history, "2020-09-01", command.clone(), &over);
        }
    }
}

/// On behalf of a department.
fn asked_by(department: &str) -> World {
    World {
        asking: Some(unit(department)),
        ..world()
    }
}

/// The same, and back on 2020-08-01 at Bergen.
fn and_at_bergen() -> Vec<Told> {
    let mut history = ended();
    let again = ReEntered::from(contact("stegforsteg-bergen"));
    history.push(("2020-08-01", at_bergen(Fact::ReEntered(again))));
    history
}

fn at_bergen(fact: Fact) -> ParticipantEvent {
    ParticipantEvent {
        stay_id: StayId(nth_id(800)),
        referral_id: None,
        fact,
    }
}

fn by_phone() -> C {
    C::HoldContact(ContactHeld {
        channel: ContactChannel::Phone,
        with: ContactWith::Veileder,
        arena: None,
    })
}

#[test]
fn a_department_tells_of_the_stays_that_it_holds_as_if_there_were_no_others() {
    let (oslo, bergen) = (asked_by("stegforsteg-oslo"), asked_by("stegforsteg-bergen"));
    told(and_at_bergen())
        .when_in(&oslo, "2020-05-01", by_phone())
        .then([in_stay(by_phone().into_fact())]);
    told(and_at_bergen())
        .when_in(&oslo, "2020-09-01", by_phone())
        .then_rejected(&Why::StayEnded {
            on: day("2020-06-01"),
        });
    let worry = C::RaiseSafetyConcern(SafetyConcernRaised {
        concern_id: ConcernId(nth_id(801)),
        oppdrag_id: None,
    });
    told(and_at_bergen())
        .when_in(&oslo, "2020-09-01", worry.clone())
        .then([in_stay(worry.into_fact())]);
    told(and_at_bergen())
        .when_in(&bergen, "2020-09-01", by_phone())
        .then([at_bergen(by_phone().into_fact())]);
    told(and_at_bergen())
        .when_in(&bergen, "2020-05-01", by_phone())
        .then_rejected(&Why::BeforeItsBeginning {
            begun: day("2020-08-01"),
        });
    told(and_at_bergen())
        .when_in(
            &bergen,
            "2020-09-01",
            C::ReachGoal(GoalReached { goal_id: GOAL }),
        )
        .then_rejected(&Why::NoSuchGoal);
    told(and_at_bergen())
        .when_in(
            &asked_by("stegforsteg-kristiansand"),
            "2020-09-01",
            by_phone(),
        )
        .then_rejected(&Why::NotKnown);
}

#[test]
fn g3_a_name_taken_in_another_departments_stay_is_taken() {
    let mut history = and_at_bergen();
    for fact in [
        Fact::FirstConversationHeld(FirstConversationHeld {}),
        Fact::KartleggingDone(KartleggingDone {
            wishes: vec![],
            network_mapped: false,
        }),
    ] {
        history.push(("2020-08-02", at_bergen(fact)));
    }
    let set = C::SetGoal(GoalSet {
        goal_id: GOAL,
        participant_agreed: true,
        text: VaultEntryId(nth_id(601)),
    });
    told(history)
        .when_in(&asked_by("stegforsteg-bergen"), "2020-09-01", set)
        .then_rejected(&Why::NameTaken);
}

#[test]
fn d15_who_returns_to_another_department_brings_no_word_of_where_they_were() {
    let again = || C::ReEnter(ReEntered::from(contact("stegforsteg-bergen")));
    let bergen = asked_by("stegforsteg-bergen");
    told(ended())
        .when_in(&bergen, "2020-08-01", again())
        .then([ParticipantEvent {
            stay_id: StayId(nth_id(ended().len())),
            referral_id: None,
            fact: again().into_fact(),
        }]);
    told(ended())
        .when_in(&bergen, "2020-05-31", again())
        .then_rejected(&Why::BeforeAnEarlierEnd);
    for (asking, why) in [
        ("stegforsteg-bergen", Why::NotKnown),
        ("stegforsteg-oslo", Why::StayIsOpen),
    ] {
        told(participant())
            .when_in(&asked_by(asking), "2020-08-01", again())
            .then_rejected(&why);
    }
}
