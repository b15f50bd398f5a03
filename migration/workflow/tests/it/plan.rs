//! A plan is the SQL of both databases, and touches none.

use rstest::rstest;
use sea_orm::ConnectionTrait;
use sea_orm_migration::MigrationTrait;
use workflow::migrate::{Dialect, Plan};
use workflow::recorder::Direction::{Down, Up};

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{connect, db, empty, project, server};
use crate::migrations::{ONE, Sql, THREE, TWO, has, list, three, up};

fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    let index = &["CREATE INDEX ix_one ON one (note);", "SELECT 'it''s;\n two'"];
    let in_transaction = None;
    list(&[
        ONE,
        Sql { down: None, ..TWO },
        Sql { name: "m3_it's", up: index, in_transaction, ..THREE },
    ])
}

#[tokio::test]
async fn a_plan_is_what_would_be_said_to_both() {
    let mut text = String::new();
    for dialect in [Dialect::Postgres, Dialect::Sqlite] {
        for direction in [Up, Down] {
            text += &Plan::of(&migrations(), direction, dialect).await.text();
            text.push('\n');
        }
    }
    insta::assert_snapshot!(text);
}

#[rstest]
#[tokio::test]
async fn a_plan_can_be_run_by_hand(#[values(Sqlite, Postgres)] backend: Backend) {
    let scratch = empty(backend).await;
    let dialect = if backend == Sqlite { Dialect::Sqlite } else { Dialect::Postgres };
    let plan = Plan::of(&three(), Up, dialect).await.text();
    let connection = connect(&scratch).await;

    connection.execute_unprepared(&plan).await.unwrap_or_else(|error| panic!("{error}: {plan}"));

    assert!(has(&connection, "three").await);
    assert!(up(three, scratch.url()).await.expect("all is noted").is_empty());
    assert!(db(&project(three, scratch.url()), &["status"]).await.expect("the status is read"));
    connection.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}

#[rstest]
#[tokio::test]
async fn a_plan_touches_nothing(#[values(Sqlite, Postgres)] backend: Backend) {
    let scratch = empty(backend).await;
    let project = project(three, scratch.url());

    for arguments in ["migrate --plan", "--json migrate --plan", "migrate --plan --only sqlite"] {
        let arguments: Vec<_> = arguments.split(' ').collect();
        assert!(db(&project, &arguments).await.expect("it is planned"));
    }

    assert!(scratch.url().sqlite_file().is_none_or(|file| !file.exists()));
    let connection = connect(&scratch).await;
    assert!(!has(&connection, "seaql_migrations").await && !has(&connection, "one").await);
    up(three, scratch.url()).await.expect("they are applied");
    assert!(db(&project, &["rollback", "2", "--plan"]).await.expect("it is planned"));
    assert!(has(&connection, "three").await);
    connection.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}

#[tokio::test]
async fn a_plan_needs_no_database() {
    let nowhere = project(three, &server(Postgres).with_database("garboard_no_such_database"));
    assert!(db(&nowhere, &["migrate", "--plan"]).await.expect("it is planned"));
    let error = db(&nowhere, &["status"]).await.expect_err("there is nothing to read");
    assert!(format!("{error:#}").contains("garboard_no_such_database"), "{error:#}");
}
