//! Given events, then answers.

use domain::{
    cooperation::{
        Anchoring, AnchoringAssessed, CooperationBegun, CooperationFact, InterestShown,
        PatientsInformed, PresenceHeld, Rhythm, Setting, StructureDescribed,
    },
    es::{ConsentId, Day, RecordedAt, VaultEntryId},
    participant::{
        BecamePassive, CancelledBy, ConsentGiven, ConsentPurpose, DischargePlanned,
        FirstConversationBooked, GoalProgressReported, GoalReached, GoalSet, MatchReason,
        OppdragEnd, OppdragEnded, OppdragKind, OppdragMeetingCancelled, ParticipantFact as F,
        PlanDeclined, PlanForm, PlanMade, Progress, RelapseContactMade, RelapseReported, Returned,
        SafetyConcernAcknowledged, SafetyConcernRaised, SentenceForm, SentenceServingBegun,
        SentenceServingCompleted, StartConversationHeld, SupportWish, TidgiverMatched, Transferred,
        TreatmentLeftEarly, TreatmentPhase, TreatmentPhaseEntered, VeilederAssigned,
    },
    referral::{
        DeclineReason, JointConversationHeld, PatientAgreed, ReferralAccepted, ReferralDeclined,
        ReferralFact, ReferralProposed,
    },
    tidgiver::{
        LeaveReason, TidgiverApplied, TidgiverApproved, TidgiverFact, TidgiverGroundRulesAccepted,
        TidgiverInterviewed, TidgiverLeft, TidgiverTrained,
    },
    unit::{KeyFiguresReported, UnitFact, UnitRegistered},
    words::{
        ConcernId, Figures, GoalId, OppdragId, ParticipantId, Situation, StaffId, StayId,
        TidgiverId, UnitKind,
    },
};
use projections::{
    Ask, PageSize, Question, Scope,
    cooperation::{Anchored, Cooperations, Presence, Structure},
    flow::{Flow, Flows},
    journey::{Participants, PlanState, Standing, StandingNow},
    key_figures::{KeyFigures, UnitKeyFigures},
    oppdrag::OppdragOfTidgiver,
    participant::ParticipantDetail,
    plan::{Goal, PlanOfStay, PlansOf},
    retention::{Retention, StillIn},
    sentence::SentenceServing,
    timeline::TimelineOf,
    worklist::{Task, Worklist},
};

use super::kit::{
    BERGEN, OSLO, SLEMDAL, World, begun, contact, conversation, day, ended, first_contact, id,
    kartlegging, moved, retracted, unit,
};

/// Asks a read store that has caught up.
async fn ask<Q: Question>(world: &World, question: &Q, ask: Ask) -> Q::View {
    let store = world.open().await.unwrap();
    store.catch_up(|_, _| {}).await.unwrap();
    let view = store.ask(question, ask).await.unwrap().view;
    store.close().await;
    view
}

fn as_of(text: &str) -> Ask {
    Ask {
        as_of: Some(day(text)),
        known_at: None,
    }
}

fn standing(name: &str) -> StandingNow {
    StandingNow {
        unit: Some(unit(name)),
        scope: Scope::All,
        active_within_days: 90,
    }
}

async fn participant(world: &World, n: u128, department: &str, opened: &str) {
    world.person(n, opened, first_contact(department)).await;
    world.person(n, opened, conversation()).await;
    world.person(n, opened, kartlegging()).await;
    world.person(n, opened, begun()).await;
}

#[tokio::test]
async fn the_list_tells_active_from_passive_and_hides_nobody() {
    let world = World::on("2021-06-30");
    for n in 1..=5 {
        participant(&world, n, OSLO, "2021-01-01").await;
    }
    world.person(1, "2021-04-01", contact()).await;
    world.person(2, "2021-03-31", contact()).await;
    world.person(3, "2021-06-01", contact()).await;
    world
        .person(3, "2021-06-02", F::BecamePassive(BecamePassive {}))
        .await;
    world
        .person(4, "2021-06-01", F::RelapseReported(RelapseReported {}))
        .await;
    world.person(5, "2021-06-01", ended()).await;
    world.person(6, "2021-06-01", first_contact(OSLO)).await;
    world.person(7, "2021-06-01", first_contact(BERGEN)).await;
    let view = ask(&world, &standing(OSLO), Ask::default()).await;
    assert_eq!(
        (
            view.registered,
            view.active,
            view.incoming,
            view.passive,
            view.paused,
            view.ended
        ),
        (5, 1, 1, 2, 1, 1)
    );
    // The day before the relapse, and before the contact was old.
    let view = ask(&world, &standing(OSLO), as_of("2021-05-31")).await;
    assert_eq!(
        (
            view.registered,
            view.active,
            view.incoming,
            view.passive,
            view.paused,
            view.ended
        ),
        (5, 2, 0, 3, 0, 0)
    );
    let scoped = StandingNow {
        unit: None,
        scope: Scope::department(unit(BERGEN)),
        active_within_days: 90,
    };
    assert_eq!(ask(&world, &scoped, Ask::default()).await.registered, 1);
    let nowhere = StandingNow {
        scope: Scope::Departments([].into()),
        ..scoped
    };
    assert_eq!(ask(&world, &nowhere, Ask::default()).await.registered, 0);
}

#[tokio::test]
async fn an_end_learned_late_is_known_late() {
    let world = World::on("2021-07-01");
    participant(&world, 1, OSLO, "2020-01-01").await;
    world
        .person_late(1, "2020-12-31", "2021-04-01", ended())
        .await;
    let registered = async |known: &str| {
        let ask_then = Ask {
            as_of: Some(day("2020-12-31")),
            known_at: Some(domain::es::RecordedAt::new(day(known).ends())),
        };
        ask(&world, &standing(OSLO), ask_then).await.registered
    };
    assert_eq!(registered("2020-12-31").await, 1);
    assert_eq!(registered("2021-07-01").await, 0);
}

#[tokio::test]
async fn a_corrected_date_crosses_the_line_both_ways() {
    let world = World::on("2021-07-01");
    let opening = world.person(1, "2020-01-10", first_contact(OSLO)).await;
    let registered = async |date: &str| ask(&world, &standing(OSLO), as_of(date)).await.registered;
    assert_eq!(
        (
            registered("2020-01-15").await,
            registered("2020-01-20").await
        ),
        (1, 1)
    );
    let later = moved(opening, "2020-01-18", &first_contact(OSLO));
    world.person(1, "2020-02-01", later).await;
    assert_eq!(
        (
            registered("2020-01-15").await,
            registered("2020-01-20").await
        ),
        (0, 1)
    );
    let earlier = moved(opening, "2020-01-05", &first_contact(OSLO));
    let correction = world.person(1, "2020-02-02", earlier).await;
    assert_eq!(
        (
            registered("2020-01-04").await,
            registered("2020-01-15").await
        ),
        (0, 1)
    );
    // Without the last correction, the one before it holds.
    world.person(1, "2020-02-03", retracted(correction)).await;
    assert_eq!(
        (
            registered("2020-01-15").await,
            registered("2020-01-20").await
        ),
        (0, 1)
    );
}

#[tokio::test]
async fn participants_are_counted_and_reports_are_not_believed_about_them() {
    let world = World::on("2021-07-01");
    for (name, kind) in [
        (OSLO, UnitKind::Department),
        (BERGEN, UnitKind::Department),
        (SLEMDAL, UnitKind::TreatmentInstitution),
    ] {
        let registered = UnitFact::UnitRegistered(UnitRegistered {
            kind,
            offers_individual_tidgiver: true,
        });
        world.unit(name, "2019-01-01", registered).await;
    }
    // Told some days after the day that they hold for.
    for (on, told, employees, tidgivere) in [
        ("2019-12-31", "2020-01-10", 3, Some(60)),
        ("2020-12-31", "2021-01-10", 4, Some(70)),
        ("2021-03-31", "2021-04-01", 5, None),
    ] {
        let report = UnitFact::KeyFiguresReported(KeyFiguresReported {
            on: day(on),
            employees,
            full_time_equivalents_hundredths: 620,
            tidgivere,
        });
        world.unit(OSLO, told, report).await;
    }
    participant(&world, 1, OSLO, "2020-01-01").await;
    let gone = world.person(2, "2020-01-01", first_contact(OSLO)).await;
    // Bergen keeps records: three were approved, one has left again, one applied only.
    for n in 1..=4 {
        let applied = TidgiverFact::TidgiverApplied(TidgiverApplied {
            department: unit(BERGEN),
            name: None,
            contact: None,
        });
        world.tidgiver(n, "2020-01-01", applied).await;
        if n < 4 {
            for step in [
                TidgiverFact::TidgiverInterviewed(TidgiverInterviewed {}),
                TidgiverFact::TidgiverTrained(TidgiverTrained {}),
                TidgiverFact::TidgiverGroundRulesAccepted(TidgiverGroundRulesAccepted {}),
                TidgiverFact::TidgiverApproved(TidgiverApproved {}),
            ] {
                world.tidgiver(n, "2020-02-01", step).await;
            }
        }
    }
    let left = TidgiverFact::TidgiverLeft(TidgiverLeft {
        reason: LeaveReason::Moved,
    });
    world.tidgiver(1, "2020-06-01", left).await;

    let question = KeyFigures { unit: None };
    let oslo = |participants| UnitKeyFigures {
        unit: unit(OSLO),
        employees: Some(4),
        full_time_equivalents: Some(6.2),
        tidgivere: Some(70),
        participants,
        reported_for: Some(day("2020-12-31")),
        tidgivere_reported_for: Some(day("2020-12-31")),
    };
    let bergen = |tidgivere| UnitKeyFigures {
        unit: unit(BERGEN),
        employees: None,
        full_time_equivalents: None,
        tidgivere: Some(tidgivere),
        participants: 0,
        reported_for: None,
        tidgivere_reported_for: None,
    };
    let view = ask(&world, &question, as_of("2020-12-31")).await;
    assert_eq!(view.units, [bergen(2), oslo(2)]);
    let view = ask(&world, &question, as_of("2020-03-01")).await;
    let earlier = UnitKeyFigures {
        employees: Some(3),
        tidgivere: Some(60),
        reported_for: Some(day("2019-12-31")),
        tidgivere_reported_for: Some(day("2019-12-31")),
        ..oslo(2)
    };
    assert_eq!(view.units, [bergen(3), earlier]);
    // What a report leaves out stays as it was told last, and says of which day it is.
    let view = ask(&world, &question, as_of("2021-03-31")).await;
    let later = UnitKeyFigures {
        employees: Some(5),
        reported_for: Some(day("2021-03-31")),
        ..oslo(2)
    };
    assert_eq!(view.units, [bergen(2), later]);
    let known_at = Some(RecordedAt(day("2021-01-09").ends()));
    let then = Ask {
        known_at,
        ..as_of("2020-12-31")
    };
    let view = ask(&world, &question, then).await;
    assert_eq!(view.units[1].employees, Some(3), "not told yet");
    world.person(2, "2021-01-01", retracted(gone)).await;
    let view = ask(&world, &question, as_of("2020-12-31")).await;
    assert_eq!(view.units, [bergen(2), oslo(1)]);
}

fn referral(from: &str, situation: Situation, consent: bool) -> ReferralFact {
    ReferralFact::ReferralProposed(ReferralProposed {
        from: unit(from),
        to: unit(OSLO),
        situation,
        consent_id: consent.then_some(ConsentId(id(9))),
        name: None,
        contact: None,
    })
}

fn agreed(person: u128) -> ReferralFact {
    ReferralFact::PatientAgreed(PatientAgreed {
        participant_id: ParticipantId(id(person)),
        consent_id: ConsentId(id(9)),
    })
}

fn treated(at: &str, phase: TreatmentPhase) -> F {
    F::TreatmentPhaseEntered(TreatmentPhaseEntered {
        unit: unit(at),
        phase,
        consent_id: ConsentId(id(9)),
    })
}

fn count(flow: &Flow, name: &str) -> (i64, Option<f64>) {
    let stage = flow
        .stages
        .iter()
        .find(|stage| stage.stage == name)
        .unwrap();
    (stage.count, stage.median_days_from_previous)
}

#[tokio::test]
async fn a_flow_counts_each_step_and_both_sides_count_their_own_way() {
    let world = World::on("2021-06-30");
    for fact in [
        CooperationFact::CooperationBegun(CooperationBegun {
            unit: unit(SLEMDAL),
            department: unit(OSLO),
            coordinator: StaffId(id(3)),
        }),
        CooperationFact::StructureDescribed(StructureDescribed {
            rhythm: Rhythm::Weekly,
            settings: vec![Setting::InformalPresence, Setting::IntakeConversation],
        }),
        CooperationFact::AnchoringAssessed(AnchoringAssessed {
            leadership: Anchoring::Weak,
            treatment: Anchoring::Medium,
        }),
        CooperationFact::PatientsInformed(PatientsInformed { count: 12 }),
        CooperationFact::InterestShown(InterestShown { count: 5 }),
    ] {
        world.cooperation("2021-01-04", fact).await;
    }
    for visit in ["2020-02-05", "2021-01-06", "2021-01-13"] {
        let presence = CooperationFact::PresenceHeld(PresenceHeld {
            setting: Setting::InformalPresence,
        });
        world.cooperation(visit, presence).await;
    }
    // 1: the whole way, a patient in the window, with contact.
    world
        .referral(
            1,
            "2021-01-10",
            referral(SLEMDAL, Situation::InPatient, true),
        )
        .await;
    world.referral(1, "2021-01-12", agreed(1)).await;
    let joint = ReferralFact::JointConversationHeld(JointConversationHeld {});
    world.referral(1, "2021-01-15", joint).await;
    let accepted = || ReferralFact::ReferralAccepted(ReferralAccepted {});
    world.referral(1, "2021-01-16", accepted()).await;
    world.person(1, "2021-01-12", first_contact(OSLO)).await;
    world
        .person(1, "2021-01-12", treated(SLEMDAL, TreatmentPhase::During))
        .await;
    world.person(1, "2021-01-20", kartlegging()).await;
    world.person(1, "2021-01-24", begun()).await;
    world.person(1, "2021-06-01", contact()).await;
    // 2: accepted, and a patient long before the window only; in contact.
    world
        .referral(
            2,
            "2021-02-10",
            referral(SLEMDAL, Situation::AfterTreatment, true),
        )
        .await;
    world.referral(2, "2021-02-20", agreed(2)).await;
    world.referral(2, "2021-02-21", accepted()).await;
    world.person(2, "2019-01-01", first_contact(OSLO)).await;
    world
        .person(2, "2019-01-01", treated(SLEMDAL, TreatmentPhase::During))
        .await;
    world
        .person(2, "2019-06-01", treated(SLEMDAL, TreatmentPhase::After))
        .await;
    world.person(2, "2021-03-01", contact()).await;
    // 3: came by themselves, and had been a patient; in contact.
    participant(&world, 3, OSLO, "2020-01-01").await;
    world
        .person(3, "2020-02-01", treated(SLEMDAL, TreatmentPhase::Before))
        .await;
    world.person(3, "2021-03-01", contact()).await;
    // 4: had been a patient, and was not in contact. 5: "not now".
    participant(&world, 4, OSLO, "2020-01-01").await;
    world
        .person(4, "2020-02-01", treated(SLEMDAL, TreatmentPhase::During))
        .await;
    world
        .referral(
            5,
            "2021-03-01",
            referral(SLEMDAL, Situation::OutPatient, false),
        )
        .await;
    let declined = ReferralFact::ReferralDeclined(ReferralDeclined {
        reason: DeclineReason::NotReadyYet,
        onward_to: unit(BERGEN),
        welcome_back_from: day("2021-06-01"),
    });
    world.referral(5, "2021-03-08", declined).await;

    let question = Flows {
        from: Some(unit(SLEMDAL)),
        to: Some(unit(OSLO)),
        scope: Scope::All,
        since: Some(day("2020-07-01")),
        until: Some(day("2021-06-30")),
    };
    let view = ask(&world, &question, Ask::default()).await;
    let [flow] = view.flows.as_slice() else {
        panic!("{view:?}");
    };
    assert_eq!(
        (flow.counted_by_partner, flow.counted_by_steg_for_steg),
        (1, 3)
    );
    assert_eq!(
        flow.presence,
        Presence {
            visits: 2,
            first: Some(day("2021-01-06")),
            last: Some(day("2021-01-13")),
        }
    );
    let names: Vec<_> = flow.stages.iter().map(|stage| stage.stage).collect();
    assert_eq!(
        names,
        [
            "informed",
            "interested",
            "proposed",
            "agreed",
            "joint-conversation",
            "accepted",
            "kartlegging",
            "participant",
            "matched",
            "in-at-3-months",
            "in-at-6-months",
            "in-at-12-months",
            "declined",
            "withdrawn"
        ]
    );
    for (name, expected) in [
        ("informed", (12, None)),
        ("interested", (5, None)),
        ("proposed", (3, None)),
        ("agreed", (2, Some(6.0))),
        ("joint-conversation", (1, Some(3.0))),
        ("accepted", (2, Some(1.0))),
        ("kartlegging", (1, Some(4.0))),
        ("participant", (1, Some(4.0))),
        ("matched", (0, None)),
        ("in-at-3-months", (1, None)),
        ("in-at-6-months", (0, None)),
        ("in-at-12-months", (0, None)),
        ("declined", (1, Some(7.0))),
        ("withdrawn", (0, None)),
    ] {
        assert_eq!(count(flow, name), expected, "{name}");
    }
    let observed: Vec<_> = flow.stages.iter().filter_map(|s| s.observed).collect();
    // Of the one participant, a quarter of a year has passed, and no more.
    assert_eq!(observed, [1, 0, 0]);
    let months: Vec<_> = flow
        .months
        .iter()
        .map(|month| {
            (
                month.month.as_str(),
                month.counts.proposed,
                month.counts.informed,
            )
        })
        .collect();
    assert_eq!(
        months,
        [("2021-01", 1, 12), ("2021-02", 1, 0), ("2021-03", 1, 0)]
    );

    let cooperations = Cooperations {
        unit: None,
        department: None,
        scope: Scope::department(unit(OSLO)),
    };
    let view = ask(&world, &cooperations, Ask::default()).await;
    let [slemdal] = view.cooperations.as_slice() else {
        panic!("{view:?}");
    };
    assert_eq!(
        (&slemdal.structure, &slemdal.anchoring, &slemdal.presence),
        (
            &Structure {
                rhythm: Some(Rhythm::Weekly),
                settings: vec![Setting::InformalPresence, Setting::IntakeConversation],
            },
            &Anchored {
                leadership: Some(Anchoring::Weak),
                treatment: Some(Anchoring::Medium),
            },
            &Presence {
                visits: 3,
                first: Some(day("2020-02-05")),
                last: Some(day("2021-01-13")),
            }
        )
    );
}

#[tokio::test]
async fn retention_has_three_curves_and_tells_what_follows_a_relapse() {
    let world = World::on("2021-06-30");
    for n in 1..=4 {
        participant(&world, n, OSLO, "2020-07-01").await;
    }
    world.person(1, "2020-09-09", ended()).await;
    // Said to have ended in December, learned in May, last seen in August.
    world.person(2, "2020-08-10", contact()).await;
    world
        .person_late(2, "2020-12-08", "2021-05-27", ended())
        .await;
    let relapse = || F::RelapseReported(RelapseReported {});
    world.person(3, "2020-10-01", relapse()).await;
    let reached = |reached| F::RelapseContactMade(RelapseContactMade { reached });
    world.person(3, "2020-10-02", reached(false)).await;
    world.person(3, "2020-10-05", reached(true)).await;
    world
        .person(3, "2020-10-21", F::Returned(Returned {}))
        .await;
    world.person(3, "2021-06-01", relapse()).await;

    let question = Retention {
        unit: Some(unit(OSLO)),
        introduced_by: None,
        scope: Scope::All,
    };
    let view = ask(&world, &question, Ask::default()).await;
    let steps = |curve: &[projections::retention::CurvePoint]| -> Vec<(i64, i64, i64, i64)> {
        curve
            .iter()
            .map(|point| (point.day, point.at_risk, point.ended, point.censored))
            .collect()
    };
    assert_eq!(
        steps(&view.curve),
        [(70, 4, 1, 0), (160, 3, 1, 0), (364, 2, 0, 2)]
    );
    assert_eq!(
        steps(&view.curve_ended_at_last_contact),
        [(40, 4, 1, 0), (70, 3, 1, 0), (364, 2, 0, 2)]
    );
    assert_eq!(
        steps(&view.curve_ended_when_learned),
        [(70, 4, 1, 0), (330, 3, 1, 0), (364, 2, 0, 2)]
    );
    assert_eq!(view.median_days, Some(160));
    let [cohort] = view.cohorts.as_slice() else {
        panic!("{view:?}");
    };
    assert_eq!(
        (cohort.cohort.as_str(), cohort.size, cohort.ended),
        ("2020-Q3", 4, 2)
    );
    let still_in = |days, observed, still_in| StillIn {
        days,
        observed,
        still_in,
    };
    assert_eq!(
        cohort.still_in,
        [still_in(90, 4, 3), still_in(182, 4, 2), still_in(365, 0, 0)]
    );
    let relapses = &view.relapses;
    assert_eq!(
        (relapses.reported, relapses.contacted, relapses.returned),
        (2, 1, 1)
    );
    assert_eq!(
        (
            relapses.median_days_to_contact,
            relapses.median_days_to_return
        ),
        (Some(4.0), Some(20.0))
    );
}

#[tokio::test]
async fn after_a_sentence_some_go_on_by_choice() {
    let world = World::on("2021-06-30");
    for (n, completed) in [
        (1, Some(("2020-11-01", true))),
        (2, Some(("2020-12-01", false))),
        (3, None),
    ] {
        participant(&world, n, BERGEN, "2020-01-01").await;
        let serving = F::SentenceServingBegun(SentenceServingBegun {
            form: SentenceForm::ElectronicMonitoring,
        });
        world.person(n, "2020-03-01", serving).await;
        if let Some((on, continues)) = completed {
            let done = F::SentenceServingCompleted(SentenceServingCompleted { continues });
            world.person(n, on, done).await;
        }
    }
    let served = async |year, name: &str| {
        let question = SentenceServing {
            unit: Some(unit(name)),
            scope: Scope::All,
            year: Some(year),
        };
        let view = ask(&world, &question, Ask::default()).await;
        (view.served, view.continued)
    };
    assert_eq!(served(2020, BERGEN).await, (3, 1));
    assert_eq!(served(2021, BERGEN).await, (1, 0));
    assert_eq!(served(2019, BERGEN).await, (0, 0));
    assert_eq!(served(2020, OSLO).await, (0, 0));
}

#[tokio::test]
async fn a_list_is_read_page_by_page_and_holds_each_person_once() {
    let world = World::on("2021-06-30");
    for n in 1..=5 {
        participant(&world, n, OSLO, "2020-01-01").await;
    }
    participant(&world, 6, BERGEN, "2020-01-01").await;
    world
        .person(
            5,
            "2020-05-01",
            F::Transferred(Transferred { to: unit(BERGEN) }),
        )
        .await;
    let mut question = Participants {
        unit: Some(unit(OSLO)),
        scope: Scope::department(unit(OSLO)),
        after: None,
        size: PageSize::new(3),
        active_within_days: 90,
        open_only: false,
    };
    let mut seen = vec![];
    let mut pages = vec![];
    loop {
        let view = ask(&world, &question, Ask::default()).await;
        pages.push(view.participants.len());
        seen.extend(
            view.participants
                .into_iter()
                .map(|person| person.participant_id),
        );
        match view.next_cursor {
            Some(cursor) => question.after = Some(cursor.parse().unwrap()),
            None => break,
        }
    }
    assert_eq!(pages, [3, 1]);
    assert_eq!(seen, [1, 2, 3, 4].map(|n| ParticipantId(id(n))));
}

#[tokio::test]
async fn one_person_is_seen_by_the_stays_that_a_department_holds() {
    let world = World::on("2021-06-30");
    participant(&world, 1, OSLO, "2020-01-01").await;
    world.person(1, "2020-02-01", contact()).await;
    world.person(1, "2020-03-01", ended()).await;
    let again = F::ReEntered(domain::participant::ReEntered {
        department: unit(BERGEN),
        channels: vec![domain::participant::Channel::Other],
        through: None,
        situation: None,
        referral_id: None,
    });
    world.stay(1, 2, "2021-01-01", "2021-01-01", again).await;
    let detail = |department: &str| ParticipantDetail {
        participant_id: ParticipantId(id(1)),
        scope: Scope::department(unit(department)),
        active_within_days: 90,
    };
    let relapse = F::RelapseReported(domain::participant::RelapseReported {});
    world.person(1, "2020-02-15", relapse).await;
    let seen = async |department, when| {
        let view = ask(&world, &detail(department), when).await?;
        let stays = view.stays.iter().map(|stay| (stay.stay_id, stay.standing));
        Some((stays.collect::<Vec<_>>(), view.relapses.len()))
    };
    let left = (vec![(StayId(id(1)), Standing::Ended)], 1);
    let back = (vec![(StayId(id(2)), Standing::Inquiry)], 0);
    assert_eq!(seen(OSLO, Ask::default()).await, Some(left.clone()));
    assert_eq!(seen(BERGEN, Ask::default()).await, Some(back));
    // In 2020 the person was at Oslo alone.
    assert_eq!(seen(OSLO, as_of("2020-12-31")).await, Some(left));
    assert_eq!(seen(BERGEN, as_of("2020-12-31")).await, None);
    let list = async |department: &str, open_only| {
        let question = Participants {
            unit: None,
            scope: Scope::department(unit(department)),
            after: None,
            size: PageSize::default(),
            active_within_days: 90,
            open_only,
        };
        let view = ask(&world, &question, Ask::default()).await;
        let stays = view.participants.into_iter().map(|one| one.stay_id);
        stays.collect::<Vec<_>>()
    };
    assert_eq!(list(OSLO, false).await, [StayId(id(1))]);
    assert_eq!(list(OSLO, true).await, []);
    assert_eq!(list(BERGEN, true).await, [StayId(id(2))]);

    let mut timeline = TimelineOf {
        participant_id: ParticipantId(id(1)),
        scope: Scope::All,
        kinds: None,
        after: None,
        size: PageSize::new(4),
    };
    let first = ask(&world, &timeline, Ask::default()).await.unwrap();
    timeline.after = Some(first.next_cursor.unwrap().parse().unwrap());
    let second = ask(&world, &timeline, Ask::default()).await.unwrap();
    assert_eq!(second.next_cursor, None);
    let kinds: Vec<_> = first
        .facts
        .iter()
        .chain(&second.facts)
        .map(|fact| (fact.occurred_at.to_string(), fact.kind.as_str()))
        .collect();
    assert_eq!(
        kinds,
        [
            ("2020-01-01", "first-contact-made"),
            ("2020-01-01", "first-conversation-held"),
            ("2020-01-01", "kartlegging-done"),
            ("2020-01-01", "participation-begun"),
            ("2020-02-01", "contact-held"),
            ("2020-02-15", "relapse-reported"),
            ("2020-03-01", "participation-ended"),
            ("2021-01-01", "re-entered")
        ]
        .map(|(day, kind)| (day.to_owned(), kind))
    );
    assert_eq!(
        second.facts[0].data,
        serde_json::json!({ "channel": "sms", "with": "veileder" })
    );
    (timeline.after, timeline.size) = (None, PageSize::default());
    for (department, facts) in [(OSLO, Some(7)), (BERGEN, Some(1)), (SLEMDAL, None)] {
        timeline.scope = Scope::department(unit(department));
        let view = ask(&world, &timeline, Ask::default()).await;
        assert_eq!(view.map(|view| view.facts.len()), facts, "{department}");
    }
}

/// What is due, as (task, day).
async fn due(world: &World, name: &str, on: &str) -> Vec<(Task, Day)> {
    let question = Worklist {
        unit: Some(unit(name)),
        scope: Scope::department(unit(name)),
        after: None,
        size: PageSize::default(),
        figures: Figures::default(),
    };
    let view = ask(world, &question, as_of(on)).await;
    view.items
        .iter()
        .map(|item| (item.task, item.due_on))
        .collect()
}

fn matched(kind: OppdragKind) -> F {
    F::TidgiverMatched(TidgiverMatched {
        oppdrag_id: OppdragId(id(5)),
        tidgiver: TidgiverId(id(6)),
        kind,
        purpose: SupportWish::Sport,
        begins: day("2020-02-01"),
        review: day("2020-03-20"),
        ends: day("2020-05-01"),
        because: vec![MatchReason::Needs],
        ground_rules_accepted: true,
        by_exception: false,
    })
}

fn veileder() -> F {
    F::VeilederAssigned(VeilederAssigned {
        veileder: StaffId(id(3)),
    })
}

#[tokio::test]
async fn who_made_contact_waits_for_a_conversation_and_a_veileder() {
    let world = World::on("2021-06-30");
    world.person(1, "2020-01-01", first_contact(OSLO)).await;
    let both = [
        (Task::BookFirstConversation, day("2020-01-01")),
        (Task::AssignVeileder, day("2020-01-01")),
    ];
    assert_eq!(due(&world, OSLO, "2020-01-01").await, both);
    assert_eq!(due(&world, BERGEN, "2020-01-01").await, []);
    let booked = F::FirstConversationBooked(FirstConversationBooked {
        on: day("2020-01-09"),
    });
    world.person(1, "2020-01-02", booked).await;
    assert_eq!(due(&world, OSLO, "2020-01-02").await, both[1..]);
    // It moves with the person, and is gone with the stay.
    world
        .person(
            1,
            "2020-01-03",
            F::Transferred(Transferred { to: unit(BERGEN) }),
        )
        .await;
    assert_eq!(due(&world, OSLO, "2020-01-03").await, []);
    assert_eq!(due(&world, BERGEN, "2020-01-03").await, both[1..]);
    world.person(1, "2020-01-04", veileder()).await;
    assert_eq!(due(&world, BERGEN, "2020-01-04").await, []);
    // No plan by choice is nobody's task.
    world
        .person(1, "2020-01-05", F::PlanDeclined(PlanDeclined {}))
        .await;
    assert_eq!(due(&world, BERGEN, "2020-06-01").await, []);
}

#[tokio::test]
async fn a_relapse_asks_for_contact_until_the_person_is_reached() {
    let world = World::on("2021-06-30");
    participant(&world, 1, OSLO, "2020-01-01").await;
    world.person(1, "2020-01-01", veileder()).await;
    world
        .person(1, "2020-02-01", F::RelapseReported(RelapseReported {}))
        .await;
    let until = |on: &str| [(Task::MakeContactAfterRelapse, day(on))];
    assert_eq!(due(&world, OSLO, "2020-02-01").await, until("2020-02-04"));
    let reached = |reached| F::RelapseContactMade(RelapseContactMade { reached });
    world.person(1, "2020-02-03", reached(false)).await;
    assert_eq!(due(&world, OSLO, "2020-02-03").await, until("2020-02-06"));
    world.person(1, "2020-02-05", reached(true)).await;
    assert_eq!(due(&world, OSLO, "2020-02-05").await, []);
    // And as of the day before, it was open.
    assert_eq!(due(&world, OSLO, "2020-02-04").await, until("2020-02-06"));
}

#[tokio::test]
async fn treatment_asks_to_be_ready_and_to_be_there() {
    let world = World::on("2021-06-30");
    participant(&world, 1, OSLO, "2020-01-01").await;
    world.person(1, "2020-01-01", veileder()).await;
    let consent = F::ConsentGiven(ConsentGiven {
        consent_id: ConsentId(id(9)),
        purpose: ConsentPurpose::TreatmentPhase,
        unit: unit(SLEMDAL),
        referral_id: None,
    });
    world.person(1, "2020-01-01", consent).await;
    let planned = F::DischargePlanned(DischargePlanned {
        unit: unit(SLEMDAL),
        on: day("2020-03-01"),
        consent_id: ConsentId(id(9)),
    });
    world.person(1, "2020-02-01", planned).await;
    let ready = [(Task::BeReadyBeforeDischarge, day("2020-03-01"))];
    assert_eq!(due(&world, OSLO, "2020-02-01").await, ready);
    let left = F::TreatmentLeftEarly(TreatmentLeftEarly {
        unit: unit(SLEMDAL),
        consent_id: ConsentId(id(9)),
    });
    world.person(1, "2020-02-20", left).await;
    let there = [(Task::MakeContactAfterTreatmentLeft, day("2020-02-23"))];
    assert_eq!(due(&world, OSLO, "2020-02-20").await, there);
    world.person(1, "2020-02-21", contact()).await;
    assert_eq!(due(&world, OSLO, "2020-02-21").await, []);
}

#[tokio::test]
async fn a_referral_waits_for_consent_conversation_and_answer() {
    let world = World::on("2021-06-30");
    world
        .referral(
            1,
            "2020-01-01",
            referral(SLEMDAL, Situation::InPatient, false),
        )
        .await;
    let expires = [(Task::AskForConsent, day("2020-01-31"))];
    assert_eq!(due(&world, OSLO, "2020-01-01").await, expires);
    assert_eq!(due(&world, OSLO, "2020-01-31").await, expires);
    assert_eq!(due(&world, OSLO, "2020-02-01").await, []);
    world.referral(1, "2020-01-10", agreed(1)).await;
    let both = [
        (Task::HoldJointConversation, day("2020-01-10")),
        (Task::AnswerReferral, day("2020-01-10")),
    ];
    assert_eq!(due(&world, OSLO, "2020-01-10").await, both);
    let joint = ReferralFact::JointConversationHeld(JointConversationHeld {});
    world.referral(1, "2020-01-12", joint).await;
    assert_eq!(due(&world, OSLO, "2020-01-12").await, both[1..]);
    let accepted = ReferralFact::ReferralAccepted(ReferralAccepted {});
    world.referral(1, "2020-01-13", accepted).await;
    assert_eq!(due(&world, OSLO, "2020-01-13").await, []);
}

#[tokio::test]
async fn an_oppdrag_asks_for_its_steps() {
    let world = World::on("2021-06-30");
    participant(&world, 1, OSLO, "2020-01-01").await;
    world.person(1, "2020-01-01", veileder()).await;
    world
        .person(1, "2020-01-30", matched(OppdragKind::Social))
        .await;
    let oppdrag_id = OppdragId(id(5));
    let start = [(Task::HoldStartConversation, day("2020-02-01"))];
    assert_eq!(due(&world, OSLO, "2020-01-30").await, start);
    let started = F::StartConversationHeld(StartConversationHeld { oppdrag_id });
    world.person(1, "2020-02-03", started).await;
    assert_eq!(due(&world, OSLO, "2020-03-01").await, []);
    let follow_up = (Task::FollowUpOppdrag, day("2020-03-02"));
    assert_eq!(due(&world, OSLO, "2020-03-02").await, [follow_up]);
    let review = (Task::ReviewOppdrag, day("2020-03-20"));
    assert_eq!(due(&world, OSLO, "2020-03-20").await, [follow_up, review]);
    let end = (Task::EndOrExtendOppdrag, day("2020-05-01"));
    assert_eq!(due(&world, OSLO, "2020-05-01").await, [follow_up, review]);
    assert_eq!(
        due(&world, OSLO, "2020-05-02").await,
        [follow_up, review, end]
    );

    // Two cancelled meetings; a worry; each in its turn.
    let cancelled = || {
        F::OppdragMeetingCancelled(OppdragMeetingCancelled {
            oppdrag_id,
            by: CancelledBy::Tidgiver,
        })
    };
    world.person(1, "2020-02-10", cancelled()).await;
    assert_eq!(due(&world, OSLO, "2020-02-10").await, []);
    world.person(1, "2020-02-17", cancelled()).await;
    let talk = (Task::TalkOverCancellations, day("2020-02-17"));
    assert_eq!(due(&world, OSLO, "2020-02-17").await, [talk]);
    let worry = ConcernId(id(8));
    let raised = F::SafetyConcernRaised(SafetyConcernRaised {
        concern_id: worry,
        oppdrag_id: Some(oppdrag_id),
    });
    world.person(1, "2020-02-20", raised).await;
    let acknowledge = (Task::AcknowledgeSafetyConcern, day("2020-02-21"));
    assert_eq!(due(&world, OSLO, "2020-02-20").await, [talk, acknowledge]);
    let acknowledged =
        F::SafetyConcernAcknowledged(SafetyConcernAcknowledged { concern_id: worry });
    world.person(1, "2020-02-21", acknowledged).await;
    assert_eq!(due(&world, OSLO, "2020-02-21").await, [talk]);
}

#[tokio::test]
async fn an_oppdrag_left_open_is_seen_to_where_the_stay_was() {
    let world = World::on("2021-06-30");
    participant(&world, 1, OSLO, "2020-01-01").await;
    world.person(1, "2020-01-01", veileder()).await;
    world
        .person(1, "2020-01-30", matched(OppdragKind::Social))
        .await;
    world.person(1, "2020-02-20", ended()).await;
    let again = F::ReEntered(domain::participant::ReEntered {
        department: unit(BERGEN),
        channels: vec![domain::participant::Channel::Other],
        through: None,
        situation: None,
        referral_id: None,
    });
    world.stay(1, 2, "2021-01-01", "2021-01-01", again).await;
    let left_open = [(Task::EndOppdragLeftOpen, day("2020-02-20"))];
    assert_eq!(due(&world, OSLO, "2020-03-30").await, left_open);
    assert_eq!(due(&world, OSLO, "2021-02-01").await, left_open);
    let tidgivers = OppdragOfTidgiver {
        tidgiver_id: TidgiverId(id(6)),
    };
    let seen = async |on| {
        let view = ask(&world, &tidgivers, as_of(on)).await;
        let [oppdrag] = view.participants.as_slice() else {
            panic!("one oppdrag: {view:?}");
        };
        (oppdrag.left_open, oppdrag.ended)
    };
    assert_eq!(seen("2020-02-19").await, (None, None));
    assert_eq!(seen("2021-02-01").await, (Some(day("2020-02-20")), None));
    let end = F::OppdragEnded(OppdragEnded {
        oppdrag_id: OppdragId(id(5)),
        reason: OppdragEnd::TidgiversWish,
    });
    world.person(1, "2021-02-02", end).await;
    assert_eq!(due(&world, OSLO, "2021-02-01").await, left_open);
    assert_eq!(due(&world, OSLO, "2021-02-02").await, []);
    assert_eq!(seen("2021-02-02").await, (None, Some(day("2021-02-02"))));
}

#[tokio::test]
async fn a_plan_and_its_goals_are_seen_as_of_a_day_and_as_known_then() {
    let world = World::on("2021-06-30");
    participant(&world, 1, OSLO, "2020-01-01").await;
    let plans = PlansOf {
        participant_id: ParticipantId(id(1)),
        scope: Scope::department(unit(OSLO)),
    };
    let goal_id = GoalId(id(20));
    for (on, fact) in [
        ("2020-02-01", F::PlanDeclined(PlanDeclined {})),
        (
            "2020-03-01",
            F::PlanMade(PlanMade {
                form: PlanForm::PhotographedBoard,
            }),
        ),
        (
            "2020-03-01",
            F::GoalSet(GoalSet {
                goal_id,
                text: VaultEntryId(id(21)),
                participant_agreed: true,
            }),
        ),
        ("2020-05-01", F::GoalReached(GoalReached { goal_id })),
    ] {
        world.person(1, on, fact).await;
    }
    // Told in 2021, of an autumn before: it is not the latest.
    let progress = F::GoalProgressReported(GoalProgressReported {
        goal_id,
        progress: Progress::NotSure,
    });
    world
        .person_late(1, "2020-04-01", "2021-01-01", progress)
        .await;
    let mut goal = Goal {
        goal_id,
        wording: VaultEntryId(id(21)),
        text: None,
        participant_agreed: true,
        set_on: day("2020-03-01"),
        progress: Some(Progress::NotSure),
        progress_on: Some(day("2020-04-01")),
        reached_on: Some(day("2020-05-01")),
        dropped_on: None,
    };
    let mut plan = PlanOfStay {
        stay_id: StayId(id(1)),
        department: unit(OSLO),
        opened: day("2020-01-01"),
        ended: None,
        plan: PlanState::Made,
        form: Some(PlanForm::PhotographedBoard),
        since: Some(day("2020-03-01")),
        goals: vec![goal.clone()],
    };
    let seen = async |when| ask(&world, &plans, when).await.map(|view| view.plans);
    assert_eq!(seen(Ask::default()).await, Some(vec![plan.clone()]));
    goal.reached_on = None;
    plan.goals = vec![goal.clone()];
    assert_eq!(seen(as_of("2020-04-30")).await, Some(vec![plan.clone()]));
    let then = Ask {
        as_of: Some(day("2020-04-30")),
        known_at: Some(RecordedAt(day("2020-12-31").ends())),
    };
    (goal.progress, goal.progress_on) = (None, None);
    plan.goals = vec![goal];
    assert_eq!(seen(then).await, Some(vec![plan.clone()]));
    plan.goals = vec![];
    (plan.plan, plan.form) = (PlanState::Declined, None);
    plan.since = Some(day("2020-02-01"));
    assert_eq!(seen(as_of("2020-02-29")).await, Some(vec![plan]));
    let elsewhere = PlansOf {
        scope: Scope::department(unit(BERGEN)),
        ..plans.clone()
    };
    assert_eq!(ask(&world, &elsewhere, Ask::default()).await, None);
}
