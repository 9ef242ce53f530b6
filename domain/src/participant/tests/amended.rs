//! An amendment is permitted if the amended history could have been told.

use super::*;
use crate::es::ExecuteError;

const GOAL: GoalId = GoalId(Uuid::from_u128(600));
const OPPDRAG: OppdragId = OppdragId(Uuid::from_u128(700));
const CONSENT: ConsentId = ConsentId(Uuid::from_u128(800));

// The entries of the life, by their place.
const CONTACT: usize = 0;
const CONVERSATION: usize = 1;
const BEGUN: usize = 3;
const SET: usize = 4;
const READY: usize = 5;
const MATCHED: usize = 6;
const STARTED: usize = 7;
const MET: usize = 8;
const OVER: usize = 9;
const CONSENTED: usize = 10;
const PHASE: usize = 11;
const RELAPSED: usize = 12;
const BACK: usize = 13;
const HELD: usize = 14;
const ENDED: usize = 15;

fn goal() -> GoalSet {
    GoalSet {
        goal_id: GOAL,
        participant_agreed: true,
        text: VaultEntryId(nth_id(601)),
    }
}

fn matched() -> TidgiverMatched {
    TidgiverMatched {
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
    }
}

fn phase(unit_id: &str) -> Fact {
    Fact::TreatmentPhaseEntered(TreatmentPhaseEntered {
        unit: unit(unit_id),
        phase: TreatmentPhase::During,
        consent_id: CONSENT,
    })
}

fn ended(reason: EndReason) -> Fact {
    Fact::ParticipationEnded(ParticipationEnded {
        reason,
        learned: Learned::ByReview,
    })
}

fn met() -> Fact {
    Fact::OppdragMeetingHeld(OppdragMeetingHeld {
        oppdrag_id: OPPDRAG,
    })
}

fn over() -> Fact {
    Fact::OppdragEnded(super::OppdragEnded {
        oppdrag_id: OPPDRAG,
        reason: OppdragEnd::TimeIsUp,
    })
}

fn life() -> Vec<Told> {
    let ready = TidgiverReadinessAssessed {
        readiness: Readiness::Ready,
        institution_agrees: None,
    };
    let started = StartConversationHeld {
        oppdrag_id: OPPDRAG,
    };
    let consented = ConsentGiven {
        consent_id: CONSENT,
        purpose: ConsentPurpose::TreatmentPhase,
        unit: unit("slemdal"),
        referral_id: None,
    };
    [
        ("2020-02-05", Fact::GoalSet(goal())),
        ("2020-02-10", Fact::TidgiverReadinessAssessed(ready)),
        ("2020-02-20", Fact::TidgiverMatched(matched())),
        ("2020-03-01", Fact::StartConversationHeld(started)),
        ("2020-03-05", met()),
        ("2020-03-20", over()),
        ("2020-04-01", Fact::ConsentGiven(consented)),
        ("2020-04-02", phase("slemdal")),
        ("2020-05-01", Fact::RelapseReported(RelapseReported {})),
        ("2020-05-20", Fact::Returned(Returned {})),
        ("2020-05-25", Fact::ContactHeld(contact_held())),
        ("2020-06-01", ended(EndReason::FadedOut)),
    ]
    .into_iter()
    .fold(participant(), |history, (day, fact)| {
        and(history, day, fact)
    })
}

fn correct(n: usize, day: &str, fact: Fact) -> C {
    let told: serde_json::Value = serde_json::from_str(&in_stay(fact).to_json()).unwrap();
    C::CorrectEntry(EntryCorrected {
        entry: EventId(nth_id(n)),
        occurred_at: day.parse().unwrap(),
        schema_version: 1,
        data: told["fact"].clone(),
    })
}

fn retract(n: usize) -> C {
    C::RetractEntry(EntryRetracted {
        entry: EventId(nth_id(n)),
        reason: RetractionReason::DidNotHappen,
    })
}

fn amended(history: Vec<Told>, command: C) -> Option<ExecuteError<Why>> {
    told(history).amend_in(&world(), command)
}

/// An amendment that is made.
fn and_amended(history: Vec<Told>, command: C) -> Vec<Told> {
    assert!(amended(history.clone(), command.clone()).is_none());
    and(history, "2021-07-01", command.into_fact())
}

#[track_caller]
fn itself_breaks(history: Vec<Told>, command: C, rule: &Why) {
    match amended(history, command) {
        Some(ExecuteError::Corrected(why)) => assert_eq!(&why, rule),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn another_breaks(history: Vec<Told>, command: C, n: usize, rule: &Why) {
    match amended(history, command) {
        Some(ExecuteError::WouldBreak { entry, why }) => {
            assert_eq!((entry, &why), (EventId(nth_id(n)), rule));
        }
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn another_rests_on_it(history: Vec<Told>, n: usize, by: usize, rule: &Why) {
    match amended(history, retract(n)) {
        Some(ExecuteError::RestedOn { by: entry, why }) => {
            assert_eq!((entry, &why), (EventId(nth_id(by)), rule));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_correction_is_decided_like_the_fact_it_corrects() {
    let not_agreed = GoalSet {
        participant_agreed: false,
        ..goal()
    };
    let no_channel = FirstContactMade {
        channels: vec![],
        ..contact("stegforsteg-oslo")
    };
    let first = |contact| Fact::FirstContactMade(contact);
    let unknown = |name: &str| Why::UnknownUnit { unit: unit(name) };
    let too_long = TidgiverMatched {
        ends: day("2022-03-01"),
        ..matched()
    };
    let nobody = TidgiverMatched {
        tidgiver: TidgiverId(nth_id(999)),
        ..matched()
    };
    let over_on = |on: &str| Why::StayEnded { on: day(on) };
    let before = |begun: &str| Why::BeforeItsBeginning { begun: day(begun) };
    let held = || Fact::ContactHeld(contact_held());
    for (command, rule) in [
        (
            correct(ENDED, "2020-01-25", ended(EndReason::FadedOut)),
            before("2020-02-01"),
        ),
        (
            correct(ENDED, "2020-06-01", ended(EndReason::Relapse)),
            Why::NoContactTriedAfterRelapse,
        ),
        (
            correct(SET, "2020-02-05", Fact::GoalSet(not_agreed)),
            Why::GoalNotAgreed,
        ),
        (
            correct(SET, "2020-01-15", Fact::GoalSet(goal())),
            Why::KartleggingComesFirst,
        ),
        (
            correct(CONTACT, "2020-01-01", first(no_channel)),
            Why::NoChannel,
        ),
        (
            correct(CONTACT, "2020-01-01", first(contact("slemdal"))),
            unknown("slemdal"),
        ),
        (correct(BEGUN, "2020-01-15", begun()), Why::NotMappedYet),
        (
            correct(PHASE, "2020-04-02", phase("loland")),
            Why::NoConsent,
        ),
        (
            correct(MATCHED, "2020-02-20", Fact::TidgiverMatched(too_long)),
            Why::EndTooLate {
                ends: day("2022-03-01"),
                last: day("2021-03-02"),
            },
        ),
        (
            correct(MATCHED, "2020-02-20", Fact::TidgiverMatched(nobody)),
            Why::TidgiverNotApproved,
        ),
        (
            correct(MET, "2020-03-25", met()),
            Why::OppdragEnded {
                on: day("2020-03-20"),
            },
        ),
        (correct(MET, "2020-02-25", met()), before("2020-03-01")),
        (correct(OVER, "2020-02-15", over()), before("2020-02-20")),
        (correct(HELD, "2020-06-02", held()), over_on("2020-06-01")),
        (correct(HELD, "2019-12-31", held()), before("2020-01-01")),
        (
            correct(BACK, "2020-04-30", Fact::Returned(Returned {})),
            before("2020-05-01"),
        ),
    ] {
        itself_breaks(life(), command, &rule);
    }
}

fn begun() -> Fact {
    Fact::ParticipationBegun(ParticipationBegun {})
}

#[test]
fn what_was_recorded_after_it_could_still_have_been_told() {
    let started = Fact::StartConversationHeld(StartConversationHeld {
        oppdrag_id: OPPDRAG,
    });
    let renamed = ConsentGiven {
        consent_id: ConsentId(nth_id(801)),
        purpose: ConsentPurpose::TreatmentPhase,
        unit: unit("slemdal"),
        referral_id: None,
    };
    let contact = Fact::FirstContactMade(contact("stegforsteg-oslo"));
    let before = |begun: &str| Why::BeforeItsBeginning { begun: day(begun) };
    for (command, by, rule) in [
        (
            correct(CONTACT, "2020-01-11", contact),
            CONVERSATION,
            before("2020-01-11"),
        ),
        (
            correct(STARTED, "2020-03-06", started),
            MET,
            Why::NoStartConversation,
        ),
        (
            correct(CONSENTED, "2020-04-01", Fact::ConsentGiven(renamed)),
            PHASE,
            Why::NoConsent,
        ),
        (
            correct(
                RELAPSED,
                "2020-05-21",
                Fact::RelapseReported(RelapseReported {}),
            ),
            BACK,
            before("2020-05-21"),
        ),
        (
            correct(ENDED, "2020-05-22", ended(EndReason::FadedOut)),
            HELD,
            Why::StayEnded {
                on: day("2020-05-22"),
            },
        ),
    ] {
        another_breaks(life(), command, by, &rule);
    }
}

#[test]
fn g7_what_others_rest_on_is_retracted_after_them() {
    for (entry, by, rule) in [
        (CONTACT, CONVERSATION, Why::NotKnown),
        (CONVERSATION, 2, Why::NoConversationYet),
        (BEGUN, ENDED, Why::NotAParticipant),
        (READY, MATCHED, Why::NotReady),
        (MATCHED, STARTED, Why::NoSuchOppdrag),
        (CONSENTED, PHASE, Why::NoConsent),
        (RELAPSED, BACK, Why::NoRelapse),
    ] {
        another_rests_on_it(life(), entry, by, &rule);
    }
    for entry in [SET, MET, OVER, PHASE, BACK, HELD, ENDED] {
        and_amended(life(), retract(entry));
    }
}

#[test]
fn d15_an_end_stands_while_a_return_follows_it() {
    let mut history = life();
    history.push((
        "2020-08-01",
        ParticipantEvent {
            stay_id: StayId(nth_id(16)),
            referral_id: None,
            fact: Fact::ReEntered(contact("stegforsteg-oslo").into()),
        },
    ));
    another_rests_on_it(history.clone(), ENDED, 16, &Why::StayIsOpen);
    // Between the stays a contact has no place, and in the other stay it is told anew.
    let held = |on: &str| correct(HELD, on, Fact::ContactHeld(contact_held()));
    let ended = Why::StayEnded {
        on: day("2020-06-01"),
    };
    itself_breaks(history.clone(), held("2020-07-01"), &ended);
    itself_breaks(history, held("2020-09-01"), &Why::InAnotherStay);
}

#[test]
fn a_correction_within_the_rules_is_made() {
    let history = and_amended(
        life(),
        correct(ENDED, "2020-06-20", ended(EndReason::Illness)),
    );
    let history = and_amended(
        history,
        correct(HELD, "2020-06-10", Fact::ContactHeld(contact_held())),
    );
    let history = and_amended(history, correct(MET, "2020-03-10", met()));
    let later = TidgiverMatched {
        ends: day("2021-01-31"),
        ..matched()
    };
    and_amended(
        history,
        correct(MATCHED, "2020-02-21", Fact::TidgiverMatched(later)),
    );
}

#[test]
fn what_could_not_be_told_again_today_is_in_no_amendments_way() {
    let mut gone = world();
    gone.tidgivere.clear();
    let amend = |command| told(life()).amend_in(&gone, command);
    assert!(amend(retract(HELD)).is_none());
    let other = TidgiverMatched {
        purpose: SupportWish::Sport,
        ..matched()
    };
    let match_on = |fact| correct(MATCHED, "2020-02-20", Fact::TidgiverMatched(fact));
    assert!(amend(match_on(other)).is_none());
    let hidden = TidgiverMatched {
        because: vec![],
        ..matched()
    };
    assert!(matches!(
        amend(match_on(hidden)),
        Some(ExecuteError::Corrected(Why::NoMatchReason))
    ));
}

#[test]
fn what_is_retracted_is_amended_no_more_but_its_retraction_is() {
    let history = and_amended(life(), retract(HELD));
    for command in [
        retract(HELD),
        correct(HELD, "2020-05-26", Fact::ContactHeld(contact_held())),
    ] {
        assert!(matches!(
            amended(history.clone(), command),
            Some(ExecuteError::RetractedAlready { entry }) if entry == EventId(nth_id(HELD))
        ));
    }
    let back = and_amended(history, retract(16));
    and_amended(back.clone(), retract(HELD));
    assert!(matches!(
        amended(back, retract(16)),
        Some(ExecuteError::RetractedAlready { .. })
    ));
}

#[test]
fn an_amendment_is_retracted_and_not_corrected() {
    let history = and_amended(
        life(),
        correct(HELD, "2020-05-26", Fact::ContactHeld(contact_held())),
    );
    let again = correct(16, "2020-05-26", Fact::ContactHeld(contact_held()));
    assert!(matches!(
        amended(history.clone(), again),
        Some(ExecuteError::NotCorrectable { .. })
    ));
    and_amended(history, retract(16));
}

#[test]
fn what_comes_back_could_have_been_told_too() {
    // The end is taken back, and a contact is told of a later day: then it did not end before it.
    let over = Why::StayEnded {
        on: day("2020-06-01"),
    };
    let open = and_amended(life(), retract(ENDED));
    let later = and(open, "2020-07-01", Fact::ContactHeld(contact_held()));
    another_breaks(later.clone(), retract(16), 17, &over);
    let moved = correct(17, "2020-05-28", Fact::ContactHeld(contact_held()));
    let ended = and_amended(and_amended(later, moved), retract(16));
    // Nor is the day put back then.
    another_breaks(ended, retract(18), 17, &over);
}

#[test]
fn a_first_contact_comes_back_only_where_no_other_was_made() {
    let gone = and_amended(inquiry(), retract(0));
    let again = StayId(nth_id(2));
    let mut history = gone;
    history.push((
        "2020-01-02",
        ParticipantEvent {
            stay_id: again,
            referral_id: None,
            fact: Fact::FirstContactMade(contact("stegforsteg-oslo")),
        },
    ));
    another_breaks(history, retract(1), 2, &Why::StayIsOpen);
}

#[test]
fn what_is_moved_counts_where_it_happened() {
    let passive = and(
        participant(),
        "2020-03-01",
        Fact::BecamePassive(BecamePassive {}),
    );
    let held = and(passive, "2020-03-10", Fact::ContactHeld(contact_held()));
    let moved = and_amended(
        held.clone(),
        correct(5, "2020-02-20", Fact::ContactHeld(contact_held())),
    );
    unneeded(held, "2020-04-01", C::BecomeActive(BecameActive {}));
    taken(moved, "2020-04-01", C::BecomeActive(BecameActive {}));
}

#[test]
fn g2_what_belongs_to_a_stay_follows_its_opening_at_whatever_time_of_that_day() {
    let opened = ("2020-01-01T10:00:00Z", inquiry()[0].1.clone());
    let held = ("2020-01-02", in_stay(Fact::ContactHeld(contact_held())));
    for earlier in ["2020-01-01T09:00:00Z", "2020-01-01"] {
        let contact = Fact::ContactHeld(contact_held());
        let history = vec![opened.clone(), held.clone()];
        let history = and_amended(history, correct(1, earlier, contact.clone()));
        taken(vec![opened.clone()], earlier, contact.into());
        taken(
            history,
            "2020-01-03",
            C::HoldFirstConversation(FirstConversationHeld {}),
        );
    }
}
