//! The rules of a participant's way, one test each.

use std::{collections::BTreeMap, sync::Arc};

use uuid::Uuid;

use super::*;
use crate::{
    es::{
        ConsentId, EventId, OccurredAt, VaultEntryId,
        amend::{EntryCorrected, EntryRetracted, RetractionReason},
        spec::{Given, given, nth_id},
    },
    words::{
        ConcernId, GoalId, OppdragId, Situation, StaffId, TidgiverCredentials, TidgiverId,
        UnitKind, UnitTraits,
    },
};

type Fact = ParticipantFact;
type Told = (&'static str, ParticipantEvent);

const STAY: StayId = StayId(Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0000));

fn unit(name: &str) -> UnitId {
    name.parse().unwrap()
}

fn world() -> World {
    let department = |offers| UnitTraits {
        kind: UnitKind::Department,
        offers_individual_tidgiver: offers,
    };
    let other = UnitTraits {
        kind: UnitKind::TreatmentInstitution,
        offers_individual_tidgiver: false,
    };
    World {
        units: Arc::new(BTreeMap::from([
            (unit("stegforsteg-oslo"), department(true)),
            (unit("stegforsteg-bergen"), department(true)),
            (unit("stegforsteg-kristiansand"), department(false)),
            (unit("slemdal"), other),
            (unit("loland"), other),
        ])),
        tidgivere: [701, 703].map(approved).into(),
        ..World::default()
    }
}

fn approved(n: usize) -> (TidgiverId, TidgiverCredentials) {
    let credentials = TidgiverCredentials {
        department: unit("stegforsteg-oslo"),
        approved_on: Some(day("2019-01-01")),
        ground_rules_accepted: true,
    };
    (TidgiverId(nth_id(n)), credentials)
}

/// What is known of the tidgiver of most tests.
fn known(world: &mut World) -> &mut TidgiverCredentials {
    world.tidgivere.get_mut(&TidgiverId(nth_id(701))).unwrap()
}

fn in_stay(fact: Fact) -> ParticipantEvent {
    ParticipantEvent {
        stay_id: STAY,
        referral_id: None,
        fact,
    }
}

fn contact(department: &str) -> FirstContactMade {
    FirstContactMade {
        department: unit(department),
        channels: vec![Channel::OtherParticipants],
        through: None,
        situation: None,
        referral_id: None,
        name: None,
        contact: None,
    }
}

fn inquiry() -> Vec<Told> {
    vec![(
        "2020-01-01",
        in_stay(Fact::FirstContactMade(contact("stegforsteg-oslo"))),
    )]
}

fn mapped() -> Vec<Told> {
    let mut history = inquiry();
    history.push((
        "2020-01-10",
        in_stay(Fact::FirstConversationHeld(FirstConversationHeld {})),
    ));
    history.push(("2020-01-20", in_stay(kartlegging())));
    history
}

fn kartlegging() -> Fact {
    Fact::KartleggingDone(KartleggingDone {
        wishes: vec![SupportWish::Work],
        network_mapped: false,
    })
}

fn participant() -> Vec<Told> {
    let mut history = mapped();
    history.push((
        "2020-02-01",
        in_stay(Fact::ParticipationBegun(ParticipationBegun {})),
    ));
    history
}

fn and(mut history: Vec<Told>, day: &'static str, fact: Fact) -> Vec<Told> {
    history.push((day, in_stay(fact)));
    history
}

/// The command is taken, and adds exactly its own fact to the stay.
fn taken(history: Vec<Told>, day: &str, command: C) {
    let fact = command.clone().into_fact();
    told(history)
        .when_in(&world(), day, command)
        .then([in_stay(fact)]);
}

fn refused(history: Vec<Told>, day: &str, command: C, why: &Why) {
    told(history)
        .when_in(&world(), day, command)
        .then_rejected(why);
}

fn unneeded(history: Vec<Told>, day: &str, command: C) {
    told(history).when_in(&world(), day, command).then_nothing();
}

fn told(history: Vec<Told>) -> Given<Participant> {
    given(history)
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn contact_held() -> ContactHeld {
    ContactHeld {
        channel: ContactChannel::Phone,
        with: ContactWith::Veileder,
        arena: None,
    }
}

mod entry {
    use super::*;

    #[test]
    fn d1_contact_needs_no_referral_decision_or_fee() {
        let made = contact("stegforsteg-oslo");
        taken(vec![], "2020-01-01", C::MakeFirstContact(made));
    }

    #[test]
    fn d3_the_channel_is_always_told_and_may_be_several() {
        let silent = FirstContactMade {
            channels: vec![],
            ..contact("stegforsteg-oslo")
        };
        refused(
            vec![],
            "2020-01-01",
            C::MakeFirstContact(silent),
            &Why::NoChannel,
        );
        let several = FirstContactMade {
            channels: vec![Channel::InstitutionVisit, Channel::TherapistOrPrisonStaff],
            through: Some(unit("slemdal")),
            ..contact("stegforsteg-oslo")
        };
        taken(vec![], "2020-01-01", C::MakeFirstContact(several));
    }

    #[test]
    fn g1_contact_is_made_with_a_registered_department() {
        for name in ["stegforsteg-nowhere", "slemdal"] {
            refused(
                vec![],
                "2020-01-01",
                C::MakeFirstContact(contact(name)),
                &Why::UnknownUnit { unit: unit(name) },
            );
        }
        let through = FirstContactMade {
            through: Some(unit("unheard-of")),
            ..contact("stegforsteg-oslo")
        };
        refused(
            vec![],
            "2020-01-01",
            C::MakeFirstContact(through),
            &Why::UnknownUnit {
                unit: unit("unheard-of"),
            },
        );
    }

    #[test]
    fn d6_all_may_take_part() {
        for situation in [
            Situation::BeforeTreatment,
            Situation::InPatient,
            Situation::OutPatient,
            Situation::AfterTreatment,
            Situation::Untreated,
            Situation::ServingSentence,
            Situation::AfterSentence,
            Situation::NextOfKin,
            Situation::MildMentalIllness,
        ] {
            let made = FirstContactMade {
                situation: Some(situation),
                ..contact("stegforsteg-oslo")
            };
            taken(vec![], "2020-01-01", C::MakeFirstContact(made));
        }
    }

    #[test]
    fn d2_a_first_conversation_is_booked_for_a_day_to_come() {
        let on = |text| C::BookFirstConversation(FirstConversationBooked { on: day(text) });
        taken(inquiry(), "2020-01-01", on("2020-01-08"));
        let before = Why::BeforeItsBeginning {
            begun: day("2020-01-05"),
        };
        refused(inquiry(), "2020-01-05", on("2020-01-04"), &before);
        // Told late it is still a fact; after the conversation there is nothing to book.
        taken(mapped(), "2020-01-08", on("2020-01-10"));
        let already = Why::ToldAlready {
            on: day("2020-01-10"),
        };
        refused(mapped(), "2020-01-11", on("2020-01-15"), &already);
    }

    #[test]
    fn g8_what_happens_once_is_told_once() {
        let hold = C::HoldFirstConversation(FirstConversationHeld {});
        unneeded(mapped(), "2020-01-10", hold.clone());
        let already = Why::ToldAlready {
            on: day("2020-01-10"),
        };
        refused(mapped(), "2020-01-12", hold, &already);
        let contact = C::MakeFirstContact(contact("stegforsteg-oslo"));
        unneeded(mapped(), "2020-01-01", contact.clone());
        refused(mapped(), "2020-01-12", contact, &Why::StayIsOpen);
    }

    #[test]
    fn d11_each_step_follows_those_before_it() {
        let kartlegging = C::from(kartlegging());
        let begin = C::BeginParticipation(ParticipationBegun {});
        refused(
            inquiry(),
            "2020-01-20",
            kartlegging.clone(),
            &Why::NoConversationYet,
        );
        refused(inquiry(), "2020-02-01", begin.clone(), &Why::NotMappedYet);
        taken(mapped(), "2020-02-01", begin.clone());
        unneeded(participant(), "2020-02-01", begin.clone());
        let already = |on| Why::ToldAlready { on: day(on) };
        refused(participant(), "2020-03-01", begin, &already("2020-02-01"));
        let passive = C::BecomePassive(BecamePassive {});
        refused(mapped(), "2020-02-01", passive, &Why::NotAParticipant);
        let close = C::CloseInquiry(InquiryClosed {
            reason: InquiryClosure::Moved,
        });
        refused(
            participant(),
            "2020-03-01",
            close.clone(),
            &Why::NoLongerAnInquiry,
        );
        taken(mapped(), "2020-03-01", close);
    }

    #[test]
    fn nothing_is_known_of_who_made_no_contact() {
        refused(
            vec![],
            "2020-01-01",
            C::HoldContact(contact_held()),
            &Why::NotKnown,
        );
    }

    #[test]
    fn g2_a_stays_facts_do_not_lie_before_its_first_contact() {
        let before = Why::BeforeItsBeginning {
            begun: day("2020-01-01"),
        };
        refused(
            participant(),
            "2019-12-31",
            C::HoldContact(contact_held()),
            &before,
        );
        taken(participant(), "2020-01-01", C::HoldContact(contact_held()));
    }

    #[test]
    fn d23_at_most_one_veileder_and_a_change_needs_no_reason() {
        let assign = |n| {
            C::AssignVeileder(VeilederAssigned {
                veileder: StaffId(nth_id(n)),
            })
        };
        let with_one = and(participant(), "2020-02-02", assign(100).into_fact());
        unneeded(with_one.clone(), "2020-03-01", assign(100));
        taken(with_one.clone(), "2020-03-01", assign(101));
        let after = and(with_one, "2020-03-01", assign(101).into_fact());
        let ParticipantState::Known(person) = told(after).state() else {
            panic!("known")
        };
        assert_eq!(person.stay.veileder, Some(StaffId(nth_id(101))));
    }
}

mod consent {
    use super::*;

    fn consent() -> ConsentId {
        ConsentId(nth_id(500))
    }

    fn given_to(name: &str) -> ConsentGiven {
        ConsentGiven {
            consent_id: consent(),
            purpose: ConsentPurpose::Cooperation,
            unit: unit(name),
            referral_id: None,
        }
    }

    fn phase() -> C {
        C::EnterTreatmentPhase(TreatmentPhaseEntered {
            unit: unit("slemdal"),
            phase: TreatmentPhase::During,
            consent_id: consent(),
        })
    }

    #[test]
    fn d5_nothing_of_a_treatment_without_consent_towards_that_unit() {
        refused(participant(), "2020-03-01", phase(), &Why::NoConsent);
        let elsewhere = and(
            participant(),
            "2020-02-02",
            Fact::ConsentGiven(given_to("loland")),
        );
        refused(elsewhere, "2020-03-01", phase(), &Why::NoConsent);
        let here = and(
            participant(),
            "2020-02-02",
            Fact::ConsentGiven(given_to("slemdal")),
        );
        taken(here, "2020-03-01", phase());
    }

    #[test]
    fn d5_withdrawal_stops_everything_at_once() {
        let withdraw = ConsentWithdrawn {
            consent_id: consent(),
        };
        let given = and(
            participant(),
            "2020-02-02",
            Fact::ConsentGiven(given_to("slemdal")),
        );
        let withdrawn = and(
            given,
            "2020-02-20",
            Fact::ConsentWithdrawn(withdraw.clone()),
        );
        for command in [
            phase(),
            C::PlanDischarge(DischargePlanned {
                unit: unit("slemdal"),
                on: day("2020-04-01"),
                consent_id: consent(),
            }),
            C::LeaveTreatmentEarly(TreatmentLeftEarly {
                unit: unit("slemdal"),
                consent_id: consent(),
            }),
        ] {
            refused(withdrawn.clone(), "2020-03-01", command, &Why::NoConsent);
        }
        unneeded(withdrawn, "2020-03-01", C::WithdrawConsent(withdraw));
    }

    #[test]
    fn g3_a_consents_name_is_given_once() {
        let given = and(
            participant(),
            "2020-02-02",
            Fact::ConsentGiven(given_to("slemdal")),
        );
        unneeded(
            given.clone(),
            "2020-03-01",
            C::GiveConsent(given_to("slemdal")),
        );
        refused(
            given,
            "2020-03-01",
            C::GiveConsent(given_to("loland")),
            &Why::NameTaken,
        );
    }

    #[test]
    fn g4_only_a_known_consent_is_withdrawn() {
        let withdraw = C::WithdrawConsent(ConsentWithdrawn {
            consent_id: consent(),
        });
        refused(participant(), "2020-03-01", withdraw, &Why::NoSuchConsent);
    }
}

mod plan {
    use super::*;

    fn goal() -> GoalSet {
        GoalSet {
            goal_id: GoalId(nth_id(600)),
            text: VaultEntryId(nth_id(601)),
            participant_agreed: true,
        }
    }

    #[test]
    fn d17_kartlegging_comes_before_plan_and_goals() {
        for command in [
            C::MakePlan(PlanMade {
                form: PlanForm::Oral,
            }),
            C::DeclinePlan(PlanDeclined {}),
            C::SetGoal(goal()),
        ] {
            refused(
                inquiry(),
                "2020-01-02",
                command.clone(),
                &Why::KartleggingComesFirst,
            );
            taken(mapped(), "2020-02-02", command);
        }
    }

    #[test]
    fn d18_a_goal_is_the_participants_own() {
        let imposed = GoalSet {
            participant_agreed: false,
            ..goal()
        };
        refused(
            participant(),
            "2020-03-01",
            C::SetGoal(imposed),
            &Why::GoalNotAgreed,
        );
    }

    #[test]
    fn d19_no_plan_is_a_choice_that_may_change() {
        let declined = and(
            participant(),
            "2020-03-01",
            Fact::PlanDeclined(PlanDeclined {}),
        );
        unneeded(
            declined.clone(),
            "2020-04-01",
            C::DeclinePlan(PlanDeclined {}),
        );
        taken(
            declined,
            "2020-04-01",
            C::MakePlan(PlanMade {
                form: PlanForm::Written,
            }),
        );
    }

    #[test]
    fn d21_not_sure_and_no_answer_are_answers() {
        let with_goal = and(participant(), "2020-03-01", Fact::GoalSet(goal()));
        for progress in [Progress::NotSure, Progress::NoAnswer] {
            let report = GoalProgressReported {
                goal_id: goal().goal_id,
                progress,
            };
            taken(
                with_goal.clone(),
                "2020-04-01",
                C::ReportGoalProgress(report),
            );
        }
    }

    #[test]
    fn g4_only_an_open_goal_is_reached() {
        let reach = C::ReachGoal(GoalReached {
            goal_id: goal().goal_id,
        });
        refused(participant(), "2020-04-01", reach.clone(), &Why::NoSuchGoal);
        let with_goal = and(participant(), "2020-03-01", Fact::GoalSet(goal()));
        taken(with_goal.clone(), "2020-04-01", reach.clone());
        let reached = and(with_goal, "2020-04-01", reach.clone().into_fact());
        refused(reached, "2020-05-01", reach, &Why::NoSuchGoal);
    }

    #[test]
    fn d20_wishes_are_the_surveys_thirteen() {
        assert_eq!(SupportWish::ALL.len(), 13);
    }
}

mod relapse {
    use super::*;

    fn relapsed() -> Vec<Told> {
        and(
            participant(),
            "2020-03-01",
            Fact::RelapseReported(RelapseReported {}),
        )
    }

    fn stage(history: Vec<Told>) -> Stage {
        let ParticipantState::Known(person) = told(history).state() else {
            panic!("known")
        };
        person.stay.stage
    }

    #[test]
    fn d12_a_relapse_pauses_and_never_ends() {
        taken(
            participant(),
            "2020-03-01",
            C::ReportRelapse(RelapseReported {}),
        );
        assert_eq!(stage(relapsed()), Stage::Paused);
        taken(relapsed(), "2020-03-05", C::HoldContact(contact_held()));
        // Until the return a further report is one more fact about it.
        let again = C::ReportRelapse(RelapseReported {});
        unneeded(relapsed(), "2020-03-01", again.clone());
        taken(relapsed(), "2020-03-11", again);
    }

    #[test]
    fn d12_a_return_needs_no_new_application() {
        taken(relapsed(), "2020-04-01", C::Return(Returned {}));
        let returned = and(relapsed(), "2020-04-01", Fact::Returned(Returned {}));
        assert_eq!(stage(returned.clone()), Stage::Participant);
        taken(returned, "2020-05-01", C::ReportRelapse(RelapseReported {}));
    }

    #[test]
    fn d12_contact_and_return_follow_a_relapse() {
        refused(
            participant(),
            "2020-03-01",
            C::Return(Returned {}),
            &Why::NoRelapse,
        );
        let contact = C::MakeRelapseContact(RelapseContactMade { reached: true });
        refused(participant(), "2020-03-01", contact, &Why::NoRelapse);
    }

    #[test]
    fn g2_what_follows_a_relapse_does_not_lie_before_it() {
        let before = Why::BeforeItsBeginning {
            begun: day("2020-03-01"),
        };
        let contact = C::MakeRelapseContact(RelapseContactMade { reached: true });
        refused(relapsed(), "2020-02-28", contact.clone(), &before);
        refused(relapsed(), "2020-02-28", C::Return(Returned {}), &before);
        let contacted = and(relapsed(), "2020-03-02", contact.into_fact());
        refused(contacted, "2020-02-28", C::Return(Returned {}), &before);
    }

    #[test]
    fn d14_relapse_is_a_reason_to_end_only_after_contact_was_tried() {
        let end = C::EndParticipation(ParticipationEnded {
            reason: EndReason::Relapse,
            learned: Learned::ByUnansweredContact,
        });
        refused(
            relapsed(),
            "2020-05-01",
            end.clone(),
            &Why::NoContactTriedAfterRelapse,
        );
        let tried = and(
            relapsed(),
            "2020-03-03",
            Fact::RelapseContactMade(RelapseContactMade { reached: false }),
        );
        taken(tried, "2020-05-01", end);
    }
}

mod standing {
    use super::*;

    fn end(reason: EndReason) -> C {
        C::EndParticipation(ParticipationEnded {
            reason,
            learned: Learned::ByReview,
        })
    }

    fn ended() -> Vec<Told> {
        and(
            participant(),
            "2020-06-01",
            end(EndReason::NoContactSince).into_fact(),
        )
    }

    #[test]
    fn d13_passive_is_legitimate_and_a_contact_ends_it() {
        taken(
            participant(),
            "2020-06-01",
            C::BecomePassive(BecamePassive {}),
        );
        let passive = and(
            participant(),
            "2020-06-01",
            Fact::BecamePassive(BecamePassive {}),
        );
        unneeded(
            passive.clone(),
            "2020-07-01",
            C::BecomePassive(BecamePassive {}),
        );
        taken(
            passive.clone(),
            "2020-07-01",
            C::BecomeActive(BecameActive {}),
        );
        let met = and(passive, "2020-07-01", Fact::ContactHeld(contact_held()));
        unneeded(met, "2020-08-01", C::BecomeActive(BecameActive {}));
    }

    #[test]
    fn d14_an_end_says_why_and_does_not_lie_before_the_beginning() {
        taken(participant(), "2020-06-01", end(EndReason::NoContactSince));
        let before = Why::BeforeItsBeginning {
            begun: day("2020-02-01"),
        };
        refused(
            participant(),
            "2020-01-31",
            end(EndReason::FadedOut),
            &before,
        );
        refused(
            mapped(),
            "2020-06-01",
            end(EndReason::FadedOut),
            &Why::NotAParticipant,
        );
    }

    #[test]
    fn d14_a_stay_that_is_over_takes_what_happened_before_its_end_only() {
        taken(ended(), "2020-05-20", C::HoldContact(contact_held()));
        let over = Why::StayEnded {
            on: day("2020-06-01"),
        };
        refused(ended(), "2020-06-02", C::HoldContact(contact_held()), &over);
        let settled = Why::StandingIsSettled {
            on: day("2020-06-01"),
        };
        refused(ended(), "2020-05-20", end(EndReason::FadedOut), &settled);
        taken(ended(), "2020-05-20", C::BecomePassive(BecamePassive {}));
        refused(
            ended(),
            "2020-06-02",
            C::BecomePassive(BecamePassive {}),
            &over,
        );
    }

    #[test]
    fn d15_a_return_after_the_end_opens_a_new_stay() {
        let made = contact("stegforsteg-bergen");
        let opening: ReEntered = made.clone().into();
        let new_stay = StayId(nth_id(5));
        for command in [C::MakeFirstContact(made), C::ReEnter(opening.clone())] {
            told(ended())
                .when_in(&world(), "2021-01-01", command)
                .then([ParticipantEvent {
                    stay_id: new_stay,
                    referral_id: None,
                    fact: Fact::ReEntered(opening.clone()),
                }]);
        }
        refused(
            participant(),
            "2021-01-01",
            C::ReEnter(opening.clone()),
            &Why::StayIsOpen,
        );
        let before = Why::BeforeItsBeginning {
            begun: day("2020-06-01"),
        };
        refused(ended(), "2020-05-01", C::ReEnter(opening), &before);
    }

    #[test]
    fn d15_a_fact_told_late_belongs_to_the_stay_it_happened_in() {
        let mut history = ended();
        let again = ReEntered::from(contact("stegforsteg-oslo"));
        history.push((
            "2021-01-01",
            ParticipantEvent {
                stay_id: StayId(nth_id(5)),
                referral_id: None,
                fact: Fact::ReEntered(again),
            },
        ));
        taken(
            history.clone(),
            "2020-05-01",
            C::HoldContact(contact_held()),
        );
        taken(history, "2020-05-01", C::ReportRelapse(RelapseReported {}));
    }

    #[test]
    fn d15_a_transfer_moves_to_a_department() {
        let to = |name: &str| C::Transfer(Transferred { to: unit(name) });
        taken(participant(), "2020-06-01", to("stegforsteg-bergen"));
        unneeded(participant(), "2020-06-01", to("stegforsteg-oslo"));
        let unknown = Why::UnknownUnit {
            unit: unit("slemdal"),
        };
        refused(participant(), "2020-06-01", to("slemdal"), &unknown);
    }

    #[test]
    fn d42_serving_ends_with_continued_by_choice_or_not() {
        let serve = Fact::SentenceServingBegun(SentenceServingBegun {
            form: SentenceForm::ElectronicMonitoring,
        });
        for continues in [true, false] {
            let done = C::CompleteServingSentence(SentenceServingCompleted { continues });
            refused(participant(), "2020-06-01", done.clone(), &Why::NotServing);
            let serving = and(participant(), "2020-03-01", serve.clone());
            let before = Why::BeforeItsBeginning {
                begun: day("2020-03-01"),
            };
            refused(serving.clone(), "2020-02-29", done.clone(), &before);
            taken(serving.clone(), "2020-06-01", done);
            let another = C::BeginServingSentence(SentenceServingBegun {
                form: SentenceForm::CommunitySentence,
            });
            let already = Why::ServingAlready {
                since: day("2020-03-01"),
            };
            refused(serving, "2020-04-01", another, &already);
        }
    }
}

mod oppdrag {
    use super::*;

    fn id() -> OppdragId {
        OppdragId(nth_id(700))
    }

    fn matched_on(begins: &str, review: &str, ends: &str) -> TidgiverMatched {
        TidgiverMatched {
            oppdrag_id: id(),
            tidgiver: TidgiverId(nth_id(701)),
            kind: OppdragKind::Social,
            purpose: SupportWish::OutdoorActivities,
            begins: day(begins),
            review: day(review),
            ends: day(ends),
            because: vec![MatchReason::Interests],
            ground_rules_accepted: true,
            by_exception: false,
        }
    }

    fn matched() -> TidgiverMatched {
        matched_on("2020-03-01", "2020-04-15", "2020-12-31")
    }

    fn ready() -> Vec<Told> {
        and(
            participant(),
            "2020-02-10",
            assessed(Readiness::Ready, None),
        )
    }

    fn assessed(readiness: Readiness, institution_agrees: Option<bool>) -> Fact {
        Fact::TidgiverReadinessAssessed(TidgiverReadinessAssessed {
            readiness,
            institution_agrees,
        })
    }

    fn running() -> Vec<Told> {
        and(ready(), "2020-02-20", Fact::TidgiverMatched(matched()))
    }

    fn met() -> C {
        C::HoldOppdragMeeting(OppdragMeetingHeld { oppdrag_id: id() })
    }

    #[test]
    fn d17_kartlegging_comes_before_a_match() {
        let match_now = C::MatchTidgiver(matched());
        refused(
            inquiry(),
            "2020-02-20",
            match_now,
            &Why::KartleggingComesFirst,
        );
    }

    #[test]
    fn d25_a_match_says_what_it_rests_on() {
        let silent = TidgiverMatched {
            because: vec![],
            ..matched()
        };
        refused(
            ready(),
            "2020-02-20",
            C::MatchTidgiver(silent),
            &Why::NoMatchReason,
        );
    }

    #[test]
    fn d26_never_pressed_readiness_comes_first() {
        let match_now = C::MatchTidgiver(matched());
        refused(
            participant(),
            "2020-02-20",
            match_now.clone(),
            &Why::NotReady,
        );
        for not in [Readiness::NotYet, Readiness::DoesNotWant] {
            let history = and(ready(), "2020-02-15", assessed(not, None));
            refused(history, "2020-02-20", match_now.clone(), &Why::NotReady);
        }
        taken(ready(), "2020-02-20", match_now);
    }

    #[test]
    fn d26_for_an_in_patient_the_institution_says_yes_too() {
        let mut history = participant();
        history[0].1 = in_stay(Fact::FirstContactMade(FirstContactMade {
            situation: Some(Situation::InPatient),
            ..contact("stegforsteg-oslo")
        }));
        let match_now = C::MatchTidgiver(matched());
        let alone = and(
            history.clone(),
            "2020-02-10",
            assessed(Readiness::Ready, None),
        );
        refused(
            alone,
            "2020-02-20",
            match_now.clone(),
            &Why::InstitutionHasNotAgreed,
        );
        let both = and(
            history,
            "2020-02-10",
            assessed(Readiness::Ready, Some(true)),
        );
        taken(both, "2020-02-20", match_now);
    }

    #[test]
    fn d27_an_oppdrag_has_a_review_soon_and_an_end_within_a_year() {
        let matching = |begins, review, ends| C::MatchTidgiver(matched_on(begins, review, ends));
        taken(
            ready(),
            "2020-02-20",
            matching("2020-03-01", "2020-04-26", "2021-03-02"),
        );
        refused(
            ready(),
            "2020-02-20",
            matching("2020-03-01", "2020-04-27", "2020-12-31"),
            &Why::ReviewTooLate {
                review: day("2020-04-27"),
                last: day("2020-04-26"),
            },
        );
        refused(
            ready(),
            "2020-02-20",
            matching("2020-03-01", "2020-04-01", "2021-03-03"),
            &Why::EndTooLate {
                ends: day("2021-03-03"),
                last: day("2021-03-02"),
            },
        );
        refused(
            ready(),
            "2020-02-20",
            matching("2020-03-01", "2020-02-28", "2020-12-31"),
            &Why::ReviewTooEarly {
                review: day("2020-02-28"),
                decided: day("2020-03-01"),
            },
        );
        refused(
            ready(),
            "2020-02-20",
            matching("2020-03-01", "2020-04-01", "2020-03-31"),
            &Why::EndBeforeReview {
                ends: day("2020-03-31"),
                review: day("2020-04-01"),
            },
        );
    }

    #[test]
    fn d27_an_extension_is_a_new_decision() {
        let extend = |review: &str, ends: &str| {
            C::ExtendOppdrag(OppdragExtended {
                oppdrag_id: id(),
                review: day(review),
                ends: day(ends),
            })
        };
        taken(running(), "2020-12-01", extend("2021-01-15", "2021-11-30"));
        let longer = and(
            running(),
            "2020-12-01",
            extend("2021-01-15", "2021-11-30").into_fact(),
        );
        let review = OppdragReviewed {
            oppdrag_id: id(),
            next_review: Some(day("2021-03-01")),
        };
        taken(longer, "2021-01-15", C::ReviewOppdrag(review));
        let late = Why::EndTooLate {
            ends: day("2021-12-31"),
            last: day("2021-12-02"),
        };
        refused(
            running(),
            "2020-12-01",
            extend("2021-01-15", "2021-12-31"),
            &late,
        );
        let ended = and(
            running(),
            "2020-12-31",
            Fact::OppdragEnded(super::OppdragEnded {
                oppdrag_id: id(),
                reason: OppdragEnd::TimeIsUp,
            }),
        );
        let over = Why::OppdragEnded {
            on: day("2020-12-31"),
        };
        refused(
            ended,
            "2021-01-01",
            extend("2021-02-01", "2021-06-01"),
            &over,
        );
    }

    /// Left open at an end on 2020-06-01; back on 2020-08-01 in another department.
    fn left_open_and_back() -> (Vec<Told>, Vec<Told>) {
        let over = ParticipationEnded {
            reason: EndReason::FadedOut,
            learned: Learned::FromParticipant,
        };
        let left_open = and(running(), "2020-06-01", Fact::ParticipationEnded(over));
        let mut back = left_open.clone();
        let again = ParticipantEvent {
            stay_id: StayId(nth_id(8)),
            referral_id: None,
            fact: Fact::ReEntered(ReEntered::from(contact("stegforsteg-kristiansand"))),
        };
        back.push(("2020-08-01", again));
        (left_open, back)
    }

    #[test]
    fn d27_what_was_left_open_at_the_end_of_a_stay_is_ended_with_its_real_reason() {
        let (left_open, back) = left_open_and_back();
        let end = C::EndOppdrag(super::OppdragEnded {
            oppdrag_id: id(),
            reason: OppdragEnd::TidgiversWish,
        });
        for history in [left_open.clone(), back.clone()] {
            // The fact belongs to the stay in which the oppdrag began.
            told(history)
                .when_in(&world(), "2020-09-01", end.clone())
                .then([in_stay(end.clone().into_fact())]);
        }
        let over = Why::OppdragEnded {
            on: day("2020-09-01"),
        };
        for history in [left_open.clone(), back.clone()] {
            let ended = and(history, "2020-09-01", end.clone().into_fact());
            for again in ["2020-08-15", "2020-09-01", "2020-09-02"] {
                refused(ended.clone(), again, end.clone(), &over);
            }
        }
        let too_early = Why::BeforeItsBeginning {
            begun: day("2020-02-20"),
        };
        refused(back, "2020-02-19", end, &too_early);
        // Only what closes it: nothing else of it goes on.
        let extend = C::ExtendOppdrag(OppdragExtended {
            oppdrag_id: id(),
            review: day("2020-10-01"),
            ends: day("2020-12-01"),
        });
        let stay_ended = Why::StayEnded {
            on: day("2020-06-01"),
        };
        refused(left_open.clone(), "2020-09-01", extend, &stay_ended);
        refused(left_open, "2020-09-01", met(), &stay_ended);
    }

    #[test]
    fn d37_an_oppdrag_may_be_called_off_before_its_first_day() {
        let end = C::EndOppdrag(super::OppdragEnded {
            oppdrag_id: id(),
            reason: OppdragEnd::ParticipantsWish,
        });
        taken(running(), "2020-02-25", end);
    }

    #[test]
    fn g3_an_oppdrag_of_an_earlier_stay_keeps_its_name() {
        let (_, back) = left_open_and_back();
        refused(
            back,
            "2020-09-01",
            C::MatchTidgiver(matched()),
            &Why::NameTaken,
        );
    }

    #[test]
    fn d28_it_starts_with_a_conversation_of_three() {
        refused(running(), "2020-03-10", met(), &Why::NoStartConversation);
        let start = C::HoldStartConversation(StartConversationHeld { oppdrag_id: id() });
        taken(running(), "2020-03-01", start.clone());
        let started = and(running(), "2020-03-01", start.clone().into_fact());
        unneeded(started.clone(), "2020-03-01", start.clone());
        let already = Why::ToldAlready {
            on: day("2020-03-01"),
        };
        refused(started.clone(), "2020-03-02", start, &already);
        taken(started, "2020-03-10", met());
    }

    #[test]
    fn d29_both_accept_the_ground_rules() {
        let without = TidgiverMatched {
            ground_rules_accepted: false,
            ..matched()
        };
        refused(
            ready(),
            "2020-02-20",
            C::MatchTidgiver(without),
            &Why::GroundRulesNotAccepted,
        );
        let mut world = world();
        known(&mut world).ground_rules_accepted = false;
        told(ready())
            .when_in(&world, "2020-02-20", C::MatchTidgiver(matched()))
            .then_rejected(&Why::GroundRulesNotAccepted);
    }

    #[test]
    fn d30_a_tidgiver_is_approved_first() {
        let mut world = world();
        known(&mut world).approved_on = None;
        let match_now = C::MatchTidgiver(matched());
        told(ready())
            .when_in(&world, "2020-02-20", match_now.clone())
            .then_rejected(&Why::TidgiverNotApproved);
        known(&mut world).approved_on = Some(day("2020-02-21"));
        told(ready())
            .when_in(&world, "2020-02-20", match_now.clone())
            .then_rejected(&Why::TidgiverNotApproved);
        world.tidgivere.clear();
        told(ready())
            .when_in(&world, "2020-02-20", match_now)
            .then_rejected(&Why::TidgiverNotApproved);
    }

    #[test]
    fn d31_several_at_once_are_normal() {
        let second = TidgiverMatched {
            oppdrag_id: OppdragId(nth_id(702)),
            tidgiver: TidgiverId(nth_id(703)),
            ..matched()
        };
        taken(running(), "2020-02-25", C::MatchTidgiver(second));
        refused(
            running(),
            "2020-02-25",
            C::MatchTidgiver(matched()),
            &Why::NameTaken,
        );
    }

    #[test]
    fn g8_the_same_oppdrag_is_not_told_under_two_names_while_it_is_open() {
        let again = || TidgiverMatched {
            oppdrag_id: OppdragId(nth_id(702)),
            ..matched()
        };
        let told_already = Why::OppdragToldAlready { under: id() };
        for day in ["2020-02-20", "2020-02-25"] {
            refused(running(), day, C::MatchTidgiver(again()), &told_already);
        }
        for other in [
            TidgiverMatched {
                kind: OppdragKind::LongPractical,
                ..again()
            },
            TidgiverMatched {
                purpose: SupportWish::Work,
                ..again()
            },
            TidgiverMatched {
                begins: day("2020-03-02"),
                ..again()
            },
        ] {
            taken(running(), "2020-02-25", C::MatchTidgiver(other));
        }
        let ended = Fact::OppdragEnded(super::OppdragEnded {
            oppdrag_id: id(),
            reason: OppdragEnd::NoMatch,
        });
        let ended = and(running(), "2020-02-24", ended);
        taken(ended.clone(), "2020-02-24", C::MatchTidgiver(again()));
        // Told late of a day on which the first was open.
        refused(
            ended,
            "2020-02-23",
            C::MatchTidgiver(again()),
            &told_already,
        );
    }

    #[test]
    fn d37_a_swap_is_easy_both_ways() {
        for wish in [
            OppdragEnd::ParticipantsWish,
            OppdragEnd::TidgiversWish,
            OppdragEnd::NoMatch,
        ] {
            let end = C::EndOppdrag(super::OppdragEnded {
                oppdrag_id: id(),
                reason: wish,
            });
            taken(running(), "2020-03-20", end.clone());
            let ended = and(running(), "2020-03-20", end.into_fact());
            let next = TidgiverMatched {
                oppdrag_id: OppdragId(nth_id(702)),
                tidgiver: TidgiverId(nth_id(703)),
                ..matched_on("2020-03-20", "2020-04-20", "2020-09-20")
            };
            taken(ended, "2020-03-20", C::MatchTidgiver(next));
        }
    }

    #[test]
    fn d38_a_department_offers_what_it_offers() {
        let mut history = ready();
        history[0].1 = in_stay(Fact::FirstContactMade(contact("stegforsteg-kristiansand")));
        let mut world = world();
        known(&mut world).department = unit("stegforsteg-kristiansand");
        told(history.clone())
            .when_in(&world, "2020-02-20", C::MatchTidgiver(matched()))
            .then_rejected(&Why::NoIndividualTidgiver);
        let by_exception = TidgiverMatched {
            by_exception: true,
            ..matched()
        };
        told(history)
            .when_in(&world, "2020-02-20", C::MatchTidgiver(by_exception.clone()))
            .then([in_stay(Fact::TidgiverMatched(by_exception))]);
        told(ready())
            .when_in(&world, "2020-02-20", C::MatchTidgiver(matched()))
            .then_rejected(&Why::TidgiverElsewhere);
    }

    #[test]
    fn d35_a_concern_is_raised_and_acknowledged_once() {
        let concern_id = ConcernId(nth_id(800));
        let raise = SafetyConcernRaised {
            concern_id,
            oppdrag_id: Some(id()),
        };
        taken(
            running(),
            "2020-03-10",
            C::RaiseSafetyConcern(raise.clone()),
        );
        refused(
            participant(),
            "2020-03-10",
            C::RaiseSafetyConcern(raise.clone()),
            &Why::NoSuchOppdrag,
        );
        let acknowledge = C::AcknowledgeSafetyConcern(SafetyConcernAcknowledged { concern_id });
        refused(
            running(),
            "2020-03-11",
            acknowledge.clone(),
            &Why::NoSuchConcern,
        );
        let raised = and(running(), "2020-03-10", Fact::SafetyConcernRaised(raise));
        taken(raised.clone(), "2020-03-11", acknowledge.clone());
        let known = and(raised, "2020-03-11", acknowledge.clone().into_fact());
        unneeded(known, "2020-03-12", acknowledge);
    }

    #[test]
    fn d35_a_worry_can_be_raised_after_an_end_and_about_what_is_over() {
        let concern_id = ConcernId(nth_id(800));
        let raise = C::RaiseSafetyConcern(SafetyConcernRaised {
            concern_id,
            oppdrag_id: Some(id()),
        });
        let end = ParticipationEnded {
            reason: EndReason::FadedOut,
            learned: Learned::FromParticipant,
        };
        let ended = and(running(), "2020-06-01", Fact::ParticipationEnded(end));
        taken(ended.clone(), "2020-07-01", raise.clone());
        let again = ReEntered::from(contact("stegforsteg-oslo"));
        let mut back = ended;
        let new_stay = StayId(nth_id(8));
        let in_new_stay = |fact| ParticipantEvent {
            stay_id: new_stay,
            referral_id: None,
            fact,
        };
        back.push(("2020-08-01", in_new_stay(Fact::ReEntered(again))));
        // It belongs where the oppdrag does, and what is done about it belongs where it does.
        told(back.clone())
            .when_in(&world(), "2020-09-01", raise.clone())
            .then([in_stay(raise.clone().into_fact())]);
        back.push(("2020-09-01", in_stay(raise.into_fact())));
        let acknowledge = C::AcknowledgeSafetyConcern(SafetyConcernAcknowledged { concern_id });
        told(back)
            .when_in(&world(), "2020-09-02", acknowledge.clone())
            .then([in_stay(acknowledge.into_fact())]);
    }

    #[test]
    fn d36_a_cancellation_says_by_whom() {
        for by in [CancelledBy::Participant, CancelledBy::Tidgiver] {
            let cancel = OppdragMeetingCancelled {
                oppdrag_id: id(),
                by,
            };
            taken(
                running(),
                "2020-03-10",
                C::CancelOppdragMeeting(cancel.clone()),
            );
            refused(
                ready(),
                "2020-03-10",
                C::CancelOppdragMeeting(cancel),
                &Why::NoSuchOppdrag,
            );
        }
    }
}

mod amended;
mod late;

mod record {
    use super::*;

    #[test]
    fn an_end_that_was_retracted_leaves_the_stay_open() {
        let end = Fact::ParticipationEnded(ParticipationEnded {
            reason: EndReason::FadedOut,
            learned: Learned::FromParticipant,
        });
        let ended = and(participant(), "2020-06-01", end);
        let retract = EntryRetracted {
            entry: EventId(nth_id(4)),
            reason: RetractionReason::WrongPerson,
        };
        let open = and(ended, "2020-06-10", Fact::EntryRetracted(retract));
        taken(open, "2020-07-01", C::HoldContact(contact_held()));
    }

    #[test]
    fn a_corrected_date_counts_from_then_on() {
        let history = and(
            participant(),
            "2020-06-10",
            Fact::EntryCorrected(EntryCorrected {
                entry: EventId(nth_id(3)),
                occurred_at: "2020-05-01".parse::<OccurredAt>().unwrap(),
                schema_version: 1,
                data: serde_json::json!({}),
            }),
        );
        let end = C::EndParticipation(ParticipationEnded {
            reason: EndReason::FadedOut,
            learned: Learned::FromParticipant,
        });
        let before = Why::BeforeItsBeginning {
            begun: day("2020-05-01"),
        };
        refused(history, "2020-04-01", end, &before);
    }

    #[test]
    fn a_retraction_of_a_retraction_brings_the_entry_back() {
        let retract = |n| {
            Fact::EntryRetracted(EntryRetracted {
                entry: EventId(nth_id(n)),
                reason: RetractionReason::DidNotHappen,
            })
        };
        let relapse = Fact::RelapseReported(RelapseReported {});
        let history = and(participant(), "2020-03-01", relapse);
        let gone = and(history, "2020-03-02", retract(4));
        refused(
            gone.clone(),
            "2020-03-03",
            C::Return(Returned {}),
            &Why::NoRelapse,
        );
        let back = and(gone, "2020-03-03", retract(5));
        taken(back, "2020-03-04", C::Return(Returned {}));
    }
}
