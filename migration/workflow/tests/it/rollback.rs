//! What was applied last is undone first, or nothing is.

use rstest::rstest;
use sea_orm_migration::MigrationTrait;
use workflow::catalog::Catalog;
use workflow::rollback::Goal::{Last, To};

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{connect, db, empty, execute, project};
use crate::migrations::{ONE, Sql, THREE, TWO, down, has, list, one, three, up};

#[rstest]
#[tokio::test]
async fn the_last_ones_are_undone(#[values(Sqlite, Postgres)] backend: Backend) {
    let scratch = empty(backend).await;
    let url = scratch.url();
    up(one, url).await.expect("one is applied");
    let connection = connect(&scratch).await;
    let before = Catalog::read(&connection).await.expect("the schema can be read");
    up(three, url).await.expect("the others are applied");

    assert_eq!(down(three, url, Last(1)).await.expect("the last is undone"), ["m3_three"]);
    let refused = down(three, url, To("m3_three")).await.expect_err("it is not applied");
    assert_eq!(down(three, url, To("m1_one")).await.expect("the one after it is"), ["m2_two"]);
    let too_many = down(three, url, Last(2)).await.expect_err("only one is applied");

    assert!(refused.contains("m3_three is not applied"), "{refused}");
    assert!(too_many.contains("cannot undo 2 migrations: only 1 applied"), "{too_many}");
    let after = Catalog::read(&connection).await.expect("the schema can be read");
    assert_eq!(after, before);
    connection.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}

/// Of two branches, that which was merged last may bring the older migration.
#[rstest]
#[tokio::test]
async fn last_is_what_was_applied_last(#[values(Sqlite, Postgres)] backend: Backend) {
    let scratch = empty(backend).await;
    let merged = || list(&[TWO, ONE]);
    up(one, scratch.url()).await.expect("one is applied");
    let connection = connect(&scratch).await;
    execute(&connection, &["UPDATE seaql_migrations SET applied_at = applied_at - 60"]).await;
    up(merged, scratch.url()).await.expect("two is applied later");

    let undone = down(merged, scratch.url(), Last(1)).await.expect("it is undone");

    assert_eq!(undone, ["m2_two"]);
    connection.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}

fn irreversible() -> Vec<Box<dyn MigrationTrait>> {
    list(&[ONE, Sql { down: None, ..TWO }, THREE])
}

#[rstest]
#[case::without_down(irreversible, "m2_two cannot be undone: it has no `down`")]
#[case::of_another_release(one, "m3_three is applied but unknown here")]
#[tokio::test]
async fn what_cannot_be_undone_is_refused_before_anything_is(
    #[values(Sqlite, Postgres)] backend: Backend,
    #[case] migrations: workflow::Migrations,
    #[case] why: &str,
) {
    let scratch = empty(backend).await;
    up(irreversible, scratch.url()).await.expect("they are applied");
    let connection = connect(&scratch).await;

    for goal in [Last(2), Last(3), To("m1_one")] {
        let error = down(migrations, scratch.url(), goal).await.expect_err("one of them is not");
        assert!(error.contains(why), "{error}");
    }

    assert!(has(&connection, "three").await);
    connection.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}

#[rstest]
#[tokio::test]
async fn in_production_the_database_is_named(#[values(Sqlite, Postgres)] backend: Backend) {
    let scratch = empty(backend).await;
    up(one, scratch.url()).await.expect("one is applied");
    let mut project = project(one, scratch.url());
    project.production = true;
    let name = scratch.url().name();

    let unnamed = db(&project, &["rollback"]).await;
    let misnamed = db(&project, &["rollback", "--yes-destroy", "another"]).await;
    let named = db(&project, &["rollback", "--yes-destroy", &name]).await;

    for refused in [unnamed, misnamed] {
        let error = format!("{:#}", refused.expect_err("it is refused"));
        assert!(error.contains(&format!("--yes-destroy {name}")), "{error}");
    }
    assert!(named.expect("it is undone"));
    let connection = connect(&scratch).await;
    assert!(!has(&connection, "one").await);
    connection.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}
