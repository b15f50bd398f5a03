//! `garboard db rehearse`: what migrations do to rows, tried on a copy.

mod previous;
mod state;
mod step;

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use sea_orm::DatabaseConnection;
use sea_orm_migration::MigrationTrait;
use serde::Serialize;

use crate::{
    DatabaseUrl, Project,
    catalog::Catalog,
    difference::differences,
    expected, history,
    recorder::Direction,
    report::{self, Report},
    rows::{self, Batch, Order, check_references, defer, enforce, prepare, transaction, write},
    scratch::{self, Scratch},
    seed,
};
use state::State;
pub use step::Step;

/// The end of `garboard db rehearse --help`.
const NOTES: &str = "\
Examples:
  garboard db rehearse                     the pending migrations, on made-up rows
  garboard db rehearse --last 1            the migration that was applied last here, for it is applied already
  garboard db rehearse --from postgres://me@replica/shop
                                           on a copy of these rows; that database is only read

It fails if a migration fails, loses rows, cannot be undone, leaves anything else behind when it is undone, does
something else the second time, or if the release before, which still runs while the new one is deployed, could no
longer read or insert. Times and locks are those of this machine and these rows.";

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
        report.line(format!("note: {note}"))?;
    }
    for problem in &rehearsal.problems {
        report.line(format!("problem: {problem}"))?;
    }
    let (count, rows) = (rehearsal.migrations.len(), rehearsal.rows);
    let verdict = match rehearsal.problems.len() {
        0 => "no problem was found".to_owned(),
        1 => "1 problem".to_owned(),
        problems => format!("{problems} problems"),
    };
    report.line(format!("{count} migrations beside {rows} rows: {verdict}"))?;
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
    let beside = scratch::beside(&project.database, arguments.scratch.as_ref())?;
    let scratch = Scratch::beside(beside).await?;
    let tried = async {
        let db = scratch.connect().await?;
        expected::build(&db, project.migrations, base).await?;
        match &arguments.from {
            Some(url) => copy(url, &applied, &db, report).await?,
            None => fill(&db, arguments.rows, report).await?,
        }
        db.close().await?;
        // Filled on a connection that was readied for it: migrations get one as they have it elsewhere.
        let db = scratch.connect().await?;
        let rehearsal = on(&db, &rehearsed, report).await?;
        db.close().await?;
        anyhow::Ok(rehearsal)
    };
    let tried = tried.await;
    scratch.remove().await?;
    tried
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

async fn fill(db: &DatabaseConnection, rows: u64, report: &Report) -> anyhow::Result<()> {
    if !Catalog::read(db).await?.tables.is_empty() {
        seed::seed(db, rows, 0, report).await?;
    }
    Ok(())
}

/// Takes over the rows of another database.
async fn copy(
    url: &DatabaseUrl,
    applied: &[String],
    db: &DatabaseConnection,
    report: &Report,
) -> anyhow::Result<()> {
    let from = history::read_at(url).await?;
    if from.iter().any(|one| !applied.contains(&one.name)) || from.len() != applied.len() {
        bail!(
            "{url} has other migrations than the database that is acted on: compare their `garboard db status`"
        );
    }
    let source = scratch::connect(url).await?;
    let catalog = rows::snapshot(&source).await?;
    let steps = rows::steps(&Catalog::read(db).await?, db.get_database_backend(), |name| {
        catalog.tables.contains_key(name) && !rows::is_derived(name)
    });
    prepare(db).await?;
    transaction(db, async || {
        let deferred = defer(db, &steps).await?;
        for relation in steps.iter().flat_map(|step| &step.relations) {
            let table = catalog.tables.get(&relation.name).context("a table of the source")?;
            let own = rows::Relation::of(&relation.name, table, source.get_database_backend());
            let own = own.context("a table with rows")?;
            let (mut rows, mut count) = (rows::read(&source, &own, Order::Any), 0_usize);
            loop {
                let batch = Batch::next(&mut rows).await?;
                if batch.rows.is_empty() {
                    break;
                }
                write(db, relation, &batch.rows).await?;
                count += batch.rows.len();
                report.progress(|| format!("{}: {count} rows", relation.name));
            }
        }
        enforce(db, deferred).await?;
        check_references(db).await
    })
    .await?;
    source.close().await?;
    Ok(())
}

/// Runs migrations up, down, and up again on a database that may be spoilt.
///
/// # Errors
/// Those of the database; a migration that fails is no error, but told.
pub async fn on(
    db: &DatabaseConnection,
    migrations: &[Box<dyn MigrationTrait>],
    report: &Report,
) -> anyhow::Result<Rehearsal> {
    let names = migrations.iter().map(|migration| migration.name().to_owned()).collect();
    let mut rehearsal = Rehearsal { migrations: names, ..Rehearsal::default() };
    let before = State::read(db, None).await?;
    rehearsal.rows = before.count();
    if rehearsal.rows == 0 {
        rehearsal.notes.push(
            "there were no rows: a migration may do well without and fail with them".to_owned(),
        );
    }
    if !rehearsal.all(db, migrations, Direction::Up, report).await {
        return Ok(rehearsal);
    }
    let after = State::read(db, Some(&before.catalog)).await?;
    rehearsal.compare_rows(&before, &after);
    rehearsal.problems.extend(previous::problems(db, &before.catalog, report).await?);
    if !rehearsal.all(db, migrations, Direction::Down, report).await {
        return Ok(rehearsal);
    }
    let back = State::read(db, Some(&before.catalog)).await?;
    for difference in differences(&before.catalog, &back.catalog) {
        rehearsal.problems.push(format!("undone, the schema is not as it was: {difference}"));
    }
    for (table, was) in &before.rows {
        if back.rows.get(table).is_some_and(|is| is != was) {
            rehearsal.problems.push(format!("undone, the rows of {table} are not as they were"));
        }
    }
    if rehearsal.all(db, migrations, Direction::Up, report).await {
        let again = State::read(db, Some(&before.catalog)).await?;
        for difference in differences(&after.catalog, &again.catalog) {
            rehearsal
                .problems
                .push(format!("applied again, the schema is another one: {difference}"));
        }
    }
    Ok(rehearsal)
}

impl Rehearsal {
    /// Runs all, in their order or against it. Whether none failed.
    async fn all(
        &mut self,
        db: &DatabaseConnection,
        migrations: &[Box<dyn MigrationTrait>],
        direction: Direction,
        report: &Report,
    ) -> bool {
        let mut order: Vec<_> = migrations.iter().collect();
        if direction == Direction::Down {
            order.reverse();
        }
        for migration in order {
            report.progress(|| format!("{} of {}", self.steps.len(), 3 * migrations.len()));
            let step = step::run(db, migration.as_ref(), direction).await;
            if let Some(failed) = &step.failed {
                let way = if direction == Direction::Up { "applied" } else { "undone" };
                self.problems.push(format!("{} cannot be {way}: {failed}", step.migration));
            }
            let failed = step.failed.is_some();
            self.steps.push(step);
            if failed {
                return false;
            }
        }
        true
    }

    /// Rows that are gone are a problem; rows that are otherwise may be what a migration is for.
    fn compare_rows(&mut self, before: &State, after: &State) {
        for (table, was) in &before.rows {
            match after.rows.get(table) {
                Some(is) if is.rows < was.rows => self.problems.push(format!(
                    "{} of {} rows of {table} are gone",
                    was.rows - is.rows,
                    was.rows
                )),
                Some(is) if is != was => {
                    self.notes.push(format!("rows of {table} are no longer what they were"));
                }
                _ => {}
            }
        }
    }
}
