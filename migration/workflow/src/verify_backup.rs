//! `garboard db verify-backup`: the proof that a backup can be restored.

use std::{path::PathBuf, process::ExitCode, time::Instant};

use anyhow::Context;
use clap::Args;
use serde::Serialize;

use crate::{
    DatabaseUrl, Migrations, Project,
    backup::{Contents, inspect},
    catalog::Catalog,
    report::Report,
    restore::restore,
    scratch::Scratch,
};
use std::path::Path;

/// Restore a backup into a scratch database and compare.
///
/// Every checksum in the file is looked at, which a flipped byte does not survive. Then all rows are restored into a private
/// database beside the configured one, read again and compared, and so is the schema. Nothing else is touched.
#[derive(Debug, Args)]
pub struct VerifyBackupArguments {
    /// The backup.
    pub file: PathBuf,
    /// Another database on whose server, or of whose kind, the scratch database is made.
    #[arg(long, value_name = "URL")]
    pub scratch: Option<DatabaseUrl>,
}

/// What a backup was found to be. It is a document for programs.
#[derive(Clone, Debug, Serialize)]
pub struct Verified {
    /// What it holds, all of which was restored.
    pub contents: Contents,
    /// Whether the migrations make the schema that was backed up; nothing on a database of the other kind.
    pub same_schema: Option<bool>,
}

/// Runs the command.
///
/// # Errors
/// When the backup is damaged, or cannot be restored.
pub async fn run(
    project: &Project,
    arguments: &VerifyBackupArguments,
    report: &Report,
) -> anyhow::Result<ExitCode> {
    let server = arguments.scratch.as_ref().unwrap_or(&project.database);
    report.database(server)?;
    let begin = Instant::now();
    let verified = verify(project.migrations, server, &arguments.file, report).await?;
    report.line(verified.contents.table())?;
    report.line(format!(
        "{} rows of {} restored into a scratch database and compared in {:.1} s",
        verified.contents.rows(),
        verified.contents.head.made_at,
        begin.elapsed().as_secs_f64()
    ))?;
    report.document(&verified)?;
    if verified.same_schema == Some(false) {
        report.line(
            "The schema that was backed up is not what its migrations make: see `garboard db drift`. \
             The rows can be restored, what else was changed by hand cannot.",
        )?;
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// Restores a backup into a scratch database beside `server`.
///
/// # Errors
/// When the backup is damaged, or cannot be restored.
pub async fn verify(
    migrations: Migrations,
    server: &DatabaseUrl,
    file: &Path,
    report: &Report,
) -> anyhow::Result<Verified> {
    // A damaged one is told without a database.
    inspect(file, report)?;
    let scratch = Scratch::beside(server).await?;
    let verified = try_on(&scratch, migrations, file, report).await;
    scratch.remove().await.context("the scratch database stays")?;
    verified
}

async fn try_on(
    scratch: &Scratch,
    migrations: Migrations,
    file: &Path,
    report: &Report,
) -> anyhow::Result<Verified> {
    let contents = restore(migrations, scratch.url(), file, false, report).await?;
    let db = scratch.connect().await?;
    let fingerprint = Catalog::read(&db).await?.fingerprint();
    db.close().await?;
    let same_kind = contents.head.postgres == scratch.url().is_postgres();
    let same_schema = same_kind.then(|| fingerprint == contents.head.fingerprint);
    Ok(Verified { contents, same_schema })
}
