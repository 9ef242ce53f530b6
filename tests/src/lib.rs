//! The kit that integration tests share: the real service over stores of its own, with a clock
//! that stands still and ids that follow from a seed.

mod collector;
mod faults;
pub mod kurrentdb;
mod lines;
mod loopback;
mod peers;
mod process;
mod request;

use std::{sync::Arc, time::Duration};

use api::{
    app::{Application, Parts},
    auth::{Limits, Principal, Secret, token},
    routes::{self, Service},
};
use axum::Router;
use domain::{
    es::{
        Actor, ActorId, Append, CorrelationId, EventId, EventStore, Expected, Metadata, NewEvent,
        Role, SourceSystem, StreamName,
    },
    participant::Participant,
    words::{Figures, ParticipantId},
};
use infra::{
    clock::{Clock, FixedClock},
    event_store::MemoryEventStore,
    ids::SeededIds,
    postgres::ScratchDatabase,
    read_store::ReadStore,
    vault::{MasterKey, SqlitePersonVault},
};
use serde_json::json;
use tempfile::TempDir;
use uuid::Uuid;

pub use collector::{Collector, Span};
pub use faults::{Fault, FaultyLog};
pub use lines::{line, lines_of_lives};
pub use loopback::OnLoopback;
pub use peers::peer;
pub use process::{Heard, Serving, binary, post, refused_to_serve, stegspor, text, token};
pub use request::{Reply, Request};

/// The department of most tests.
pub const OSLO: &str = "stegforsteg-oslo";
/// Another department.
pub const BERGEN: &str = "stegforsteg-bergen";
/// The institution of most tests.
pub const SLEMDAL: &str = "slemdal";
/// Another institution.
pub const LOLAND: &str = "loland";

/// The event of [`TestApp::unreadable`].
pub const UNREADABLE: EventId = EventId(Uuid::from_u128(66));

/// A database for the read models of one test, if the tests are to run on PostgreSQL:
/// `STEGSPOR_TEST_ENGINE=postgres`, with `STEGSPOR_TEST_POSTGRES` naming the server.
async fn database() -> Option<ScratchDatabase> {
    let engine = std::env::var("STEGSPOR_TEST_ENGINE");
    match engine.as_deref() {
        Err(_) | Ok("sqlite") => None,
        Ok("postgres") => {
            let made = ScratchDatabase::make("the service").await;
            Some(made.expect("STEGSPOR_TEST_ENGINE=postgres needs STEGSPOR_TEST_POSTGRES"))
        }
        Ok(other) => panic!("STEGSPOR_TEST_ENGINE is sqlite or postgres, not {other}"),
    }
}

/// The service, ready to be asked.
pub struct TestApp {
    /// What answers.
    pub service: Service,
    /// The clock; it stands at 2021-07-01T10:00Z unless it is set.
    pub clock: Arc<FixedClock>,
    router: Router,
    _folder: TempDir,
    _database: Option<ScratchDatabase>,
}

impl TestApp {
    /// A service over an empty log.
    pub async fn empty() -> Self {
        Self::over(Arc::new(MemoryEventStore::new())).await
    }

    /// A service with units: two departments, two institutions, and a place to point onward to.
    pub async fn new() -> Self {
        let app = Self::empty().await;
        for (unit, kind) in [
            (OSLO, "department"),
            (BERGEN, "department"),
            (SLEMDAL, "treatment-institution"),
            (LOLAND, "treatment-institution"),
            ("nav", "other"),
        ] {
            let register = format!("/v1/units/{unit}/register-unit");
            let reply = app
                .post(&register)
                .role(Role::NationalLead)
                .json(&json!({ "kind": kind, "offers_individual_tidgiver": true }))
                .await;
            assert_eq!(reply.status, 201, "{reply:?}");
        }
        app
    }

    /// A service over a log.
    pub async fn over(log: Arc<dyn EventStore>) -> Self {
        Self::limited(log, Limits::NONE).await
    }

    /// A service over a log, of which clients may not ask as often as they like.
    pub async fn limited(log: Arc<dyn EventStore>, limits: Limits) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let clock = Arc::new(FixedClock::at(
            "2021-07-01T10:00:00Z".parse().expect("a moment"),
        ));
        let path = |name: &str| folder.path().join(name);
        let master = MasterKey::read_or_make(&path("master.key")).expect("a key");
        let vault = SqlitePersonVault::open(
            &path("vault.sqlite"),
            &path("keys.sqlite"),
            &master,
            clock.clone(),
        )
        .await
        .expect("a vault");
        let app = Application::new(Parts {
            log: log.clone(),
            vault: Arc::new(vault),
            clock: clock.clone(),
            ids: Arc::new(SeededIds::new(1)),
            secret: Secret::of([7; 32]),
            figures: Figures::default(),
            limits,
        });
        let database = database().await;
        let url = database.as_ref().map_or_else(
            || format!("sqlite:{}", path("read.sqlite").display()),
            |database| database.url().to_owned(),
        );
        let read = ReadStore::open(&url, log, clock.clone())
            .await
            .expect("a read store");
        let service = Service {
            patience: Duration::ZERO,
            ..Service::new(app, Arc::new(read))
        };
        Self {
            router: routes::router(service.clone()),
            service,
            clock,
            _folder: folder,
            _database: database,
        }
    }

    /// The same service, whose answers may take no longer than this.
    #[must_use]
    pub fn answering_within(self, longest: Duration) -> Self {
        let service = Service {
            longest,
            ..self.service
        };
        Self {
            router: routes::router(service.clone()),
            service,
            ..self
        }
    }

    /// The same service at an address of this machine, for clients of other people's.
    pub async fn on_loopback(&self) -> OnLoopback {
        OnLoopback::serve(self.router.clone()).await
    }

    /// A request that asks.
    #[must_use]
    pub fn get(&self, path: &str) -> Request<'_> {
        Request::new(self, "GET", path)
    }

    /// A request that tells.
    #[must_use]
    pub fn post(&self, path: &str) -> Request<'_> {
        Request::new(self, "POST", path)
    }

    /// A request by another method.
    #[must_use]
    pub fn request(&self, method: &str, path: &str) -> Request<'_> {
        Request::new(self, method, path)
    }

    /// A token.
    #[must_use]
    pub fn token(&self, role: Role, unit: Option<&str>, subject: Uuid) -> String {
        let principal = Principal {
            subject: ActorId(subject),
            role,
            unit: unit.map(|unit| unit.parse().expect("a unit's id")),
        };
        token::issue(&self.service.app.secret, &principal, None)
    }

    /// Brings the read models up to date.
    pub async fn caught_up(&self) {
        self.service
            .read
            .catch_up(|_, _| {})
            .await
            .expect("the read models catch up");
    }

    /// Somebody who made contact with a department: their id.
    pub async fn contact_made(&self, department: &str, day: &str, name: &str) -> String {
        let reply = self
            .post("/v1/participants")
            .veileder(department)
            .json(&json!({
                "department": department,
                "channels": ["other-participants"],
                "name": name,
                "occurred_at": day,
            }))
            .await;
        assert_eq!(reply.status, 201, "{reply:?}");
        reply.text_of("id")
    }

    /// Tells commands of one participant, in turn: each must be recorded.
    pub async fn told(
        &self,
        participant: &str,
        department: &str,
        commands: &[(&str, serde_json::Value)],
    ) {
        for (command, body) in commands {
            let reply = self
                .post(&format!("/v1/participants/{participant}/{command}"))
                .leader(department)
                .json(body)
                .await;
            assert_eq!(reply.status, 201, "{command}: {reply:?}");
        }
    }

    /// A participant of a department: their id.
    pub async fn participant(&self, department: &str, day: &str, name: &str) -> String {
        let id = self.contact_made(department, day, name).await;
        let on = json!({ "occurred_at": day });
        self.told(
            &id,
            department,
            &[
                ("hold-first-conversation", on.clone()),
                (
                    "complete-kartlegging",
                    json!({ "wishes": ["housing"], "network_mapped": false, "occurred_at": day }),
                ),
                ("begin-participation", on),
            ],
        )
        .await;
        id
    }

    /// A participant of nobody's, whose only event no program can read.
    pub async fn unreadable(&self) {
        let person = ParticipantId(Uuid::from_u128(67));
        self.unreadable_of(Participant::stream(person), UNREADABLE)
            .await;
    }

    /// An event that no program can read, in a stream.
    pub async fn unreadable_of(&self, stream: StreamName, id: EventId) {
        let event = NewEvent {
            id,
            kind: "became-invisible",
            schema_version: 1,
            occurred_at: "2021-07-01".parse().expect("a day"),
            metadata: Metadata {
                actor: Actor {
                    id: ActorId(Uuid::from_u128(1)),
                    role: Role::System,
                },
                unit: None,
                source: SourceSystem("test".to_owned()),
                correlation_id: CorrelationId(Uuid::from_u128(1)),
                causation_id: None,
                consent_id: None,
                traceparent: None,
                request_digest: None,
            },
            data: "{}".to_owned(),
        };
        let append = Append {
            stream,
            expected: Expected::Any,
            events: vec![event],
            recorded_at: self.clock.now(),
        };
        let appended = self.service.app.log.append(append).await;
        appended.expect("the log takes it");
    }

    /// An approved tidgiver of a department: their id.
    pub async fn tidgiver(&self, department: &str, name: &str) -> String {
        let opened = self
            .post("/v1/tidgivere")
            .leader(department)
            .json(&json!({ "department": department, "name": name, "occurred_at": "2021-01-04" }))
            .await;
        assert_eq!(opened.status, 201, "{opened:?}");
        let id = opened.text_of("id");
        for command in ["interview", "train", "accept-ground-rules", "approve"] {
            let reply = self
                .post(&format!("/v1/tidgivere/{id}/{command}"))
                .leader(department)
                .json(&json!({ "occurred_at": "2021-01-04" }))
                .await;
            assert_eq!(reply.status, 201, "{command}: {reply:?}");
        }
        id
    }
}
