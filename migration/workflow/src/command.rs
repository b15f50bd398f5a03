//! `garboard db …`: the command line. Each command is in the module of its name.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::{
    Project,
    backup::{self, BackupArguments},
    copy::{self, CopyArguments},
    doctor,
    drift::{self, DriftArguments},
    lint::{self, LintArguments},
    migrate::{self, MigrateArguments},
    new::{self, NewArguments},
    pull::{self, PullArguments},
    rehearse::{self, RehearseArguments},
    report::Report,
    reset::{self, ResetArguments},
    restore::{self, RestoreArguments},
    rollback::{self, RollbackArguments},
    seed::{self, SeedArguments},
    stats,
    status::{self, StatusArguments},
    verify_backup::{self, VerifyBackupArguments},
};
#[cfg(feature = "develop")]
use crate::{
    diff::{self, DiffArguments},
    entities::{self, EntitiesArguments},
    push::{self, PushArguments},
};

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
enum DbCommand {
    /// Write a new migration, to be filled in.
    New(NewArguments),
    #[cfg(feature = "develop")]
    Diff(DiffArguments),
    #[cfg(feature = "develop")]
    Push(PushArguments),
    #[cfg(feature = "develop")]
    Entities(EntitiesArguments),
    Lint(LintArguments),
    Rehearse(RehearseArguments),
    /// Apply the pending migrations.
    ///
    /// Of several processes that do so at once, one works and the others wait. A migration that waits for others' locks
    /// lets them pass from time to time, and is tried again.
    Migrate(MigrateArguments),
    /// Undo the migrations that were applied last.
    Rollback(RollbackArguments),
    /// Show which migrations are applied and pending, and whether the schema is as they left it.
    Status(StatusArguments),
    Drift(DriftArguments),
    /// Take over a database that others have made: a migration that builds all it has.
    ///
    /// The migration is tried on a scratch database first: what it builds there is compared with what there is.
    Pull(PullArguments),
    Seed(SeedArguments),
    Reset(ResetArguments),
    Copy(CopyArguments),
    Backup(BackupArguments),
    VerifyBackup(VerifyBackupArguments),
    Restore(RestoreArguments),
    Stats(stats::StatsArguments),
    Doctor(doctor::DoctorArguments),
}

/// Runs a command. The exit code tells of what was found; an error, of what could not be done.
///
/// # Errors
/// What the command met; the message says what to do.
pub async fn run(project: &Project, arguments: &DbArguments) -> anyhow::Result<ExitCode> {
    let report = &Report::new(arguments.json);
    match &arguments.command {
        DbCommand::New(arguments) => new::run(arguments, report),
        #[cfg(feature = "develop")]
        DbCommand::Diff(arguments) => Box::pin(diff::run(project, arguments, report)).await,
        #[cfg(feature = "develop")]
        DbCommand::Push(arguments) => Box::pin(push::run(project, arguments, report)).await,
        #[cfg(feature = "develop")]
        DbCommand::Entities(arguments) => entities::run(project, arguments, report).await,
        DbCommand::Lint(arguments) => lint::run(project, arguments, report).await,
        DbCommand::Rehearse(arguments) => rehearse::run(project, arguments, report).await,
        DbCommand::Migrate(arguments) => migrate::run(project, arguments, report).await,
        DbCommand::Rollback(arguments) => rollback::run(project, arguments, report).await,
        DbCommand::Status(arguments) => status::run(project, arguments, report).await,
        DbCommand::Drift(arguments) => drift::run(project, arguments, report).await,
        DbCommand::Pull(arguments) => pull::run(project, arguments, report).await,
        DbCommand::Seed(arguments) => seed::run(project, arguments, report).await,
        DbCommand::Reset(arguments) => reset::run(project, arguments, report).await,
        DbCommand::Copy(arguments) => copy::run(arguments, report).await,
        DbCommand::Backup(arguments) => backup::run(project, arguments, report).await,
        DbCommand::VerifyBackup(arguments) => verify_backup::run(project, arguments, report).await,
        DbCommand::Restore(arguments) => restore::run(project, arguments, report).await,
        DbCommand::Stats(arguments) => stats::run(project, arguments, report).await,
        DbCommand::Doctor(arguments) => doctor::run(project, arguments, report).await,
    }
}
