//! Executing a command on whichever stream it is for.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    cooperation::{Cooperation, CooperationId, CooperationRejection},
    es::{
        Broken, Decider, EventData, EventId, ExecuteError, Executed, Position, StreamName, Told,
        Version,
    },
    participant::{Participant, ParticipantCommand, ParticipantState},
    referral::Referral,
    tidgiver::Tidgiver,
    unit::{Unit, UnitRejection, UnitState},
    words::{ParticipantId, StayId, TidgiverId, UnitId, World},
};
use serde_json::{Map, Value};

use super::{Application, Command, Target, policies::Consequence, units};
use crate::problem::{self, Problem, Refused, Text, general};

/// What a command came to, whichever stream it was for.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) position: Option<Position>,
    pub(super) version: Version,
    pub(super) event_ids: Vec<EventId>,
    pub(super) already_recorded: bool,
    /// The stay that a fact about a participant belongs to.
    pub(super) stay_id: Option<StayId>,
    pub(super) consequences: Vec<Consequence>,
}

/// Why a command came to nothing: what to say of it, and whether it is certain that nothing of it
/// was recorded.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) problem: Problem,
    pub(super) nothing_recorded: bool,
}

impl Application {
    /// Executes one command, without what follows from it. `asking` is the department on whose
    /// behalf it is told of a person.
    #[tracing::instrument(
        name = "command.execute",
        skip_all,
        fields(stream.category = command.category(), version, position)
    )]
    pub(super) async fn execute(
        &self,
        command: Command,
        told: &Told,
        asking: Option<UnitId>,
    ) -> Result<Done, Failed> {
        let done = self.decide(command, told, asking).await?;
        let span = tracing::Span::current();
        span.record("version", done.version.0);
        if let Some(position) = done.position {
            span.record("position", position.0);
        }
        Ok(done)
    }

    async fn decide(
        &self,
        command: Command,
        told: &Told,
        asking: Option<UnitId>,
    ) -> Result<Done, Failed> {
        let log = self.log.as_ref();
        match command {
            Command::Participant(id, command) => {
                let stream = Participant::stream(id);
                let data = data_of(&command);
                let world = match &command {
                    ParticipantCommand::CorrectEntry(_) | ParticipantCommand::RetractEntry(_) => {
                        self.world_of_amendment(&stream, &data).await?
                    }
                    command => self.world_of_participant(id, command).await?,
                };
                let world = World { asking, ..world };
                let executed =
                    domain::es::execute::<Participant>(log, &stream, command, told, &world).await;
                let done = match executed {
                    Ok(done) => done,
                    Err(error) => {
                        let elsewhere = self.rests_elsewhere(id, &error, &world).await?;
                        return Err(elsewhere.unwrap_or_else(|| failed(error, &data)));
                    }
                };
                Ok(Done {
                    stay_id: done.entries.first().map(|entry| entry.event.stay_id),
                    ..done_of(&done, Consequence::of_participant(&done))
                })
            }
            Command::Referral(id, command) => {
                let fact = command.clone().into_fact();
                let stream = Referral::stream(id);
                let (data, world) = self.world_of(&stream, &fact, []).await?;
                let done = domain::es::execute::<Referral>(log, &stream, command, told, &world)
                    .await
                    .map_err(|error| failed(error, &data))?;
                Ok(done_of(&done, Consequence::of_referral(id, &done)))
            }
            Command::Tidgiver(id, command) => {
                let fact = command.clone().into_fact();
                let stream = Tidgiver::stream(id);
                let (data, world) = self.world_of(&stream, &fact, []).await?;
                let done = domain::es::execute::<Tidgiver>(log, &stream, command, told, &world)
                    .await
                    .map_err(|error| failed(error, &data))?;
                Ok(done_of(&done, vec![]))
            }
            Command::Cooperation(id, command) => {
                let fact = command.clone().into_fact();
                let parties = [id.unit.clone(), id.department.clone()];
                let stream = Cooperation::stream(&id);
                let (data, world) = self.world_of(&stream, &fact, parties).await?;
                let done = domain::es::execute::<Cooperation>(log, &stream, command, told, &world)
                    .await
                    .map_err(|error| failed(between(&id, error, &world), &data))?;
                Ok(done_of(&done, vec![]))
            }
            Command::Unit(id, command) => {
                let data = json(&command.clone().into_fact());
                let world = self.world([]).await?;
                let stream = Unit::stream(&id);
                let done = domain::es::execute::<Unit>(log, &stream, command, told, &world)
                    .await
                    .map_err(|error| failed(error, &data))?;
                if let UnitState::Registered(registered) = &done.state {
                    self.units.learn(id, registered);
                }
                Ok(done_of(&done, vec![]))
            }
        }
    }

    /// What is said of an amendment that an entry of another department's stay stands against: no
    /// more than that, since such a stay is not there for who asks.
    async fn rests_elsewhere<R: Broken>(
        &self,
        id: ParticipantId,
        error: &ExecuteError<R>,
        world: &World,
    ) -> Result<Option<Failed>, Failed> {
        let (ExecuteError::RestedOn { by: entry, .. } | ExecuteError::WouldBreak { entry, .. }) =
            error
        else {
            return Ok(None);
        };
        let Some(department) = &world.asking else {
            return Ok(None);
        };
        let fields = Map::from_iter([("entry".to_owned(), Value::from(entry.0.to_string()))]);
        let target = Target::Participant(id);
        let elsewhere = self.is_of_anothers_stay(&target, &fields, department).await;
        let untold = |problem| Failed {
            problem,
            nothing_recorded: true,
        };
        Ok(elsewhere.map_err(untold)?.then(|| {
            let detail = Text::of(
                "what was told since rests on this entry",
                "det som er fortalt siden, hviler på denne oppføringen",
            );
            let problem = Problem::rule(domain::rules::G7, axum::http::StatusCode::CONFLICT);
            untold(problem.detail(detail.clone()).at("/entry", detail))
        }))
    }

    /// What is told, and the world it is decided in: with the units that it names, and `more`.
    async fn world_of<E: EventData>(
        &self,
        stream: &StreamName,
        fact: &E,
        more: impl IntoIterator<Item = UnitId>,
    ) -> Result<(Value, World), Failed> {
        let data = json(fact);
        let world = if fact.amendment().is_some() {
            self.world_of_amendment(stream, &data).await?
        } else {
            self.world(units::named_in(&data).chain(more)).await?
        };
        Ok((data, world))
    }

    /// An amendment is decided with all that the facts of its stream were decided with: their
    /// units, and their tidgivere as they were when they left.
    async fn world_of_amendment(&self, stream: &StreamName, data: &Value) -> Result<World, Failed> {
        let failing = |error| failed::<UnitRejection>(error, &Value::Null);
        let log = self.log.as_ref();
        let history = log.history(stream).await;
        let history = history.map_err(|error| failing(error.into()))?;
        let told = history
            .iter()
            .filter_map(|fact| serde_json::from_str::<Value>(&fact.data).ok());
        let (mut named, mut matched) = (vec![], BTreeSet::new());
        for told in told.chain([data.clone()]) {
            for place in ["", "/fact", "/data", "/fact/data"] {
                let Some(data) = told.pointer(place) else {
                    continue;
                };
                named.extend(units::named_in(data));
                let tidgiver = data.get("tidgiver").and_then(Value::as_str);
                matched.extend(tidgiver.and_then(|id| id.parse::<TidgiverId>().ok()));
            }
        }
        let mut tidgivere = BTreeMap::new();
        for id in matched {
            let known = domain::es::load::<Tidgiver>(log, &Tidgiver::stream(id)).await;
            let known = known.map_err(|error| failed(error, &Value::Null))?;
            if let Some(credentials) = known.state.last_credentials() {
                tidgivere.insert(id, credentials);
            }
        }
        let world = self.world(named).await?;
        Ok(World { tidgivere, ..world })
    }

    async fn world(&self, named: impl IntoIterator<Item = UnitId>) -> Result<World, Failed> {
        let units = self
            .units
            .with(self.log.as_ref(), named)
            .await
            .map_err(|error| failed(error, &Value::Null))?;
        Ok(World {
            units,
            figures: self.figures,
            tidgivere: BTreeMap::new(),
            asking: None,
        })
    }

    /// A match also rests on the tidgiver's own stream, and on what the person's department offers.
    async fn world_of_participant(
        &self,
        id: ParticipantId,
        command: &ParticipantCommand,
    ) -> Result<World, Failed> {
        let data = data_of(command);
        let mut named: Vec<_> = units::named_in(&data).collect();
        let mut tidgivere = BTreeMap::new();
        if let ParticipantCommand::MatchTidgiver(matched) = command {
            let log = self.log.as_ref();
            let person = domain::es::load::<Participant>(log, &Participant::stream(id))
                .await
                .map_err(|error| failed(error, &data))?;
            if let ParticipantState::Known(person) = person.state {
                named.extend(person.stays().map(|stay| stay.department.clone()));
            }
            let tidgiver = domain::es::load::<Tidgiver>(log, &Tidgiver::stream(matched.tidgiver))
                .await
                .map_err(|error| failed(error, &data))?;
            let credentials = tidgiver.state.credentials();
            tidgivere.extend(credentials.map(|known| (matched.tidgiver, known)));
        }
        let world = self.world(named).await?;
        Ok(World { tidgivere, ..world })
    }
}

/// What has not begun between units of which one is not registered, is refused for that: nothing
/// could begin there.
fn between(
    id: &CooperationId,
    error: ExecuteError<CooperationRejection>,
    world: &World,
) -> ExecuteError<CooperationRejection> {
    match error {
        ExecuteError::Rejected(not_begun @ CooperationRejection::NotBegun) => {
            let registered = id.must_be_registered(world);
            ExecuteError::Rejected(registered.err().unwrap_or(not_begun))
        }
        error => error,
    }
}

fn data_of(command: &ParticipantCommand) -> Value {
    let event = domain::participant::ParticipantEvent {
        stay_id: domain::words::StayId(uuid::Uuid::nil()),
        referral_id: None,
        fact: command.clone().into_fact(),
    };
    json(&event)["fact"].take()
}

fn json<E: EventData>(event: &E) -> Value {
    serde_json::from_str(&event.to_json()).expect("events write well-formed JSON")
}

fn done_of<D: Decider>(executed: &Executed<D>, consequences: Vec<Consequence>) -> Done {
    Done {
        position: executed.appended.as_ref().map(|appended| appended.position),
        version: executed.version,
        event_ids: executed.entries.iter().map(|entry| entry.id).collect(),
        already_recorded: executed
            .appended
            .as_ref()
            .is_none_or(|appended| appended.already_recorded),
        stay_id: None,
        consequences,
    }
}

/// What to say of a command that came to nothing. What failed inside is logged here and told as
/// "not available".
pub(super) fn failed<R: Broken + Refused>(error: ExecuteError<R>, data: &Value) -> Failed {
    let problem = match error {
        ExecuteError::Rejected(rejection) => rejection.problem(data),
        ExecuteError::InFuture { .. } => problem::in_future("/occurred_at"),
        ExecuteError::TooLongAgo { .. } => problem::too_long_ago("/occurred_at"),
        ExecuteError::NoSuchEntry { .. } => no_such_entry(),
        ExecuteError::RetractedAlready { .. } => not_amended(Text::of(
            "this entry is retracted already",
            "denne oppføringen er trukket tilbake allerede",
        )),
        ExecuteError::NotCorrectable { .. } => not_amended(Text::of(
            "this entry amends another: correct that one, or retract this one",
            "denne oppføringen endrer en annen: rett den, eller trekk denne tilbake",
        )),
        ExecuteError::Corrected(rejection) => {
            let problem = rejection.problem(data.get("data").unwrap_or(&Value::Null));
            problem.of_corrected()
        }
        ExecuteError::RestedOn { by, why } => {
            let (rule, said) = (why.rule(), why.nb());
            let detail = Text::made(
                format!(
                    "entry {} rests on this one: retract that first ({rule}: {why})",
                    by.0
                ),
                format!(
                    "oppføringen {} hviler på denne: trekk den tilbake først ({rule}: {said})",
                    by.0
                ),
            );
            Problem::rule(domain::rules::G7, axum::http::StatusCode::CONFLICT)
                .detail(detail.clone())
                .at("/entry", detail)
        }
        ExecuteError::WouldBreak { entry, why } => {
            let detail = Text::made(
                format!("entry {} could not stand beside this: {why}", entry.0),
                format!(
                    "oppføringen {} kunne ikke stå ved siden av dette: {}",
                    entry.0,
                    why.nb()
                ),
            );
            Problem::rule(why.rule(), why.status())
                .detail(detail.clone())
                .at("/entry", detail)
        }
        ExecuteError::Correction(_) => Problem::general(&general::INVALID_DATA).at(
            "/data",
            Text::of(
                "a correction has the shape of the entry it corrects",
                "en rettelse har formen til oppføringen den retter",
            ),
        ),
        ExecuteError::Stale { expected, actual } => Problem::general(&general::STALE).at(
            "/If-Match",
            Text::made(
                format!("the record is at version {actual}, not {expected}"),
                format!("oppføringen er på versjon {actual}, ikke {expected}"),
            ),
        ),
        // What was told the first time may have told the same words: they stay.
        ExecuteError::IdTaken(_) => {
            return Failed {
                problem: id_taken(),
                nothing_recorded: false,
            };
        }
        ExecuteError::Contended => Problem::general(&general::BUSY),
        ExecuteError::Read(_) | ExecuteError::Decode { .. } => {
            unavailable(&error);
            Problem::general(&general::UNAVAILABLE)
        }
        ExecuteError::Append(_) => {
            unavailable(&error);
            return Failed {
                problem: Problem::general(&general::UNAVAILABLE),
                nothing_recorded: false,
            };
        }
    };
    Failed {
        problem,
        nothing_recorded: true,
    }
}

/// What is corrected or retracted stands in the record.
pub(super) fn no_such_entry() -> Problem {
    not_amended(Text::of(
        "no entry of this id is known here",
        "ingen oppføring med denne id-en er kjent her",
    ))
}

/// An amendment of what is not there, or not to be amended (rule G4).
fn not_amended(detail: Text) -> Problem {
    Problem::rule(domain::rules::G4, axum::http::StatusCode::CONFLICT)
        .detail(detail.clone())
        .at("/entry", detail)
}

/// An id names one thing: this one was used for another.
pub(crate) fn id_taken() -> Problem {
    Problem::rule(domain::rules::G3, axum::http::StatusCode::CONFLICT).detail(Text::of(
        "this id was used for something else",
        "denne id-en er brukt om noe annet",
    ))
}

/// Logs what failed inside, where it is handled.
pub(crate) fn unavailable(error: &dyn std::error::Error) {
    let mut causes = vec![error.to_string()];
    let mut source = error.source();
    while let Some(cause) = source {
        causes.push(cause.to_string());
        source = cause.source();
    }
    tracing::error!(cause = causes.join(": "), "the service cannot answer");
}
