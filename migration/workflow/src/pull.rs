//! `garboard db pull`: takes over a database that others have made.

mod source;

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use clap::Args;
use sea_orm::{ConnectionTrait, DatabaseConnection, TransactionTrait};
use serde::Serialize;

use crate::{
    DatabaseUrl, Project, catalog::Catalog, difference::differences, history, new, report::Report,
    scratch,
};

pub(crate) use source::statements;

/// The end of `garboard db pull --help`.
const NOTES: &str = "\
Example: the schema of another application becomes the first migration of a new project,
  garboard db pull --database-url postgres://me@localhost/shop --migrations migration/src --adopt
  cargo entities --from postgres://me@localhost/shop

With --adopt the migration counts as applied there, so `garboard db migrate` goes on from it. The
migration is for the kind of database that it was read from, and says so on the other.";

/// What is asked of `db pull`.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = NOTES)]
pub struct PullArguments {
    /// The name of the migration.
    #[arg(default_value = "baseline")]
    name: String,
    /// The folder of the migrations; if nothing is said, `migration/src` here or in a folder above.
    #[arg(long, value_name = "DIR")]
    migrations: Option<PathBuf>,
    /// A table that is left out, such as another tool's record of its own migrations. May be said several times.
    #[arg(long = "ignore", value_name = "TABLE")]
    ignored: Vec<String>,
    /// Note in the database that the migration is applied there.
    #[arg(long)]
    adopt: bool,
}

/// What was found in a database, as a migration.
#[derive(Debug, Serialize)]
pub struct Baseline {
    /// How many tables it has.
    pub tables: usize,
    /// How many views, triggers, types and the like.
    pub objects: usize,
    /// Tables that no entity can be made of: they have no primary key.
    pub without_key: Vec<String>,
    /// The source of the migration.
    #[serde(skip)]
    pub source: String,
}

#[derive(Serialize)]
struct Outcome<'a> {
    migration: String,
    file: PathBuf,
    adopted: bool,
    #[serde(flatten)]
    baseline: &'a Baseline,
}

/// Writes a migration that builds what the database has.
///
/// # Errors
/// When the database cannot be reached, has migrations already, or has something that a migration would not build again.
pub async fn run(
    project: &Project,
    arguments: &PullArguments,
    report: &Report,
) -> anyhow::Result<ExitCode> {
    report.database(&project.database)?;
    let folder = new::folder(arguments.migrations.as_deref())?;
    let db = scratch::connect(&project.database).await?;
    let applied = history::read(&db).await?;
    if let Some(first) = applied.first() {
        bail!(
            "{} has migrations already, the first being {}: write further ones with `garboard db new` or \
             `garboard db diff`",
            project.database,
            first.name
        );
    }
    let baseline = read(&project.database, &db, &arguments.ignored, Utc::now()).await?;
    let (migration, file) =
        new::create_with(&folder, &arguments.name, Utc::now(), &baseline.source)?;
    if arguments.adopt {
        history::adopt(&db, &migration).await?;
    }
    db.close().await?;
    report.line(format!(
        "{}: tables {}; views, triggers, types and the like {}",
        file.display(),
        baseline.tables,
        baseline.objects
    ))?;
    if !baseline.without_key.is_empty() {
        let names = baseline.without_key.join(", ");
        report.line(format!("no entity can be made of what has no primary key: {names}"))?;
    }
    if arguments.adopt {
        report.line(format!("{migration} counts as applied"))?;
    } else {
        report.line("not noted as applied: say --adopt, or apply it to an empty database")?;
    }
    report.document(&Outcome { migration, file, adopted: arguments.adopt, baseline: &baseline })?;
    Ok(ExitCode::SUCCESS)
}

/// Reads what a database has, and makes sure that the migration builds the same, on a scratch database.
///
/// # Errors
/// Those of the databases; when something would be built otherwise, which is named.
pub async fn read(
    url: &DatabaseUrl,
    db: &DatabaseConnection,
    ignored: &[String],
    now: DateTime<Utc>,
) -> anyhow::Result<Baseline> {
    let mut catalog = Catalog::read(db).await?;
    for name in ignored {
        catalog
            .tables
            .remove(name)
            .with_context(|| format!("there is no table {name} to leave out"))?;
    }
    let backend = db.get_database_backend();
    let statements = statements(backend, &catalog);
    verify(url, &catalog, &statements).await?;
    let (name, day) = (url.name(), now.format("%Y-%m-%d"));
    let title =
        format!("The schema of {name} as it was on {day}: {} tables.", catalog.tables.len());
    let without_key = catalog.tables.iter().filter(|(_, table)| table.primary_key().is_empty());
    Ok(Baseline {
        tables: catalog.tables.len(),
        objects: catalog.objects.len(),
        without_key: without_key.map(|(name, _)| name.clone()).collect(),
        source: source::render(&title, backend, &statements),
    })
}

async fn verify(
    url: &DatabaseUrl,
    catalog: &Catalog,
    [up, down]: &[Vec<String>; 2],
) -> anyhow::Result<()> {
    scratch::on(url, async |db| {
        for (statements, expected) in [(up, catalog), (down, &Catalog::default())] {
            let transaction = db.begin().await?;
            for statement in statements {
                let done = transaction.execute_unprepared(statement).await;
                done.with_context(|| format!("cannot be built again: {statement}"))?;
            }
            transaction.commit().await?;
            let built = Catalog::read(db).await?;
            if let Some(difference) = differences(expected, &built).first() {
                bail!(
                    "would not be built as it is: {difference}. Leave its table out with --ignore, or report this"
                );
            }
        }
        Ok(())
    })
    .await
}
