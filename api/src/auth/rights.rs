//! Who may record and see what: the one place that decides it.
//!
//! What is not yours looks the same as what is not there.

use std::collections::BTreeSet;

use domain::{
    es::{ActorId, Role, amend::Kind},
    event,
    words::{ParticipantId, TidgiverId, UnitId},
};

use super::Principal;

/// What a command is about, as far as a right may rest on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// A participant.
    Participant {
        /// Who.
        id: ParticipantId,
        /// The departments that hold a stay of theirs, or that they make contact with. Of which
        /// stay a command may tell follows from who tells it.
        departments: BTreeSet<UnitId>,
        /// The tidgiver of the oppdrag that the command names, if it names one.
        tidgiver: Option<TidgiverId>,
    },
    /// A referral.
    Referral {
        /// The unit that proposes.
        from: UnitId,
        /// The department it is proposed to.
        to: UnitId,
        /// The person, once they said yes.
        participant: Option<ParticipantId>,
    },
    /// A tidgiver.
    Tidgiver {
        /// The department they give time in, or did until they left.
        department: UnitId,
    },
    /// A cooperation.
    Cooperation {
        /// The unit.
        unit: UnitId,
        /// The department.
        department: UnitId,
    },
    /// A unit.
    Unit {
        /// Which.
        id: UnitId,
    },
}

/// What a tidgiver coordinator records of participants.
const COORDINATORS: &[&str] = &[
    "assess-tidgiver-readiness",
    "match-tidgiver",
    "hold-start-conversation",
    "hold-oppdrag-meeting",
    "cancel-oppdrag-meeting",
    "review-oppdrag",
    "extend-oppdrag",
    "end-oppdrag",
    "raise-safety-concern",
    "acknowledge-safety-concern",
];
/// What a tidgiver records, in an oppdrag of their own.
const TIDGIVERS: &[&str] = &[
    "hold-oppdrag-meeting",
    "cancel-oppdrag-meeting",
    "raise-safety-concern",
];
/// What participants record of themselves.
const PARTICIPANTS: &[&str] = &["report-goal-progress", "give-consent", "withdraw-consent"];
/// How a department answers a referral.
const ANSWERS: &[&str] = &[
    "agree",
    "hold-joint-conversation",
    "accept-referral",
    "decline-referral",
];
/// What a unit tells of its own referrals.
const PROPOSERS: &[&str] = &[
    "propose-referral",
    "admit-to-treatment",
    "agree",
    "hold-joint-conversation",
    "tell-discharge-date",
    "end-treatment",
    "leave-treatment-early",
    "withdraw-referral",
];
/// What moves a person to another department.
const TRANSFER: &str = "transfer";

/// What a department's leader tells of the department itself.
const REPORTS: &[&str] = &["report-key-figures"];

/// An entry that somebody wishes to correct or to retract.
#[derive(Debug, Clone)]
pub struct Amended {
    /// The kind of fact that it comes to.
    pub kind: &'static Kind,
    /// What the fact is about, as it counts now.
    pub was: About,
    /// What it will be about, if it still counts then.
    pub shall_be: Option<About>,
    /// Whether a person comes to belong to another department by it.
    pub moves: bool,
    /// Who told the fact, and what is amended of it.
    pub tellers: Vec<Teller>,
}

/// Who told an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Teller {
    /// Who.
    pub actor: ActorId,
    /// For which unit, if for one.
    pub unit: Option<UnitId>,
}

/// Whether somebody may have a command recorded. Who may record some fact about something, may
/// amend some entry about it: which, [`may_amend`] says.
#[must_use]
pub fn may_record(who: &Principal, kind: &Kind, about: &About) -> bool {
    if kind.amends() {
        event::kinds()
            .filter(|fact| fact.stream == kind.stream && !fact.amends())
            .any(|fact| may_tell(who, fact.command, about))
    } else {
        may_tell(who, kind.command, about)
    }
}

/// Whether somebody may amend an entry: who may record that fact, both as it was and as it shall
/// be.
///
/// Where a unit and a department share a record, each amends what it told itself; so do a tidgiver
/// and a participant in a record that others keep.
#[must_use]
pub fn may_amend(who: &Principal, amended: &Amended) -> bool {
    let Amended {
        kind,
        was,
        shall_be,
        moves,
        tellers,
    } = amended;
    let theirs = |teller: &Teller| match (who.role, was) {
        (Role::Tidgiver | Role::Participant, _) => teller.actor == who.subject,
        (Role::Institution, _) => teller.unit.is_some() && teller.unit == who.unit,
        // What came without a unit was imported, or followed from something else.
        (_, About::Referral { .. } | About::Cooperation { .. }) => {
            teller.unit.is_none() || teller.unit == who.unit
        }
        _ => true,
    };
    may_tell(who, kind.command, was)
        && shall_be
            .as_ref()
            .is_none_or(|about| may_tell(who, kind.command, about))
        && (!moves || may_tell(who, TRANSFER, was))
        && tellers.iter().all(theirs)
}

fn may_tell(who: &Principal, command: &str, about: &About) -> bool {
    let own = |unit: &UnitId| who.unit.as_ref() == Some(unit);
    let myself = |id: ParticipantId| ActorId(id.0) == who.subject;
    let among = |commands: &[&str]| commands.contains(&command);
    match (who.role, about) {
        (
            Role::Veileder | Role::DepartmentLeader | Role::TidgiverCoordinator,
            About::Participant { departments, .. },
        ) => {
            departments.iter().any(own)
                && match who.role {
                    Role::Veileder => command != TRANSFER,
                    Role::TidgiverCoordinator => among(COORDINATORS),
                    _ => true,
                }
        }
        (Role::Tidgiver, About::Participant { tidgiver, .. }) => {
            *tidgiver == Some(TidgiverId(who.subject.0)) && among(TIDGIVERS)
        }
        (Role::Participant, About::Participant { id, .. }) => myself(*id) && among(PARTICIPANTS),

        (Role::Veileder | Role::DepartmentLeader, About::Referral { to, .. }) => {
            own(to) && among(ANSWERS)
        }
        (Role::Institution, About::Referral { from, .. }) => own(from) && among(PROPOSERS),
        (Role::Participant, About::Referral { participant, .. }) => {
            participant.is_some_and(myself) && command == "withdraw-referral"
        }

        (Role::TidgiverCoordinator | Role::DepartmentLeader, About::Tidgiver { department }) => {
            own(department)
        }

        (Role::DepartmentLeader, About::Cooperation { department, .. }) => own(department),
        (Role::Institution, About::Cooperation { unit, .. }) => own(unit),

        (Role::DepartmentLeader, About::Unit { id }) => own(id) && among(REPORTS),
        (Role::NationalLead, About::Unit { .. }) => true,

        (
            Role::Veileder
            | Role::TidgiverCoordinator
            | Role::NationalLead
            | Role::Analyst
            | Role::Institution
            | Role::Tidgiver
            | Role::Operator
            | Role::Participant
            | Role::System,
            _,
        ) => false,
    }
}

/// A question that can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Query {
    /// Employees, tidgivere and participants of each department.
    KeyFigures,
    /// How many are registered, incoming, active, ….
    Standing,
    /// From units to departments, stage by stage.
    Flows,
    /// How long people stay.
    Retention,
    /// Sentences served, and who goes on by choice.
    SentenceServing,
    /// Participants.
    Participants,
    /// One of them.
    Participant,
    /// What happened to one of them.
    Timeline,
    /// The plan and goals of one of them, in words.
    Plan,
    /// Everything that is kept about one of them.
    Export,
    /// Referrals: those that a unit sent, or those sent to a department.
    Referrals,
    /// One of them.
    Referral,
    /// Tidgivere.
    Tidgivere,
    /// One of them.
    Tidgiver,
    /// What is due.
    Worklist,
    /// How units and departments work together.
    Cooperations,
    /// The units that take part.
    Units,
    /// That the log moved.
    Changes,
    /// What stands still, and its release.
    Parked,
}

/// How much of an answer somebody sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// Of which units.
    pub of: Of,
    /// Whether small counts of persons are hidden.
    pub suppressed: bool,
    /// What of a person.
    pub persons: Persons,
}

/// Of which units, or of whom, somebody sees something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Of {
    /// All.
    All,
    /// One department, or one institution's own.
    Unit(UnitId),
    /// One person: themselves.
    Myself(ParticipantId),
    /// Those with whom a tidgiver has an oppdrag.
    MyOppdrag(TidgiverId),
}

/// What somebody sees of persons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Persons {
    /// All that is kept, with their name and contact.
    Named,
    /// First name, wishes, readiness and oppdrag; nothing of treatment and sentence. Tidgivere by
    /// their names.
    Wishes,
    /// First name, agreed activity and dates of an oppdrag.
    Activity,
    /// Nobody.
    Nobody,
}

/// What somebody sees of an answer; `None` if the question is not theirs to ask.
#[must_use]
pub fn may_see(who: &Principal, query: Query) -> Option<Sight> {
    use Query::{
        Changes, Cooperations, Export, Flows, KeyFigures, Parked, Participant, Participants, Plan,
        Referral, Referrals, Retention, SentenceServing, Standing, Tidgiver, Tidgivere, Timeline,
        Units, Worklist,
    };
    let exact = |persons| {
        who.unit.clone().map(|unit| Sight {
            of: Of::Unit(unit),
            suppressed: false,
            persons,
        })
    };
    let suppressed = |of| {
        Some(Sight {
            of,
            suppressed: true,
            persons: Persons::Nobody,
        })
    };
    match (who.role, query) {
        (Role::System, _) => None,
        (_, Units | Changes) | (Role::Operator, Parked | Worklist) => suppressed(Of::All),
        (
            Role::Veileder,
            Standing | Participants | Participant | Timeline | Plan | Worklist | Cooperations
            | KeyFigures | Referrals | Referral,
        )
        | (
            Role::DepartmentLeader,
            KeyFigures | Standing | Flows | Retention | SentenceServing | Participants
            | Participant | Timeline | Plan | Export | Worklist | Cooperations | Referrals
            | Referral | Tidgivere | Tidgiver,
        ) => exact(Persons::Named),
        (
            Role::TidgiverCoordinator,
            KeyFigures | Standing | Participants | Participant | Timeline | Worklist | Tidgivere
            | Tidgiver,
        ) => exact(Persons::Wishes),
        (
            Role::NationalLead | Role::Analyst,
            KeyFigures | Standing | Flows | Retention | SentenceServing | Cooperations,
        ) => suppressed(Of::All),
        (Role::Institution, Referrals | Referral) => exact(Persons::Nobody),
        (Role::Institution, Flows | Cooperations) => suppressed(Of::Unit(who.unit.clone()?)),
        (Role::Tidgiver, Participants) => Some(Sight {
            of: Of::MyOppdrag(TidgiverId(who.subject.0)),
            suppressed: false,
            persons: Persons::Activity,
        }),
        (Role::Participant, Participant | Timeline | Plan | Export) => Some(Sight {
            of: Of::Myself(ParticipantId(who.subject.0)),
            suppressed: false,
            persons: Persons::Named,
        }),
        (
            Role::Veileder
            | Role::TidgiverCoordinator
            | Role::NationalLead
            | Role::Analyst
            | Role::Institution
            | Role::Tidgiver
            | Role::Operator
            | Role::Participant,
            _,
        )
        | (Role::DepartmentLeader, Parked) => None,
    }
}

impl Sight {
    /// The unit to answer for, where somebody asked for `asked`: their own, or any if they see all.
    /// `None` if what they asked for is not theirs.
    #[must_use]
    pub fn unit(&self, asked: Option<&UnitId>) -> Option<Option<UnitId>> {
        match (&self.of, asked) {
            (Of::All, asked) => Some(asked.cloned()),
            (Of::Unit(own), None) => Some(Some(own.clone())),
            (Of::Unit(own), Some(asked)) if own == asked => Some(Some(own.clone())),
            (Of::Unit(_) | Of::Myself(_) | Of::MyOppdrag(_), _) => None,
        }
    }
}
