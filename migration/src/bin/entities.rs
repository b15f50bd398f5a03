//! `cargo entities`: `garboard db entities`, without building the server.

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser};
use migration::{Migrator, MigratorTrait};
use workflow::{Project, entities, report::Report};

#[derive(Debug, Parser)]
#[command(name = "cargo entities")]
struct Arguments {
    #[command(flatten)]
    entities: entities::EntitiesArguments,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    // Wherever in the workspace it is called, it writes the entity crate of the workspace.
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../entity/src");
    let command = Arguments::command().mut_arg("output", |output| output.default_value(folder));
    let arguments = Arguments::from_arg_matches(&command.get_matches())?;
    let project = Project {
        migrations: Migrator::migrations,
        database: "sqlite://unused.db".parse()?,
        production: false,
    };
    entities::run(&project, &arguments.entities, &Report::new(false)).await
}
