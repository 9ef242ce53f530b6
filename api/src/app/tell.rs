//! Telling the service something: the whole walk of a command.

use domain::{
    es::{
        Actor, CorrelationId, EventId, Metadata, OccurredAt, Position, RecordedAt, Role,
        SourceSystem, Told, TraceParent, VaultEntry, VaultEntryId, Version, amend::Kind,
    },
    rules,
    words::UnitId,
};
use infra::telemetry::{metrics, trace};
use serde_json::{Map, Value};
use tracing::{Instrument, Span, field::Empty};
use uuid::Uuid;

use super::{
    Application, Ids, Target,
    about::{self, There},
    amending::Amending,
    execute::{no_such_entry, unavailable},
    policies::Since,
    target::consent,
};
use crate::{
    auth::{
        Principal, Purpose,
        rights::{self, About},
    },
    decode::{self, Naming},
    problem::{Problem, Text, general},
};

/// What somebody tells.
#[derive(Debug, Clone)]
pub struct Telling {
    /// Of what.
    pub target: Target,
    /// What kind of fact.
    pub kind: &'static Kind,
    /// The payload's fields, as they came.
    pub fields: Map<String, Value>,
    /// Where the payload stands in what was sent: the beginning of each pointer.
    pub prefix: &'static str,
    /// When it happened; now, if not told.
    pub occurred_at: Option<OccurredAt>,
    /// The command's id.
    pub command_id: Uuid,
    /// The version the teller saw, if it must still be that one.
    pub expected: Option<Version>,
    /// Whether it is told to something that is there, by its address: then it opens nothing new.
    pub addressed: bool,
    /// Who tells it.
    pub by: By,
}

/// Who tells something, and through what.
#[derive(Debug, Clone)]
pub struct By {
    /// Whose rights count; `None` for an import, which whoever holds the data may do.
    pub principal: Option<Principal>,
    /// Who stands in the envelope.
    pub actor: Actor,
    /// On behalf of which unit.
    pub unit: Option<UnitId>,
    /// Through which system.
    pub source: SourceSystem,
    /// The request that sets it in motion.
    pub correlation_id: CorrelationId,
    /// The trace of the request.
    pub traceparent: Option<TraceParent>,
    /// When it became known, if a trusted history tells that.
    pub recorded_at: Option<RecordedAt>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Where to wait for, to see it in the read models.
    pub position: Position,
    /// The stream's version.
    pub version: Version,
    /// The events it added, now or the first time.
    pub event_ids: Vec<EventId>,
    /// Whether it stood in the log already, or was so already.
    pub already: bool,
    /// What it was told to, and what it brought into being.
    pub ids: Ids,
}

impl Outcome {
    /// The same after an earlier try, of which it is not known how much was written: what was new
    /// then is new.
    #[must_use]
    pub(crate) fn after(mut self, first: &Self) -> Self {
        self.already &= first.already || self.event_ids.is_empty();
        self
    }
}

impl Application {
    /// Tells something: who may, is it well told, then the decider, then what follows from it.
    pub async fn tell(&self, telling: Telling) -> Result<Outcome, Problem> {
        let span = tracing::info_span!(
            "command.tell",
            stream.category = telling.kind.stream,
            command = telling.kind.command,
            refused = Empty,
        );
        trace::belong_to(&span, telling.by.traceparent.as_ref());
        let outcome = self.walk(telling).instrument(span.clone()).await;
        if let Err(problem) = &outcome {
            span.record("refused", problem.rule_id());
            if let Some(rule) = problem.broken_rule() {
                metrics::refused(rule.id);
            }
        }
        outcome
    }

    async fn walk(&self, telling: Telling) -> Result<Outcome, Problem> {
        let now = telling.by.recorded_at.unwrap_or_else(|| self.clock.now());
        let opens = matches!(
            telling.kind.kind,
            "first-contact-made" | "re-entered" | "referral-proposed" | "tidgiver-applied"
        );
        let allowed = self.allowed(&telling, opens).await?;
        let asking = asking(&telling);
        let foreign = match &asking {
            Some(department) => {
                let (target, fields) = (&telling.target, &telling.fields);
                self.is_of_anothers_stay(target, fields, department).await?
            }
            None => false,
        };
        let digest = self.digest(&telling);
        let naming = Naming {
            command_id: telling.command_id,
            person: telling.target.person(),
            secret: &self.secret,
        };
        let mut fields = telling.fields;
        let mut words = if foreign {
            vec![]
        } else {
            self.words_of_correction(
                &telling.target,
                telling.kind,
                &mut fields,
                naming,
                telling.prefix,
            )
            .await?
        };
        let payload = decode::payload(telling.kind, fields, naming, telling.prefix)?;
        if allowed == Allowed::ToHearOfItsShape {
            return Err(Problem::general(&general::NOT_FOUND));
        }
        if foreign {
            return Err(placed(no_such_entry(), telling.prefix));
        }
        if let Some(problem) = telling.target.contradicted_by(&payload.data) {
            return Err(placed(problem, telling.prefix));
        }
        let command = telling.target.command(&payload)?;
        let ids = Ids::of(&telling.target, &payload);
        words.extend(payload.words);
        let occurred_at = match telling.occurred_at {
            Some(told) => told,
            None => self.first_told(telling.command_id, now).await?,
        };
        let told = Told {
            command_id: telling.command_id,
            occurred_at,
            now,
            metadata: Metadata {
                actor: telling.by.actor,
                unit: telling.by.unit,
                source: telling.by.source,
                correlation_id: telling.by.correlation_id,
                causation_id: None,
                consent_id: consent(&payload.data),
                // Whoever reads the event goes on from here, if this is traced.
                traceparent: trace::traceparent(&Span::current()).or(telling.by.traceparent),
                request_digest: Some(digest),
            },
            expected: telling.expected,
        };
        let kept = self.keep(words).await?;
        let role = told.metadata.actor.role;
        let done = match self.execute(command, &told, asking).await {
            Ok(done) => done,
            Err(failed) => {
                if failed.nothing_recorded {
                    self.discard(&kept).await;
                }
                return Err(placed(seen_by(role, failed.problem), telling.prefix));
            }
        };
        if done.event_ids.is_empty() {
            self.discard(&kept).await;
        }
        let since = Since {
            now,
            correlation_id: told.metadata.correlation_id,
            traceparent: told.metadata.traceparent,
        };
        let followed = self.carry_out(done.consequences, since).await;
        let position = match done.position.max(followed) {
            Some(position) => position,
            None => self.log.head().await.map_err(|error| {
                unavailable(&error);
                Problem::general(&general::UNAVAILABLE)
            })?,
        };
        Ok(Outcome {
            position,
            version: done.version,
            event_ids: done.event_ids,
            already: done.already_recorded,
            ids: Ids {
                stay_id: done.stay_id,
                ..ids
            },
        })
    }

    /// How far a telling is let. Nothing is told of what is not the teller's: it looks as if it
    /// were not there, whatever the telling's shape.
    async fn allowed(&self, telling: &Telling, opens: bool) -> Result<Allowed, Problem> {
        let Some(who) = &telling.by.principal else {
            return Ok(Allowed::ToTell);
        };
        let (kind, fields) = (telling.kind, &telling.fields);
        if kind.amends() {
            let may = self.may_amend(who, telling).await;
            let may = may.map_err(|problem| placed(problem, telling.prefix))?;
            return if may {
                Ok(Allowed::ToTell)
            } else {
                Err(Problem::general(&general::NOT_FOUND))
            };
        }
        let may = |about: &About| rights::may_record(who, kind, about);
        let there = self.about(&telling.target, fields, opens).await?;
        if let There::Held(about) = &there
            && may(about)
        {
            return Ok(Allowed::ToTell);
        }
        if !opens {
            return Err(Problem::general(&general::NOT_FOUND));
        }
        let unknown = self.unregistered_in(fields).await?;
        unknown.map_or(Ok(()), |problem| Err(placed(problem, telling.prefix)))?;
        let told = about::as_told(&telling.target, fields);
        let at_home = || about::at_ones_own(&telling.target, who.unit.as_ref());
        if !told.clone().or_else(at_home).as_ref().is_some_and(may) {
            return Err(Problem::general(&general::NOT_FOUND));
        }
        match (told, there) {
            (Some(_), There::Free) => Ok(Allowed::ToTell),
            (Some(_), There::Nothing) if !telling.addressed => Ok(Allowed::ToTell),
            _ => Ok(Allowed::ToHearOfItsShape),
        }
    }

    /// What tells a telling that is repeated from an id that is used twice. Keyed: it lies in the
    /// log, and the words it was made of do not.
    fn digest(&self, telling: &Telling) -> String {
        let fields = Value::Object(telling.fields.clone()).to_string();
        let occurred_at = telling.occurred_at.map(|at| at.to_string());
        let hash = self.secret.seal(
            Purpose::Digest,
            &[
                telling.target.stream().as_str().as_bytes(),
                telling.kind.kind.as_bytes(),
                fields.as_bytes(),
                occurred_at.unwrap_or_default().as_bytes(),
            ],
        );
        hash.to_hex()[..32].to_owned()
    }

    /// A correction tells words in the shape of the entry it corrects: they go to the vault too.
    /// What it leaves out of a person's words stays as it was, and so does what it tells by the
    /// reference that stands there.
    async fn words_of_correction(
        &self,
        target: &Target,
        kind: &Kind,
        fields: &mut Map<String, Value>,
        naming: Naming<'_>,
        prefix: &str,
    ) -> Result<Vec<VaultEntry>, Problem> {
        let prefix = format!("{prefix}/data");
        if kind.kind != "entry-corrected" {
            return Ok(vec![]);
        }
        let events = self.events(target).await?;
        // Of what was told before, nothing is kept again.
        if events
            .iter()
            .any(|event| event.id == EventId(naming.command_id))
        {
            return Ok(vec![]);
        }
        let Some(Amending { kind, was, .. }) = Amending::of(&events, kind, fields) else {
            return Ok(vec![]);
        };
        let Some(Value::Object(data)) = fields.get_mut("data") else {
            return Ok(vec![]);
        };
        let mut stays = Map::new();
        for name in kind.personal {
            if let Some(known) = reference(data.get(*name)) {
                if Some(known) != reference(was.get(*name)) {
                    return Err(Problem::general(&general::INVALID_DATA)
                        .at(format!("{prefix}/{name}"), NOT_THIS_REFERENCE));
                }
                data.remove(*name);
            }
        }
        for name in kind.personal.iter().chain(kind.names.as_ref()) {
            if let (false, Some(known)) = (data.contains_key(*name), was.get(*name)) {
                stays.insert((*name).to_owned(), known.clone());
            }
        }
        let words = decode::take_words(kind, data, naming, &prefix)?;
        data.extend(stays);
        let data = Value::Object(data.clone());
        decode::checked(kind, &data, &prefix)?;
        Ok(words)
    }

    /// Now; or, for what was told before without a time, the time it got then.
    async fn first_told(&self, command_id: Uuid, now: RecordedAt) -> Result<OccurredAt, Problem> {
        let found = self.log.find(EventId(command_id)).await.map_err(|error| {
            unavailable(&error);
            Problem::general(&general::UNAVAILABLE)
        })?;
        Ok(found.map_or(OccurredAt::Moment(now.0), |event| event.occurred_at))
    }

    /// Keeps what is a sender's own, such as its id of a referral.
    pub async fn remember(&self, entries: Vec<VaultEntry>) -> Result<(), Problem> {
        self.keep(entries).await.map(|_| ())
    }

    async fn keep(&self, words: Vec<VaultEntry>) -> Result<Vec<VaultEntryId>, Problem> {
        let ids: Vec<_> = words.iter().map(|entry| entry.id).collect();
        if !words.is_empty() {
            self.vault.keep(words).await.map_err(|error| {
                unavailable(&error);
                Problem::general(&general::UNAVAILABLE)
            })?;
        }
        Ok(ids)
    }

    async fn discard(&self, kept: &[VaultEntryId]) {
        if kept.is_empty() {
            return;
        }
        if let Err(error) = self.vault.discard(kept).await {
            unavailable(&error);
        }
    }
}

/// How far a telling is let.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Allowed {
    /// It is decided.
    ToTell,
    /// It would open something that is not there to be opened, or does not say where: it hears
    /// what is wrong with its shape, as any would that may be told.
    ToHearOfItsShape,
}

/// The department on whose behalf something is told of a person.
fn asking(telling: &Telling) -> Option<UnitId> {
    let who = telling.by.principal.as_ref()?;
    let of_department = matches!(
        who.role,
        Role::Veileder | Role::DepartmentLeader | Role::TidgiverCoordinator
    );
    match telling.target {
        Target::Participant(_) if of_department => who.unit.clone(),
        _ => None,
    }
}

/// A coordinator hears nothing of treatment: what is missing of a readiness is not said.
fn seen_by(role: Role, problem: Problem) -> Problem {
    if role != Role::TidgiverCoordinator || problem.rule_id() != rules::D26.id {
        return problem;
    }
    problem.detail(Text::of(
        "readiness for a tidgiver is not complete",
        "det som skal til før en tidgiver, er ikke på plass",
    ))
}

/// What is said of a reference to words that are not those of the entry.
const NOT_THIS_REFERENCE: Text = Text::of(
    "this is a reference, and not the one that stands here: tell the words, or leave the field out",
    "dette er en henvisning, og ikke den som står her: fortell ordene, eller utelat feltet",
);

/// The entry of the vault that a field refers to, if what it holds looks like one.
fn reference(told: Option<&Value>) -> Option<VaultEntryId> {
    told?.as_str()?.trim().parse().ok()
}

/// A decider points into the payload; the sender needs to know where that stood in what was sent.
fn placed(problem: Problem, prefix: &str) -> Problem {
    if prefix.is_empty() {
        return problem;
    }
    problem.under(prefix)
}
