//! `garboard db push`: makes the database of a developer what the entities declare, without a migration.

use std::{path::PathBuf, process::ExitCode};

use anyhow::{bail, ensure};
use clap::Args;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use serde::Serialize;

use crate::{
    Project,
    catalog::Catalog,
    connection,
    diff::{Diff, Rename, Sources, between, together},
    entities::Entities,
    history, new, pull,
    report::Report,
    rows::transaction,
    scratch,
};

/// The end of `garboard db push --help`.
const NOTES: &str = "\
Example: a field is tried out, and its migration written once it has proved itself:
  garboard db push
  garboard db diff add_task_priority --adopt

What is destroyed has to be named, each table and column by itself:
  garboard db push --destroy task.description --destroy label";

/// Make the database what the entities declare, straight away: for development.
///
/// As `garboard db diff`, but nothing is written down: the difference between the database itself and the entity sources is
/// tried on a scratch database, then applied, all or nothing. Rows stay; what would destroy some is refused unless it is
/// named. Refused in production, where migrations are what changes a schema.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = NOTES)]
pub struct PushArguments {
    /// Which sources are compared.
    #[command(flatten)]
    pub sources: Sources,
    /// A table, or a column as `table.column`, that may be destroyed or converted. May be said several times.
    #[arg(long = "destroy", value_name = "NAME")]
    pub destroyed: Vec<String>,
    /// The folder of the migrations; if nothing is said, `migration/src` here or in a folder above.
    #[arg(long, value_name = "DIR")]
    pub migrations: Option<PathBuf>,
    /// Show the difference, and change nothing.
    #[arg(long)]
    pub plan: bool,
}

#[derive(Serialize)]
struct Outcome<'a> {
    applied: bool,
    #[serde(flatten)]
    diff: &'a Diff,
}

/// Runs the command.
///
/// # Errors
/// In production; when migrations are pending; when something would be destroyed that is not named; when it cannot be
/// done. Then nothing is.
pub async fn run(
    project: &Project,
    arguments: &PushArguments,
    report: &Report,
) -> anyhow::Result<ExitCode> {
    report.database(&project.database)?;
    let folder = new::folder(arguments.migrations.as_deref())?;
    let entities = arguments.sources.read(&folder)?;
    let ask = |question: &str| report.asks(question);
    let work = Box::pin(push(project, &entities, arguments, ask));
    let diff = report.during(work, |_| "trying it on a scratch database".to_owned()).await?;
    if diff.changes.is_empty() {
        report.line("nothing differs: the database is what the entities declare")?;
    } else {
        diff.tell(report)?;
        if arguments.plan {
            report.line(match refusal(&diff, &arguments.destroyed) {
                Some(words) => format!("nothing was applied; it would take {words}"),
                None => "nothing was applied".to_owned(),
            })?;
        } else {
            report.line("applied. Write the migration with `garboard db diff NAME --adopt`, once this is what you want")?;
        }
    }
    report
        .document(&Outcome { applied: !arguments.plan && !diff.changes.is_empty(), diff: &diff })?;
    Ok(ExitCode::SUCCESS)
}

/// Makes the database what the entities declare.
///
/// # Errors
/// As [`run`].
pub async fn push(
    project: &Project,
    entities: &Entities,
    arguments: &PushArguments,
    ask: impl FnMut(&str) -> bool,
) -> anyhow::Result<Diff> {
    ensure!(
        !project.production,
        "this is for development: in production a schema changes by migrations, so that every copy of it does alike. \
         Write one with `garboard db diff`"
    );
    let locked = connection::locked(&project.database).await?;
    let db = locked.connection();
    let pending = history::gap(db, project.migrations).await?.pending;
    if let Some(first) = pending.first() {
        bail!("{first} is pending: apply the migrations first, with `garboard db migrate`");
    }
    let diff = tried(project, db, entities, &arguments.sources.renames, ask).await?;
    if !arguments.plan && !diff.changes.is_empty() {
        if let Some(words) = refusal(&diff, &arguments.destroyed) {
            bail!(
                "this would destroy values: {}\nIf that is meant, say {words}; if something has another name now, say \
                 --rename OLD=NEW",
                diff.changes.join("; ")
            );
        }
        together(db, diff.steps()).await?;
    }
    locked.close().await?;
    Ok(diff)
}

/// The difference, tried on a scratch database that has what this one has.
async fn tried(
    project: &Project,
    db: &DatabaseConnection,
    entities: &Entities,
    renames: &[Rename],
    ask: impl FnMut(&str) -> bool,
) -> anyhow::Result<Diff> {
    let make = statements(db).await?;
    scratch::on(&project.database, async |copy| {
        transaction(copy, async || {
            for statement in &make {
                copy.execute_unprepared(statement).await?;
            }
            Ok(())
        })
        .await?;
        let (diff, _) = between(copy, entities, renames, ask).await?;
        Ok(diff)
    })
    .await
}

/// What SQLite was told of each thing, but for the tables in which a virtual one keeps what it has.
const OF_SQLITE: &str = r"SELECT s.sql FROM sqlite_schema s LEFT JOIN pragma_table_list t
        ON t.schema = 'main' AND t.name = s.name AND s.type = 'table'
    WHERE s.sql IS NOT NULL AND s.name NOT LIKE 'sqlite\_%' ESCAPE '\' AND coalesce(t.type, '') <> 'shadow'
    ORDER BY s.type <> 'table', s.rowid";

/// The statements that make what a database has.
async fn statements(db: &DatabaseConnection) -> anyhow::Result<Vec<String>> {
    let backend = db.get_database_backend();
    if backend != DbBackend::Sqlite {
        let [make, _] = pull::statements(backend, &Catalog::read(db).await?);
        return Ok(make);
    }
    let rows = db.query_all_raw(Statement::from_string(backend, OF_SQLITE)).await?;
    let statements = rows.iter().map(|row| row.try_get_by_index(0));
    Ok(statements.collect::<Result<_, _>>()?)
}

/// What has to be said for that to be destroyed which is not named yet.
fn refusal(diff: &Diff, named: &[String]) -> Option<String> {
    let open = diff.destroys.iter().filter(|what| !named.contains(what));
    let words: Vec<_> = open.map(|what| format!("--destroy {what}")).collect();
    (!words.is_empty()).then(|| words.join(" "))
}
