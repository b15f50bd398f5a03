//! `garboard db copy`: from SQLite to PostgreSQL, or back, or on.

mod check;
mod progress;
mod transfer;

use std::{process::ExitCode, time::Instant};

use anyhow::{Context, bail};
use clap::Args;
use futures_util::future::try_join;
use sea_orm::{ConnectionTrait, DatabaseConnection};
use serde::Serialize;

use crate::{
    DatabaseUrl,
    catalog::Catalog,
    connection,
    report::{Report, table},
    rows::{
        Checksum, Relation, check_references, checksum, empty, is_derived, prepare,
        restart_counters, snapshot, steps, tables_with_rows, transaction,
    },
    scratch::connect,
};
use progress::Tables;
use transfer::Transfer;

/// Copy all rows to another, empty database: SQLite to PostgreSQL, or back.
///
/// Both databases must be at the same version of the schema, so run `garboard db migrate` on the target first. Values are
/// converted; one that the target cannot hold is an error that names its table, column and row. At the end every table is
/// read on both sides, and must have the same rows.
///
/// A copy that was interrupted, even by a power cut, goes on where it was when the same command is run again. The source is
/// read as it is at the beginning of a run: stop what writes to it, or the end will tell that it has changed. Tables whose
/// names begin with an underscore are left out: the server makes them anew when it starts.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  garboard db copy --from sqlite://data/garboard.db --to postgres://garboard:secret@db/garboard")]
pub struct CopyArguments {
    /// The database to read; nothing is changed in it.
    #[arg(long, value_name = "URL")]
    pub from: DatabaseUrl,
    /// The database to fill.
    #[arg(long, value_name = "URL")]
    pub to: DatabaseUrl,
    /// Remove what an unfinished copy has left in the target, and begin anew.
    #[arg(long)]
    pub again: bool,
}

/// A table on both sides, after the copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// Its name.
    pub table: String,
    /// What the source has.
    pub source: Checksum,
    /// What the target has.
    pub target: Checksum,
}

impl Compared {
    /// Whether both sides have the same rows.
    pub fn agrees(&self) -> bool {
        self.source == self.target
    }
}

/// What a copy did.
#[derive(Clone, Debug, Serialize)]
pub struct Copied {
    /// How many rows an earlier run had copied.
    pub found: u64,
    /// How many rows this run copied.
    pub copied: u64,
    /// How long that took.
    pub seconds: f64,
    /// How long reading both sides again took.
    pub comparing_seconds: f64,
    /// Every table.
    pub tables: Vec<Compared>,
}

/// Runs the command.
///
/// # Errors
/// When the two databases do not fit, or a row does not.
pub async fn run(arguments: &CopyArguments, report: &Report) -> anyhow::Result<ExitCode> {
    report.database(&arguments.to)?;
    report.line(format!("from {}", arguments.from))?;
    let copied = copy(arguments, report).await?;
    let rows = copied.tables.iter().map(|one| {
        let digest: String = one.source.text().chars().take(12).collect();
        let verdict = if one.agrees() { "equal" } else { "DIFFERENT" };
        [
            one.table.clone(),
            one.source.rows.to_string(),
            one.target.rows.to_string(),
            digest,
            verdict.to_owned(),
        ]
    });
    report.line(table(["table", "source", "target", "checksum", ""], &rows.collect::<Vec<_>>()))?;
    if copied.found > 0 {
        report.line(format!("{} rows were there from an earlier run", copied.found))?;
    }
    report.line(format!(
        "{} rows copied in {:.1} s, compared in {:.1} s",
        copied.copied, copied.seconds, copied.comparing_seconds
    ))?;
    report.document(&copied)?;
    if copied.tables.iter().all(Compared::agrees) {
        return Ok(ExitCode::SUCCESS);
    }
    report.line(
        "The source has changed since the copy began: stop what writes to it, and copy --again.",
    )?;
    Ok(ExitCode::FAILURE)
}

/// Copies all rows, or those that are left, and compares both sides. While they differ, the target remembers that it is unfinished.
///
/// # Errors
/// When the two databases do not fit, or a row does not; what was copied before stays, for the next run.
pub async fn copy(arguments: &CopyArguments, report: &Report) -> anyhow::Result<Copied> {
    let origin = check::identity(&arguments.from)?;
    if origin == check::identity(&arguments.to)? {
        bail!("--from and --to are the same database");
    }
    let source = connect(&arguments.from).await?;
    // Nobody migrates the target meanwhile, and another copy waits.
    let locked = connection::locked(&arguments.to).await?;
    let target = locked.connection();
    check::must_be_two(&source, target).await?;
    prepare(target).await?;
    let catalog = Catalog::read(target).await?;
    let seen = snapshot(&source).await?;
    let relations = check::same_version((&source, &seen), (target, &catalog)).await?;
    let unfinished = progress::read(target).await?;
    let full = tables_with_rows(target, &catalog).await?;
    if unfinished.is_none() && !full.is_empty() {
        // A copy that was killed after its last step is whole, and says so.
        let start = Instant::now();
        let tables = compare(&source, target, &relations, &catalog, report, true).await?;
        if tables.iter().all(Compared::agrees) {
            let found = tables.iter().map(|table| table.target.rows).sum();
            let comparing_seconds = start.elapsed().as_secs_f64();
            return Ok(Copied { found, copied: 0, seconds: 0.0, comparing_seconds, tables });
        }
        bail!("the target has rows already, in {}: copy into an empty database", full.join(", "));
    }
    let begun = begin(target, &catalog, unfinished, &origin, arguments.again).await?;
    let found = begun.values().map(|progress| progress.rows).sum();
    let start = Instant::now();
    let mut transfer = Transfer { source: &source, target, report, begun, copied: 0, start };
    for step in steps(&catalog, target.get_database_backend(), |name| !is_derived(name)) {
        transfer.step(&step, &relations).await?;
    }
    check_references(target).await?;
    restart_counters(target, &catalog).await?;
    let (copied, seconds) = (transfer.copied, start.elapsed().as_secs_f64());
    let start = Instant::now();
    let tables = compare(&source, target, &relations, &catalog, report, false).await?;
    if tables.iter().all(Compared::agrees) {
        progress::end(target).await?;
        target.execute_unprepared("ANALYZE").await?;
    }
    source.close().await?;
    locked.close().await?;
    Ok(Copied { found, copied, seconds, comparing_seconds: start.elapsed().as_secs_f64(), tables })
}

/// What there is of an unfinished copy to go on from.
async fn begin(
    target: &DatabaseConnection,
    catalog: &Catalog,
    unfinished: Option<(String, Tables)>,
    origin: &str,
    again: bool,
) -> anyhow::Result<Tables> {
    if let Some((source, tables)) = &unfinished
        && !again
    {
        if source != origin {
            bail!(
                "the target has an unfinished copy of {source}: finish that, or begin anew with --again"
            );
        }
        return Ok(tables.clone());
    }
    let names: Vec<_> = catalog.tables.keys().map(String::as_str).collect();
    transaction(target, async || {
        if unfinished.is_some() {
            empty(target, &names).await?;
            progress::end(target).await?;
        }
        progress::begin(target, origin).await
    })
    .await?;
    Ok(Tables::new())
}

/// Reads every table on both sides at once, or those up to the first that differs.
async fn compare(
    source: &DatabaseConnection,
    target: &DatabaseConnection,
    relations: &[Relation],
    catalog: &Catalog,
    report: &Report,
    up_to_difference: bool,
) -> anyhow::Result<Vec<Compared>> {
    let mut tables = Vec::new();
    for from in relations {
        let table = catalog.tables.get(&from.name);
        let to =
            table.and_then(|table| Relation::of(&from.name, table, target.get_database_backend()));
        let to = to.with_context(|| format!("{} holds no rows in the target", from.name))?;
        let seen = |sum: &Checksum| {
            report.progress(|| format!("comparing {}: {} rows", from.name, sum.rows));
        };
        let (source, target) =
            try_join(checksum(source, from, seen), checksum(target, &to, |_| ())).await?;
        let compared = Compared { table: from.name.clone(), source, target };
        let end = up_to_difference && !compared.agrees();
        tables.push(compared);
        if end {
            break;
        }
    }
    Ok(tables)
}
