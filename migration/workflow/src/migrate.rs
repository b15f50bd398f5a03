//! `garboard db migrate`: applies what is pending.

mod concurrent;
mod failure;
pub(crate) mod plan;
mod runner;

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use sea_orm::ConnectOptions;
use sea_orm_migration::MigrationTrait;
use serde::Serialize;

pub(crate) use self::runner::{Runner, immediate};
pub use self::{
    plan::{Dialect, Plan},
    runner::Step,
};
use crate::{
    Migrations, Project,
    history::{self, Applied},
    patience::Patience,
    recorder::Direction,
    report::Report,
};

/// The end of `garboard db migrate --help`.
const NOTES: &str = "\
A migration runs in one transaction, with the note that it is applied: one that fails leaves nothing
behind. On SQLite that holds for those that say `use_transaction() -> Some(true)`, as those of
`garboard db new` do.

PostgreSQL builds an index without stopping writers only outside of a transaction. Such a migration
does that and nothing else, so that it can be repeated: an index that an interruption has left
unfinished is dropped before it runs again.

    fn use_transaction(&self) -> Option<bool> {
        Some(false)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut index = Index::create();
        index.name(\"ix_task_title\").table(\"task\").col(\"title\").if_not_exists();
        if manager.get_database_backend() == sea_orm::DbBackend::Postgres {
            index.concurrently();
        }
        manager.create_index(index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name(\"ix_task_title\").if_exists().to_owned()).await
    }

Examples:
  garboard db migrate --plan          what would be done, as SQL for both databases
  garboard db migrate                 apply everything that is pending
  garboard db migrate --to m20260901_000011_create_task";

/// What is asked of `db migrate`.
#[derive(Clone, Debug, Default, Args)]
#[command(after_long_help = NOTES)]
pub struct MigrateArguments {
    /// Apply the pending migrations up to this one, and no later one.
    #[arg(long, value_name = "NAME")]
    to: Option<String>,
    #[command(flatten)]
    plan: PlanArguments,
    #[command(flatten)]
    patience: Patience,
}

/// Whether to show what would be done.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct PlanArguments {
    /// Print the SQL, for both databases, and touch nothing.
    ///
    /// It is what the migrations say to an empty database; one that asks the database something may go on otherwise. With
    /// --only, the output can be run by hand, and what it applies is noted as applied.
    #[arg(long)]
    pub(crate) plan: bool,
    /// With --plan: the SQL of one database.
    #[arg(long, requires = "plan", value_name = "DATABASE")]
    pub(crate) only: Option<Dialect>,
}

#[derive(Serialize)]
struct Outcome {
    applied: Vec<Step>,
}

/// Applies what is pending, or shows what that would be.
///
/// # Errors
/// When the database cannot be reached, or a migration fails: the message says which, and what is left of it.
pub async fn run(
    project: &Project,
    arguments: &MigrateArguments,
    report: &Report,
) -> anyhow::Result<ExitCode> {
    let MigrateArguments { to, plan, patience } = arguments;
    let (url, to) = (&project.database, to.as_deref());
    if plan.plan {
        let (applied, note) = match history::read_at(url).await {
            Ok(applied) => (applied, None),
            Err(error) => (Vec::new(), Some(format!("{error:#}: this is every migration"))),
        };
        let pending = pending(project.migrations, &applied, to)?;
        plan::run(project, *plan, &pending, Direction::Up, note, report).await?;
        return Ok(ExitCode::SUCCESS);
    }
    report.database(url)?;
    let done = |step: &Step| tell(report, "applied", step);
    let applied = apply(project.migrations, url.reveal(), to, patience, report, done).await;
    let applied = applied.with_context(|| format!("cannot migrate {url}"))?;
    report.line(match applied.len() {
        0 => "nothing is pending".to_owned(),
        1 => "applied 1 migration".to_owned(),
        count => format!("applied {count} migrations"),
    })?;
    report.document(&Outcome { applied })?;
    Ok(ExitCode::SUCCESS)
}

/// Applies the pending migrations, up to and with `to` if one is named, one process at a time; tells `done` of each.
/// Migrations that are applied but unknown here, those of a newer release, are none of its business.
///
/// # Errors
/// When the database cannot be reached, a migration fails, or there is none of that name.
pub async fn apply(
    migrations: Migrations,
    options: impl Into<ConnectOptions>,
    to: Option<&str>,
    patience: &Patience,
    report: &Report,
    done: impl FnMut(&Step),
) -> anyhow::Result<Vec<Step>> {
    let runner = Runner::open(options, patience, report).await?;
    let pending = pending(migrations, &runner.applied().await?, to)?;
    runner.run(pending, Direction::Up, done).await
}

/// The migrations that a database with these lacks, in order, up to and with `to`.
fn pending(
    migrations: Migrations,
    applied: &[Applied],
    to: Option<&str>,
) -> anyhow::Result<Vec<Box<dyn MigrationTrait>>> {
    let mut all = migrations();
    if let Some(to) = to {
        let Some(place) = all.iter().position(|migration| migration.name() == to) else {
            bail!("there is no migration {to}: `db status` lists them");
        };
        all.truncate(place + 1);
    }
    all.retain(|migration| applied.iter().all(|applied| applied.name != migration.name()));
    Ok(all)
}

/// One line about a migration that is done.
pub(crate) fn tell(report: &Report, done: &str, step: &Step) {
    // The next one is not left out because nobody reads.
    let _ = report.line(format!("{done} {} ({} ms)", step.name, step.duration_ms));
}
