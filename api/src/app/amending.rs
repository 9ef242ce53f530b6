//! Whose an amendment is: of the fact that it comes to, as it was and as it shall be.

use domain::{
    es::{
        EventId, RecordedEvent,
        amend::{Kind, effective},
    },
    event::{self, Recorded},
    words::UnitId,
};
use serde_json::{Map, Value};

use super::{
    Application, Target, Telling,
    about::{self, There},
};
use crate::{
    auth::{
        Principal,
        rights::{self, About, Amended, Teller},
    },
    problem::{self, Problem},
};

type Fields = Map<String, Value>;

/// The fact that an amendment comes to.
#[derive(Debug, Clone)]
pub(super) struct Amending {
    /// Its kind.
    pub(super) kind: &'static Kind,
    /// What it says now, as last corrected.
    pub(super) was: Fields,
    /// What it will say; `None` if it will not count.
    shall_be: Option<Fields>,
    /// Who told it, and what is amended of it.
    tellers: Vec<Teller>,
}

impl Amending {
    /// What an amendment told in `fields` comes to; `None` if the record holds no such entry.
    pub(super) fn of(events: &[RecordedEvent], kind: &Kind, fields: &Fields) -> Option<Self> {
        let named: EventId = fields.get("entry")?.as_str()?.parse().ok()?;
        let mut at = events.iter().position(|event| event.id == named)?;
        let mut tellers = vec![teller(&events[at])];
        let decoded: Vec<Recorded> = events
            .iter()
            .filter_map(|event| Recorded::decode(event.clone()).ok())
            .collect();
        let find = |history: &[Recorded], id| history.iter().find(|known| known.id == id).cloned();
        let mut fact = find(&decoded, named)?;
        while let Some(amendment) = fact.event.amendment() {
            let amended = amendment.entry();
            at = events[..at].iter().position(|event| event.id == amended)?;
            tellers.push(teller(&events[at]));
            fact = find(&decoded, amended)?;
        }
        let now = find(&effective(decoded.clone()), fact.id);
        let shall_be = if kind.kind == "entry-corrected" {
            fields.get("data").and_then(Value::as_object).cloned()
        } else {
            // A retracted entry leaves the history as it would be without it.
            let mut others = decoded;
            others.retain(|event| event.id != named);
            find(&effective(others), fact.id).as_ref().map(said)
        };
        let stream = fact.stream.category();
        Some(Self {
            kind: event::kinds()
                .find(|kind| kind.stream == stream && kind.kind == fact.event.kind())?,
            was: said(now.as_ref().unwrap_or(&fact)),
            shall_be,
            tellers,
        })
    }

    /// Whether a person comes to belong to another department by it.
    fn moves(&self) -> bool {
        let opens = matches!(self.kind.kind, "first-contact-made" | "re-entered");
        let told = |fields: &Fields| fields.get("department").cloned();
        let shall_be = self.shall_be.as_ref().and_then(told);
        opens && shall_be.is_some_and(|department| Some(department) != told(&self.was))
    }
}

/// What a fact says, without the ids that say of whom.
fn said(event: &Recorded) -> Fields {
    let mut data: Value = serde_json::from_str(event.event.to_json().get()).unwrap_or_default();
    let fact = data.get_mut("fact").map(Value::take);
    match fact.unwrap_or(data) {
        Value::Object(fields) => fields,
        _ => Fields::new(),
    }
}

fn teller(event: &RecordedEvent) -> Teller {
    let metadata = event.read_metadata().ok();
    Teller {
        actor: metadata.as_ref().map_or_else(
            || domain::es::ActorId(uuid::Uuid::nil()),
            |known| known.actor.id,
        ),
        unit: metadata.and_then(|known| known.unit),
    }
}

fn named(fields: &Fields, name: &str) -> Option<UnitId> {
    fields.get(name)?.as_str()?.parse().ok()
}

impl Application {
    /// Whether somebody may amend the entry that a telling names. Who may amend it as it was is
    /// told what speaks against what it shall be.
    pub(super) async fn may_amend(
        &self,
        who: &Principal,
        telling: &Telling,
    ) -> Result<bool, Problem> {
        let target = &telling.target;
        let events = self.events(target).await?;
        let Some(amending) = Amending::of(&events, telling.kind, &telling.fields) else {
            // That there is no such entry may hear who may amend some.
            let there = self.about(target, &telling.fields, false).await?;
            return Ok(match there {
                There::Held(about) => rights::may_record(who, telling.kind, &about),
                There::Nothing | There::Free => false,
            });
        };
        let Some(was) = self.about_fact(target, &amending, &amending.was).await? else {
            return Ok(false);
        };
        let shall_be = match &amending.shall_be {
            Some(fields) => self.about_fact(target, &amending, fields).await?,
            None => None,
        };
        let amended = Amended {
            kind: amending.kind,
            was,
            shall_be,
            moves: amending.moves(),
            tellers: amending.tellers.clone(),
        };
        if rights::may_amend(who, &amended) {
            return Ok(true);
        }
        let as_it_was = Amended {
            shall_be: None,
            moves: false,
            ..amended
        };
        let Some(fields) = &amending.shall_be else {
            return Ok(false);
        };
        if rights::may_amend(who, &as_it_was) {
            if let (Some(own), Some(told)) = (&who.unit, named(fields, "from"))
                && *own != told
            {
                return Err(problem::for_another(own, &told, "/data/from"));
            }
            if let Some(problem) = self.unregistered_in(fields).await? {
                return Err(problem.of_corrected());
            }
        }
        Ok(false)
    }

    /// What a fact is about that says this.
    async fn about_fact(
        &self,
        target: &Target,
        amending: &Amending,
        fields: &Fields,
    ) -> Result<Option<About>, Problem> {
        let kind = amending.kind;
        let about = match self.about(target, fields, false).await? {
            There::Held(about) => Some(about),
            // What opened the record may be retracted.
            There::Nothing | There::Free => about::as_told(target, fields),
        };
        let named = |name: &str, known| named(fields, name).unwrap_or(known);
        Ok(about.map(|about| match (kind.kind, about) {
            (
                "referral-proposed",
                About::Referral {
                    from,
                    to,
                    participant,
                },
            ) => About::Referral {
                from: named("from", from),
                to: named("to", to),
                participant,
            },
            ("tidgiver-applied", About::Tidgiver { department }) => About::Tidgiver {
                department: named("department", department),
            },
            (_, about) => about,
        }))
    }
}
