//! `garboard db drift`: what has been done to a database beside its migrations.

use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use serde::Serialize;

use crate::{
    DatabaseUrl, Project,
    catalog::Catalog,
    connection,
    difference::{Difference, differences},
    expected, history,
    mend::{Step, mend},
    report::{Report, wrapped},
    scratch,
};

/// How to use it.
const EXAMPLES: &str = "Examples:
  garboard db drift                          what differs, and the SQL that mends it
  garboard db drift --scratch postgres://me@localhost/postgres
                                             build elsewhere: the user may not create databases";

/// Compare the database with what its migrations build.
///
/// Somebody has added an index by hand, dropped a constraint in the night, or edited a migration that was applied already:
/// the next migration may fail on it, or only there. This builds the applied migrations in a scratch database, compares
/// every table, column, default, constraint, index, view, trigger, policy and function, and prints the SQL that would
/// make the database what it should be. Nothing is changed. The exit code is 1 if anything differs.
///
/// To keep what was done by hand, write a migration that does it. Pending migrations are not expected to be there.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct DriftArguments {
    /// Build the scratch database on this server, not beside the database itself.
    #[arg(long, value_name = "URL")]
    scratch: Option<DatabaseUrl>,
}

/// How a database compares with its migrations.
#[derive(Debug, Serialize)]
pub struct Drift {
    /// How many migrations are applied.
    pub applied: usize,
    /// The migrations that are not, whose work is not expected.
    pub pending: Vec<String>,
    /// What is not as they build it.
    pub differences: Vec<Difference>,
    /// What would mend that.
    pub script: Vec<Step>,
}

/// Compares a database with what its applied migrations build on a scratch database beside `scratch`. Both are only read.
///
/// # Errors
/// When a migration is applied that the project does not know, for what it builds is not known either; when there is no
/// database; when no scratch database can be made.
pub async fn drift(project: &Project, scratch: Option<&DatabaseUrl>) -> anyhow::Result<Drift> {
    let url = &project.database;
    let beside = scratch::beside(url, scratch)?;
    let db = connection::existing(url).await?;
    let applied: Vec<_> =
        history::read(&db).await?.into_iter().map(|applied| applied.name).collect();
    let actual = Catalog::read(&db).await?;
    let known: Vec<_> =
        (project.migrations)().iter().map(|migration| migration.name().to_owned()).collect();
    let unknown: Vec<_> = applied.iter().filter(|name| !known.contains(name)).cloned().collect();
    if !unknown.is_empty() {
        bail!(
            "{url} has migrations that this program does not know, so what should be there is not known either: {}. \
             Ask the release that applied them",
            unknown.join(", ")
        );
    }
    let pending = known.into_iter().filter(|name| !applied.contains(name)).collect();
    let count = applied.len();
    let expected = expected::catalog(project.migrations, applied, beside).await?;
    let backend = db.get_database_backend();
    db.close().await?;
    Ok(Drift {
        applied: count,
        pending,
        differences: differences(&expected, &actual),
        script: mend(backend, &expected, &actual),
    })
}

/// Runs the command.
///
/// # Errors
/// Those of [`drift()`].
pub async fn run(
    project: &Project,
    arguments: &DriftArguments,
    report: &Report,
) -> anyhow::Result<ExitCode> {
    report.database(&project.database)?;
    let drift = drift(project, arguments.scratch.as_ref()).await?;
    report.document(&drift)?;
    tell(&drift, report)?;
    Ok(if drift.differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn tell(drift: &Drift, report: &Report) -> anyhow::Result<()> {
    let Drift { applied, pending, differences, script } = drift;
    if !pending.is_empty() {
        let line = format!("pending, so not expected to be there: {}", pending.join(", "));
        report.line(wrapped(&line, 2))?;
    }
    if differences.is_empty() {
        report.line(format!("no drift: all is as the {applied} applied migrations build it"))?;
        return Ok(());
    }
    for difference in differences {
        report.line(difference.to_string())?;
    }
    let count = match differences.len() {
        1 => "1 difference".to_owned(),
        count => format!("{count} differences"),
    };
    report.line(format!("{count} from what the {applied} applied migrations build\n"))?;
    report.line(
        "-- This script would mend it. Read it first: what is wanted belongs into a migration.",
    )?;
    let destroying = script.iter().filter(|step| step.destroys.is_some()).count();
    if destroying > 0 {
        report.line(format!("-- Statements that destroy something: {destroying}, each marked."))?;
    }
    for step in script {
        report.line(step.to_string())?;
    }
    Ok(())
}
