//! `garboard db diff`: a migration from what the entity sources declare.
//!
//! The migrations are applied to a scratch database, whose generated entities are compared with the sources field by
//! field. What differs becomes steps in the vocabulary of [`schema`](crate::schema); they are done there, and undone,
//! before they are written: what does not lead to the declared entities is not written.

mod compare;
pub mod declared;
mod describe;
mod find;
mod known;
mod operation;
mod prove;
mod render;

use std::{
    io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, bail};
use chrono::Utc;
use clap::Args;
use serde::Serialize;

use crate::{
    Project,
    catalog::Catalog,
    entities::{self, Entities},
    new,
    report::{Report, wrapped},
};
pub use compare::Rename;
pub(crate) use find::between;
pub use find::diff;
use operation::Operation;
pub(crate) use prove::together;

/// The end of `garboard db diff --help`.
const NOTES: &str = "\
Example: a field `priority` is wanted in tasks. Write it in entity/src/task.rs,
  pub priority: Option<i64>,
and let the migration be written, applied, and the entities be put in order:
  garboard db diff add_task_priority
  garboard db migrate
  cargo entities

Fields are Uuid, String, bool, i16, i64, f64, Date, DateTimeWithTimeZone and Json, or an Option of
these. Beyond what the generator writes, a field may say, as #[sea_orm(…)],
  default_value = 0                          what rows have where nothing is said
  default_expr = \"Keyword::Null\"             that there is no default any more
  column_type = \"String(StringLen::N(80))\"   how long a text is at most: 255 if nothing is said
  indexed                                    that there is an index
and be an enum with DeriveActiveEnum that is kept as text. `cargo entities` leaves these words out
again. A reference is a `belongs_to` of the enum Relation; what else belongs to it, `cargo entities`
adds. Delete a file to drop its table.";

/// Write the migration that makes the database what the entities declare.
///
/// Edit the entity sources first, then run this: it compares them with what the migrations build, and writes the difference as
/// a new migration, up and down. The steps are tried on a scratch database before (on both kinds, where the database is
/// on PostgreSQL): they lead to entities that are equal to those that were edited. Nothing is applied.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = NOTES)]
pub struct DiffArguments {
    /// What the migration does, in snake case; if nothing is said, named after the tables that change.
    name: Option<String>,
    #[command(flatten)]
    sources: Sources,
    /// The folder of the migrations; if nothing is said, `migration/src` here or in a folder above.
    #[arg(long, value_name = "DIR")]
    migrations: Option<PathBuf>,
    /// Show the difference and the migration, and write nothing.
    #[arg(long)]
    plan: bool,
    /// Note in the database that the migration is applied there, if it is: `garboard db push` has done so.
    #[arg(long, conflicts_with = "plan")]
    adopt: bool,
}

/// Which sources are compared, and how they are understood.
#[derive(Clone, Debug, Args)]
pub struct Sources {
    /// What has another name now, such as task=todo or task.title=task.name. May be said several times.
    #[arg(long = "rename", value_name = "OLD=NEW")]
    pub renames: Vec<Rename>,
    /// The folder of the entity sources; if nothing is said, `entity/src` beside the folder of the migrations.
    #[arg(long, value_name = "DIR")]
    pub entities: Option<PathBuf>,
}

/// What differs, and the migration that ends it.
#[derive(Debug, Default, Serialize)]
pub struct Diff {
    /// What changes, a line each: `+` is new, `-` is gone, `~` is changed.
    pub changes: Vec<String>,
    /// What is destroyed: `table` or `table.column`.
    pub destroys: Vec<String>,
    /// What going down does not bring back.
    pub irreversible: Vec<String>,
    /// What may have another name only, and how to say so.
    pub hints: Vec<String>,
    /// The entity sources that are then generated otherwise than they were edited, by name.
    pub regenerated: Vec<String>,
    /// The source of the migration, as far as no formatter has seen it; empty if nothing differs.
    pub source: String,
    /// What the migration is named unless somebody says otherwise.
    pub name: String,
    #[serde(skip)]
    up: Vec<Operation>,
    /// What the database on which it was tried has afterwards: that of its own kind, if there were two.
    #[serde(skip)]
    built: Catalog,
}

#[derive(Serialize)]
struct Outcome<'a> {
    /// The name of the migration, if one was written.
    migration: Option<String>,
    file: Option<PathBuf>,
    adopted: bool,
    #[serde(flatten)]
    diff: &'a Diff,
}

/// Runs the command.
///
/// # Errors
/// When the sources cannot be read, or declare what cannot be migrated; then nothing is written.
pub async fn run(
    project: &Project,
    arguments: &DiffArguments,
    report: &Report,
) -> anyhow::Result<ExitCode> {
    report.database(&project.database)?;
    let folder = new::folder(arguments.migrations.as_deref())?;
    if let Some(name) = &arguments.name {
        new::check(&folder, name)?;
    }
    let entities = arguments.sources.read(&folder)?;
    let renames = &arguments.sources.renames;
    let work = Box::pin(diff(project, &entities, renames, |question| report.asks(question)));
    let diff = report.during(work, |_| "trying it on scratch databases".to_owned()).await?;
    if diff.changes.is_empty() {
        report.line("nothing differs: the migrations build what the entities declare")?;
        report.document(&Outcome { migration: None, file: None, adopted: false, diff: &diff })?;
        return Ok(ExitCode::SUCCESS);
    }
    diff.tell(report)?;
    for lost in &diff.irreversible {
        report.line(format!("going down does not bring back {lost}"))?;
    }
    let source = diff.formatted()?;
    if arguments.plan {
        report.line(format!("\n{source}"))?;
        report.document(&Outcome { migration: None, file: None, adopted: false, diff: &diff })?;
        return Ok(ExitCode::SUCCESS);
    }
    if arguments.adopt {
        prove::same(&project.database, &diff.built).await?;
    }
    let name = arguments.name.as_deref().unwrap_or(&diff.name);
    let (migration, file) = new::create_with(&folder, name, Utc::now(), &source)?;
    report.line(format!("wrote {}", file.display()))?;
    if arguments.adopt {
        prove::adopt(&project.database, &migration).await?;
        report.line(format!("{migration} counts as applied"))?;
    }
    report.line("next: read it, then `cargo run -- db migrate`, and `cargo entities`")?;
    let (migration, file) = (Some(migration), Some(file));
    report.document(&Outcome { migration, file, adopted: arguments.adopt, diff: &diff })?;
    Ok(ExitCode::SUCCESS)
}

impl Sources {
    /// Reads the entity sources.
    ///
    /// # Errors
    /// When the folder is none of an entity crate.
    pub fn read(&self, migrations: &Path) -> anyhow::Result<Entities> {
        let root = migrations.ancestors().nth(2).unwrap_or(migrations);
        let beside = || root.join("entity/src");
        let folder = self.entities.clone().unwrap_or_else(beside);
        let entities = Entities::read(&folder)
            .with_context(|| format!("cannot read the entities in {}", folder.display()))?;
        if declared::read(&entities)?.is_empty() {
            bail!(
                "there are no entities in {}: name the folder with --entities DIR",
                folder.display()
            );
        }
        Ok(entities)
    }
}

impl Diff {
    /// Shows what changes, and which sources `cargo entities` will write otherwise.
    pub(crate) fn tell(&self, report: &Report) -> io::Result<()> {
        for change in &self.changes {
            report.line(wrapped(&format!("  {change}"), 4))?;
        }
        for hint in &self.hints {
            report.line(wrapped(hint, 2))?;
        }
        if !self.regenerated.is_empty() {
            let files = self.regenerated.join(", ");
            let line = format!("`cargo entities` will write otherwise than they are now: {files}");
            report.line(wrapped(&line, 2))?;
        }
        Ok(())
    }

    /// The source of the migration, formatted.
    ///
    /// # Errors
    /// When there is no `rustfmt`.
    pub fn formatted(&self) -> anyhow::Result<String> {
        entities::formatted(&self.source)
    }

    /// The steps, for who does them straight away.
    pub(crate) fn steps(&self) -> &[Operation] {
        &self.up
    }
}
