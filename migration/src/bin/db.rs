//! `cargo db` and `cargo entities`: `garboard db`, without building the server, which does not compile while the entities are
//! being changed.

use std::process::ExitCode;

use clap::Parser;
use migration::{Migrator, MigratorTrait};
use workflow::{DatabaseUrl, Project, command::DbArguments};

/// The schema and the data of a database: as `garboard db`, without building the server.
#[derive(Debug, Parser)]
#[command(name = "cargo db")]
struct Arguments {
    #[command(flatten)]
    db: DbArguments,
    /// The database: `sqlite://PATH`, or `postgres://USER:PASSWORD@HOST[:PORT]/NAME`.
    #[arg(
        long,
        env,
        global = true,
        value_name = "URL",
        default_value = "sqlite://data/garboard.db",
        hide_env_values = true
    )]
    database_url: DatabaseUrl,
    /// Where it is: nothing is destroyed in production unless it is named.
    #[arg(long, env, global = true, default_value = "development", value_parser = ["development", "production", "test"])]
    app_env: String,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    dotenvy::dotenv().ok();
    let arguments = Arguments::parse();
    let project = Project {
        migrations: Migrator::migrations,
        database: arguments.database_url,
        production: arguments.app_env == "production",
    };
    workflow::command::run(&project, &arguments.db).await
}
