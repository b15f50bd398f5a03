//! `garboard db rehearse`: what migrations do to rows, tried on a copy.

mod previous;
mod rows;
mod state;
mod step;
mod trial;

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use sea_orm_migration::MigrationTrait;
use serde::Serialize;

use crate::{
    DatabaseUrl, Project, expected, history,
    recorder::Direction,
    report::{self, Report, wrapped},
    scratch::{self, Scratch},
};
pub use previous::Release;
pub use step::Step;
pub use trial::on;

/// The end of `garboard db rehearse --help`.
const NOTES: &str = "\
Examples:
  garboard db rehearse                     the pending migrations, on made-up rows
  garboard db rehearse --last 1            the one that was applied last, for it is applied already
  garboard db rehearse --from postgres://me@replica/shop
                                           on a copy of these rows; that database is only read
  garboard db rehearse --previous v1.2     where the release that runs has other entities than the
                                           applied migrations make: two releases back, say

It fails if a migration fails, loses rows, cannot be undone, leaves anything else behind when it is
undone, does something else the second time, or if the release before, which still runs while the
new one is deployed, could no longer read or insert. Times and locks are those of this machine and
these rows.";

/// Try the pending migrations on a copy, up, down and up again.
///
/// A migration that works on an empty database may fail on rows, lose some, or lock a table for as long as it takes to
/// write it anew. This builds the schema as it is in a scratch database, fills it with made-up rows or with those of
/// another database, and runs the migrations there. Nothing else is touched.
#[derive(Debug, Args)]
#[command(after_long_help = NOTES)]
pub struct RehearseArguments {
    /// Made-up rows of the largest table.
    #[arg(long, default_value_t = 2_000, conflicts_with = "from", value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    rows: u64,
    /// Use a copy of the rows of this database, which has to have the same migrations as the one that is acted on.
    #[arg(long, value_name = "URL")]
    from: Option<DatabaseUrl>,
    /// Rehearse so many of the migrations that are applied already, the newest ones.
    #[arg(long, value_name = "NUMBER")]
    last: Option<usize>,
    /// The release that runs during the deployment: a revision of git, or the folder of its entities.
    ///
    /// Its entities are what is tried: `v1.2` for those in `entity/src` at that revision, `v1.2:db/entity/src` for those in
    /// another folder, or `old/entity/src` for a folder that is here, which comes before a revision of the same name. If
    /// nothing is said, they are those that the applied migrations generate.
    #[cfg(feature = "develop")]
    #[arg(long, value_name = "REV|DIR")]
    previous: Option<String>,
    /// Build the scratch database on this server, not beside the database itself.
    #[arg(long, value_name = "URL")]
    scratch: Option<DatabaseUrl>,
}

/// How it went.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Rehearsal {
    /// The migrations, in order.
    pub migrations: Vec<String>,
    /// How many rows there were.
    pub rows: u64,
    /// What was run, in order.
    pub steps: Vec<Step>,
    /// What must be mended before these migrations are deployed.
    pub problems: Vec<String>,
    /// What a reader should know.
    pub notes: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// When a database cannot be reached or made, or there is nothing to rehearse.
pub async fn run(
    project: &Project,
    arguments: &RehearseArguments,
    report: &Report,
) -> anyhow::Result<ExitCode> {
    report.database(&project.database)?;
    let rehearsal = rehearse(project, arguments, report).await?;
    let rows = rehearsal.steps.iter().map(|step| {
        let way = if step.direction == Direction::Up { "up" } else { "down" };
        let locks = if step.failed.is_some() { "failed".to_owned() } else { step.locks.join(", ") };
        [step.migration.clone(), way.to_owned(), step.duration_ms.to_string(), locks]
    });
    let rows: Vec<_> = rows.collect();
    report.line(report::table(["migration", "way", "ms", "holds"], &rows))?;
    for note in &rehearsal.notes {
        report.line(wrapped(&format!("note: {note}"), 2))?;
    }
    for problem in &rehearsal.problems {
        report.line(wrapped(&format!("problem: {problem}"), 2))?;
    }
    let (count, rows) = (rehearsal.migrations.len(), rehearsal.rows);
    let verdict = match rehearsal.problems.len() {
        0 => "no problem was found".to_owned(),
        1 => "1 problem".to_owned(),
        problems => format!("{problems} problems"),
    };
    let migrations = if count == 1 { "migration" } else { "migrations" };
    report.line(format!("{count} {migrations} beside {rows} rows: {verdict}"))?;
    report.document(&rehearsal)?;
    Ok(if rehearsal.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Rehearses on a scratch database.
///
/// # Errors
/// As [`run`]; a migration that fails is no error, but told.
pub async fn rehearse(
    project: &Project,
    arguments: &RehearseArguments,
    report: &Report,
) -> anyhow::Result<Rehearsal> {
    let applied = history::read_at(&project.database).await?;
    let applied: Vec<_> = applied.into_iter().map(|applied| applied.name).collect();
    let (base, rehearsed) = choose(project, &applied, arguments.last)?;
    #[cfg(feature = "develop")]
    let previous = arguments.previous(&project.database)?;
    #[cfg(not(feature = "develop"))]
    let previous = None;
    let beside = scratch::beside(&project.database, arguments.scratch.as_ref())?;
    let scratch = Scratch::beside(beside).await?;
    let tried = async {
        let db = scratch.connect().await?;
        expected::build(&db, project.migrations, base).await?;
        match &arguments.from {
            Some(url) => rows::copy(url, &applied, &db, report).await?,
            None => rows::fill(&db, arguments.rows, report).await?,
        }
        db.close().await?;
        // Filled on a connection that was readied for it: migrations get one as they have it elsewhere.
        let db = scratch.connect().await?;
        let rehearsal = on(&db, &rehearsed, previous, report).await?;
        db.close().await?;
        anyhow::Ok(rehearsal)
    };
    let tried = tried.await;
    scratch.remove().await?;
    tried
}

#[cfg(feature = "develop")]
impl RehearseArguments {
    /// The release that is named.
    fn previous(&self, database: &DatabaseUrl) -> anyhow::Result<Option<Release>> {
        let read = |name: &String| Release::read(name, &previous::root()?, database);
        self.previous.as_ref().map(read).transpose()
    }
}

type Chosen = (Vec<String>, Vec<Box<dyn MigrationTrait>>);

/// The names of the migrations that are there before, and those to rehearse.
fn choose(project: &Project, applied: &[String], last: Option<usize>) -> anyhow::Result<Chosen> {
    let all = (project.migrations)();
    let known: Vec<_> = all
        .iter()
        .map(|migration| migration.name().to_owned())
        .filter(|name| applied.contains(name))
        .collect();
    let kept = match last {
        Some(last) => known.len().checked_sub(last).with_context(|| {
            format!("only {} migrations are applied: see `garboard db status`", known.len())
        })?,
        None => known.len(),
    };
    let base: Vec<_> = known.iter().take(kept).cloned().collect();
    let wanted = |name: &str| match last {
        Some(_) => known.iter().skip(kept).any(|known| known == name),
        None => !known.iter().any(|known| known == name),
    };
    let rehearsed: Vec<_> = all.into_iter().filter(|migration| wanted(migration.name())).collect();
    if rehearsed.is_empty() {
        bail!(
            "nothing is pending: name how many of the applied ones with --last, such as --last 1"
        );
    }
    Ok((base, rehearsed))
}
