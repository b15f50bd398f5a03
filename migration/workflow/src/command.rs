//! `garboard db …`: the command line. Each command is in the module of its name.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::{Project, report::Report};

/// The commands about the schema and the data of a database.
#[derive(Debug, Args)]
pub struct DbArguments {
    /// For programs: one JSON document on standard output.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: DbCommand,
}

#[derive(Debug, Subcommand)]
enum DbCommand {}

/// Runs a command. The exit code tells of what was found; an error, of what could not be done.
///
/// # Errors
/// What the command met; the message says what to do.
pub async fn run(project: &Project, arguments: &DbArguments) -> anyhow::Result<ExitCode> {
    let (_report, _project) = (Report::new(arguments.json), project);
    match arguments.command {}
}
