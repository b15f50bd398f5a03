//! A process that is killed in the middle of a migration.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use rstest::rstest;
use sea_orm::{ConnectionTrait, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::{connect, empty};
use crate::migrations::{ONE, has, number, up};

/// Tells the process that it is the one to be killed, and on which database.
const VICTIM: &str = "WORKFLOW_TEST_VICTIM";
const MIDDLE: &str = "in the middle";

/// Makes a table, and in the process that is to be killed, waits.
struct Half;

/// How often `up` has been called: once before it runs, to see what it would say.
static CALLS: AtomicU32 = AtomicU32::new(0);

impl MigrationName for Half {
    fn name(&self) -> &'static str {
        "m2_half"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Half {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("CREATE TABLE half (id bigint)").await?;
        if victim().is_some() && CALLS.fetch_add(1, Ordering::Relaxed) > 0 {
            // What `println!` writes, the test harness would keep.
            writeln!(std::io::stdout(), "\n{MIDDLE}").expect("the other test reads");
            tokio::time::sleep(Duration::from_mins(1)).await;
        }
        Ok(())
    }
}

fn victim() -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "from one process of the test to the other")]
    std::env::var(VICTIM).ok()
}

fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(ONE), Box::new(Half)]
}

#[tokio::test]
#[ignore = "runs in the process that is killed"]
async fn the_victim() {
    let url = victim().expect("another test says which database");
    let applied = up(migrations, &url.parse().expect("a database")).await;
    panic!("nobody killed it: {applied:?}");
}

#[rstest]
#[tokio::test]
async fn a_killed_process_leaves_neither_its_lock_nor_half_a_migration(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let scratch = empty(backend).await;
    let mut victim = Command::new(std::env::current_exe().expect("this is a program"))
        .args(["kill::the_victim", "--exact", "--ignored"])
        .env(VICTIM, scratch.url().reveal())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the process starts");
    let lines = BufReader::new(victim.stdout.take().expect("its output is piped")).lines();
    let middle = lines.map_while(Result::ok).any(|line| line == MIDDLE);
    victim.kill().expect("the process can be killed");
    victim.wait().expect("the process ends");
    let db = connect(&scratch).await;
    let before = number(&db, "SELECT count(*) FROM seaql_migrations").await;

    let applied = up(migrations, scratch.url()).await.expect("nothing is in the way");

    assert!(middle, "the process was to be killed in the middle");
    assert_eq!(before, 1);
    assert_eq!(applied, ["m2_half"]);
    assert!(has(&db, "half").await);
    db.close().await.expect("the connection closes");
    scratch.remove().await.expect("the database can be removed");
}
