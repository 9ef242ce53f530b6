//! What a decider refuses, as a problem: the rule, what is so in this case, and where in the data.

use axum::http::StatusCode;
use domain::{
    cooperation::CooperationRejection,
    es::{Broken, Day},
    participant::ParticipantRejection,
    referral::ReferralRejection,
    rules,
    tidgiver::TidgiverRejection,
    unit::UnitRejection,
    words::UnitId,
};
use serde_json::Value;

use super::{Problem, Text, general};

/// A refusal that can say where in the data it lies, and what it says in Norwegian.
pub trait Refused: Broken {
    /// The field it is about, if it is about one. `data` is what was told.
    fn pointer(&self, data: &Value) -> Option<String>;
    /// What it says, in Norwegian.
    fn nb(&self) -> String;

    /// What data alone can show to be wrong is invalid (422); what the record contradicts is a
    /// conflict (409).
    fn status(&self) -> StatusCode {
        let rule = self.rule();
        if [rules::G1, rules::G2, rules::G9].contains(&rule) {
            StatusCode::UNPROCESSABLE_ENTITY
        } else {
            StatusCode::CONFLICT
        }
    }

    /// The problem.
    fn problem(&self, data: &Value) -> Problem {
        let detail = Text::made(self.to_string(), self.nb());
        let problem = Problem::rule(self.rule(), self.status()).detail(detail.clone());
        match self.pointer(data) {
            Some(pointer) => problem.at(pointer, detail),
            None => problem,
        }
    }
}

/// A fact that lies in the future.
#[must_use]
pub fn in_future(pointer: &str) -> Problem {
    let detail = Text::of("this lies in the future", "dette ligger i framtiden");
    Problem::rule(rules::G5, StatusCode::UNPROCESSABLE_ENTITY)
        .detail(detail.clone())
        .at(pointer, detail)
}

/// A fact from before living memory.
#[must_use]
pub fn too_long_ago(pointer: &str) -> Problem {
    let detail = Text::made(
        format!("this lies before {}", Day::FIRST),
        format!("dette ligger før {}", Day::FIRST),
    );
    Problem::rule(rules::G6, StatusCode::UNPROCESSABLE_ENTITY)
        .detail(detail.clone())
        .at(pointer, detail)
}

/// A unit that is named at `pointer`, and is not registered. That is no secret: who may ask
/// anything may ask which units there are.
#[must_use]
pub fn unregistered(unit: &UnitId, pointer: &str) -> Problem {
    let detail = Text::made(
        format!("{unit} is not registered"),
        format!("{unit} er ikke registrert"),
    );
    Problem::rule(rules::G1, StatusCode::UNPROCESSABLE_ENTITY)
        .detail(detail.clone())
        .at(pointer, detail)
}

/// A token of one unit with what another tells.
#[must_use]
pub fn for_another(own: &UnitId, told: &UnitId, pointer: &str) -> Problem {
    let detail = Text::made(
        format!("the token speaks for {own}, the event for {told}"),
        format!("adgangstegnet taler for {own}, hendelsen for {told}"),
    );
    Problem::general(&general::FOR_ANOTHER)
        .detail(detail.clone())
        .at(pointer, detail)
}

fn at(name: &str) -> String {
    format!("/{name}")
}

/// A field of a fact; a correction tells the fact anew, in `data`.
fn in_fact(name: &str, data: &Value) -> String {
    if data.get("entry").is_some() {
        format!("/data/{name}")
    } else {
        at(name)
    }
}

fn too_many(most: u32) -> String {
    format!("dette er mer enn en enhet kan nå: høyst {most} tas imot")
}

/// The field that names the unit.
fn naming(unit: &UnitId, data: &Value) -> Option<String> {
    data.as_object()?
        .iter()
        .find(|(_, value)| value.as_str() == Some(unit.as_str()))
        .map(|(name, _)| at(name))
}

/// The field that holds a day before `begun`: one of the data, or when it happened.
fn too_early(begun: Day, data: &Value) -> Option<String> {
    ["ends", "review", "next_review", "on", "welcome_back_from"]
        .into_iter()
        .find(|name| {
            data.get(name)
                .and_then(Value::as_str)
                .and_then(|text| text.parse::<Day>().ok())
                .is_some_and(|day| day < begun)
        })
        .map(at)
        .or_else(|| Some(at("occurred_at")))
}

impl Refused for ParticipantRejection {
    fn pointer(&self, data: &Value) -> Option<String> {
        match self {
            Self::UnknownUnit { unit } => naming(unit, data),
            Self::NoChannel => Some(at("channels")),
            Self::GoalNotAgreed => Some(at("participant_agreed")),
            Self::NoSuchGoal => Some(at("goal_id")),
            Self::NoConsent | Self::NoSuchConsent => Some(at("consent_id")),
            Self::NameTaken => ["goal_id", "consent_id", "oppdrag_id", "concern_id"]
                .into_iter()
                .find(|name| data.get(name).is_some())
                .map(at),
            Self::NoMatchReason => Some(at("because")),
            Self::ReviewTooEarly { .. } | Self::ReviewTooLate { .. } => ["review", "next_review"]
                .into_iter()
                .find(|name| data.get(name).is_some())
                .map(at),
            // A review moves within an end that stands.
            Self::EndBeforeReview { .. } => ["ends", "next_review"]
                .into_iter()
                .find(|name| data.get(name).is_some())
                .map(at),
            Self::EndTooLate { .. } => Some(at("ends")),
            Self::OppdragEnded { .. }
            | Self::NoSuchOppdrag
            | Self::NoStartConversation
            | Self::OppdragToldAlready { .. } => Some(at("oppdrag_id")),
            Self::GroundRulesNotAccepted => Some(at("ground_rules_accepted")),
            Self::TidgiverNotApproved | Self::TidgiverElsewhere => Some(at("tidgiver")),
            Self::NoSuchConcern => Some(at("concern_id")),
            Self::NoContactTriedAfterRelapse => Some(at("reason")),
            Self::BeforeItsBeginning { begun } => too_early(*begun, data),
            Self::StayEnded { .. }
            | Self::StandingIsSettled { .. }
            | Self::ToldAlready { .. }
            | Self::BeforeAnEarlierEnd
            | Self::InAnotherStay => Some(at("occurred_at")),
            Self::NotKnown
            | Self::NoConversationYet
            | Self::NotMappedYet
            | Self::NotAParticipant
            | Self::NoLongerAnInquiry
            | Self::StayIsOpen
            | Self::NoRelapse
            | Self::KartleggingComesFirst
            | Self::NotReady
            | Self::InstitutionHasNotAgreed
            | Self::NoIndividualTidgiver
            | Self::NotServing
            | Self::ServingAlready { .. } => None,
        }
    }

    fn nb(&self) -> String {
        match self {
            Self::NotKnown => "denne personen har ikke tatt kontakt".into(),
            Self::BeforeAnEarlierEnd => "dette ligger før slutten på et tidligere opphold".into(),
            Self::UnknownUnit { unit } => {
                format!("{unit} er ikke registrert som det den nevnes som")
            }
            Self::NoChannel => "det er ikke fortalt hvordan personen kom i kontakt".into(),
            Self::NoConversationYet => "første samtale kommer før kartleggingen".into(),
            Self::NotMappedYet => "kartleggingen kommer før deltakelsen".into(),
            Self::NotAParticipant => "personen er ikke deltaker".into(),
            Self::NoLongerAnInquiry => {
                "personen er deltaker: en deltakelse avsluttes, en henvendelse lukkes".into()
            }
            Self::StayEnded { on } => format!("dette oppholdet ble avsluttet {on}"),
            Self::StandingIsSettled { on } => format!(
                "dette oppholdet ble avsluttet {on}: det som ville endre hvor det sto, fortelles \
                 som en rettelse"
            ),
            Self::ToldAlready { on } => format!("dette er fortalt allerede, om {on}"),
            Self::OppdragToldAlready { under } => {
                format!("det samme oppdraget er åpent allerede: det ble fortalt med id-en {under}")
            }
            Self::ServingAlready { since } => {
                format!("personen har sonet en dom siden {since}: den fullføres først")
            }
            Self::InAnotherStay => {
                "den dagen hører dette til et annet opphold: trekk oppføringen tilbake, og \
                 fortell den på nytt"
                    .into()
            }
            Self::NoContactTriedAfterRelapse => {
                "tilbakefall avslutter ingen deltakelse før kontakt er forsøkt".into()
            }
            Self::StayIsOpen => {
                "et opphold er åpent: den som ikke har gått, kommer ikke tilbake".into()
            }
            Self::NoRelapse => "det er ikke kjent noe tilbakefall som dette kan følge".into(),
            Self::KartleggingComesFirst => {
                "kartleggingen kommer før plan, kobling og oppdrag".into()
            }
            Self::GoalNotAgreed => {
                "et mål er deltakerens eget: det settes når deltakeren er enig".into()
            }
            Self::NoSuchGoal => "ikke noe åpent mål med denne id-en er kjent".into(),
            Self::NoConsent => "ikke noe samtykke med denne id-en gjelder overfor enheten".into(),
            Self::NoSuchConsent => "ikke noe samtykke med denne id-en er kjent".into(),
            Self::NameTaken => "denne id-en er navnet på noe annet allerede".into(),
            Self::NoMatchReason => "en kobling sier hva den bygger på".into(),
            Self::NotReady => "deltakeren har ikke sagt seg klar for en tidgiver".into(),
            Self::InstitutionHasNotAgreed => {
                "deltakeren er innlagt: institusjonen sier også ja".into()
            }
            Self::ReviewTooEarly { review, decided } => {
                format!(
                    "evalueringen er satt til {review}, som er før {decided}, da den regnes fra"
                )
            }
            Self::EndBeforeReview { ends, review } => {
                format!("slutten er satt til {ends}, som er før evalueringen {review}")
            }
            Self::ReviewTooLate { review, last } => {
                format!("evalueringen er satt til {review}, som er for sent: siste dag er {last}")
            }
            Self::EndTooLate { ends, last } => {
                format!("slutten er satt til {ends}, som er for sent: siste dag er {last}")
            }
            Self::OppdragEnded { on } => {
                format!("oppdraget ble avsluttet {on}: mer er en ny beslutning")
            }
            Self::NoSuchOppdrag => "ikke noe oppdrag med denne id-en er kjent".into(),
            Self::NoStartConversation => "samtalen mellom tre kommer før det første møtet".into(),
            Self::GroundRulesNotAccepted => {
                "deltaker og tidgiver godtar begge kjørereglene først".into()
            }
            Self::TidgiverNotApproved => {
                "tidgiveren er ikke intervjuet, opplært og godkjent".into()
            }
            Self::NoIndividualTidgiver => {
                "avdelingen tilbyr vanligvis ikke en egen tidgiver".into()
            }
            Self::TidgiverElsewhere => "tidgiveren gir tid i en annen avdeling".into(),
            Self::NoSuchConcern => "ingen bekymring med denne id-en er kjent".into(),
            Self::NotServing => "personen soner ikke her".into(),
            Self::BeforeItsBeginning { begun } => {
                format!("dette ligger før {begun}, da det som dette hører til, begynte")
            }
        }
    }
}

impl Refused for ReferralRejection {
    fn pointer(&self, data: &Value) -> Option<String> {
        match self {
            Self::UnknownUnit { unit } => naming(unit, data),
            Self::BeforeItsBeginning { begun } => too_early(*begun, data),
            Self::AnotherPerson => Some(at("participant_id")),
            Self::MoreThanContact => Some(at("name")),
            Self::NoWayOnward => Some(at("onward_to")),
            Self::WelcomeBackInThePast => Some(at("welcome_back_from")),
            Self::AlreadyProposed
            | Self::NotProposed
            | Self::PatientHasNotAgreed
            | Self::NoConsent
            | Self::Expired
            | Self::Withdrawn
            | Self::NoJointConversation
            | Self::Declined
            | Self::AlreadyAccepted => None,
        }
    }

    fn nb(&self) -> String {
        match self {
            Self::UnknownUnit { unit } => {
                format!("{unit} er ikke registrert som det den nevnes som")
            }
            Self::BeforeItsBeginning { begun } => {
                format!("dette ligger før {begun}, da det som dette hører til, begynte")
            }
            Self::AlreadyProposed => "denne henvisningen gjelder andre enheter".into(),
            Self::NotProposed => "ingen slik henvisning er foreslått".into(),
            Self::PatientHasNotAgreed => {
                "personen har ikke sagt ja: en henvisning er et forslag".into()
            }
            Self::AnotherPerson => "en annen person sa ja til denne henvisningen".into(),
            Self::MoreThanContact => "uten samtykke bevares bare en måte å nå personen på".into(),
            Self::NoConsent => "ingenting fortelles om en pasient uten samtykke".into(),
            Self::Expired => {
                "henvisningen ventet for lenge uten samtykke og gjelder ikke lenger".into()
            }
            Self::Withdrawn => "henvisningen er trukket tilbake: ikke mer fortelles".into(),
            Self::NoJointConversation => {
                "kontakt med en innlagt pasient starter med en felles samtale".into()
            }
            Self::NoWayOnward => "et «ikke nå» peker videre til en annen enhet".into(),
            Self::WelcomeBackInThePast => {
                "dagen personen er velkommen tilbake fra, er passert allerede".into()
            }
            Self::Declined => {
                "svaret var «ikke nå»: foreslå på nytt når personen er velkommen tilbake".into()
            }
            Self::AlreadyAccepted => "henvisningen er allerede tatt imot".into(),
        }
    }
}

impl Refused for TidgiverRejection {
    fn pointer(&self, _: &Value) -> Option<String> {
        match self {
            Self::NotADepartment { .. } | Self::AppliedElsewhere => Some(at("department")),
            Self::NotKnown
            | Self::HasLeft
            | Self::NotInterviewedAndTrained
            | Self::GroundRulesNotAccepted => None,
        }
    }

    fn nb(&self) -> String {
        match self {
            Self::NotKnown => "denne tidgiveren har ikke søkt".into(),
            Self::HasLeft => "denne tidgiveren har sluttet".into(),
            Self::NotADepartment { unit } => format!("{unit} er ingen registrert avdeling"),
            Self::AppliedElsewhere => {
                "denne tidgiveren gir allerede tid i en annen avdeling".into()
            }
            Self::NotInterviewedAndTrained => {
                "en tidgiver blir intervjuet og opplært før godkjenningen".into()
            }
            Self::GroundRulesNotAccepted => {
                "en tidgiver godtar kjørereglene før godkjenningen".into()
            }
        }
    }
}

impl Refused for CooperationRejection {
    fn pointer(&self, data: &Value) -> Option<String> {
        match self {
            Self::NotBegun => None,
            Self::UnknownUnit { unit } => naming(unit, data),
            Self::TooMany { .. } => Some(in_fact("count", data)),
        }
    }

    fn nb(&self) -> String {
        match self {
            Self::TooMany { most } => too_many(*most),
            Self::NotBegun => {
                "samarbeidet har ikke begynt: det begynner med en navngitt koordinator".into()
            }
            Self::UnknownUnit { unit } => {
                format!("{unit} er ikke registrert som det den nevnes som")
            }
        }
    }
}

impl Refused for UnitRejection {
    fn pointer(&self, data: &Value) -> Option<String> {
        match self {
            Self::NotRegistered => None,
            Self::FiguresOfTheFuture => Some(in_fact("on", data)),
            Self::TooMany { field, .. } => Some(in_fact(field, data)),
        }
    }

    fn nb(&self) -> String {
        match self {
            Self::NotRegistered => "enheten er ikke registrert".into(),
            Self::TooMany { most, .. } => too_many(*most),
            Self::FiguresOfTheFuture => "tallene er fortalt før dagen de gjelder for".into(),
        }
    }
}
