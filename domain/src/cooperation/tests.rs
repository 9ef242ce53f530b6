//! The rules of a cooperation, one test each.

use std::{collections::BTreeMap, sync::Arc};

use super::*;
use crate::{
    es::spec::{given, nth_id},
    words::{StaffId, UnitKind, UnitTraits},
};

type C = CooperationCommand;
use CooperationRejection as Why;

fn world() -> World {
    let traits = |kind| UnitTraits {
        kind,
        offers_individual_tidgiver: false,
    };
    World {
        units: Arc::new(BTreeMap::from([
            (
                "stegforsteg-oslo".parse().unwrap(),
                traits(UnitKind::Department),
            ),
            (
                "slemdal".parse().unwrap(),
                traits(UnitKind::TreatmentInstitution),
            ),
        ])),
        ..World::default()
    }
}

fn begun(unit: &str, department: &str) -> CooperationBegun {
    CooperationBegun {
        unit: unit.parse().unwrap(),
        department: department.parse().unwrap(),
        coordinator: StaffId(nth_id(50)),
    }
}

fn running() -> [(&'static str, CooperationFact); 1] {
    [(
        "2018-10-01",
        CooperationFact::CooperationBegun(begun("slemdal", "stegforsteg-oslo")),
    )]
}

#[test]
fn d41_a_cooperation_begins_with_a_named_coordinator() {
    let visit = C::HoldPresence(PresenceHeld {
        setting: Setting::InformalPresence,
    });
    given::<Cooperation>([])
        .when_in(&world(), "2018-10-03", visit.clone())
        .then_rejected(&Why::NotBegun);
    given::<Cooperation>([])
        .when_in(
            &world(),
            "2018-10-01",
            C::BeginCooperation(begun("slemdal", "stegforsteg-oslo")),
        )
        .then([running()[0].1.clone()]);
    given::<Cooperation>(running())
        .when_in(&world(), "2018-10-03", visit.clone())
        .then([visit.into_fact()]);
}

#[test]
fn d41_an_agreement_or_its_absence_and_the_anchoring_are_told() {
    for agreement in [Agreement::Signed, Agreement::WithoutByChoice] {
        let sign = C::SignAgreement(AgreementSigned { agreement });
        given::<Cooperation>(running())
            .when_in(&world(), "2018-11-01", sign.clone())
            .then([sign.into_fact()]);
    }
    let assess = C::AssessAnchoring(AnchoringAssessed {
        leadership: Anchoring::Weak,
        treatment: Anchoring::Strong,
    });
    given::<Cooperation>(running())
        .when_in(&world(), "2018-11-01", assess.clone())
        .then([assess.into_fact()]);
}

#[test]
fn d10_interest_is_a_head_count() {
    let interest = C::ShowInterest(InterestShown { count: 3 });
    given::<Cooperation>(running())
        .when_in(&world(), "2018-11-01", interest.clone())
        .then([interest.into_fact()]);
}

#[test]
fn g1_a_cooperation_is_between_a_registered_unit_and_a_department() {
    for (unit, department, missing) in [
        ("nowhere", "stegforsteg-oslo", "nowhere"),
        ("slemdal", "slemdal", "slemdal"),
    ] {
        given::<Cooperation>([])
            .when_in(
                &world(),
                "2018-10-01",
                C::BeginCooperation(begun(unit, department)),
            )
            .then_rejected(&Why::UnknownUnit {
                unit: missing.parse().unwrap(),
            });
        let id: CooperationId = format!("{unit}~{department}").parse().unwrap();
        assert_eq!(
            id.must_be_registered(&world()),
            Err(Why::UnknownUnit {
                unit: missing.parse().unwrap(),
            })
        );
    }
    let id: CooperationId = "slemdal~stegforsteg-oslo".parse().unwrap();
    assert_eq!(id.must_be_registered(&world()), Ok(()));
}

#[test]
fn a_pause_is_told_once_and_begins_anew() {
    let pause = C::PauseCooperation(CooperationPaused {
        reason: PauseReason::InfectionControl,
    });
    let paused = [
        running()[0].clone(),
        ("2020-03-12", pause.clone().into_fact()),
    ];
    given::<Cooperation>(paused.clone())
        .when_in(&world(), "2020-04-01", pause)
        .then_nothing();
    let again = begun("slemdal", "stegforsteg-oslo");
    given::<Cooperation>(paused)
        .when_in(&world(), "2020-09-01", C::BeginCooperation(again.clone()))
        .then([CooperationFact::CooperationBegun(again)]);
}

#[test]
fn an_id_is_read_as_it_is_written() {
    let id: CooperationId = "slemdal~stegforsteg-oslo".parse().unwrap();
    assert_eq!(id.to_string(), "slemdal~stegforsteg-oslo");
    assert_eq!(
        Cooperation::stream(&id).as_str(),
        "cooperation-slemdal~stegforsteg-oslo"
    );
    assert_eq!("slemdal".parse::<CooperationId>(), Err(CooperationIdError));
}

#[test]
fn g8_heads_are_of_a_unit_that_can_be_corrected_ones_too() {
    let informed = |count| PatientsInformed { count };
    given::<Cooperation>(running())
        .when_in(&world(), "2020-04-01", C::InformPatients(informed(100_000)))
        .then([CooperationFact::PatientsInformed(informed(100_000))]);
    for command in [
        C::InformPatients(informed(100_001)),
        C::ShowInterest(InterestShown { count: 100_001 }),
        C::InformStaff(StaffInformed { count: u32::MAX }),
        C::CorrectEntry(crate::es::amend::EntryCorrected {
            entry: crate::es::EventId(crate::es::spec::nth_id(0)),
            occurred_at: "2020-04-01".parse().unwrap(),
            schema_version: 1,
            data: serde_json::json!({ "count": 100_001 }),
        }),
    ] {
        given::<Cooperation>(running())
            .when_in(&world(), "2020-04-01", command)
            .then_rejected(&Why::TooMany { most: 100_000 });
    }
}
