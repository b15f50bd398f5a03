//! Made-up rows respect what the tables say, and are the same on both databases.

use rstest::rstest;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use workflow::{
    Project,
    catalog::Catalog,
    report::Report,
    rows::check_references,
    seed::{SeedArguments, Seeded, run, seed},
};

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{connect, empty, execute};

/// Every kind of key and condition that rows can be made up for.
pub(crate) fn tables(backend: Backend) -> Vec<String> {
    let (uuid, time, json, real) = match backend {
        Sqlite => ("uuid_text", "timestamp_with_timezone_text", "jsonb_text", "double"),
        Postgres => ("uuid", "timestamptz", "jsonb", "double precision"),
    };
    let texts = [
        "CREATE TABLE person (id {uuid} NOT NULL PRIMARY KEY, email varchar(40) NOT NULL UNIQUE CHECK (email = lower(email)),
            code char(6) NOT NULL UNIQUE, state varchar NOT NULL CHECK (state IN ('on', 'it''s off', 'gone')),
            bio text CHECK (length(bio) BETWEEN 30 AND 90), size bigint NOT NULL CHECK (size BETWEEN -20 AND -10),
            rank smallint NOT NULL CHECK (rank > 2 AND rank <= 4), weight {real}, born date, doc {json} NOT NULL,
            boss_id {uuid} REFERENCES person (id), created_at {time} NOT NULL, updated_at {time} NOT NULL,
            CHECK (updated_at >= created_at))",
        "CREATE TABLE tree (id bigint NOT NULL PRIMARY KEY, up bigint NOT NULL REFERENCES tree (id))",
        "CREATE TABLE profile (person_id {uuid} NOT NULL PRIMARY KEY REFERENCES person (id), note text)",
        "CREATE TABLE visit (id bigint NOT NULL, person_id {uuid} NOT NULL REFERENCES person (id), UNIQUE (person_id, id))",
        "CREATE TABLE stay (id bigint NOT NULL PRIMARY KEY, person_id {uuid} NOT NULL, visit_id bigint NOT NULL,
            FOREIGN KEY (person_id, visit_id) REFERENCES visit (person_id, id))",
        "CREATE TABLE friend (one {uuid} NOT NULL REFERENCES person (id), other {uuid} NOT NULL REFERENCES person (id),
            kind varchar NOT NULL CHECK (kind IN ('near', 'far')), PRIMARY KEY (one, other, kind))",
        "CREATE TABLE egg (id bigint NOT NULL PRIMARY KEY, hen_id bigint NOT NULL {late})",
        "CREATE TABLE hen (id bigint NOT NULL PRIMARY KEY, egg_id bigint NOT NULL REFERENCES egg (id))",
        "CREATE TABLE word (id bigint NOT NULL PRIMARY KEY, text varchar(30) NOT NULL, twice bigint GENERATED ALWAYS AS (id * 2) STORED)",
        "CREATE UNIQUE INDEX uq_word ON word (lower(text))",
        "CREATE TABLE _derived (id bigint NOT NULL PRIMARY KEY)",
    ];
    let late = match backend {
        Sqlite => "REFERENCES hen (id) DEFERRABLE INITIALLY DEFERRED",
        Postgres => "",
    };
    let mut tables: Vec<_> = texts
        .iter()
        .map(|text| {
            let text = text.replace("{uuid}", uuid).replace("{time}", time).replace("{json}", json);
            text.replace("{real}", real).replace("{late}", late)
        })
        .collect();
    if backend == Postgres {
        tables.push("ALTER TABLE egg ADD CONSTRAINT fk_egg FOREIGN KEY (hen_id) REFERENCES hen (id) DEFERRABLE".to_owned());
    }
    tables
}

async fn seeded(backend: Backend, rows: u64, rand: u64) -> Seeded {
    let scratch = empty(backend).await;
    let db = connect(&scratch).await;
    execute(&db, &tables(backend).iter().map(String::as_str).collect::<Vec<_>>()).await;
    let before = Catalog::read(&db).await.expect("the catalog can be read");
    let seeded = seed(&db, rows, rand, &Report::new(true)).await;
    let seeded = seeded.unwrap_or_else(|error| panic!("{backend:?}: {error:#}"));
    check_references(&db).await.expect("every reference finds its row");
    let after = Catalog::read(&db).await.expect("the catalog can be read");
    assert_eq!(before, after, "{backend:?}: nothing but rows is added");
    if rows > 1_000 {
        is_skewed(&db).await;
    }
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
    seeded
}

async fn number(db: &DatabaseConnection, sql: &str) -> i64 {
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await;
    row.expect("this is SQL").expect("one row").try_get_by_index(0).expect("a number")
}

async fn is_skewed(db: &DatabaseConnection) {
    let people = number(db, "SELECT count(*) FROM person").await;
    let busiest = "SELECT sum(n) FROM (SELECT count(*) AS n FROM visit GROUP BY person_id ORDER BY n DESC LIMIT 10) x";
    let (busiest, visits) = (
        number(db, &format!("SELECT CAST(({busiest}) AS bigint)")).await,
        number(db, "SELECT count(*) FROM visit").await,
    );
    assert!(busiest * 8 > visits && people > 50, "ten of {people} have {busiest} of {visits}");
    let usual = number(db, "SELECT count(*) FROM person WHERE state = 'on'").await;
    assert!(usual * 10 > people * 6 && usual < people, "{usual} of {people}");
    let [nulls, born] =
        ["IS NULL", "IS NOT NULL"].map(|is| format!("SELECT count(*) FROM person WHERE born {is}"));
    assert!(number(db, &nulls).await > 0 && number(db, &born).await > 0);
    let years = "SELECT count(*) FROM person WHERE created_at < '2025-01-01'";
    let early = number(db, years).await;
    assert!(
        (people / 3..people * 2 / 3).contains(&early),
        "{early} of {people} in the first of two years"
    );
}

#[tokio::test]
async fn the_same_numbers_give_the_same_rows_on_both_databases() {
    for (rows, rand) in [(1, 1), (50, 2), (1_500, 3)] {
        let [sqlite, postgres] =
            [seeded(Sqlite, rows, rand).await, seeded(Postgres, rows, rand).await];
        assert_eq!(sqlite.tables, postgres.tables, "{rows} rows, seed {rand}");
        let largest = sqlite.tables.iter().map(|(_, checksum)| checksum.rows).max();
        assert_eq!(largest, Some(rows));
        assert!(!sqlite.tables.iter().any(|(name, _)| name == "_derived"));
    }
    let people = async |rand| {
        seeded(Sqlite, 50, rand).await.tables.into_iter().find(|(name, _)| name == "person")
    };
    assert_ne!(people(1).await, people(2).await, "another seed gives other rows");
}

#[rstest]
#[tokio::test]
async fn what_people_rely_on_is_left_alone(#[values(Sqlite, Postgres)] backend: Backend) {
    let scratch = empty(backend).await;
    let mut project =
        Project { migrations: Vec::new, database: scratch.url().clone(), production: true };
    let (arguments, report) = (SeedArguments { rows: 5, rand: 0 }, Report::new(true));
    let refused = async |project: &Project| {
        run(project, &arguments, &report).await.expect_err("refused").to_string()
    };

    assert!(refused(&project).await.contains("production"));
    project.production = false;
    assert!(refused(&project).await.contains("garboard db migrate"));
    let db = connect(&scratch).await;
    execute(&db, &["CREATE TABLE t (id bigint NOT NULL PRIMARY KEY)", "INSERT INTO t VALUES (-1)"])
        .await;
    assert!(refused(&project).await.contains("rows already, in t"));
    execute(&db, &["DELETE FROM t", "ALTER TABLE t ADD COLUMN x bigint CHECK (x % 1000 = 999)"])
        .await;
    assert!(refused(&project).await.contains("made up"));
    assert_eq!(number(&db, "SELECT count(*) FROM t").await, 0, "all or nothing");
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}
