//! PostgreSQL's concurrent index builds, which run outside of a transaction.

use rstest::rstest;
use sea_orm_migration::prelude::*;
use workflow::{Migrations, rollback::Goal::Last};

use crate::harness::Backend::Postgres;
use crate::harness::{connect, empty, execute};
use crate::migrations::{ONE, Sql, down, list, number, one, up};

const PLAIN: Sql = Sql {
    name: "m2_index",
    up: &[r#"CREATE UNIQUE INDEX CONCURRENTLY "ix_one_note" ON one (note)"#],
    down: Some(&["DROP INDEX CONCURRENTLY ix_one_note"]),
    in_transaction: Some(false),
};

fn plain() -> Vec<Box<dyn MigrationTrait>> {
    list(&[ONE, PLAIN])
}

/// As `db migrate --help` says.
struct Repeatable;

impl MigrationName for Repeatable {
    fn name(&self) -> &'static str {
        "m2_index"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Repeatable {
    fn use_transaction(&self) -> Option<bool> {
        Some(false)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut index = Index::create();
        index.name("ix_one_note").table("one").col("note").unique().if_not_exists();
        if manager.get_database_backend() == sea_orm::DbBackend::Postgres {
            index.concurrently();
        }
        manager.create_index(index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name("ix_one_note").if_exists().to_owned()).await
    }
}

fn repeatable() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(ONE), Box::new(Repeatable)]
}

const VALID: &str =
    "SELECT count(*) FROM pg_index WHERE indisvalid AND indexrelid = 'ix_one_note'::regclass";

#[rstest]
#[tokio::test]
async fn a_build_that_broke_off_is_begun_anew(#[values(plain, repeatable)] migrations: Migrations) {
    let scratch = empty(Postgres).await;
    up(one, scratch.url()).await.expect("one is applied");
    let db = connect(&scratch).await;
    execute(&db, &["INSERT INTO one VALUES (1, 'same'), (2, 'same')"]).await;

    let error = up(migrations, scratch.url()).await.expect_err("two rows are the same");
    let broken = number(&db, VALID).await;
    execute(&db, &["DELETE FROM one WHERE id = 2"]).await;
    let applied = up(migrations, scratch.url()).await.expect("it resumes");

    assert!(error.contains("could not create unique index"), "{error}");
    assert_eq!(applied, ["m2_index"]);
    assert_eq!([broken, number(&db, VALID).await], [0, 1]);
    assert_eq!(down(migrations, scratch.url(), Last(1)).await.expect("it is undone"), applied);
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}

#[tokio::test]
async fn a_build_that_was_not_noted_is_noted() {
    let scratch = empty(Postgres).await;
    up(one, scratch.url()).await.expect("one is applied");
    let db = connect(&scratch).await;
    execute(&db, PLAIN.up).await;

    let error = up(plain, scratch.url()).await.expect_err("the index exists");
    let applied = up(repeatable, scratch.url()).await.expect("the index may exist");

    assert!(error.contains("IF NOT EXISTS"), "{error}");
    assert_eq!(applied, ["m2_index"]);
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}

/// The build waits for every statement that began before it; so nobody may wait for the build inside of a statement.
#[tokio::test]
async fn a_build_does_not_wait_for_who_waits_for_it() {
    let scratch = empty(Postgres).await;

    let [first, second, third] = [(); 3].map(|()| up(repeatable, scratch.url()));
    let (first, second, third) = tokio::join!(first, second, third);

    let all = [first, second, third].map(|names| names.expect("one works, the others wait"));
    assert_eq!(all.concat(), ["m1_one", "m2_index"]);
    scratch.remove().await.expect("the database can be removed");
}

/// Three times as long as a lock may take: while the build waits, nobody waits for it.
#[tokio::test]
async fn a_build_waits_for_old_transactions() {
    let scratch = empty(Postgres).await;
    up(one, scratch.url()).await.expect("one is applied");
    let (holder, other) = (connect(&scratch).await, connect(&scratch).await);
    execute(&holder, &["BEGIN; INSERT INTO one VALUES (1, 'a')"]).await;

    let migration = up(plain, scratch.url());
    let others = async {
        for id in 2..14 {
            let insert = format!("INSERT INTO one VALUES ({id}, 'b{id}')");
            execute(&other, &[&insert]).await;
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        execute(&holder, &["COMMIT"]).await;
    };
    let (applied, ()) = tokio::join!(migration, others);

    assert_eq!(applied.expect("it is built in the end"), ["m2_index"]);
    assert_eq!(number(&other, VALID).await, 1);
    for db in [holder, other] {
        db.close().await.expect("the connection closes");
    }
    scratch.remove().await.expect("the database can be removed");
}
