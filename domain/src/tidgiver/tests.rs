//! The rules of a tidgiver's way, one test each.

use std::{collections::BTreeMap, sync::Arc};

use super::*;
use crate::{
    es::spec::given,
    words::{UnitKind, UnitTraits},
};

type C = TidgiverCommand;
use TidgiverRejection as Why;

fn world() -> World {
    let oslo = UnitTraits {
        kind: UnitKind::Department,
        offers_individual_tidgiver: true,
    };
    let units = BTreeMap::from([("stegforsteg-oslo".parse().unwrap(), oslo)]);
    World {
        units: Arc::new(units),
        ..World::default()
    }
}

fn applied() -> TidgiverApplied {
    TidgiverApplied {
        department: "stegforsteg-oslo".parse().unwrap(),
        name: None,
        contact: None,
    }
}

fn after(steps: &[C]) -> Vec<(&'static str, TidgiverFact)> {
    steps
        .iter()
        .map(|step| ("2020-01-01", step.clone().into_fact()))
        .collect()
}

fn approve_after(steps: &[C]) -> crate::es::spec::When<Tidgiver> {
    given::<Tidgiver>(after(steps)).when_in(&world(), "2020-02-01", C::Approve(TidgiverApproved {}))
}

#[test]
fn d30_interviewed_and_trained_comes_before_approved() {
    let rules = C::AcceptGroundRules(TidgiverGroundRulesAccepted {});
    let (apply, interview, train) = (
        C::Apply(applied()),
        C::Interview(TidgiverInterviewed {}),
        C::Train(TidgiverTrained {}),
    );
    let missing = Why::NotInterviewedAndTrained;
    approve_after(&[apply.clone(), rules.clone()]).then_rejected(&missing);
    approve_after(&[apply.clone(), interview.clone(), rules.clone()]).then_rejected(&missing);
    approve_after(&[apply.clone(), train.clone(), rules.clone()]).then_rejected(&missing);
    approve_after(&[apply, interview, train, rules])
        .then([TidgiverFact::TidgiverApproved(TidgiverApproved {})]);
}

#[test]
fn d29_the_ground_rules_come_before_approved() {
    let steps = [
        C::Apply(applied()),
        C::Interview(TidgiverInterviewed {}),
        C::Train(TidgiverTrained {}),
    ];
    approve_after(&steps).then_rejected(&Why::GroundRulesNotAccepted);
}

#[test]
fn nothing_is_known_of_who_has_not_applied_and_who_left_may_come_back() {
    approve_after(&[]).then_rejected(&Why::NotKnown);
    let left = [
        C::Apply(applied()),
        C::Leave(TidgiverLeft {
            reason: LeaveReason::Moved,
        }),
    ];
    approve_after(&left).then_rejected(&Why::HasLeft);
    given::<Tidgiver>(after(&left))
        .when_in(&world(), "2021-01-01", C::Apply(applied()))
        .then([TidgiverFact::TidgiverApplied(applied())]);
}

#[test]
fn what_is_so_already_is_not_recorded_again() {
    let steps = [C::Apply(applied()), C::Interview(TidgiverInterviewed {})];
    given::<Tidgiver>(after(&steps))
        .when_in(&world(), "2020-02-01", C::Interview(TidgiverInterviewed {}))
        .then_nothing();
}
