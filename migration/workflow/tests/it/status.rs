//! The status is read, and tells what has happened to the database.

use rstest::rstest;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};
use workflow::rollback::Goal::Last;
use workflow::status::State::{Applied, Edited, Pending, Unknown};
use workflow::status::{State, Status, status};

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{connect, db, empty, execute, project};
use crate::migrations::{ONE, Sql, THREE, TWO, down, has, list, one, three, up};

/// One is written otherwise than it was applied, and there is a fourth.
fn edited() -> Vec<Box<dyn MigrationTrait>> {
    let up = &["CREATE TABLE one (id bigint PRIMARY KEY, remark text)"];
    list(&[Sql { up, ..ONE }, TWO, THREE, Sql { name: "m4_four", ..ONE }])
}

fn states(status: &Status) -> Vec<State> {
    status.migrations.iter().map(|migration| migration.state).collect()
}

#[rstest]
#[tokio::test]
async fn each_migration_has_a_state(#[values(Sqlite, Postgres)] backend: Backend) {
    let scratch = empty(backend).await;
    up(three, scratch.url()).await.expect("three are applied");
    let connection = connect(&scratch).await;
    execute(&connection, &["INSERT INTO seaql_migrations VALUES ('m9_newer', 1)"]).await;

    let mut now = status(Some(&connection), edited).await.expect("the status can be read");

    assert_eq!(states(&now), [Edited, Applied, Applied, Pending, Unknown]);
    for migration in now.migrations.iter_mut().filter(|one| one.duration_ms.is_some()) {
        assert!(migration.applied_at.is_some_and(|at| at > 1_700_000_000), "{migration:?}");
        (migration.applied_at, migration.duration_ms) = (Some(0), Some(7));
    }
    (now.live, now.expected) = ("0123456789abcdef".to_owned(), None);
    insta::allow_duplicates! { insta::assert_snapshot!(now.text()) };
    connection.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}

#[rstest]
#[tokio::test]
async fn the_exit_code_tells_whether_all_is_well(#[values(Sqlite, Postgres)] backend: Backend) {
    let scratch = empty(backend).await;
    let project = |migrations| project(migrations, scratch.url());
    let well = async |migrations| db(&project(migrations), &["status"]).await.expect("it is read");

    assert!(!well(one).await, "pending");
    assert!(db(&project(three), &["migrate"]).await.expect("they are applied"));
    assert!(well(three).await);
    assert!(well(one).await, "unknown ones do no harm");
    assert!(!well(edited).await, "edited");
    let connection = connect(&scratch).await;
    execute(&connection, &["CREATE INDEX ix_by_hand ON one (note)"]).await;
    assert!(!well(three).await, "changed by hand");
    assert!(db(&project(three), &["migrate"]).await.expect("nothing is pending"));
    assert!(!well(three).await, "to apply nothing does not make it right");
    execute(&connection, &["DROP INDEX ix_by_hand"]).await;
    assert!(well(three).await);
    assert_eq!(down(three, scratch.url(), Last(2)).await.expect("they are undone").len(), 2);
    let one_left = status(Some(&connection), one).await.expect("the status can be read");
    assert_eq!(one_left.expected, Some(one_left.live));
    connection.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}

/// Says something else each time.
struct Random;

impl MigrationName for Random {
    fn name(&self) -> &'static str {
        "m2_random"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Random {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let insert = format!("INSERT INTO one (id) VALUES ({})", rand::random::<u32>());
        manager.get_connection().execute_unprepared(&insert).await.map(|_| ())
    }
}

#[rstest]
#[tokio::test]
async fn what_is_not_known_is_not_edited(#[values(Sqlite, Postgres)] backend: Backend) {
    let scratch = empty(backend).await;
    let random = || -> Vec<Box<dyn MigrationTrait>> { vec![Box::new(ONE), Box::new(Random)] };
    up(random, scratch.url()).await.expect("they are applied");
    let connection = connect(&scratch).await;
    // As if `sea-orm-cli` had undone it and applied it again.
    let later = "UPDATE seaql_migrations SET applied_at = applied_at + 1 WHERE version = 'm1_one'";
    execute(&connection, &[later]).await;

    let now = status(Some(&connection), random).await.expect("the status can be read");

    assert_eq!(states(&now), [Applied, Applied]);
    assert_eq!(now.migrations[0].duration_ms, None);
    assert!(now.migrations[1].duration_ms.is_some());
    connection.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}

#[rstest]
#[tokio::test]
async fn who_may_not_change_the_schema_can_ask(#[values(Sqlite, Postgres)] backend: Backend) {
    let scratch = empty(backend).await;
    up(one, scratch.url()).await.expect("one is applied");
    let owner = connect(&scratch).await;
    let role = format!("reader_{:08x}", rand::random::<u32>());
    let mut options = ConnectOptions::new(scratch.url().reveal().replace("mode=rwc", "mode=ro"));
    options.max_connections(1);
    let reader = Database::connect(options).await.expect("the database can be reached");
    if backend == Postgres {
        let grants = [
            format!("CREATE ROLE {role}"),
            format!("GRANT SELECT ON seaql_migrations, _migration_history TO {role}"),
        ];
        execute(&owner, &grants.each_ref().map(String::as_str)).await;
        execute(&reader, &[&format!("SET ROLE {role}")]).await;
    }

    let now = status(Some(&reader), three).await.expect("the status can be read");

    assert_eq!(states(&now), [Applied, Pending, Pending]);
    assert_eq!(now.expected, Some(now.live));
    reader.close().await.expect("the connection closes");
    if backend == Postgres {
        execute(&owner, &[&format!("DROP OWNED BY {role}"), &format!("DROP ROLE {role}")]).await;
    }
    owner.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}

#[rstest]
#[tokio::test]
async fn asking_makes_nothing(#[values(Sqlite, Postgres)] backend: Backend) {
    let scratch = empty(backend).await;
    let project = project(three, scratch.url());

    assert!(!db(&project, &["status"]).await.expect("it is read"));
    assert!(!db(&project, &["--json", "status"]).await.expect("it is read"));
    db(&project, &["rollback"]).await.expect_err("there is nothing to undo");

    assert!(scratch.url().sqlite_file().is_none_or(|file| !file.exists()));
    let connection = connect(&scratch).await;
    assert!(!has(&connection, "seaql_migrations").await);
    connection.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}
