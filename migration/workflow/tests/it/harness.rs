//! Empty databases of both kinds, and migrations to try.

use std::process::ExitCode;

use clap::Parser;
use sea_orm::DatabaseConnection;
use sea_orm_migration::prelude::*;
use workflow::{
    DatabaseUrl, Migrations, Project,
    command::DbArguments,
    scratch::{self, Scratch},
};

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
}

/// An empty database of this kind, gone after [`Scratch::remove`].
pub(crate) async fn empty(backend: Backend) -> Scratch {
    Scratch::beside(&server(backend)).await.expect("a database can be made")
}

/// Some database of this kind.
pub(crate) fn server(backend: Backend) -> DatabaseUrl {
    #[expect(clippy::disallowed_methods, reason = "TEST_POSTGRES_URL is no setting of the server")]
    let url = match backend {
        Backend::Sqlite => "sqlite://unused.db".to_owned(),
        Backend::Postgres => {
            std::env::var("TEST_POSTGRES_URL").expect("tests/run brings a PostgreSQL server")
        }
    };
    url.parse().expect("TEST_POSTGRES_URL is the address of a database")
}

/// Runs statements, each by itself.
pub(crate) async fn execute(db: &DatabaseConnection, statements: &[&str]) {
    for statement in statements {
        db.execute_unprepared(statement)
            .await
            .unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
}

/// One connection to a scratch database.
pub(crate) async fn connect(scratch: &Scratch) -> DatabaseConnection {
    scratch::connect(scratch.url()).await.expect("the database can be reached")
}

/// A project in development.
pub(crate) fn project(migrations: Migrations, database: &DatabaseUrl) -> Project {
    Project { migrations, database: database.clone(), production: false }
}

/// Runs `garboard db` with these arguments; whether it ends with the exit code of success.
pub(crate) async fn db(project: &Project, arguments: &[&str]) -> anyhow::Result<bool> {
    #[derive(Parser)]
    struct Garboard {
        #[command(flatten)]
        db: DbArguments,
    }
    let arguments = ["garboard db"].iter().chain(arguments);
    let garboard = Garboard::try_parse_from(arguments).expect("the arguments are known");
    let code = workflow::command::run(project, &garboard.db).await?;
    Ok(code == ExitCode::SUCCESS)
}

/// A migration of one statement.
pub(crate) struct Step(pub(crate) &'static str, pub(crate) &'static str);

impl MigrationName for Step {
    fn name(&self) -> &str {
        self.0
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(self.1).await.map(|_| ())
    }
}
