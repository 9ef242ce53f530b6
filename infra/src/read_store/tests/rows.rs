//! The tables and the statements fit.

use std::{collections::BTreeSet, path::Path};

use sqlx::{AssertSqlSafe, Executor, Row, SqlSafeStr};

use crate::read_store::{engine, models, read_models};

fn sql_files(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // What one engine alone understands stands with it.
        if path.is_dir() && !path.ends_with("read_store/engine") {
            sql_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "sql") {
            let text = std::fs::read_to_string(&path).unwrap();
            found.push((path.display().to_string(), text));
        }
    }
}

pub(super) fn statements() -> Vec<(String, String)> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![];
    sql_files(&here.join("../projections/src"), &mut files);
    sql_files(&here.join("src/read_store"), &mut files);
    assert!(files.len() >= 28, "{} files", files.len());
    files
}

#[tokio::test]
async fn every_sql_file_prepares() {
    let pool = engine::scratch().await.unwrap();
    for (path, sql) in statements() {
        let prepared = pool.prepare(AssertSqlSafe(sql).into_sql_str()).await;
        assert!(prepared.is_ok(), "{path}: {:?}", prepared.err());
    }
}

#[tokio::test]
async fn every_read_model_has_its_table_and_every_table_its_read_model() {
    let pool = engine::scratch().await.unwrap();
    let tables: BTreeSet<String> =
        sqlx::query("SELECT name FROM sqlite_master WHERE type = 'table'")
            .fetch_all(&pool)
            .await
            .unwrap()
            .iter()
            .map(|row| row.get(0))
            .collect();
    let mut expected: BTreeSet<String> = read_models()
        .iter()
        .map(|name| (*name).to_owned())
        .collect();
    let kept_beside = [
        "attempt_v1",
        "checkpoint_v1",
        "fence_v1",
        "generation_v1",
        "lease_v1",
        "node_v1",
        "parked_v1",
    ];
    expected.extend(models::FORMER.iter().map(|name| (*name).to_owned()));
    expected.extend(kept_beside.map(str::to_owned));
    assert_eq!(tables, expected);
}
