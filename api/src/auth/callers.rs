//! Which roles may call what, for the documentation: asked of the rights themselves, so that the
//! two cannot differ.

use domain::{
    es::{ActorId, Role, amend::Kind},
    words::{ParticipantId, TidgiverId, UnitId},
};
use uuid::Uuid;

use super::{
    Principal,
    rights::{About, Query, may_record, may_see},
};

/// The roles, in the order in which they are told.
const ROLES: [Role; 9] = [
    Role::Veileder,
    Role::TidgiverCoordinator,
    Role::DepartmentLeader,
    Role::NationalLead,
    Role::Analyst,
    Role::Institution,
    Role::Tidgiver,
    Role::Participant,
    Role::Operator,
];

/// The roles that may have a command recorded about what is theirs.
#[must_use]
pub fn of_command(kind: &Kind) -> Vec<Role> {
    let theirs = somebody();
    let unit = || theirs.unit.clone().expect("somebody has a unit");
    let (subject, elsewhere) = (theirs.subject.0, other_unit());
    let about_unit = |id| About::Unit { id };
    let abouts: Vec<About> = match kind.stream {
        "participant" => vec![About::Participant {
            id: ParticipantId(subject),
            departments: [unit()].into(),
            tidgiver: Some(TidgiverId(subject)),
        }],
        "referral" => vec![About::Referral {
            from: unit(),
            to: unit(),
            participant: Some(ParticipantId(subject)),
        }],
        "tidgiver" => vec![About::Tidgiver { department: unit() }],
        "cooperation" => vec![About::Cooperation {
            unit: unit(),
            department: unit(),
        }],
        _ => vec![about_unit(unit()), about_unit(elsewhere)],
    };
    among(|who| abouts.iter().any(|about| may_record(who, kind, about)))
}

/// The roles that get an answer to a question.
#[must_use]
pub fn of_query(query: Query) -> Vec<Role> {
    among(|who| may_see(who, query).is_some())
}

fn among(may: impl Fn(&Principal) -> bool) -> Vec<Role> {
    let in_role = |role: &Role| Principal {
        role: *role,
        ..somebody()
    };
    ROLES
        .into_iter()
        .filter(|role| may(&in_role(role)))
        .collect()
}

fn somebody() -> Principal {
    Principal {
        subject: ActorId(Uuid::from_u128(1)),
        role: Role::System,
        unit: Some("theirs".parse().expect("a unit's id")),
    }
}

fn other_unit() -> UnitId {
    "elsewhere".parse().expect("a unit's id")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::by_command;

    #[test]
    fn the_callers_of_a_command_are_those_whom_the_rights_name() {
        let of = |stream, command| of_command(by_command(stream, command).unwrap());
        assert_eq!(of("participant", "transfer"), [Role::DepartmentLeader]);
        assert_eq!(
            of("participant", "hold-oppdrag-meeting"),
            [
                Role::Veileder,
                Role::TidgiverCoordinator,
                Role::DepartmentLeader,
                Role::Tidgiver
            ]
        );
        assert_eq!(of("referral", "propose-referral"), [Role::Institution]);
        assert_eq!(
            of_query(Query::Plan),
            [Role::Veileder, Role::DepartmentLeader, Role::Participant]
        );
    }
}
