//! Rows arrive on the other database, whatever happens on the way.

use std::process::ExitCode;
use std::time::Duration;

use rstest::rstest;
use sea_orm::DatabaseConnection;
use workflow::catalog::Catalog;
use workflow::copy::{Compared, Copied, CopyArguments, copy, run};
use workflow::report::Report;
use workflow::scratch::Scratch;
use workflow::seed::seed;

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{connect, empty, execute};
use crate::seed::tables;

/// Two databases with the same tables.
struct Pair {
    from: (Scratch, DatabaseConnection),
    to: (Scratch, DatabaseConnection),
}

impl Pair {
    async fn new(from: Backend, to: Backend, tables: impl Fn(Backend) -> Vec<String>) -> Self {
        let side = async |backend| {
            let scratch = empty(backend).await;
            let db = connect(&scratch).await;
            execute(&db, &tables(backend).iter().map(String::as_str).collect::<Vec<_>>()).await;
            (scratch, db)
        };
        Self { from: side(from).await, to: side(to).await }
    }

    fn arguments(&self) -> CopyArguments {
        CopyArguments { from: self.from.0.url().clone(), to: self.to.0.url().clone(), again: false }
    }

    async fn copy(&self) -> anyhow::Result<Copied> {
        copy(&self.arguments(), &Report::new(true)).await
    }

    /// What a copy says that is refused.
    async fn refused(&self) -> String {
        format!("{:#}", self.copy().await.expect_err("the copy is refused"))
    }

    async fn remove(self) {
        for (scratch, db) in [self.from, self.to] {
            db.close().await.expect("the connection closes");
            scratch.remove().await.expect("the database can be removed");
        }
    }
}

async fn catalog(db: &DatabaseConnection) -> Catalog {
    Catalog::read(db).await.expect("the catalog can be read")
}

fn one_table(_: Backend) -> Vec<String> {
    vec!["CREATE TABLE t (id bigint NOT NULL PRIMARY KEY, x text)".to_owned()]
}

/// The same on both databases: `x` of the row 1 is changed.
const CHANGE: &str = "UPDATE t SET x = 'changed' WHERE id = 1";
const FILL: &str = "INSERT INTO t VALUES (1, 'one'), (2, NULL)";

#[rstest]
#[case(Sqlite, Postgres)]
#[case(Postgres, Sqlite)]
#[case(Sqlite, Sqlite)]
#[case(Postgres, Postgres)]
#[tokio::test]
async fn every_row_arrives(#[case] from: Backend, #[case] to: Backend) {
    let pair = Pair::new(from, to, tables).await;
    let seeded = seed(&pair.from.1, 120, 1, &Report::new(true)).await.expect("rows can be made up");
    let before = catalog(&pair.to.1).await;

    let copied = pair.copy().await.expect("the copy ends");

    assert_eq!((copied.found, copied.copied), (0, seeded.rows()));
    assert_eq!(copied.tables.len(), seeded.tables.len());
    for (name, checksum) in &seeded.tables {
        let table = copied.tables.iter().find(|one| one.table == *name).expect("every table");
        assert!(table.agrees() && table.target == *checksum, "{table:?}");
    }
    assert_eq!(catalog(&pair.to.1).await, before, "nothing but rows is added");
    let again = pair.copy().await.expect("a copy of the same rows is there");
    assert_eq!((again.found, again.copied, again.tables), (seeded.rows(), 0, copied.tables));
    execute(&pair.from.1, &["UPDATE word SET text = 'another' WHERE id = 1"]).await;
    assert!(pair.refused().await.contains("rows already, in egg, friend"));
    pair.remove().await;
}

/// A run that is broken off at any moment leaves what the next one goes on from, and the target with all its constraints.
#[rstest]
#[case(Sqlite, Postgres)]
#[case(Postgres, Sqlite)]
#[tokio::test]
async fn a_copy_goes_on_where_it_was(#[case] from: Backend, #[case] to: Backend) {
    let pair = Pair::new(from, to, tables).await;
    let seeded =
        seed(&pair.from.1, 2_000, 2, &Report::new(true)).await.expect("rows can be made up");
    let before = catalog(&pair.to.1).await;
    let (mut stops, mut patience) = (0, Duration::from_millis(20));

    let copied = loop {
        match tokio::time::timeout(patience, pair.copy()).await {
            Ok(copied) => break copied.expect("the copy ends"),
            Err(_stopped) => stops += 1,
        }
        assert_eq!(catalog(&pair.to.1).await, before, "stop {stops}");
        patience += patience / 4;
    };

    assert!(stops > 3, "stopped {stops} times only");
    assert!(copied.found > 0 && copied.found + copied.copied == seeded.rows(), "{copied:?}");
    assert!(copied.tables.iter().all(Compared::agrees), "{:?}", copied.tables);
    pair.remove().await;
}

#[rstest]
#[case(Sqlite, Postgres)]
#[case(Postgres, Sqlite)]
#[tokio::test]
async fn a_source_that_changed_is_told(#[case] from: Backend, #[case] to: Backend) {
    let pair = Pair::new(from, to, one_table).await;
    execute(&pair.from.1, &[FILL]).await;
    // As an unfinished copy leaves it that has copied everything but not compared it.
    let origin = match from {
        Sqlite => {
            pair.from.0.url().sqlite_file().unwrap().canonicalize().unwrap().display().to_string()
        }
        Postgres => pair.from.0.url().to_string().split('?').next().unwrap().to_owned(),
    };
    let unfinished = [
        FILL.to_owned(),
        "CREATE TABLE _copy_progress (table_name varchar NOT NULL PRIMARY KEY, place varchar NOT NULL,
            row_count bigint NOT NULL, done boolean NOT NULL)".to_owned(),
        format!("INSERT INTO _copy_progress VALUES ('', '{origin}', 0, false), ('t', '', 2, true)"),
    ];
    execute(&pair.to.1, &unfinished.each_ref().map(String::as_str)).await;
    execute(&pair.from.1, &[CHANGE]).await;

    for _ in 0..2 {
        let told = run(&pair.arguments(), &Report::new(true)).await.expect("the copy ends");
        assert_eq!(format!("{told:?}"), format!("{:?}", ExitCode::FAILURE));
    }
    let other =
        CopyArguments { from: pair.to.0.url().clone(), to: pair.from.0.url().clone(), again: true };
    let error = copy(&other, &Report::new(true)).await.expect_err("that one has rows of its own");
    assert!(error.to_string().contains("rows already"), "{error}");
    let again = CopyArguments { again: true, ..pair.arguments() };
    let copied = copy(&again, &Report::new(true)).await.expect("the copy begins anew");
    assert!(copied.copied == 2 && copied.tables[0].agrees());
    pair.remove().await;
}

#[rstest]
#[case(Sqlite, Postgres)]
#[case(Postgres, Sqlite)]
#[tokio::test]
async fn what_does_not_fit_is_refused(#[case] from: Backend, #[case] to: Backend) {
    let pair = Pair::new(from, to, one_table).await;
    let itself = CopyArguments { to: pair.from.0.url().clone(), ..pair.arguments() };
    let error =
        copy(&itself, &Report::new(true)).await.expect_err("a database is no copy of itself");
    assert!(error.to_string().contains("the same database"), "{error}");

    let migrations = "CREATE TABLE seaql_migrations (version varchar NOT NULL PRIMARY KEY, applied_at bigint NOT NULL)";
    let migrated = [migrations, "INSERT INTO seaql_migrations VALUES ('m1', 0)"];
    execute(&pair.from.1, &migrated).await;
    assert!(pair.refused().await.contains("it lacks m1"));
    execute(&pair.to.1, &migrated).await;

    execute(&pair.to.1, &["ALTER TABLE t ADD COLUMN y bigint"]).await;
    assert!(pair.refused().await.contains("columns of t"));
    execute(&pair.from.1, &["ALTER TABLE t ADD COLUMN y text"]).await;
    assert!(
        pair.refused().await.contains("t.y is a text in the source, but a integer in the target")
    );
    execute(&pair.from.1, &["ALTER TABLE t DROP COLUMN y"]).await;
    execute(&pair.to.1, &["ALTER TABLE t DROP COLUMN y"]).await;
    execute(&pair.from.1, &["CREATE TABLE extra (id bigint NOT NULL PRIMARY KEY)"]).await;
    assert!(pair.refused().await.contains("it lacks extra"));
    execute(&pair.from.1, &["DROP TABLE extra", FILL]).await;

    execute(&pair.to.1, &["ALTER TABLE t ADD COLUMN z bigint CHECK (id <> 2)"]).await;
    execute(&pair.from.1, &["ALTER TABLE t ADD COLUMN z bigint"]).await;
    assert!(pair.refused().await.contains("refuses id=2 of t"));
    if from == Sqlite {
        execute(&pair.from.1, &["UPDATE t SET x = char(65, 0, 66) WHERE id = 1"]).await;
        assert!(pair.refused().await.contains("t.x of id=1 holds A\\0B"));
    }
    pair.remove().await;
}
