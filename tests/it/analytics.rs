//! The views for analysts who come with SQL: they tell what the service tells.

use std::{collections::BTreeMap, sync::Arc};

use infra::{clock::FixedClock, postgres::ScratchDatabase, read_store::ReadStore};
use projections::{
    Ask, Question, Scope, flow::Flows, journey::StandingNow, key_figures::KeyFigures,
    retention::Retention,
};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};

use crate::history;

/// The demo's history in PostgreSQL, on the demo's day.
struct Played {
    store: ReadStore,
    db: PgConnection,
    _database: ScratchDatabase,
}

impl Played {
    async fn new(what: &str) -> Option<Self> {
        let database = ScratchDatabase::make(what).await?;
        let clock = FixedClock::at("2021-07-01T10:00:00Z".parse().unwrap());
        let log = history::of_the_demo().await;
        let store = ReadStore::open(database.url(), log, Arc::new(clock))
            .await
            .unwrap();
        store.catch_up(|_, _| {}).await.unwrap();
        let mut db = PgConnection::connect(database.url()).await.unwrap();
        sqlx::query("SET stegspor.observed_until = '2021-07-01'")
            .execute(&mut db)
            .await
            .unwrap();
        Some(Self {
            store,
            db,
            _database: database,
        })
    }

    /// What the service answers.
    async fn told<Q: Question>(&self, question: &Q) -> Value {
        json!(self.store.ask(question, Ask::default()).await.unwrap().view)
    }

    /// The rows of a statement, as JSON.
    async fn rows(&mut self, sql: &str) -> Vec<Value> {
        let sql = format!("SELECT to_jsonb(r) FROM ({sql}) r");
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut self.db);
        rows.await.unwrap().iter().map(|row| row.get(0)).collect()
    }

    async fn views(&mut self) -> Vec<String> {
        let views = sqlx::query_scalar(
            "SELECT viewname::text FROM pg_views WHERE schemaname = 'analytics' ORDER BY 1",
        );
        views.fetch_all(&mut self.db).await.unwrap()
    }
}

#[tokio::test]
async fn each_view_shows_rows_of_the_demo_and_says_what_each_column_means() {
    let Some(mut played) = Played::new("views for analysts").await else {
        return;
    };
    let views = played.views().await;
    assert!(views.len() >= 13, "{views:?}");
    for view in &views {
        let rows = played
            .rows(&format!("SELECT * FROM analytics.{view}"))
            .await;
        assert!(!rows.is_empty(), "{view} shows nothing");
    }
    let without = "SELECT c.relname, a.attname FROM pg_class c \
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 \
         WHERE c.relnamespace = 'analytics'::regnamespace \
           AND (obj_description(c.oid, 'pg_class') IS NULL \
                OR col_description(c.oid, a.attnum) IS NULL)";
    assert_eq!(played.rows(without).await, Vec::<Value>::new());
}

#[tokio::test]
async fn no_view_leads_to_the_vault_or_to_staff() {
    let Some(mut played) = Played::new("what views for analysts leave out").await else {
        return;
    };
    let hidden = "SELECT table_name, column_name FROM information_schema.columns \
         WHERE table_schema = 'analytics' \
           AND column_name IN ('wording', 'veileder', 'coordinator', 'data', 'event_id')";
    assert_eq!(played.rows(hidden).await, Vec::<Value>::new());
}

#[tokio::test]
async fn who_may_read_the_views_alone_reads_nothing_else() {
    let Some(mut played) = Played::new("rights of analysts").await else {
        return;
    };
    // Roles are the server's; undone with the transaction.
    let mut rights = played.db.begin().await.unwrap();
    sqlx::raw_sql(
        "CREATE ROLE stegspor_analyst_of_a_test NOLOGIN;
         GRANT USAGE ON SCHEMA analytics TO stegspor_analyst_of_a_test;
         GRANT SELECT ON ALL TABLES IN SCHEMA analytics TO stegspor_analyst_of_a_test;
         SET LOCAL ROLE stegspor_analyst_of_a_test",
    )
    .execute(&mut *rights)
    .await
    .unwrap();
    let durations: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM analytics.stay_durations")
        .fetch_one(&mut *rights)
        .await
        .unwrap();
    assert!(durations > 100);
    let table = sqlx::raw_sql("SELECT * FROM timeline_v2")
        .execute(&mut *rights)
        .await;
    let refused = table.err().and_then(|error| {
        let code = error.as_database_error()?.code()?;
        Some(code.into_owned())
    });
    assert_eq!(refused.as_deref(), Some("42501"));
}

#[tokio::test]
async fn journeys_stand_where_the_service_says() {
    let Some(mut played) = Played::new("journeys for analysts").await else {
        return;
    };
    let told = played
        .told(&StandingNow {
            unit: None,
            scope: Scope::All,
            active_within_days: 90,
        })
        .await;
    let counted = played
        .rows(
            "SELECT COUNT(*) FILTER (WHERE is_registered) AS registered, \
                    COUNT(*) FILTER (WHERE is_active) AS active, \
                    COUNT(*) FILTER (WHERE is_incoming) AS incoming, \
                    COUNT(*) FILTER (WHERE standing = 'paused') AS paused, \
                    COUNT(*) FILTER (WHERE standing = 'ended') AS ended, \
                    COUNT(*) FILTER (WHERE standing = 'closed') AS closed \
             FROM analytics.journeys",
        )
        .await;
    for (name, count) in counted[0].as_object().unwrap() {
        assert_eq!(&told[name], count, "{name}");
    }
    assert!(counted[0]["active"].as_u64().unwrap() > 50, "{counted:?}");
}

#[tokio::test]
async fn stays_last_as_long_as_the_service_says() {
    let Some(mut played) = Played::new("durations for analysts").await else {
        return;
    };
    let told = played
        .told(&Retention {
            unit: None,
            introduced_by: None,
            scope: Scope::All,
        })
        .await;
    let cohorts = played
        .rows(
            "SELECT to_char(cohort, 'YYYY\"-Q\"Q') AS cohort, COUNT(*) AS size, \
                    COUNT(*) FILTER (WHERE has_ended) AS ended \
             FROM analytics.stay_durations GROUP BY 1 ORDER BY 1",
        )
        .await;
    let expected: Vec<_> = told["cohorts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cohort| json!({ "cohort": cohort["cohort"], "size": cohort["size"], "ended": cohort["ended"] }))
        .collect();
    assert!(expected.len() > 10);
    assert_eq!(cohorts, expected);
    // At each day of the curve, as many are at risk, have ended and are censored.
    for (curve, duration, ended) in [
        ("curve", "duration_days", "has_ended"),
        (
            "curve_ended_at_last_contact",
            "duration_days_at_last_contact",
            "has_ended_at_last_contact",
        ),
        (
            "curve_ended_when_learned",
            "duration_days_when_learned",
            "has_ended_when_learned",
        ),
    ] {
        let points = played
            .rows(&format!(
                "SELECT {duration} AS day, COUNT(*) FILTER (WHERE {ended}) AS ended, \
                        COUNT(*) FILTER (WHERE NOT {ended}) AS censored, \
                        SUM(COUNT(*)) OVER (ORDER BY {duration} DESC) AS at_risk \
                 FROM analytics.stay_durations GROUP BY {duration} ORDER BY {duration}"
            ))
            .await;
        let told = told[curve].as_array().unwrap();
        let counts = ["day", "ended", "censored", "at_risk"];
        let told: Vec<_> = told
            .iter()
            .map(|point| json!(counts.map(|count| &point[count])))
            .collect();
        let points: Vec<_> = points
            .iter()
            .map(|point| json!(counts.map(|count| &point[count])))
            .collect();
        assert_eq!(points, told, "{curve}");
    }
    let relapses = played
        .rows(
            "SELECT COUNT(*) AS reported, COUNT(contacted) AS contacted, \
                    COUNT(returned) AS returned FROM analytics.relapses",
        )
        .await;
    for (name, count) in relapses[0].as_object().unwrap() {
        assert_eq!(&told["relapses"][name], count, "{name}");
    }
}

#[tokio::test]
async fn flows_have_the_stages_that_the_service_says() {
    let Some(mut played) = Played::new("flows for analysts").await else {
        return;
    };
    let told = played
        .told(&Flows {
            from: None,
            to: None,
            scope: Scope::All,
            since: None,
            until: None,
        })
        .await;
    let mut expected = BTreeMap::new();
    for flow in told["flows"].as_array().unwrap() {
        for month in flow["months"].as_array().unwrap() {
            for (stage, number) in month.as_object().unwrap() {
                // For how many a day has come is no stage.
                let is_stage = stage != "month" && !stage.starts_with("observed_");
                if is_stage && number != &json!(0) {
                    let key = [&flow["from"], &flow["to"], &month["month"], &json!(stage)];
                    let key = key.map(|part| part.as_str().unwrap().replace('_', "-"));
                    expected.insert(key, number.clone());
                }
            }
        }
    }
    let rows = played
        .rows(
            "SELECT from_unit, to_unit, to_char(month, 'YYYY-MM') AS month, stage, number \
             FROM analytics.flow_stages",
        )
        .await;
    let found: BTreeMap<_, _> = rows
        .iter()
        .map(|row| {
            let key = ["from_unit", "to_unit", "month", "stage"]
                .map(|part| row[part].as_str().unwrap().to_owned());
            (key, row["number"].clone())
        })
        .collect();
    assert!(found.len() > 100);
    assert_eq!(found, expected);
}

#[tokio::test]
async fn key_figures_are_those_of_the_service() {
    let Some(mut played) = Played::new("key figures for analysts").await else {
        return;
    };
    let told = played.told(&KeyFigures { unit: None }).await;
    let mut rows = played
        .rows(
            "SELECT unit, employees, full_time_equivalents::float8 AS full_time_equivalents, \
                    tidgivere, tidgivere_reported_for, participants, reported_for FROM analytics.key_figures \
             ORDER BY unit COLLATE \"C\"",
        )
        .await;
    for row in &mut rows {
        row["full_time_equivalents"] = json!(row["full_time_equivalents"].as_f64());
    }
    assert!(rows.len() >= 6);
    assert_eq!(&json!(rows), &told["units"]);
}
