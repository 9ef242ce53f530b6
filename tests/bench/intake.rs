//! The intake, whole: a request with its token, a cloud event that is read, checked by its shape and
//! its rules, its own ids kept in the vault, the event appended, a signed receipt answered; against
//! appends of the same number of events with none of that. The router is asked in this process.

use std::{sync::Arc, time::Duration};

use api::{
    app::{Application, Parts},
    auth::{Limits, Principal, Secret, token},
    routes::{self, Service},
};
use axum::{
    Router,
    body::{self, Body},
    http::{Request, StatusCode, header},
};
use domain::{
    es::{ActorId, Append, Expected, Role},
    words::Figures,
};
use infra::{
    clock::{Clock, SystemClock},
    event_store::Log,
    ids::RandomIds,
    read_store::ReadStore,
    vault::{MasterKey, SqlitePersonVault},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;
use uuid::Uuid;

use crate::{
    Plan, Result,
    append::appends,
    ground::Ground,
    measure::{per_second, take_turns},
    sample::Samples,
    table::{Bound, Row},
};

/// Events in a batch.
const BATCH: usize = 100;

pub(crate) async fn rows(plan: &Plan) -> Result<Vec<Row>> {
    let samples = Samples::new();
    let ground = Ground::make(plan, 1).await?;
    let desk = Desk::over(&ground.store, plan).await?;
    let beside = Ground::make(plan, 1).await?;
    let mut rows = vec![];
    for (clients, bound) in [(1, Bound::Told), (32, Bound::Floor(0.3))] {
        let measured = take_turns(
            plan,
            async |span| appends(beside.store.clone(), &samples, clients, span).await,
            async |span| tellings(&desk, &samples, (clients, 1), span).await,
        )
        .await?;
        let what = "intake, one event with its receipt, to appends";
        rows.push(
            Row {
                what,
                clients,
                measured,
                bound,
            }
            .print(),
        );
    }
    let measured = take_turns(
        plan,
        async |span| {
            per_second(1, span, |_, bell| {
                let (log, samples) = (Arc::clone(&beside.store), Arc::clone(&samples));
                async move {
                    let mut done = 0;
                    while bell.silent() {
                        let appends: Vec<Append> = (0..BATCH)
                            .map(|_| samples.append(&samples.stream(), Expected::NoStream))
                            .collect();
                        for outcome in log.append_all(appends).await {
                            outcome?;
                            done += 1;
                        }
                    }
                    Ok(done)
                }
            })
            .await
        },
        async |span| tellings(&desk, &samples, (1, BATCH), span).await,
    )
    .await?;
    let what = "intake, batches of 100 with receipts, to appends of 100";
    let (clients, bound) = (1, Bound::Floor(0.5));
    rows.push(
        Row {
            what,
            clients,
            measured,
            bound,
        }
        .print(),
    );
    Ok(rows)
}

/// Clients that tell so many events by each request.
async fn tellings(
    desk: &Desk,
    samples: &Arc<Samples>,
    (clients, batch): (usize, usize),
    span: Duration,
) -> Result<f64> {
    per_second(clients, span, |_, bell| {
        let (desk, samples) = (desk.clone(), Arc::clone(samples));
        async move {
            let mut done = 0;
            while bell.silent() {
                if batch == 1 {
                    desk.tell_one(proposal(&samples)).await?;
                } else {
                    let events = (0..batch).map(|_| proposal(&samples)).collect();
                    desk.tell_batch(events).await?;
                }
                done += batch as u64;
            }
            Ok(done)
        }
    })
    .await
}

fn proposal(samples: &Samples) -> Value {
    json!({
        "specversion": "1.0",
        "id": samples.id(),
        "source": "/slemdal/journal",
        "type": "no.stegspor.referral.referral-proposed.v1",
        "subject": format!("journal-{}", samples.id()),
        "time": "2021-06-30T09:00:00Z",
        "data": {
            "from": "slemdal",
            "to": "stegforsteg-oslo",
            "situation": "in-patient",
            "consent_id": samples.id(),
        },
    })
}

/// A service, and a token of an institution.
#[derive(Clone)]
struct Desk {
    router: Router,
    token: String,
    _folder: Arc<TempDir>,
}

impl Desk {
    async fn over(log: &Arc<dyn Log>, plan: &Plan) -> Result<Self> {
        let folder = plan.folder()?;
        let path = |name: &str| folder.path().join(name);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let master = MasterKey::read_or_make(&path("master.key"))?;
        let (vault, keys) = (path("vault.sqlite"), path("keys.sqlite"));
        let vault = SqlitePersonVault::open(&vault, &keys, &master, clock.clone()).await?;
        let secret = Secret::of([7; 32]);
        let app = Application::new(Parts {
            log: log.clone(),
            vault: Arc::new(vault),
            clock: clock.clone(),
            ids: Arc::new(RandomIds::new(clock.clone())),
            secret: secret.clone(),
            figures: Figures::default(),
            limits: Limits::NONE,
        });
        let url = format!("sqlite:{}", path("read.sqlite").display());
        let read = ReadStore::open(&url, log.clone(), clock.clone()).await?;
        let router = routes::router(Service::new(app, Arc::new(read)));
        let until = clock.now().0 + chrono::TimeDelta::days(1);
        let token = |role, unit: Option<&str>| -> Result<String> {
            let principal = Principal {
                subject: ActorId(Uuid::from_u128(1)),
                role,
                unit: unit.map(str::parse).transpose()?,
            };
            Ok(token::issue(&secret, &principal, Some(until)))
        };
        let lead = Self {
            router,
            token: token(Role::NationalLead, None)?,
            _folder: Arc::new(folder),
        };
        for (unit, kind) in [
            ("stegforsteg-oslo", "department"),
            ("slemdal", "treatment-institution"),
        ] {
            let path = format!("/v1/units/{unit}/register-unit");
            let body = json!({ "kind": kind, "offers_individual_tidgiver": true });
            lead.post(&path, "application/json", &body).await?;
        }
        Ok(Self {
            token: token(Role::Institution, Some("slemdal"))?,
            ..lead
        })
    }

    async fn tell_one(&self, event: Value) -> Result<()> {
        let told = self
            .post("/v1/intake", "application/cloudevents+json", &event)
            .await?;
        if told["receipt"]["signature"].is_string() {
            return Ok(());
        }
        Err(format!("no receipt: {told}").into())
    }

    async fn tell_batch(&self, events: Vec<Value>) -> Result<()> {
        let told = self
            .post(
                "/v1/intake",
                "application/cloudevents-batch+json",
                &events.into(),
            )
            .await?;
        let items = told["items"].as_array().ok_or("no items")?;
        match items
            .iter()
            .find(|item| !item["receipt"]["signature"].is_string())
        {
            None => Ok(()),
            Some(item) => Err(format!("no receipt: {item}").into()),
        }
    }

    async fn post(&self, path: &str, media: &str, sent: &Value) -> Result<Value> {
        let request = Request::post(path)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, media)
            .body(Body::from(sent.to_string()))?;
        let answer = self.router.clone().oneshot(request).await?;
        let status = answer.status();
        let bytes = body::to_bytes(answer.into_body(), usize::MAX).await?;
        let told: Value = serde_json::from_slice(&bytes)?;
        if status == StatusCode::OK || status == StatusCode::CREATED {
            Ok(told)
        } else {
            Err(format!("{status}: {told}").into())
        }
    }
}
