//! `garboard db entities`: the entity crate, written from the migrations by SeaORM's own generator.
//!
//! What is written is what [`COMMAND`] writes, which the documentation tells a reader to type; a test compares them.

mod files;
mod generator;

use std::{
    env,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use anyhow::{Context, bail, ensure};
use clap::Args;
use serde::Serialize;

use crate::{
    DatabaseUrl, Migrations, Project, expected, new,
    report::Report,
    scratch::{self, connect},
};

pub use files::Entities;
pub(crate) use files::is_list;
pub use generator::generate;
pub(crate) use generator::{formatted, is_shown};

/// The command that writes the entity crate, run from the workspace root with `DATABASE_URL` set.
pub const COMMAND: &str = "sea-orm-cli generate entity --lib --entity-format compact \
                           --with-prelude all --with-serde none --output-dir entity/src";

/// How to use it.
const EXAMPLES: &str = "Examples:
  garboard db entities             after a new migration: write what has changed
  garboard db entities --check     in CI: print what is stale, and fail if anything is";

/// Write the entity crate from the migrations.
///
/// Every migration is applied to a private scratch SQLite database, and SeaORM's generator reads that: what comes out is
/// what `sea-orm-cli generate entity` writes, whatever state your own databases are in; nothing of them is touched.
/// Files of tables that are gone are removed; an unchanged file is left alone, so that cargo does not build it again.
/// Needs `rustfmt`, and is run in the folder of the project.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct EntitiesArguments {
    /// Write nothing; print how the files would change, and fail if any would.
    #[arg(long)]
    check: bool,
    /// The folder of the entity crate's source; if nothing is said, `entity/src` here or in a folder above.
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Generate from this database, migrated already, instead of a scratch one.
    #[arg(long, value_name = "URL")]
    from: Option<DatabaseUrl>,
}

/// What became of the entity crate.
#[derive(Debug, Serialize)]
struct Outcome {
    /// The files that were stale, by name.
    changed: Vec<String>,
    /// Whether they have been written.
    written: bool,
    /// How they were to change, as `diff -u` tells it.
    diff: String,
    seconds: f32,
}

/// Generates the entities of a scratch SQLite database that is migrated for the purpose.
///
/// # Errors
/// What a migration or the generator met.
pub async fn generate_from_scratch(migrations: Migrations) -> anyhow::Result<Entities> {
    // On SQLite, what it is beside is of no matter.
    scratch::on(&DatabaseUrl::of_file(Path::new("scratch.db")), async |db| {
        expected::build_all(db, migrations).await?;
        generate(db).await
    })
    .await
}

/// Runs the command.
///
/// # Errors
/// When the entities cannot be generated, or the folder is not there.
pub async fn run(
    project: &Project,
    arguments: &EntitiesArguments,
    report: &Report,
) -> anyhow::Result<ExitCode> {
    let EntitiesArguments { check, output, from } = arguments;
    let start = Instant::now();
    let output = &match output {
        Some(folder) => folder.clone(),
        None => new::find(&env::current_dir()?, "entity/src")
            .context("there is no entity/src/lib.rs here or in a folder above: go to the project, or name the folder with --output DIR")?,
    };
    ensure!(output.is_dir(), "there is no folder {}", output.display());
    let entities = if let Some(url) = from {
        report.database(url)?;
        generate(&connect(url).await?).await?
    } else {
        report.line("a scratch SQLite database, migrated for the purpose")?;
        generate_from_scratch(project.migrations).await?
    };
    let old = Entities::read(output)?;
    if let Some(stranger) = old.stranger().filter(|_| !check) {
        bail!(
            "{} has {stranger}, which is no entity and would be deleted: name the folder of the entities alone with \
             --output; nothing was written",
            output.display()
        );
    }
    let diff = old.diff(&entities);
    let changed = old.changed(&entities);
    if !check {
        entities.write(output)?;
    }
    let seconds = start.elapsed().as_secs_f32();
    tell(report, output, &Outcome { changed, written: !check, diff, seconds })
}

fn tell(report: &Report, output: &Path, outcome: &Outcome) -> anyhow::Result<ExitCode> {
    report.document(outcome)?;
    let Outcome { changed, written, diff, seconds } = outcome;
    let folder = output.display();
    if changed.is_empty() {
        report.line(format!("{folder}: nothing to change ({seconds:.1} s)"))?;
    } else if *written {
        report.line(format!("{folder}: wrote {} ({seconds:.1} s)", changed.join(", ")))?;
    } else {
        report.line(diff)?;
        report.line(format!(
            "{folder} is stale: run `cargo entities` and commit what it writes ({seconds:.1} s)"
        ))?;
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}
