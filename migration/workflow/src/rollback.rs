//! `garboard db rollback`: undoes what was applied last.

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use sea_orm::ConnectOptions;
use sea_orm_migration::MigrationTrait;
use serde::Serialize;

use crate::{
    Migrations, Project,
    history::{self, Applied},
    migrate::{PlanArguments, Runner, Step, plan, tell},
    patience::Patience,
    recorder::{Direction, Script, record_one},
    report::Report,
};

/// The end of `garboard db rollback --help`.
const NOTES: &str = "\
Undoing a migration drops the columns and tables that it made, with what is in them. After a bad
deployment, it is as a rule enough to start the previous release: it runs on the newer schema.
Where rows must be kept, write a new migration.

What was applied last is undone first; of what was applied within one second, the last in the list.

Examples:
  garboard db rollback --plan                        the SQL that would undo the last migration
  garboard db rollback                               undo the last migration
  garboard db rollback 3                             undo the last three
  garboard db rollback --to m20260901_000011_create_task
  garboard db rollback --yes-destroy garboard        in production, the database is named";

/// What SeaORM says of a migration without a `down`.
const NO_DOWN: &str = "We Don't Do That Here";

/// What is asked of `db rollback`.
#[derive(Clone, Debug, Default, Args)]
#[command(after_long_help = NOTES)]
pub struct RollbackArguments {
    /// How many migrations to undo; 1 if nothing is said.
    #[arg(value_name = "N", conflicts_with = "to")]
    count: Option<usize>,
    /// Undo everything that was applied after this migration, which stays.
    #[arg(long, value_name = "NAME")]
    to: Option<String>,
    #[command(flatten)]
    plan: PlanArguments,
    /// In production: the name of the database, to say that what it loses may be lost.
    #[arg(long, value_name = "DATABASE")]
    yes_destroy: Option<String>,
    #[command(flatten)]
    patience: Patience,
}

/// How far back to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal<'a> {
    /// The last so many are undone.
    Last(usize),
    /// All that were applied after this one are undone.
    To(&'a str),
}

#[derive(Serialize)]
struct Outcome {
    undone: Vec<Step>,
}

/// Undoes what was applied last, or shows what that would be.
///
/// # Errors
/// As [`undo`]; in production, when the database is not named.
pub async fn run(
    project: &Project,
    arguments: &RollbackArguments,
    report: &Report,
) -> anyhow::Result<ExitCode> {
    let RollbackArguments { count, to, plan, yes_destroy, patience } = arguments;
    let goal = to.as_deref().map_or(Goal::Last(count.unwrap_or(1)), Goal::To);
    let url = &project.database;
    if plan.plan {
        let applied = history::read_at(url).await?;
        let chosen = choose(project.migrations, &applied, goal)?;
        plan::run(project, *plan, &chosen, Direction::Down, None, report).await?;
        return Ok(ExitCode::SUCCESS);
    }
    report.database(url)?;
    project.may_destroy(yes_destroy.as_deref())?;
    if history::read_at(url).await?.is_empty() {
        bail!("{url} has had no migrations: there is nothing to undo");
    }
    let done = |step: &Step| tell(report, "undone", step);
    let undone = undo(project.migrations, url.reveal(), goal, patience, report, done).await;
    let undone = undone.with_context(|| format!("cannot roll back {url}"))?;
    report.line(match undone.len() {
        0 => "nothing to undo".to_owned(),
        1 => "undid 1 migration".to_owned(),
        count => format!("undid {count} migrations"),
    })?;
    report.document(&Outcome { undone })?;
    Ok(ExitCode::SUCCESS)
}

/// Undoes what was applied last, the last one first; tells `done` of each.
///
/// # Errors
/// When the database cannot be reached, or a migration fails. Before anything is undone: when there are not so many, when
/// one of them is unknown here, or says that it cannot be undone.
pub async fn undo(
    migrations: Migrations,
    options: impl Into<ConnectOptions>,
    goal: Goal<'_>,
    patience: &Patience,
    report: &Report,
    done: impl FnMut(&Step),
) -> anyhow::Result<Vec<Step>> {
    let runner = Runner::open(options, patience, report).await?;
    let chosen = choose(migrations, &runner.applied().await?, goal)?;
    for migration in &chosen {
        let script = record_one(migration.as_ref(), runner.backend(), Direction::Down).await;
        refuse_irreversible(&script)?;
    }
    runner.run(chosen, Direction::Down, done).await
}

/// The migrations to undo, the last one first. Those that were applied within one second are in the order of the list.
fn choose(
    migrations: Migrations,
    applied: &[Applied],
    goal: Goal<'_>,
) -> anyhow::Result<Vec<Box<dyn MigrationTrait>>> {
    let mut known: Vec<_> = migrations().into_iter().map(Some).collect();
    // An unknown one counts as the newest of its second, so that it is noticed.
    let place = |name: &str| {
        let names = migrations();
        names.iter().position(|migration| migration.name() == name).unwrap_or(usize::MAX)
    };
    let mut order: Vec<_> =
        applied.iter().map(|one| (one.at, place(&one.name), &one.name)).collect();
    order.sort_unstable();
    let stay = match goal {
        Goal::Last(count) => order.len().checked_sub(count).with_context(|| {
            format!("cannot undo {count} migrations: only {} applied, see `db status`", order.len())
        })?,
        Goal::To(name) => {
            let place = order.iter().position(|(_, _, one)| *one == name);
            place.with_context(|| format!("{name} is not applied: `db status` lists what is"))? + 1
        }
    };
    let mut chosen = Vec::new();
    for (_, place, name) in order.into_iter().skip(stay).rev() {
        let migration = known.get_mut(place).and_then(Option::take);
        chosen.push(migration.with_context(|| {
            format!(
                "{name} is applied but unknown here: it is of another release, and only that one can undo it"
            )
        })?);
    }
    Ok(chosen)
}

/// Refuses a `down` that says that there is none. What else fails without a database may well succeed with one.
fn refuse_irreversible(script: &Script) -> anyhow::Result<()> {
    let name = &script.migration;
    match script.broken.as_deref().and_then(|broken| broken.strip_prefix("Migration Error: ")) {
        None => Ok(()),
        Some(reason) => {
            let reason = if reason == NO_DOWN { "it has no `down`" } else { reason };
            bail!(
                "{name} cannot be undone: {reason}. Nothing was changed. Restore a backup, or write a new migration that \
                 mends what this one did"
            )
        }
    }
}
