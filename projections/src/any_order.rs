//! Whatever the order in which facts become known, the same rows.

use crate::{
    Happened, Projection,
    contact::Contact,
    fold, in_world_order,
    journey::Journey,
    oppdrag::Oppdrag,
    patient::Patient,
    plan::{Goals, Plans},
    relapse::Relapse,
    safety::SafetyConcern,
    sentence::Sentence,
    timeline::Timeline,
};
use domain::{
    es::{Day, EventId, OccurredAt, Position, RecordedAt, StreamName, Version},
    event::{DomainEvent, Recorded},
    participant::{
        BecamePassive, CancelledBy, Channel, ConsentGiven, ConsentPurpose, ContactChannel,
        ContactHeld, ContactWith, EndReason, FirstContactMade, FirstConversationHeld,
        GoalProgressReported, GoalReached, GoalSet, KartleggingDone, Learned, MatchReason,
        OppdragEnd, OppdragEnded, OppdragKind, OppdragMeetingCancelled, OppdragReviewed,
        Participant, ParticipantEvent, ParticipantFact as F, ParticipationBegun,
        ParticipationEnded, PlanDeclined, PlanForm, PlanMade, Progress, RelapseContactMade,
        RelapseReported, Returned, SafetyConcernRaised, SentenceForm, SentenceServingBegun,
        SentenceServingCompleted, StartConversationHeld, SupportWish, TidgiverMatched, Transferred,
        TreatmentPhase, TreatmentPhaseEntered,
    },
    words::{ConcernId, GoalId, OppdragId, ParticipantId, StayId, TidgiverId},
};
use proptest::prelude::*;
use uuid::Uuid;

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// A life that touches every read model of a person.
fn life() -> Vec<(&'static str, F)> {
    let oppdrag_id = OppdragId(id(5));
    let goal_id = GoalId(id(10));
    let held = || {
        F::ContactHeld(ContactHeld {
            channel: ContactChannel::Phone,
            with: ContactWith::Veileder,
            arena: None,
        })
    };
    vec![
        (
            "2020-01-01",
            F::FirstContactMade(FirstContactMade {
                department: "stegforsteg-oslo".parse().unwrap(),
                channels: vec![Channel::InstitutionVisit, Channel::Other],
                through: Some("slemdal".parse().unwrap()),
                situation: None,
                referral_id: None,
                name: None,
                contact: None,
            }),
        ),
        (
            "2020-01-05",
            F::FirstConversationHeld(FirstConversationHeld {}),
        ),
        (
            "2020-01-05",
            F::KartleggingDone(KartleggingDone {
                wishes: vec![SupportWish::Work],
                network_mapped: true,
            }),
        ),
        ("2020-01-07", F::ParticipationBegun(ParticipationBegun {})),
        (
            "2020-01-07",
            F::ConsentGiven(ConsentGiven {
                consent_id: domain::es::ConsentId(id(4)),
                purpose: ConsentPurpose::TreatmentPhase,
                unit: "slemdal".parse().unwrap(),
                referral_id: None,
            }),
        ),
        (
            "2020-01-08",
            F::TreatmentPhaseEntered(TreatmentPhaseEntered {
                unit: "slemdal".parse().unwrap(),
                phase: TreatmentPhase::During,
                consent_id: domain::es::ConsentId(id(4)),
            }),
        ),
        ("2020-01-20", F::PlanDeclined(PlanDeclined {})),
        (
            "2020-01-25",
            F::PlanMade(PlanMade {
                form: PlanForm::Oral,
            }),
        ),
        (
            "2020-01-25",
            F::GoalSet(GoalSet {
                goal_id,
                text: domain::es::VaultEntryId(id(9)),
                participant_agreed: true,
            }),
        ),
        (
            "2020-03-01",
            F::GoalProgressReported(GoalProgressReported {
                goal_id,
                progress: Progress::NotSure,
            }),
        ),
        (
            "2020-07-01",
            F::GoalProgressReported(GoalProgressReported {
                goal_id,
                progress: Progress::ALL[0],
            }),
        ),
        ("2020-09-01", F::GoalReached(GoalReached { goal_id })),
        ("2020-02-01", held()),
        (
            "2020-02-02",
            F::TidgiverMatched(TidgiverMatched {
                oppdrag_id,
                tidgiver: TidgiverId(id(6)),
                kind: OppdragKind::Social,
                purpose: SupportWish::Sport,
                begins: day("2020-02-10"),
                review: day("2020-03-10"),
                ends: day("2020-09-10"),
                because: vec![MatchReason::Interests],
                ground_rules_accepted: true,
                by_exception: false,
            }),
        ),
        (
            "2020-02-10",
            F::StartConversationHeld(StartConversationHeld { oppdrag_id }),
        ),
        (
            "2020-02-12",
            F::OppdragMeetingCancelled(OppdragMeetingCancelled {
                oppdrag_id,
                by: CancelledBy::Tidgiver,
            }),
        ),
        (
            "2020-03-10",
            F::OppdragReviewed(OppdragReviewed {
                oppdrag_id,
                next_review: None,
            }),
        ),
        ("2020-03-11", F::BecamePassive(BecamePassive {})),
        ("2020-04-01", F::RelapseReported(RelapseReported {})),
        (
            "2020-04-02",
            F::RelapseContactMade(RelapseContactMade { reached: false }),
        ),
        (
            "2020-04-04",
            F::RelapseContactMade(RelapseContactMade { reached: true }),
        ),
        ("2020-05-01", F::Returned(Returned {})),
        (
            "2020-05-02",
            F::SafetyConcernRaised(SafetyConcernRaised {
                concern_id: ConcernId(id(8)),
                oppdrag_id: Some(oppdrag_id),
            }),
        ),
        (
            "2020-06-01",
            F::SentenceServingBegun(SentenceServingBegun {
                form: SentenceForm::CommunitySentence,
            }),
        ),
        (
            "2020-08-01",
            F::SentenceServingCompleted(SentenceServingCompleted { continues: true }),
        ),
        (
            "2020-08-02",
            F::Transferred(Transferred {
                to: "stegforsteg-bergen".parse().unwrap(),
            }),
        ),
        ("2020-08-02", held()),
        (
            "2020-12-01",
            F::ParticipationEnded(ParticipationEnded {
                reason: EndReason::GoalsReachedOrMovedOn,
                learned: Learned::FromParticipant,
            }),
        ),
        (
            "2020-12-20",
            F::OppdragEnded(OppdragEnded {
                oppdrag_id,
                reason: OppdragEnd::TimeIsUp,
            }),
        ),
    ]
}

/// The life, as a log in which the facts stand in an order of their own.
fn told_in(order: &[usize]) -> Vec<Recorded> {
    let life = life();
    let mut log = vec![];
    for (place, at) in order.iter().enumerate() {
        let (occurred, fact) = &life[*at];
        let place = place as u64 + 1;
        log.push(Recorded {
            id: EventId(id(100 + *at as u128)),
            stream: stream(),
            version: Version(place),
            // Each fact keeps its place in the log, so that whole rows can be compared.
            position: Position(*at as u64 + 1),
            occurred_at: OccurredAt::Day(day(occurred)),
            recorded_at: RecordedAt::new(day("2021-01-01").begins()),
            event: DomainEvent::Participant(ParticipantEvent {
                stay_id: StayId(id(2)),
                referral_id: None,
                fact: fact.clone(),
            }),
        });
    }
    log
}

fn stream() -> StreamName {
    Participant::stream(ParticipantId(id(1)))
}

fn lives_told_in_two_orders() -> impl Strategy<Value = (Vec<usize>, Vec<usize>)> {
    let facts = life().len();
    proptest::sample::subsequence((0..facts).collect::<Vec<_>>(), 0..=facts)
        .prop_flat_map(|some| (Just(some.clone()).prop_shuffle(), Just(some).prop_shuffle()))
}

fn same<P: Projection>(one: &[Recorded], other: &[Recorded]) -> Result<(), TestCaseError> {
    prop_assert_eq!(
        fold::<P>(one.to_vec(), None),
        fold::<P>(other.to_vec(), None)
    );
    // A fact applied to the rows at hand is as good as a fold from nothing.
    let mut rows = vec![];
    let facts = in_world_order(one.to_vec(), None);
    for (at, fact) in facts.iter().enumerate() {
        P::apply(&mut rows, &Happened::new(fact));
        prop_assert_eq!(&rows, &fold::<P>(facts[..=at].to_vec(), None));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn any_order_of_arrival_gives_the_same_rows((one, other) in lives_told_in_two_orders()) {
        let (one, other) = (told_in(&one), told_in(&other));
        same::<Journey>(&one, &other)?;
        same::<Timeline>(&one, &other)?;
        same::<Contact>(&one, &other)?;
        same::<Relapse>(&one, &other)?;
        same::<Oppdrag>(&one, &other)?;
        same::<Patient>(&one, &other)?;
        same::<SafetyConcern>(&one, &other)?;
        same::<Sentence>(&one, &other)?;
        same::<Plans>(&one, &other)?;
        same::<Goals>(&one, &other)?;
    }
}

#[test]
fn the_life_touches_every_read_model_of_a_person() {
    let log = told_in(&(0..life().len()).collect::<Vec<_>>());
    let rows = [
        fold::<Journey>(log.clone(), None).len(),
        fold::<Timeline>(log.clone(), None).len(),
        fold::<Contact>(log.clone(), None).len(),
        fold::<Relapse>(log.clone(), None).len(),
        fold::<Oppdrag>(log.clone(), None).len(),
        fold::<Patient>(log.clone(), None).len(),
        fold::<SafetyConcern>(log.clone(), None).len(),
        fold::<Sentence>(log.clone(), None).len(),
        fold::<Plans>(log.clone(), None).len(),
        fold::<Goals>(log, None).len(),
    ];
    assert_eq!(rows, [1, life().len(), 2, 1, 1, 1, 1, 1, 1, 1]);
}
