//! Databases of well-known applications, taken over: the baseline builds all they have, and nothing else.
//!
//! `foreign/README.md` says where their schemas are from.

use std::{fs, path::Path};

use chrono::{DateTime, Utc};
use rstest::rstest;
use sea_orm::ConnectionTrait;
use sea_orm_migration::{MigrationTrait, SchemaManager};
use workflow::{catalog::Catalog, pull, scratch::Scratch};

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{connect, empty, execute};

#[path = "foreign/drizzle_kit_postgres.rs"]
mod drizzle_kit_postgres;
#[path = "foreign/drizzle_kit_sqlite.rs"]
mod drizzle_kit_sqlite;

const DRIZZLE_KIT: [&str; 2] = [
    include_str!("foreign/drizzle-kit.sqlite.sql"),
    include_str!("foreign/drizzle-kit.postgres.sql"),
];

/// A database with this schema.
async fn built(backend: Backend, [sqlite, postgres]: [&str; 2]) -> Scratch {
    let scratch = empty(backend).await;
    let db = connect(&scratch).await;
    let schema = if backend == Sqlite { sqlite } else { postgres };
    db.execute_unprepared(schema).await.expect("the schema can be built");
    db.close().await.expect("the connection closes");
    scratch
}

fn time() -> DateTime<Utc> {
    "2026-11-21T09:00:00Z".parse().expect("a time")
}

#[rstest]
#[case::better_auth(
    [include_str!("foreign/better-auth.sqlite.sql"), include_str!("foreign/better-auth.postgres.sql")], 10
)]
#[case::drizzle_kit(DRIZZLE_KIT, 4)]
#[case::mlflow([include_str!("foreign/mlflow.sqlite.sql"), include_str!("foreign/mlflow.postgres.sql")], 65)]
#[case::synapse([include_str!("foreign/synapse.sqlite.sql"), include_str!("foreign/synapse.postgres.sql")], 134)]
#[case::wagtail([include_str!("foreign/wagtail.sqlite.sql"), include_str!("foreign/wagtail.postgres.sql")], 53)]
#[tokio::test]
async fn what_others_have_made_is_built_again(
    #[case] schemas: [&str; 2],
    #[case] least: usize,
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let scratch = built(backend, schemas).await;
    let db = connect(&scratch).await;
    let before = Catalog::read(&db).await.expect("the catalog can be read");

    // It compares what is built with what there is.
    let baseline = pull::read(scratch.url(), &db, &[], time()).await.expect("it can be taken over");

    assert!(baseline.tables >= least, "{} tables", baseline.tables);
    for name in before.tables.keys() {
        assert!(baseline.source.contains(name), "{name} is not in the migration");
    }
    let keyless = before.tables.iter().filter(|(_, table)| table.primary_key().is_empty());
    assert_eq!(baseline.without_key.len(), keyless.count());
    let after = Catalog::read(&db).await.expect("the catalog can be read");
    assert_eq!(after, before, "it was only read");
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}

/// Where snapshots are rewritten, so is the source that is compiled here.
#[expect(clippy::disallowed_methods, reason = "INSTA_UPDATE is no setting of the program")]
fn update(backend: Backend, source: &str) {
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        let name = format!("{backend:?}").to_lowercase();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/foreign");
        fs::write(folder.join(format!("drizzle_kit_{name}.rs")), source)
            .expect("the file can be written");
    }
}

#[rstest]
#[case(Sqlite, include_str!("foreign/drizzle_kit_sqlite.rs"), &drizzle_kit_sqlite::Migration)]
#[case(Postgres, include_str!("foreign/drizzle_kit_postgres.rs"), &drizzle_kit_postgres::Migration)]
#[tokio::test]
async fn the_migration_compiles_and_goes_up_and_down(
    #[case] backend: Backend,
    #[case] compiled: &str,
    #[case] migration: &dyn MigrationTrait,
) {
    let foreign = built(backend, DRIZZLE_KIT).await;
    let db = connect(&foreign).await;
    let catalog = Catalog::read(&db).await.expect("the catalog can be read");
    let baseline = pull::read(foreign.url(), &db, &[], time()).await.expect("it can be taken over");
    let source = baseline.source.replace(&foreign.url().name(), "shop");
    update(backend, &source);
    assert_eq!(source, compiled, "read what is new, then run this with INSTA_UPDATE=always");

    let own = empty(backend).await;
    let db_own = connect(&own).await;
    migration.up(&SchemaManager::new(&db_own)).await.expect("it goes up");
    assert_eq!(Catalog::read(&db_own).await.expect("the catalog can be read"), catalog);
    migration.down(&SchemaManager::new(&db_own)).await.expect("it goes down");
    assert_eq!(Catalog::read(&db_own).await.expect("the catalog can be read"), Catalog::default());
    for (db, scratch) in [(db, foreign), (db_own, own)] {
        db.close().await.expect("the connection closes");
        scratch.remove().await.expect("the database can be removed");
    }
}

#[tokio::test]
async fn a_table_goes_after_those_that_refer_to_it() {
    let scratch = empty(Sqlite).await;
    let db = connect(&scratch).await;
    let made = [
        "CREATE TABLE a (id integer PRIMARY KEY)",
        "CREATE TABLE b (id integer PRIMARY KEY, a_id integer REFERENCES a (id))",
        "CREATE TABLE c (id integer PRIMARY KEY, b_id integer REFERENCES b (id))",
        "INSERT INTO a VALUES (1)",
        "INSERT INTO b VALUES (1, 1)",
        "INSERT INTO c VALUES (1, 1)",
    ];
    execute(&db, &made).await;
    let baseline = pull::read(scratch.url(), &db, &[], time()).await.expect("it can be taken over");
    let drops = baseline.source.lines().filter_map(|line| line.trim().strip_prefix("r#\"DROP "));
    let drops: Vec<_> = drops.map(|drop| drop.trim_end_matches("\"#,").to_owned()).collect();
    assert_eq!(drops, ["TABLE \"c\"", "TABLE \"b\"", "TABLE \"a\""]);
    // As a migration goes down: foreign keys are enforced.
    execute(&db, &["PRAGMA foreign_keys = ON"]).await;
    for drop in &drops {
        db.execute_unprepared(&format!("DROP {drop}")).await.expect("nothing refers to it");
    }
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}

#[rstest]
#[tokio::test]
async fn what_is_left_out_must_be_there_and_must_not_be_needed(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let scratch = built(backend, DRIZZLE_KIT).await;
    let db = connect(&scratch).await;
    execute(&db, &["CREATE TABLE other_tool (version text)"]).await;
    let read = async |name: &str| pull::read(scratch.url(), &db, &[name.to_owned()], time()).await;

    let baseline = read("other_tool").await.expect("it can be left out");
    assert!(!baseline.source.contains("other_tool"));
    let missing = read("nowhere").await.expect_err("there is no such table");
    assert!(missing.to_string().contains("no table nowhere"), "{missing:#}");
    // A view shows it.
    assert!(read("posts").await.is_err() || backend == Sqlite);
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}
