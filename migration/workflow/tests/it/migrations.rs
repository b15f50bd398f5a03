//! Small migrations, and how they are applied.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};
use workflow::{
    DatabaseUrl, Migrations,
    migrate::{Step, apply},
    patience::{Patience, Seconds},
    report::Report,
    rollback::{Goal, undo},
};

/// A migration that is a few statements.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sql {
    pub(crate) name: &'static str,
    pub(crate) up: &'static [&'static str],
    /// None: it has no `down`.
    pub(crate) down: Option<&'static [&'static str]>,
    pub(crate) in_transaction: Option<bool>,
}

impl MigrationName for Sql {
    fn name(&self) -> &'static str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Sql {
    fn use_transaction(&self) -> Option<bool> {
        self.in_transaction
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute(manager, self.up).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        match self.down {
            Some(down) => execute(manager, down).await,
            None => Err(DbErr::Migration("We Don't Do That Here".to_owned())),
        }
    }
}

async fn execute(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    for statement in statements {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}

/// A migration that makes a table and drops it.
pub(crate) const fn sql(
    name: &'static str,
    up: &'static [&'static str],
    down: &'static [&'static str],
) -> Sql {
    Sql { name, up, down: Some(down), in_transaction: Some(true) }
}

pub(crate) const ONE: Sql =
    sql("m1_one", &["CREATE TABLE one (id bigint PRIMARY KEY, note text)"], &["DROP TABLE one"]);
pub(crate) const TWO: Sql =
    sql("m2_two", &["CREATE TABLE two (id bigint PRIMARY KEY)"], &["DROP TABLE two"]);
pub(crate) const THREE: Sql = sql(
    "m3_three",
    &["CREATE TABLE three (id bigint PRIMARY KEY)", "CREATE INDEX ix_two ON two (id)"],
    &["DROP INDEX ix_two", "DROP TABLE three"],
);

/// As a project lists them.
pub(crate) fn list(migrations: &[Sql]) -> Vec<Box<dyn MigrationTrait>> {
    let boxed =
        migrations.iter().map(|migration| -> Box<dyn MigrationTrait> { Box::new(*migration) });
    boxed.collect()
}

pub(crate) fn one() -> Vec<Box<dyn MigrationTrait>> {
    list(&[ONE])
}

pub(crate) fn three() -> Vec<Box<dyn MigrationTrait>> {
    list(&[ONE, TWO, THREE])
}

/// Does not wait for long.
pub(crate) fn impatient() -> Patience {
    let lock_timeout = Seconds(std::time::Duration::from_millis(400));
    Patience { lock_timeout, ..Patience::default() }
}

/// Applies what is pending; gives the names of it, or the error in one line.
pub(crate) async fn up(migrations: Migrations, url: &DatabaseUrl) -> Result<Vec<String>, String> {
    let (patience, report) = (impatient(), Report::new(false));
    let steps = apply(migrations, url.reveal(), None, &patience, &report, |_| ()).await;
    names(steps)
}

/// Undoes; gives the names of what is undone, or the error in one line.
pub(crate) async fn down(
    migrations: Migrations,
    url: &DatabaseUrl,
    goal: Goal<'_>,
) -> Result<Vec<String>, String> {
    let (patience, report) = (impatient(), Report::new(false));
    names(undo(migrations, url.reveal(), goal, &patience, &report, |_| ()).await)
}

pub(crate) fn names(steps: anyhow::Result<Vec<Step>>) -> Result<Vec<String>, String> {
    let names = steps.map(|steps| steps.into_iter().map(|step| step.name).collect());
    names.map_err(|error| format!("{error:#}"))
}

/// Whether the database has the table.
pub(crate) async fn has(db: &DatabaseConnection, table: &str) -> bool {
    db.execute_unprepared(&format!("SELECT 1 FROM {table}")).await.is_ok()
}

/// A number that the database gives.
pub(crate) async fn number(db: &DatabaseConnection, sql: &str) -> i64 {
    let backend: DbBackend = db.get_database_backend();
    let row = db.query_one_raw(sea_orm::Statement::from_string(backend, sql)).await;
    let row = row.unwrap_or_else(|error| panic!("{sql}: {error}")).expect("a row");
    row.try_get_by_index(0).expect("a number")
}
